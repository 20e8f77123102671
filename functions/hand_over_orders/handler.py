"""Hand over what no event has handed over, of a campaign whose books are settled, as far as one invocation goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from shared.clock import now_seconds
from shared.use_cases.hand_over import hand_over_all
from shared.use_cases.log_step import logged
from shared.wiring import campaign_log, campaigns, dispatch

HANDING_OVER: Final = 600
"""Seconds after which the rest waits: the machine calls again."""

log = logging.getLogger("livehour")


@logged("hand_over_orders", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. ``complete``: whether all is handed over, or we are to be called again."""
    campaign = campaigns().get(event["campaign"])
    done = hand_over_all(dispatch(), campaign, seconds=HANDING_OVER, now=now_seconds())
    log.info("%s handed over, %s waiting", done.handed_over, done.waiting)
    return {
        "complete": not done.waiting,
        "handed_over": done.handed_over,
        "needing_attention": done.needing_attention,
    }
