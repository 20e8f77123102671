"""Taking units: exactly N are sold, a repeated request is served once, and nothing is stranded."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import table
from shared.domain import stock as ledger
from shared.domain.errors import CampaignNotOpen, IdempotencyKeyReused, ReservationExpired, SoldOut
from shared.domain.ids import ledger_key
from shared.domain.stock import ALWAYS, Block, Counters, Entry, Gate, Kind, OverflowMark
from shared.use_cases.hints import Hints
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.stock_ports import Shelf
from shared.use_cases.take_units import Taken, Wish, take_units
from tests.memory_stock import MemoryStock

SECRET = "5e" * 32
EPOCH = 1_790_000_000
OPENS, CLOSES = EPOCH + 100, EPOCH + 3_700
NOW = OPENS + 10
HOLD = 300


class Sale:
    """One offer on sale, and a clock."""

    def __init__(self, units: list[int], seed: int = 1) -> None:
        self.stock = MemoryStock()
        self.now = NOW
        self.shelf = Shelf(
            "cmp_" + "a" * 16,
            "FUJI-12",
            len(units),
            len(units),
            EPOCH,
            table.ledger_room("FUJI-12", 9),
        )
        for number, count in enumerate(units):
            self.stock.lay_out(self.shelf, number, units=count, opens=OPENS, closes=CLOSES)
        self.hints = self.environment(seed)

    def environment(self, seed: int) -> Hints:
        return Hints(
            self.stock, lambda: self.now * 1000, choice=random.Random(seed), pause=lambda _: None
        )

    def take(self, request: str, quantity: int = 1, hints: Hints | None = None) -> Taken:
        keys = [ledger_key(SECRET, request, str(path)) for path in range(3)]
        wish = Wish(keys, quantity, self.now + HOLD, self.now)
        return take_units(self.stock, hints or self.hints, self.shelf, wish)

    def blocks(self) -> list[Block]:
        return self.stock.read_all(self.shelf)

    def beat(self) -> None:
        kept = keep_stock(
            self.stock, self.shelf, self.blocks(), now=self.now, gate=Gate(OPENS, CLOSES)
        )
        assert not kept.faults

    def sums(self) -> Counters:
        return sum((block.counters for block in self.blocks()), Counters())

    def check(self, allotted: int) -> None:
        for block in self.blocks():
            assert block.faults() == []
            assert item_size(self.shelf, block) <= table.WRITE_UNIT
        sums = self.sums()
        assert sums.free + sums.held + sums.sold == allotted


def item_size(shelf: Shelf, block: Block) -> int:
    """Bytes of the item by AWS's rules."""
    size = len(table.STOCK_KEY) + len(table.block(shelf.campaign_id, shelf.sku, block.number))
    sums = block.counters
    numbers = [
        sums.free,
        sums.held,
        sums.sold,
        sums.orders,
        sums.gross,
        sums.refunded,
        sums.released,
    ]
    numbers += [sums.expired, block.opens, block.closes, block.epoch]
    optional = [sums.replay_orders, sums.replay_sold, sums.replay_gross, sums.replay_refunded]
    optional += [sums.moved_orders, sums.moved_refunded, block.stamped_for]
    optional += [block.overflow.encode(block.epoch)] if block.overflow is not None else []
    numbers += [number for number in optional if number]
    size += sum(1 + table.number_size(number) for number in numbers)
    entries = (entry.encode(block.epoch) for entry in block.ledger.values())
    return (
        size
        + 1
        + 3
        + sum(table.LEDGER_KEY_SIZE + 1 + table.number_size(value) for value in entries)
    )


def test_a_reservation_is_one_write() -> None:
    sale = Sale([10, 10])
    sale.take("first")
    assert (sale.stock.writes, sale.stock.reads) == (1, 0)


def test_the_same_request_finds_the_same_units() -> None:
    sale = Sale([10, 10])
    first = sale.take("one", 3)
    again = sale.take("one", 3, sale.environment(2))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.parts == first.parts
    assert sale.sums().held == 3


