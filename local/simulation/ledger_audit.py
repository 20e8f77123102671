"""
What must hold of every stock block after every write, whoever wrote it: units, ledger, money, size, and legal steps only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from local.simulation.values import Item, bytes_of
from local.simulation.violations import Violation, expect
from shared import table
from shared.adapters import dynamodb_stock
from shared.domain.ids import home_block
from shared.domain.stock import (
    ENDED,
    FOR_GOOD,
    GIVEN_BACK,
    PAID,
    REMEMBERED,
    Block,
    Counters,
    Entry,
    Kind,
)
from shared.domain.totals import Sums

Place = tuple[str, str]
"""Campaign and SKU."""
LifeKey = tuple[str, str, str, int]
"""Campaign, SKU, ledger key and deadline: a key may live again, but never with the same deadline."""

MovedKey = tuple[str, str, int, str]
"""Campaign, SKU, block and ledger key."""

_LEASE = "u"
_SMALL = 30
"""Entries of a ledger with which a block cannot be near the bytes it may have."""
_IMMOVABLE = frozenset({Kind.HELD, Kind.SOLD, Kind.REFUNDED})
_STEPS = {
    Kind.HELD: {Kind.SOLD, Kind.RELEASED, Kind.EXPIRED, Kind.VOID},
    # A sale of which a part was given back stands.
    Kind.SOLD: {Kind.SOLD, Kind.REFUNDED, Kind.RESTOCKED},
}


@dataclass(slots=True)
class Life:
    """What became of one reservation, over all its blocks."""

    units: int = 0
    """Ever held for it."""
    tail: tuple[int, int] | None = None
    """Block and units."""
    outcome: Kind | None = None
    parts: dict[int, Kind] = field(default_factory=dict)
    """By block: where it stands."""
    began: int = 0
    """Milliseconds."""


@dataclass(slots=True)
class Shelf:
    """All blocks of an offer, as they stand."""

    blocks: dict[int, Block] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    """Of each block, as it was laid out."""
    opens: dict[int, int] = field(default_factory=dict)
    """When each block opens, whether anybody waits or not; seconds."""
    sums: Sums = field(default_factory=Sums)
    """Of all blocks."""
    free: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Free units of each block since each instant (milliseconds), from when it was laid out."""
    queued_at: int = 0
    """When somebody waited last, for all that its blocks know (milliseconds)."""

    def count(self, before: Block | None, after: Block, now: int) -> None:
        """One block is another now."""
        change = Sums.of([after]) - Sums.of([before] if before is not None else [])
        self.sums += change
        if after.is_queued or (before is not None and before.is_queued):
            self.queued_at = now
        if change.available or before is None:
            self.free.setdefault(after.number, []).append((now, after.counters.free))

    def was_queued(self, since: int) -> bool:
        """Whether free units were for those who waited, at any time since an instant."""
        return self.queued_at >= since or any(block.is_queued for block in self.blocks.values())

    def surely_free(self, since: int) -> int:
        """
        Units that anybody who counts finds, at whatever instant since then each block is read: of each the fewest that were
        free. None of a block that was not there yet, or not on sale.
        """
        opening = min(self.opens.values(), default=0)
        return sum(
            _fewest(free, since)
            for number, free in self.free.items()
            if self.opens[number] <= opening or self.opens[number] * 1000 <= since
        )


def _fewest(counts: list[tuple[int, int]], since: int) -> int:
    """The least of what was counted from an instant on; nothing, if there was no count yet."""
    fewest = counts[-1][1]
    for began, units in reversed(counts):
        fewest = min(fewest, units)
        if began <= since:
            return fewest
    return 0


class Took(Protocol):
    """Hears of units that were taken."""

    def __call__(self, campaign_id: str, sku: str, key: str, *, queued: bool) -> None: ...


