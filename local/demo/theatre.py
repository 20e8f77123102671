"""Where a demonstration plays: a deployed stack, and what its merchant knows of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from local.api import Api
from local.shoppers.wire import NoAnswer, Wire
from shared.contracts.routes import MANAGE, READ, SELL

AT_ONCE: Final = 8
"""Requests of a warm-up at the same time: enough to wake both environments of a function."""
TRIALS: Final = 16
"""How often each function is asked to find out how fast this machine is."""


@dataclass(frozen=True, kw_only=True)
class Theatre:
    """An API, the keys of one merchant by scope, and the secret of its payment provider."""

    address: str
    keys: Mapping[str, str]
    webhook_secret: str

    def api(self, scope: str) -> Api:
        """The API as the merchant's people ask it."""
        return Api(self.address, self.keys[scope])

    def wire(self, scope: str | None = None) -> Wire:
        """The API as shoppers and payment providers reach it: the latter have no key."""
        key = {"Authorization": f"Bearer {self.keys[scope]}"} if scope else {}
        return Wire(self.address, key)

    def warm_up(self) -> float:
        """Have every function that a buyer meets started twice, so that the first buyer waits for none.

        What the stack then answers in a second, asked by ``AT_ONCE`` at a time.
        """
        nobody = "cmp_aaaaaaaaaaaaaaaa"
        calls = [
            (MANAGE, "GET", f"/v1/campaigns/{nobody}"),
            (SELL, "POST", f"/v1/campaigns/{nobody}/reservations"),
            (SELL, "POST", "/v1/reservations/rsv_none/checkout"),
            (READ, "GET", f"/v1/campaigns/{nobody}/totals"),
            (None, "POST", "/v1/webhooks/payments/test"),
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda call: self._knock(*call), calls * 4))
            began = time.monotonic()
            list(pool.map(lambda call: self._knock(*call), calls * TRIALS))
            return len(calls) * TRIALS / (time.monotonic() - began)

    def _knock(self, scope: str | None, method: str, path: str) -> None:
        """A request that is refused, and has woken the one who refuses it."""
        body = b"{}" if method == "POST" else None
        with closing(self.wire(scope)) as wire, suppress(NoAnswer):
            wire.ask(method, path, body, {"Idempotency-Key": str(uuid4())})
