"""
What a plan will meet on AWS, and what it will cost: arithmetic on the plan, on the buyers that are expected, and on the
units that its rehearsal has used. Prices and quotas are those of us-east-1 in autumn 2026; each says where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Final

from shared.domain.campaign import Campaign
from shared.domain.journal import Journal
from shared.domain.stock import sizes
from shared.table import BLOCK_UNITS, ORDER_SHARDS

RUSH: Final = 60
"""Seconds in which all buyers come, at the worst: the busiest second has a sixtieth of them."""
PART: Final = 1_000
"""Beats of one execution of the lifecycle, whose history has nine events for each."""
_PRICES: Final = {
    # USD for one million
    "HTTP API requests": 1.00,
    "Lambda invocations": 0.30,
    "DynamoDB write units": 0.625,
    "DynamoDB read units": 0.125,
    "Step Functions transitions": 25.0,
    "Step Functions Express": 2.04,
    "EventBridge events": 1.00,
}
"""List prices. An invocation: 0.20 and 15 ms of 512 MB on arm64. Express: one start and a second of 64 MB."""
_TYPICAL: Final = {
    "reserve": (1.35, 1.0),
    "reserve refused": (1.0, 1.0),
    "checkout": (1.0, 2.0),
    "payment": (2.0, 2.0),
}
"""Write and read units by step, where a rehearsal has measured none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One quota that the busiest second comes near, or not."""

    name: str
    plan: int
    """What the busiest second wants."""
    limit: int
    source: str
    advice: str

    @property
    def within(self) -> bool:
        return self.plan <= self.limit

    def document(self) -> dict[str, Any]:
        """As it is told."""
        advice = "" if self.within else self.advice
        return {**asdict(self), "within": self.within, "advice": advice}


def limits(plan: Campaign, expected: int) -> list[Limit]:
    """All that were looked at, those that would be hit too."""
    peak = ceil(expected / RUSH)
    return [*_of_requests(peak), *_of_stock(plan, peak), *_of_orders(plan, peak)]


def _of_requests(peak: int) -> Iterator[Limit]:
    yield Limit(
        "HTTP API requests a second",
        2 * peak,
        10_000,
        "API Gateway quotas, account and region, adjustable; two requests a buyer",
        "Ask for a higher account throttle some days before.",
    )
    yield Limit(
        "Lambda environments at once",
        ceil(4 * peak / 10),
        1_000,
        "Lambda quotas: an environment takes 10 requests a second; two functions a request",
        "Ask for more concurrent executions: new accounts begin lower than this.",
    )


def _of_stock(plan: Campaign, peak: int) -> Iterator[Limit]:
    yield Limit(
        "stock: write units a second",
        ceil(1.35 * peak),
        20_000,
        "warm throughput that the production stage sets on the stock table",
        "Raise stock_warm_throughput in infra/stages.py a day before.",
    )
    hottest = max(plan.offers, key=lambda offer: offer.allotment)
    blocks = len(sizes(hottest.allotment))
    yield Limit(
        f"stock: writes a second to one block of {hottest.sku}",
        ceil(peak * 0.6 / blocks),
        1_000,
        "DynamoDB: a partition takes 1,000 write units a second; 60 % want what is on screen",
        f"Smaller blocks spread the load: BLOCK_UNITS is {BLOCK_UNITS}.",
    )
    every = sum(len(sizes(offer.allotment)) for offer in plan.offers)
    yield Limit(
        "stock: read units a second to count it",
        every,
        12_000,
        "DynamoDB: what a table takes at once; all blocks are counted once a second for the totals",
        "Fewer units in each campaign, or more read units in stock_warm_throughput.",
    )


def _of_orders(plan: Campaign, peak: int) -> Iterator[Limit]:
    yield Limit(
        "orders: write units a second",
        2 * peak,
        4_000,
        "DynamoDB: a table on demand takes 4,000 at once, and twice its last peak",
        "Raise the orders table's warm throughput a day before.",
    )
    yield Limit(
        "orders: writes a second to one shard",
        ceil(2 * peak / ORDER_SHARDS),
        1_000,
        f"DynamoDB: 1,000 write units a second a partition; {ORDER_SHARDS} shards",
        "More ORDER_SHARDS, before the campaign is made.",
    )
    yield Limit(
        "EventBridge events a second",
        peak,
        10_000,
        "EventBridge quotas: PutEvents in the largest regions",
        "Nobody waits for them: they come later, and none is lost. Ask for more if that matters.",
    )
    if plan.carrier is not None:
        yield Limit(
            "Step Functions Express starts a second",
            peak,
            6_000,
            "Step Functions quotas: StartExecution of Express machines",
            "Parcels leave later; what is left is handed over after the close.",
        )
    beats = (plan.closes_at - plan.starts_at) // 5
    yield Limit(
        "history events of one execution",
        min(beats, PART) * 9 + 20,
        25_000,
        f"Step Functions quotas; the lifecycle hands over every {PART:,} beats",
        "",
    )


def cost(plan: Campaign, expected: int, journal: Journal) -> dict[str, Any]:
    """The bill of the whole show, line by line: count x price. USD; storage, logs and traffic to viewers apart."""
    orders = min(expected, sum(offer.allotment for offer in plan.offers))
    hours = max(1 / 60, (plan.ends_at - plan.starts_at) / 3600)
    # As many reservations for each order as in the rehearsal; all others who are expected are refused.
    outcomes = journal.outcomes
    held = (
        orders * max(1.0, outcomes["reserved"] / max(1, outcomes["paid"])) if outcomes else orders
    )
    requests = {
        "reserve": min(expected, round(held)),
        "reserve refused": max(0, expected - round(held)),
        "checkout": orders,
        "payment": orders,
    }
    units = {step: journal.each(step) or typical for step, typical in _TYPICAL.items()}
    asked = sum(requests.values())
    counts = {
        "HTTP API requests": asked,
        # A key is checked before each, but before a webhook.
        "Lambda invocations": 2 * asked - orders,
        "DynamoDB write units": round(sum(n * units[step][0] for step, n in requests.items())),
        "DynamoDB read units": round(sum(n * units[step][1] for step, n in requests.items())),
        "Step Functions transitions": (plan.closes_at - plan.starts_at) // 5 * 3,
        "Step Functions Express": orders if plan.carrier is not None else 0,
        "EventBridge events": orders,
    }
    lines = [
        {
            "what": what,
            "count": count,
            "usd_per_million": _PRICES[what],
            "usd": round(count * _PRICES[what] / 1_000_000, 4),
        }
        for what, count in counts.items()
        if count
    ]
    whole = sum(count * _PRICES[what] / 1_000_000 for what, count in counts.items())
    return {
        "currency": "USD",
        "orders": orders,
        "whole_show": round(whole, 4),
        "per_hour": round(whole / hours, 4),
        "per_million_orders": round(whole / max(1, orders) * 1_000_000, 2),
        "lines": lines,
    }
