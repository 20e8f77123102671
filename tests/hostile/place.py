"""Where it is asked: in this process, where all of it is, or over HTTP of the deployed stack, where a spread of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tests.hostile.front import Answer
from tests.hostile.premises import Premises
from tests.hostile.reference import Endpoint, endpoints

T = TypeVar("T")
SELDOM = 4
"""Over HTTP, one of so many things goes to each endpoint, and each of them to some."""
ALL = endpoints()


class Place:
    """Two merchants in one deployment, and how to see what is written there."""

    def __init__(
        self,
        name: str,
        premises: Premises,
        rival: Premises,
        belongings: Callable[[], object],
        *,
        often: bool,
    ) -> None:
        """
        ``premises``: whom it is about. ``belongings``: what is in the store, but for what somebody may have read into it;
        cheap if it is asked for ``often``.
        """
        self.name = name
        self.premises = premises
        self.rival = rival
        self.belongings = belongings
        self._often = often
        self.asked = 0

    def chosen(self, things: Iterable[T], endpoint: Endpoint | None = None) -> Iterator[T]:
        """All of them, or those of which it is this endpoint's turn."""
        turn = ALL.index(endpoint) if endpoint else 0
        for number, thing in enumerate(things):
            if self._often or number % SELDOM == turn % SELDOM:
                yield thing

    def refused(self, method: str, target: str, body: Any = None, **more: Any) -> Answer:
        """The answer to a request that must change nothing."""
        before = self.belongings() if self._often else None
        answer = self.ask(method, target, body, **more)
        assert answer.code
        assert not self._often or self.belongings() == before
        return answer

    def ask(self, method: str, target: str, body: Any = None, **more: Any) -> Answer:
        self.asked += 1
        return self.premises.ask(method, target, body, **more)
