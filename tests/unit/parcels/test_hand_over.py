"""From a paid order to its parcel: once, whoever dies, and never for what was given back or erased."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CarrierSilent
from shared.domain.order import Attention, Order, OrderState, RefundReason
from shared.domain.parcel import parcel_id
from shared.use_cases.hand_over import HandOver, hand_over, hand_over_all, hand_over_by_id
from shared.use_cases.parcel_ports import Dispatch
from tests.fakes import Crash
from tests.shop import SHIP_TO, Shop

ADDRESS = SHIP_TO


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.show(shop.campaign.changed(carrier="file"))
    return shop


def a_paid_order(shop: Shop, buyer: str = "ana", **address: str) -> Order:
    held = shop.reserve(buyer)
    ship_to = {**ADDRESS, **address}
    made = shop.check_out(held, buyer, ship_to=ship_to, idempotency_key=f"out-{buyer}").order
    shop.pay(made, f"msg_{buyer}")
    return shop.read(made)


def an_order_of_before(shop: Shop, buyer: str = "ana", **address: str) -> Order:
    """A paid order whose address would not be taken today: the rules of its country have changed since."""
    order = shop.read(a_paid_order(shop, buyer))
    sealed = shop.addresses.seal(shop.campaign, order.id, {**ADDRESS, **address})
    assert shop.orders.save(replace(order, ship_to=sealed, version=order.version + 1)) is None
    return shop.read(order)


def go(shop: Shop, order: Order) -> HandOver:
    return hand_over_by_id(shop.dispatch, shop.campaigns, order.id, shop.now)


def refund(shop: Shop, order: Order) -> Order:
    """As if its money had gone back after it was paid."""
    standing = shop.read(order)
    back = replace(
        standing,
        state=OrderState.REFUNDED,
        refunded=standing.captured,
        refund_reason=RefundReason.CAMPAIGN_CANCELLED,
        version=standing.version + 1,
    )
    assert shop.orders.save(back) is None
    return back


def test_a_paid_order_is_handed_over_with_its_address_and_is_fulfilled(shop: Shop):
    order = a_paid_order(shop)

    assert go(shop, order) is HandOver.FULFILLED

    done = shop.read(order)
    assert (done.state, done.carrier, done.fulfilled_at) == (
        OrderState.FULFILLED,
        "file",
        shop.now,
    )
    (parcel,) = shop.carrier.parcels.values()
    assert (parcel.id, parcel.order_id) == (parcel_id(order.id), order.id)
    assert (parcel.title, parcel.quantity, parcel.value) == ("Fuji", 1, 9900)
    assert parcel.address == ADDRESS
    shop.check()


def test_twice_is_once(shop: Shop):
    order = a_paid_order(shop)
    assert [go(shop, order) for _ in range(3)] == [HandOver.FULFILLED] * 3
    assert shop.carrier.asked == {parcel_id(order.id): 1}


def test_what_is_not_paid_or_has_no_carrier_or_no_order_is_handed_to_nobody(shop: Shop):
    unpaid = shop.order()
    assert go(shop, unpaid) is HandOver.NOTHING
    assert hand_over_by_id(shop.dispatch, shop.campaigns, "ord_x", shop.now) is HandOver.NOTHING
    unborn = shop.reserve("bo").id.replace("rsv_", "ord_")
    assert hand_over_by_id(shop.dispatch, shop.campaigns, unborn, shop.now) is HandOver.NOTHING
    shop.show(shop.campaign.changed(carrier=None))
    paid = a_paid_order(shop, "cy")
    assert go(shop, paid) is HandOver.NOTHING
    assert not shop.carrier.asked


@pytest.mark.parametrize("lacking", [{"phone": ""}, {"postal_code": "SW1A"}, {"city": " "}])
def test_an_address_that_no_carrier_can_use_ends_where_a_person_sees_it(
    lacking: dict[str, str], shop: Shop
):
    order = an_order_of_before(shop, **lacking)

    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    assert go(shop, order) is HandOver.NEEDS_ATTENTION

    seen = shop.read(order)
    assert (seen.state, seen.attention) == (OrderState.PAID, Attention.ADDRESS_INCOMPLETE)
    assert not shop.carrier.asked
    shop.check(settled=True)


def test_a_carrier_that_will_never_carry_it_is_a_matter_for_a_person(shop: Shop):
    order = a_paid_order(shop)
    shop.carrier.refuses = True
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    assert shop.read(order).attention is Attention.CARRIER_REFUSED


def test_what_went_back_before_is_handed_to_nobody(shop: Shop):
    order = a_paid_order(shop)
    refund(shop, order)
    assert go(shop, order) is HandOver.WITHDRAWN
    assert not shop.carrier.asked


def test_what_goes_back_between_the_reading_and_the_first_write_is_handed_to_nobody(shop: Shop):
    order = a_paid_order(shop)
    refund(shop, order)
    # Whoever read it before does not know.
    assert hand_over(shop.dispatch, shop.campaign, order, shop.now) is HandOver.WITHDRAWN
    assert not shop.carrier.asked


def test_what_goes_back_while_the_carrier_is_asked_is_withdrawn(shop: Shop):
    order = a_paid_order(shop)
    shop.carrier.after = lambda what: refund(shop, order) if what == "request_parcel" else None
    assert go(shop, order) is HandOver.WITHDRAWN
    assert shop.carrier.withdrawn == {parcel_id(order.id)}
    assert not shop.carrier.parcels


def test_an_address_that_is_erased_while_the_carrier_is_asked_does_not_stay_there(shop: Shop):
    order = a_paid_order(shop)

    def erase(what: str) -> None:
        if what == "request_parcel":
            assert shop.orders.save(shop.read(order).erased(shop.now)) is None

    shop.carrier.after = erase
    assert go(shop, order) is HandOver.NEEDS_ATTENTION
    assert shop.read(order).attention is Attention.ADDRESS_GONE
    assert not shop.carrier.parcels


def test_whoever_dies_anywhere_another_finishes_with_one_parcel():
    point = 0
    while True:
        shop = Shop()
        shop.show(shop.campaign.changed(carrier="file"))
        order = a_paid_order(shop)
        passed = shop.crash_at(point)
        try:
            go(shop, order)
        except Crash:
            shop.recover()
            assert go(shop, order) is HandOver.FULFILLED
        shop.recover()
        assert shop.read(order).state is OrderState.FULFILLED
        assert set(shop.carrier.parcels) == {parcel_id(order.id)}
        # Asked what it knows before it is asked again.
        assert shop.carrier.asked == {parcel_id(order.id): 1}
        if len(passed) <= point:
            break
        point += 1
    assert point == 6


class Silent:
    """A carrier that answers nothing, until it does."""

    def __init__(self, carrier: Any, times: int) -> None:
        self._carrier = carrier
        self.left = times

    def __getattr__(self, name: str) -> Any:
        if self.left:
            self.left -= 1
            raise CarrierSilent
        return getattr(self._carrier, name)


def with_carrier(shop: Shop, carrier: Any) -> None:
    shop.dispatch = Dispatch(shop.orders, shop.addresses, shop.dispatch.rules, {"file": carrier})


def test_a_carrier_that_is_silent_is_asked_again_later(shop: Shop):
    order = a_paid_order(shop)
    with_carrier(shop, Silent(shop.carrier, 1))
    with pytest.raises(CarrierSilent):
        go(shop, order)
    assert shop.read(order).state is OrderState.PAID
    assert go(shop, order) is HandOver.FULFILLED


def close(shop: Shop, seconds: float = 60) -> Any:
    return hand_over_all(shop.dispatch, shop.campaign, seconds=seconds, now=shop.now)


def test_after_the_sale_what_no_event_has_handed_over_is(shop: Shop):
    orders = [a_paid_order(shop, f"buyer-{number}") for number in range(4)]
    bad = an_order_of_before(shop, "bad", phone="")
    unpaid = shop.order("idle")
    go(shop, orders[0])
    shop.close()

    done = close(shop)

    assert (done.handed_over, done.needing_attention, done.waiting) == (3, 1, 0)
    assert {shop.read(order).state for order in orders} == {OrderState.FULFILLED}
    assert shop.read(bad).attention is Attention.ADDRESS_INCOMPLETE
    assert shop.read(unpaid).state is OrderState.AWAITING_PAYMENT
    again = close(shop)
    assert (again.handed_over, again.needing_attention, again.waiting) == (0, 1, 0)


def test_after_the_sale_a_parcel_of_what_went_back_is_withdrawn_whoever_died(shop: Shop):
    order = a_paid_order(shop)
    handing = order.handing_over("file")
    assert shop.orders.save(handing) is None
    go(shop, order)
    refund(shop, order)
    # Whoever should have told the carrier is gone.
    assert shop.carrier.parcels
    assert close(shop).waiting == 0
    assert not shop.carrier.parcels


def test_a_carrier_that_is_down_holds_up_the_rest_for_a_while_only(shop: Shop):
    for number in range(9):
        a_paid_order(shop, f"buyer-{number}")
    silent = Silent(shop.carrier, 10**6)
    with_carrier(shop, silent)
    with pytest.raises(CarrierSilent):
        close(shop)
    silent.left = 2
    done = close(shop)
    assert done.handed_over + done.waiting == 9
    assert done.waiting == 2
    assert close(shop).waiting == 0


def test_when_no_time_is_left_the_rest_waits(shop: Shop):
    a_paid_order(shop)
    done = close(shop, seconds=0)
    assert (done.handed_over, done.waiting) == (0, 1)


def test_a_campaign_without_a_carrier_has_nothing_to_hand_over(shop: Shop):
    a_paid_order(shop)
    shop.show(shop.campaign.changed(carrier=None, status=Status.CLOSED))
    assert close(shop).waiting == 0
    assert not shop.carrier.asked
