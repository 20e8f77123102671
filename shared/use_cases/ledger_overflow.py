"""
The ledger of a block beyond its item: find entries that were moved into the overflow table, and move entries there.

The ledger of a block is the map in its item and, while the item carries an overflow mark, the items of its partition in the
overflow table. An entry is in exactly one of them for every reader: it is written into the table first and removed from the
item after, and the item is searched first.

Crash safety: a process that dies between the two writes leaves an entry in both. Moved entries do not change any more, so the
copy in the table is equal, and a later move or another life of the key replaces it.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.domain.stock import ENDED, Amendment, Block, Entry, move_out, prune
from shared.use_cases.stock_ports import Shelf, StockBlocks

_ENOUGH = 8
"""Ended entries that are worth a move of their own. Forwards may lead to a sale, and are searched until the campaign is over."""


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


def make_room(
    stock: StockBlocks, shelf: Shelf, block: Block, *, now: int, keep: Collection[str] = ()
) -> Amendment:
    """
    What has to be done with a write that places an entry in a block, so that its item has room: forget entries that answer
    nothing any more, and move others into the overflow table. ``keep``: keys that the write itself speaks of.

    The entries that stay account for units, so there is always room for an entry that takes a free unit.
    """
    lacking = len(block.ledger) - shelf.room + 1
    if lacking <= 0:
        return Amendment(expect={}, write={})
    forgotten = dict(each for each in block.forgotten(now) if each[0] not in keep)
    amendment = prune(forgotten.items())
    if len(forgotten) >= lacking:
        return amendment
    movable = [each for each in block.movable() if each[0] not in forgotten and each[0] not in keep]
    ended = [each for each in movable if each[1].kind in ENDED]
    moved = ended if len(ended) >= max(_ENOUGH, lacking - len(forgotten)) else movable
    stock.copy_out(shelf, block.number, dict(moved))
    return amendment.and_also(move_out(moved, block))
