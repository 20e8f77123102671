"""
Campaigns as those who sell know them: at most half a second old.

An edit holds from the second after it, and is written in the first quarter of the one before: so each copy is renewed in
between, and nobody promises an old price for a second of the new one. (A process that stands still goes by the time at
which it began, for which its copy was right.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared.clock import elapsed
from shared.domain.campaign import Campaign
from shared.domain.errors import CampaignNotFound, StoreBusy

FRESH = 0.5
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
        """A campaign at most half a second old."""
        now = self._clock()
        read_at, campaign = self._known.get(campaign_id, (float("-inf"), None))
        if campaign is not None and now - read_at < FRESH:
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
