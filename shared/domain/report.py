"""
The closing report: everything of a campaign that is settled, and whether it agrees.

It is made of the campaign, its blocks, its orders and its kept snapshots, and of nothing else: no clock, no version
of a snapshot, no order of reading. So it is the same, byte for byte, however often it is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Status
from shared.domain.order import OrderState
from shared.domain.reconciliation import OrderBook, Reconciliation
from shared.domain.timeline import Bucket, Marker, bucket_document, marker_document
from shared.domain.totals import DEFINITIONS, figures

MINUTE = 60
"""Seconds of the report's buckets."""


def closing_report(
    campaign: Campaign,
    reconciliation: Reconciliation,
    buckets: Sequence[Bucket],
    markers: Sequence[Marker],
) -> dict[str, Any]:
    """The report as the API shows it."""
    return {
        "object": "report",
        "campaign": campaign.id,
        "name": campaign.name,
        "status": _status(campaign, balanced=reconciliation.balanced).value,
        "balanced": reconciliation.balanced,
        "definitions": DEFINITIONS,
        "channel": campaign.channel,
        "parties": {role: party.written for role, party in campaign.parties.items()},
        "time_zone": campaign.time_zone,
        "starts_at": rfc3339(campaign.starts_at),
        "ends_at": rfc3339(campaign.ends_at),
        "totals": figures(campaign, reconciliation.offers),
        "orders": _orders(reconciliation.orders),
        "timeline": {
            "bucket": MINUTE,
            "buckets": [bucket_document(campaign, bucket) for bucket in buckets],
            "markers": [marker_document(marker) for marker in markers],
        },
        "reconciliation": {
            "balanced": reconciliation.balanced,
            "blocks": reconciliation.blocks,
            "orders": reconciliation.orders.count,
            "differences_found": reconciliation.findings.count,
            "differences": reconciliation.findings.listed,
        },
    }


def canonical(report: Mapping[str, Any]) -> str:
    """One text for one report."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def name_of(report: str) -> str:
    """A report's name: of its text, so that one name never stands for two."""
    return hashlib.sha256(report.encode()).hexdigest()[:16]


def _status(campaign: Campaign, *, balanced: bool) -> Status:
    """What the campaign is once it is settled, so that the report is the same before and after that."""
    return Status.CLOSED if balanced and campaign.status is Status.CLOSING else campaign.status


def _orders(book: OrderBook) -> dict[str, Any]:
    return {
        "placed": book.count,
        "by_state": {state.value: book.by_state[state] for state in OrderState},
        "captured": book.captured,
        "given_back": book.given_back,
        "late_payments": {
            "paid": book.late_paid,
            "refunded": dict(sorted(book.late_refunded.items())),
        },
        "coupons": {code: asdict(sales) for code, sales in sorted(book.coupons.items())},
    }
