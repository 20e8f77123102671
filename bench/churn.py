"""What a reservation costs while buyers reserve and release more often than ledgers have room."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from bench.meter import Meter
from bench.report import Row
from bench.show import OnSale, put_on_sale
from shared import wiring
from shared.clock import now_millis, now_seconds
from shared.domain.errors import Refusal
from shared.use_cases.hints import Hints
from shared.use_cases.reserve import ReservationDesk, ReservationRequest

_UNITS = 256
_ENVIRONMENTS = 16
_FILLING_ROUNDS = 4
_MEASURED_ROUNDS = 6


def churn(meter: Meter) -> list[Row]:
    """
    Rounds in which every unit is reserved and released again, from many environments at once. After the first rounds each
    ledger is full of entries that may still be asked for.
    """
    sale = put_on_sale(_UNITS)
    desks = [_desk(seed) for seed in range(_ENVIRONMENTS)]
    sold, writes, refused, reads = 0, 0.0, 0.0, 0.0
    for number in range(_FILLING_ROUNDS + _MEASURED_ROUNDS):
        meter.read()
        taken = _round(sale, desks, number)
        bill = meter.read()
        assert len(taken) == _UNITS, f"round {number}: {len(taken)} of {_UNITS} units reserved"
        for identifier in taken:
            desks[0].release(identifier, sale.campaign.merchant, now_seconds())
        if number >= _FILLING_ROUNDS:
            sold += len(taken)
            writes += bill.write_units
            refused += bill.refused_units
            reads += bill.read_units
    note = f"{_UNITS} units, {_ENVIRONMENTS} environments, each unit reserved and released {number + 1} times"
    return [
        Row("write units per reservation, full ledgers", writes / sold, budget=4.0, note=note),
        Row("of these refused", refused / sold, budget=2.0, note="lost races for one block"),
        Row("read units per reservation, full ledgers", reads / sold, budget=8.0, note=note),
    ]


def _desk(seed: int) -> ReservationDesk:
    hints = Hints(wiring.stock(), now_millis, choice=random.Random(seed))  # noqa: S311
    return ReservationDesk(
        wiring.campaign_cache(), wiring.stock(), hints, wiring.buyers(), wiring.hold_limits()
    )


def _round(sale: OnSale, desks: Sequence[ReservationDesk], number: int) -> list[str]:
    """Ids of the reservations of one round."""
    taken: list[str] = []

    def shop(environment: int, desk: ReservationDesk) -> None:
        for buyer in range(environment, _UNITS, len(desks)):
            request = ReservationRequest(
                merchant=sale.campaign.merchant,
                campaign_id=sale.campaign.id,
                sku="FUJI-12",
                quantity=1,
                buyer_id=f"buyer {buyer}",
                idempotency_key=f"round {number}, request {buyer}",
            )
            try:
                taken.append(desk.reserve(request, now_seconds()).id)
            except Refusal as refusal:
                print(f"round {number}: {refusal.code}")

    threads = [threading.Thread(target=shop, args=each) for each in enumerate(desks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken
