"""Refunds at once: of one order, with those who close the books, and with those who buy what is put back on sale."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from shared.domain.errors import RefundExceedsPaid, Refusal, SoldOut, StoreBusy
from shared.domain.order import OrderState
from shared.domain.refund import State
from tests.dynamodb.orders.conftest import MakeShop
from tests.refunds import Till

PRICE = 9900


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """All begin at the same instant. What each gave, or was refused with."""
    barrier = threading.Barrier(len(acts))

    def begin(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))


def again(act: Callable[[], Any]) -> Callable[[], Any]:
    """As the machine does: a store that is busy is asked again."""

    def insist() -> Any:
        for _ in range(50):
            try:
                return act()
            except StoreBusy:
                continue
        return act()

    return insist


def test_fifty_refunds_at_once_never_give_back_more_than_was_paid(make_shop: MakeShop):
    till = Till(make_shop())
    order = till.paid()

    told = at_once(
        [
            again(partial(till.ask, order, f"refund-{number}", amount=PRICE // 20))
            for number in range(50)
        ]
    )

    accepted = [each.refund for each in told if not isinstance(each, Refusal)]
    assert Counter(type(each) for each in told if isinstance(each, Refusal)) == {
        RefundExceedsPaid: 30
    }
    assert sum(each.amount for each in accepted) == till.shop.read(order).promised == PRICE
    at_once([again(partial(till.go_on, refund)) for refund in accepted])

    order = till.shop.read(order)
    assert (order.state, order.refunded) == (OrderState.REFUNDED, PRICE)
    assert sum(till.shop.bank.asked.values()) == PRICE
    assert till.shop.sums().refunded == PRICE
    till.shop.check(settled=True)


def test_one_request_fifty_times_at_once_is_one_refund(make_shop: MakeShop):
    till = Till(make_shop())
    order = till.paid()

    told = at_once([again(lambda: till.ask(order, amount=100))] * 50)

    assert len({each.refund.id for each in told}) == 1
    assert [each.replayed for each in told].count(False) <= 1
    assert till.shop.read(order).promised == 100


def test_twenty_who_see_to_one_refund_book_it_once(make_shop: MakeShop):
    till = Till(make_shop(blocks=[2, 2, 2]))
    refund = till.ask(till.paid(quantity=5), restock=True).refund

    at_once([again(lambda: till.go_on(refund))] * 20)

    refund = till.read(refund)
    assert (refund.state, refund.restocked, refund.unbooked) == (State.SUCCEEDED, True, False)
    sums = till.shop.sums()
    assert (sums.free, sums.sold, sums.refunded) == (6, 0, 5 * PRICE)
    till.shop.check(settled=True)


def test_refunds_that_meet_the_close_are_in_the_books_or_in_none(make_shop: MakeShop):
    for _ in range(6):
        till = Till(make_shop(20))
        refunds = [
            till.ask(till.paid(f"buyer-{number}"), amount=None if number % 2 else 100).refund
            for number in range(10)
        ]

        def close(till: Till = till) -> None:
            till.shop.close()
            while till.shop.drain().waiting:
                pass

        closing, *_ = at_once(
            [again(close), *(again(partial(till.go_on, each)) for each in refunds)]
        )
        assert closing is None
        closed = till.shop.sums()
        for refund in refunds:
            till.go_on(refund)
        assert till.shop.sums() == closed
        found = [till.read(refund) for refund in refunds]
        assert all(each.state is State.SUCCEEDED and not each.unbooked for each in found)
        in_books = sum(each.amount for each in found if not each.after_close)
        assert closed.refunded == in_books
        till.shop.check(settled=True)


def test_units_that_go_back_on_sale_are_sold_once(make_shop: MakeShop):
    till = Till(make_shop(4))
    refunds = [till.ask(till.paid(f"buyer-{n}"), restock=True).refund for n in range(4)]

    def buy(number: int) -> Any:
        return till.shop.reserve(f"next-{number}", key=f"key-{number}")

    told = at_once(
        [
            *(again(partial(till.go_on, each)) for each in refunds),
            *(again(partial(buy, number)) for number in range(12)),
        ]
    )
    held = [each for each in told[4:] if not isinstance(each, Refusal)]
    assert all(isinstance(each, SoldOut) for each in told[4:] if isinstance(each, Refusal))
    sums = till.shop.sums()
    assert (sums.held, sums.free, sums.sold) == (len(held), 4 - len(held), 0)
    till.shop.check()
