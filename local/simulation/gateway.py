"""HTTP API in front of the functions: keys are asked about, then the function of the route is called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from local.simulation.faults import Killed
from local.simulation.world import World
from shared.contracts.routes import ROUTES

_ROUTES: Final = {spec.key: spec for spec in ROUTES}
OURS: Final = "mer_simulated"
"""The merchant whose show it is."""
BROKEN: Final = 502
"""What a client sees when the function behind the gateway died: nothing is known of its request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        """Whether the request should be sent again, for nothing is known of it."""
        return self.status in (BROKEN, 503)

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. ``route``: as the gateway writes it; ``key``: the scope of the key that is sent, if any."""

    route: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None
    merchant: str = OURS
    """Whose key it is."""


class Gateway:
    """The API of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.answers = 0

    def admit(self, merchant: str, scope: str) -> None:
        """Give a merchant a key."""
        item = {
            "hash": {"S": sha256(_key(scope, merchant).encode()).hexdigest()},
            "merchant": {"S": merchant},
            "scope": {"S": scope},
        }
        self._world.store.call("PutItem", {"TableName": "keys", "Item": item})

    def ask(self, ask: Ask) -> Answer:
        """What a client is told to a request."""
        spec = _ROUTES[ask.route]
        headers = {"content-type": "application/json", **ask.headers}
        if ask.key is not None:
            headers["authorization"] = f"Bearer {_key(ask.key, ask.merchant)}"
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": ask.route,
            "headers": headers,
            "requestContext": {"requestId": f"req-{self.answers}", "http": {"method": spec.method}},
            "isBase64Encoded": False,
        }
        if ask.path:
            event["pathParameters"] = dict(ask.path)
        if ask.query:
            event["queryStringParameters"] = dict(ask.query)
        if ask.raw is not None or ask.body is not None:
            event["body"] = ask.raw if ask.raw is not None else json.dumps(ask.body)
        self.answers += 1
        try:
            if spec.scopes:
                verdict = self._world.invoke("authorize", event)
                event["requestContext"]["authorizer"] = {"lambda": verdict["context"]}
            told = self._world.invoke(spec.function, event)
        except Killed:
            return Answer(BROKEN)
        is_json = "json" in told["headers"].get("content-type", "")
        body = json.loads(told["body"]) if told["body"] and is_json else told["body"]
        return Answer(told["statusCode"], body, told["headers"])


def _key(scope: str, merchant: str) -> str:
    return f"lh_{scope}_simulated-{merchant}"
