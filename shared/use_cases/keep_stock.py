"""
Keep the stock of one offer in order: what the beat of the show does to its blocks.

Every repair is a conditional write on what was read, so that two beats at once, or a beat that stopped half-way, do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.domain.ids import home_block
from shared.domain.stock import (
    ENDED,
    IN_FLIGHT,
    PAID,
    REMEMBERED,
    Block,
    Entry,
    Gate,
    Kind,
    abandon,
    expire,
    prune,
    release,
    unmark,
)
from shared.use_cases.ledger_overflow import entry_in, make_room
from shared.use_cases.settle_hold import share_end
from shared.use_cases.stock_ports import Shelf, StockBlocks

_TIDY_ABOVE = 0.75
"""Share of the ledger's room from which ended entries are pruned: until then they keep telling what became of them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a beat found and did."""

    expired: int
    """Holds whose units came back."""
    held: int
    """Units still held afterwards, as far as this beat knows."""
    faults: Sequence[str]
    """What does not add up. Empty when the books are sound."""


def keep_stock(
    stock: StockBlocks,
    shelf: Shelf,
    blocks: Sequence[Block],
    *,
    now: int,
    gate: Gate,
    called_off: bool = False,
) -> Kept:
    """
    Stamp, expire, mend and prune, from a strongly consistent reading of all blocks of the offer. ``called_off``: what is
    held is released, whenever it would end.
    """
    expired = held = 0
    faults: list[str] = []
    kept: dict[int, Block] = {}
    for block in blocks:
        faults += block.faults()
        own = gate.later(shelf.delay(block.number))
        if not own.is_known_to(block):
            stock.stamp(shelf, block.number, own)
        held += block.counters.held
        overdue = dict(block.overdue(now))
        given_back = {k: e for k, e in block.holds() if k not in overdue} if called_off else {}
        due = overdue | given_back
        ending = expire(overdue.items()).and_also(release(given_back.items()))
        if due and stock.amend(shelf, block.number, ending).done:
            expired += len(overdue)
            held -= sum(entry.quantity for entry in due.values())
            ended = {
                key: entry.become(Kind.EXPIRED if key in overdue else Kind.RELEASED)
                for key, entry in due.items()
            }
            block = replace(block, ledger={**block.ledger, **ended})  # noqa: PLW2901
        kept[block.number] = block
    # Parts after the tails of all blocks: whatever this beat has ended, it ends whole.
    for block in kept.values():
        for key, entry in block.ledger.items():
            if entry.kind is Kind.HELD and not entry.is_tail:
                held -= _mend(stock, shelf, kept, block.number, key, entry, now)
        if len(block.ledger) > shelf.room * _TIDY_ABOVE:
            forgotten = [
                *block.forgotten(now),
                *(
                    way
                    for way in block.forwards(now)
                    if not _may_lead_to_a_sale(stock, shelf, kept, *way)
                ),
            ]
            if forgotten:
                stock.amend(shelf, block.number, prune(forgotten))
    remove_marks(stock, shelf, kept, now)
    return Kept(expired, held, faults)


def remove_marks(stock: StockBlocks, shelf: Shelf, blocks: Mapping[int, Block], now: int) -> None:
    """
    Remove the overflow marks of blocks whose moved entries answer no request any more, so that their reservations are one
    write again. A mark stays while a sale of the offer is reached by way of a moved entry.
    """
    due = [block for block in blocks.values() if block.overflow and block.overflow.until <= now]
    if due and not _needs_moved_entries(shelf, blocks, now):
        for block in due:
            if block.overflow is not None:
                stock.amend(shelf, block.number, unmark(block.overflow))


def _needs_moved_entries(shelf: Shelf, blocks: Mapping[int, Block], now: int) -> bool:
    """
    Whether a sale, or an old hold that may have been sold since it was read, is not reached from its home block by way of
    entries in items alone. Younger ones need no look: the marks on their way are not due.
    """
    if any(block.has_moved_sales for block in blocks.values()):
        return True
    for block in blocks.values():
        for key, entry in block.ledger.items():
            ends_here = not entry.goes_on and entry.kind not in ENDED
            if not ends_here or entry.deadline + REMEMBERED + IN_FLIGHT > now:
                continue
            at: int | None = home_block(key, shelf.home_blocks)
            while at is not None and at != block.number:
                before = blocks[at].ledger.get(key)
                if before is None or before.deadline != entry.deadline:
                    return True
                at = before.next if before.goes_on else None
    return False


def _may_lead_to_a_sale(
    stock: StockBlocks, shelf: Shelf, blocks: Mapping[int, Block], key: str, entry: Entry
) -> bool:
    """
    Whether units that count against a buyer's limit are found only by way of an entry. A hold may have been sold since it
    was read.
    """
    _, tail = _walk(stock, shelf, blocks, entry, key)
    return tail is not None and tail.kind not in ENDED and tail.deadline == entry.deadline


def _mend(
    stock: StockBlocks,
    shelf: Shelf,
    blocks: Mapping[int, Block],
    number: int,
    key: str,
    part: Entry,
    now: int,
) -> int:
    """Give a part the end its tail came to; end a path that was never completed. The units that are held no more."""
    at, tail = _walk(stock, shelf, blocks, part, key)
    if tail is None or tail.deadline < part.deadline:
        # Never completed, as far as this reading goes. Blocks are read one after the other: an older life's end may stand
        # where this life's came a moment later, and says nothing of it.
        if part.deadline > now:
            return 0
        # Nobody may complete the path once its parts go back: the void is written first, where the path stops. What an
        # older life has bought stands there for good, and nobody goes on from it anyway.
        if tail is None or tail.kind not in PAID:
            if tail is not None and not tail.replaceable(now):
                return 0
            block = blocks[at]
            over = block.ledger.get(key)
            ending = abandon(key, part.deadline, now=None, room=shelf.room + 1, over=over)
            if over is None:
                ending = ending.and_also(make_room(stock, shelf, block, now=now))
            ending = ending.in_ledger_as(block.overflow)
            if not stock.amend(shelf, at, ending).done:
                return 0
        tail = Entry(Kind.VOID, 0, part.deadline)
    elif tail.deadline > part.deadline:
        # The key has begun another life; this part was left over from one that is over.
        tail = Entry(Kind.VOID, 0, part.deadline)
    if tail.kind is Kind.HELD:
        return 0
    return part.quantity if stock.amend(shelf, number, share_end(key, part, tail)).done else 0


def _walk(
    stock: StockBlocks, shelf: Shelf, blocks: Mapping[int, Block], part: Entry, key: str
) -> tuple[int, Entry | None]:
    """Where the path of an entry ends, and what stands there: its tail, nothing, or what another life of the key left."""
    entry: Entry | None = part
    at = -1
    while entry is not None and entry.deadline == part.deadline and entry.next is not None:
        at = entry.next
        entry = entry_in(stock, shelf, blocks.get(at), key)
    return at, entry
