"""Close a campaign: every block, then the status. From then on no hold can be taken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.use_cases.close_campaign import close_campaign
from shared.use_cases.keep_books import Phase
from shared.wiring import campaigns, stock

log = logging.getLogger("livehour")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``."""
    campaign = close_campaign(campaigns(), stock(), event["campaign"])
    log.info("%s is %s", campaign.id, campaign.status)
    return {"phase": Phase.DRAIN.value}
