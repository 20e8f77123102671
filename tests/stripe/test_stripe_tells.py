"""The whole way over HTTP: our functions on DynamoDB Local ask Stripe for a payment, and Stripe's own webhooks come back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bench.show import MERCHANT, OnSale, put_on_sale
from functions.checkout import handler as checkout
from functions.payment_webhooks import handler as webhooks
from functions.reserve.handler import lambda_handler as reserve
from shared import wiring
from shared.domain.campaign import Campaign
from shared.settings import Setting
from tests import gateway
from tests.gateway import Answer
from tests.shop import SHIP_TO
from tests.stripe.conftest import Account
from tests.stripe_server import DECLINED, StripeServer

PATIENCE = 10.0


@dataclass
class Endpoint:
    """Where Stripe sends its webhooks: hands each to the function, as the gateway does."""

    url: str = ""
    answers: list[tuple[str, str, Answer]] = field(default_factory=list)
    """What was answered to which type of event, about which payment."""

    def take(self, headers: dict[str, str], raw: bytes) -> Answer:
        answer = gateway.call(
            webhooks.lambda_handler,
            "POST /v1/webhooks/payments/{provider}",
            path={"provider": "stripe"},
            headers=headers,
            merchant=None,
            raw=raw,
        )
        told = json.loads(raw)
        thing = told["data"]["object"]
        payment = thing.get("payment_intent") or thing["id"]
        self.answers.append((told["type"], payment, answer))
        return answer

    def wait_for(self, kind: str, payment_id: str) -> Answer:
        """The answer to an event about a payment. localstripe sends it a second later; others' events come by too."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for told_of, payment, answer in list(self.answers):
                if (told_of, payment) == (kind, payment_id):
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"no {kind} of {payment_id} among {self.answers}")


