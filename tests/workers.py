"""
Two workers of pytest-xdist: whoever asks for the deployed stack runs on one of them, each other file where there is room.

Not by pytest-xdist's own groups (``--dist loadgroup``): with pytest 9.2 they do not take hold
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

STACK: Final = ("tests/journeys/", "tests/local/test_stack.py")
"""Where tests are that share the deployed stack: started once, for it is dear, and not fast for two at once."""
OWN_STACK: Final = "tests/hostile/test_reference.py"
PROBES: Final = "tests/proof/test_engines.py"


class StackOnOneWorker(LoadScopeScheduling):  # type: ignore[misc]  # has no types
    """Hands out the tests of the stack as one piece, and the others file by file."""

    def _split_scope(self, nodeid: str) -> str:
        return "stack" if nodeid.startswith(STACK) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return StackOnOneWorker(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        asks = "stack" in getattr(item, "fixturenames", ())
        known = item.nodeid.startswith((*STACK, OWN_STACK))
        assert asks <= known, f"{item.nodeid}: name it in {__name__}"
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """The probes of the engines before everything that rests on them; then the longest piece, the stack's."""
    if item.nodeid.startswith(PROBES):
        return 0
    return 1 if item.nodeid.startswith(STACK) else 2
