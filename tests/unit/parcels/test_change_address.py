"""Another address of an order: until its shipment is requested, whole or not at all, and answered truly."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import (
    InvalidRequest,
    OrderEnded,
    OrderNotFound,
    PersonalDataGone,
    Refusal,
    ShipmentRequested,
)
from shared.domain.events import EventName
from shared.domain.order import Attention, Order, OrderState
from shared.domain.parcel import parcel_id
from shared.use_cases.change_address import AddressChange, AddressDesk
from shared.use_cases.hand_over import HandOver, hand_over_all
from shared.use_cases.read_changes import OrderChange, read_change
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import HOLD, RULES, SHIP_TO, Shop
from tests.unit.parcels.test_hand_over import a_paid_order, an_order_of_before, go, refund

MOVED = {**SHIP_TO, "line1": "2 New Road"}


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.show(shop.campaign.changed(carrier="file"))
    return shop


def change(
    shop: Shop,
    order: Order,
    ship_to: dict[str, str] = MOVED,
    *,
    buyer: str | None = None,
    merchant: str = MERCHANT,
) -> tuple[Order, dict[str, str]]:
    desk = AddressDesk(shop.campaigns, shop.orders, shop.addresses, RULES)
    return desk.change(
        AddressChange(merchant=merchant, order_id=order.id, buyer_id=buyer, ship_to=ship_to)
    )


def address_of(shop: Shop, order: Order) -> Any:
    return shop.addresses.open(shop.campaign, shop.read(order))


# -- the rows of docs/addresses.md --------------------------------------------------------------------------


def test_an_order_that_awaits_payment_or_its_turn_gets_it(shop: Shop):
    unpaid, paid = shop.order(), a_paid_order(shop, "bo")
    for order in (unpaid, paid):
        before = shop.read(order)
        after, kept = change(shop, order)
        assert kept == address_of(shop, order) == MOVED
        assert after == shop.read(order)
        assert after.version == before.version + 1
        assert after.state is before.state
    assert go(shop, paid) is HandOver.FULFILLED
    (parcel,) = shop.carrier.parcels.values()
    assert parcel.address == MOVED
    shop.pay(unpaid)
    shop.check()


def test_an_order_that_waits_for_a_better_address_is_sent_next(shop: Shop):
    order = an_order_of_before(shop, postal_code="1")
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    before = shop.read(order)
    assert before.attention is Attention.ADDRESS_INCOMPLETE

    after, _ = change(shop, order)

    assert (after.attention, after.carrier, after.state) == (None, None, OrderState.PAID)
    (event,) = read_change(OrderChange(at=1.0, before=before, after=after), lambda _: MERCHANT)
    assert event.name is EventName.ORDER_ADDRESS_CORRECTED
    assert event.data == {"order": order.id, "sku": order.sku, "quantity": order.quantity}
    assert go(shop, order) is HandOver.FULFILLED
    (parcel,) = shop.carrier.parcels.values()
    assert parcel.address == MOVED


def test_a_carrier_that_refused_the_old_address_is_asked_for_the_new_one(shop: Shop):
    order = a_paid_order(shop)
    shop.carrier.refuses = True
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    shop.carrier.refuses = False
    assert change(shop, order)[0].carrier is None
    assert go(shop, order) is HandOver.FULFILLED
    assert shop.carrier.parcels[parcel_id(order.id)].address == MOVED


def test_after_the_sale_a_corrected_order_is_handed_over_with_the_others(shop: Shop):
    order = an_order_of_before(shop, phone="")
    shop.close()
    done = hand_over_all(shop.dispatch, shop.campaign, seconds=9, now=shop.now)
    assert (done.handed_over, done.needing_attention) == (0, 1)
    change(shop, order)
    done = hand_over_all(shop.dispatch, shop.campaign, seconds=9, now=shop.now)
    assert (done.handed_over, done.needing_attention) == (1, 0)


def test_the_address_that_it_has_already_is_no_write(shop: Shop):
    order = a_paid_order(shop)
    first, _ = change(shop, order)
    again, kept = change(shop, order, {**MOVED, "phone": "021 5555 0100"})
    assert (again, kept) == (first, MOVED)
    assert go(shop, order) is HandOver.FULFILLED
    requested, kept = change(shop, order)
    assert (requested.state, kept) == (OrderState.FULFILLED, MOVED)
    assert requested == shop.read(order)


def test_what_is_shipped_or_about_to_be_keeps_its_address_and_says_what_to_do(shop: Shop):
    shipped, about = a_paid_order(shop), a_paid_order(shop, "bo")
    go(shop, shipped)
    assert shop.orders.save(shop.read(about).handing_over("file")) is None
    for order in (shipped, about):
        with pytest.raises(ShipmentRequested) as refused:
            change(shop, order)
        assert refused.value.facts == {"parcel": parcel_id(order.id), "carrier": "file"}
        assert "refund the order" in refused.value.detail
        assert address_of(shop, order) == SHIP_TO


def test_what_was_cancelled_or_refunded_needs_none(shop: Shop):
    cancelled, refunded = shop.order(), a_paid_order(shop, "bo")
    refund(shop, refunded)
    shop.now += HOLD
    shop.beat()
    for order in (cancelled, refunded):
        with pytest.raises(OrderEnded) as refused:
            change(shop, order)
        assert refused.value.facts == {"state": shop.read(order).state.value}


def test_what_was_erased_stays_erased(shop: Shop):
    order = a_paid_order(shop)
    assert shop.orders.save(shop.read(order).erased(shop.now)) is None
    with pytest.raises(PersonalDataGone):
        change(shop, order)
    assert shop.read(order).ship_to is None


def test_once_the_time_of_the_keys_is_over_no_address_comes_in(shop: Shop):
    order = a_paid_order(shop)
    shop.addresses.over = True
    with pytest.raises(PersonalDataGone):
        change(shop, order)


def test_anothers_order_is_none(shop: Shop):
    order = a_paid_order(shop)
    assert change(shop, order, buyer="ana")[1] == MOVED
    unborn = shop.reserve("cy").id.replace("rsv_", "ord_")
    for wrong in (
        {"buyer": "bo"},
        {"merchant": "mer_other"},
    ):
        with pytest.raises(OrderNotFound):
            change(shop, order, SHIP_TO, **wrong)
    for identifier in ("ord_x", unborn, order.id[:-1] + "AB"):
        with pytest.raises(OrderNotFound):
            AddressDesk(shop.campaigns, shop.orders, shop.addresses, RULES).change(
                AddressChange(merchant=MERCHANT, order_id=identifier, buyer_id=None, ship_to=MOVED)
            )
    assert address_of(shop, order) == MOVED


def test_it_is_judged_as_at_checkout(shop: Shop):
    order = a_paid_order(shop)
    with pytest.raises(InvalidRequest) as refused:
        change(shop, order, {**MOVED, "country": "UK"})
    (error,) = refused.value.facts["errors"]
    assert (error["pointer"], error["suggestion"]) == ("/ship_to/country", "GB")
    assert address_of(shop, order) == SHIP_TO


# -- who comes between, and who dies -------------------------------------------------------------------------


def test_whoever_is_faster_wins_and_the_other_is_told(shop: Shop):
    order = a_paid_order(shop)
    met: list[str] = []

    def ship_first(what: str) -> None:
        if what == "save" and not met:
            met.append(what)
            assert go(shop, order) is HandOver.FULFILLED

    shop.orders.before = ship_first
    with pytest.raises(ShipmentRequested):
        change(shop, order)
    assert met
    (parcel,) = shop.carrier.parcels.values()
    assert parcel.address == address_of(shop, order) == SHIP_TO


def test_a_claim_over_the_old_version_meets_the_new_address(shop: Shop):
    order = a_paid_order(shop)
    met: list[str] = []

    def move_first(what: str) -> None:
        if what == "save" and not met:
            met.append(what)
            change(shop, order)

    shop.orders.before = move_first
    assert go(shop, order) is HandOver.FULFILLED
    (parcel,) = shop.carrier.parcels.values()
    assert parcel.address == address_of(shop, order) == MOVED


def test_whoever_dies_before_or_after_the_write_is_asked_again(shop: Shop):
    for after in (False, True):
        order = a_paid_order(shop, f"buyer {after}")

        def die(what: str) -> None:
            raise Crash(what)

        if after:
            shop.orders.after = die
        else:
            shop.orders.before = die
        with pytest.raises(Crash):
            change(shop, order)
        shop.orders.before = shop.orders.after = lambda _: None
        assert address_of(shop, order) == (MOVED if after else SHIP_TO)
        again, kept = change(shop, order)
        assert kept == MOVED
        assert again.version == order.version + 1


def test_a_payment_between_the_reading_and_the_write_is_not_lost(shop: Shop):
    order = shop.order()
    met: list[str] = []

    def pay_first(what: str) -> None:
        if what == "save" and not met:
            met.append(what)
            shop.pay(order)

    shop.orders.before = pay_first
    after, _ = change(shop, order)
    assert (after.state, address_of(shop, order)) == (OrderState.PAID, MOVED)
    shop.check()


# -- at checkout ---------------------------------------------------------------------------------------------


def test_a_checkout_keeps_what_is_normal_and_answers_so(shop: Shop):
    sent = {**SHIP_TO, "name": "Ｌｉ　Ｗｅｉ", "phone": "\u202a021 5555 0100\u202c"}  # noqa: RUF001
    held = shop.reserve()
    done = shop.check_out(held, ship_to=sent)
    again = shop.check_out(held, ship_to=sent)
    assert done.ship_to == again.ship_to == address_of(shop, done.order) == SHIP_TO
    assert again.replayed


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"country": "UK"}, ["/ship_to/country"]),
        ({"country": "XX"}, ["/ship_to/country"]),
        ({"phone": ""}, ["/ship_to/phone"]),
        ({"country": "ES", "postal_code": "28039"}, ["/ship_to/region"]),
        ({"country": "JP"}, ["/ship_to/postal_code", "/ship_to/region"]),
        ({"country": "US", "region": "CA", "postal_code": "x"}, ["/ship_to/postal_code"]),
    ],
)
def test_a_checkout_with_an_address_that_nobody_can_send_to_takes_no_payment(
    changes: dict[str, str], pointers: list[str], shop: Shop
):
    held = shop.reserve()
    wrong = {name: value for name, value in {**SHIP_TO, **changes}.items() if value}
    with pytest.raises(InvalidRequest) as refused:
        shop.check_out(held, ship_to=wrong)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == pointers
    assert (len(shop.orders), shop.bank.calls) == (0, [])
    assert shop.check_out(held, idempotency_key="again").order.awaits_payment


def test_an_order_whose_address_would_be_refused_today_is_still_answered(shop: Shop):
    """Its rules may change between two requests: the first one was told that the order is there."""
    held = shop.reserve()
    first = shop.check_out(held)
    shop.checkouts._rules = _Stricter()
    assert shop.check_out(held).order == first.order
    with pytest.raises(Refusal):
        shop.check_out(shop.reserve("bo"), "bo", idempotency_key="other")


class _Stricter:
    def normalised(self, address: Any) -> Any:
        return RULES.normalised(address)

    def faults(self, address: Any) -> Any:
        return RULES.faults({**address, "country": "XX"})
