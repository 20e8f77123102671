"""
Take units for a reservation: at its home block if there are enough, elsewhere if there are not, over several blocks
if need be.

The path of a request is fixed by what it leaves behind: each block holds at most one entry of it, written once.
Whoever walks the path again (a retry, a twin at the same time, a process that took over) reads the same entries and
goes on where they end. No entry changes its block, so no order of crashes and answers lets one request hold units twice.

An entry is placed in one conditional write. Where the item of a block is full, other entries are
moved into the overflow table first (``shared.use_cases.ledger_overflow``); where some were moved
before, the overflow table is searched for an entry of the request first. So a request is never
refused because too many came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.domain.errors import (
    CampaignNotOpen,
    IdempotencyKeyReused,
    OpensInAMoment,
    ReservationExpired,
    SoldOut,
    StockContended,
    StoreBusy,
)
from shared.domain.ids import home_block
from shared.domain.stock import (
    PAID,
    QUEUED,
    Amendment,
    Block,
    Entry,
    Kind,
    abandon,
    end,
    expire,
    forward,
    take,
)
from shared.use_cases.hints import FRESH, Hints
from shared.use_cases.ledger_overflow import entry_in, make_room, read_entry
from shared.use_cases.stock_ports import Amended, Shelf, StockBlocks

_STEPS = 400
"""Writes one path may try. 100 units may stand in 100 blocks; beyond that something is very wrong."""
_GUESSES = 4
"""Blocks tried by hints alone before a fresh board is asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Units that a request asks for."""

    keys: Sequence[str]
    """Ledger keys of the request: of its path, and of those it may begin elsewhere when one had to be abandoned."""
    quantity: int
    deadline: int
    now: int
    """Seconds since 1970 UTC, like ``deadline``."""
    deal: int = 0
    """Number of the deal that is promised with them."""
    next: int | None = None
    """Where the entry goes on: nowhere, but for the use of a deal."""
    admitted: bool = False
    """It is their turn among those who wait: free units are for them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the units of a reservation are."""

    key: str
    parts: tuple[tuple[int, Entry], ...]
    """Block and entry of each part; the last is the tail, which decides the state."""
    replayed: bool
    """The request had been served before."""

    @property
    def block(self) -> int:
        """The tail's block."""
        return self.parts[-1][0]

    @property
    def tail(self) -> Entry:
        """The tail's entry."""
        return self.parts[-1][1]


def take_units(stock: StockBlocks, hints: Hints, shelf: Shelf, wish: Wish) -> Taken:
    """Hold ``wish.quantity`` units, all or nothing; the same request finds the same units.

    Raises ``SoldOut``, ``CampaignNotOpen``, ``IdempotencyKeyReused`` (another quantity under the same key),
    ``ReservationExpired`` (its time ran out before it was complete), ``OpensInAMoment``,
    ``StockContended`` (others take and release the same units) or ``StoreBusy``.
    """
    left = None if wish.admitted else hints.refuses(shelf, wish.quantity, wish.keys)
    if left is not None and not _was_served(stock, hints, shelf, wish):
        raise SoldOut(available=left)
    for attempt, key in enumerate(wish.keys):
        taken = _Path(stock, hints, shelf, wish, key, careful=attempt > 0).walk()
        if taken is not None:
            return taken
    left = hints.count(shelf)[0].total
    if left >= wish.quantity:
        # On each path, units that were seen free were gone on arrival, and others came free where it had been before.
        raise StockContended
    raise SoldOut(available=left)


def _was_served(stock: StockBlocks, hints: Hints, shelf: Shelf, wish: Wish) -> bool:
    """
    Whether a request that would be refused as sold out has begun before: its first entry is in the overflow table, where the
    filter of the board does not know it.
    """
    key = wish.keys[0]
    return hints.has_moved(shelf, wish.now) and (
        stock.read_moved(shelf, home_block(key, shelf.home_blocks), key) is not None
    )


def find_units(stock: StockBlocks, hints: Hints, shelf: Shelf, wish: Wish) -> Taken:
    """What the same request took before. ``CampaignNotOpen`` if it took nothing; nothing is taken now."""
    for key in wish.keys:
        taken = _Path(stock, hints, shelf, wish, key, careful=True).find()
        if taken is not None:
            return taken
    raise CampaignNotOpen


@dataclass(frozen=True, slots=True)
class _Step:
    """A write to try, and the entry it leaves."""

    entry: Entry
    amendment: Amendment


class _PathOver(Exception):
    """Nothing can be taken on this path any more, by nobody."""


