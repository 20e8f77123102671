"""Delete everything that a judged rehearsal has left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from shared.use_cases.judge_rehearsal import clear_rehearsal
from shared.wiring import campaigns, rehearsals, traces

log = Logger(service="clear_rehearsal")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, bool]:
    """``{"rehearsal": id}``. ``cleaned``: always, or it is raised."""
    rehearsal = clear_rehearsal(rehearsals(), campaigns(), traces(), event["rehearsal"])
    log.info("cleared", extra={"rehearsal": rehearsal.id})
    return {"cleaned": rehearsal.cleaned}
