"""
The whole API in this process, for thousands of requests: routes, keys and functions as deployed, over DynamoDB in memory.

What stands in for the gateway does what is written of it (payload format 2.0): it decodes paths, joins headers and query
parameters that come twice, and hands over a body as text, or in base64 if its type is none of text.
"""

from __future__ import annotations

import base64
import importlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

from functions.arrange_stock.handler import lambda_handler as arrange_stock
from functions.authorize import handler as authorize
from functions.open_campaign.handler import lambda_handler as open_campaign
from functions.prepare_stock.handler import lambda_handler as prepare_stock
from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine, Serve
from local.simulation.services import (
    PAYMENT_SECRET,
    Bus,
    Executions,
    Keys,
    Objects,
    Schedules,
    serve_secret,
)
from local.simulation.world import SETTINGS
from shared import table, wiring
from shared.contracts.routes import ELSE_FUNCTION, EVERYTHING_ELSE, ROUTES, RouteSpec
from shared.settings import Setting
from tests.hostile.front import Answer, Headers

TEXT = ("text/", "application/json", "application/xml", "application/javascript")
"""Types whose bodies the gateway hands over as text."""
EQUIPPED = {
    **SETTINGS,
    Setting.STRIPE_SECRET_ARN: "stripe",
    Setting.STRIPE_API_URL: "https://stripe.invalid",
}
"""What functions are told of their deployment."""
HANDLERS = {
    name: importlib.import_module(f"functions.{name}.handler").lambda_handler
    for name in {spec.function for spec in ROUTES}
}


class House:
    """One deployment, without the lifecycle: a show opens when it is told to."""

    webhook_secret = PAYMENT_SECRET

    def __init__(self) -> None:
        self.store = MemoryDynamoDB(time.time)
        self.store.watch = lambda role, _old, _new: self.writes.append(role)
        self.writes: list[str] = []
        """Roles of the tables that were written to, in order."""
        self._requests = count(1)
        serve: dict[str, Serve] = {
            "dynamodb": self.store.call,
            "stepfunctions": Executions(lambda _name, _given: None).serve,
            "scheduler": Schedules(lambda _given, _second: None).serve,
            "secretsmanager": _serve_secret,
            "events": Bus(Random(1)).serve,
            "kms": Keys().serve,
            "s3": Objects().serve,
            "lambda": _run_errand,
        }
        line = QuietLine()  # one, for it counts the tokens of transactions
        self._connect = lambda service, **_: Client(service, serve[service], line)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """While the functions find this house outside."""
        with patch.dict("os.environ", EQUIPPED), patch.object(wiring, "connect", self._connect):
            self.forget()
            yield
        self.forget()

    def forget(self) -> None:
        """What functions remember of campaigns, keys and stock."""
        for made in (*vars(wiring).values(), authorize.doorkeeper):
            if hasattr(made, "cache_clear"):
                made.cache_clear()

    def admit(self, key: str, merchant: str, scope: str, *, revoked: bool = False) -> None:
        """Give a merchant a key."""
        item = {
            table.KEY_HASH: {"S": sha256(key.encode()).hexdigest()},
            table.MERCHANT: {"S": merchant},
            "scope": {"S": scope},
            "revoked": {"BOOL": revoked},
        }
        self.store.call("PutItem", {"TableName": "keys", "Item": item})

    def open(self, campaign: str) -> None:
        """What the lifecycle does with a campaign that was started."""
        prepare_stock({"campaign": campaign})
        open_campaign({"campaign": campaign})
        self.forget()

    def ask(
        self, method: str, target: str, raw: bytes | None = None, headers: Headers = ()
    ) -> Answer:
        parts = urlsplit(target)
        spec, found = _route(method, parts.path)
        event = self._event(method, parts.path, parts.query, raw, headers)
        event |= {"routeKey": spec.key if spec else EVERYTHING_ELSE, "pathParameters": found}
        if spec and spec.scopes:
            verdict = authorize.lambda_handler(event)
            event["requestContext"]["authorizer"] = {"lambda": verdict["context"]}
        told = HANDLERS[spec.function if spec else ELSE_FUNCTION](event)
        heard = {name.lower(): value for name, value in told["headers"].items()}
        return Answer(told["statusCode"], heard, told["body"].encode())

    def _event(
        self, method: str, path: str, query: str, raw: bytes | None, headers: Headers
    ) -> dict[str, Any]:
        sent = _joined((name.lower(), value) for name, value in headers)
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": unquote(path, errors="replace"),
            "rawQueryString": query,
            "headers": sent,
            "requestContext": {
                "requestId": f"req-{next(self._requests)}",
                "http": {"method": method},
            },
            "isBase64Encoded": False,
        }
        if query:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
            event["queryStringParameters"] = _joined(pairs)
        if raw:
            is_text = sent.get("content-type", "").startswith(TEXT)
            event["body"] = (
                raw.decode(errors="replace") if is_text else base64.b64encode(raw).decode()
            )
            event["isBase64Encoded"] = not is_text
        return event


def _serve_secret(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Nobody has filled in an account at Stripe."""
    if request["SecretId"] == EQUIPPED[Setting.STRIPE_SECRET_ARN]:
        return {"SecretString": "{}"}
    return serve_secret(operation, request)


def _run_errand(_operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Lambda, asked to do something while nobody waits: here it is done at once."""
    arrange_stock(json.loads(request["Payload"]))
    return {"StatusCode": 202}


def _route(method: str, path: str) -> tuple[RouteSpec | None, Mapping[str, str] | None]:
    asked = path.split("/")
    for spec in ROUTES:
        pattern = spec.path.split("/")
        if spec.method != method or len(pattern) != len(asked):
            continue
        if all(p == a or (p.startswith("{") and a) for p, a in zip(pattern, asked, strict=True)):
            named = {
                p[1:-1]: unquote(a, errors="replace")
                for p, a in zip(pattern, asked, strict=True)
                if p.startswith("{")
            }
            return spec, named or None
    return None, None


def _joined(pairs: Any) -> dict[str, str]:
    """Of a name that comes twice, all values in one."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
