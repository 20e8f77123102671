"""The stock table in memory: the same conditions, in the same order, without the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

from shared.domain.board import Board
from shared.domain.errors import StoreBusy
from shared.domain.stock import FOR_GOOD, Amendment, Block, Counters, Entry, Gate
from shared.use_cases.stock_ports import Amended, Shelf


class MemoryStock:
    """Implements ``StockBlocks``. ``before``/``after`` are called around every write, and may raise or interleave."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[str, str, int], Block] = {}
        self.boards: dict[tuple[str, str], Board] = {}
        self.moved: dict[tuple[str, str, int], dict[str, Entry]] = {}
        self.leases: dict[tuple[str, str], int] = {}
        self.writes = 0
        self.refused = 0
        self.reads = 0
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self._lock = Lock()

    def amend(self, shelf: Shelf, number: int, amendment: Amendment) -> Amended:
        self.before("amend")
        with self._lock:
            answer = self._amend(shelf, number, amendment)
        self.after("amend")
        return answer

    def _amend(self, shelf: Shelf, number: int, amendment: Amendment) -> Amended:
        self.writes += 1
        key = (shelf.campaign_id, shelf.sku, number)
        block = self.blocks.get(key)
        if block is None or not _allows(block, amendment):
            self.refused += 1
            return Amended(done=False, block=block)
        ledger = dict(block.ledger)
        for name, entry in amendment.write.items():
            if entry is None:
                ledger.pop(name, None)
            else:
                ledger[name] = entry
        after = replace(
            block,
            counters=block.counters + amendment.change,
            ledger=ledger,
            overflow=None if amendment.unmark else amendment.mark or block.overflow,
        )
        self.blocks[key] = after
        return Amended(done=True, free=after.counters.free if amendment.change.free else None)

    def read(self, shelf: Shelf, number: int) -> Block | None:
        self.reads += 1
        return self.blocks.get((shelf.campaign_id, shelf.sku, number))

    def read_moved(self, shelf: Shelf, number: int, key: str) -> Entry | None:
        self.reads += 1
        return self.all_moved(shelf, number).get(key)

    def all_moved(self, shelf: Shelf, number: int) -> dict[str, Entry]:
        return self.moved.setdefault((shelf.campaign_id, shelf.sku, number), {})

    def copy_out(self, shelf: Shelf, number: int, entries: Mapping[str, Entry]) -> None:
        self.before("copy_out")
        with self._lock:
            self.writes += 1
            moved = self.all_moved(shelf, number)
            for key, entry in entries.items():
                if key not in moved or moved[key].deadline <= entry.deadline:
                    moved[key] = entry
        self.after("copy_out")

    def read_all(self, shelf: Shelf) -> list[Block]:
        self.reads += shelf.blocks
        keys = [(shelf.campaign_id, shelf.sku, number) for number in range(shelf.blocks)]
        if any(key not in self.blocks for key in keys):
            raise StoreBusy
        return [self.blocks[key] for key in keys]

    def read_shelves(self, shelves: Sequence[Shelf]) -> list[list[Block]]:
        return [self.read_all(shelf) for shelf in shelves]

    def lay_out(self, shelf: Shelf, number: int, *, units: int, opens: int, closes: int) -> None:
        self.before("lay_out")
        self.blocks.setdefault(
            (shelf.campaign_id, shelf.sku, number),
            Block(number, opens, closes, shelf.epoch, Counters(free=units)),
        )
        self.after("lay_out")

    def stamp(self, shelf: Shelf, number: int, gate: Gate) -> bool:
        self.before("stamp")
        key = (shelf.campaign_id, shelf.sku, number)
        with self._lock:
            block = self.blocks.get(key)
            if block and block.closes != FOR_GOOD and block.stamped_for <= gate.version:
                self.blocks[key] = replace(
                    block, opens=gate.opens, closes=gate.closes, stamped_for=gate.version
                )
        self.after("stamp")
        return block is not None

    def read_board(self, shelf: Shelf) -> Board | None:
        self.reads += 1
        return self.boards.get((shelf.campaign_id, shelf.sku))

    def claim_board(self, shelf: Shelf, *, now: int, until: int) -> bool:
        with self._lock:
            key = (shelf.campaign_id, shelf.sku)
            if self.leases.get(key, -1) >= now:
                return False
            self.leases[key] = until
            return True

    def post_board(self, shelf: Shelf, board: Board) -> None:
        with self._lock:
            key = (shelf.campaign_id, shelf.sku)
            held = self.boards.get(key)
            if held is None or held.as_of < board.as_of:
                self.boards[key] = board
                self.leases.pop(key, None)


def _allows(block: Block, amendment: Amendment) -> bool:
    if any(block.ledger.get(name) != entry for name, entry in amendment.expect.items()):
        return False
    if amendment.open_at is not None and not block.is_open(
        amendment.open_at, admitted=amendment.admitted
    ):
        return False
    if amendment.places and block.overflow != amendment.overflow:
        return False
    if amendment.room is not None and len(block.ledger) >= amendment.room:
        return False
    return block.counters.free >= amendment.needs_free or not amendment.needs_free
