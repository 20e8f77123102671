"""
The ledger of a block beyond its item: find entries that were moved into the overflow table, and move entries there.

The ledger of a block is the map in its item and, while the item carries an overflow mark, the
pages of its partition in the overflow table. An entry is copied into a page first and removed from
the item after, and readers search the item first.

Crash safety: a process that dies between the two writes leaves an entry in both. Movable entries do
not change any more, so the copy is equal; of several copies the one with the latest deadline counts.
"""

from __future__ import annotations

from shared.domain.ids import home_block
from shared.domain.stock import ENDED, Amendment, Block, Entry, move_out, prune
from shared.use_cases.stock_ports import Shelf, StockBlocks

_MIN_ENDED = 8
"""Ended entries that are moved without the forwards, whose pages are searched until the campaign is
over because they may lead to a sale."""


def entry_in(stock: StockBlocks, shelf: Shelf, block: Block | None, key: str) -> Entry | None:
    """The entry of a key in the whole ledger of a block that was read before; ``None``: it has none there."""
    if block is None:
        return None
    entry = block.ledger.get(key)
    if entry is None and block.overflow is not None:
        entry = stock.read_moved(shelf, block.number, key)
    return entry


def read_entry(stock: StockBlocks, shelf: Shelf, number: int, key: str) -> Entry | None:
    """The entry of a key in the whole ledger of a block; ``None``: it has none there."""
    return entry_in(stock, shelf, stock.read(shelf, number), key)


def end_of_path(stock: StockBlocks, shelf: Shelf, key: str) -> tuple[int, Entry | None]:
    """Follow the entries of a key from its home block on: the last block, and the entry there, if any."""
    number = home_block(key, shelf.home_blocks)
    while True:
        entry = read_entry(stock, shelf, number, key)
        if entry is None or entry.next is None:
            return number, entry
        number = entry.next


def make_room(stock: StockBlocks, shelf: Shelf, block: Block, *, now: int) -> Amendment:
    """
    Make room in the item of a block for one more entry: forget entries that answer nothing any
    more, and copy others into the overflow table. Returns what has to be done in the same write
    that places the entry.

    The entries that stay account for units, so there is room for an entry that takes a free unit.
    """
    lacking = len(block.ledger) - shelf.room + 1
    if lacking <= 0:
        return Amendment(expect={}, write={})
    forgotten = dict(block.forgotten(now))
    amendment = prune(forgotten.items())
    if len(forgotten) >= lacking:
        return amendment
    movable = [each for each in block.movable() if each[0] not in forgotten]
    ended = [each for each in movable if each[1].kind in ENDED]
    moved = ended if len(ended) >= max(_MIN_ENDED, lacking - len(forgotten)) else movable
    stock.copy_out(shelf, block.number, dict(moved))
    return amendment.and_also(move_out(moved, block))
