"""Payments that meet each other, die half-way, or come in any order: the units or the money; not both, and not neither."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import SoldOut, StockContended, StoreBusy
from shared.domain.order import Order, OrderState
from shared.use_cases import settle_payment
from shared.use_cases.judge_payment import Outcome
from tests.fakes import Crash
from tests.memory_orders import MemoryOrders, MemoryQuarantine
from tests.memory_stock import MemoryStock
from tests.shop import HOLD, Shop, Stores, event_body

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


def test_units_that_others_take_and_release_are_looked_for_at_the_next_delivery(
    monkeypatch: pytest.MonkeyPatch,
):
    shop = Shop(3)
    order = shop.order()
    shop.now += HOLD + 1
    with monkeypatch.context() as contended:

        def never(*_: object) -> None:
            raise StockContended

        contended.setattr(settle_payment, "take_units", never)
        with pytest.raises(StoreBusy):
            shop.pay(order)

    assert shop.pay(order) is Outcome.PAID
    shop.check(settled=True)


def test_a_store_that_does_not_answer_asks_for_another_delivery():
    shop = Shop(3)
    order = shop.order()
    shop.now += HOLD

    def silent(what: str) -> None:
        if what == "before save":
            raise StoreBusy

    shop.watch(silent)
    with pytest.raises(StoreBusy):
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
