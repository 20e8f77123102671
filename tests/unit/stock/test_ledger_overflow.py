"""Units that are free can be taken whatever came before, and entries in the overflow table answer as if they had stayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import table
from shared.domain.errors import SoldOut
from shared.domain.ids import home_block, ledger_key
from shared.domain.stock import (
    ALWAYS,
    IN_FLIGHT,
    REMEMBERED,
    Entry,
    Kind,
    confirm,
    end,
    move_out,
    refund_whole,
)
from shared.use_cases.ledger_overflow import entry_in, read_entry
from shared.use_cases.take_units import Taken, Wish, find_units
from tests.unit.stock.test_take_units import EPOCH, HOLD, SECRET, Died, Sale

ROOM = 6
UNITS = 3
GONE = HOLD + REMEMBERED + IN_FLIGHT
"""Seconds after which nobody asks for a moved entry of a hold that was taken now."""


class Crowd(Sale):
    """A sale with small ledgers."""

    def __init__(self, units: list[int], seed: int = 1) -> None:
        super().__init__(units, seed)
        self.shelf = replace(self.shelf, room=ROOM)
        self.taken: dict[str, Taken] = {}

    def hold(self, request: str, quantity: int = 1) -> Taken:
        self.taken[request] = self.take(request, quantity)
        return self.taken[request]

    def end(self, request: str, kind: Kind = Kind.RELEASED) -> None:
        taken = self.taken[request]
        for number, entry in reversed(taken.parts):
            assert self.stock.amend(self.shelf, number, end(taken.key, entry, kind)).done

    def sell(self, request: str) -> None:
        taken = self.taken[request]
        for number, entry in reversed(taken.parts):
            amount = 990 if entry.is_tail else 0
            assert self.stock.amend(self.shelf, number, confirm(taken.key, entry, amount)).done

    def restock(self, request: str) -> None:
        taken = self.taken[request]
        for number, entry in reversed(taken.parts):
            money = 990 if entry.is_tail else 0
            sold = entry.become(Kind.SOLD)
            back = refund_whole(taken.key, sold, money, restock=True)
            assert self.stock.amend(self.shelf, number, back).done

    def churn(self, count: int, name: str = "churn") -> None:
        """Reservations that are released at once."""
        for number in range(count):
            self.hold(f"{name} {number}")
            self.end(f"{name} {number}")

    def marks(self) -> list[bool]:
        return [block.overflow is not None for block in self.blocks()]

    def state(self, request: str) -> Kind:
        return self.take(request, hints=self.environment(9)).tail.kind


# -- liveness ------------------------------------------------------------------------------------------


def _sell_and_restock(crowd: Crowd, request: str) -> None:
    crowd.sell(request)
    crowd.restock(request)


ENDINGS: dict[str, Callable[[Crowd, str], None]] = {
    "released": lambda crowd, request: crowd.end(request),
    "expired": lambda crowd, request: crowd.end(request, Kind.EXPIRED),
    "restocked": _sell_and_restock,
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("units", [[1], [UNITS], [1, 1], [UNITS, UNITS, UNITS]], ids=str)
def test_a_free_unit_is_taken_however_many_requests_ended_before(
    ending: str, units: list[int]
) -> None:
    crowd = Crowd(units)
    for number in range(20 * ROOM):
        crowd.hold(f"request {number}")
        ENDINGS[ending](crowd, f"request {number}")
        crowd.check(sum(units))
    for number in range(sum(units)):
        assert not crowd.hold(f"buyer {number}").replayed
    with pytest.raises(SoldOut):
        crowd.take("too late")


def test_a_block_full_of_forwards_of_passers_by_sells_its_last_unit() -> None:
    crowd = Crowd([1] + [UNITS] * 16)
    for number in range(5 * ROOM):
        crowd.hold(f"pair {number}", 2)
        if number % 2:
            crowd.end(f"pair {number}")
        crowd.check(49)
    left = crowd.sums().free
    for number in range(left):
        crowd.hold(f"buyer {number}")
    assert crowd.sums().free == 0


class Crowded:
    """Steps of a sale in any order, each with what must hold after it."""

    def __init__(self, units: list[int], seed: int) -> None:
        self.crowd = Crowd(units, seed)
        self.units = sum(units)
        self.held: list[str] = []
        self.sold: list[str] = []

    def step(self, action: str, number: int, chosen: int, quantity: int) -> None:
        crowd = self.crowd
        # No process goes by a count of before any more that said sold out.
        crowd.now += 2
        self.held = [each for each in self.held if crowd.taken[each].tail.deadline > crowd.now]
        getattr(self, action)(f"request {number}", chosen, quantity)
        crowd.check(self.units)

    def hold(self, request: str, _chosen: int, quantity: int) -> None:
        free = self.crowd.sums().free
        try:
            self.crowd.hold(request, quantity)
        except SoldOut:
            assert free < quantity
        else:
            self.held.append(request)

    def end(self, _request: str, chosen: int, _quantity: int) -> None:
        if self.held:
            self.crowd.end(self.held.pop(chosen % len(self.held)))

    def sell(self, _request: str, chosen: int, _quantity: int) -> None:
        if self.held:
            self.sold.append(self.held.pop(chosen % len(self.held)))
            self.crowd.sell(self.sold[-1])

    def restock(self, _request: str, chosen: int, _quantity: int) -> None:
        if self.sold:
            self.crowd.restock(self.sold.pop(chosen % len(self.sold)))

    def wait(self, _request: str, chosen: int, _quantity: int) -> None:
        self.crowd.now += (1, 30, HOLD, GONE)[chosen % 4]
        self.beat()

    def beat(self, *_: object) -> None:
        self.crowd.beat()

    def retry(self, _request: str, chosen: int, _quantity: int) -> None:
        taken = self.crowd.taken
        if not taken:
            return
        request = sorted(taken)[chosen % len(taken)]
        before = taken[request]
        if self.crowd.now < before.tail.deadline + REMEMBERED:
            again = self.crowd.take(request, sum(entry.quantity for _, entry in before.parts))
            assert (again.key, again.block) == (before.key, before.block)
            assert again.tail.deadline == before.tail.deadline


ACTIONS = ("hold", "hold", "end", "end", "sell", "restock", "wait", "beat", "retry")


@given(
    st.lists(st.integers(1, UNITS), min_size=1, max_size=3),
    st.integers(0, 99),
    st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(0, 99), st.integers(1, 3)),
        min_size=20,
        max_size=60,
    ),
)
@settings(max_examples=150, deadline=None)
def test_whatever_came_before_free_units_are_sold_to_a_new_buyer(
    units: list[int], seed: int, steps: list[tuple[str, int, int]]
) -> None:
    sale = Crowded(units, seed)
    for number, (action, chosen, quantity) in enumerate(steps):
        sale.step(action, number, chosen, quantity)
    sale.crowd.now += 2
    for number in range(sale.crowd.sums().free):
        sale.crowd.take(f"buyer {number}")
    assert sale.crowd.sums().free == 0


# -- what was moved answers as before ------------------------------------------------------------------


def test_a_retry_of_a_moved_entry_gets_the_same_reservation() -> None:
    crowd = Crowd([UNITS])
    first = crowd.hold("first")
    crowd.end("first")
    crowd.churn(3 * ROOM)
    assert first.key not in crowd.blocks()[0].ledger
    again = crowd.take("first", hints=crowd.environment(2))
    assert again.replayed
    assert (again.tail.kind, again.tail.deadline) == (Kind.RELEASED, first.tail.deadline)
    assert crowd.sums().held == 0


def test_a_retry_is_told_its_end_when_all_is_sold_out_and_a_late_buyer_is_refused() -> None:
    crowd = Crowd([UNITS])
    crowd.hold("first")
    crowd.end("first")
    crowd.churn(3 * ROOM)
    for number in range(UNITS):
        crowd.hold(f"buyer {number}")
    with pytest.raises(SoldOut):
        crowd.take("late")
    assert crowd.take("first").tail.kind is Kind.RELEASED


def test_after_its_time_a_moved_key_is_a_new_request() -> None:
    crowd = Crowd([UNITS])
    first = crowd.hold("first")
    crowd.end("first")
    crowd.churn(3 * ROOM)
    crowd.now = first.tail.deadline + REMEMBERED
    second = crowd.take("first")
    assert not second.replayed
    assert second.tail.deadline == crowd.now + HOLD


def test_a_sale_is_found_by_way_of_a_moved_forward_at_any_age() -> None:
    crowd = Crowd([1] + [UNITS] * 4)
    names = [name for name in map(str, range(400)) if _home(crowd, name) == 0]
    crowd.hold(names[0])
    bought = crowd.hold(names[1])
    assert bought.block != 0
    crowd.sell(names[1])
    for name in names[2 : 2 + 3 * ROOM]:
        crowd.hold(name)
        crowd.end(name)
    assert bought.key not in crowd.blocks()[0].ledger
    for _ in range(3):
        crowd.now += GONE
        crowd.beat()
    crowd.hold("other")
    assert crowd.marks()[0], "its mark leads to a sale"
    again = crowd.take(names[1], hints=crowd.environment(3))
    assert (again.block, again.tail.kind) == (bought.block, Kind.SOLD)


def test_a_restocked_sale_in_the_overflow_table_is_counted_found_and_kept() -> None:
    crowd = Crowd([1])
    for number in range(2 * ROOM):
        crowd.hold(f"order {number}")
        crowd.sell(f"order {number}")
        crowd.restock(f"order {number}")
    (block,) = crowd.blocks()
    assert block.has_moved_sales
    assert block.faults() == []
    assert block.counters.orders == 2 * ROOM
    assert all(crowd.state(f"order {number}") is Kind.RESTOCKED for number in range(2 * ROOM))
    for _ in range(3):
        crowd.now += GONE
        crowd.beat()
    assert crowd.marks() == [True]
    assert crowd.state("order 0") is Kind.RESTOCKED


# -- crashes and races ---------------------------------------------------------------------------------


@given(st.integers(1, 6), st.booleans(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_killed_while_entries_are_moved_nothing_is_lost(at: int, after: bool, seed: int) -> None:
    crowd = Crowd([UNITS], seed)
    crowd.churn(ROOM)
    calls = 0

    def die(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Died

    if after:
        crowd.stock.after = die
    else:
        crowd.stock.before = die
    for number in range(4):
        try:
            crowd.take(f"buyer {number}")
        except (Died, SoldOut):
            continue
    crowd.stock.before = crowd.stock.after = lambda _: None
    for number in range(ROOM):
        assert crowd.state(f"churn {number}") is Kind.RELEASED
    crowd.check(UNITS)


def test_a_request_that_slept_while_its_duplicate_came_and_went_takes_nothing() -> None:
    """The entry of its duplicate is moved after it has searched, and before it places its own."""
    crowd = Crowd([UNITS])
    crowd.churn(2 * ROOM)
    crowd.hints.count(crowd.shelf)
    slept = False

    def duplicate(call: str) -> None:
        nonlocal slept
        if call != "amend" or slept:
            return
        slept = True
        crowd.hold("one")
        crowd.end("one")
        crowd.churn(2 * ROOM, "others")

    crowd.stock.before = duplicate
    late = crowd.take("one", hints=crowd.environment(5))
    assert slept
    assert late.tail.kind is Kind.RELEASED
    assert crowd.sums().held == 0


def test_of_two_who_move_the_same_entries_one_does() -> None:
    crowd = Crowd([UNITS])
    crowd.churn(ROOM - 1)
    (block,) = crowd.blocks()
    entries = block.movable()[:2]
    crowd.stock.copy_out(crowd.shelf, 0, dict(entries))
    assert crowd.stock.amend(crowd.shelf, 0, move_out(entries, block)).done
    assert not crowd.stock.amend(crowd.shelf, 0, move_out(entries, block)).done


# -- marks ---------------------------------------------------------------------------------------------


def test_the_mark_is_removed_when_nobody_asks_any_more_and_not_before() -> None:
    crowd = Crowd([UNITS])
    crowd.churn(3 * ROOM)
    assert crowd.marks() == [True]
    last = max(entry.deadline for entry in crowd.stock.all_moved(crowd.shelf, 0).values())
    crowd.now = last + REMEMBERED + IN_FLIGHT - 1
    crowd.beat()
    assert crowd.marks() == [True]
    crowd.now += 1
    crowd.beat()
    assert crowd.marks() == [False]
    writes, reads = crowd.stock.writes, crowd.stock.reads
    crowd.hints.count(crowd.shelf)
    reads = crowd.stock.reads
    crowd.take("cheap again")
    assert (crowd.stock.writes - writes, crowd.stock.reads - reads) == (1, 0)


def test_a_process_that_knows_of_the_mark_reads_before_it_writes() -> None:
    crowd = Crowd([32])
    crowd.shelf = replace(crowd.shelf, room=40)
    crowd.churn(41)
    assert crowd.marks() == [True]
    refused = crowd.stock.refused
    crowd.take("next")
    assert crowd.stock.refused == refused


def test_an_entry_of_a_younger_life_is_found_before_that_of_an_older_one() -> None:
    crowd = Crowd([UNITS])
    first = crowd.hold("one")
    crowd.end("one")
    crowd.churn(2 * ROOM)
    crowd.now = first.tail.deadline + REMEMBERED
    second = crowd.hold("one")
    crowd.end("one")
    crowd.churn(2 * ROOM, "others")
    found = read_entry(crowd.stock, crowd.shelf, 0, second.key)
    assert found is not None
    assert found.deadline == second.tail.deadline
    assert entry_in(crowd.stock, crowd.shelf, None, second.key) is None


def test_what_was_taken_is_found_by_who_only_looks() -> None:
    crowd = Crowd([UNITS])
    crowd.hold("one")
    crowd.end("one")
    crowd.churn(2 * ROOM)
    keys = [ledger_key(SECRET, "one", str(path)) for path in range(3)]
    wish = Wish(keys, 1, crowd.now + HOLD, crowd.now)
    assert find_units(crowd.stock, crowd.hints, crowd.shelf, wish).tail.kind is Kind.RELEASED


@pytest.mark.parametrize("kind", Kind)
def test_until_when_an_entry_is_asked_for_and_found(kind: Kind) -> None:
    deadline = EPOCH + 500
    entry = Entry(kind, 1, deadline)
    ended = deadline + REMEMBERED + IN_FLIGHT
    always = EPOCH + ALWAYS
    paid = kind in (Kind.SOLD, Kind.REFUNDED, Kind.RESTOCKED)
    final = kind in (Kind.RELEASED, Kind.EXPIRED, Kind.VOID)
    assert entry.asked_for_until(EPOCH) == (always if paid else ended)
    assert entry.found_until(EPOCH) == (ended if final else always)


def test_the_room_of_a_ledger_is_more_than_its_units_need() -> None:
    """So there is always room for an entry that takes a free unit: the others can be moved."""
    for sku in ("A", "~499", "S" * 64):
        for blocks in (1, 49_999):
            assert table.ledger_room(sku, blocks) > table.BLOCK_UNITS


def test_entries_that_account_for_units_are_never_moved() -> None:
    crowd = Crowd([UNITS])
    crowd.churn(2)
    crowd.hold("held")
    crowd.hold("sold")
    crowd.sell("sold")
    (block,) = crowd.blocks()
    kinds = {entry.kind for _, entry in block.movable()}
    assert kinds == {Kind.RELEASED}


def _home(crowd: Crowd, request: str) -> int:
    return home_block(ledger_key(SECRET, request, "0"), crowd.shelf.home_blocks)
