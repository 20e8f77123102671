"""The books compared on demand: what moves is no difference, what differs is told, what a rule can finish is finished."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import CampaignNotFound, CampaignState, IdempotencyKeyReused
from shared.domain.order import OrderState
from shared.domain.stock import Counters
from tests.fakes import Crash
from tests.theatre import FUJI, GALA, HOLD, Theatre


@pytest.fixture
def show() -> Theatre:
    """On sale: paid, held, checked out, released."""
    theatre = Theatre()
    theatre.go_live()
    theatre.sell(2)
    theatre.sell(30)
    theatre.reserve()
    theatre.check_out(theatre.reserve())
    theatre.release(theatre.reserve())
    return theatre


def told(show: Theatre, key: str = "now") -> dict[str, Any]:
    return dict(show.check_books(key).document)


def bend(show: Theatre, **counters: int) -> None:
    key = (show.id, FUJI, 0)
    block = show.stock.blocks[key]
    show.stock.blocks[key] = replace(block, counters=block.counters + Counters(**counters))


def test_a_show_that_sells_is_compared_though_units_are_held_and_orders_under_way(show: Theatre):
    found = told(show)
    assert found["balanced"], found
    assert (found["status"], found["orders"], found["waiting"]) == ("live", 3, 1)
    assert found["finished"] == {"paid": 0, "cancelled": 0, "refunded": 0}


def test_who_buys_between_and_within_two_readings_is_no_difference(show: Theatre):
    """Every look at the orders finds one more than the blocks knew, and the other way round."""
    all_orders, read_all = show.orders.all, show.stock.read_all

    def sell_before_reading_orders(*wanted: Any) -> Any:
        show.sell()
        return all_orders(*wanted)

    def sell_after_reading_blocks(shelf: Any) -> Any:
        blocks = read_all(shelf)
        if shelf.sku == GALA:
            show.sell()
        return blocks

    show.orders.all = sell_before_reading_orders  # type: ignore[method-assign, assignment]
    show.stock.read_all = sell_after_reading_blocks  # type: ignore[method-assign]
    found = told(show)
    assert found["balanced"], found


@pytest.mark.parametrize(
    ("counters", "named"),
    [
        ({"free": -1}, "units: 40 by the allotment, 39 by the blocks"),
        ({"gross": 1}, "block 0 orders, gross, refunded"),
        ({"held": 1, "free": -1}, "held is"),
    ],
)
def test_drift_of_a_live_show_is_told_by_what_differs(
    show: Theatre, counters: dict[str, int], named: str
):
    bend(show, **counters)
    found = told(show)
    assert not found["balanced"]
    assert found["differences_found"] >= 1
    assert any(named in difference for difference in found["differences"]), found
    assert show.status() == "live"


def test_a_payment_that_died_half_way_is_finished_by_its_rule(show: Theatre):
    order = show.check_out(show.reserve())

    def die(what: str) -> None:
        if what == "save":
            raise Crash

    show.orders.before = die
    with pytest.raises(Crash):
        show.pay(order)
    show.orders.before = lambda _: None
    found = told(show)
    assert found["finished"] == {"paid": 1, "cancelled": 0, "refunded": 0}
    assert found["balanced"], found


def test_a_hold_that_ran_out_unpaid_is_finished_and_the_drained_books_are_compared_to_the_unit(
    show: Theatre,
):
    show.wait(HOLD)
    show.beat()
    show.close()
    found = told(show)
    assert found["balanced"], found
    assert [order.state for order in show.orders.all(show.id)].count(OrderState.CANCELLED) == 1
    bend(show, gross=1)
    show.wait(1)
    found = told(show, "again")
    assert not found["balanced"]
    assert any("money kept" in difference for difference in found["differences"])


def test_a_settled_show_balances_still(show: Theatre):
    show.end()
    assert show.run_to_the_end()
    assert told(show)["balanced"]


def test_the_same_key_gets_the_same_answer_and_another_body_none(show: Theatre):
    first = show.check_books("key")
    bend(show, gross=1)
    again = show.check_books("key")
    assert (again.document, again.replayed) == (first.document, True)
    with pytest.raises(IdempotencyKeyReused):
        show.check_books("key", {"x": 1})
    assert not told(show, "fresh")["balanced"]


def test_without_stock_and_for_others_there_is_nothing_to_compare():
    show = Theatre()
    with pytest.raises(CampaignState):
        show.check_books()
    show.prepare()
    theirs = Theatre(merchant="mer_other")
    theirs.prepare()
    with pytest.raises(CampaignNotFound):
        theirs.check_books()


# -- continuous ------------------------------------------------------------------------------------------


def test_each_snapshot_says_when_the_ledgers_last_agreed(show: Theatre):
    sound = show.snapshot()
    assert sound.reconciled_at == sound.as_of
    show.wait(5)
    bend(show, held=1)
    drifted = show.snapshot()
    assert (drifted.reconciled_at, drifted.as_of) == (sound.as_of, sound.as_of + 5000)
    show.wait(5)
    bend(show, held=-1)
    mended = show.snapshot()
    assert mended.reconciled_at == mended.as_of > drifted.as_of


def test_before_there_is_stock_no_books_have_held():
    assert Theatre().snapshot().reconciled_at is None


def test_totals_tell_it_to_the_end(show: Theatre):
    show.end()
    show.run_to_the_end()
    last = show.seen().snapshot
    assert last.complete
    assert last.reconciled_at == last.as_of
