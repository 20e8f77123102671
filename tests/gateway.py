"""Requests as the gateway hands them to a function (HTTP API, payload format 2.0), and its answers read back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.builders import MERCHANT

KEY_ID = "key_backoffice"
Handler = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of a refusal; which must be a whole problem document."""
        problem = self.body
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["status"] == self.status
        assert problem["type"] == f"/docs#problem-{problem['code']}"
        assert problem["title"]
        assert problem["detail"]
        assert problem["request_id"] == self.headers["x-request-id"]
        code: str = problem["code"]
        return code

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.body["errors"]]


def event(
    route: str,
    body: Any = None,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    merchant: str | None = MERCHANT,
    scope: str = "manage",
    raw: bytes | None = None,
) -> dict[str, Any]:
    """The event of a request. ``raw``: a body as bytes, which the gateway sends in base64."""
    method, _, resource = route.partition(" ")
    sent: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": resource.format(**(path or {})),
        "headers": dict(headers or {}),
        "requestContext": {
            "requestId": "req-1",
            "http": {"method": method},
            "authorizer": {
                "lambda": {"merchant": merchant, "scope": scope, "key": KEY_ID}
                if merchant
                else {"key_problem": "key_missing"}
            },
        },
        "isBase64Encoded": raw is not None,
    }
    if path:
        sent["pathParameters"] = dict(path)
    if query:
        sent["queryStringParameters"] = dict(query)
    if raw is not None:
        sent["body"] = base64.b64encode(raw).decode()
    elif body is not None:
        sent["body"] = json.dumps(body)
    return sent


def call(handler: Handler, route: str, body: Any = None, **request: Any) -> Answer:
    """What a function answers to a request."""
    answer = handler(event(route, body, **request))
    return Answer(answer["statusCode"], answer["headers"], answer["body"])
