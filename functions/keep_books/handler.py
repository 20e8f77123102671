"""One beat of a show. What does not add up in its blocks is an error in the log, and the metric ``StockFaults``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.clock import now_millis
from shared.use_cases.keep_books import Phase, keep_books
from shared.use_cases.log_step import logged
from shared.wiring import books, campaign_log, campaigns, line_keeper, totals

log = Logger(service="keep_books")


@logged("keep_books", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id, "beat": n}``. ``phase``: ``live``, ``close``, ``drain`` or ``drained``."""
    beat = keep_books(campaigns(), totals(), books(), event["campaign"], now_millis)
    # After the beat: what ran out is free by now, and goes to who waits first.
    offered = line_keeper().keep(event["campaign"]) if beat.phase is Phase.LIVE else 0
    told = {
        "campaign": event["campaign"],
        "beat": event["beat"],
        "phase": beat.phase.value,
        "version": beat.snapshot.version,
        "expired": beat.expired,
        "held": beat.held,
        "waiting": beat.waiting,
        "offered": offered,
    }
    log.info("beat", extra=told)
    metrics = EphemeralMetrics(namespace="livehour", service="keep_books")
    metrics.add_metric("ExpiredHolds", MetricUnit.Count, beat.expired)
    metrics.add_metric("WaitingOrders", MetricUnit.Count, beat.waiting)
    metrics.add_metric("StockFaults", MetricUnit.Count, len(beat.faults))
    metrics.flush_metrics()
    if beat.faults:
        log.error("the blocks do not add up", extra={**told, "faults": list(beat.faults)[:50]})
    return {
        "phase": beat.phase.value,
        "wait_seconds": beat.wait_seconds,
        "beat": event["beat"] + 1,
        "ended": beat.phase is Phase.DRAINED,
    }
