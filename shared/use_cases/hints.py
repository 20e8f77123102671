"""
What this process knows of where units are: every answer of a block it met, and the offer's board.

A hint is never believed, only followed: the conditional write decides. A wrong one costs a write, never a unit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from shared.clock import pause
from shared.domain.board import Board
from shared.domain.stock import Block
from shared.use_cases.stock_ports import Shelf, StockBlocks

FRESH = 200
"""Milliseconds for which a board is good enough to look for units by: no offer is counted more often than this."""
SOLD_OUT_FRESH = 1000
"""Milliseconds for which 'sold out' is believed; units that come back are on sale again after at most this."""
_COUNTING = 1500
"""Milliseconds that one process may take to renew a board before another takes over."""
_WAIT = 0.03
_PATIENCE = 8


@dataclass(slots=True)
class _Known:
    board: Board | None = None
    free: dict[int, int] = field(default_factory=dict)
    """By block, newer than the board."""
    incomplete: set[int] = field(default_factory=set)
    """Blocks whose ledger continues in the overflow table, as far as this process has seen."""


class Hints:
    """Where to look, for all offers that this process serves."""

    def __init__(
        self,
        stock: StockBlocks,
        clock: Callable[[], int],
        *,
        choice: random.Random | None = None,
        pause: Callable[[float], None] = pause,
    ) -> None:
        self._stock = stock
        self._clock = clock
        self._choose = (choice or random).choice  # spreads load, keeps no secret
        self._pause = pause
        self._known: dict[tuple[str, str], _Known] = {}

    def saw(self, shelf: Shelf, number: int, free: int) -> None:
        """Remember what a block answered."""
        self._of(shelf).free[number] = free

    def saw_block(self, shelf: Shelf, block: Block) -> None:
        """Remember how a block was."""
        known = self._of(shelf)
        known.free[block.number] = block.counters.free
        if block.overflow is None:
            known.incomplete.discard(block.number)
        else:
            known.incomplete.add(block.number)

    def saw_mark(self, shelf: Shelf, number: int) -> None:
        """Remember that the ledger of a block continues in the overflow table."""
        self._of(shelf).incomplete.add(number)

    def is_incomplete(self, shelf: Shelf, number: int) -> bool:
        """Whether the ledger of a block is known to continue in the overflow table."""
        return number in self._of(shelf).incomplete

    def has_moved(self, shelf: Shelf, now: int) -> bool:
        """Whether a request may ask for entries that the board at hand does not know of. ``now``: seconds."""
        board = self._of(shelf).board
        return board is not None and now < board.moved_until

    def is_empty(self, shelf: Shelf, number: int) -> bool:
        """Whether a block is known to have nothing, while others are known to have something."""
        known = self._of(shelf)
        return known.free.get(number) == 0 and any(known.free.values())

    def refuses(self, shelf: Shelf, quantity: int, keys: Sequence[str]) -> int | None:
        """Units left if a request can be refused as sold out, else ``None``. No call while the board at hand is fresh."""
        board = self._of(shelf).board
        if board is None or not board.refuses(quantity, keys):
            return None
        if self._age(board) > SOLD_OUT_FRESH or not self._is_whole(board, shelf):
            board = self.renew(shelf, SOLD_OUT_FRESH)
        if not board.refuses(quantity, keys):
            return None
        return 0 if board.queued else board.total

    def choose(self, shelf: Shelf, need: int, visited: Collection[int]) -> int | None:
        """A block that seems to have ``need`` units: the fuller of two drawn by chance (Mitzenmacher 2001)."""
        free = self._of(shelf).free
        able = [number for number, units in free.items() if units >= need and number not in visited]
        if not able:
            return None
        first, second = self._choose(able), self._choose(able)
        return first if free[first] >= free[second] else second

    def fullest(self, shelf: Shelf, visited: Collection[int]) -> int | None:
        """The block that seems to have most, if any has something."""
        free = self._of(shelf).free
        able = [number for number, units in free.items() if units > 0 and number not in visited]
        return max(able, key=lambda number: free[number], default=None)

    def glance(self, shelf: Shelf, freshness: int) -> Board:
        """A board no older than ``freshness`` milliseconds: the one at hand if it will do, without a call."""
        board = self._of(shelf).board
        return (
            board
            if board is not None and self._age(board) <= freshness and self._is_whole(board, shelf)
            else self.renew(shelf, freshness)
        )

    def renew(self, shelf: Shelf, freshness: int = FRESH) -> Board:
        """A board no older than ``freshness`` milliseconds from now on: posted by another, or counted here.

        One process counts at a time; the others wait a moment for its board.
        """
        oldest = self._clock() - freshness
        for _ in range(_PATIENCE):
            board = self._stock.read_board(shelf)
            if board is not None and board.as_of > oldest and self._is_whole(board, shelf):
                return self._learn(shelf, board)
            now = self._clock()
            if self._stock.claim_board(shelf, now=now, until=now + _COUNTING):
                break
            self._pause(_WAIT)
        return self.count(shelf)[0]

    def count(self, shelf: Shelf) -> tuple[Board, list[Block]]:
        """Read every block of the offer now, and post the board of it."""
        as_of = self._clock()
        blocks = self._stock.read_all(shelf)
        board = shelf.board(blocks, as_of=as_of)
        self._stock.post_board(shelf, board)
        incomplete = {block.number for block in blocks if block.overflow is not None}
        self._of(shelf).incomplete = incomplete
        return self._learn(shelf, board), blocks

    def _learn(self, shelf: Shelf, board: Board) -> Board:
        known = self._of(shelf)
        # One that knows of more blocks is better news, whatever the clock of who counted it.
        news = (0, 0) if known.board is None else (len(known.board.free), known.board.as_of)
        if (len(board.free), board.as_of) >= news:
            known.board = board
            known.free = dict(enumerate(board.free))
        return board

    def _is_whole(self, board: Board, shelf: Shelf) -> bool:
        """Whether a board knows of every block: units may have been added since, or others released."""
        missed = shelf.portions and shelf.has_released(since=board.as_of, until=self._clock())
        return len(board.free) >= shelf.blocks and not missed

    def _age(self, board: Board) -> int:
        return self._clock() - board.as_of

    def _of(self, shelf: Shelf) -> _Known:
        return self._known.setdefault((shelf.campaign_id, shelf.sku), _Known())
