"""Starts of campaigns in EventBridge Scheduler: one one-time schedule for each planned start."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.adapters.dynamodb_faults import store_faults
from shared.domain.campaign import Campaign

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


class SchedulerStartSchedules:
    """A schedule group whose schedules call the function ``start_campaign``."""

    def __init__(
        self,
        client: EventBridgeSchedulerClient,
        *,
        group: str,
        role_arn: str,
        target_arn: str,
        dead_letters_arn: str,
    ) -> None:
        self._client = client
        self._group = group
        self._role_arn = role_arn
        self._target_arn = target_arn
        self._dead_letters_arn = dead_letters_arn

    def arm(self, campaign: Campaign, *, at: int) -> None:
        try:
            with store_faults():
                self._client.create_schedule(
                    Name=schedule_name(campaign),
                    GroupName=self._group,
                    ScheduleExpression=f"at({datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S})",
                    ScheduleExpressionTimezone="UTC",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target={
                        "Arn": self._target_arn,
                        "RoleArn": self._role_arn,
                        "Input": json.dumps({"campaign": campaign.id}),
                        "DeadLetterConfig": {"Arn": self._dead_letters_arn},
                    },
                )
        except self._client.exceptions.ConflictException:
            # Armed before for this start, by an attempt that did not come to its end.
            return

    def disarm(self, campaign: Campaign) -> None:
        try:
            with store_faults():
                self._client.delete_schedule(Name=schedule_name(campaign), GroupName=self._group)
        except self._client.exceptions.ResourceNotFoundException:
            return


def schedule_name(campaign: Campaign) -> str:
    """
    Named after the campaign and its start.

    So a start that is moved gets a schedule of its own, made before the campaign says so, and at no
    instant is a scheduled campaign without one. That of the old start finds the campaign not due.
    """
    return f"{campaign.id}-{campaign.starts_at}"
