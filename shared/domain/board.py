"""
The board of an offer: the free units of every block, as of an instant, read by whoever looks for units away from home.

A board made of a strongly consistent count is also the only thing that may say *sold out*. It then carries a filter of the
ledger keys it saw, so that the answer costs a late buyer no call at all, while a buyer who repeats a request that succeeded
is still led to the reservation. (Bloom 1970: 12 bits a key and 6 probes give 0.4 % false alarms a key, each one
needless look.)
"""

from __future__ import annotations

import base64
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from shared.domain.stock import Block

LARGEST_QUANTITY = 100
"""Units in one reservation. A board with fewer units left carries the filter, because it may have to refuse."""

_BITS_PER_KEY = 12
_PROBES = 6
_LARGEST_FILTER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Board:
    """Free units of an offer."""

    as_of: int
    """Milliseconds since 1970 UTC, before the first block was read."""
    total: int
    """Free units, holds that are overdue counted as free."""
    free: bytes
    """By block, one byte each: units that can be had there."""
    seen: bytes = b""
    """Filter of the ledger keys in the blocks; empty when nothing may be refused by this board."""
    queued: bool = False
    """Whether every block knew, before it was read, that free units are for those who wait."""
    moved_until: int = 0
    """Seconds since 1970 UTC until which a request may ask for an entry that is in the overflow table, so not in ``seen``;
    0: there is none."""

    def refuses(self, quantity: int, keys: Sequence[str]) -> bool:
        """Whether ``quantity`` is sold out for a request that is no repetition of one that was served."""
        too_few = self.queued or self.total < quantity
        return too_few and bool(self.seen) and not any(map(self._may_hold, keys))

    def _may_hold(self, key: str) -> bool:
        return all(self.seen[bit >> 3] >> (bit & 7) & 1 for bit in _probes(key, len(self.seen) * 8))


def make_board(blocks: Iterable[Block], *, as_of: int, kept_back: Container[int] = ()) -> Board:
    """
    The board of a complete, strongly consistent reading of an offer's blocks in order of number. ``kept_back``: numbers of
    those that are to open later.
    """
    free = bytearray()
    total = 0
    queued = True
    moved_until = 0
    keys: list[str] = []
    now = as_of // 1000
    for block in blocks:
        units = block.counters.free + sum(entry.quantity for _, entry in block.overdue(now))
        units = units if block.number not in kept_back else 0
        total += units
        queued = queued and block.is_queued
        free.append(units)
        keys.extend(block.ledger)
        if block.overflow is not None:
            moved_until = max(moved_until, block.overflow.until)
    seen = _filter(keys) if queued or total < LARGEST_QUANTITY else b""
    return Board(as_of, total, bytes(free), seen, queued, moved_until)


def _filter(keys: list[str]) -> bytes:
    size = min(_LARGEST_FILTER, max(8, len(keys) * _BITS_PER_KEY // 8))
    bits = bytearray(size)
    for key in keys:
        for bit in _probes(key, size * 8):
            bits[bit >> 3] |= 1 << (bit & 7)
    return bytes(bits)


def _probes(key: str, bits: int) -> list[int]:
    """Bits of a key: two halves of its 48 random bits, combined (Kirsch and Mitzenmacher 2006)."""
    number = int.from_bytes(base64.urlsafe_b64decode(key), "big")
    first, step = number >> 24, number & 0xFFFFFF | 1
    return [(first + probe * step) % bits for probe in range(_PROBES)]
