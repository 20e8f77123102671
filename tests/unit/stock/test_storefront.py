"""What a storefront shows while a show is about to open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import StoreBusy
from shared.use_cases.hints import Hints
from shared.use_cases.stock_ports import shelf
from shared.use_cases.storefront import Storefront
from tests.unit.stock.test_reserve import Desk, a_campaign

MERCHANT = "mer_washington"


def half_laid_out(status: Status) -> Desk:
    desk = Desk(replace(a_campaign(), status=status))
    first = shelf(desk.campaign, desk.campaign.offers[0])
    del desk.stock.blocks[first.campaign_id, first.sku, 1]
    return desk


def show(desk: Desk) -> list[int]:
    hints = Hints(desk.stock, lambda: desk.now * 1000, pause=lambda _: None)
    told = Storefront(desk, hints).show(desk.campaign.id, MERCHANT, desk.now)
    return [offer["available"] for offer in told["offers"]]


def test_an_offer_whose_stock_is_still_being_laid_out_has_all_its_units() -> None:
    assert show(half_laid_out(Status.SCHEDULED)) == [64, 10]


def test_an_open_show_whose_stock_cannot_be_read_is_a_busy_store() -> None:
    with pytest.raises(StoreBusy):
        show(half_laid_out(Status.LIVE))


def test_an_open_show_shows_what_is_left() -> None:
    desk = Desk()
    desk.reserve(quantity=3)
    assert show(desk) == [61, 10]
