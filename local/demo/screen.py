"""What a person sees of the show: one line that lives in a terminal, or plain lines anywhere else. On stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from local.demo.evidence import Json
from local.demo.playbook import Playbook

BLOCKS: Final = "▁▂▃▄▅▆▇█"
BARS: Final = 24
BAR_SECONDS: Final = 4.0
"""Seconds of each bar of the sparkline."""
PLAIN_EVERY: Final = 10.0
"""Seconds between two plain lines, if the pinned product does not change before."""


class Screen:
    """The line of the show, while it is used as a context."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._lives = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live: Live | None = None
        self._told_at = float("-inf")
        self._told_of: object = None

    def __enter__(self) -> Self:
        if self._lives:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, line: str, scene: object) -> None:
        """The line of this instant. Where lines stay, only one now and then, and the first of each ``scene``."""
        if self._live is not None:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"))
        elif scene != self._told_of or time.monotonic() - self._told_at >= PLAIN_EVERY:
            self._told_at, self._told_of = time.monotonic(), scene
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class Pulse:
    """Orders over the last seconds, from totals as they come in."""

    def __init__(self) -> None:
        self._bars: dict[int, int] = {}
        self._orders = 0

    def feel(self, totals: Json, now: float) -> None:
        """Newer totals, seen at ``now``."""
        bar = int(now / BAR_SECONDS)
        self._bars[bar] = self._bars.get(bar, 0) + totals["orders"] - self._orders
        self._orders = totals["orders"]

    def sparkline(self, now: float) -> str:
        """A bar for each span of ``BAR_SECONDS`` until now, the highest one full."""
        last = int(now / BAR_SECONDS)
        first = max(min(self._bars, default=last), last - BARS + 1)
        heights = [self._bars.get(bar, 0) for bar in range(first, last + 1)]
        top = max(*heights, 1)
        return "".join(BLOCKS[(len(BLOCKS) - 1) * height // top] for height in heights)

    def per_minute(self, now: float) -> int:
        """Orders a minute, by the last span that is over."""
        last = int(now / BAR_SECONDS) - 1
        return round(self._bars.get(last, 0) * 60 / BAR_SECONDS)


def line_of(playbook: Playbook, pulse: Pulse, totals: Json, now: float, wall: str) -> str:
    """Show clock, pinned product, orders a minute, units left and held, the wall's address."""
    units = totals["units"]
    parts = [
        f"{playbook.clock(now)} {totals['status']:<9}",
        f"{totals['pinned'] or '—':<9}",
        f"{pulse.sparkline(now)} {pulse.per_minute(now):,}/min",
        f"{totals['orders']:,} orders",
        f"{units['available']:,} left, {units['held']:,} held",
        wall,
    ]
    return "  ".join(part for part in parts if part)
