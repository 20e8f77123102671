"""
A process that parts in two: what the other one finds out is told to the first, and nothing else of it remains.

So a course of events is gone through once, and each of its possible ends from where it parts, with nothing begun anew.
"""

from __future__ import annotations

import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

T = TypeVar("T")
_TOO_LONG: Final = 300
"""Seconds after which the other process is given up."""


class Died(AssertionError):
    """What went wrong in the other process, with its traceback."""


class Fork:
    """The other half of a process, in either of the two."""

    def __init__(self) -> None:
        self._ears, self._voice = os.pipe()
        with warnings.catch_warnings():
            # Other threads of a test run wait for its orders, and hold no lock that anybody here asks for.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._child = os.fork()
        os.close(self._ears if self.is_child else self._voice)
        if self.is_child:
            signal.alarm(_TOO_LONG)

    @property
    def is_child(self) -> bool:
        return self._child == 0

    def tell(self, found: Any = None, fault: BaseException | None = None) -> NoReturn:
        """In the child: what was found out, or why nothing was. It is gone then."""
        told = found if fault is None else "".join(traceback.format_exception(fault))
        try:
            with os.fdopen(self._voice, "wb") as voice:
                pickle.dump((fault is None, told), voice)
        finally:
            os._exit(0)

    def hear(self) -> Any:
        """In the parent: what the child found out. ``Died`` if it could not."""
        with os.fdopen(self._ears, "rb") as ears:
            said = ears.read()
        os.waitpid(self._child, 0)
        is_well, told = pickle.loads(said) if said else (False, "it was gone without a word")
        if not is_well:
            raise Died(told)
        return told


def apart(find: Callable[[], T]) -> T:
    """What a function gives back that is called in another process, which is like this one now. ``Died`` if it fails."""
    fork = Fork()
    if not fork.is_child:
        found: T = fork.hear()
        return found
    try:
        fork.tell(find())
    except BaseException as fault:  # noqa: BLE001  # whatever it is, the parent must hear of it
        fork.tell(fault=fault)
