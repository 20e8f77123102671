"""Whole shows under faults, by seed: every promise is judged after every step, and at the end nothing is left open."""

from __future__ import annotations

from collections import Counter

import pytest

from local.simulation.show import play

SEED = 1
SHOWS = 120
CHUNK = 20


@pytest.mark.parametrize("first", range(0, SHOWS, CHUNK))
def test_no_promise_is_broken_in_any_show(first: int) -> None:
    fired: Counter[str] = Counter()
    checks: Counter[str] = Counter()
    for number in range(first, first + CHUNK):
        outcome = play(f"{SEED}/{number}")
        assert outcome.violation is None, (
            f"show {outcome.seed}: {outcome.violation}\n{outcome.trace[-4000:]}"
        )
        fired += outcome.fired
        checks += outcome.checks
    # A run in which nothing went wrong, or nothing was looked at, would prove nothing.
    assert sum(fired.values()) > CHUNK
    assert checks["stock conserved"] > CHUNK


def test_a_show_is_the_same_whenever_it_is_played() -> None:
    first, again = play(f"{SEED}/7"), play(f"{SEED}/7")
    assert (first.digest, first.turns, first.checks) == (again.digest, again.turns, again.checks)
