"""
Judge a rehearsal when its books are closed, or when nobody may wait any longer; then sweep away what it has left.

The verdict is written before anything is deleted, and that nothing is left after everything is: whoever dies in between
leaves a rehearsal that the next one goes on with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.campaign import Campaign
from shared.domain.crowd import buyers_of
from shared.domain.errors import CampaignNotFound
from shared.domain.forecast import cost, limits
from shared.domain.journal import Journal
from shared.domain.objectives import Played, has_passed, objectives
from shared.domain.rehearsal import PATIENCE, Outcome, Rehearsal
from shared.use_cases.ports import Campaigns
from shared.use_cases.rehearsal_ports import Rehearsals, Traces, change_rehearsal
from shared.use_cases.stock_ports import StockBlocks
from shared.use_cases.take_snapshot import count_blocks
from shared.use_cases.totals_ports import TotalsStore


def judge_rehearsal(
    rehearsals: Rehearsals,
    campaigns: Campaigns,
    stock: StockBlocks,
    totals: TotalsStore,
    rehearsal_id: str,
    *,
    problem: str,
    timed: bool,
    now: int,
) -> Rehearsal:
    """
    The rehearsal, judged; or as it is, while its books are open. ``problem``: what kept it from being played; ``timed``:
    whether times that were measured here are those of buyers; ``now``: seconds.
    """
    rehearsal = rehearsals.get(rehearsal_id)
    if rehearsal.state is not Outcome.RUNNING:
        return rehearsal
    show = _copy(campaigns, rehearsal)
    is_late = now >= rehearsal.created_at + PATIENCE
    if show is not None and not show.finished and not is_late:
        return rehearsal
    verdict = _verdict(rehearsal, campaigns, stock, totals, show, problem, timed, now)

    def end(standing: Rehearsal) -> Rehearsal:
        return standing.changed(**verdict) if standing.state is Outcome.RUNNING else standing

    return change_rehearsal(rehearsals, rehearsal_id, end)


def _verdict(
    rehearsal: Rehearsal,
    campaigns: Campaigns,
    stock: StockBlocks,
    totals: TotalsStore,
    show: Campaign | None,
    problem: str,
    timed: bool,
    now: int,
) -> Mapping[str, Any]:
    plan = campaigns.get(rehearsal.campaign_id)
    journal = None if rehearsal.journal is None else Journal.of(rehearsal.journal)
    last = None if show is None else totals.current(show.id)
    played = Played(
        # Where there never was a copy, there is nothing in its blocks either.
        show=show or plan,
        blocks=[[] for _ in plan.offers] if show is None else count_blocks(stock, show),
        complete=last is not None and last.complete,
        journal=journal,
        problem=problem,
    )
    found = objectives(played, timed=timed)
    return {
        "state": Outcome.PASSED if has_passed(found) else Outcome.FAILED,
        "journal": None,
        "objectives": tuple(objective.document() for objective in found),
        "limits": tuple(limit.document() for limit in limits(plan, rehearsal.expected)),
        "cost": cost(plan, rehearsal.expected, journal or Journal()),
        "ended_at": now,
    }


def clear_rehearsal(
    rehearsals: Rehearsals, campaigns: Campaigns, traces: Traces, rehearsal_id: str
) -> Rehearsal:
    """The rehearsal, and nothing else that it had left."""
    rehearsal = rehearsals.get(rehearsal_id)
    if rehearsal.cleaned or rehearsal.state is Outcome.RUNNING:
        return rehearsal
    show = _copy(campaigns, rehearsal)
    if show is not None:
        traces.clear(show, buyers_of(show, buyers=rehearsal.buyers, seed=rehearsal.seed))

    def note(standing: Rehearsal) -> Rehearsal:
        return standing if standing.cleaned else standing.changed(cleaned=True)

    return change_rehearsal(rehearsals, rehearsal_id, note)


def _copy(campaigns: Campaigns, rehearsal: Rehearsal) -> Campaign | None:
    try:
        return campaigns.get(rehearsal.copy_id)
    except CampaignNotFound:
        return None
