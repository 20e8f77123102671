"""Lifecycles of campaigns in Step Functions: one Standard execution each, named after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.adapters.dynamodb_faults import store_faults

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctionsLifecycles:
    """The lifecycle machine."""

    def __init__(self, client: SFNClient, machine_arn: str) -> None:
        self._client = client
        self._machine_arn = machine_arn

    def begin(self, campaign_id: str) -> None:
        try:
            with store_faults():
                self._client.start_execution(
                    stateMachineArn=self._machine_arn,
                    name=campaign_id,
                    input=json.dumps({"campaign": campaign_id, "part": 1}),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            # The name is what makes a second start harmless.
            return
