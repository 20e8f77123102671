"""Hand a paid order over to its carrier, or go on where somebody stopped. Metric: ``NeedsAttention``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.clock import now_seconds
from shared.use_cases.hand_over import HandOver, hand_over_by_id
from shared.wiring import campaign_cache, dispatch

log = Logger(service="fulfil_order")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, str]:
    """``{"order": id}``. ``came_to``: ``fulfilled``, ``needs_attention``, ``withdrawn`` or ``nothing``."""
    came_to = hand_over_by_id(dispatch(), campaign_cache(), event["order"], now_seconds())
    if came_to is HandOver.NEEDS_ATTENTION:
        log.warning("an order cannot be handed over", extra={"order": event["order"]})
        metrics = EphemeralMetrics(namespace="livehour", service="fulfil_order")
        metrics.add_metric("NeedsAttention", MetricUnit.Count, 1)
        metrics.flush_metrics()
    return {"came_to": came_to.value}
