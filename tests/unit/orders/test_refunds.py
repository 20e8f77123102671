"""Every ending of a refund, as ``docs/payments.md`` says it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    OrderNotFound,
    OrderNotPaid,
    ProviderSilent,
    RefundEnded,
    RefundExceedsPaid,
    RefundNotFound,
    RestockOfPart,
    RestockTooLate,
    StoreBusy,
)
from shared.domain.order import OrderState
from shared.domain.payment import RefundState
from shared.domain.refund import MOST_LOOKS, NotARefund, RefundPlace, State
from shared.domain.stock import Kind
from shared.domain.totals import Sums
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.sweep_campaigns import MOST_FAILURES
from tests.fakes import Crash
from tests.refunds import Till, document
from tests.shop import HOLD, Shop, event_body

PRICE = 9900


def totals(shop: Shop) -> Sums:
    return Sums.of(shop.stock.read_all(shop.shelf))


def a_till(units: int = 10, **options: Any) -> Till:
    return Till(Shop(units, **options))


# -- what becomes of it ----------------------------------------------------------------------------


def test_the_whole_of_an_order_goes_back_and_its_units_stay_sold():
    till = a_till()
    refund = till.give_back(till.paid(quantity=2))
    order = till.shop.read(till.shop_order(refund))

    assert (refund.state, refund.amount, refund.restocked) == (State.SUCCEEDED, 2 * PRICE, False)
    assert (order.state, order.refunded) == (OrderState.REFUNDED, 2 * PRICE)
    sums = totals(till.shop)
    assert (sums.sold, sums.units_refunded, sums.available) == (2, 2, 8)
    assert (sums.orders, sums.gross, sums.refunded) == (1, 2 * PRICE, 2 * PRICE)
    till.shop.check(settled=True)


def test_a_part_goes_back_and_the_order_stays_paid():
    till = a_till()
    refund = till.give_back(till.paid(quantity=2), amount=4000)
    order = till.shop.read(till.shop_order(refund))

    assert (refund.state, refund.refunded_so_far) == (State.SUCCEEDED, 4000)
    assert (order.state, order.refunded, order.refundable) == (OrderState.PAID, 4000, 15800)
    sums = totals(till.shop)
    assert (sums.sold, sums.units_refunded, sums.refunded) == (2, 0, 4000)
    till.shop.check(settled=True)


def test_parts_that_make_up_the_whole_refund_the_order():
    till = a_till()
    order = till.paid()
    for number, amount in enumerate((1, 5000, None)):
        till.give_back(order, f"refund-{number}", amount=amount)

    assert till.shop.read(order).state is OrderState.REFUNDED
    sums = totals(till.shop)
    assert (sums.units_refunded, sums.refunded, sums.gross) == (1, PRICE, PRICE)
    till.shop.check(settled=True)


def test_units_go_back_on_sale_with_a_whole_refund_while_the_sale_is_open():
    till = a_till(units=2)
    order = till.paid(quantity=2)
    refund = till.give_back(order, restock=True)

    assert refund.restocked
    # What was answered at first left that open, and a repeated request is answered the same.
    assert document(refund.as_asked())["restocked"] is None
    sums = totals(till.shop)
    assert (sums.available, sums.sold, sums.units_refunded) == (2, 0, 2)
    assert (sums.orders, sums.gross, sums.refunded) == (1, 2 * PRICE, 2 * PRICE)
    till.shop.now += 2
    till.paid("ben", quantity=2)
    till.shop.check(settled=True)
    assert totals(till.shop).sold == 2


def test_units_taken_from_several_blocks_go_back_to_each_of_them():
    till = a_till(blocks=[2, 2, 2])
    before = [block.counters.free for block in till.shop.stock.read_all(till.shop.shelf)]
    refund = till.give_back(till.paid(quantity=5), restock=True)

    blocks = till.shop.stock.read_all(till.shop.shelf)
    assert refund.restocked
    assert [block.counters.free for block in blocks] == before
    kinds = [entry.kind for block in blocks for entry in block.ledger.values() if entry.quantity]
    assert kinds == [Kind.RESTOCKED] * len(kinds)
    till.shop.check(settled=True)


def test_a_sale_that_closes_before_the_money_is_back_does_not_restock():
    till = a_till()
    refund = till.ask(till.paid(), restock=True).refund
    till.shop.now = till.shop.campaign.closes_at
    till.go_on(refund)

    refund = till.read(refund)
    assert (refund.state, refund.restocked) == (State.SUCCEEDED, False)
    assert totals(till.shop).sold == 1
    till.shop.check(settled=True)


def test_a_full_ledger_restocks_every_order_and_sells_its_units_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("shared.table.ledger_room", lambda _sku, _blocks: 12)
    till = a_till(units=8)
    restocked = []
    for number in range(20):
        order = till.paid(f"buyer-{number}")
        restocked.append(till.give_back(order, restock=True).restocked)

    assert all(restocked)
    till.shop.check(settled=True)
    for number in range(8):
        till.paid(f"last-{number}")
    assert totals(till.shop).available == 0
    assert totals(till.shop).units_refunded == len(restocked)
    till.shop.check(settled=True)


def test_a_refund_that_the_provider_refuses_can_be_asked_for_again():
    till = a_till()
    order = till.paid(method="refund_fails")
    refund = till.give_back(order, amount=4000)

    assert refund.state is State.FAILED
    assert (till.shop.read(order).promised, totals(till.shop).refunded) == (0, 0)
    again = till.ask(order, "refund-2").refund
    assert again.amount == PRICE
    till.go_on(again)
    assert till.read(again).state is State.FAILED
    till.shop.check(settled=True)


def test_a_refund_that_takes_its_time_is_looked_at_again_and_told_by_the_provider():
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund
    pauses = [till.go_on(refund, looks).wait_seconds for looks in range(12)]

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 3600)
    assert till.tell(refund, "refund.succeeded") is Outcome.REFUNDED
    assert till.is_settled(refund)
    assert till.go_on(refund).state is State.SUCCEEDED
    assert totals(till.shop).refunded == PRICE


def test_a_refund_that_never_ends_is_left_to_a_person():
    till = a_till()
    order = till.paid(method="refund_pending")
    refund = till.ask(order).refund

    assert till.go_on(refund, MOST_LOOKS).state is State.NEEDS_ATTENTION
    assert document(till.read(refund))["state"] == "needs_attention"
    # Its money stays promised: nobody knows where it is.
    with pytest.raises(RefundExceedsPaid):
        till.ask(order, "refund-2")


def test_a_silent_provider_is_no_outcome():
    till = a_till()
    refund = till.ask(till.paid()).refund
    till.shop.bank.silent = True
    with pytest.raises(ProviderSilent):
        till.go_on(refund)
    assert till.read(refund).state is State.PENDING
    till.give_up(refund)
    assert till.read(refund).state is State.NEEDS_ATTENTION

    till.shop.bank.silent = False
    assert till.retry(refund).document["state"] == "pending"
    assert till.go_on(refund).state is State.SUCCEEDED
    till.shop.check(settled=True)


def test_the_provider_finishes_what_was_left_to_a_person():
    till = a_till()
    for buyer, kind, state in (
        ("ana", "refund.succeeded", State.SUCCEEDED),
        ("ben", "refund.failed", State.FAILED),
    ):
        refund = till.ask(till.paid(buyer, method="refund_silent")).refund
        till.give_up(refund)
        outcome = till.tell(refund, kind, f"msg_{kind}")
        assert outcome is (Outcome.REFUNDED if state is State.SUCCEEDED else Outcome.NOTED)
        assert till.read(refund).state is state
        assert till.tell(refund, kind, f"msg_{kind}") is Outcome.KNOWN
    till.shop.check(settled=True)


def test_what_the_provider_tells_otherwise_than_before_is_put_aside():
    till = a_till()
    done = till.give_back(till.paid())
    failed = till.give_back(till.paid("ben", method="refund_fails"))

    assert till.tell(done, "refund.failed", "msg_a") is Outcome.QUARANTINED
    assert till.tell(failed, "refund.succeeded", "msg_b") is Outcome.QUARANTINED
    doubts = sorted(kept.doubt.value for kept in till.shop.quarantine.kept.values())
    assert doubts == ["refund_failed", "unasked_refund"]
    assert (till.read(done).state, till.read(failed).state) == (State.SUCCEEDED, State.FAILED)


@pytest.mark.parametrize(
    ("wrong", "doubt"),
    [
        ({"amount": 1}, "wrong_amount"),
        ({"currency": "USD"}, "wrong_currency"),
        ({"livemode": True}, "wrong_mode"),
        ({"payment_id": "pay_other"}, "wrong_payment"),
    ],
)
def test_an_end_that_does_not_fit_its_refund_is_put_aside(wrong: dict[str, Any], doubt: str):
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund

    assert till.tell(refund, "refund.succeeded", **wrong) is Outcome.QUARANTINED
    (kept,) = till.shop.quarantine.kept.values()
    assert kept.doubt.value == doubt
    assert till.read(refund).state is State.PENDING


def test_the_end_of_a_refund_of_another_order_moves_nothing():
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund
    other = till.paid("ben")
    raw = event_body(other, "refund.succeeded", refund_id=refund.id)

    assert till.shop.deliver(raw, "msg_x") is Outcome.KNOWN
    assert till.read(refund).state is State.PENDING


# -- never more than was paid ----------------------------------------------------------------------


def test_more_than_is_left_is_refused_with_what_is_left():
    till = a_till()
    order = till.paid()
    till.ask(order, amount=4000)
    with pytest.raises(RefundExceedsPaid) as refused:
        till.ask(order, "refund-2", amount=5901)
    assert refused.value.facts == {"refundable": 5900, "currency": "CNY"}
    assert till.ask(order, "refund-3").refund.amount == 5900
    with pytest.raises(RefundExceedsPaid):
        till.ask(order, "refund-4")


def test_what_is_not_paid_cannot_be_given_back():
    till = a_till()
    unpaid = till.shop.order()
    with pytest.raises(OrderNotPaid) as refused:
        till.ask(unpaid)
    assert refused.value.facts == {"state": "awaiting_payment"}
    # Money that came too late goes back by itself, and not again.
    till.shop.now += HOLD
    till.shop.close()
    till.shop.pay(unpaid)
    with pytest.raises(OrderNotPaid):
        till.ask(unpaid)


def test_the_same_request_is_the_same_refund_and_another_body_is_refused():
    till = a_till()
    order = till.paid()
    first = till.ask(order, amount=100)
    till.go_on(first.refund)
    again = till.ask(order, amount=100)

    assert again.replayed
    assert document(again.refund) == document(first.refund)
    with pytest.raises(IdempotencyKeyReused):
        till.ask(order, amount=101)
    assert till.shop.read(order).promised == 100


def test_another_merchant_sees_nothing():
    till = a_till()
    order = till.paid()
    refund = till.give_back(order)
    with pytest.raises(RefundNotFound):
        till.desk.find(refund.id, "mer_other")
    with pytest.raises(OrderNotFound):
        till.desk.of_order(order.id, "mer_other")
    for unknown in ("ref_", "ref_x", refund.id[:-1] + "!", refund.id.replace("ref_", "rfd_")):
        with pytest.raises(RefundNotFound):
            till.desk.find(unknown, refund.merchant)


def test_one_place_has_one_spelling():
    place = RefundPlace("cmp_" + "b" * 16, "--__abcd", 7, "--______abcd")
    assert RefundPlace.of(place.id) == place
    with pytest.raises(NotARefund):
        RefundPlace.of("ref_" + place.id.removeprefix("ref_").replace("-", "+"))


def test_refunds_of_an_order_are_listed_newest_first():
    till = a_till()
    order = till.paid()
    ids = []
    for number in range(3):
        till.shop.now += 1
        ids.append(till.ask(order, f"refund-{number}", amount=1).refund.id)
    assert [each.id for each in till.desk.of_order(order.id, order.merchant)] == ids[::-1]


def test_restocking_is_refused_for_a_part_and_after_the_sale():
    till = a_till()
    order = till.paid()
    with pytest.raises(RestockOfPart):
        till.ask(order, amount=100, restock=True)
    till.shop.now = till.shop.campaign.closes_at
    with pytest.raises(RestockTooLate):
        till.ask(order, restock=True)
    assert till.shop.read(order).promised == 0


def test_an_amount_that_the_provider_cannot_move_is_refused_by_name():
    till = a_till()
    order = till.paid()
    key = next(key for key, kept in till.shop.orders.kept.items() if kept.id == order.id)
    till.shop.orders.kept[key] = replace(order, provider="stripe", currency="KWD")
    with pytest.raises(InvalidRequest) as refused:
        till.ask(order, amount=101)
    assert refused.value.facts["errors"][0]["pointer"] == "/amount"


# -- which books -----------------------------------------------------------------------------------


def test_books_that_close_leave_out_what_has_not_gone_back_and_it_ends_outside():
    till = a_till()
    late = till.ask(till.paid(method="refund_pending"), amount=4000).refund
    done = till.give_back(till.paid("ben"))
    till.shop.close()
    assert till.shop.drain().waiting == 0
    assert (till.read(late).after_close, till.read(done).after_close) == (True, False)
    before = totals(till.shop)

    till.tell(late, "refund.succeeded")

    order = till.shop.read(till.shop_order(late))
    assert (order.refunded, order.refunded_after, order.refunded_in_books) == (4000, 4000, 0)
    assert totals(till.shop) == before
    assert document(till.read(late))["after_close"] is True
    till.shop.check(settled=True)


def test_a_refund_that_is_asked_for_when_the_books_close_is_in_none():
    till = a_till()
    order = till.paid()
    till.shop.close()
    before = totals(till.shop)
    refund = till.give_back(order)

    assert refund.after_close
    assert till.shop.read(order).state is OrderState.REFUNDED
    assert till.shop.read(order).state_in_books is OrderState.PAID
    assert totals(till.shop) == before


def test_whoever_does_not_know_that_the_books_close_leaves_them_alone():
    """The copy of the campaign with which it was accepted was a moment old."""
    till = a_till()
    order = till.paid()
    refund = till.ask(order).refund
    till.shop.become(Status.CLOSING)
    assert till.shop.drain().waiting == 0
    till.go_on(refund)

    assert till.read(refund).after_close
    assert totals(till.shop).refunded == 0
    till.shop.check(settled=True)


def test_books_that_had_looked_before_it_was_asked_for_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    """Accepted by somebody whose copy of the campaign was a moment old, when those who close had looked already."""
    till = a_till()
    order, old = till.paid(), till.shop.campaign
    till.shop.close()
    assert till.shop.drain().waiting == 0
    monkeypatch.setattr(till.desk, "_campaigns", SimpleNamespace(get=lambda _: old))
    refund = till.ask(order).refund
    assert refund.unbooked
    till.go_on(refund)

    assert till.read(refund).after_close
    assert totals(till.shop).refunded == 0
    till.shop.check(settled=True)


def test_what_went_back_in_time_is_booked_before_the_books_close():
    till = a_till()
    order = till.paid()
    refund = till.ask(order).refund
    # Whoever wrote that it went back is gone before it is in the ledger.
    till.shop.stock.before = _die
    with pytest.raises(Crash):
        till.go_on(refund)
    till.shop.recover()
    assert till.read(refund).unbooked
    assert totals(till.shop).refunded == 0
    till.shop.close()

    assert till.shop.drain().waiting == 0

    assert totals(till.shop).refunded == PRICE
    till.shop.check(settled=True)


def test_books_of_a_sale_that_goes_on_wait_for_nobody():
    till = a_till()
    till.ask(till.paid(method="refund_pending"))
    assert till.shop.drain().waiting == 1
    (refund,) = till.shop.refunds.kept.values()
    assert not refund.after_close


def _die(what: str) -> None:
    raise Crash(what)


# -- whoever dies ----------------------------------------------------------------------------------


def test_a_death_at_any_moment_of_a_refund_is_made_good_by_the_next():
    for blocks, wish in (([9], {}), ([2, 2, 2], {"restock": True}), ([9], {"amount": 1})):
        for point in count():
            till = a_till(blocks=blocks)
            order = till.paid(quantity=5)
            till.shop.refunds.before = till.shop.refunds.after = lambda _: None
            passed = till.shop.crash_at(point)
            till.shop.refunds.before = till.shop.orders.before
            till.shop.refunds.after = till.shop.orders.after
            try:
                till.give_back(order, **wish)
            except Crash:
                pass
            else:
                break
            till.shop.recover()
            till.shop.refunds.before = till.shop.refunds.after = lambda _: None
            refund = till.give_back(order, **wish)
            assert till.is_settled(refund), passed
            assert refund.restocked is wish.get("restock", False), passed
            assert len(till.shop.refunds.kept) == 1
            till.shop.check(settled=True)
        assert point > 6


def test_a_refund_that_nobody_began_is_begun_a_minute_later():
    till = a_till()
    till.executions.before = _refuse
    refund = till.ask(till.paid()).refund
    till.executions.before = lambda _: None
    assert till.sweep() == {}
    till.shop.now += 60

    assert till.sweep() == {refund.id: "begun"}
    assert till.executions.begun == [refund.id]


def _refuse(_: str) -> None:
    raise StoreBusy


def test_a_refund_whose_execution_died_is_taken_up_until_only_a_person_can_go_on():
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund
    found: list[str] = []
    for _ in range(MOST_FAILURES):
        till.executions.fail(refund.id, at=till.shop.now)
        till.shop.now += 3700
        found += till.sweep().values()
    assert found == ["taken up"] * (MOST_FAILURES - 1) + ["given up"]
    assert till.go_on(refund).state is State.PENDING


def test_a_refund_that_waits_for_the_provider_is_left_in_peace():
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund
    till.go_on(refund, looks=8)
    till.shop.now += 600
    assert till.sweep() == {}
    till.shop.now += 3600
    assert till.sweep() == {refund.id: "alive"}


def test_a_refund_is_tried_again_once_for_each_key_and_only_if_a_person_is_needed():
    till = a_till()
    refund = till.ask(till.paid(method="refund_pending")).refund
    assert till.retry(refund, "early").document["state"] == "pending"
    assert till.executions.last(refund.id).part == 1  # type: ignore[union-attr]
    till.give_up(refund)
    first = till.retry(refund)
    till.give_up(refund)
    again = till.retry(refund)

    assert (first.replayed, again.replayed) == (False, True)
    assert till.read(refund).state is State.NEEDS_ATTENTION
    assert till.executions.last(refund.id).part == 2  # type: ignore[union-attr]
    till.tell(refund, "refund.succeeded")
    with pytest.raises(RefundEnded):
        till.retry(refund, "late")


def test_the_bank_is_asked_once_for_each_refund_whoever_goes_on():
    till = a_till()
    order = till.paid()
    refund = till.ask(order, amount=4000).refund
    for _ in range(3):
        till.go_on(refund)
    assert till.shop.bank.asked == {refund.id: 4000}
    assert till.shop.bank.refunding is RefundState.SUCCEEDED
