"""Before paying, the buyer comes back with another address or another way to pay: one order, one payable payment."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import (
    Busy,
    CheckoutReplaced,
    IdempotencyKeyReused,
    InvalidRequest,
    PaymentUnderWay,
    ProviderSilent,
    ReservationExpired,
)
from shared.domain.order import MOST_REMEMBERED, Order, OrderState
from shared.use_cases.change_address import AddressChange, AddressDesk
from shared.use_cases.check_out import CheckedOut
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.reserve import Reservation
from shared.use_cases.settle_payment import LOST, settle
from tests.fakes import Crash
from tests.shop import HOLD, RULES, SHIP_TO, Shop, event_body, paid_event

MOVED = {**SHIP_TO, "line1": "2 Nanjing Road"}


def again(shop: Shop, held: Reservation, key: str = "again", **changes: Any) -> CheckedOut:
    return shop.check_out(held, idempotency_key=key, **{"ship_to": MOVED, **changes})


def kept(shop: Shop) -> Order:
    order: Order
    [order] = shop.orders.kept.values()
    return order


def correct(shop: Shop, order: Order, line: str) -> None:
    desk = AddressDesk(shop.campaigns, shop.orders, shop.addresses, RULES)
    ship_to = {**SHIP_TO, "line1": line}
    desk.change(
        AddressChange(merchant=order.merchant, order_id=order.id, buyer_id=None, ship_to=ship_to)
    )


def address(shop: Shop) -> dict[str, str] | None:
    found: dict[str, str] | None = shop.addresses.open(shop.campaign, kept(shop))
    return found


def test_another_address_and_another_payment_replace_those_before():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order

    second = again(shop, held, payment_method="alipay")

    assert not second.replayed
    assert second.order.id == first.id
    assert second.order.payment_id != first.payment_id
    assert second.ship_to == address(shop) == MOVED
    assert shop.bank.withdrawn == [first.payment_id]
    assert (kept(shop).replaced, kept(shop).revision, len(shop.orders)) == (None, 1, 1)
    assert shop.pay(second.order) is Outcome.PAID
    assert kept(shop).state is OrderState.PAID


def test_the_old_payment_is_cancelled_before_the_new_one_is_told():
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)
    shop.orders.calls.clear()
    shop.bank.calls.clear()

    again(shop, held)

    assert shop.bank.calls == ["create_payment", "cancel_payment"]
    assert shop.orders.calls == ["save_checkout", "save"]


def test_as_often_as_the_buyer_likes():
    shop = Shop()
    held = shop.reserve()
    ids = [shop.check_out(held).order.payment_id]
    ids += [
        again(shop, held, f"key {number}", payment_method=f"m{number}").order.payment_id
        for number in range(3 * MOST_REMEMBERED)
    ]

    assert len(set(ids)) == len(ids)
    assert shop.bank.withdrawn == ids[:-1]
    assert len(kept(shop).earlier) == MOST_REMEMBERED
    assert shop.pay(kept(shop)) is Outcome.PAID


def test_each_request_repeated_gets_its_own_answer_or_is_told_that_it_was_replaced():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held)
    second = again(shop, held)

    repeated = again(shop, held)
    assert (repeated.order, repeated.replayed) == (second.order, True)
    with pytest.raises(IdempotencyKeyReused):
        again(shop, held, payment_method="alipay")
    with pytest.raises(CheckoutReplaced) as replaced:
        shop.check_out(held)
    assert replaced.value.facts == {"order": first.order.id}
    assert address(shop) == MOVED


def test_back_to_what_it_was_needs_a_new_key_and_gets_a_new_payment():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    again(shop, held)

    back = shop.check_out(held, idempotency_key="back").order

    assert back.payment_id != first.payment_id
    assert address(shop) == SHIP_TO


def test_an_address_that_was_corrected_is_replaced_like_any_other():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held)
    correct(shop, first.order, "2 New Road")
    assert shop.check_out(held).ship_to == SHIP_TO
    assert address(shop) == {**SHIP_TO, "line1": "2 New Road"}

    back = shop.check_out(held, idempotency_key="back")

    assert (back.replayed, back.ship_to) == (False, SHIP_TO)
    assert address(shop) == SHIP_TO
    assert shop.bank.withdrawn == [first.order.payment_id]


def test_an_address_is_corrected_after_a_checkout_was_replaced():
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)
    second = again(shop, held)

    correct(shop, second.order, "3 New Road")

    assert address(shop) == {**SHIP_TO, "line1": "3 New Road"}
    order = kept(shop)
    assert (order.payment_id, order.revision, len(order.earlier)) == (
        second.order.payment_id,
        1,
        1,
    )
    assert again(shop, held).order.payment_id == second.order.payment_id
    assert shop.pay(second.order) is Outcome.PAID
    assert address(shop) == {**SHIP_TO, "line1": "3 New Road"}


def test_an_address_that_its_country_would_not_have_replaces_nothing():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held)
    stands = kept(shop)
    shop.bank.calls.clear()

    with pytest.raises(InvalidRequest):
        again(shop, held, ship_to={**MOVED, "postal_code": "1"})

    assert kept(shop) == stands
    assert shop.bank.calls == []
    assert shop.pay(first.order) is Outcome.PAID


def test_the_address_of_another_checkout_is_kept_normalised():
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)

    second = again(shop, held, ship_to={**MOVED, "phone": "+86 21 5555 0100"})

    assert second.ship_to == address(shop) == MOVED


def test_an_order_that_was_paid_is_answered_as_it_is():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.pay(first)

    answered = again(shop, held)

    assert (answered.paid, answered.order.state) == (True, OrderState.PAID)
    assert answered.ship_to == SHIP_TO
    assert kept(shop).payment_id == first.payment_id
    assert len(shop.bank.payments) == 1


def test_an_old_payment_that_was_paid_and_not_told_of_is_the_orders():
    """The provider says so when the old payment is to be cancelled: its money buys what it was paid for."""
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.paid[first.id] = paid_event(first)

    answered = again(shop, held)

    assert (answered.paid, answered.order.state) == (True, OrderState.PAID)
    assert answered.order.payment_id == first.payment_id
    assert address(shop) == MOVED
    assert again(shop, held).paid
    assert shop.pay(first) is Outcome.KNOWN
    assert not shop.bank.seconds


def test_an_old_payment_that_is_under_way_is_waited_for():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.under_way.add(first.payment_id)

    with pytest.raises(PaymentUnderWay) as waits:
        again(shop, held)
    assert waits.value.facts == {"order": first.id}

    assert shop.pay(first) is Outcome.PAID
    assert (kept(shop).state, kept(shop).payment_id) == (OrderState.PAID, first.payment_id)
    assert again(shop, held).paid


def test_when_the_old_payment_fails_the_new_one_is_told():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.under_way.add(first.payment_id)
    with pytest.raises(PaymentUnderWay):
        again(shop, held)
    assert shop.deliver(event_body(first, "payment.failed"), "failed") is Outcome.KNOWN
    shop.bank.under_way.clear()

    second = again(shop, held).order

    assert second.payment_id != first.payment_id
    assert shop.pay(second) is Outcome.PAID
    assert not shop.quarantine


def test_a_payment_under_way_at_the_end_of_the_hold_is_settled_when_it_comes():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.under_way.add(first.payment_id)
    with pytest.raises(PaymentUnderWay):
        again(shop, held)
    shop.now += HOLD
    shop.beat()
    assert kept(shop).state is OrderState.CANCELLED

    assert shop.pay(first) is Outcome.PAID
    assert kept(shop).payment_id == first.payment_id


def test_a_provider_that_does_not_answer_is_asked_again():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order

    def silent(what: str) -> None:
        if what == "cancel_payment":
            raise ProviderSilent

    shop.bank.before = silent
    with pytest.raises(ProviderSilent) as refused:
        again(shop, held)
    assert "expires_at" in refused.value.facts
    assert kept(shop).replaced == first.payment_id

    with pytest.raises(ProviderSilent):
        # What another tab wants waits for it as well: nobody is told of a payment while another can be paid.
        again(shop, held, "third", payment_method="alipay")
    shop.recover()

    second = again(shop, held)
    assert second.replayed
    assert shop.bank.withdrawn == [first.payment_id]
    assert again(shop, held, "third", payment_method="alipay").order.revision == 2


def test_money_of_a_replaced_payment_is_the_orders_while_that_is_open():
    """A bank that takes money for a payment which it was to cancel: it does not happen, and loses nothing."""
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    second = again(shop, held).order

    assert shop.pay(first) is Outcome.PAID
    assert shop.pay(second) is Outcome.REFUNDED
    assert kept(shop).payment_id == first.payment_id
    assert shop.bank.withdrawn[-1] == second.payment_id
    assert shop.bank.seconds == {second.payment_id: second.amount}


def test_money_of_a_replaced_payment_goes_back_once_the_order_is_paid():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    second = again(shop, held).order

    assert shop.pay(second) is Outcome.PAID
    assert shop.pay(first) is Outcome.REFUNDED
    assert shop.pay(first) is Outcome.KNOWN
    assert kept(shop).payment_id == second.payment_id
    assert shop.bank.seconds == {first.payment_id: first.amount}


def test_a_lie_about_a_replaced_payment_is_put_aside():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    again(shop, held)

    assert shop.deliver(event_body(first, amount=1), "lie") is Outcome.QUARANTINED
    assert kept(shop).awaits_payment


def test_at_the_end_of_the_hold_every_payment_of_the_order_is_cancelled():
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.under_way.add(first.payment_id)
    with pytest.raises(PaymentUnderWay):
        again(shop, held)
    second = kept(shop).payment_id
    shop.now += HOLD

    shop.beat()

    assert kept(shop).state is OrderState.CANCELLED
    assert shop.bank.withdrawn == [first.payment_id, second]
    with pytest.raises(ReservationExpired):
        again(shop, held, "too late")


def test_a_checkout_that_lost_to_another_is_told_so():
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)

    def rival(what: str) -> None:
        if what == "save_checkout":
            shop.recover()
            again(shop, held, "rival", payment_method="alipay")

    shop.orders.before = rival
    mine = again(shop, held, "mine")

    # It was not refused: of two, the last one counts.
    assert mine.order.payment_id == kept(shop).payment_id
    assert kept(shop).revision == 2
    with pytest.raises(CheckoutReplaced):
        again(shop, held, "rival", payment_method="alipay")


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize(
    ("store", "what"),
    [
        ("bank", "create_payment"),
        ("orders", "save_checkout"),
        ("bank", "cancel_payment"),
        ("orders", "save"),
    ],
)
def test_a_payment_at_any_moment_of_a_second_checkout_is_the_orders(store: str, what: str, at: str):
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    paid: list[Outcome] = []

    def pays(step: str) -> None:
        if step == what:
            shop.recover()
            paid.append(shop.pay(first))

    setattr(getattr(shop, store), at, pays)
    again(shop, held)

    assert paid == [Outcome.PAID]
    assert (kept(shop).state, kept(shop).payment_id) == (OrderState.PAID, first.payment_id)
    assert not shop.bank.seconds
    shop.check(settled=True)


@pytest.mark.parametrize(
    "ending",
    ["repeats", "pays the old one", "leaves", "checks out anew"],
)
def test_a_death_at_any_moment_of_a_second_checkout_is_made_good(ending: str):
    for point in range(100):
        shop = Shop()
        held = shop.reserve()
        first = shop.check_out(held).order
        passed = shop.crash_at(point)
        try:
            again(shop, held)
        except Crash:
            shop.recover()
        else:
            break
        if ending == "leaves":
            shop.now += HOLD
            shop.beat()
            assert kept(shop).state is OrderState.CANCELLED
            assert {first.payment_id, kept(shop).payment_id} <= set(shop.bank.withdrawn)
            shop.check(settled=True)
            continue
        paying = first
        if ending == "repeats":
            paying = again(shop, held).order
            assert first.payment_id in shop.bank.withdrawn
        elif ending == "checks out anew":
            paying = again(shop, held, "anew", payment_method="alipay").order
        assert shop.pay(paying) is Outcome.PAID
        assert (kept(shop).state, kept(shop).payment_id) == (OrderState.PAID, paying.payment_id)
        assert not shop.bank.seconds
        shop.check(settled=True)

    steps = ("create_payment", "save_checkout", "cancel_payment", "save")
    assert passed == [f"{when} {step}" for step in steps for when in ("before", "after")]


def test_units_sold_by_the_old_payment_before_its_delivery_died_are_paid_by_it():
    """The beat finds units that are sold, and an order that names two payments: the new one was told to nobody."""
    shop = Shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    shop.bank.under_way.add(first.payment_id)
    with pytest.raises(PaymentUnderWay):
        again(shop, held)

    def dies(what: str) -> None:
        if what == "save":
            raise Crash

    shop.orders.before = dies
    with pytest.raises(Crash):
        # As it was read before the second checkout: the units are sold, and nothing is recorded.
        settle(shop.books, shop.campaign, first, shop.now)
    shop.recover()
    shop.now += HOLD
    shop.beat()

    assert (kept(shop).state, kept(shop).payment_id) == (OrderState.PAID, first.payment_id)


@pytest.mark.parametrize("remembers", [True, False])
def test_units_sold_before_the_last_checkout_are_paid_by_what_the_provider_says(remembers: bool):
    """A provider without a memory is waited for: it delivers again, or nobody ever knows better."""
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)
    second = again(shop, held).order

    def dies(what: str) -> None:
        if what == "save":
            raise Crash

    shop.orders.before = dies
    with pytest.raises(Crash):
        settle(shop.books, shop.campaign, kept(shop), shop.now)
    shop.recover()
    if remembers:
        shop.bank.paid[second.id] = paid_event(second)
    else:
        with pytest.raises(Busy):
            again(shop, held, "third", payment_method="alipay")
    shop.now += HOLD
    assert shop.beat().waiting == (0 if remembers else 1)
    shop.now += LOST
    shop.beat()

    assert (kept(shop).state, kept(shop).payment_id) == (OrderState.PAID, second.payment_id)
    assert again(shop, held, "third", payment_method="alipay").paid


def test_an_erased_order_that_is_checked_out_again_has_the_new_address():
    shop = Shop()
    held = shop.reserve()
    order = shop.check_out(held).order
    shop.orders.save(order.erased(shop.now))

    again(shop, held)

    assert address(shop) == MOVED
    assert kept(shop).erased_at is None


def test_an_order_is_not_replaced_when_it_does_not_await_its_one_payment():
    shop = Shop()
    order = shop.check_out(shop.reserve()).order
    fields: dict[str, Any] = {
        "payment_id": "pay_2",
        "payment_action": {},
        "request": "00" * 9,
        "fingerprint": "00" * 9,
        "ship_to": b"",
    }
    replaced = order.replacing(**fields)
    for wrong in (order.paid(1), replaced):
        with pytest.raises(ValueError, match="checked out again"):
            wrong.replacing(**fields)
    with pytest.raises(ValueError, match="cannot become"):
        replaced.adopting("pay_3")
    with pytest.raises(ValueError, match="being replaced"):
        order.with_replaced_gone()
    assert replaced.adopting(order.payment_id).is_settling


def test_a_store_that_is_always_changed_by_others_is_not_waited_for_for_ever():
    shop = Shop()
    held = shop.reserve()
    shop.check_out(held)
    turns = iter(range(100))

    def rival(what: str) -> None:
        if what == "save_checkout":
            shop.recover()
            number = next(turns)
            again(shop, held, f"rival {number}", payment_method=f"m{number}")
            shop.orders.before = rival

    shop.orders.before = rival
    with pytest.raises(Busy):
        again(shop, held, "mine")
