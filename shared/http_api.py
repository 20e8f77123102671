"""
The edge of every HTTP function: a gateway event in, an answer or a problem document (RFC 9457) out.

One place for the manners of the API: keys and scopes, bodies of at most 16 KB of JSON, ``Idempotency-Key``,
``X-Request-Id``, named refusals, and never a stack trace. It imports the standard library only, because it is on the
path of a reservation, where importing Powertools' resolver would add half of what importing boto3 costs.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from shared.domain.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    InternalError,
    InvalidJson,
    KeyInvalid,
    KeyMissing,
    Refusal,
    RouteNotFound,
    StoreBusy,
    TooLarge,
    WrongScope,
)

LARGEST_BODY = 16 * 1024
"""Bytes of a request body."""
LONGEST_KEY = 255
"""Characters of an Idempotency-Key, as in the IETF draft's advice and Stripe's API."""
DEEPEST_BODY = 32
PROBLEMS = "/docs#problem-"
_MEMBERS = {"status": "campaign_status"}
"""Facts that would hide a member that RFC 9457 has given a meaning: ``status`` is the number of the answer."""

log = logging.getLogger("livehour")


@dataclass(frozen=True)
class Request:
    """What a route gets: who asks, for what, with which body."""

    merchant: str
    scope: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    raw: bytes
    id: str
    at: str = ""
    """The path as it was asked for."""
    key: str = ""
    """Public id of the caller's key."""

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; ``{}`` for an empty body. ``InvalidJson`` if it is anything else."""
        if not self.raw:
            return {}
        return parse_object(self.raw)

    @cached_property
    def idempotency_key(self) -> str:
        """The header, or ``IdempotencyKeyMissing`` / ``IdempotencyKeyInvalid``."""
        key = self.headers.get("idempotency-key", "").strip()
        if not key:
            raise IdempotencyKeyMissing
        if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise IdempotencyKeyInvalid
        return key


@dataclass(frozen=True)
class Response:
    """What a route gives back."""

    status: int
    body: Any = None
    """Something JSON can hold, or ``str`` for a text of its own content type; ``None`` for no body."""
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[Request], Response]


def parse_object(raw: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, one object, no NaN, no duplicate names, no absurd numbers, not nested beyond reason."""
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_twins
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise InvalidJson(f"{InvalidJson.advice} ({_short(fault)})") from None
    if not isinstance(value, dict):
        raise InvalidJson
    _check(value, DEEPEST_BODY)
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _check(value: Any, depth: int) -> None:
    """Refuse what JSON can write and UTF-8 or a store cannot keep: lone surrogates, infinities, towers of brackets."""
    if depth == 0:
        raise InvalidJson("The body is nested too deeply.")
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidJson("A string has half of a surrogate pair: send well-formed Unicode.")
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise InvalidJson("A number is too large.")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth - 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth - 1)


def _short(fault: Exception) -> str:
    return str(fault).splitlines()[0][:120] if str(fault) else type(fault).__name__


# -- the way in and out ----------------------------------------------------------------------------


class Api:
    """The routes of one function, by the gateway's route key (``POST /v1/campaigns``), and the scopes that may use them."""

    def __init__(self) -> None:
        self._routes: dict[str, tuple[Route, frozenset[str]]] = {}
        self._limits: dict[str, int | None] = {}

    def route(
        self, key: str, *scopes: str, largest: int | None = LARGEST_BODY
    ) -> Callable[[Route], Route]:
        """
        Serve a route key. No scopes: the route needs no key (a webhook is signed instead). ``largest``: bytes of a body;
        ``None``: the route sees to it.
        """

        def register(function: Route) -> Route:
            self._routes[key] = (function, frozenset(scopes))
            self._limits[key] = largest
            return function

        return register

    @property
    def keys(self) -> Mapping[str, frozenset[str]]:
        """The route keys served, with their scopes."""
        return {key: scopes for key, (_, scopes) in self._routes.items()}

    def __call__(self, event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
        """Answer one event of an HTTP API (payload format 2.0)."""
        gateway = event.get("requestContext", {})
        request_id = gateway.get("requestId") or "local"
        try:
            response = self._answer(event, gateway, request_id)
        except Refusal as refusal:
            response = problem(refusal, request_id)
        except Exception:
            # The cause goes to the log under the request id; the caller learns nothing but that id.
            log.exception("request %s failed", request_id)
            response = problem(InternalError(), request_id)
        return _encode(response, request_id)

    def _answer(
        self, event: Mapping[str, Any], gateway: Mapping[str, Any], request_id: str
    ) -> Response:
        found = self._routes.get(event.get("routeKey", ""))
        if found is None:
            raise RouteNotFound
        function, scopes = found
        caller = (gateway.get("authorizer") or {}).get("lambda") or {}
        if scopes:
            _authorise(caller, scopes)
        return function(
            Request(
                merchant=caller.get("merchant", ""),
                scope=caller.get("scope", ""),
                path=event.get("pathParameters") or {},
                query=event.get("queryStringParameters") or {},
                headers={
                    name.lower(): value for name, value in (event.get("headers") or {}).items()
                },
                raw=_raw_body(event, self._limits[event["routeKey"]]),
                id=request_id,
                at=event.get("rawPath", ""),
                key=caller.get("key", ""),
            )
        )


def _authorise(caller: Mapping[str, Any], scopes: frozenset[str]) -> None:
    fault = caller.get("key_problem")
    if fault == KeyMissing.code:
        raise KeyMissing
    if fault == StoreBusy.code:
        raise StoreBusy
    if fault or not caller.get("merchant"):
        raise KeyInvalid
    if caller.get("scope") not in scopes:
        raise WrongScope(
            f"This key has the scope '{caller.get('scope')}'; use a key with the scope '{' or '.join(sorted(scopes))}'.",
            scope=caller.get("scope"),
        )


def _raw_body(event: Mapping[str, Any], largest: int | None) -> bytes:
    text = event.get("body") or ""
    if largest is not None and len(text) > largest * 2:
        raise TooLarge
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidJson from None
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if largest is not None and len(raw) > largest:
        raise TooLarge
    return raw


def problem(refusal: Refusal, request_id: str) -> Response:
    """The problem document of a refusal, with the facts that help the caller."""
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    if refusal.status == 401:
        headers["www-authenticate"] = 'Bearer realm="livehour"'
    if "retry_after" in refusal.facts:
        headers["retry-after"] = str(refusal.facts["retry_after"])
    if "allow" in refusal.facts:
        headers["allow"] = ", ".join(refusal.facts["allow"])
    document = {
        "type": PROBLEMS + refusal.code,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": request_id,
        **{_MEMBERS.get(name, name): value for name, value in refusal.facts.items()},
    }
    return Response(refusal.status, document, headers)


def _encode(response: Response, request_id: str) -> dict[str, Any]:
    headers = {"x-request-id": request_id, **response.headers}
    if response.body is None:
        return {"statusCode": response.status, "headers": headers, "body": ""}
    if isinstance(response.body, str):
        body = response.body
    else:
        body = json.dumps(response.body, ensure_ascii=False, separators=(",", ":"))
    headers.setdefault("content-type", "application/json")
    headers.setdefault("cache-control", "no-store")
    return {"statusCode": response.status, "headers": headers, "body": body}
