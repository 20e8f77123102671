"""Races around payments: one effect, whoever wins; never both the units and the money back, and never neither."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest

from shared.domain.errors import CheckoutReplaced, Refusal, ReservationConfirmed, SoldOut
from shared.domain.order import Order, OrderState
from shared.use_cases.check_out import CheckedOut
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.reserve import Reservation
from tests.proof.races.arena import Race
from tests.proof.races.conftest import PRICE, MakeRace
from tests.shop import event_body
from tests.theatre import HOLD

ROUNDS = range(3)
PAID, REFUNDED, KNOWN = Outcome.PAID, Outcome.REFUNDED, Outcome.KNOWN


def states(show: Race) -> Counter[OrderState]:
    return Counter(order.state for order in show.orders())


def lapse(show: Race) -> None:
    """The holds run out, and the beat has seen it."""
    show.show.wait(HOLD)
    show.process().beat()


# -- one payment, told many times ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_fifty_deliveries_at_once_pay_one_order_once(race: MakeRace, seed: int):
    show = race(seed, 4, block_units=(4, 1, 2)[seed])
    order = show.process().order("ana", units=2)
    outcomes = show.at_once(*[partial(each.pay, order) for each in show.processes(50)])
    assert set(outcomes) <= {PAID, KNOWN}
    sums = show.settle()
    assert (sums.sold, sums.orders, sums.gross) == (2, 1, 2 * PRICE)
    [paid] = show.orders()
    assert (paid.state, paid.version) == (OrderState.PAID, 2)


@pytest.mark.parametrize("seed", range(3))
def test_twenty_five_late_deliveries_at_once_take_the_units_again_once(race: MakeRace, seed: int):
    show = race(seed, 3, block_units=1 + seed % 3)
    order = show.process().order("ana", units=2)
    lapse(show)
    outcomes = show.at_once(*[partial(each.pay, order) for each in show.processes(25)])
    assert set(outcomes) <= {PAID, KNOWN}
    sums = show.settle()
    assert (sums.sold, sums.orders) == (2, 1)


@pytest.mark.parametrize("seed", range(3))
def test_twenty_five_late_deliveries_at_once_give_the_money_back_once(race: MakeRace, seed: int):
    show = race(seed, 1)
    order = show.process().order("ana")
    lapse(show)
    rival = show.process().order("bo")
    outcomes = show.at_once(
        *[partial(each.pay, order) for each in show.processes(25)],
        partial(show.process().pay, rival),
    )
    assert set(outcomes[:-1]) <= {REFUNDED, KNOWN}
    assert outcomes[-1] is PAID
    assert show.settle().orders == 1
    assert show.show.bank.calls.count("refund") >= 1
    assert show.show.bank.refunds == {order.id: PRICE}


@pytest.mark.parametrize("seed", ROUNDS)
def test_two_payments_of_one_order_under_two_ids_are_one(race: MakeRace, seed: int):
    show = race(seed, 3, block_units=1 + seed % 2)
    order = show.process().order("ana", units=2)
    if seed % 2:
        lapse(show)
    acts = [partial(each.pay, order, f"tab {each.number}") for each in show.processes(6)]
    assert set(show.at_once(*acts)) <= {PAID, KNOWN}
    sums = show.settle()
    assert (sums.orders, sums.gross) == (1, 2 * PRICE)


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_payment_that_failed_and_one_that_succeeded_at_once_are_a_paid_order(
    race: MakeRace, seed: int
):
    show = race(seed, 2, block_units=1)
    order = show.process().order("ana", units=1 + seed % 2)
    failed = event_body(order, "payment.failed")
    outcomes = show.at_once(
        *[partial(each.tell, failed, f"failed {each.number % 3}") for each in show.processes(6)],
        *[partial(each.pay, order) for each in show.processes(3)],
    )
    assert set(outcomes) <= {PAID, KNOWN, Outcome.NOTED}
    assert show.settle().orders == 1
    assert states(show) == {OrderState.PAID: 1}


@pytest.mark.parametrize("seed", range(3))
def test_twenty_lies_at_once_leave_the_order_untouched(race: MakeRace, seed: int):
    show = race(seed, 2)
    order = show.process().order("ana")
    lie = event_body(order, amount=1 + seed)
    acts = [partial(each.tell, lie, f"lie {show.show.id}") for each in show.processes(20)]
    assert set(show.at_once(*acts)) == {Outcome.QUARANTINED}
    assert [each.version for each in show.orders()] == [1]
    assert show.process().pay(order) is PAID
    assert show.settle().orders == 1


# -- a payment against the end of its hold -------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_of_a_payment_and_the_end_of_its_hold_in_one_millisecond_one_wins(
    race: MakeRace, seed: int
):
    """One process looks at the clock just before the deadline, others at it, and somebody else wants the unit."""
    show = race(seed, 1)
    order = show.process().order("ana")
    show.show.wait(HOLD)
    deadline = show.show.now
    in_time, too_late, rival = show.process(), show.process(), show.process()

    def somebody_else() -> Outcome | Refusal | None:
        got = rival.reserve("bo")
        if not isinstance(got, Reservation):
            assert isinstance(got, SoldOut)
            return None
        done = rival.check_out(got, "bo")
        return rival.pay(done.order) if isinstance(done, CheckedOut) else None

    acts: list[Any] = [
        partial(in_time.pay, order, now=deadline - 1),
        partial(show.process().beat, now=deadline),
        somebody_else,
    ]
    if seed % 2:
        acts.append(partial(too_late.pay, order, "again", now=deadline))
    show.at_once(*acts)
    sums = show.settle()
    assert (sums.sold, sums.orders) == (1, 1)
    assert set(states(show)) <= {OrderState.PAID, OrderState.REFUNDED}


@pytest.mark.parametrize("seed", range(4))
def test_of_a_release_and_a_payment_one_wins_and_the_other_is_told(race: MakeRace, seed: int):
    show = race(seed, 4, block_units=(4, 2, 1)[seed % 3])
    reservation = show.process().hold("ana", units=3)
    done = show.process().check_out(reservation, "ana")
    assert isinstance(done, CheckedOut)
    released, paid = show.at_once(
        partial(show.process().release, reservation), partial(show.process().pay, done.order)
    )
    assert paid is PAID
    # Released first, the money was late, and found units again, for nobody else wants them.
    assert isinstance(released, Reservation | ReservationConfirmed)
    sums = show.settle()
    assert (sums.sold, sums.orders, sums.available) == (3, 1, 1)
    assert sums.released == (1 if isinstance(released, Reservation) else 0)


@pytest.mark.parametrize("seed", range(6))
def test_of_two_late_payments_for_the_last_unit_one_is_sold_and_one_goes_back(
    race: MakeRace, seed: int
):
    show = race(seed, 2, block_units=1 + seed % 2)
    late = [show.process().order(buyer) for buyer in ("ana", "bo")]
    lapse(show)
    taken = show.process().order("cy")
    show.process().pay(taken)
    acts = [partial(each.pay, order) for order in late for each in show.processes(1 + seed % 2)]
    show.at_once(*acts)
    sums = show.settle()
    assert (sums.sold, sums.available) == (2, 0)
    assert states(show) == {OrderState.PAID: 2, OrderState.REFUNDED: 1}


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_late_payment_within_a_limit_is_counted_once_beside_a_new_wish(race: MakeRace, seed: int):
    """Of the buyer's late payment and the buyer's next reservation, the limit lets one through."""
    show = race(seed, 8, block_units=1 + seed, limit=2)
    order = show.process().order("ana", units=2)
    lapse(show)
    paid, more = show.at_once(
        partial(show.process().pay, order),
        partial(show.process().reserve, "ana", "next", 2),
    )
    assert (paid is PAID) is not isinstance(more, Reservation)
    assert show.settle().sold == (2 if paid is PAID else 0)


# -- checkout ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_twenty_checkouts_at_once_make_one_order(race: MakeRace, seed: int):
    show = race(seed, 4, block_units=1 + seed)
    reservation = show.process().hold("ana", units=2)
    acts = [partial(each.check_out, reservation, "ana") for each in show.processes(20)]
    done = show.at_once(*acts)
    assert all(isinstance(each, CheckedOut) for each in done)
    assert all(each.order == done[0].order for each in done)
    assert len(show.show.bank.payments) == 1
    show.judge()


@pytest.mark.parametrize("seed", range(5))
def test_two_checkouts_with_two_payment_methods_make_one_order(race: MakeRace, seed: int):
    show = race(seed, 2)
    reservation = show.process().hold("ana")
    methods = ("card", "alipay")
    acts = [
        partial(
            each.check_out, reservation, "ana", methods[each.number % 2], methods[each.number % 2]
        )
        for each in show.processes(2 + 2 * seed)
    ]
    done = show.at_once(*acts)
    told = [each for each in done if isinstance(each, CheckedOut)]
    replaced = [each for each in done if isinstance(each, CheckoutReplaced)]
    assert told
    assert len(told) + len(replaced) == len(done)
    [order] = show.orders()
    # The last one counts: its payment alone can be paid, and whoever was told of another was told so before.
    assert order.replaced is None
    assert order.payment_id in {each.order.payment_id for each in told}
    dead = {each.order.payment_id for each in told} - {order.payment_id}
    assert dead <= set(show.show.bank.withdrawn)
    assert show.process().pay(order) is PAID
    assert show.settle().orders == 1


def _outcomes(outcomes: list[Any]) -> set[Any]:
    return {each for each in outcomes if isinstance(each, Outcome)}


@pytest.mark.parametrize("seed", range(8))
def test_a_second_checkout_against_the_first_ones_payment_is_one_order_and_no_money_is_lost(
    race: MakeRace, seed: int
):
    """
    The bank is the worst there is: it forgets what it cancelled, and tells of the first payment whatever happened.
    """
    show = race(seed, 3, block_units=1 + seed % 2)
    hold = show.process().hold("ana", units=1 + seed % 2)
    first = show.process().check_out(hold, "ana")
    assert isinstance(first, CheckedOut)
    again = [
        partial(each.check_out, hold, "ana", f"again {each.number}", f"method {each.number}")
        for each in show.processes(1 + seed % 3)
    ]
    pays = [partial(each.pay, first.order) for each in show.processes(2)]
    done = show.at_once(*pays, *again)
    assert _outcomes(done[:2]) <= {PAID, KNOWN}
    [order] = show.orders()
    assert (order.state, order.payment_id) == (OrderState.PAID, first.order.payment_id)
    # Who was told of another payment was told before the money came, and can pay it: that goes back.
    for each in done[2:]:
        assert isinstance(each, CheckedOut | CheckoutReplaced), each
    told = {
        each.order.payment_id: each.order
        for each in done[2:]
        if isinstance(each, CheckedOut) and not each.paid
    }
    for number, other in enumerate(told.values()):
        assert show.process().pay(other, f"late {number}") is REFUNDED
    bank = show.show.bank
    assert bank.seconds == dict.fromkeys(told, order.amount)
    assert not bank.refunds
    sums = show.settle()
    assert (sums.orders, sums.gross) == (1, order.amount)


@pytest.mark.parametrize("seed", range(6))
def test_payments_of_both_checkouts_at_once_are_one_order_and_one_refund(race: MakeRace, seed: int):
    show = race(seed, 2, block_units=1 + seed % 2)
    hold = show.process().hold("ana", units=1 + seed % 2)
    first = show.process().check_out(hold, "ana")
    second = show.process().check_out(hold, "ana", "again", "alipay")
    assert isinstance(first, CheckedOut)
    assert isinstance(second, CheckedOut)
    if seed > 3:
        lapse(show)
    acts = [partial(each.pay, first.order, "one") for each in show.processes(3)]
    acts += [partial(each.pay, second.order, "two") for each in show.processes(3)]
    assert _outcomes(show.at_once(*acts)) <= {PAID, KNOWN, REFUNDED}
    [order] = show.orders()
    both = {first.order.payment_id, second.order.payment_id}
    assert order.state is OrderState.PAID
    assert show.show.bank.seconds == dict.fromkeys(both - {order.payment_id}, order.amount)
    assert show.settle().orders == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_second_checkout_against_the_end_of_its_hold_leaves_no_payment_behind(
    race: MakeRace, seed: int
):
    show = race(seed, 2)
    hold = show.process().hold("ana")
    first = show.process().check_out(hold, "ana")
    assert isinstance(first, CheckedOut)
    show.show.wait(HOLD)
    deadline = show.show.now
    show.at_once(
        partial(show.process(slow=1).check_out, hold, "ana", "again", "alipay"),
        partial(show.process().beat, now=deadline),
    )
    show.show.wait(5)
    show.process().beat()
    [order] = show.orders()
    assert order.state is OrderState.CANCELLED
    assert {first.order.payment_id, order.payment_id} <= set(show.show.bank.withdrawn)
    assert show.settle().available == 2


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_checkout_against_the_end_of_its_hold_leaves_no_order_behind(race: MakeRace, seed: int):
    show = race(seed, 2)
    show.process().order("bo")
    reservation = show.process().hold("ana")
    show.show.wait(HOLD)
    deadline = show.show.now
    show.at_once(
        partial(show.process(slow=1).check_out, reservation, "ana"),
        partial(show.process().beat, now=deadline),
        partial(show.process().release, reservation),
    )
    show.show.wait(5)
    show.process().beat()
    assert set(states(show)) == {OrderState.CANCELLED}
    sums = show.settle()
    assert (sums.available, sums.released + sums.expired) == (2, 2)


# -- the end of the show -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_a_payment_against_the_calling_off_is_an_order_or_goes_back(race: MakeRace, seed: int):
    show = race(seed, 12, block_units=2)
    orders = [show.process().order(f"buyer {number}") for number in range(6)]
    if seed % 2:
        lapse(show)
    acts = [partial(each.pay, order) for order, each in zip(orders, show.processes(6), strict=True)]
    beats = [partial(show.process().beat, now=show.show.now)]
    show.at_once(*acts, show.cancel, *beats)
    assert show.process().pay(orders[0], "again") is KNOWN
    sums = show.settle()
    ended = states(show)
    assert set(ended) <= {OrderState.PAID, OrderState.REFUNDED}
    assert (sums.sold, ended.total()) == (ended[OrderState.PAID], 6)


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_late_payment_against_the_reconciliation_does_not_move_the_books(
    race: MakeRace, seed: int
):
    show = race(seed, 4, block_units=2)
    late: Order = show.process().order("ana", units=2)
    show.process().pay(show.process().order("bo"))
    lapse(show)
    show.show.end()
    show.show.close()
    show.show.wait(HOLD)
    beats = [partial(show.process().beat, now=show.show.now)]
    outcomes = show.at_once(
        *[partial(each.pay, late) for each in show.processes(3)],
        show.show.reconcile,
        *(beats if seed % 2 else []),
    )
    assert set(outcomes[:3]) <= {REFUNDED, KNOWN}
    assert outcomes[3] is True
    written = show.show.report()
    assert show.show.reconcile()
    assert show.show.report()["totals"] == written["totals"]
    show.show.settle()
    assert states(show) == {OrderState.PAID: 1, OrderState.REFUNDED: 1}
    assert show.judge(settled=True).gross == PRICE
