"""
Stock blocks: the units of an offer in pieces of a few dozen, each with a tiny ledger of what happened to them.

A block is one item. Its counters say how many units are free, held and sold; its ledger says to which reservation. Every
movement of stock is an ``Amendment``: the exact ledger entries it expects, the entries it leaves behind, the change of the
counters, and the gates it must pass. A store applies an amendment as ONE conditional write or refuses it and shows the block
as it stood. So the movement, the hold, the record against repetition, the totals and the gate of the show are one write.

An entry is written once at each place: a reservation that cannot be served where its path leads leaves a *forward* there and
goes on. Every path from the home block therefore ends at the same place, for whoever walks it and however often.

The ledger of a block is not bounded by its item. Entries that account for units of the block
(``HELD``, ``SOLD``, ``REFUNDED``) stay in the item: each has at least one unit, so there are at
most ``BLOCK_UNITS`` of them, fewer than the item has room for. All others can be *moved out* into
pages of the overflow table, and the block then carries an ``OverflowMark``. So a full item never
keeps free units from being sold.

Concurrency: the mark is a fencing token. A new entry is placed on condition that the mark is the
one that was read *before* the overflow table was searched for an entry of the same key. Each move
changes the mark, so no entry can be missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from shared.table import (
    BLOCK_UNITS,
    LEDGER_DEADLINE,
    LEDGER_DEALS,
    LEDGER_KIND,
    LEDGER_MONEY,
    LEDGER_NEXT,
    LEDGER_USES,
    OVERFLOW_EDITIONS,
)

FOR_GOOD = 0
"""As a closing instant: the block is closed whatever the clock says, and no later stamp opens it again."""
PAUSED = 1
"""As a closing instant: the block is closed whatever the clock says, until it is stamped for a later version."""
QUEUED = 9_000_000_000
"""As an opening instant: buyers wait in line, and until a later stamp only those who did may take units. Of few digits."""
REMEMBERED = 60
"""Seconds beyond its deadline for which an ended entry still answers a repeated request."""


class Kind(IntEnum):
    """What a ledger entry says of its units."""

    HELD = 0
    RELEASED = 1
    EXPIRED = 2
    VOID = 3
    """Taken as a part of a larger quantity that then could not be completed. Never a reservation."""
    FORWARD = 4
    """Nothing here: the reservation goes on in the next block."""
    SOLD = 5
    REFUNDED = 6
    """All its money went back. The units stay sold: they are gone, or not for this sale any more."""
    RESTOCKED = 7
    """All its money went back, and the units are on sale again."""


ENDED = frozenset({Kind.RELEASED, Kind.EXPIRED, Kind.VOID})
PAID = frozenset({Kind.SOLD, Kind.REFUNDED, Kind.RESTOCKED})
"""What was an order, whatever became of it: never forgotten."""
GIVEN_BACK = frozenset({Kind.REFUNDED, Kind.RESTOCKED})
_MOVABLE = (Kind.RELEASED, Kind.EXPIRED, Kind.VOID, Kind.FORWARD, Kind.RESTOCKED)
"""Entries that account for no units of the block, in the order in which they are moved out of a full item."""

IN_FLIGHT = 15
"""Seconds that a request may run, clock differences included."""
ALWAYS = 999_999
"""Seconds after the laying-out for an entry that answers until the campaign is over: more than any deadline has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one reservation has in one block."""

    kind: Kind
    quantity: int
    deadline: int
    """Seconds since 1970 UTC: a hold is dead from that instant."""
    next: int | None = None
    """The block where the reservation goes on: of a forward, or of a part of a larger quantity."""
    refunded: int = 0
    """Money of a sale that went back in part, minor units."""
    deal: int = 0
    """Of a tail: number of the deal it was promised; 0: none."""

    @property
    def goes_on(self) -> bool:
        """Whether the path goes on in another block of this shelf. A use's does in the ledger of an offer."""
        return self.next is not None and self.next < LEDGER_USES

    @property
    def is_tail(self) -> bool:
        """Whether the reservation ends here. The tail decides its state, and counts it once."""
        return self.next is None

    def forgotten(self, now: int) -> bool:
        """Whether the entry no longer answers a repeated request, and may be replaced or pruned."""
        return self.kind not in PAID and now >= self.deadline + REMEMBERED

    def replaceable(self, now: int) -> bool:
        """Whether a new life of the same key may begin in its place. A part's units are its tail's to decide about."""
        return self.forgotten(now) and (self.kind is not Kind.HELD or self.is_tail)

    def asked_for_until(self, epoch: int) -> int:
        """The instant from which no request can ask for the entry any more, requests under way included."""
        return epoch + ALWAYS if self.kind in PAID else self.deadline + REMEMBERED + IN_FLIGHT

    def found_until(self, epoch: int) -> int:
        """The instant until which a request that comes by must find the entry. A forward may lead to a sale."""
        is_final = self.kind in ENDED
        return self.asked_for_until(epoch) if is_final else epoch + ALWAYS

    def encode(self, epoch: int) -> int:
        """The entry as one number, deadlines counted from ``epoch``."""
        promised = LEDGER_DEALS + self.deal if self.deal else 0
        following = promised if self.next is None else self.next + 1
        rest = (self.deadline - epoch) * LEDGER_DEADLINE + self.kind * LEDGER_KIND + self.quantity
        return self.refunded * LEDGER_MONEY + following * LEDGER_NEXT + rest

    @classmethod
    def decode(cls, value: int, epoch: int) -> Entry:
        """The entry of a number."""
        money, rest = divmod(value, LEDGER_MONEY)
        following, rest = divmod(rest, LEDGER_NEXT)
        deadline, rest = divmod(rest, LEDGER_DEADLINE)
        kind, quantity = divmod(rest, LEDGER_KIND)
        deal = max(0, following - LEDGER_DEALS)
        further = following - 1 if following and not deal else None
        return cls(Kind(kind), quantity, epoch + deadline, further, money, deal)

    def become(self, kind: Kind) -> Entry:
        """The same units in another state."""
        return Entry(kind, self.quantity, self.deadline, self.next, deal=self.deal)


