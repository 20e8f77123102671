"""The one place that reads the time, so that everything else takes it as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_seconds() -> int:
    """Whole seconds since 1970 UTC, rounded down: the resolution of every deadline and window."""
    return int(time.time())


def now_millis() -> int:
    """Milliseconds since 1970 UTC: for ``created_at`` and ``as_of``."""
    return time.time_ns() // 1_000_000


def rfc3339(seconds: float) -> str:
    """An instant as RFC 3339 UTC with ``Z``, to the second, or to the millisecond if it has a fraction."""
    spec = "seconds" if seconds == int(seconds) else "milliseconds"
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def rfc3339_millis(millis: int) -> str:
    """The same, to the millisecond always: of two such texts, the greater is the later."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
