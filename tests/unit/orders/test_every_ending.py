"""Every ending of a payment, one test for each row of docs/payments.md that is about money and its order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from shared.clock import rfc3339
from shared.domain.campaign import Status
from shared.domain.errors import ProviderSilent
from shared.domain.order import Order, OrderState, RefundReason
from shared.domain.payment import Doubt, PaymentEvent, RefundState
from shared.use_cases.judge_payment import PARKED_FOR, Outcome
from tests.fakes import Crash
from tests.shop import HOLD, SHIP_TO, Shop, event_body, paid_event

DAY = 24 * 3600


def doubts(shop: Shop) -> list[Doubt]:
    return [kept.doubt for kept in shop.quarantine.kept.values()]


# -- in time, and too late -----------------------------------------------------------------------------


def test_success_before_the_deadline_pays_the_order():
    shop = Shop()
    order = shop.order()
    shop.now = order.expires_at - 1

    assert shop.pay(order) is Outcome.PAID

    assert shop.read(order).state is OrderState.PAID
    shop.check(settled=True)


def test_success_at_the_deadline_takes_the_units_again():
    shop = Shop()
    order = shop.order()
    shop.now = order.expires_at

    assert shop.pay(order) is Outcome.PAID

    assert shop.read(order).attempt == 1
    shop.check(settled=True)


def test_success_after_the_deadline_goes_back_when_the_units_are_gone():
    shop = Shop(1)
    order = shop.order()
    shop.now = order.expires_at + 60
    shop.pay(shop.order("rival"), "msg_rival")

    assert shop.pay(order) is Outcome.REFUNDED

    assert shop.read(order).refund_reason is RefundReason.SOLD_OUT
    assert shop.bank.refunds[order.id] == order.amount
    shop.check(settled=True)


def test_success_after_the_show_is_closed_goes_back():
    shop = Shop()
    order = shop.order()
    shop.now = order.expires_at
    shop.close()
    shop.drain()

    assert shop.pay(order) is Outcome.REFUNDED
    assert shop.read(order).refund_reason is RefundReason.CAMPAIGN_CLOSED
    shop.check(settled=True)


def test_success_for_a_cancelled_campaign_goes_back_and_what_was_paid_before_stays():
    shop = Shop()
    before, after = shop.order("ana"), shop.order("bo")
    shop.pay(before, "msg_before")
    shop.become(Status.CANCELLED)

    assert shop.pay(after, "msg_after") is Outcome.REFUNDED

    assert shop.read(after).refund_reason is RefundReason.CAMPAIGN_CANCELLED
    assert shop.read(before).state is OrderState.PAID
    shop.check()


# -- more than one event -----------------------------------------------------------------------------


def test_failure_then_success_pays_the_order():
    shop = Shop()
    order = shop.order()

    assert shop.deliver(event_body(order, "payment.failed"), "msg_1") is Outcome.NOTED
    assert shop.pay(order, "msg_2") is Outcome.PAID
    shop.check(settled=True)


def test_failure_after_success_changes_nothing():
    shop = Shop()
    order = shop.order()
    shop.pay(order, "msg_1")

    assert shop.deliver(event_body(order, "payment.failed"), "msg_2") is Outcome.KNOWN
    assert shop.read(order).state is OrderState.PAID


def test_success_pays_the_order_also_when_it_names_a_refund():
    shop = Shop()
    order = shop.order()

    assert shop.deliver(event_body(order, refund_id="re_1")) is Outcome.PAID
    shop.check(settled=True)


@pytest.mark.parametrize("first", ["ours", "second"])
def test_success_twice_from_two_tabs_gives_the_second_payment_back_once(first: str):
    shop = Shop()
    order = shop.order()
    ours, second = event_body(order), event_body(order, payment_id="pay_second")
    events = [("msg_1", ours), ("msg_2", second)]
    for event_id, raw in events if first == "ours" else reversed(events):
        shop.deliver(raw, event_id)

    # Another event about the same payment, and the same one after three days.
    assert shop.deliver(second, "msg_3") is Outcome.KNOWN
    shop.now += 3 * DAY
    assert shop.deliver(second, "msg_2") is Outcome.KNOWN

    assert shop.read(order).state is OrderState.PAID
    assert shop.bank.seconds == {"pay_second": order.amount}
    assert doubts(shop) == [Doubt.SECOND_PAYMENT]
    shop.check()


def test_a_second_payment_that_cannot_be_given_back_is_put_aside_for_a_person():
    shop = Shop()
    order = shop.order()
    shop.bank.refunding = RefundState.FAILED

    raw = event_body(order, payment_id="pay_second")
    assert shop.deliver(raw) is Outcome.QUARANTINED
    assert doubts(shop) == [Doubt.REFUND_FAILED]


def test_a_second_payment_of_another_amount_is_put_aside():
    shop = Shop()
    order = shop.order()

    raw = event_body(order, payment_id="pay_second", amount=1)
    assert shop.deliver(raw) is Outcome.QUARANTINED
    assert doubts(shop) == [Doubt.WRONG_AMOUNT]
    assert not shop.bank.seconds


@pytest.mark.parametrize("number", range(5), ids=["in time", "late", "gone", "closed", "cancelled"])
def test_every_order_of_the_same_events_comes_to_the_same_end(number: int):
    ends = set()
    for places in permutations(range(5)):
        shop = Shop(1)
        order = shop.order()
        if number in (1, 2, 3):
            shop.now += HOLD
        if number == 2:
            shop.order("rival")
        if number == 3:
            shop.close()
        if number == 4:
            shop.become(Status.CANCELLED)
        events = [
            ("msg_failed", event_body(order, "payment.failed")),
            ("msg_paid", event_body(order)),
            ("msg_paid", event_body(order)),
            ("msg_second", event_body(order, payment_id="pay_second")),
            ("msg_lie", event_body(order, amount=1)),
        ]
        for place in places:
            shop.deliver(events[place][1], events[place][0])
        shop.beat()
        end = shop.read(order)
        ends.add(
            (
                end.state,
                end.captured,
                end.refunded,
                end.refund_reason,
                tuple(sorted(shop.bank.refunds.values())),
                tuple(sorted(shop.bank.seconds.items())),
                tuple(sorted(doubts(shop))),
            )
        )
        shop.check()
    assert len(ends) == 1, ends


def test_a_redelivery_after_three_days_is_known():
    shop = Shop()
    order = shop.order()
    shop.pay(order)
    shop.close()
    shop.now += 3 * DAY

    assert shop.pay(order) is Outcome.KNOWN
    shop.check(settled=True)


def test_a_redelivery_after_three_days_to_a_refunded_order_sends_nothing_twice():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD
    shop.close()
    shop.pay(order)
    shop.bank.refunds.clear()
    shop.now += 3 * DAY

    assert shop.pay(order) is Outcome.KNOWN
    assert not shop.bank.refunds


# -- before our own write ------------------------------------------------------------------------------


def early(shop: Shop) -> tuple[Callable[[], Order], bytes]:
    """A payment that is told of before its order is written: how to write it, and the event."""
    twin = Shop()
    foreseen = twin.order()
    reservation = shop.reserve()
    assert foreseen.reservation_id == reservation.id
    return (lambda: shop.check_out(reservation).order), event_body(foreseen)


def test_an_event_before_our_own_write_waits_and_the_beat_books_it():
    shop = Shop()
    check_out, raw = early(shop)

    assert shop.deliver(raw) is Outcome.PARKED
    shop.now += 5
    assert shop.beat().waiting == 1
    order = check_out()
    shop.now += 5
    shop.beat()

    assert shop.read(order).state is OrderState.PAID
    assert len(shop.quarantine) == 0
    shop.beat()
    shop.check()


def test_an_event_whose_order_never_comes_is_put_aside_by_the_beat():
    shop = Shop()
    _, raw = early(shop)
    shop.deliver(raw)

    for _ in range(0, PARKED_FOR, 5):
        assert len(shop.quarantine) == 0
        shop.now += 5
        shop.finish(since=shop.now - 5)

    assert doubts(shop) == [Doubt.UNKNOWN_ORDER]
    (kept,) = shop.quarantine.kept.values()
    assert kept.campaign_id == shop.campaign.id
    shop.finish(since=shop.now - 5)
    assert len(shop.quarantine) == 1


def test_an_order_that_can_no_longer_come_is_not_waited_for():
    shop = Shop()
    _, raw = early(shop)
    shop.now += HOLD + PARKED_FOR

    assert shop.deliver(raw) is Outcome.QUARANTINED
    assert doubts(shop) == [Doubt.UNKNOWN_ORDER]


def test_the_drain_does_not_end_while_an_event_waits():
    shop = Shop()
    _, raw = early(shop)
    shop.deliver(raw)
    shop.close()

    assert shop.drain().waiting == 1
    shop.now += PARKED_FOR
    assert shop.drain().waiting == 0
    assert doubts(shop) == [Doubt.UNKNOWN_ORDER]


def test_an_event_of_another_provider_waits_for_nothing():
    shop = Shop()
    _, raw = early(shop)
    shop.show(shop.campaign.changed(payment_provider="stripe"))

    assert shop.deliver(raw) is Outcome.QUARANTINED
    assert doubts(shop) == [Doubt.UNKNOWN_ORDER]


def test_an_event_of_another_provider_than_the_orders_is_put_aside():
    shop = Shop()
    order = shop.order()
    shop.take_money_with("stripe", shop.bank)
    another = shop.order("bo")

    assert shop.deliver(event_body(another)) is Outcome.QUARANTINED
    assert doubts(shop) == [Doubt.WRONG_PROVIDER]
    assert shop.pay(order, "msg_2") is Outcome.PAID


# -- the hold's end ----------------------------------------------------------------------------------


def test_the_holds_end_cancels_the_payment_and_then_the_order():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD

    assert shop.beat().cancelled == 1
    assert order.id in shop.bank.cancelled
    assert shop.read(order).state is OrderState.CANCELLED


@pytest.mark.parametrize("units", [1, 10])
def test_a_payment_that_nobody_told_of_is_found_at_the_holds_end(units: int):
    shop = Shop(units)
    order = shop.order()
    shop.bank.paid[order.id] = paid_event(order)
    shop.now += HOLD
    if units == 1:
        shop.order("rival")

    shop.beat()

    end = OrderState.REFUNDED if units == 1 else OrderState.PAID
    assert shop.read(order).state is end
    assert shop.pay(order) is Outcome.KNOWN
    shop.check()


def test_what_the_provider_says_at_the_holds_end_is_not_believed_blindly():
    shop = Shop()
    order = shop.order()
    told = paid_event(order)
    shop.bank.paid[order.id] = PaymentEvent(
        **{name: getattr(told, name) for name in told.__dataclass_fields__ if name != "amount"},
        amount=1,
    )
    shop.now += HOLD

    shop.beat()

    assert shop.read(order).state is OrderState.CANCELLED
    assert doubts(shop) == [Doubt.WRONG_AMOUNT]


def test_a_refund_that_the_provider_cannot_make_leaves_the_order_waiting_in_sight():
    shop = Shop()
    order = shop.order()
    shop.become(Status.CANCELLED)
    shop.bank.refunding = RefundState.FAILED
    with pytest.raises(Exception, match="could not give the money back"):
        shop.pay(order)
    shop.now += HOLD

    assert shop.beat().waiting == 1
    assert shop.read(order).is_settling
    shop.bank.refunding = RefundState.PENDING
    assert shop.beat().refunded == 1


# -- dying half-way ------------------------------------------------------------------------------------


def second_payment(shop: Shop) -> Callable[[], object]:
    order = shop.order()
    shop.pay(order, "msg_1")
    return lambda: shop.deliver(event_body(order, payment_id="pay_second"), "msg_2")


def untold_payment(shop: Shop) -> Callable[[], object]:
    order = shop.order()
    shop.bank.paid[order.id] = paid_event(order)
    shop.now += HOLD
    return shop.beat


def early_payment(shop: Shop) -> Callable[[], object]:
    check_out, raw = early(shop)

    def all_of_it() -> None:
        shop.deliver(raw)
        check_out()
        shop.now += 5
        shop.beat()

    return all_of_it


@pytest.mark.parametrize("story", [second_payment, untold_payment, early_payment])
def test_a_death_at_any_moment_leaves_what_the_next_one_finishes(
    story: Callable[[Shop], Callable[[], object]],
):
    deaths = 0
    while True:
        shop = Shop()
        act = story(shop)
        shop.crash_at(deaths)
        try:
            act()
        except Crash:
            deaths += 1
        else:
            break
        shop.recover()
        act()
        shop.now += PARKED_FOR + 5
        shop.beat()
        (order,) = shop.orders.all(shop.campaign.id)
        assert order.state is OrderState.PAID, deaths
        assert sum(shop.bank.seconds.values()) == (order.amount if story is second_payment else 0)
        assert not shop.bank.refunds
        shop.check()
    assert deaths >= 4


# -- the provider is down --------------------------------------------------------------------------------


def test_ten_minutes_without_the_provider_stop_no_reservation_and_lose_no_payment():
    """In the middle of the show, by the shop's clock: what is asked of the bank finds nobody."""
    shop = Shop(60)
    paid_before, unpaid = shop.order("before"), shop.order("unpaid")
    shop.bank.paid[paid_before.id] = paid_event(paid_before)
    begins = shop.now

    def nobody(what: str) -> None:
        if what in ("create_payment", "cancel_payment", "refund"):
            raise ProviderSilent

    shop.bank.before = nobody
    held = []
    for minute in range(10):
        reservation = shop.reserve(f"buyer-{minute}")
        assert reservation.check.deadline == shop.now + HOLD
        with pytest.raises(ProviderSilent) as silent:
            shop.check_out(reservation, f"buyer-{minute}")
        assert silent.value.facts["retry_after"] > 0
        assert silent.value.facts["expires_at"] == rfc3339(reservation.check.deadline)
        held.append(reservation)
        shop.beat()
        shop.now += 60
    assert len(shop.orders) == 2
    assert shop.read(unpaid).state is OrderState.AWAITING_PAYMENT
    # The units of holds that ended are back on sale, whatever the provider does.
    assert shop.sums().held == sum(hold.check.deadline > shop.now - 60 for hold in held)

    shop.recover()
    still = [hold for hold in held if hold.check.deadline > shop.now]
    assert 0 < len(still) < len(held)
    orders = [
        shop.check_out(hold, f"buyer-{held.index(hold)}", ship_to=SHIP_TO).order for hold in still
    ]
    for order in orders:
        assert order.expires_at - HOLD >= begins
        assert shop.pay(order, f"msg_{order.key}") is Outcome.PAID
    shop.beat()

    assert shop.read(unpaid).state is OrderState.CANCELLED
    assert shop.read(paid_before).state is OrderState.PAID
    assert shop.pay(paid_before, "msg_late") is Outcome.KNOWN
    shop.check(settled=True)


def test_a_silent_provider_is_asked_a_few_times_in_a_beat_and_the_rest_waits():
    shop = Shop(60)
    for number in range(40):
        shop.order(f"buyer-{number}")
    shop.now += HOLD
    asked = []

    def nobody(what: str) -> None:
        if what == "cancel_payment":
            asked.append(what)
            raise ProviderSilent

    shop.bank.before = nobody
    assert shop.beat().waiting == 40
    assert len(asked) <= 8

    shop.recover()
    assert shop.beat().cancelled == 40
    shop.check(settled=True)
