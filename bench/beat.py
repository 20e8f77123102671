"""What a beat costs in capacity and calls, of a campaign with as many offers as a large one has."""

from __future__ import annotations

from statistics import fmean
from typing import Final

from bench.meter import Bill, Meter
from bench.on_air import OFFERS, UNITS
from bench.report import Row
from bench.show import OnSale, put_on_sale
from functions.keep_books.handler import lambda_handler as keep_books
from functions.reserve.handler import lambda_handler as reserve

_BEATS: Final = 10


def units_of_a_beat(meter: Meter) -> list[Row]:
    """With a sale in every offer before each beat."""
    sale = put_on_sale(UNITS, offers=OFFERS)
    bills = [_beat(sale, meter, number) for number in range(_BEATS)]
    what = f"{OFFERS} offers, {OFFERS * 10} blocks"
    return [
        Row("read units of a beat", fmean(bill.read_units for bill in bills), note=what),
        Row(
            "write units of a beat",
            fmean(bill.write_units for bill in bills),
            note="a snapshot, a bookmark, what ran out",
        ),
        Row("calls of a beat to the store", fmean(bill.calls for bill in bills), note=what),
    ]


def _beat(sale: OnSale, meter: Meter, number: int) -> Bill:
    for sku in sale.skus:
        assert reserve(sale.reservation(sku=sku))["statusCode"] == 201
    meter.read()
    assert keep_books({"campaign": sale.campaign.id, "beat": number})["phase"] == "live"
    return meter.read()
