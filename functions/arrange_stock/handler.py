"""
Tell every stock block what has become of its campaign: paused, resumed, called off.

Invoked by whoever changed a campaign of more blocks than a request can wait for. What it leaves undone, the next beat does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.use_cases.arrange_stock import arrange_stock
from shared.wiring import campaigns, stock

log = logging.getLogger("livehour")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``."""
    campaign = arrange_stock(campaigns(), stock(), event["campaign"])
    log.info("%s is %s", campaign.id, campaign.status)
    return {"campaign": campaign.id, "status": campaign.status.value}