@dataclass(frozen=True, slots=True)
class Counters:
    """Sums of a block, or changes of them. Units, except where said."""

    free: int = 0
    held: int = 0
    sold: int = 0
    orders: int = 0
    """Paid orders."""
    gross: int = 0
    """Money of paid orders, minor units, refunds not subtracted."""
    refunded: int = 0
    """Money given back, minor units."""
    released: int = 0
    """Reservations given back."""
    expired: int = 0
    """Reservations whose hold ran out."""
    replay_orders: int = 0
    """Of ``orders``: those that were reserved in the replay. So with what follows."""
    replay_sold: int = 0
    """Units of these orders, wherever they stand, counted at the tail."""
    replay_gross: int = 0
    replay_refunded: int = 0
    moved_orders: int = 0
    """Paid orders whose entry is in the overflow table."""
    moved_refunded: int = 0
    """Units of refunded sales whose entries are in the overflow table."""

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.free + other.free,
            self.held + other.held,
            self.sold + other.sold,
            self.orders + other.orders,
            self.gross + other.gross,
            self.refunded + other.refunded,
            self.released + other.released,
            self.expired + other.expired,
            self.replay_orders + other.replay_orders,
            self.replay_sold + other.replay_sold,
            self.replay_gross + other.replay_gross,
            self.replay_refunded + other.replay_refunded,
            self.moved_orders + other.moved_orders,
            self.moved_refunded + other.moved_refunded,
        )


@dataclass(frozen=True, slots=True)
class OverflowMark:
    """Mark of a block whose ledger continues in the overflow table."""

    until: int
    """Seconds since 1970 UTC: from this instant on, no request asks for an entry that was moved out."""
    edition: int
    """Number of the last move, modulo 10**6. Concurrency: fencing token, compared for equality."""

    def encode(self, epoch: int) -> int:
        """The mark as one number."""
        return (self.until - epoch) * OVERFLOW_EDITIONS + self.edition

    @classmethod
    def decode(cls, value: int, epoch: int) -> OverflowMark:
        """The mark of a number."""
        until, edition = divmod(value, OVERFLOW_EDITIONS)
        return cls(epoch + until, edition)


