"""Close a campaign: every block, then the status. From then on no hold can be taken. One that was extended goes on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from shared.clock import now_seconds
from shared.domain.campaign import ON_AIR
from shared.use_cases.close_campaign import close_campaign
from shared.use_cases.keep_books import Phase
from shared.use_cases.log_step import logged
from shared.wiring import campaign_log, campaigns, stock

log = logging.getLogger("livehour")


@logged("close_campaign", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``."""
    campaign = close_campaign(campaigns(), stock(), event["campaign"], now_seconds())
    log.info("%s is %s", campaign.id, campaign.status)
    phase = Phase.LIVE if campaign.status in ON_AIR else Phase.DRAIN
    return {"phase": phase.value}
