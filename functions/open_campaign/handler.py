"""Open a campaign if it is time; else say when to ask again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.clock import now_seconds, rfc3339
from shared.use_cases.log_step import logged
from shared.use_cases.open_campaign import open_campaign
from shared.wiring import campaign_log, campaigns

log = logging.getLogger("livehour")


@logged("open_campaign", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. ``phase``: ``wait`` (until ``wait_until``), ``live`` or ``close``."""
    opening = open_campaign(campaigns(), event["campaign"], now_seconds())
    log.info("%s: %s", event["campaign"], opening.phase)
    return {"phase": opening.phase.value, "wait_until": rfc3339(opening.wait_until)}
