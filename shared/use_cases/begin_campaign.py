"""Begin the lifecycle of a campaign whose time has come."""

from __future__ import annotations

from typing import Final

from shared.domain import show_control
from shared.domain.errors import CampaignNotFound
from shared.use_cases.ports import Campaigns, Lifecycles

SOON: Final = 60
"""Seconds of EventBridge Scheduler's precision: what is due within them is begun at once."""


def begin_if_due(
    campaign_id: str, *, campaigns: Campaigns, lifecycles: Lifecycles, lead: int, now: int
) -> bool:
    """
    What a schedule asks for. Whether the lifecycle was begun, or had been.

    A schedule is only a hint: it may fire twice, late, or for a start that was moved since. So a
    draft, a cancelled campaign and one that is not due are left alone: the name of an execution can
    be used once, and stock laid out days early would outlive the deadlines of its ledger.
    """
    try:
        campaign = campaigns.get(campaign_id)
    except CampaignNotFound:
        return False
    due = show_control.is_due(campaign, now, lead + SOON)
    if due:
        lifecycles.begin(campaign.id)
    return due
