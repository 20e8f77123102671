"""Checkout: the amount of the promise, one order and one payment, whatever is repeated or races."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import (
    CampaignClosed,
    IdempotencyKeyReused,
    Refusal,
    ReservationExpired,
    ReservationNotFound,
    ReservationReleased,
)
from shared.domain.order import OrderState
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import HOLD, SHIP_TO, Shop


def test_an_order_has_the_suffix_and_the_amount_of_its_reservation():
    shop = Shop()
    reservation = shop.reserve(quantity=3)

    order = shop.check_out(reservation).order

    assert order.id == "ord_" + reservation.id.removeprefix("rsv_")
    assert order.reservation_id == reservation.id
    assert (order.amount, order.unit_price, order.quantity) == (29700, 9900, 3)
    assert (order.state, order.expires_at) == (OrderState.AWAITING_PAYMENT, shop.now + HOLD)


def test_a_change_of_price_does_not_touch_what_was_promised():
    shop = Shop()
    reservation = shop.reserve()
    offer = replace(shop.campaign.offers[0], unit_price=100)
    shop.show(shop.campaign.changed(offers=(offer,)))

    assert shop.check_out(reservation).order.amount == 9900


def test_checkout_writes_once():
    shop = Shop()
    reservation = shop.reserve()
    before = shop.stock.writes

    shop.check_out(reservation)

    assert (shop.orders.calls, shop.stock.writes) == (["place"], before)


def test_the_same_request_gets_the_same_answer():
    shop = Shop()
    reservation = shop.reserve()
    first = shop.check_out(reservation)
    shop.now += 20

    again = shop.check_out(reservation)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.order == first.order
    assert len(shop.bank.payments) == len(shop.orders) == 1


def test_a_repeated_request_is_answered_as_it_was_whatever_became_of_the_order():
    shop = Shop()
    reservation = shop.reserve()
    first = shop.check_out(reservation)
    shop.pay(first.order)
    shop.become(Status.CLOSED)
    shop.now += 3600

    assert shop.check_out(reservation).order == first.order


def test_the_same_key_with_another_body_is_refused():
    shop = Shop()
    reservation = shop.reserve()
    shop.check_out(reservation)

    with pytest.raises(IdempotencyKeyReused):
        shop.check_out(reservation, payment_method="alipay")
    with pytest.raises(IdempotencyKeyReused):
        shop.check_out(reservation, ship_to={**SHIP_TO, "line1": "2 Nanjing Road"})


def test_another_key_with_the_same_body_gets_the_same_order():
    shop = Shop()
    reservation = shop.reserve()
    first = shop.check_out(reservation)

    again = shop.check_out(reservation, idempotency_key="checkout-2")

    assert again.replayed
    assert again.order == first.order


def test_the_same_key_serves_for_another_reservation():
    shop = Shop()
    one, two = shop.reserve(), shop.reserve("bo")

    assert shop.check_out(one).order.id != shop.check_out(two, "bo").order.id


@pytest.mark.parametrize(
    "changes",
    [
        {"merchant": "mer_other"},
        {"buyer_id": "bo"},
        {"reservation_id": "rsv_"},
        {"reservation_id": "rsv_" + "A" * 74},
        {"reservation_id": "nonsense"},
        {"reservation_id": "rsv_富士"},
    ],
)
def test_what_is_not_theirs_does_not_exist(changes: dict[str, str]):
    shop = Shop()
    reservation = shop.reserve()

    with pytest.raises(ReservationNotFound):
        shop.check_out(reservation, **changes)

    assert not shop.orders
    assert not shop.bank.payments


def test_an_altered_id_does_not_exist():
    shop = Shop()
    reservation = shop.reserve()
    for place in (10, 30, 50, -1):
        letter = "A" if reservation.id[place] != "A" else "B"
        altered = reservation.id[:place] + letter + reservation.id[place:][1:]
        with pytest.raises(ReservationNotFound):
            shop.check_out(reservation, reservation_id=altered)


def refusal_of(shop: Shop, prepare: str) -> Refusal:
    reservation = shop.reserve()
    if prepare == "released":
        shop.reservations.release(reservation.id, MERCHANT, shop.now)
    elif prepare == "expired":
        shop.now += HOLD
    else:
        shop.become(Status(prepare))
    with pytest.raises(Refusal) as refused:
        shop.check_out(reservation, idempotency_key="another")
    return refused.value


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        ("released", ReservationReleased),
        ("expired", ReservationExpired),
        ("closed", CampaignClosed),
        ("cancelled", CampaignClosed),
    ],
)
def test_a_reservation_that_is_not_held_is_refused_by_name(prepare: str, expected: type[Refusal]):
    assert isinstance(refusal_of(Shop(), prepare), expected)


def test_a_hold_can_be_checked_out_while_the_campaign_is_closing():
    shop = Shop()
    reservation = shop.reserve()
    shop.close()

    assert shop.check_out(reservation).order.state is OrderState.AWAITING_PAYMENT


def test_of_two_at_once_one_makes_the_order_and_the_other_gets_it():
    shop = Shop()
    reservation = shop.reserve()
    rivals = []

    def rival(_: str) -> None:
        shop.recover()
        rivals.append(shop.check_out(reservation))

    shop.orders.before = rival
    mine = shop.check_out(reservation)

    assert (rivals[0].replayed, mine.replayed) == (False, True)
    assert mine.order == rivals[0].order


def test_a_crash_at_any_moment_and_a_retry_give_one_order_and_one_payment():
    for point in range(100):
        shop = Shop()
        reservation = shop.reserve()
        passed = shop.crash_at(point)
        try:
            shop.check_out(reservation)
        except Crash:
            shop.recover()
        else:
            break
        retried = shop.check_out(reservation)
        assert retried.order.payment_id == shop.bank.payments[retried.order.id].id
        assert (len(shop.orders), len(shop.bank.payments)) == (1, 1)

    assert passed == [
        "before create_payment",
        "after create_payment",
        "before place",
        "after place",
    ]
