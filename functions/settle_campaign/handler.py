"""Settle a campaign whose books balance: its totals are complete, and it is closed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.clock import now_millis
from shared.use_cases.log_step import logged
from shared.use_cases.reconcile import settle_campaign
from shared.wiring import campaign_log, campaigns, totals

log = logging.getLogger("livehour")


@logged("settle_campaign", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. ``status``: ``closed``, or ``cancelled`` as it was."""
    campaign = settle_campaign(campaigns(), totals(), event["campaign"], now_millis)
    log.info("%s is %s", campaign.id, campaign.status)
    return {"status": campaign.status.value}