class LedgerAudit:
    """Watches the stock table, and the overflow table of its ledgers."""

    def __init__(
        self, clock: Callable[[], int], began: Callable[[], int], *, tolerance: int
    ) -> None:
        """
        ``clock``, and when the process that writes ``began``: milliseconds. ``tolerance``: seconds by which a process
        may be behind, pauses included.
        """
        self.shelves: dict[Place, Shelf] = {}
        self.lives: dict[LifeKey, Life] = {}
        self.moved: dict[MovedKey, Entry] = {}
        """Entries in the overflow table."""
        self.marks_set = self.marks_removed = 0
        self.sold: Callable[[str, str, str, Entry, int], None] = lambda *_: None
        """Told of each tail that is sold: campaign, SKU, key, entry, and the money counted with it."""
        self.refunded: Callable[[str, str, str, int], None] = lambda *_: None
        """Told of each tail whose money went back, or some of it: campaign, SKU, key, and the money counted with it."""
        self.home_blocks: Callable[[str, str], int] = lambda *_: 1
        """Of an offer: campaign and SKU."""
        self.began: Callable[[str, str, str], None] = lambda *_: None
        """Told of each tail that is taken: campaign, SKU and key."""
        self.took: Took = lambda *_, **__: None
        """Told of each part that is taken, too, and whether its block was for those who wait."""
        self.checks: Counter[str] = Counter()
        self.skew = 0
        """Milliseconds that a process's clock may be ahead."""
        self.lag = 0
        """Milliseconds that one may be behind."""
        self._clock = clock
        self._process_began = began
        self.tolerance = tolerance

    def watch(self, old: Item | None, new: Item | None) -> None:
        """Check one write of the stock table."""
        if new is None:
            raise Violation("a stock item was deleted")
        campaign, sku, part = table.stock_place(new[table.STOCK_KEY]["S"])
        if part == table.BOARD:
            self._board(sku, old or {}, new)
            return
        number = int(part)
        after = dynamodb_stock.decode(number, new)
        shelf = self.shelves.setdefault((campaign, sku), Shelf())
        before = shelf.blocks.get(number)
        name = f"{sku} block {number}"
        self.checks["stock conserved"] += 1
        faults = after.faults()
        expect(not faults, name, faults)
        if len(after.ledger) >= _SMALL:
            expect(bytes_of(new) <= table.WRITE_UNIT, name, f"is {bytes_of(new)} bytes")
        expect((before is None) is (old is None), name, "was replaced")
        if before is None:
            expect(
                not after.ledger and after.units == after.counters.free,
                name,
                "is not laid out whole",
            )
            shelf.units[number] = after.units
        elif sku.startswith(table.USES):
            self._used(name, before, after)
        else:
            self._amended(campaign, sku, before, after)
        immovable = sum(1 for e in after.ledger.values() if e.kind in _IMMOVABLE)
        expect(immovable <= after.units - after.counters.free, name, "cannot be emptied")
        expect(after.units == shelf.units[number], name, "gained or lost units")
        shelf.blocks[number] = after
        if before is not None:
            self._mark(campaign, sku, before, after)
        if not after.is_queued:
            shelf.opens[number] = after.opens
        shelf.count(before, after, self._clock())

    def watch_overflow(self, old: Item | None, new: Item | None) -> None:
        """Check one write of the overflow table: an entry is there only as it is in its block, or was in an older life."""
        if new is None:
            raise Violation("an overflow item was deleted")
        campaign, sku, part = table.stock_place(new[table.OVERFLOW_BLOCK]["S"])
        expect(old in (None, new), f"{sku} block {part}", "an overflow page was replaced")
        number = int(part)
        block = self.shelves[campaign, sku].blocks[number]
        for key, value in new[table.OVERFLOW_ENTRIES]["M"].items():
            entry = Entry.decode(int(value["N"]), block.epoch)
            self.checks["moves legal"] += 1
            expect(
                entry.kind not in _IMMOVABLE,
                f"{sku} block {number} {key}",
                f"{entry} was moved out",
            )
            before = self.moved.get((campaign, sku, number, key))
            if before is None or before.deadline < entry.deadline:
                self.moved[campaign, sku, number, key] = entry

    def _mark(self, campaign: str, sku: str, before: Block, after: Block) -> None:
        """A mark says for how long moved entries may be asked for, and changes with each move."""
        name = f"{sku} block {before.number}"
        gone = [
            (key, entry, moved)
            for key, entry in before.ledger.items()
            if key not in after.ledger
            and (moved := self.moved.get((campaign, sku, before.number, key))) == entry
        ]
        if after.overflow is None and before.overflow is not None:
            self.marks_removed += 1
            second = (self._clock() + self.skew) // 1000
            expect(second >= before.overflow.until, name, "its mark was removed too soon")
            self._sales_reached(campaign, sku)
        if after.overflow is None:
            needed = [key for key, entry, _ in gone if not entry.forgotten(self._latest)]
            expect(not needed, name, f"{needed} were moved without a mark")
            return
        if before.overflow is None:
            self.marks_set += 1
        else:
            grew = after.overflow.until >= before.overflow.until
            expect(grew, name, "its mark ends earlier than before")
        for key, entry, _ in gone:
            until = entry.asked_for_until(after.epoch)
            is_marked = after.overflow != before.overflow and after.overflow.until >= until
            expect(is_marked or entry.forgotten(self._latest), name, f"{key}: moved, not marked")

    def _sales_reached(self, campaign: str, sku: str) -> None:
        """Each sale is found from its home block on."""
        shelf = self.shelves[campaign, sku]
        is_uses = sku.startswith(table.USES)
        homes = len(shelf.blocks) if is_uses else self.home_blocks(campaign, sku)
        for number, key, entry in self.entries(campaign, sku):
            if entry.kind not in PAID or entry.goes_on:
                continue
            at: int | None = home_block(key, homes)
            while at is not None and at != number:
                block = shelf.blocks[at]
                way = block.ledger.get(key)
                if way is None and block.overflow is not None:
                    way = self.moved.get((campaign, sku, at, key))
                reached = way is not None and way.deadline == entry.deadline
                expect(reached, f"{sku} {key}", "is sold, and is not found any more")
                at = way.next if way is not None and way.goes_on else None

    def sales_beyond_moved_forwards(self) -> int:
        """Sales whose first entry is in the overflow table."""
        found = 0
        for (campaign, sku), shelf in self.shelves.items():
            if sku.startswith(table.USES):
                continue
            homes = self.home_blocks(campaign, sku)
            for number, key, entry in self.entries(campaign, sku):
                home = home_block(key, homes)
                is_away = entry.kind in PAID and entry.is_tail and home != number
                found += is_away and key not in shelf.blocks[home].ledger
        return found

    def entries(self, campaign: str, sku: str) -> Iterator[tuple[int, str, Entry]]:
        """All that stands in ledgers, and what of it is in the overflow table for as long as the campaign."""
        for block in self.shelves[campaign, sku].blocks.values():
            for key, entry in block.ledger.items():
                yield block.number, key, entry
            if block.has_moved_sales:
                for (*place, number, key), entry in self.moved.items():
                    is_here = (*place, number) == (campaign, sku, block.number)
                    if is_here and entry.kind in PAID and key not in block.ledger:
                        yield number, key, entry

    @property
    def _latest(self) -> int:
        """Seconds: what a process that is ahead may take the time for."""
        return self._clock() // 1000 + self.tolerance

    def _board(self, sku: str, old: Item, new: Item) -> None:
        """An offer's board never gets older, and one process counts at a time."""
        self.checks["boards never older"] += 1
        before, after = dynamodb_stock.decode_board(old), dynamodb_stock.decode_board(new)
        if before is not None:
            expect(after is not None and after.as_of >= before.as_of, sku, "its board got older")
        lease, was = new.get(_LEASE), old.get(_LEASE)
        if was is not None and lease is not None and lease != was:
            latest = self._clock() + self.skew
            expect(int(was["N"]) < latest, sku, "two count it at once")

    def _used(self, name: str, before: Block, after: Block) -> None:
        """The uses of a deal: of whom they are is another's to judge (``use_audit``); a sale is for good, a close too."""
        if before.closes == FOR_GOOD:
            expect(after.closes == FOR_GOOD, name, "was opened again")
        for key, was, now in _changes(before, after):
            self.checks["uses' steps legal"] += 1
            sold = was is not None and was.kind in PAID
            expect(not sold, name, f"{key}: a use that was sold became {now}")
            if was is None and now is not None and now.kind is Kind.HELD:
                expect(before.closes != FOR_GOOD, name, "was taken of a closed block")

    def _amended(self, campaign: str, sku: str, before: Block, after: Block) -> None:
        name = f"{sku} block {before.number}"
        self.checks["ledger steps legal"] += 1
        expect(before.epoch == after.epoch, name, "changed its epoch")
        if before.closes == FOR_GOOD:
            expect(after.closes == FOR_GOOD, name, "was opened again")
        expect(after.stamped_for >= before.stamped_for, name, "was told old news")
        told = Counters()
        sold: list[tuple[str, Entry]] = []
        refunded: list[str] = []
        began: list[str] = []
        for key, was, now in _changes(before, after):
            told += self._step(campaign, sku, before, key, was, now)
            was_sold = was is not None and was.kind is Kind.SOLD
            if now is not None and now.kind is Kind.SOLD and now.is_tail and not was_sold:
                sold.append((key, now))
            if was_sold and now is not None and now.is_tail:
                refunded.append(key)
            if now is not None and now.kind is Kind.HELD and now.is_tail:
                began.append(key)
        for what in ("released", "expired"):
            moved = getattr(after.counters, what) - getattr(before.counters, what)
            expect(
                moved == getattr(told, what), name, f"counts {moved} {what}, {told} by its ledger"
            )
        gross = after.counters.gross - before.counters.gross
        expect(len(sold) == (gross > 0), name, f"took {gross} for {sold}")
        for key, entry in sold:
            self.sold(campaign, sku, key, entry, gross)
        back = after.counters.refunded - before.counters.refunded
        expect(len(refunded) == (back > 0), name, f"gave {back} back for {refunded}")
        self.shelves[campaign, sku].blocks[after.number] = after
        for key in refunded:
            self.refunded(campaign, sku, key, back)
        for key in began:
            self.began(campaign, sku, key)

    def _step(
        self, campaign: str, sku: str, block: Block, key: str, was: Entry | None, now: Entry | None
    ) -> Counters:
        """One entry, from what it was to what it is; what of it the counters must tell."""
        where = f"{sku} block {block.number} {key}"
        second = self._clock() // 1000 + self.tolerance
        told = Counters()
        if was is not None and now is not None and was.deadline == now.deadline:
            is_part = was.kind is now.kind is Kind.SOLD
            follows = replace(was, refunded=now.refunded) if is_part else was.become(now.kind)
            legal = now.kind in _STEPS.get(was.kind, ()) and now == follows
            expect(legal, where, f"went from {was} to {now}")
            if is_part:
                expect(now.is_tail and now.refunded > was.refunded, where, f"{was} became {now}")
                return Counters()
            self._ended(campaign, sku, block.number, key, now)
            return _tally(now)
        moved = self.moved.get((campaign, sku, block.number, key))
        if was is not None and now is None and moved == was:
            return Counters()
        if was is None and moved is not None:
            over = moved.forgotten(second)
            expect(over, where, f"{now} began, and {moved} is in the overflow table")
        if was is not None:
            # Forgotten, or replaced by another life of the key.
            expect(was.kind not in PAID, where, "a sale was forgotten")
            expect(second >= was.deadline + REMEMBERED, where, f"{was} was forgotten too soon")
            if was.kind is Kind.HELD:
                expect(now is not None and was.is_tail, where, f"the hold {was} was forgotten")
                self._ended(campaign, sku, block.number, key, was.become(Kind.EXPIRED))
                told += Counters(expired=1)
        if now is not None:
            expect(now.kind in (Kind.HELD, Kind.FORWARD, Kind.VOID), where, f"began as {now}")
            if now.kind is Kind.HELD:
                self._began(campaign, sku, block, key, now)
        return told

    def _began(self, campaign: str, sku: str, block: Block, key: str, entry: Entry) -> None:
        where = f"{sku} block {block.number} {key}"
        expect(block.closes != FOR_GOOD, where, "was held in a closed block")
        self.checks["nothing before it opens"] += 1
        opens = self.shelves[campaign, sku].opens.get(block.number, block.opens)
        opened = (self._clock() + self.skew) // 1000 >= opens
        expect(opened, where, f"was held before {opens}")
        expect(entry.quantity > 0, where, "holds nothing")
        self.took(campaign, sku, key, queued=block.is_queued)
        life = self.lives.setdefault(
            (campaign, sku, key, entry.deadline), Life(began=self._clock())
        )
        life.units += entry.quantity
        life.parts[block.number] = Kind.HELD
        if entry.is_tail:
            expect(life.tail is None, where, "ends in two places")
            life.tail = block.number, entry.quantity

    def _ended(self, campaign: str, sku: str, number: int, key: str, entry: Entry) -> None:
        life = self.lives[campaign, sku, key, entry.deadline]
        where = f"{sku} {key}"
        self._in_time(where, entry)
        life.parts[number] = entry.kind
        if entry.is_tail:
            if entry.kind not in GIVEN_BACK:
                self.checks["one outcome"] += 1
                expect(life.outcome is None, where, f"ended as {entry.kind} after {life.outcome}")
                expect(entry.kind is not Kind.VOID, where, "a whole reservation was made void")
            life.outcome = entry.kind
            return
        # A part follows its tail; or is void, and then there is no tail.
        if entry.kind is Kind.VOID:
            over = life.tail is None or life.outcome in ENDED
            expect(over, where, "a part of a whole reservation was made void")
        else:
            # What was sold and given back since: its parts were not told of either yet.
            late = entry.kind is Kind.SOLD and life.outcome in GIVEN_BACK
            told = f"a part became {entry.kind}, its tail {life.outcome}"
            expect(late or life.outcome is entry.kind, where, told)

    def _in_time(self, where: str, entry: Entry) -> None:
        """Nobody who came after the deadline sells or releases, and nothing expires before it."""
        self.checks["deadlines kept"] += 1
        if entry.kind is Kind.EXPIRED:
            ended = (self._clock() + self.skew) // 1000 >= entry.deadline
            expect(ended, where, f"{entry} expired too early")
        elif entry.is_tail and entry.kind in (Kind.SOLD, Kind.RELEASED):
            came = (self._process_began() - self.lag) // 1000
            expect(came < entry.deadline, where, f"{entry} is of one who came {came}")

    def entry(self, campaign: str, sku: str, number: int, key: str) -> Entry | None:
        """What stands in a block's ledger."""
        block = self.shelves[campaign, sku].blocks.get(number)
        entry = block.ledger.get(key) if block is not None else None
        return entry or self.moved.get((campaign, sku, number, key))

    def tails(self, campaign: str, sku: str) -> Iterator[tuple[str, Entry]]:
        """The entries that decide about reservations of an offer, by ledger key."""
        shelf = self.shelves.get((campaign, sku))
        for block in shelf.blocks.values() if shelf is not None else ():
            for key, entry in block.ledger.items():
                if entry.is_tail:
                    yield key, entry

    def deadline_of(self, campaign: str, sku: str, key: str) -> int:
        """The end of the hold that is in the ledger under a key."""
        return max(entry.deadline for name, entry in self.tails(campaign, sku) if name == key)

    def units_of(self, campaign: str, sku: str, keys: set[str], second: int) -> int:
        """Units that some keys have: sold, or held and not overdue."""
        return sum(
            entry.quantity
            for block in self.shelves[campaign, sku].blocks.values()
            for key, entry in block.ledger.items()
            if key in keys
            and (entry.kind is Kind.SOLD or (entry.kind is Kind.HELD and entry.deadline > second))
        )


def _changes(before: Block, after: Block) -> Iterator[tuple[str, Entry | None, Entry | None]]:
    for key in before.ledger.keys() | after.ledger.keys():
        was, now = before.ledger.get(key), after.ledger.get(key)
        if was != now:
            yield key, was, now


def _tally(now: Entry) -> Counters:
    if not now.is_tail or now.kind not in ENDED:
        return Counters()
    return Counters(released=int(now.kind is Kind.RELEASED), expired=int(now.kind is Kind.EXPIRED))
