"""
How many wait before a ticket, for thousands who ask every few seconds.

Each process keeps a copy of the numbers that wait: a second old at most, and a second more for each thousand of them, so
that a line costs as much to tell when it is long and when it is short.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.clock import elapsed
from shared.use_cases.waitlist_ports import Line, Waitlists

_NUMBERS_A_SECOND = 1_000
_MOST = 500
"""Lines kept. Beyond that all are forgotten: it is a copy."""


@dataclass(frozen=True, slots=True)
class _Copy:
    read_at: float
    waiting: Sequence[int]
    last: int
    """The last number there was."""

    @property
    def fresh_until(self) -> float:
        return self.read_at + 1 + len(self.waiting) / _NUMBERS_A_SECOND


class LineReader:
    """Tells places, for all lines that this process is asked about."""

    def __init__(self, waitlists: Waitlists, clock: Callable[[], float] = elapsed) -> None:
        self._waitlists = waitlists
        self._clock = clock
        self._known: dict[Line, _Copy] = {}

    def before(self, line: Line, number: int) -> int:
        """How many wait before a number, those who came after the copy was made counted as waiting."""
        copy = self._copy(line)
        return bisect_left(copy.waiting, number) + max(0, number - copy.last - 1)

    def _copy(self, line: Line) -> _Copy:
        now = self._clock()
        known = self._known.get(line)
        if known is not None and now < known.fresh_until:
            return known
        since = self._waitlists.progress(line).first
        waiting, last = self._waitlists.waiting(line, since=since)
        if len(self._known) >= _MOST:
            self._known.clear()
        copy = _Copy(now, waiting, last)
        self._known[line] = copy
        return copy
