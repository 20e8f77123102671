"""The beat: expires, mends, finishes, tells, and knows when the show is over."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from shared.domain.errors import Busy
from shared.domain.order import OrderState
from shared.domain.stock import FOR_GOOD, Counters, move_out
from shared.use_cases.finish_orders import UNDER_WAY
from shared.use_cases.keep_books import PATIENCE, Phase
from shared.use_cases.stock_ports import shelf
from tests.fakes import Crash
from tests.theatre import FUJI, GALA, HOLD, SHOW, Theatre, an_offer


@pytest.fixture
def show() -> Theatre:
    theatre = Theatre()
    theatre.go_live()
    return theatre


def test_a_hold_that_ran_out_is_back_on_sale_with_the_next_beat(show: Theatre):
    reservation = show.reserve(4)
    show.wait(HOLD - 1)
    assert show.beat().expired == 0
    show.wait(1)
    beat = show.beat()
    assert (beat.expired, beat.held) == (1, 0)
    assert show.state(reservation) == "expired"
    assert show.snapshot().total.available == 45


def test_an_order_whose_hold_ran_out_is_cancelled_by_the_same_beat(show: Theatre):
    order = show.check_out(show.reserve())
    show.wait(HOLD)
    show.beat()
    assert next(show.orders.all(show.id)).state is OrderState.CANCELLED
    assert show.bank.cancelled == {order.id}


def test_a_sale_whose_order_was_not_told_is_finished(show: Theatre):
    order = show.check_out(show.reserve())
    show.orders.before = lambda what: (_ for _ in ()).throw(Crash(what))
    with pytest.raises(Crash):
        show.pay(order)
    show.orders.before = lambda _: None
    assert next(show.orders.all(show.id)).state is OrderState.AWAITING_PAYMENT
    show.wait(HOLD)
    show.beat()
    assert next(show.orders.all(show.id)).state is OrderState.PAID


def test_orders_are_looked_for_since_the_last_beat_however_long_ago_it_was(show: Theatre):
    show.beat()
    show.check_out(show.reserve())
    show.wait(HOLD + 700)
    show.beat()
    assert next(show.orders.all(show.id)).state is OrderState.CANCELLED


def test_an_order_whose_provider_is_silent_is_tried_again_by_the_next_beats(show: Theatre):
    def silent(what: str) -> None:
        if what == "cancel_payment":
            raise Busy

    show.check_out(show.reserve())
    show.bank.before = silent
    show.wait(HOLD)
    for _ in range(12):
        assert show.beat().waiting == 1
        show.wait(5)
    show.bank.before = lambda _: None
    assert show.beat().waiting == 0
    assert next(show.orders.all(show.id)).state is OrderState.CANCELLED


def test_every_beat_leaves_a_snapshot(show: Theatre):
    show.beat()
    show.sell()
    show.wait(5)
    beat = show.beat()
    assert (beat.snapshot.version, beat.snapshot.total.orders) == (2, 1)
    assert show.totals.snapshots[show.id] == beat.snapshot


def test_blocks_follow_the_times_of_the_campaign(show: Theatre):
    show.change(ends_at=show.campaign.ends_at + 600)
    show.beat()
    assert {block.closes for block in show.blocks()} == {show.campaign.closes_at}


def test_a_board_is_posted_when_somebody_may_have_to_look_elsewhere(show: Theatre):
    show.beat()
    assert show.stock.boards == {}
    show.reserve(5, GALA)
    show.beat()
    assert set(show.stock.boards) == {(show.id, GALA)}
    assert show.stock.boards[show.id, GALA].total == 0


def test_a_block_that_does_not_add_up_is_told_by_name(show: Theatre):
    key = (show.id, FUJI, 1)
    block = show.stock.blocks[key]
    show.stock.blocks[key] = replace(block, counters=block.counters + Counters(sold=1))
    assert show.beat().faults == ["block 1: sold is 1 by its counter and 0 by its ledger"]


# -- phases ------------------------------------------------------------------------------------------


def test_it_is_live_until_the_end_and_the_beat_comes_in_time_for_it(show: Theatre):
    assert (show.beat().phase, show.beat().wait_seconds) == (Phase.LIVE, 5)
    show.wait(SHOW - 3)
    assert (show.beat().phase, show.beat().wait_seconds) == (Phase.LIVE, 3)
    show.wait(3)
    assert show.beat().phase is Phase.CLOSE


def test_a_show_that_is_ended_is_to_be_closed(show: Theatre):
    show.end()
    assert show.beat().phase is Phase.CLOSE


def test_a_show_that_is_called_off_is_to_be_closed_until_its_blocks_are(show: Theatre):
    show.cancel()
    assert show.beat().phase is Phase.CLOSE
    # The beat itself has stamped them; the step that follows makes sure of it.
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}
    assert show.beat().phase is Phase.DRAINED


def test_it_drains_until_nothing_is_held(show: Theatre):
    paid = show.check_out(show.reserve())
    show.reserve(2)
    show.close()
    assert (show.beat().phase, show.beat().held) == (Phase.DRAIN, 3)
    show.pay(paid)
    assert (show.beat().phase, show.beat().held) == (Phase.DRAIN, 2)
    show.wait(HOLD)
    # Its checkout may be under way still.
    assert (show.beat().phase, show.beat().held) == (Phase.DRAIN, 0)
    show.wait(UNDER_WAY - 1)
    assert show.beat().phase is Phase.DRAIN
    show.wait(1)
    assert show.beat().phase is Phase.DRAINED


def test_the_drain_waits_for_a_checkout_whose_hold_was_moved_out_of_its_ledger(show: Theatre):
    show.reserve()
    show.close()
    show.wait(HOLD)
    assert (show.beat().phase, show.beat().held) == (Phase.DRAIN, 0)
    place = shelf(show.campaign, show.campaign.offers[0])
    moved = 0
    for block in show.stock.read_all(place):
        entries = block.movable()
        show.stock.copy_out(place, block.number, dict(entries))
        if entries:
            moved += show.stock.amend(place, block.number, move_out(entries, block)).done
    assert moved == 1
    show.wait(UNDER_WAY - 1)
    assert show.beat().phase is Phase.DRAIN
    show.wait(1)
    assert show.beat().phase is Phase.DRAINED


def test_the_drain_waits_for_a_checkout_that_is_slower_than_its_hold(show: Theatre):
    """The provider takes its time, and the sale is over meanwhile."""
    reservation = show.reserve()
    show.close()

    def slowly(what: str) -> None:
        if what == "create_payment":
            show.wait(HOLD + 4)
            assert (show.beat().phase, show.beat().waiting) == (Phase.DRAIN, 0)
            show.wait(15)

    show.bank.before = slowly
    show.check_out(reservation)
    assert show.beat().phase is Phase.DRAIN
    [order] = show.orders.all(show.id)
    assert order.state is OrderState.CANCELLED
    show.wait(UNDER_WAY)
    assert show.beat().phase is Phase.DRAINED
    assert show.reconcile()
    assert show.report()["orders"]["placed"] == 1


def test_a_show_that_is_called_off_waits_for_checkouts_and_not_for_the_holds_it_has_ended(
    show: Theatre,
):
    show.reserve()
    show.cancel()
    show.close()
    assert (show.beat().phase, show.beat().held) == (Phase.DRAIN, 0)
    show.wait(UNDER_WAY - 1)
    assert show.beat().phase is Phase.DRAIN
    show.wait(1)
    assert show.beat().phase is Phase.DRAINED
    assert show.now < show.campaign.cancelled_at + HOLD  # type: ignore[operator]


def test_a_payment_that_comes_while_it_drains_is_sold_or_goes_back(show: Theatre):
    late = show.check_out(show.reserve())
    in_time = show.check_out(show.reserve())
    show.close()
    show.pay(in_time)
    show.wait(HOLD)
    show.pay(late)
    show.wait(UNDER_WAY)
    assert show.beat().phase is Phase.DRAINED
    states = {order.id: order.state for order in show.orders.all(show.id)}
    assert states == {late.id: OrderState.REFUNDED, in_time.id: OrderState.PAID}


def test_the_drain_waits_for_a_silent_provider_but_not_for_ever(show: Theatre):
    def silent(what: str) -> None:
        if what == "cancel_payment":
            raise Busy

    show.check_out(show.reserve())
    show.close()
    began = show.now
    show.bank.before = silent
    while show.beat().phase is Phase.DRAIN:
        show.wait(5)
        assert show.now <= began + HOLD + PATIENCE
    assert show.now == began + HOLD + PATIENCE
    assert not show.reconcile()


def test_a_beat_after_the_end_finds_it_drained(show: Theatre):
    show.close()
    show.beat()
    for _ in range(3):
        assert show.beat().phase is Phase.DRAINED


def test_a_beat_of_twenty_offers_is_quick():
    show = Theatre(
        offers=tuple(an_offer(f"SKU-{number}", 4000) for number in range(20)), run_of_show=()
    )
    show.go_live()
    began = time.perf_counter()
    show.beat()
    assert time.perf_counter() - began < 1
