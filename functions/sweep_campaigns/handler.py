"""Called every minute: sees that every campaign, refund and rehearsal that has not ended is looked after by an execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared import clock, wiring
from shared.use_cases.sweep_campaigns import Finding, sweep_campaigns
from shared.use_cases.sweep_refunds import sweep_refunds
from shared.use_cases.sweep_rehearsals import sweep_rehearsals

log = Logger(service="sweep_campaigns")


def lambda_handler(_event: Mapping[str, Any], _context: object = None) -> dict[str, int]:
    """How many were found how, by ``Finding``."""
    now = clock.now_seconds()
    found = {
        **sweep_campaigns(
            wiring.campaigns(),
            wiring.totals(),
            wiring.lifecycles(),
            wiring.campaign_log(),
            lead=wiring.start_lead(),
            now=now,
        ),
        **sweep_refunds(wiring.refunds(), wiring.refund_executions(), now=now),
        **sweep_rehearsals(wiring.rehearsals(), wiring.rehearsal_executions(), now=now),
    }
    for identifier, finding in found.items():
        if finding in (Finding.BEGUN, Finding.TAKEN_UP):
            log.warning("execution %s", finding, extra={"about": identifier})
        elif finding in (Finding.GIVEN_UP, Finding.UNKNOWN):
            log.error("execution %s", finding, extra={"about": identifier})
    counts = {finding: sum(each is finding for each in found.values()) for finding in Finding}
    metrics = EphemeralMetrics(namespace="livehour", service="sweep_campaigns")
    metrics.add_metric("TakenUp", MetricUnit.Count, counts[Finding.TAKEN_UP])
    metrics.add_metric("GivenUp", MetricUnit.Count, counts[Finding.GIVEN_UP])
    metrics.flush_metrics()
    return {finding.value: count for finding, count in counts.items()}
