"""Payments: applied once, however often, late, disordered or interrupted they come; else given back, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import BuyerLimitReached, LedgerFull, SoldOut, StoreBusy
from shared.domain.order import Order, OrderState, RefundReason
from shared.use_cases.receive_payment import Outcome
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.memory_orders import MemoryOrders, MemoryQuarantine
from tests.memory_stock import MemoryStock
from tests.shop import HOLD, Shop, Stores, event_body

# -- in time ---------------------------------------------------------------------------------------


def test_a_payment_in_time_sells_the_hold_and_pays_the_order():
    shop = Shop()
    order = shop.order(quantity=2)

    assert shop.pay(order) is Outcome.PAID

    paid = shop.read(order)
    assert (paid.state, paid.captured, paid.paid_at) == (OrderState.PAID, 19800, shop.now)
    sums = shop.sums()
    assert (sums.sold, sums.held, sums.orders, sums.gross) == (2, 0, 1, 19800)
    shop.check(settled=True)


def test_a_payment_in_time_is_two_writes():
    shop = Shop()
    order = shop.order()
    writes, calls = shop.stock.writes, len(shop.orders.calls)

    shop.pay(order)

    assert (shop.stock.writes - writes, len(shop.orders.calls) - calls) == (1, 1)


@pytest.mark.parametrize("event_id", ["msg_1", "msg_2"])
def test_a_duplicate_changes_nothing(event_id: str):
    shop = Shop()
    order = shop.order()
    shop.pay(order)
    paid, writes = shop.read(order), shop.stock.writes
    shop.now += 25 * 3600

    assert shop.pay(order, event_id) is Outcome.KNOWN

    assert shop.read(order) == paid
    assert shop.stock.writes == writes
    assert not shop.quarantine


def test_several_units_over_several_blocks_are_sold_together():
    shop = Shop(blocks=[2, 2, 2])
    order = shop.order(quantity=5)

    shop.pay(order)

    assert (shop.sums().sold, shop.sums().orders, shop.sums().gross) == (5, 1, 5 * 9900)
    shop.check(settled=True)


def test_a_failed_attempt_leaves_the_order_waiting():
    shop = Shop()
    order = shop.order()
    failed = event_body(order, "payment.failed")

    assert shop.deliver(failed, "msg_f") is Outcome.NOTED
    assert shop.deliver(failed, "msg_f") is Outcome.KNOWN
    assert shop.read(order).state is OrderState.AWAITING_PAYMENT
    assert shop.pay(order) is Outcome.PAID
    assert shop.deliver(failed, "msg_g") is Outcome.KNOWN
    assert shop.read(order).state is OrderState.PAID


def test_a_hold_is_paid_while_the_campaign_is_closing():
    shop = Shop()
    order = shop.order()
    shop.close()

    assert shop.pay(order) is Outcome.PAID


# -- too late --------------------------------------------------------------------------------------


def test_a_late_payment_takes_units_again():
    shop = Shop()
    order = shop.order(quantity=2)
    shop.now += HOLD + 5
    shop.beat()
    assert shop.read(order).state is OrderState.CANCELLED

    assert shop.pay(order) is Outcome.PAID

    paid = shop.read(order)
    assert (paid.state, paid.attempt, paid.captured) == (OrderState.PAID, 1, 19800)
    assert shop.sums().sold == 2
    shop.check(settled=True)


def test_a_late_payment_that_comes_before_the_beat_takes_units_again():
    shop = Shop(1)
    order = shop.order()
    shop.now += HOLD

    assert shop.pay(order) is Outcome.PAID

    assert (shop.sums().expired, shop.sums().sold) == (1, 1)
    shop.check(settled=True)


def test_a_late_payment_takes_units_over_several_blocks():
    shop = Shop(blocks=[2, 2, 2])
    order = shop.order(quantity=5)
    shop.now += HOLD + 5
    shop.beat()

    assert shop.pay(order) is Outcome.PAID

    assert shop.sums().sold == 5
    shop.check(settled=True)


def somebody_else_has_them(shop: Shop) -> None:
    shop.reserve("rival", 1)


def the_show_is_over(shop: Shop) -> None:
    shop.now = shop.campaign.closes_at
    shop.close()


def the_show_was_called_off(shop: Shop) -> None:
    shop.become(Status.CANCELLED)


def the_books_are_closed(shop: Shop) -> None:
    shop.close()
    shop.now += 2 * 3600
    shop.drain()
    shop.become(Status.CLOSED)


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (somebody_else_has_them, RefundReason.SOLD_OUT),
        (the_show_is_over, RefundReason.CAMPAIGN_CLOSED),
        (the_show_was_called_off, RefundReason.CAMPAIGN_CANCELLED),
        (the_books_are_closed, RefundReason.CAMPAIGN_CLOSED),
    ],
)
@pytest.mark.parametrize("was_cancelled", [True, False])
def test_a_late_payment_without_a_seat_is_given_back_once(
    meanwhile: Callable[[Shop], None], reason: RefundReason, was_cancelled: bool
):
    shop = Shop(1)
    order = shop.order()
    shop.now += HOLD
    if was_cancelled:
        shop.beat()
    meanwhile(shop)

    assert shop.pay(order) is Outcome.REFUNDED
    assert shop.pay(order) is Outcome.KNOWN
    assert shop.deliver(event_body(order, "refund.succeeded"), "msg_r") is Outcome.KNOWN

    refunded = shop.read(order)
    assert (refunded.state, refunded.refund_reason) == (OrderState.REFUNDED, reason)
    assert (refunded.captured, refunded.refunded, shop.bank.refunds[order.id]) == (9900, 9900, 9900)
    assert shop.bank.calls.count("refund") == 1
    assert shop.sums().orders == 0
    shop.check()


def test_a_show_that_is_over_by_the_clock_takes_no_units_again_though_its_status_says_live():
    shop = Shop()
    order = shop.order()
    shop.now = shop.campaign.closes_at

    assert shop.pay(order) is Outcome.REFUNDED


def test_a_block_that_is_closed_takes_no_units_again_though_the_campaign_was_read_before():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD
    shop.close()
    shop.become(Status.LIVE)

    assert shop.pay(order) is Outcome.REFUNDED
    assert shop.read(order).refund_reason is RefundReason.CAMPAIGN_CLOSED


def test_a_released_reservation_that_is_paid_after_all_takes_units_again():
    shop = Shop()
    order = shop.order()
    shop.reservations.release(order.reservation_id, MERCHANT, shop.now)

    assert shop.pay(order) is Outcome.PAID
    shop.check(settled=True)


def test_a_late_payment_does_not_break_the_limit_per_buyer():
    shop = Shop(10, limit=3)
    first = shop.order(quantity=3)
    shop.now += HOLD + 30
    shop.beat()
    second = shop.order(quantity=2)
    shop.pay(second)

    assert shop.pay(first, "msg_2") is Outcome.REFUNDED

    assert shop.read(first).refund_reason is RefundReason.BUYER_LIMIT_REACHED
    assert shop.sums().sold == 2


def test_units_of_a_late_payment_count_for_the_limit_per_buyer():
    shop = Shop(10, limit=3)
    first = shop.order(quantity=3)
    shop.now += HOLD + 30
    shop.beat()

    assert shop.pay(first) is Outcome.PAID

    shop.now += 30
    with pytest.raises(BuyerLimitReached):
        shop.reserve(quantity=1)


def test_a_hold_of_a_campaign_that_was_called_off_is_given_back_even_in_time():
    shop = Shop()
    order = shop.order()
    shop.become(Status.CANCELLED)

    assert shop.pay(order) is Outcome.REFUNDED

    assert (shop.sums().free, shop.sums().released) == (10, 1)
    shop.check(settled=True)


def test_what_was_sold_before_a_campaign_was_called_off_stays_sold():
    shop = Shop()
    order = shop.order()
    shop.crash_at(1)
    with pytest.raises(Crash):
        shop.pay(order)
    shop.recover()
    shop.become(Status.CANCELLED)

    assert shop.pay(order) is Outcome.PAID
    shop.check(settled=True)


# -- two at once -----------------------------------------------------------------------------------


def two_at_once(
    shop: Shop, order: Order, moment: int, rival: Callable[[Shop, Order], object]
) -> bool:
    """Let a rival act at a moment of a delivery. False: the delivery has fewer moments."""
    passed = []

    def notice(what: str) -> None:
        passed.append(what)
        if len(passed) == moment + 1:
            shop.recover()
            rival(shop, order)

    shop.watch(notice)
    shop.pay(order)
    return len(passed) > moment


def pays_again(shop: Shop, order: Order) -> None:
    shop.pay(order, "msg_2")


def somebody_buys(shop: Shop, _: Order) -> None:
    with suppress(SoldOut):
        shop.pay(shop.order("rival"), "msg_2")


def a_second_later(shop: Shop, order: Order) -> None:
    shop.now += 2
    shop.beat()
    shop.pay(order, "msg_2")
    shop.now -= 2


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("units", [1, 3])
def test_a_second_delivery_at_any_moment_of_the_first_changes_nothing(late: bool, units: int):
    for moment in range(100):
        shop = Shop(units)
        order = shop.order()
        if late:
            shop.now += HOLD
        more = two_at_once(shop, order, moment, pays_again)
        shop.check(settled=True)
        assert shop.read(order).state is OrderState.PAID
        if not more:
            break
    assert moment > 3


def test_the_last_unit_goes_to_a_buyer_or_to_the_late_payment_at_any_moment():
    outcomes = set()
    for moment in range(100):
        shop = Shop(1)
        order = shop.order()
        shop.now += HOLD
        more = two_at_once(shop, order, moment, somebody_buys)
        shop.check(settled=True)
        assert shop.sums().sold == 1
        outcomes.add(shop.read(order).state)
        if not more:
            break
    assert outcomes == {OrderState.PAID, OrderState.REFUNDED}


def test_the_end_of_the_hold_and_a_payment_just_before_it_never_both_win():
    """One process looked at the clock a second before the deadline, the other a second later."""
    for moment in range(100):
        shop = Shop(3)
        order = shop.order()
        shop.now += HOLD - 1
        more = two_at_once(shop, order, moment, a_second_later)
        shop.check(settled=True)
        assert shop.sums().sold == 1
        if not more:
            break


def test_a_late_delivery_meets_a_slower_one_that_was_in_time():
    """The one in time has decided to sell, and is about to, when the late one looks."""
    shop = Shop(3)
    order = shop.order()
    shop.now += HOLD + 1

    def in_time(what: str) -> None:
        if what == "before amend":
            shop.recover()
            shop.now -= 2
            shop.pay(order, "msg_2")
            shop.now += 2

    shop.watch(in_time)
    shop.pay(order)

    assert (shop.sums().sold, shop.read(order).attempt) == (1, 0)
    shop.check(settled=True)


# -- crashes ---------------------------------------------------------------------------------------


def in_time(shop: Shop) -> None:
    """Paid while held."""


def too_late(shop: Shop) -> None:
    shop.now += HOLD


def too_late_and_gone(shop: Shop) -> None:
    shop.now += HOLD
    for _ in range(3):
        # Parts of a larger quantity come back a beat after their tail.
        shop.beat()
    shop.reserve("rival", 3)
    shop.now += 1


def called_off(shop: Shop) -> None:
    shop.become(Status.CANCELLED)


def redelivery(shop: Shop, order: Order) -> None:
    shop.pay(order)


def late_redelivery(shop: Shop, order: Order) -> None:
    shop.now += 600
    shop.beat()
    shop.pay(order)


def next_beats(shop: Shop, order: Order) -> None:
    """The provider was told nothing, and yet does not deliver again."""
    for _ in range(3):
        shop.now = max(shop.now, order.expires_at) + 65
        shop.beat()
    if not shop.read(order).captured:
        # It died before anything was known of the payment.
        shop.pay(order)


def drain(shop: Shop, order: Order) -> None:
    shop.close()
    shop.now = max(shop.now, order.expires_at) + 65
    shop.drain()
    if not shop.read(order).captured:
        shop.pay(order)


@pytest.mark.parametrize("resume", [redelivery, late_redelivery, next_beats, drain])
@pytest.mark.parametrize("scene", [in_time, too_late, too_late_and_gone, called_off])
@pytest.mark.parametrize("quantity", [1, 3])
def test_a_crash_at_any_moment_leaves_the_units_or_the_money(
    scene: Callable[[Shop], None], resume: Callable[[Shop, Order], None], quantity: int
):
    for point in range(100):
        shop = Shop(blocks=[1, 1, 1])
        order = shop.order(quantity=quantity)
        scene(shop)
        shop.crash_at(point)
        try:
            shop.pay(order)
        except Crash:
            shop.recover()
            shop.check()
            resume(shop, order)
        else:
            break
        assert shop.read(order).is_settled
        shop.now += 120
        shop.recover()
        shop.beat()
        shop.check()
        assert shop.sums().held == 0 or scene is too_late_and_gone
    assert point > 3


@pytest.mark.parametrize("busy", [StoreBusy, LedgerFull])
def test_a_store_that_does_not_answer_asks_for_another_delivery(busy: type[StoreBusy]):
    shop = Shop(3)
    order = shop.order()
    shop.now += HOLD

    def silent(what: str) -> None:
        if what == "before save":
            raise busy

    shop.watch(silent)
    with pytest.raises(busy):
        shop.pay(order)
    shop.recover()

    assert shop.pay(order) is Outcome.PAID
    shop.check(settled=True)


# -- in any order ----------------------------------------------------------------------------------

EVENTS = (
    ("payment.failed", "msg_a"),
    ("payment.succeeded", "msg_b"),
    ("payment.succeeded", "msg_b"),
    ("payment.succeeded", "msg_c"),
    ("payment.failed", "msg_d"),
)


@pytest.mark.parametrize("scene", [in_time, too_late, too_late_and_gone, called_off])
def test_events_in_any_order_come_to_the_same_end(scene: Callable[[Shop], None]):
    ends = set()
    for order_of_events in permutations(EVENTS):
        shop = Shop(3)
        order = shop.order()
        scene(shop)
        for kind, event_id in order_of_events:
            shop.deliver(event_body(order, kind), event_id)
        end = replace(shop.read(order), version=0, payment_action={})
        ends.add((str(end), shop.sums(), len(shop.quarantine)))
        shop.check()

    assert len(ends) == 1


# -- a reservation's second life ---------------------------------------------------------------------


def test_the_next_life_of_a_ledger_key_is_not_touched():
    """The same request an hour later is a new reservation under the same ledger key."""
    shop = Shop(3)
    old = shop.check_out(shop.reserve(key="same")).order
    shop.now += HOLD + 61
    new = shop.reserve(key="same")

    assert shop.pay(old) is Outcome.PAID

    assert shop.read(old).attempt == 1
    assert (shop.sums().sold, shop.sums().held) == (1, 1)
    assert shop.reservations.find(new.id, MERCHANT, shop.now).state == "held"
    shop.check()


# -- lost answers ------------------------------------------------------------------------------------


class Twice:
    """A store whose every answer is lost once: the SDK sends the write again, and the second answer arrives."""

    def __init__(self, store: object, *writes: str) -> None:
        self._store = store
        self._writes = writes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self._writes:
            return method

        def again(*args: Any, **named: Any) -> Any:
            method(*args, **named)
            return method(*args, **named)

        return again


@pytest.mark.parametrize("scene", [in_time, too_late, too_late_and_gone, called_off])
@pytest.mark.parametrize("quantity", [1, 3])
def test_a_write_whose_answer_was_lost_is_not_done_twice(
    scene: Callable[[Shop], None], quantity: int
):
    stores = Stores(
        stock=Twice(MemoryStock(), "amend"),
        orders=Twice(MemoryOrders(), "place", "save", "remind"),
        quarantine=Twice(MemoryQuarantine(), "keep"),
    )
    shop = Shop(blocks=[1, 1, 1], stores=stores)
    order = shop.order(quantity=quantity)
    scene(shop)

    outcome = shop.pay(order)

    refunded = scene in (too_late_and_gone, called_off)
    assert outcome is (Outcome.REFUNDED if refunded else Outcome.PAID)
    assert shop.pay(order) is Outcome.KNOWN
    shop.check(settled=scene is not too_late_and_gone)
