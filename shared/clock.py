"""The one place that reads the time, and lets it pass, so that everything else takes it as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Timepiece(Protocol):
    """What the time is read from."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""

    def elapsed(self) -> float:
        """Seconds since some instant: never goes back."""

    def pause(self, seconds: float) -> None:
        """Come back after so long."""


class _Machine:
    def now(self) -> float:
        return time.time()

    def elapsed(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


_timepiece: Timepiece = _Machine()


def go_by(timepiece: Timepiece) -> Timepiece:
    """Read the time from another timepiece from now on, as a simulation does. The one it was read from before."""
    global _timepiece
    before, _timepiece = _timepiece, timepiece
    return before


def now_seconds() -> int:
    """Whole seconds since 1970 UTC, rounded down: the resolution of every deadline and window."""
    return int(_timepiece.now())


def now_millis() -> int:
    """Milliseconds since 1970 UTC: for ``created_at`` and ``as_of``."""
    return int(_timepiece.now() * 1000)


def elapsed() -> float:
    """Seconds since some instant: never goes back. For how long something is remembered."""
    return _timepiece.elapsed()


def pause(seconds: float) -> None:
    """Wait."""
    _timepiece.pause(seconds)


def rfc3339(seconds: float) -> str:
    """An instant as RFC 3339 UTC with ``Z``, to the second, or to the millisecond if it has a fraction."""
    spec = "seconds" if seconds == int(seconds) else "milliseconds"
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def rfc3339_millis(millis: int) -> str:
    """The same, to the millisecond always: of two such texts, the greater is the later."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
