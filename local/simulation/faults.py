"""
What goes wrong between a process and the services it calls: drawn by chance, within a budget, and counted.

A fault that never fired proves nothing, so each is counted by its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from local.simulation.refusals import refuse

WRITES: Final = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"),
        *("PutEvents", "StartExecution", "PutObject", "DeleteObject"),
    }
)
_ENDPOINT: Final = "https://dynamodb.simulated"


class Killed(BaseException):
    """The process is gone. Not an ``Exception``, so that nothing tidies up after it."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How likely each fault is, at each call."""

    killed_before: float = 0.0
    killed_after: float = 0.0
    lost_answer: float = 0.0
    """The call is done, and its answer does not come."""
    unreached: float = 0.0
    """The call is not done, and no answer comes."""
    throttled: float = 0.0
    broken: float = 0.0
    """An internal error of the service, before it did anything."""
    conflict: float = 0.0
    """Of a transaction."""
    stalled: float = 0.0
    """The process stands still for seconds."""
    again: float = 0.5
    """That what happened to one try happens to the next too: the SDK tries three times."""


CALM: Final = Weather()
ROUGH: Final = Weather(
    killed_before=0.006,
    killed_after=0.006,
    lost_answer=0.012,
    unreached=0.004,
    throttled=0.006,
    broken=0.004,
    conflict=0.1,
    stalled=0.01,
)


@dataclass(slots=True)
class Outage:
    """A table that answers nothing for a while. Milliseconds since 1970 UTC."""

    role: str
    since: int
    until: int

    def hits(self, roles: frozenset[str], now: int) -> bool:
        """Whether a call to these tables fails now."""
        return self.role in roles and self.since <= now < self.until


@dataclass(slots=True)
class Faults:
    """The faults of one show."""

    random: Random
    weather: Weather = CALM
    budget: int = 0
    """How many may still fire."""
    outages: list[Outage] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    _again: str | None = None

    def fire(self, kind: str, chance: float) -> bool:
        """Whether this fault fires now; counted if so."""
        if self._again == kind:
            self._again = None
            chance = self.weather.again
        elif self.budget <= 0:
            return False
        if not chance or self.random.random() >= chance:
            return False
        self.budget -= 1
        self.fired[kind] += 1
        self._again = kind
        return True

    def end(self) -> None:
        """From now on nothing goes wrong any more, nor again."""
        self.weather, self.budget, self.outages, self._again = CALM, 0, [], None

    def before(self, operation: str, request: Mapping[str, Any], now: int) -> None:
        """Raise what keeps a call from being done. ``now``: milliseconds."""
        if self.outages:
            self._outage(operation, request, now)
        if self.budget <= 0 and self._again is None:
            return
        weather = self.weather
        if self.fire("killed before a call", weather.killed_before):
            raise Killed
        if self.fire("throttled", weather.throttled):
            raise refuse(operation, "ProvisionedThroughputExceededException", "throttled")
        if self.fire("internal error", weather.broken):
            raise refuse(operation, "InternalServerError", "broken", status=500)
        if self.fire("call lost", weather.unreached):
            raise ConnectionClosedError(endpoint_url=_ENDPOINT)
        if operation == "TransactWriteItems" and self.fire(
            "transaction conflict", weather.conflict
        ):
            raise conflict(len(request["TransactItems"]))

    def after(self, operation: str) -> None:
        """Raise what keeps the answer of a call that was done from coming."""
        if self.budget <= 0 and self._again is None:
            return
        if self.fire("killed after a call", self.weather.killed_after):
            raise Killed
        if operation in WRITES and self.fire("answer lost", self.weather.lost_answer):
            raise ReadTimeoutError(endpoint_url=_ENDPOINT)

    def _outage(self, operation: str, request: Mapping[str, Any], now: int) -> None:
        roles = roles_of(request)
        if any(outage.hits(roles, now) for outage in self.outages):
            self.fired["outage"] += 1
            raise refuse(operation, "InternalServerError", "down", status=500)


def conflict(actions: int) -> Exception:
    """A transaction cancelled because another transaction is at one of its items."""
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (actions - 1)]
    return refuse(
        "TransactWriteItems",
        "TransactionCanceledException",
        "Transaction cancelled: TransactionConflict",
        CancellationReasons=reasons,
    )


def actions_of(operation: str, request: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """What a call does to which table, as permissions have it: a transaction does what its parts do."""
    if operation != "TransactWriteItems":
        return frozenset((role, operation) for role in roles_of(request))
    return frozenset(
        (part["TableName"], kind if kind == "ConditionCheck" else f"{kind}Item")
        for action in request["TransactItems"]
        for kind, part in action.items()
    )


def roles_of(request: Mapping[str, Any]) -> frozenset[str]:
    """The tables that a call is about."""
    if "TableName" in request:
        return frozenset({request["TableName"]})
    if "RequestItems" in request:
        return frozenset(request["RequestItems"])
    actions = request.get("TransactItems", ())
    return frozenset(part["TableName"] for action in actions for part in action.values())
