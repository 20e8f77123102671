"""Change a campaign from inside its lifecycle, whatever its merchant changes at the same time."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.campaign import NOBODY, Campaign
from shared.domain.errors import StoreBusy
from shared.use_cases.ports import Campaigns, ChangedMeanwhile

_TRIES = 10
"""A merchant's edits come one by one; each can be first once."""


def change_campaign(
    campaigns: Campaigns,
    campaign_id: str,
    decide: Callable[[Campaign], Campaign],
    *,
    by: str = NOBODY,
) -> Campaign:
    """
    The campaign as ``decide`` makes it, saved. ``decide`` is asked again whenever another change came first, and
    gives back the very same campaign if there is nothing to do. ``by``: the step that asks, for the log. ``StoreBusy`` if
    others never stop changing it.
    """
    for _ in range(_TRIES):
        before = campaigns.get(campaign_id)
        after = decide(before)
        if after is before:
            return before
        try:
            campaigns.save(after, by=by)
        except ChangedMeanwhile:
            continue
        return after
    raise StoreBusy("The campaign is being changed by others all the time.")
