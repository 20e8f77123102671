"""What is known of a buyer: sealed, given to whoever carries it, and erased with nothing else touched."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import CampaignNotFound, InvalidRequest, OrderNotFound
from shared.domain.order import Attention, Order, OrderState
from shared.domain.parcel import PARCELS, parcel_id
from shared.use_cases.erase_personal_data import erase_personal_data
from shared.use_cases.hand_off_files import HandOffDesk
from shared.use_cases.hand_over import HandOver
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import Shop
from tests.unit.parcels.test_hand_over import ADDRESS, a_paid_order, go


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.show(shop.campaign.changed(carrier="file"))
    return shop


def erase(shop: Shop, order: Order, merchant: str = MERCHANT) -> Order:
    return erase_personal_data(
        shop.dispatch, shop.carrier, shop.campaigns, order.id, merchant, shop.now
    )


def desk(shop: Shop) -> HandOffDesk:
    return HandOffDesk(shop.campaigns, shop.dispatch, shop.carrier, lambda: shop.now)


def make(shop: Shop, piece: int = 1, merchant: str = MERCHANT) -> dict[str, Any]:
    return desk(shop).make(shop.campaign.id, merchant, piece)


def rows(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shop.carrier.files[shop.campaign.id, "parcels.json"])
    return found


def test_erasing_takes_the_address_and_every_copy_and_nothing_else(shop: Shop):
    order = a_paid_order(shop)
    go(shop, order)
    make(shop)
    before, sums = shop.read(order), shop.sums()

    after = erase(shop, order)

    assert (after.ship_to, after.erased_at) == (None, shop.now)
    wanted = replace(before, ship_to=None, erased_at=shop.now, version=before.version + 1)
    assert shop.read(order) == after == wanted
    assert shop.sums() == sums
    assert (shop.carrier.parcels, shop.carrier.files) == ({}, {})
    shop.check(settled=True)


def test_erasing_again_is_the_same_and_takes_what_somebody_left(shop: Shop):
    order = a_paid_order(shop)
    go(shop, order)
    first = erase(shop, order)
    shop.now += 5
    assert erase(shop, order) == first
    assert shop.read(order) == first


def test_whoever_dies_while_erasing_is_asked_again():
    point = 0
    while True:
        shop = Shop()
        shop.show(shop.campaign.changed(carrier="file"))
        order = a_paid_order(shop)
        go(shop, order)
        make(shop)
        passed = shop.crash_at(point)
        try:
            erase(shop, order)
        except Crash:
            shop.recover()
            erase(shop, order)
        shop.recover()
        assert shop.read(order).ship_to is None
        assert (shop.carrier.parcels, shop.carrier.files) == ({}, {})
        if len(passed) <= point:
            break
        point += 1
    assert point == 6


def test_an_order_that_is_not_paid_yet_can_be_erased_and_needs_a_person_once_it_is(shop: Shop):
    order = shop.order()
    erase(shop, order)
    shop.pay(order)
    paid = shop.read(order)
    assert (paid.state, paid.ship_to) == (OrderState.PAID, None)
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    assert shop.read(order).attention is Attention.ADDRESS_GONE


def test_what_was_erased_does_not_come_back_with_a_version_that_knew_it(shop: Shop):
    order = a_paid_order(shop)
    erase(shop, order)
    assert shop.orders.save(order.handing_over("file")) == shop.read(order)
    assert shop.read(order).ship_to is None


def test_of_anothers_order_nothing_is_erased_nor_told(shop: Shop):
    order = a_paid_order(shop)
    for identifier, merchant in ((order.id, "mer_other"), ("ord_x", MERCHANT)):
        with pytest.raises(OrderNotFound):
            erase_personal_data(
                shop.dispatch, shop.carrier, shop.campaigns, identifier, merchant, shop.now
            )
    assert shop.read(order) == order


def test_once_the_time_of_the_keys_is_over_nobody_reads_an_address(shop: Shop):
    order = a_paid_order(shop)
    shop.addresses.over = True
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    assert shop.read(order).attention is Attention.ADDRESS_GONE


def test_the_files_have_every_parcel_with_its_address_and_say_what_is_missing(shop: Shop):
    orders = [a_paid_order(shop, f"buyer-{number}") for number in range(3)]
    for order in orders:
        go(shop, order)
    bad = a_paid_order(shop, "bad", phone="")
    go(shop, bad)
    a_paid_order(shop, "waits")
    shop.order("unpaid")

    made = make(shop)

    assert (made["piece"], made["pieces"], made["waiting"]) == (1, 1, 1)
    assert made["needs_attention"] == [{"order": bad.id, "reason": "address_incomplete"}]
    assert [file["rows"] for file in made["files"]] == [3, 3]
    text = shop.carrier.files[shop.campaign.id, "parcels.csv"].decode("utf-8-sig")
    told = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["parcel"] for row in told} == {parcel_id(order.id) for order in orders}
    assert {(row["name"], row["city"], row["value"]) for row in told} == {
        (ADDRESS["name"], ADDRESS["city"], "99.00")
    }
    assert tuple(told[0]) == PARCELS.columns
    assert [row["parcel"] for row in rows(shop)] == [row["parcel"] for row in told]


def test_the_same_orders_give_the_same_bytes(shop: Shop):
    for number in range(3):
        go(shop, a_paid_order(shop, f"buyer-{number}"))
    make(shop)
    first = dict(shop.carrier.files)
    make(shop)
    assert shop.carrier.files == first


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "@SUM(1)", "\tx", "-2"])
def test_no_name_is_taken_for_a_formula(name: str, shop: Shop):
    go(shop, a_paid_order(shop, name=name))
    make(shop)
    text = shop.carrier.files[shop.campaign.id, "parcels.csv"].decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["name"] == f"'{name}"
    assert rows(shop)[0]["name"] == name


def test_what_was_erased_is_in_no_file(shop: Shop):
    kept, gone = a_paid_order(shop), a_paid_order(shop, "bo")
    for order in (kept, gone):
        go(shop, order)
    erase(shop, gone)
    make(shop)
    assert [row["order"] for row in rows(shop)] == [kept.id]


def test_anothers_files_and_a_piece_that_is_none_are_refused(shop: Shop):
    with pytest.raises(CampaignNotFound):
        make(shop, merchant="mer_other")
    for piece in (0, 2):
        with pytest.raises(InvalidRequest):
            make(shop, piece)
    assert not shop.carrier.files
