"""
A DynamoDB whose answers get lost or broken on their way, as AWS's do: DynamoDB Local behind microburst.

Calls go straight to the store; only the tries that are to fail go by way of the proxy, each with the name of its fault.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from local.engine.places import PYTHON
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process
from local.simulation.faults import WRITES

EVERY: Final = 99
"""Tries: more than any SDK makes."""
_HEADER: Final = "x-fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a call goes wrong."""

    name: str
    rule: Mapping[str, Any]
    """What microburst does."""
    tries: int
    """How many tries of one call it befalls. The SDK makes three."""
    busy: bool | None = False
    """Whether the caller hears that it is to try again; ``None``: it depends on whether the SDK, or the functions, can find
    out what became of the call. Of a body that was mangled the SDK tries again if a checksum tells it."""
    on_every_path: bool = False
    """Whether how it ends depends on the path, and not on the write alone: it was done and nobody heard of it, or the
    functions themselves have to try again."""
    transactions: bool = False
    """Whether it befalls nothing else."""


_ERROR: Final = "InternalServerError"
_THROTTLE: Final = "ProvisionedThroughputExceededException"
_CONFLICT: Final = {
    "code": "TransactionCanceledException",
    "fields": {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]},
}
FAULTS: Final = (
    Fault("answer cut after the commit", {"response": {"abort_bytes": 0}}, 1, on_every_path=True),
    Fault("answer cut half-way", {"response": {"abort_frac": 0.5}}, 1),
    Fault("half a body", {"response": {"truncate_frac": 0.5}}, 1, busy=None),
    Fault("corrupt body", {"response": {"corrupt_bytes": 16}}, 1, busy=None),
    Fault("throttled twice", {"error": {"code": _THROTTLE}}, 2),
    Fault("error before the commit", {"error": {"code": _ERROR, "status": 500}}, 1),
    Fault("transaction conflict", {"error": _CONFLICT}, 1, on_every_path=True, transactions=True),
    Fault("no answer ever", {"response": {"abort_bytes": 0}}, EVERY, busy=None, on_every_path=True),
    Fault(
        "storm of 503", {"error": {"code": "ServiceUnavailable", "status": 503}}, EVERY, busy=True
    ),
)


@dataclass(frozen=True, slots=True)
class Write:
    """A write that somebody made."""

    operation: str
    roles: tuple[str, ...]
    """The tables, which have the names of their roles."""
    words: str
    """Its expressions: what it does, and what it expects."""

    @classmethod
    def of(cls, operation: str, request: Mapping[str, Any]) -> Write:
        """The write that a request asks for."""
        parts = _parts(request)
        words = [
            f"{part.get('UpdateExpression', '')} if {part.get('ConditionExpression', '')}"
            for part in parts
        ]
        return cls(operation, tuple(part["TableName"] for part in parts), "; ".join(words))

    def __str__(self) -> str:
        return f"{self.operation} {' and '.join(self.roles)}"


def _parts(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of a transaction; any other write is one."""
    actions = request.get("TransactItems", ())
    return [part for action in actions for part in action.values()] or [request]


class Saboteur:
    """Sits in a client: notes its writes, and lets one of them go wrong."""

    def __init__(self, client: Any, proxy: str) -> None:
        self.writes: list[Write] = []
        self.keys: list[tuple[str, Mapping[str, Any]]] = []
        """Table, and an item's key or the whole item, of all that was written."""
        self._proxy = urlsplit(proxy)
        self._strike: tuple[int, Fault] | None = None
        self._left = 0
        events = client.meta.events
        events.register("before-parameter-build.dynamodb", self._note)
        events.register("before-send.dynamodb", self._divert)

    def watch(self, strike: tuple[int, Fault] | None = None) -> None:
        """Begin anew. ``strike``: the place of a write among those to come, from 0, and what befalls it."""
        self.writes.clear()
        self.keys.clear()
        self._strike, self._left = strike, 0

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        self._left = 0
        if model.name not in WRITES:
            return
        self.keys += [
            (part["TableName"], part.get("Key") or part["Item"]) for part in _parts(params)
        ]
        if self._strike is not None and self._strike[0] == len(self.writes):
            self._left = self._strike[1].tries
        self.writes.append(Write.of(model.name, params))

    def _divert(self, request: Any, **_: Any) -> None:
        if not self._left or self._strike is None:
            return
        self._left -= 1
        request.url = urlunsplit(self._proxy._replace(path="/"))
        request.headers[_HEADER] = self._strike[1].name


class Proxy:
    """A running microburst."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self._line = HTTPConnection(HOST, port, timeout=60)

    @classmethod
    @contextmanager
    def before(cls, upstream: str, folder: Path) -> Iterator[Proxy]:
        """In front of a store. ``folder``: for its rules and its log."""
        rules = [{"headers": {_HEADER: fault.name}, **fault.rule} for fault in FAULTS]
        # JSON is YAML.
        config, log = folder / "faults.yml", folder / "microburst.log"
        config.write_text(json.dumps({"rules": rules}), encoding="utf-8")
        port = free_port()
        options = ("--upstream", upstream, "--port", str(port), "--config", str(config))
        command = [str(PYTHON), "-m", "microburst", *options]
        process = Process.start(command, log=log, env=os.environ)
        wait_until(lambda: listens(port), process=process, what="microburst", log=log)
        try:
            found = cls(port)
            found.warm()
            yield found
        finally:
            process.stop()

    def warm(self) -> None:
        """Forward a call: the first takes seconds, a caller's patience, and would write when all is over."""
        self._ask("/")

    def fired(self, since: float) -> list[str]:
        """Operations that a fault befell since an instant (seconds since 1970 UTC)."""
        told: list[Mapping[str, Any]] = json.loads(self._ask(f"/_microburst/fired?since={since}"))
        return [str(event["operation"]) for event in told]

    def _ask(self, path: str) -> bytes:
        self._line.request("GET", path)
        return self._line.getresponse().read()
