"""The beat finishes what checkouts and payments left; nothing twice, and nobody waits for somebody else's trouble."""

from __future__ import annotations

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import Busy, StoreBusy
from shared.domain.order import OrderState
from shared.domain.stock import REMEMBERED, expire, prune
from shared.use_cases.finish_orders import Finished
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import HOLD, Shop


def test_an_order_whose_hold_ran_out_is_cancelled_and_so_is_its_payment():
    shop = Shop()
    order = shop.order()
    assert shop.beat() == Finished()
    shop.now += HOLD

    assert shop.beat() == Finished(cancelled=1)

    assert shop.read(order).state is OrderState.CANCELLED
    assert shop.bank.cancelled == {order.id}
    assert shop.beat() == Finished()
    shop.check(settled=True)


def test_an_order_whose_hold_was_released_is_cancelled():
    shop = Shop()
    order = shop.order()
    shop.reservations.release(order.reservation_id, MERCHANT, shop.now)
    shop.now += HOLD

    assert shop.beat() == Finished(cancelled=1)


def test_an_order_whose_hold_was_forgotten_is_cancelled():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD
    shop.stock.amend(shop.shelf, 0, expire(shop.stock.read_all(shop.shelf)[0].overdue(shop.now)))
    shop.now += REMEMBERED
    forgotten = prune(shop.stock.read_all(shop.shelf)[0].forgotten(shop.now))
    assert order.key in forgotten.write
    shop.stock.amend(shop.shelf, 0, forgotten)

    assert shop.beat() == Finished(cancelled=1)


def test_a_hold_past_its_deadline_is_left_to_the_beat_of_the_stock():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD

    assert shop.finish(since=shop.now - 10) == Finished(waiting=1)
    assert shop.read(order).state is OrderState.AWAITING_PAYMENT


def test_an_order_whose_units_were_sold_is_paid():
    """The process died between the block and the order, and the provider delivers no more."""
    shop = Shop()
    order = shop.order()
    shop.crash_at(1)
    with pytest.raises(Crash):
        shop.pay(order)
    shop.recover()
    assert (shop.read(order).state, shop.sums().sold) == (OrderState.AWAITING_PAYMENT, 1)
    shop.now += HOLD

    assert shop.beat() == Finished(paid=1)
    shop.check(settled=True)


def test_a_late_payment_that_was_interrupted_is_settled_by_the_beat_after_its_own_hold():
    """An hour after the order's own hold ended, no beat looks there any more."""
    for point in range(100):
        shop = Shop()
        order = shop.order()
        shop.now += HOLD
        shop.beat()
        shop.now += 1800
        passed = shop.crash_at(point)
        try:
            shop.pay(order)
        except Crash:
            shop.recover()
        else:
            break
        if not shop.read(order).captured:
            continue
        for _ in range(14):
            shop.now += 5
            shop.keep_stock()
            shop.finish(since=shop.now - 5)
        assert shop.read(order).state is OrderState.PAID
        shop.check(settled=True)
    assert passed.count("after save") == 3


def test_only_the_holds_that_ended_are_looked_at():
    shop = Shop()
    early = shop.order()
    shop.now += 100
    late = shop.order("bo")
    reads = shop.stock.reads
    shop.now = early.expires_at

    shop.finish(since=shop.now - 5)

    assert shop.stock.reads == reads + 1
    assert shop.read(late).state is OrderState.AWAITING_PAYMENT


def test_an_order_written_a_moment_after_its_hold_ended_is_not_missed():
    shop = Shop()
    reservation = shop.reserve()
    deadline = shop.now + HOLD
    shop.now = deadline - 1

    def beat_first(_: str) -> None:
        shop.recover()
        shop.now = deadline + 1
        shop.beat()

    shop.orders.before = beat_first
    order = shop.check_out(reservation).order
    shop.now = deadline + 6

    assert shop.finish(since=deadline + 1) == Finished(cancelled=1)
    assert shop.read(order).state is OrderState.CANCELLED


def test_the_drain_leaves_only_what_is_still_held():
    shop = Shop()
    one = shop.order()
    shop.now += 100
    shop.order("bo")
    shop.close()
    shop.now = one.expires_at

    assert shop.drain() == Finished(cancelled=1, waiting=1)

    shop.now += 100
    assert shop.drain() == Finished(cancelled=1)
    shop.become(Status.CLOSED)
    shop.check(settled=True)


def test_a_provider_that_is_silent_about_one_payment_does_not_stop_the_others():
    shop = Shop()
    one, two = shop.order(), shop.order("bo")
    shop.now += HOLD
    silent: list[str] = []

    def notice(what: str) -> None:
        if what == "cancel_payment" and not silent:
            silent.append(what)
            raise Busy

    shop.bank.before = notice
    assert shop.beat() == Finished(cancelled=1, waiting=1)
    shop.recover()
    assert shop.beat() == Finished(cancelled=1)
    assert shop.bank.cancelled == {one.id, two.id}


def test_a_store_that_is_silent_ends_the_beat():
    shop = Shop()
    shop.order()
    shop.now += HOLD

    def notice(what: str) -> None:
        if what == "save":
            raise StoreBusy

    shop.orders.before = notice
    with pytest.raises(StoreBusy):
        shop.beat()


def test_a_payment_that_comes_while_the_order_is_being_cancelled_is_settled():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD

    def rival(_: str) -> None:
        shop.recover()
        shop.pay(order)

    shop.orders.before = rival
    shop.beat()

    assert shop.read(order).state is OrderState.PAID
    shop.check(settled=True)


def test_a_crash_at_any_moment_of_a_beat_is_made_good_by_the_next():
    for point in range(100):
        shop = Shop(5)
        for buyer in ("ana", "bo", "cy"):
            shop.order(buyer)
        shop.now += HOLD
        shop.crash_at(point)
        try:
            shop.beat()
        except Crash:
            shop.recover()
            shop.now += 5
            shop.beat()
            shop.check(settled=True)
        else:
            break
        assert len(shop.bank.cancelled) == 3
    assert point > 10
