"""Calls that wait for the store, made side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 8
"""Below the 10 connections of a client."""

pool: Callable[[int], Executor] = ThreadPoolExecutor
"""What they are made by. A simulation, which must be repeatable, puts its own here."""

Thing = TypeVar("Thing")
Done = TypeVar("Done")


def side_by_side(act: Callable[[Thing], Done], things: Iterable[Thing]) -> list[Done]:
    """What ``act`` gives for each, in their order. If one fails, so does the whole, once all have ended."""
    all_things = list(things)
    if len(all_things) < 2:
        # Nobody has to be hired for it.
        return [act(thing) for thing in all_things]
    with pool(AT_ONCE) as workers:
        return list(workers.map(act, all_things))
