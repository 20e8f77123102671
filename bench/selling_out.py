"""What a reservation costs in capacity while an offer sells out to the last unit, and after it has."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from typing import Any

from bench.meter import Meter
from bench.report import Row
from bench.show import OnSale, put_on_sale
from functions.reserve.handler import lambda_handler as reserve
from shared import wiring
from shared.clock import now_millis, now_seconds
from shared.domain.errors import Refusal
from shared.use_cases.hints import Hints
from shared.use_cases.reserve import ReservationDesk, ReservationRequest

_UNITS = 2_000
_BUYERS = 2 * _UNITS
_ENVIRONMENTS = 16
_STORM_SECONDS = 10


def typical(meter: Meter) -> Row:
    """A reservation while there is plenty."""
    sale = put_on_sale(_UNITS)
    meter.read()
    count = _UNITS // 4
    for _ in range(count):
        assert reserve(sale.reservation())["statusCode"] == 201
    return Row(
        "write units per reservation, plenty left",
        meter.read().write_units / count,
        budget=1.0,
        note="transaction 4, with an idempotency record 6",
    )


def selling_out(meter: Meter) -> list[Row]:
    """Twice as many buyers as units, from many environments at once, each with its own hints."""
    sale = put_on_sale(_UNITS)
    requests = itertools.count()
    statuses: list[int] = []
    meter.read()
    began = time.monotonic()
    threads = [
        threading.Thread(target=_environment, args=(sale, seed, requests, statuses))
        for seed in range(_ENVIRONMENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    bill = meter.read()
    sold = statuses.count(201)
    assert sold == _UNITS, f"{sold} of {_UNITS} units sold"
    assert sold + statuses.count(409) == _BUYERS, sorted(set(statuses))
    note = f"{_UNITS:,} units, {_BUYERS:,} buyers, {_ENVIRONMENTS} environments, sold out in {seconds:.0f} s"
    fullest = max(len(block.ledger) for block in wiring.stock().read_all(sale.shelf))
    return [
        Row(
            "write units per reservation, selling out",
            (bill.write_units - bill.refused_units) / sold,
            budget=1.35,
            note=note,
        ),
        Row(
            "the same with the refused writes",
            bill.write_units / sold,
            budget=2.0,
            note="1.5 when it takes minutes",
        ),
        Row(
            "read units per reservation, board included",
            bill.read_units / sold,
            budget=2.0,
            note=note,
        ),
        Row(
            "entries in the fullest ledger",
            fullest,
            budget=sale.shelf.room,
            note="room of a block for its ledger",
        ),
    ]


def _environment(
    sale: OnSale, seed: int, requests: itertools.count[int], statuses: list[int]
) -> None:
    """One Lambda environment: its own hints, one request at a time."""
    hints = Hints(wiring.stock(), now_millis, choice=random.Random(seed))  # noqa: S311
    desk = ReservationDesk(
        wiring.campaign_cache(), wiring.stock(), hints, wiring.buyers(), wiring.hold_limits()
    )
    for number in requests:
        if number >= _BUYERS:
            return
        request = ReservationRequest(
            merchant=sale.campaign.merchant,
            campaign_id=sale.campaign.id,
            sku="FUJI-12",
            quantity=1,
            buyer_id=f"buyer {number}",
            idempotency_key=f"request {number}",
        )
        try:
            desk.reserve(request, now_seconds())
        except Refusal as refusal:
            statuses.append(refusal.status)
        else:
            statuses.append(201)


def storm(meter: Meter) -> Row:
    """Requests that come after the last unit went."""
    sale = put_on_sale(64)
    while reserve(sale.reservation())["statusCode"] == 201:
        continue
    meter.read()
    count = 0
    until = time.monotonic() + _STORM_SECONDS
    while time.monotonic() < until:
        answer: dict[str, Any] = reserve(sale.reservation())
        assert json.loads(answer["body"])["code"] == "sold_out"
        count += 1
    return Row(
        "calls per request after the offer sold out",
        meter.read().calls / count,
        budget=0.1,
        note=f"{count:,} requests in {_STORM_SECONDS} s on one environment; a plain conditional write: 1",
    )
