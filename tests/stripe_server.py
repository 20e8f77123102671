"""A Stripe of our own on a free port: localstripe, amended, in a process that is stopped by its id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.engine.places import LOGS, PYTHON
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process
from local.engine.toolchain import environment

API_KEY = "sk_test_localstripe"
WEBHOOK_SECRET = "whsec_localstripe"
_SERVE = Path(__file__).parent / "stripe" / "serve_stripe.py"
VISA = "pm_card_visa"
DECLINED = "pm_card_chargeCustomerFail"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeServer:
    """The server, and what a buyer, a dashboard or a fault does to it."""

    port: int
    process: Process

    @classmethod
    def start(cls) -> StripeServer:
        port = free_port()
        log = LOGS / f"localstripe-{port}.log"
        command = [str(PYTHON), str(_SERVE), str(port)]
        process = Process.start(command, log=log, env=environment())
        wait_until(lambda: listens(port), process=process, what="localstripe", log=log)
        return cls(port=port, process=process)

    def stop(self) -> None:
        self.process.stop()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    # -- what others do ------------------------------------------------------------------------------

    def pay(self, intent_id: str, method: str = VISA) -> dict[str, Any]:
        """The buyer confirms the payment in the browser; a declined card is an answer too."""
        self.ask("POST", f"/v1/payment_intents/{intent_id}", payment_method=method)
        return self.ask("POST", f"/v1/payment_intents/{intent_id}/confirm")

    def refund_by_hand(self, intent_id: str) -> dict[str, Any]:
        return self.ask("POST", "/v1/refunds", payment_intent=intent_id)

    def intent(self, intent_id: str) -> dict[str, Any]:
        return self.ask("GET", f"/v1/payment_intents/{intent_id}")

    def intents_of(self, order_id: str) -> list[dict[str, Any]]:
        listed = self.ask("GET", "/v1/payment_intents", limit="100")["data"]
        return [it for it in listed if it["metadata"].get("livehour_order") == order_id]

    def refunds_of(self, intent_id: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.ask("GET", "/v1/refunds", limit="100")["data"]
        return [it for it in listed if it["payment_intent"] == intent_id]

    def send_webhooks_to(self, url: str) -> None:
        body = {"url": url, "secret": WEBHOOK_SECRET}
        httpx.post(f"{self.url}/_config/webhooks/ours", json=body).raise_for_status()

    def asked(self) -> list[dict[str, str]]:
        """Every request it met, in their order."""
        met: list[dict[str, str]] = httpx.get(f"{self.url}/_asked").json()
        return met

    def go_wrong(self, kind: str | None, times: int = 0) -> None:
        """``down``, ``lost``, ``broken``, ``full`` (with or without a time) for so many requests; ``None``: no more."""
        httpx.post(f"{self.url}/_faults", json={"kind": kind, "times": times}).raise_for_status()

    def forget_keys(self) -> None:
        """A day later."""
        httpx.post(f"{self.url}/_forget").raise_for_status()

    def ask(self, method: str, path: str, **data: str) -> dict[str, Any]:
        """The API, as anybody with the key may use it."""
        sent: dict[str, Any] = {"params": data} if method == "GET" else {"data": data}
        headers = {"Authorization": f"Bearer {API_KEY}"}
        answer: dict[str, Any] = httpx.request(
            method, f"{self.url}{path}", headers=headers, **sent
        ).json()
        return answer
