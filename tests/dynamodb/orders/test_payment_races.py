"""Payments on DynamoDB Local, many at once: one effect, whoever wins; and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from bench.meter import Meter
from local.engine.dynamodb_local import DynamoDBLocal
from shared.domain.errors import SoldOut
from shared.domain.order import Order, OrderState
from shared.use_cases.judge_payment import Outcome
from tests.dynamodb.orders.conftest import MakeShop
from tests.shop import HOLD, Shop, Stores, event_body, headers, paid_event

THREADS = 16


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(act) for act in acts]]


def test_fifty_deliveries_at_once_pay_one_order_once(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order(quantity=2)

    outcomes = at_once(*[lambda: shop.pay(order)] * 50)

    assert set(outcomes) <= {Outcome.PAID, Outcome.KNOWN}
    assert (shop.sums().sold, shop.sums().orders, shop.sums().gross) == (2, 1, 19800)
    assert shop.read(order).version == 2
    shop.check(settled=True)


def test_fifty_late_deliveries_at_once_take_the_units_again_once(make_shop: MakeShop):
    shop = make_shop(blocks=[1, 1, 1])
    order = shop.order(quantity=2)
    shop.now += HOLD
    shop.beat()
    shop.beat()

    outcomes = at_once(*[lambda: shop.pay(order)] * 50)

    assert set(outcomes) <= {Outcome.PAID, Outcome.KNOWN}
    assert (shop.sums().sold, shop.sums().orders) == (2, 1)
    shop.check(settled=True)


def test_fifty_late_deliveries_at_once_give_the_money_back_once(make_shop: MakeShop):
    shop = make_shop(1)
    order = shop.order()
    shop.now += HOLD
    rival = shop.order("rival")

    outcomes = at_once(*[lambda: shop.pay(order)] * 50)

    assert set(outcomes) <= {Outcome.REFUNDED, Outcome.KNOWN}
    assert shop.read(order).state is OrderState.REFUNDED
    assert shop.pay(rival, "msg_2") is Outcome.PAID
    shop.check(settled=True)


def test_of_a_payment_and_the_end_of_its_hold_one_wins(make_shop: MakeShop):
    """One process looks at the clock before the deadline, the others after it; afterwards the books balance."""
    states = Counter[OrderState]()
    for _ in range(12):
        shop = make_shop(1)
        order = shop.order()
        raw = event_body(order)
        shop.now += HOLD

        def pay_in_time(shop: Shop = shop, raw: bytes = raw) -> Outcome:
            return deliver_at(shop, raw, shop.now - 1)

        def pay_too_late(shop: Shop = shop, raw: bytes = raw) -> Outcome:
            return deliver_at(shop, raw, shop.now)

        def somebody_else(shop: Shop = shop) -> Outcome | None:
            try:
                return shop.pay(shop.order("rival"), "msg_2")
            except SoldOut:
                return None

        at_once(pay_in_time, pay_too_late, shop.beat, somebody_else, pay_in_time)
        shop.beat()
        assert shop.sums().sold == 1
        shop.check(settled=True)
        states[shop.read(order).state] += 1

    assert set(states) <= {OrderState.PAID, OrderState.REFUNDED}


def deliver_at(shop: Shop, raw: bytes, now: int) -> Outcome:
    return shop.payments.receive("test", headers(raw, "msg_1"), raw, now)


def test_twenty_checkouts_at_once_make_one_order(make_shop: MakeShop):
    shop = make_shop()
    reservation = shop.reserve()

    done = at_once(*[lambda: shop.check_out(reservation)] * 20)

    assert all(checked_out.order == done[0].order for checked_out in done)
    assert len(list(shop.orders.all(shop.campaign.id))) == 1
    assert len(shop.bank.payments) == 1


def test_twenty_lies_at_once_are_put_aside_once(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    lie = event_body(order, amount=1)
    event_id = f"msg_{shop.campaign.id}"

    assert set(at_once(*[lambda: shop.deliver(lie, event_id)] * 20)) == {Outcome.QUARANTINED}
    assert shop.read(order) == order


def test_fifty_deliveries_of_a_second_payment_at_once_give_it_back_once(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()
    second = event_body(order, payment_id=f"pay_{order.id[-20:]}")

    acts = [lambda: shop.deliver(second, "msg_2")] * 50 + [lambda: shop.pay(order)] * 10
    outcomes = at_once(*acts)

    assert Counter(outcomes[:50])[Outcome.REFUNDED] == 1
    assert set(outcomes[:50]) == {Outcome.REFUNDED, Outcome.KNOWN}
    assert shop.read(order).state is OrderState.PAID
    assert sum(shop.bank.seconds.values()) == order.amount
    shop.check(settled=True)


def test_of_a_beat_that_finds_it_paid_and_its_late_event_one_books_it(make_shop: MakeShop):
    for _ in range(6):
        shop = make_shop(1)
        order = shop.order()
        shop.bank.paid[order.id] = paid_event(order)
        shop.now += HOLD

        at_once(shop.beat, partial(shop.pay, order), shop.beat)
        shop.beat()

        assert shop.read(order).state is OrderState.PAID
        assert shop.sums().orders == 1
        shop.check(settled=True)


def test_an_early_event_and_its_checkout_at_once_come_to_one_paid_order(make_shop: MakeShop):
    for _ in range(6):
        shop = make_shop()
        foreseen = foreseen_order(shop)
        raw = event_body(foreseen)
        reservation = shop.reserve()

        checkout = partial(shop.check_out, reservation)
        at_once(checkout, *[partial(shop.deliver, raw)] * 4)
        shop.now += 5
        shop.finish(since=shop.now - 5)

        (order,) = shop.orders.all(shop.campaign.id)
        assert order.state is OrderState.PAID
        shop.check(settled=True)


def foreseen_order(shop: Shop) -> Order:
    """The order that a reservation made now will become: in a shop of the same campaign, in memory."""
    twin = Shop(stores=Stores(campaign_id=shop.campaign.id))
    twin.now = shop.now
    return twin.order()


# -- what it costs -----------------------------------------------------------------------------------


@pytest.fixture
def meter(dynamodb_local: DynamoDBLocal) -> Meter:
    """Meters a client that nobody else uses."""
    return Meter(dynamodb_local.client())


def test_a_paid_order_takes_four_write_units(make_shop: MakeShop, meter: Meter):
    shop = make_shop(client=meter.client)
    meter.read()

    reservation = shop.reserve(quantity=2)
    assert meter.read().write_units == 1
    order = shop.check_out(reservation).order
    checkout = meter.read()
    assert (checkout.write_units, checkout.read_units) == (1, 2)
    shop.pay(order)
    payment = meter.read()
    assert (payment.write_units, payment.read_units) == (2, 1)


def test_a_repeated_checkout_and_a_duplicate_take_no_write_unit(make_shop: MakeShop, meter: Meter):
    shop = make_shop(client=meter.client)
    reservation = shop.reserve()
    order = shop.check_out(reservation).order
    shop.pay(order)
    meter.read()

    shop.check_out(reservation)
    shop.pay(order)

    again = meter.read()
    assert (again.write_units, again.read_units) == (0, 2)


def test_a_beat_over_many_paid_orders_writes_nothing(make_shop: MakeShop, meter: Meter):
    shop = make_shop(20, client=meter.client)
    for number in range(20):
        shop.pay(shop.order(f"buyer-{number}"), f"msg_{number}")
    shop.now += HOLD
    shop.keep_stock()
    meter.read()

    shop.finish(since=shop.now - 5)

    beat = meter.read()
    assert (beat.calls, beat.write_units) == (16, 0)
    assert beat.read_units <= 16 + 20
