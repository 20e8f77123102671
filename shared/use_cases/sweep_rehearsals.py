"""
See that no rehearsal is left by its execution, and so leaves nothing behind: one that was never begun, or that died, is
begun again by its next part.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.errors import Refusal
from shared.use_cases.ports import Lifecycles
from shared.use_cases.rehearsal_ports import Rehearsals
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.sweep_campaigns import Finding, judge


def sweep_rehearsals(
    rehearsals: Rehearsals, executions: Lifecycles, *, now: int
) -> Mapping[str, Finding]:
    """Look at every rehearsal that should have been over."""
    left_alone = list(rehearsals.left_alone(until=now))

    def look(identifier: str) -> Finding:
        try:
            return _look_after(rehearsals, executions, identifier, now)
        except Refusal:
            return Finding.UNKNOWN

    return dict(zip(left_alone, side_by_side(look, left_alone), strict=True))


def _look_after(
    rehearsals: Rehearsals, executions: Lifecycles, identifier: str, now: int
) -> Finding:
    if rehearsals.get(identifier).cleaned:
        # Since the index knew of it.
        return Finding.ALIVE
    last = executions.last(identifier)
    if last is None:
        executions.begin(identifier)
        return Finding.BEGUN
    finding = judge(last, now)
    if finding is Finding.TAKEN_UP:
        executions.begin(identifier, last.part + 1)
    return finding
