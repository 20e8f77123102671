"""Called by a campaign's schedule some minutes before its start: begins its lifecycle."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared import clock, wiring
from shared.use_cases.begin_campaign import begin_if_due

log = logging.getLogger("livehour")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. What fails is raised, so that the invocation is repeated."""
    begun = begin_if_due(
        event["campaign"],
        campaigns=wiring.campaigns(),
        lifecycles=wiring.lifecycles(),
        lead=wiring.start_lead(),
        now=clock.now_seconds(),
    )
    log.info("campaign %s: %s", event["campaign"], "begun" if begun else "not due")
    return {"campaign": event["campaign"], "begun": begun}
