"""Reconcile a drained campaign: ledgers, orders and totals, and the closing report of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from shared.clock import now_millis
from shared.use_cases.log_step import logged
from shared.use_cases.reconcile import reconcile_campaign
from shared.wiring import campaign_log, campaigns, orders, stock, totals

log = Logger(service="reconcile_campaign")


@logged("reconcile_campaign", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. Books that do not balance are no error here: the machine calls a person."""
    outcome = reconcile_campaign(
        campaigns(), totals(), stock(), orders(), event["campaign"], now_millis
    )
    told = {"campaign": event["campaign"], "differences": outcome.found}
    if outcome.balanced:
        log.info("the books balance", extra=told)
    else:
        log.error("the books do not balance", extra={**told, "first": outcome.differences[:20]})
    return {"balanced": outcome.balanced, "differences": outcome.found}