@pytest.fixture
def endpoint(stripe: StripeServer) -> Iterator[Endpoint]:
    made = Endpoint()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            answer = made.take({name.lower(): text for name, text in self.headers.items()}, raw)
            self.send_response(answer.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stripe.send_webhooks_to(f"http://127.0.0.1:{server.server_port}/")
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def sale(wired: None, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch) -> OnSale:
    """A show that chose Stripe, in a deployment that has an account there."""
    account = Account()
    monkeypatch.setenv(Setting.STRIPE_API_URL, stripe.url)
    monkeypatch.setattr(wiring, "stripe_secret", lambda: account)
    made = put_on_sale(8)
    chosen: Campaign = made.campaign.changed(payment_provider="stripe")
    wiring.campaigns().save(chosen)
    return replace(made, campaign=chosen)


def order_of(
    sale: OnSale, buyer: str = "ana", held: dict[str, Any] | None = None
) -> dict[str, Any]:
    held = held or json.loads(reserve(sale.reservation(1, buyer))["body"])
    answer = gateway.call(
        checkout.lambda_handler,
        "POST /v1/reservations/{reservation_id}/checkout",
        {"buyer_id": buyer, "payment_method": "alipay", "ship_to": SHIP_TO},
        path={"reservation_id": held["id"]},
        headers={"Idempotency-Key": f"checkout-{buyer}"},
        merchant=MERCHANT,
        scope="sell",
    )
    assert answer.status == 201, answer.body
    order: dict[str, Any] = answer.body
    return order


def read(order: dict[str, Any]) -> dict[str, Any]:
    answer = gateway.call(
        checkout.lambda_handler,
        "GET /v1/orders/{order_id}",
        path={"order_id": order["id"]},
        merchant=MERCHANT,
        scope="sell",
    )
    found: dict[str, Any] = answer.body
    return found


def test_a_declined_card_then_a_good_one_then_the_same_from_another_tab(
    sale: OnSale, stripe: StripeServer, endpoint: Endpoint
):
    order = order_of(sale)
    payment = order["payment"]
    assert payment["provider"] == "stripe"
    assert payment["action"]["client_secret"].startswith(payment["id"])

    assert "error" in stripe.pay(payment["id"], DECLINED)
    assert (
        endpoint.wait_for("payment_intent.payment_failed", payment["id"]).body["outcome"] == "noted"
    )
    assert read(order)["state"] == "awaiting_payment"

    # Another intent with the marks of this order, as nobody but the account's holder can make one.
    second = stripe.ask(
        "POST",
        "/v1/payment_intents",
        amount=str(order["amount"]),
        currency="cny",
        payment_method="pm_card_visa",
        **{
            f"metadata[{mark}]": text
            for mark, text in stripe.intent(payment["id"])["metadata"].items()
        },
    )
    stripe.ask("POST", f"/v1/payment_intents/{second['id']}/confirm")
    assert endpoint.wait_for("payment_intent.succeeded", second["id"]).body["outcome"] == "refunded"
    assert [back["amount"] for back in stripe.refunds_of(second["id"])] == [order["amount"]]
    assert endpoint.wait_for("refund.created", second["id"]).body["outcome"] == "known"
    assert read(order)["state"] == "awaiting_payment"

    good = order_of(sale, "bo")
    stripe.pay(good["payment"]["id"])
    assert (
        endpoint.wait_for("payment_intent.succeeded", good["payment"]["id"]).body["outcome"]
        == "paid"
    )
    assert read(good)["state"] == "paid"
    assert stripe.refunds_of(good["payment"]["id"]) == []


def test_while_stripe_is_down_reservations_go_on_and_checkouts_say_when_to_come_again(
    sale: OnSale, stripe: StripeServer, endpoint: Endpoint
):
    stripe.go_wrong("down", times=10**6)
    held = json.loads(reserve(sale.reservation(1, "ana"))["body"])

    refused = gateway.call(
        checkout.lambda_handler,
        "POST /v1/reservations/{reservation_id}/checkout",
        {"buyer_id": "ana", "payment_method": "card", "ship_to": SHIP_TO},
        path={"reservation_id": held["id"]},
        headers={"Idempotency-Key": "checkout-ana"},
        merchant=MERCHANT,
        scope="sell",
    )

    assert (refused.status, refused.code) == (503, "payment_provider_unavailable")
    assert refused.headers["retry-after"] == "5"
    assert refused.body["expires_at"] == held["expires_at"]
    assert json.loads(reserve(sale.reservation(1, "bo"))["body"])["state"] == "held"

    stripe.go_wrong(None)
    order = order_of(sale, held=held)
    assert order["expires_at"] == held["expires_at"]
    stripe.pay(order["payment"]["id"])
    told = endpoint.wait_for("payment_intent.succeeded", order["payment"]["id"])
    assert told.body["outcome"] == "paid"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"{}", b"[]", b"nonsense", b"\x00" * 16_000],
    ids=lambda raw: repr(raw[:8]),
)
def test_what_stripe_did_not_sign_is_a_401_and_what_nobody_can_read_no_fault_of_ours(
    raw: bytes, sale: OnSale
):
    def post(headers: dict[str, str]) -> Answer:
        return gateway.call(
            webhooks.lambda_handler,
            "POST /v1/webhooks/payments/{provider}",
            path={"provider": "stripe"},
            headers=headers,
            merchant=None,
            raw=raw,
        )

    future = f"t={int(time.time()) + 10**6},v1={'0' * 64}"
    for header in ("", "nonsense", future, "t=1,v1=富士"):
        assert post({"stripe-signature": header}).code == "signature_invalid"
    assert post({}).status == 401


def test_a_deployment_without_an_account_knows_no_such_provider(
    sale: OnSale, monkeypatch: pytest.MonkeyPatch
):
    lookup: Callable[[], Account] = lambda: Account(None)  # noqa: E731
    monkeypatch.setattr(wiring, "stripe_secret", lookup)
    wiring.payment_providers.cache_clear()

    answer = gateway.call(
        webhooks.lambda_handler,
        "POST /v1/webhooks/payments/{provider}",
        path={"provider": "stripe"},
        headers={"stripe-signature": "t=1,v1=0"},
        merchant=None,
        raw=b"{}",
    )
    assert answer.code == "provider_not_found"
