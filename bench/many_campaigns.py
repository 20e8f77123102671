"""What a beat costs when many campaigns are on at once: all are due at one instant, and few hands are there for them."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench.meter import Meter
from bench.report import Row
from bench.show import OnSale, put_on_sale
from functions.keep_books.handler import lambda_handler as keep_books
from functions.reserve.handler import lambda_handler as reserve

CAMPAIGNS: Final = 50
OFFERS: Final = 20
_UNITS: Final = 320
"""Of an offer: ten blocks."""
_HANDS: Final = 8
"""Invocations at once."""
_ROUNDS: Final = 3
BEAT: Final = 5.0
"""Seconds from one beat to the next."""


def many_campaigns(meter: Meter) -> list[Row]:
    """So many shows on one deployment, with a sale in every offer."""
    sales = [put_on_sale(_UNITS, offers=OFFERS) for _ in range(CAMPAIGNS)]
    with ThreadPoolExecutor(_HANDS) as hands:
        rounds = []
        for number in range(_ROUNDS):
            list(hands.map(_sell_some, sales))
            meter.read()
            began = time.monotonic()
            ended = list(hands.map(lambda sale, n=number: _beat(sale, n), sales))
            rounds.append((meter.read(), began, ended))
    last = max(ended - began for _, began, beats in rounds for _, ended in beats)
    each = [ended - started for _, _, beats in rounds for started, ended in beats]
    reads = statistics.fmean(bill.read_units for bill, _, _ in rounds) / CAMPAIGNS
    writes = statistics.fmean(bill.write_units for bill, _, _ in rounds) / CAMPAIGNS
    what = f"{CAMPAIGNS} campaigns of {OFFERS} offers"
    median = f"{_HANDS} at once in one process; {statistics.median(each):.1f} s for half of them"
    return [
        Row(f"seconds of a beat, the slowest of {what}", max(each), budget=BEAT, note=median),
        Row(
            "seconds for all of them, one after another", last, note="by two cores, with the store"
        ),
        Row("read units of a beat among them", reads, note=f"{OFFERS * 10} blocks"),
        Row(
            "write units of a beat among them", writes, note="a snapshot, a bookmark, what ran out"
        ),
    ]


def _sell_some(sale: OnSale) -> None:
    for sku in sale.skus:
        assert reserve(sale.reservation(sku=sku))["statusCode"] == 201


def _beat(sale: OnSale, number: int) -> tuple[float, float]:
    began = time.monotonic()
    told = keep_books({"campaign": sale.campaign.id, "beat": number})
    assert told["phase"] == "live", told
    return began, time.monotonic()
