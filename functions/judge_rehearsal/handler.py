"""Judge a rehearsal, if its books are closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from shared.clock import now_seconds
from shared.domain.rehearsal import Outcome
from shared.use_cases.judge_rehearsal import judge_rehearsal
from shared.wiring import campaigns, is_real, rehearsals, stock, totals

log = Logger(service="judge_rehearsal")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, bool]:
    """``{"rehearsal": id, "problem": error}``; no problem is an empty one. ``judged``: or ask again."""
    rehearsal = judge_rehearsal(
        rehearsals(),
        campaigns(),
        stock(),
        totals(),
        event["rehearsal"],
        problem=event["problem"],
        timed=is_real(),
        now=now_seconds(),
    )
    log.info("rehearsal %s", rehearsal.state.value, extra={"rehearsal": rehearsal.id})
    return {"judged": rehearsal.state is not Outcome.RUNNING}
