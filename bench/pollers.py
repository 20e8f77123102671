"""What watching costs: read units a second while dashboards poll the totals."""

from __future__ import annotations

import time

from bench.meter import Meter
from bench.report import Row
from bench.show import put_on_sale
from functions.reserve.handler import lambda_handler as reserve
from functions.totals.handler import lambda_handler as totals

_SECONDS = 6
_UNITS = 2_000


def polling(meter: Meter) -> list[Row]:
    """1, 10 and 1,000 dashboards, each asking once a second, while units go."""
    sale = put_on_sale(_UNITS)
    rows = []
    for pollers in (1, 10, 1_000):
        meter.read()
        began = time.monotonic()
        asked = 0
        while (elapsed := time.monotonic() - began) < _SECONDS:
            if asked < pollers * elapsed:
                event = sale.event(
                    "GET /v1/campaigns/{campaign_id}/totals",
                    {"campaign_id": sale.campaign.id},
                    scope="read",
                )
                assert totals(event)["statusCode"] == 200
                asked += 1
            else:
                time.sleep(0.005)
        bill = meter.read()
        assert reserve(sale.reservation())["statusCode"] == 201
        rows.append(
            Row(
                f"read units a second, {pollers:,} watching",
                bill.read_units / elapsed,
                note=f"{asked / elapsed:,.0f} answers a second on one environment, {sale.shelf.blocks} blocks",
            )
        )
    flat = rows[-1].measured / rows[0].measured
    return [*rows, Row("1,000 pollers against 1, in read units", flat, budget=1.5, note="flat")]
