"""
Two workers of pytest-xdist: whoever asks for the deployed stack runs on one of them, strangers at their own stack together,
and each other file where there is room.

Not by pytest-xdist's own groups (``--dist loadgroup``): with pytest 9.2 they do not take hold
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

STACK: Final = ("tests/journeys/", "tests/local/test_stack.py")
"""Where tests are that share the deployed stack: started once, for it is dear, and not fast for two at once."""
STRANGERS: Final = "tests/hostile/"
"""Where tests are that share another one. Last among them is what leaves it busy."""
BUSY: Final = "tests/hostile/test_reference.py"
PROBES: Final = "tests/proof/test_engines.py"


class StackOnOneWorker(LoadScopeScheduling):  # type: ignore[misc]  # has no types
    """Hands out the tests of a stack as one piece, and the others file by file."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(STACK):
            return "stack"
        return STRANGERS if nodeid.startswith(STRANGERS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return StackOnOneWorker(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        asks = "stack" in getattr(item, "fixturenames", ())
        known = item.nodeid.startswith((*STACK, STRANGERS))
        assert asks <= known, f"{item.nodeid}: name it in {__name__}"
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    # What is loaded by now stays, so it need not be looked at for garbage: a tenth of the time of a simulated show.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _turn(item: pytest.Item) -> int:
    """The probes of the engines before everything that rests on them; then the longest pieces, those of the stacks."""
    if item.nodeid.startswith(PROBES):
        return 0
    if item.nodeid.startswith(STACK):
        return 1
    if item.nodeid.startswith(STRANGERS):
        return 3 if item.nodeid.startswith(BUSY) else 2
    return 4
