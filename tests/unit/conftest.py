"""What unit tests have: a clock of another year. A test that holds on certain days only fails on the day it is written."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from shared import clock

YEARS_ON = 10 * 365 * 24 * 3600


class LaterYear:
    """The machine's time, ten years on."""

    def now(self) -> float:
        return time.time() + YEARS_ON

    def elapsed(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture(autouse=True)
def in_another_year() -> Iterator[None]:
    before = clock.go_by(LaterYear())
    yield
    clock.go_by(before)
