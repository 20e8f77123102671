"""What a paid order costs in capacity: reserve, check out, pay, through the three functions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from bench.meter import Meter
from bench.report import Row
from bench.show import OnSale, put_on_sale
from functions.checkout.handler import lambda_handler as check_out
from functions.payment_webhooks.handler import lambda_handler as receive_payment
from functions.reserve.handler import lambda_handler as reserve
from shared import wiring

_ORDERS = 200
_BANK = Webhook("whsec_" + "bGl2ZWhvdXIgYmVuY2ggc2VjcmV0IG9mIDMyIGJ5dGVz")
_SHIP_TO = {
    "name": "王小明",
    "line1": "南京西路 1266 号",
    "city": "上海",
    "postal_code": "200040",
    "country": "CN",
    "phone": "+862162880000",
}


class _Secret:
    """The bank's secret, as Secrets Manager would give it."""

    def value(self) -> list[Webhook]:
        return [_BANK]


def play_the_bank() -> None:
    """Let the payment function verify with the bench's own secret."""
    wiring.payment_secret = _Secret  # type: ignore[assignment]


def paid_orders(meter: Meter) -> list[Row]:
    """Without and with a limit per buyer."""
    rows = []
    for name, limit, budget in (("", None, 4.5), (", buyer limit", 5, 5.5)):
        sale = put_on_sale(_ORDERS * 4, limit)
        meter.read()
        for _ in range(_ORDERS):
            _buy(sale)
        units = meter.read().write_units / _ORDERS
        rows.append(
            Row(
                f"write units per paid order{name}",
                units,
                budget=budget,
                note="a typical sample: about 14",
            )
        )
    return rows


def _buy(sale: OnSale) -> None:
    buyer = str(uuid.uuid4())
    reservation = _body(reserve, sale.reservation(buyer=buyer), 201)
    path = {"reservation_id": reservation["id"]}
    body = {"buyer_id": buyer, "payment_method": "card", "ship_to": _SHIP_TO}
    order = _body(
        check_out, sale.event("POST /v1/reservations/{reservation_id}/checkout", path, body), 201
    )
    outcome = _body(receive_payment, _webhook(order), 200)["outcome"]
    assert outcome == "paid", outcome


def _webhook(order: dict[str, Any]) -> dict[str, Any]:
    data = {
        "payment_id": order["payment"]["id"],
        "order_id": order["id"],
        "amount": order["amount"],
        "currency": order["currency"],
        "livemode": False,
    }
    body = json.dumps({"type": "payment.succeeded", "data": data})
    identifier, at = f"msg_{uuid.uuid4()}", datetime.now(UTC)
    return {
        "routeKey": "POST /v1/webhooks/payments/{provider}",
        "headers": {
            "webhook-id": identifier,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": _BANK.sign(identifier, at, body),
        },
        "pathParameters": {"provider": "test"},
        "requestContext": {"requestId": identifier},
        "body": body,
    }


def _body(
    function: Callable[[dict[str, Any]], dict[str, Any]], event: dict[str, Any], status: int
) -> dict[str, Any]:
    answer = function(event)
    body: dict[str, Any] = json.loads(answer["body"])
    assert answer["statusCode"] == status, body
    return body