@dataclass(frozen=True, slots=True)
class Gate:
    """When a block may be reserved from, and in which version of its campaign that was decided."""

    opens: int
    closes: int
    version: int = 0
    since: int = 0
    """Version of which a block must know at least: one that says the same for an older reason may be told otherwise by
    somebody who is late."""

    def later(self, seconds: int) -> Gate:
        """The same for a block that opens later than the others; while somebody waits, none opens to everybody."""
        if not seconds or self.opens == QUEUED:
            return self
        return replace(self, opens=self.opens + seconds)

    def is_known_to(self, block: Block) -> bool:
        """Whether a block need not be told."""
        said = (block.opens, block.closes) == (self.opens, self.closes)
        return said and block.stamped_for >= self.since


@dataclass(frozen=True, slots=True)
class Block:
    """A stock block as it stood at one instant."""

    number: int
    opens: int
    closes: int
    epoch: int
    """When the stock was laid out: deadlines in the ledger count from here."""
    counters: Counters
    ledger: Mapping[str, Entry] = field(default_factory=dict)
    overflow: OverflowMark | None = None
    """Set while entries of its ledger are in the overflow table."""
    stamped_for: int = 0
    """Version of the campaign that it was last stamped for; 0: it stands as it was laid out."""
    unreadable: frozenset[str] = frozenset()
    """Keys of ledger entries that mean nothing to us. They are told as faults and left alone; the others go on."""

    @property
    def units(self) -> int:
        """Units of the allotment that live in this block."""
        return self.counters.free + self.counters.held + self.counters.sold

    @property
    def is_queued(self) -> bool:
        """Whether free units are for those who wait, and for nobody else."""
        return self.opens == QUEUED

    def is_open(self, now: int, *, admitted: bool = False) -> bool:
        """Whether units may be taken; ``admitted``: by somebody whose turn it is among those who wait."""
        return (admitted or self.opens <= now) and now < self.closes

    def overdue(self, now: int) -> Iterator[tuple[str, Entry]]:
        """Holds whose deadline has passed and that nobody but this block decides about."""
        return ((key, entry) for key, entry in self.holds() if entry.deadline <= now)

    def holds(self) -> Iterator[tuple[str, Entry]]:
        """Holds that nobody but this block decides about, overdue or not."""
        for key, entry in self.ledger.items():
            if entry.kind is Kind.HELD and entry.is_tail:
                yield key, entry

    def forgotten(self, now: int) -> Iterator[tuple[str, Entry]]:
        """Entries that may be pruned by whoever needs the room."""
        for key, entry in self.ledger.items():
            if entry.kind not in (Kind.HELD, Kind.FORWARD) and entry.forgotten(now):
                yield key, entry

    def movable(self) -> list[tuple[str, Entry]]:
        """Entries that may be moved into the overflow table, those first that are asked for least."""
        found = [each for each in self.ledger.items() if each[1].kind in _MOVABLE]
        return sorted(found, key=lambda each: (_MOVABLE.index(each[1].kind), each[1].deadline))

    @property
    def has_moved_sales(self) -> bool:
        """Whether entries of paid orders are in the overflow table."""
        return bool(self.counters.moved_orders or self.counters.moved_refunded)

    def forwards(self, now: int) -> Iterator[tuple[str, Entry]]:
        """Forwards that nobody repeats any more. Where one leads to a sale, it is the only way to find that."""
        for key, entry in self.ledger.items():
            if entry.kind is Kind.FORWARD and entry.forgotten(now):
                yield key, entry

    def faults(self) -> list[str]:
        """What does not add up between the ledger and the counters. Empty when the block is sound."""
        sums = self.counters
        entries = self.ledger.values()
        held = sum(entry.quantity for entry in entries if entry.kind is Kind.HELD)
        sold = sum(entry.quantity for entry in entries if entry.kind in (Kind.SOLD, Kind.REFUNDED))
        orders = sum(1 for entry in entries if entry.kind in PAID and entry.is_tail)
        orders += sums.moved_orders
        found = [
            f"block {self.number}: {name} is {counter} by its counter and {ledger} by its ledger"
            for name, counter, ledger in (
                ("held", sums.held, held),
                ("sold", sums.sold, sold),
                ("orders", sums.orders, orders),
            )
            if counter != ledger
        ]
        found += [
            f"block {self.number}: entry {key} cannot be read" for key in sorted(self.unreadable)
        ]
        found += [
            f"block {self.number}: {name} is negative"
            for name, counter in (("free", sums.free), ("held", sums.held), ("sold", sums.sold))
            if counter < 0
        ]
        return found


