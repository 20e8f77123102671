"""Campaigns as those who sell know them: at most a second old, so that an edit reaches everybody within one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared.clock import elapsed
from shared.domain.campaign import Campaign
from shared.domain.errors import CampaignNotFound, StoreBusy

_FRESH = 1.0
"""Seconds."""
_STALE = 60.0
"""Seconds for which the last good copy serves when the store does not answer: a show that is live goes on selling."""
_MOST = 500
"""Campaigns kept. Beyond that all are forgotten: it is a cache."""


class CampaignReader(Protocol):
    """Reads campaigns, perhaps a moment old."""

    def get(self, campaign_id: str) -> Campaign:
        """A campaign. ``CampaignNotFound``, also for what is no campaign id."""


class CampaignCache:
    """A ``CampaignReader`` in front of the store."""

    def __init__(self, campaigns: CampaignReader, clock: Callable[[], float] = elapsed) -> None:
        self._campaigns = campaigns
        self._clock = clock
        self._known: dict[str, tuple[float, Campaign]] = {}

    def get(self, campaign_id: str) -> Campaign:
        """A campaign at most a second old."""
        now = self._clock()
        read_at, campaign = self._known.get(campaign_id, (float("-inf"), None))
        if campaign is not None and now - read_at < _FRESH:
            return campaign
        try:
            fresh = self._campaigns.get(campaign_id)
        except StoreBusy:
            if campaign is not None and now - read_at < _STALE:
                return campaign
            raise
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[campaign_id] = (now, fresh)
        return fresh


def campaign_of_merchant(campaigns: CampaignReader, campaign_id: str, merchant: str) -> Campaign:
    """A merchant's campaign. ``CampaignNotFound`` for anybody else's, as for one that does not exist."""
    campaign = campaigns.get(campaign_id)
    if campaign.merchant != merchant:
        raise CampaignNotFound
    return campaign