class _Path:
    """One path of a request, from its home block. A careful one goes by nothing older than itself."""

    def __init__(
        self, stock: StockBlocks, hints: Hints, shelf: Shelf, wish: Wish, key: str, *, careful: bool
    ) -> None:
        self._stock = stock
        self._hints = hints
        self._shelf = shelf
        self._wish = wish
        self._key = key
        self._now = wish.now
        self._deadline = wish.deadline
        self._need = wish.quantity
        self._guesses = 0 if careful else _GUESSES
        self._freshness = (0,) if careful else (FRESH, 0)
        self._parts: list[tuple[int, Entry]] = []
        self._passed: list[int] = []
        self._at = home_block(key, shelf.home_blocks)

    def walk(self) -> Taken | None:
        """Go on until the units are taken, found, or refused. ``None``: it was abandoned."""
        try:
            step = self._first_write(self._leave_empty_home)
            for _ in range(_STEPS):
                if step is not None and (answer := self._amend(step.amendment)).done:
                    taken = self._arrive(step.entry, replayed=False)
                else:
                    shown = (
                        self._stock.read(self._shelf, self._at) if step is None else answer.block
                    )
                    block = self._shown(shown)
                    found = entry_in(self._stock, self._shelf, block, self._key)
                    if found is None or self._is_over(found):
                        step = self._decide(block, block.ledger.get(self._key))
                        continue
                    taken = self._arrive(found, replayed=True)
                if taken is not None:
                    return taken
                if self._deadline <= self._now:
                    return self._follow()
                step = self._first_write()
        except _PathOver:
            return None
        raise StoreBusy

    def find(self) -> Taken | None:
        """The units that this path came to. ``None``: it was never begun, abandoned, or not completed."""
        try:
            return self._follow()
        except (ReservationExpired, _PathOver):
            return None

    def _follow(self) -> Taken:
        """The end of a path whose time is over: what was completed in time is found, and nothing is taken any more."""
        for _ in range(_STEPS):
            found = read_entry(self._stock, self._shelf, self._at, self._key)
            if found is None or self._is_over(found):
                raise ReservationExpired
            taken = self._arrive(found, replayed=True)
            if taken is not None:
                return taken
        raise StoreBusy

    def _is_over(self, entry: Entry) -> bool:
        """Whether a new life of the request may begin in place of what an older one left, because that bought nothing."""
        if not entry.replaceable(self._now):
            return False
        at, tail = self._at, entry
        while tail.goes_on:
            at = tail.next or 0
            further = read_entry(self._stock, self._shelf, at, self._key)
            if further is None or further.deadline != entry.deadline:
                return True
            tail = further
        if tail.kind is Kind.HELD and not tail.is_tail:
            # The use of a deal: what it is of decides when it is over.
            return False
        if at != self._at and tail.kind is Kind.HELD:
            # Somebody who looked at the clock just before may be about to sell it: ended here, it is over for everybody.
            if not self._stock.amend(self._shelf, at, end(self._key, tail, Kind.EXPIRED)).done:
                raise StoreBusy
            return True
        return tail.kind not in PAID

    def _amend(self, amendment: Amendment) -> Amended:
        if self._wish.admitted:
            amendment = amendment.for_whose_turn_it_is()
        answer = self._stock.amend(self._shelf, self._at, amendment)
        if answer.free is not None:
            self._hints.saw(self._shelf, self._at, answer.free)
        if answer.done and amendment.mark is not None:
            self._hints.saw_mark(self._shelf, self._at)
        return answer

    def _shown(self, block: Block | None) -> Block:
        """The block that refused, remembered as a hint."""
        if block is None:
            raise CampaignNotOpen
        self._hints.saw_block(self._shelf, block)
        return block

    def _arrive(self, entry: Entry, *, replayed: bool) -> Taken | None:
        """Account for our entry in this block and go where it points; the reservation, if it ends here."""
        self._deadline = entry.deadline
        if entry.kind is Kind.VOID and entry.is_tail:
            self._give_back()
            raise _PathOver
        if entry.kind is not Kind.FORWARD:
            self._parts.append((self._at, entry))
            self._need -= entry.quantity
        if entry.goes_on:
            if self._need <= 0:
                raise IdempotencyKeyReused
            self._passed.append(self._at)
            self._at = entry.next or 0
            return None
        if self._need != 0:
            raise IdempotencyKeyReused
        return Taken(self._key, tuple(self._parts), replayed)

    # -- what to try -----------------------------------------------------------------------------------

    def _first_write(self, otherwise: Callable[[], _Step | None] = lambda: None) -> _Step | None:
        """
        The first write to a block that has not shown itself. ``None``: it has to be read before, for its ledger is known to
        continue in the overflow table; a write that expects no overflow mark would be refused.
        """
        if self._hints.is_incomplete(self._shelf, self._at):
            return None
        return otherwise() or self._take_here()

    def _take_here(self, over: Entry | None = None) -> _Step:
        """All that is still needed, from this block."""
        if self._deadline <= self._now:
            raise ReservationExpired
        wish = self._wish
        entry = Entry(Kind.HELD, self._need, self._deadline, wish.next, deal=wish.deal)
        return _Step(entry, take(self._key, entry, now=self._now, room=self._shelf.room, over=over))

    def _leave_empty_home(self) -> _Step | None:
        """
        Two writes instead of three: a home known to be empty gets the forward at once, which looks for a twin just the
        same.
        """
        if not self._guesses or not self._hints.is_empty(self._shelf, self._at):
            return None
        following = self._hints.choose(self._shelf, self._need, [self._at])
        return None if following is None else self._go_on(following)

    def _go_on(self, following: int, over: Entry | None = None) -> _Step:
        entry = Entry(Kind.FORWARD, 0, self._deadline, following)
        return _Step(
            entry, forward(self._key, entry, now=self._now, room=self._shelf.room, over=over)
        )

    def _decide(self, block: Block, over: Entry | None) -> _Step:
        """The next write, now that this block has refused and shown itself. ``over``: a forgotten entry in our place."""
        if not block.is_open(self._now, admitted=self._wish.admitted):
            return self._turn_away(block, over)
        overdue = [(key, entry) for key, entry in block.overdue(self._now) if key != self._key]
        free = block.counters.free + (
            over.quantity if over is not None and over.kind is Kind.HELD else 0
        )
        reclaimed = sum(entry.quantity for _, entry in overdue)
        step = self._spread(free + reclaimed, over)
        taken = step.entry.quantity if step.entry.kind is Kind.HELD else 0
        amendment = step.amendment
        if taken > free:
            amendment = amendment.and_also(expire(overdue))
        return self._placed(step.entry, amendment, block, over)

    def _placed(
        self, entry: Entry, amendment: Amendment, block: Block, over: Entry | None
    ) -> _Step:
        """A write that places an entry in a block which has shown itself, and makes room for it if there is none."""
        if over is None:
            room = make_room(self._stock, self._shelf, block, now=self._now)
            amendment = amendment.and_also(room)
        return _Step(entry, amendment.in_ledger_as(block.overflow))

    def _turn_away(self, block: Block, over: Entry | None) -> _Step:
        """
        The block is not open to anybody, or only to those who wait. A path that has taken units is ended first: who is
        refused, and counted no more for it, must hold nothing.
        """
        if self._passed and self._now < block.opens < QUEUED and self._now < block.closes:
            # Whoever sent us here has a clock that is ahead of ours: in a moment it is open by ours, too.
            raise OpensInAMoment
        if self._parts:
            ending = abandon(self._key, self._deadline, now=None, room=self._shelf.room, over=over)
            return self._placed(Entry(Kind.VOID, 0, self._deadline), ending, block, over)
        if not (block.is_queued and self._now < block.closes):
            raise CampaignNotOpen
        # A board that knows it spares the next one the call.
        self._hints.renew(self._shelf)
        raise SoldOut(available=0)

    def _spread(self, free: int, over: Entry | None) -> _Step:
        """Everything here; or go on to a block that has it; or a part here and the rest elsewhere; or give up."""
        if free >= self._need:
            return self._take_here(over)
        here = [*self._passed, self._at]
        following = (
            self._hints.choose(self._shelf, self._need, here)
            if len(here) <= self._guesses
            else None
        )
        if following is not None:
            return self._go_on(following, over)
        # First by the board that hangs there; if that promises units and shows none, by one counted from this moment on.
        for freshness in self._freshness:
            board = self._hints.renew(self._shelf, freshness)
            following = self._hints.choose(self._shelf, self._need, here)
            if following is not None:
                return self._go_on(following, over)
            if board.total < self._need:
                return self._give_up(board.total, over)
            following = self._hints.fullest(self._shelf, here)
            if following is not None:
                return self._part_here(free, following, over)
        return self._give_up(self._need, over)

    def _part_here(self, free: int, following: int, over: Entry | None) -> _Step:
        """What there is of a quantity that fits no single block, and the rest further on."""
        if free == 0:
            return self._go_on(following, over)
        if self._deadline <= self._now:
            raise ReservationExpired
        part = Entry(Kind.HELD, free, self._deadline, following)
        return _Step(part, take(self._key, part, now=self._now, room=self._shelf.room, over=over))

    def _give_up(self, left: int, over: Entry | None) -> _Step:
        """Sold out, if nothing was taken on the way; else this path is ended first, for all who walk it."""
        if not self._parts and left < self._need:
            raise SoldOut(available=left)
        return _Step(Entry(Kind.VOID, 0, self._deadline), self._void(over))

    def _void(self, over: Entry | None) -> Amendment:
        return abandon(self._key, self._deadline, now=self._now, room=self._shelf.room, over=over)

    def _give_back(self) -> None:
        """Return the parts of an abandoned path. Whoever finds it abandoned helps; the beat does it if nobody comes by."""
        for number, part in self._parts:
            if part.kind is Kind.HELD:
                self._stock.amend(self._shelf, number, end(self._key, part, Kind.VOID))
