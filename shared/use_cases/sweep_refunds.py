"""
See that no refund is left by its execution: one that was never begun, or that died, is begun again by its next part.

As for campaigns, the name of the part makes sure that it is begun once, however many sweepers see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from shared.domain.errors import Refusal
from shared.domain.refund import PATIENCE, RefundPlace
from shared.use_cases.order_ports import Refunds
from shared.use_cases.ports import Lifecycles
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.sweep_campaigns import Finding, judge

MOST: Final = 500
"""Refunds looked at in one minute, those that have waited longest first."""


def sweep_refunds(refunds: Refunds, executions: Lifecycles, *, now: int) -> Mapping[str, Finding]:
    """Look at every refund that nobody has looked at when somebody should have."""
    left_alone = list(islice(refunds.under_way(until=now - PATIENCE), MOST))

    def look(place: RefundPlace) -> Finding:
        try:
            return _look_after(refunds, executions, place, now)
        except Refusal:
            return Finding.UNKNOWN

    ids = [place.id for place in left_alone]
    return dict(zip(ids, side_by_side(look, left_alone), strict=True))


def _look_after(refunds: Refunds, executions: Lifecycles, place: RefundPlace, now: int) -> Finding:
    refund = refunds.find(place)
    if refund is None or not refund.is_under_way or refund.due > now - PATIENCE:
        # It was looked at since the index knew of it.
        return Finding.ALIVE
    last = executions.last(refund.id)
    if last is None:
        executions.begin(refund.id)
        return Finding.BEGUN
    finding = judge(last, now)
    if finding is Finding.TAKEN_UP:
        executions.begin(refund.id, last.part + 1)
    return finding