@dataclass(frozen=True, slots=True)
class Amendment:
    """One conditional write on one block: all of it, or nothing."""

    expect: Mapping[str, Entry | None]
    """Ledger entries that must stand exactly so; ``None``: must not be there."""
    write: Mapping[str, Entry | None]
    """Ledger entries it leaves; ``None``: removed."""
    change: Counters = Counters()
    open_at: int | None = None
    """The block must be open at this instant."""
    admitted: bool = False
    """For somebody whose turn it is among those who wait: it need not be open to all, only not closed."""
    room: int | None = None
    """The ledger must hold fewer entries than this beforehand."""
    places: bool = False
    """It places an entry, or lifts the mark: the block must carry the mark ``overflow``."""
    overflow: OverflowMark | None = None
    """The overflow mark that the block was read with; ``None``: none."""
    mark: OverflowMark | None = None
    """The overflow mark it leaves; ``None``: the mark stays as it is."""
    unmark: bool = False
    """It removes the overflow mark."""

    @property
    def needs_free(self) -> int:
        """Free units there must be."""
        return max(0, -self.change.free)

    def and_also(self, other: Amendment) -> Amendment:
        """Both in one write. They must not speak of the same entries."""
        return Amendment(
            expect={**other.expect, **self.expect},
            write={**other.write, **self.write},
            change=self.change + other.change,
            open_at=self.open_at,
            admitted=self.admitted,
            room=None
            if self.room is None
            else self.room + sum(entry is None for entry in other.write.values()),
            places=self.places,
            overflow=self.overflow,
            mark=other.mark or self.mark,
            unmark=self.unmark,
        )

    def in_ledger_as(self, overflow: OverflowMark | None) -> Amendment:
        """The same for a block that was read with this overflow mark."""
        return replace(self, overflow=overflow)

    def for_whose_turn_it_is(self) -> Amendment:
        """The same for somebody who has waited for it."""
        return replace(self, admitted=True)


# -- the movements -------------------------------------------------------------------------------------


def take(key: str, entry: Entry, *, now: int, room: int, over: Entry | None = None) -> Amendment:
    """Hold units for a reservation that has nothing here yet (or, in ``over``, only something forgotten)."""
    moved = Counters(free=-entry.quantity, held=entry.quantity)
    return _place(key, entry, moved, now=now, room=room, over=over)


def forward(key: str, entry: Entry, *, now: int, room: int, over: Entry | None = None) -> Amendment:
    """Send a reservation on to another block, and whoever repeats it after it."""
    return _place(key, entry, Counters(), now=now, room=room, over=over)


def _place(
    key: str,
    entry: Entry,
    moved: Counters,
    *,
    now: int | None,
    room: int | None,
    over: Entry | None,
) -> Amendment:
    if over is not None and over.kind is Kind.HELD:
        # A hold that ran out long ago and that no beat has met: its units come back in the same write.
        moved = moved + _unheld(over, Kind.EXPIRED)
    return Amendment(
        expect={key: over},
        write={key: entry},
        change=moved,
        open_at=now,
        room=None if over is not None else room,
        places=True,
    )


def abandon(
    key: str, deadline: int, *, now: int | None, room: int | None, over: Entry | None = None
) -> Amendment:
    """End a path that found too few units, so that nobody who walks it later can complete it.

    ``now=None``: also when the block is closed, as the beat does it.
    """
    return _place(key, Entry(Kind.VOID, 0, deadline), Counters(), now=now, room=room, over=over)


def confirm(key: str, held: Entry, amount: int, *, replay: int = 0) -> Amendment:
    """
    Sell held units. ``amount``: the order's money, counted at the tail; 0 for its other parts. ``replay``: all units of an
    order that was reserved in the replay, counted at the tail, too.
    """
    return Amendment(
        expect={key: held},
        write={key: held.become(Kind.SOLD)},
        change=Counters(
            held=-held.quantity,
            sold=held.quantity,
            orders=1 if held.is_tail else 0,
            gross=amount if held.is_tail else 0,
            replay_orders=1 if replay else 0,
            replay_sold=replay,
            replay_gross=amount if replay else 0,
        ),
    )


