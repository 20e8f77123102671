"""Payments: in time they sell the hold; too late they get units again, or go back once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import BuyerLimitReached
from shared.domain.order import OrderState, RefundReason
from shared.use_cases.judge_payment import Outcome
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import HOLD, Shop, event_body

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
