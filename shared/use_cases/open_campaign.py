"""Open a campaign if it is time. The status follows the clock: the blocks have been on sale from that instant on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.campaign import ON_AIR, Campaign, Status
from shared.use_cases.ports import Campaigns
from shared.use_cases.save_campaign import change_campaign

_LOOK_AGAIN = 5
"""Seconds after which the start is looked at again: it may have been moved to now."""
_PATIENCE = 20
"""A start that is far away is looked at less often: after a twentieth of the time until then."""


class Doors(StrEnum):
    """What the lifecycle does next."""

    WAIT = "wait"
    LIVE = "live"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the show goes on, and when to ask again if not."""

    phase: Doors
    wait_until: int
    """Seconds since 1970 UTC."""


def open_campaign(campaigns: Campaigns, campaign_id: str, now: int) -> Opening:
    """Make a scheduled campaign live from its start on. Harmless when it is live already, or over."""
    campaign = change_campaign(
        campaigns, campaign_id, lambda plan: _opened(plan, now), by="open_campaign"
    )
    if campaign.status in ON_AIR:
        return Opening(Doors.LIVE, now)
    if campaign.status is Status.SCHEDULED and now < campaign.starts_at:
        ahead = campaign.starts_at - now
        return Opening(Doors.WAIT, now + min(ahead, max(_LOOK_AGAIN, ahead // _PATIENCE)))
    return Opening(Doors.CLOSE, now)


def _opened(campaign: Campaign, now: int) -> Campaign:
    if campaign.status is Status.SCHEDULED and campaign.starts_at <= now < campaign.closes_at:
        return campaign.become(Status.LIVE)
    return campaign
