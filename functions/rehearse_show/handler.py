"""Play the show of a rehearsal: its copy of the campaign is made and begun, and its buyers come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from shared.use_cases.rehearse_show import rehearse_show
from shared.wiring import lifecycles, rehearsal_desks, rehearsals

log = Logger(service="rehearse_show")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, str]:
    """``{"rehearsal": id}``."""
    rehearsal = rehearse_show(rehearsals(), lifecycles(), rehearsal_desks(), event["rehearsal"])
    log.info("rehearsed", extra={"rehearsal": rehearsal.id})
    return {"rehearsal": rehearsal.id}