def test_another_quantity_under_the_same_key_is_refused() -> None:
    sale = Sale([10, 10])
    sale.take("one", 3)
    for quantity in (1, 2, 4):
        with pytest.raises(IdempotencyKeyReused):
            sale.take("one", quantity)


@given(
    st.lists(st.integers(1, 32), min_size=1, max_size=12),
    st.lists(st.sampled_from([1, 1, 1, 2, 3, 5, 8, 40]), min_size=1, max_size=30),
    st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_with_demand_over_stock_every_unit_is_sold(
    units: list[int], quantities: list[int], seed: int
) -> None:
    sale = Sale(units, seed)
    environments = [sale.environment(seed + number) for number in range(3)]
    got = 0
    for number, quantity in enumerate(quantities + [1] * sum(units) + [1, 2]):
        hints = environments[number % 3]
        free = sale.sums().free
        sale.now += number % 2
        try:
            taken = sale.take(f"request {number}", quantity, hints)
        except SoldOut:
            assert free < quantity
        else:
            got += quantity
            assert sum(part.quantity for _, part in taken.parts) == quantity
        sale.check(sum(units))
    assert got == sum(units)


def test_a_quantity_that_fits_no_block_is_taken_from_several() -> None:
    sale = Sale([4, 4, 4, 4])
    taken = sale.take("big", 15)
    assert len(taken.parts) == 4
    assert sale.take("big", 15).parts == taken.parts
    assert sale.sums().free == 1


def test_all_or_nothing() -> None:
    sale = Sale([4, 4, 4, 4])
    with pytest.raises(SoldOut) as refusal:
        sale.take("too big", 17)
    assert refusal.value.facts == {"available": 16}
    assert sale.sums().held == 0


def test_a_late_buyer_costs_no_call_once_the_board_says_sold_out() -> None:
    sale = Sale([2, 2])
    for number in range(4):
        sale.take(f"buyer {number}")
    with pytest.raises(SoldOut):
        sale.take("the first too late")
    writes, reads = sale.stock.writes, sale.stock.reads
    for number in range(100):
        with pytest.raises(SoldOut):
            sale.take(f"too late {number}")
    assert sale.stock.writes + sale.stock.reads - writes - reads <= 10  # the filter's false alarms


def test_who_was_served_is_found_again_when_all_is_sold_out() -> None:
    sale = Sale([2, 2])
    served = [sale.take(f"buyer {number}") for number in range(4)]
    with pytest.raises(SoldOut):
        sale.take("too late")
    again = [sale.take(f"buyer {number}") for number in range(4)]
    assert [taken.parts for taken in again] == [taken.parts for taken in served]


def test_units_of_a_dead_hold_go_to_whoever_meets_it() -> None:
    sale = Sale([3])
    sale.take("abandoned", 3)
    sale.now += HOLD - 1
    with pytest.raises(SoldOut):
        sale.take("early", 2)
    sale.now += 2
    assert sale.take("next", 2).tail.quantity == 2
    sale.check(3)
    assert sale.sums().expired == 1


def test_a_key_is_remembered_for_a_minute_beyond_its_deadline_and_is_new_after_that() -> None:
    sale = Sale([3])
    first = sale.take("one")
    sale.now = first.tail.deadline + ledger.REMEMBERED - 1
    assert sale.take("one").tail.deadline == first.tail.deadline
    sale.now += 1
    second = sale.take("one")
    assert not second.replayed
    assert second.tail.deadline == sale.now + HOLD
    sale.check(3)


def test_the_clock_gates_the_write() -> None:
    sale = Sale([3])
    for instant in (OPENS - 1, CLOSES):
        sale.now = instant
        with pytest.raises(CampaignNotOpen):
            sale.take(f"at {instant}")
    for instant in (OPENS, CLOSES - 1):
        sale.now = instant
        sale.take(f"at {instant}")


class Died(BaseException):
    """The process was killed."""


@given(
    st.integers(1, 14), st.booleans(), st.integers(1, 20), st.integers(0, 999), st.integers(1, 3)
)
@settings(max_examples=300, deadline=None)
def test_killed_at_any_write_and_retried_a_request_is_served_once(
    at: int, after: bool, quantity: int, seed: int, taken_before: int
) -> None:
    sale = Sale([5, 5, 5, 5], seed)
    for number in range(taken_before * 3):
        sale.take(f"other {number}")
    calls = 0

    def die(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Died

    if after:
        sale.stock.after = die
    else:
        sale.stock.before = die
    died = False
    try:
        sale.take("one", quantity)
    except Died:
        died = True
    except SoldOut:
        pass
    sale.stock.before = sale.stock.after = lambda _: None
    held = sale.sums().held - taken_before * 3
    try:
        taken = sale.take("one", quantity, sale.environment(seed + 1))
    except SoldOut:
        assert quantity > 20 - taken_before * 3
    else:
        assert sum(part.quantity for _, part in taken.parts) == quantity
        assert sale.sums().held - taken_before * 3 == quantity
        again = sale.take("one", quantity, sale.environment(seed + 2))
        assert again.parts == taken.parts
    sale.check(20)
    # Whatever was left half-way is back after the deadline.
    sale.now += HOLD + 1
    for _ in range(3):
        sale.beat()
    assert sale.sums().held == 0, (died, held)
    sale.check(20)


def test_a_request_that_never_completed_in_time_is_told_so() -> None:
    sale = Sale([1, 5], 3)
    sale.stock.after = lambda _: (_ for _ in ()).throw(Died)
    request = next(
        name
        for name in (f"request {number}" for number in range(50))
        if Sale([1, 5]).take(name, 6).parts[0][0] == 0
    )
    with pytest.raises(Died):
        sale.take(request, 6)  # refused at home
    calls = 0

    def die_after_the_part(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Died

    sale.stock.after = die_after_the_part
    with pytest.raises(Died):
        sale.take(request, 6)
    sale.stock.after = lambda _: None
    sale.now += HOLD
    with pytest.raises(ReservationExpired):
        sale.take(request, 6)
    sale.beat()
    assert sale.sums() == Counters(free=6)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_an_item_never_exceeds_one_write_unit(seed: int) -> None:
    """Fill blocks in the worst way: long SKU, many blocks, the dearest money, forwards, ended holds, parts."""
    chance = random.Random(seed)
    sku = "S" * 32
    room = table.ledger_room(sku, 31_250)
    entries = {}
    for number in range(room + 1):
        kind = chance.choice(list(Kind))
        following = chance.choice([None, 31_248]) if kind is not Kind.FORWARD else 31_248
        entries[ledger_key(SECRET, str(number))] = Entry(
            kind, 32, EPOCH + 611_111, following, deal=500 if following is None else 0
        )
    shelf = Shelf("cmp_" + "a" * 16, sku, 31_250, 31_250, EPOCH, room)
    money = 32 * 10**12 - 1
    ended = 9_999_999
    sums = Counters(
        *(32, 31, 31, 31, money, money, ended, ended, 31, 31, money, money, 9_999, 99_999)
    )
    mark = OverflowMark(EPOCH + 1 + ALWAYS, 999_999)
    block = Block(
        31_249, EPOCH + 99, EPOCH + 611_111, EPOCH + 1, sums, entries, mark, stamped_for=999_999
    )
    assert item_size(shelf, block) <= table.WRITE_UNIT


def test_sizes_are_even_and_sum_to_the_allotment() -> None:
    for allotment in (1, 31, 32, 33, 40, 4_000, 999_999, 1_000_000):
        sizes = ledger.sizes(allotment)
        assert sum(sizes) == allotment
        assert max(sizes) <= table.BLOCK_UNITS
        assert max(sizes) - min(sizes) <= 1


@given(
    st.sampled_from(Kind),
    st.integers(0, 99),
    st.integers(0, 999_998),
    st.integers(0, 89_998) | st.none(),
    st.integers(0, 9_999),
    st.integers(0, 10**12),
)
def test_an_entry_is_one_number(
    kind: Kind, quantity: int, seconds: int, following: int | None, deal: int, refunded: int
) -> None:
    deal = 0 if following is not None else deal
    entry = Entry(kind, quantity, EPOCH + seconds, following, refunded, deal)
    assert Entry.decode(entry.encode(EPOCH), EPOCH) == entry
