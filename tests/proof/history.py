"""
A history of operations, as Jepsen writes it: who began what, when, and what is known of how it ended.

An operation that was refused by name has failed: it had no effect. One that got no answer, or was told to come back, is
``info``: it may have had its effect, or have it yet, or never. It is never taken for a failure; this one rule is what makes
the checkers right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.errors import Busy, InternalError, Refusal

Told = TypeVar("Told")


class Type(StrEnum):
    """What an entry says of its operation."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a history."""

    process: int
    type: Type
    f: str
    """What is done: ``reserve``, ``pay``, ``read`` …"""
    value: Any
    """What it is about; of an answer, what was told."""
    time: int
    """Nanoseconds of the machine's own clock, which all its processes share and which never goes back."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An invocation and what became of it."""

    f: str
    asked: Any
    began: int
    type: Type
    told: Any
    ended: int | None
    """``None`` if it never ended: it may have its effect at any time."""


class History:
    """The entries of one race, in the order of their times. Threads may write at once."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)

    def attempt(
        self,
        process: int,
        f: str,
        value: Any,
        act: Callable[[], Told],
        tell: Callable[[Told], Any] = lambda told: told,
    ) -> Told | Refusal | None:
        """
        Do one operation, and write down what ``tell`` says of its answer. The answer, or how it was refused; ``None`` if
        nothing is known of it.
        """
        self.note(process, Type.INVOKE, f, value)
        try:
            told = act()
        except (Busy, InternalError):
            self.note(process, Type.INFO, f, value)
            return None
        except Refusal as refusal:
            self.note(process, Type.FAIL, f, refusal.code)
            return refusal
        except BaseException:
            # A process that died in the middle, or a fault of ours: what it did is done.
            self.note(process, Type.INFO, f, value)
            raise
        self.note(process, Type.OK, f, tell(told))
        return told

    def note(self, process: int, type_: Type, f: str, value: Any) -> None:
        """Write one entry, now."""
        self.entries.append(Entry(process, type_, f, value, time.monotonic_ns()))

    def join(self, entries: Iterable[Entry]) -> None:
        """Take in what another process wrote."""
        self.entries = sorted([*self.entries, *entries], key=lambda entry: entry.time)

    def operations(self, f: str) -> Iterator[Operation]:
        """Each operation of a kind. A process does one at a time."""
        open_: dict[int, Entry] = {}
        for entry in self.entries:
            if entry.f != f:
                continue
            if entry.type is Type.INVOKE:
                if entry.process in open_:
                    raise ValueError(f"process {entry.process} does two things at once")
                open_[entry.process] = entry
                continue
            began = open_.pop(entry.process)
            ended = None if entry.type is Type.INFO else entry.time
            yield Operation(f, began.value, began.time, entry.type, entry.value, ended)
        for began in open_.values():
            yield Operation(f, began.value, began.time, Type.INFO, None, None)
