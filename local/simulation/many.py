"""Many shows, on every core: the same shows for the same seed, however they are dealt out."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from local.simulation.show import Outcome, play

CHUNK = 25
"""Shows that one process plays at a stretch."""


@dataclass(slots=True)
class Summary:
    """What came of many shows."""

    shows: int = 0
    turns: int = 0
    answers: int = 0
    orders: int = 0
    units: int = 0
    seconds: int = 0
    """Of the plays, together."""
    kinds: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)
    """Shows in which something did not hold."""
    took: float = 0.0
    """Seconds of ours."""

    def add(self, outcome: Outcome) -> None:
        """Count a show in."""
        self.shows += 1
        self.turns += outcome.turns
        self.answers += outcome.answers
        self.orders += outcome.orders
        self.units += outcome.units
        self.seconds += outcome.seconds
        self.kinds[outcome.kind] += 1
        self.fired += outcome.fired
        self.checks += outcome.checks
        self.met += outcome.met
        if outcome.violation is not None:
            self.broken.append(outcome)

    def figures(self, seed: int) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "seed": seed,
            "shows": self.shows,
            "violations": len(self.broken),
            "kinds": dict(self.kinds.most_common()),
            "sale_seconds": self.seconds,
            "steps": self.turns,
            "answers": self.answers,
            "orders": self.orders,
            "units": self.units,
            "faults_fired": dict(self.fired.most_common()),
            "checks_made": dict(self.checks.most_common()),
            "met": dict(self.met.most_common()),
            "took_seconds": round(self.took, 1),
            "broken": [
                {"show": outcome.seed, "violation": outcome.violation} for outcome in self.broken
            ],
        }


def seed_of(seed: int, show: int) -> str:
    """The seed of one show of many."""
    return f"{seed}/{show}"


def simulate(
    shows: Iterable[int],
    seed: int,
    *,
    workers: int | None = None,
    tell: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Play shows of a seed, by their numbers. ``tell`` hears how it goes."""
    summary = Summary()
    began = time.monotonic()
    chunks = list(_chunks(shows))
    count = min(workers or os.cpu_count() or 1, len(chunks))
    if count <= 1:
        outcomes: Iterable[list[Outcome]] = (play_all(seed, chunk) for chunk in chunks)
        _add_all(summary, outcomes, began, tell)
        return summary
    # Fresh processes: what is inherited by a fork may hold locks of threads that are not there.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=prepare) as pool:
        _add_all(summary, pool.map(play_all, [seed] * len(chunks), chunks), began, tell)
    return summary


def _add_all(
    summary: Summary,
    outcomes: Iterable[list[Outcome]],
    began: float,
    tell: Callable[[Summary], None],
) -> None:
    for chunk in outcomes:
        for outcome in chunk:
            summary.add(outcome)
        summary.took = time.monotonic() - began
        tell(summary)


def prepare() -> None:
    """Make a process ready for many shows: what is loaded stays, so it need not be looked at for garbage."""
    play(seed_of(0, 0))
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def play_all(seed: int, numbers: list[int]) -> list[Outcome]:
    """Play some shows one after the other."""
    return [play(seed_of(seed, number)) for number in numbers]


def _chunks(shows: Iterable[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for number in shows:
        chunk.append(number)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
