"""Lay out a campaign's stock: the first step of its lifecycle, harmless when repeated."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.clock import now_seconds, rfc3339
from shared.use_cases.log_step import logged
from shared.use_cases.prepare_stock import is_abandoned, prepare_stock
from shared.wiring import campaign_log, campaigns, stock

log = logging.getLogger("livehour")


@logged("prepare_stock", campaign_log, first=True)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. ``abandoned``: it was called off, or is over."""
    campaign = prepare_stock(campaigns(), stock(), event["campaign"], now_seconds())
    blocks = sum(offer.blocks for offer in campaign.offers)
    log.info("%s is %s, %d blocks laid out", campaign.id, campaign.status, blocks)
    return {
        "campaign": campaign.id,
        "starts_at": rfc3339(campaign.starts_at),
        "abandoned": is_abandoned(campaign),
    }
