"""
Execution environments: processes of their own, as Lambda keeps them, each with its own memory of the world.

What a function remembers between two calls is made in ``shared.wiring`` and in its handler's module, so an environment is
a fresh copy of these two on top of everything else, which is shared because it remembers nothing. Copies are made once a
process and used by one show after the other, always from a cold start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import shared

FUNCTIONS: Final = Path(__file__).parents[2] / "functions"
SECONDS: Final[Mapping[str, int]] = {
    "authorize": 5,
    "arrange_stock": 600,
    "check_books": 28,
    "prepare_stock": 600,
    "open_campaign": 30,
    "keep_books": 60,
    "close_campaign": 300,
    "reconcile_campaign": 300,
    "settle_campaign": 300,
    "package_campaign": 900,
    "refund_order": 30,
    "rehearse_show": 300,
    "judge_rehearsal": 60,
    "clear_rehearsal": 300,
    "hand_over_orders": 900,
    "fulfil_order": 30,
    "parcels": 28,
    "publish_changes": 60,
}
"""How long a function may run, if not the usual time. A test holds them against the stack."""
USUAL_SECONDS: Final = 10
_WIRING: Final = "shared.wiring"

Handler = Callable[[Any, object], Any]
Connect = Callable[[str], Any]


def function_names() -> list[str]:
    """Every function there is, by its folder."""
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/handler.py"))


class Environment:
    """One process of one function, for one invocation at a time."""

    _copies: dict[str, list[Environment]] = {}  # noqa: RUF012 - of the whole process

    def __init__(self, function: str) -> None:
        self.function = function
        self.skew = 0
        """Milliseconds that its clock is ahead."""
        with _fresh_modules(function):
            self._wiring = import_module(_WIRING)
            self._handler = import_module(f"functions.{function}.handler")
        self.handler: Handler = self._handler.lambda_handler

    @classmethod
    def copy(cls, function: str, number: int) -> Environment:
        """The environment of that number; made if there never was one."""
        copies = cls._copies.setdefault(function, [])
        while len(copies) <= number:
            copies.append(cls(function))
        return copies[number]

    @property
    def seconds(self) -> int:
        """How long an invocation may take."""
        return SECONDS.get(self.function, USUAL_SECONDS)

    def start_cold(self, connect: Connect, *, skew: int = 0) -> None:
        """Forget everything, and be connected to a world."""
        self.skew = skew
        self._wiring.connect = connect  # type: ignore[attr-defined]
        for made in chain(vars(self._wiring).values(), vars(self._handler).values()):
            if hasattr(made, "cache_clear"):
                made.cache_clear()


@contextmanager
def _fresh_modules(function: str) -> Iterator[None]:
    """What is imported within is a copy that nobody else will ever import."""
    functions = import_module("functions")
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_own(name, function)}
    attributes = [(shared, "wiring"), (functions, function)]
    old = [(holder, name, holder.__dict__.pop(name, None)) for holder, name in attributes]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_own(name, function)]:
            del sys.modules[name]
        sys.modules.update(kept)
        for holder, name, module in old:
            _put_back(holder, name, module)


def _is_own(name: str, function: str) -> bool:
    return name == _WIRING or f"{name}.".startswith(f"functions.{function}.")


def _put_back(holder: ModuleType, name: str, module: ModuleType | None) -> None:
    holder.__dict__.pop(name, None)
    if module is not None:
        setattr(holder, name, module)
