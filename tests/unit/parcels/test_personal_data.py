"""What is known of a buyer: sealed, given to whoever carries it, and erased with nothing else touched."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.xlsx_workbooks import XlsxWorkbooks
from shared.domain.errors import CampaignNotFound, InvalidRequest, OrderNotFound
from shared.domain.order import Attention, Order, OrderState
from shared.domain.parcel import PARCELS, buyer_piece, parcel_id
from shared.use_cases.erase_personal_data import erase_personal_data
from shared.use_cases.hand_off_files import HandOffDesk
from shared.use_cases.hand_over import HandOver
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import Shop
from tests.unit.parcels.test_hand_over import ADDRESS, a_paid_order, an_order_of_before, go
from tests.workbooks import read_workbook


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
    return HandOffDesk(
        shop.campaigns, shop.dispatch, shop.carrier, XlsxWorkbooks(), lambda: shop.now
    )


def make(shop: Shop, piece: int = 1, merchant: str = MERCHANT, **options: bool) -> dict[str, Any]:
    return desk(shop).make(shop.campaign.id, merchant, piece, **options)


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
    bad = an_order_of_before(shop, "bad", phone="")
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


NAMES = ["=HYPERLINK(1)", "+1", "@SUM(1)", "-2", "x;=1+1"]


@pytest.mark.parametrize("name", NAMES)
def test_a_program_imports_exactly_what_was_written(name: str, shop: Shop):
    go(shop, a_paid_order(shop, name=name))
    make(shop)
    text = shop.carrier.files[shop.campaign.id, "parcels.csv"].decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["name"], row["phone"]) == (name, "+862155550100")
    assert rows(shop)[0]["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_a_person_opens_a_workbook_in_which_text_is_text(name: str, shop: Shop):
    go(shop, a_paid_order(shop, name=name))
    (file,) = make(shop, workbook=True)["files"]
    book = read_workbook(shop.carrier.files[shop.campaign.id, "parcels.xlsx"])

    assert (file["name"], file["rows"]) == ("parcels.xlsx", 1)
    (head, row) = book["parcels"]
    told = dict(zip([cell.value for cell in head], row, strict=True))
    assert (told["name"].kind, told["name"].value) == ("text", name)
    assert (told["phone"].kind, told["phone"].value) == ("text", "+862155550100")
    assert (told["value"].kind, told["value"].value) == ("number", 99.0)


def test_each_buyer_has_a_reference_of_its_own_that_tells_nothing(shop: Shop):
    for buyer, key in (("ana", "1"), ("ana", "2"), ("bo", "3")):
        held = shop.reserve(buyer, key=key)
        order = shop.check_out(held, buyer, ship_to=ADDRESS, idempotency_key=key).order
        shop.pay(order, f"msg_{key}")
        go(shop, order)
    make(shop)
    buyers = Counter(row["buyer"] for row in rows(shop))
    assert sorted(buyers.values()) == [1, 2]
    for reference in buyers:
        assert re.fullmatch("buy_[a-z2-7]{26}", reference)
        assert reference not in {order.buyer for order in shop.orders.all(shop.campaign.id)}


def test_what_one_buyer_has_sent_to_one_place_goes_together_if_that_is_asked_for(shop: Shop):
    first = a_paid_order(shop)
    orders = [first]
    shop.now += 1
    for key, changes in (("again", {"phone": "+862155550199"}), ("away", {"line1": "2 Road"})):
        held = shop.reserve("ana", 2, key=key)
        order = shop.check_out(
            held, "ana", ship_to={**ADDRESS, **changes}, idempotency_key=key
        ).order
        shop.pay(order, f"msg_{key}")
        orders.append(order)
    orders.append(a_paid_order(shop, "bo"))
    for order in orders:
        go(shop, order)

    made = make(shop, combine=True)

    assert [file["name"] for file in made["files"]] == [
        "combined-parcels.csv",
        "combined-parcels.json",
    ]
    assert made["combined"]
    found = json.loads(shop.carrier.files[shop.campaign.id, "combined-parcels.json"])
    by_parcel = {row["parcel"]: row for row in found}
    assert set(by_parcel) == {parcel_id(orders[at].id) for at in (0, 2, 3)}
    both = by_parcel[parcel_id(first.id)]
    assert both["orders"] == f"{first.id} {orders[1].id}"
    assert (both["items"], both["quantity"], both["value"]) == ("3 x FUJI-12", 3, 29700)
    assert both["phone"] == ADDRESS["phone"]
    assert sum(row["quantity"] for row in found) == 6
    erase(shop, first)
    assert not [name for _, name in shop.carrier.files if name.startswith("combined")]


def test_a_large_campaign_is_not_combined_but_says_how_to_do_it(shop: Shop):
    (offer,) = shop.campaign.offers
    shop.show(shop.campaign.changed(offers=(replace(offer, allotment=200_001),)))
    with pytest.raises(InvalidRequest) as refused:
        make(shop, combine=True)
    assert refused.value.facts["errors"][0]["parameter"] == "combine"
    assert "same 'buyer'" in refused.value.facts["errors"][0]["detail"]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_all_of_a_buyers_orders_are_in_one_piece_and_all_pieces_have_buyers(count: int, shop: Shop):
    shop = Shop(64)
    pieces = set()
    for number in range(30):
        held = [shop.reserve(f"buyer-{number}", key=f"{number}-{at}") for at in range(2)]
        both = {
            buyer_piece(shop.check_out(one, f"buyer-{number}", idempotency_key=one.id).order, count)
            for one in held
        }
        assert len(both) == 1
        pieces |= both
    assert pieces == set(range(count))


def test_the_declared_value_is_what_was_paid_and_not_given_back(shop: Shop):
    order = a_paid_order(shop)
    assert shop.orders.save(shop.read(order).promising(4900)) is None
    go(shop, order)
    (parcel,) = shop.carrier.parcels.values()
    assert parcel.value == 5000
    assert shop.orders.save(shop.read(order).promising(1000)) is None
    make(shop)
    assert rows(shop)[0]["value"] == 4000


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
