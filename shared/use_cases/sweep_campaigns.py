"""
The sweeper: outside the lifecycle machine, it sees that no campaign is left by it.

A schedule may never fire; an execution may be aborted, time out or meet a limit. Whatever the cause, the campaign says
that it has not ended, and nobody has kept its books for a while: so the next part of its lifecycle is begun, which starts at
the beginning and does no harm. The name of the part makes sure that however many sweepers see it, it is begun once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.domain.campaign_log import broken_off, looked_after
from shared.domain.errors import Refusal
from shared.use_cases.log_step import try_to_note
from shared.use_cases.ports import CampaignLog, Campaigns, Execution, Lifecycles
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.totals_ports import TotalsStore

PULSE: Final = 90
"""Seconds since the last beat for which a lifecycle counts as alive: longer than one beat may take."""
SOONEST: Final = 60
LATEST: Final = 3600
"""Seconds from the end of an execution until the next is begun: doubled with every failure, from one to the other."""
MOST_FAILURES: Final = 12
"""Executions in a row that fail (seven hours of them) before only a person can go on."""


class Finding(StrEnum):
    """How a campaign was found."""

    ALIVE = "alive"
    BEGUN = "begun"
    """Its time had come, and nobody had begun it."""
    TAKEN_UP = "taken up"
    """Its execution had ended, and it had not."""
    RESTING = "resting"
    """As before, but so shortly that the next part waits a little."""
    GIVEN_UP = "given up"
    """As before, too often: a person must look."""
    UNKNOWN = "unknown"
    """The services that would tell did not answer. In a minute, they are asked again."""


def sweep_campaigns(
    campaigns: Campaigns,
    totals: TotalsStore,
    lifecycles: Lifecycles,
    log: CampaignLog,
    *,
    lead: int,
    now: int,
) -> Mapping[str, Finding]:
    """
    Look at every campaign that is due and has not ended. ``lead``: seconds before the start when it is due.

    What is found of an execution, and done about it, is in the campaign's log before it is done: whoever dies between leaves
    it to the next sweep, which writes the same entries.
    """
    due = list(campaigns.unfinished(until=now + lead))

    def look(campaign_id: str) -> Finding:
        try:
            return _look_after(campaigns, totals, lifecycles, log, campaign_id, lead, now)
        except Refusal:
            # One that cannot be looked at must not keep us from the others.
            return Finding.UNKNOWN

    return dict(zip(due, side_by_side(look, due), strict=True))


def _look_after(
    campaigns: Campaigns,
    totals: TotalsStore,
    lifecycles: Lifecycles,
    log: CampaignLog,
    campaign_id: str,
    lead: int,
    now: int,
) -> Finding:
    if now - totals.bookmark(campaign_id).beat_at < PULSE:
        return Finding.ALIVE
    campaign = campaigns.get(campaign_id)
    if not campaign.is_unfinished or campaign.starts_at - lead > now:
        # It ended, or was put off, since the index knew of it.
        return Finding.ALIVE
    last = lifecycles.last(campaign_id)
    if last is None:
        due = campaign.starts_at - lead
        try_to_note(log, campaign_id, looked_after(Finding.BEGUN, due=due, part=1, now=now))
        lifecycles.begin(campaign_id)
        return Finding.BEGUN
    finding = judge(last, now)
    if last.ended_at is None:
        return finding
    if last.failures:
        ended = broken_off(
            at=last.ended_at * 1000, part=last.part, how=last.status, error=last.error
        )
        try_to_note(log, campaign_id, ended)
    due, following = last.ended_at + rest(last), last.part + 1
    if finding is Finding.TAKEN_UP:
        try_to_note(log, campaign_id, looked_after(finding, due=due, part=following, now=now))
        lifecycles.begin(campaign_id, following)
    elif finding is Finding.GIVEN_UP:
        try_to_note(log, campaign_id, looked_after(finding, due=due, part=last.part, now=due))
    return finding


def judge(last: Execution, now: int) -> Finding:
    """What is to be done about something under way whose last execution stands so."""
    if last.ended_at is None:
        return Finding.ALIVE
    if last.failures >= MOST_FAILURES:
        return Finding.GIVEN_UP
    return Finding.RESTING if now < last.ended_at + rest(last) else Finding.TAKEN_UP


def rest(last: Execution) -> int:
    """Seconds from the end of an execution until the next is begun."""
    return min(LATEST, SOONEST << max(0, last.failures - 1))
