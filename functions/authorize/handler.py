"""
Says whose key came with a request. Called by the gateway for every request with a key or without.

It never refuses: a refusal of the gateway would be a body of its own kind. It hands over whose key
it is, or what is wrong with it, and the edge of the function answers with a problem document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, Final

from shared import wiring
from shared.clock import elapsed
from shared.domain.errors import KeyInvalid, KeyMissing, StoreBusy
from shared.use_cases.ports import MerchantKeys

REMEMBERED_SECONDS: Final = 5.0
"""How long a key is taken for good after a look into the store, and so how long a revoked one lives."""
UNKNOWN_SECONDS: Final = 1.0
"""The same for a key that is no good: short, for a new key must work soon."""
MOST_REMEMBERED: Final = 1_000

_BEARER = re.compile(
    r"bearer +(lh_(?:manage|sell|read)_[A-Za-z0-9_-]{8,200}) *", re.IGNORECASE | re.ASCII
)

Verdict = Mapping[str, str]


class Doorkeeper:
    """Remembers for some seconds who stood at the door, so that a storm costs one look."""

    def __init__(self, keys: MerchantKeys, clock: Callable[[], float] = elapsed) -> None:
        self._keys = keys
        self._clock = clock
        self._seen: dict[str, tuple[float, Verdict]] = {}

    def judge(self, authorization: str | None) -> Verdict:
        """``merchant``, ``scope`` and ``key`` (its public id) of the key in the header, or ``key_problem``."""
        if not authorization or not authorization.strip():
            return {"key_problem": KeyMissing.code}
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            return {"key_problem": KeyInvalid.code}
        digest = sha256(bearer[1].encode()).hexdigest()
        until, verdict = self._seen.get(digest, (0.0, {}))
        if self._clock() < until:
            return verdict
        return self._look_up(digest)

    def _look_up(self, digest: str) -> Verdict:
        try:
            holder = self._keys.holder(digest)
        except StoreBusy:
            return {"key_problem": StoreBusy.code}
        verdict: Verdict
        if holder is None:
            verdict, seconds = {"key_problem": KeyInvalid.code}, UNKNOWN_SECONDS
        else:
            verdict = {"merchant": holder.merchant, "scope": holder.scope, "key": holder.id}
            seconds = REMEMBERED_SECONDS
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[digest] = (self._clock() + seconds, verdict)
        return verdict


@cache
def doorkeeper() -> Doorkeeper:
    """The one of this process."""
    return Doorkeeper(wiring.merchant_keys())


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """The simple answer of an HTTP API's authorizer (payload format 2.0)."""
    headers = event.get("headers") or {}
    sent = next((value for name, value in headers.items() if name.lower() == "authorization"), None)
    verdict = doorkeeper().judge(sent if isinstance(sent, str) else None)
    return {"isAuthorized": True, "context": dict(verdict)}
