"""Two payments of one order, and events before it was written, at once on DynamoDB Local: one effect, whoever wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from bench.meter import Meter
from local.engine.dynamodb_local import DynamoDBLocal
from shared.domain.order import Order, OrderState
from shared.use_cases.judge_payment import Outcome
from tests.dynamodb.orders.conftest import MakeShop
from tests.shop import HOLD, Shop, Stores, event_body, paid_event

THREADS = 16


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(act) for act in acts]]


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