def refund_part(key: str, sold: Entry, money: int, *, replay: int = 0) -> Amendment:
    """Give back some of the money of a sale, which stands. That it did is in the entry: nobody can do it again."""
    stays = replace(sold, refunded=sold.refunded + money)
    return Amendment(expect={key: sold}, write={key: stays}, change=_given_back(money, replay))


def refund_whole(
    key: str,
    sold: Entry,
    money: int,
    *,
    restock: bool,
    open_at: int | None = None,
    replay: int = 0,
) -> Amendment:
    """
    Give back the rest of the money of a sale; 0 for its other parts. ``restock``: and put its units on sale again, if the
    block is still open (``open_at``) when that is asked. ``replay``: as with ``confirm``.
    """
    units = sold.quantity if restock else 0
    return Amendment(
        expect={key: sold},
        write={key: sold.become(Kind.RESTOCKED if restock else Kind.REFUNDED)},
        change=Counters(free=units, sold=-units, replay_sold=-replay if restock else 0)
        + _given_back(money, replay),
        open_at=open_at,
        # Back on sale: for whoever waits, if somebody does.
        admitted=open_at is not None,
    )


def _given_back(money: int, replay: int) -> Counters:
    return Counters(refunded=money, replay_refunded=money if replay else 0)


def end(key: str, held: Entry, kind: Kind) -> Amendment:
    """Give held units back, because the hold was released, expired, or is void."""
    return Amendment(expect={key: held}, write={key: held.become(kind)}, change=_unheld(held, kind))


def _unheld(held: Entry, kind: Kind) -> Counters:
    return Counters(
        free=held.quantity,
        held=-held.quantity,
        released=1 if kind is Kind.RELEASED and held.is_tail else 0,
        expired=1 if kind is Kind.EXPIRED and held.is_tail else 0,
    )


def expire(entries: Iterable[tuple[str, Entry]]) -> Amendment:
    """Take back the units of holds whose deadline has passed, several in one write."""
    return _all(end(key, held, Kind.EXPIRED) for key, held in entries)


def release(entries: Iterable[tuple[str, Entry]]) -> Amendment:
    """Give back what is held, several in one write: the sale was called off."""
    return _all(end(key, held, Kind.RELEASED) for key, held in entries)


def prune(entries: Iterable[tuple[str, Entry]]) -> Amendment:
    """Forget entries that no longer answer anything."""
    return _all(Amendment(expect={key: entry}, write={key: None}) for key, entry in entries)


def move_out(entries: Iterable[tuple[str, Entry]], block: Block) -> Amendment:
    """
    Remove entries from the item of a block that are in the overflow table by now, and change its
    overflow mark.

    Concurrency: the entries must be in the item as they were read; if another process has moved
    one of them, nothing is written.
    """
    moved = list(entries)
    seen = block.overflow
    untils = [entry.asked_for_until(block.epoch) for _, entry in moved]
    mark = OverflowMark(
        until=max([*untils, seen.until if seen else 0]),
        edition=(seen.edition + 1) % OVERFLOW_EDITIONS if seen else 1,
    )
    paid = [entry for _, entry in moved if entry.kind in PAID]
    change = Counters(
        moved_orders=sum(entry.is_tail for entry in paid),
        moved_refunded=sum(entry.quantity for entry in paid),
    )
    return replace(prune(moved), change=change, mark=mark)


def unmark(seen: OverflowMark) -> Amendment:
    """Remove the overflow mark of a block: what was moved out of it answers no request any more."""
    return Amendment(expect={}, write={}, places=True, overflow=seen, unmark=True)


def _all(amendments: Iterable[Amendment]) -> Amendment:
    together = Amendment(expect={}, write={})
    for amendment in amendments:
        together = together.and_also(amendment)
    return together


# -- laying out ------------------------------------------------------------------------------------------


def sizes(units: int, least: int = 1) -> list[int]:
    """Units of each block they are laid out in, at ``least`` so many: as even as can be, none over ``BLOCK_UNITS``."""
    count = max(least, -(-units // BLOCK_UNITS))
    each, more = divmod(units, count)
    return [each + 1] * more + [each] * (count - more)
