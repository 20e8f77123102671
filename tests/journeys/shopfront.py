"""A merchant's side of the API: campaigns, reservations, orders, payments, in the words of a journey."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import uuid4

from standardwebhooks import Webhook

from local.demo.theatre import Theatre
from local.engine.merchant import Merchant
from local.engine.stack import LocalStack
from local.shoppers.shopper import SHIP_TO
from local.shoppers.wire import Answer, NoAnswer
from shared.contracts.routes import MANAGE, READ, SELL

Json = dict[str, Any]
T = TypeVar("T")


def at(seconds: float) -> str:
    """An instant from now, as the API writes it."""
    moment = datetime.fromtimestamp(int(time.time() + seconds), UTC)
    return moment.isoformat().replace("+00:00", "Z")


def an_offer(sku: str, allotment: int = 20, **more: Any) -> Json:
    return {"sku": sku, "title": {"en": sku}, "unit_price": 9900, "allotment": allotment, **more}


def a_plan(**changes: Any) -> Json:
    """The body of a campaign of one offer that starts in three seconds and lasts an hour."""
    plan = {
        "name": "A journey",
        "time_zone": "Asia/Shanghai",
        "starts_at": at(3),
        "ends_at": at(3600),
        "currency": "CNY",
        "hold_seconds": 600,
        "offers": [an_offer("FUJI")],
    }
    return {**plan, **changes}


def good(answer: Answer) -> Json:
    """The body of a good answer."""
    assert answer.ok, f"{answer.status} {answer.body}"
    body: Json = answer.body
    return body


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and code of a refusal, which must be a whole problem document."""
    problem = answer.body
    assert answer.headers["content-type"] == "application/problem+json", answer
    assert problem["status"] == answer.status < 500
    assert problem["type"] == f"/docs#problem-{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in json.dumps(problem)
    return answer.status, answer.code


def until(what: Callable[[], T], seconds: float = 60) -> T:
    """What it gives, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return found


class Shopfront:
    """One merchant's keys, and what is done with them."""

    def __init__(self, theatre: Theatre) -> None:
        self.theatre = theatre
        self._wires = {scope: theatre.wire(scope) for scope in (None, MANAGE, SELL, READ)}
        self._signer = Webhook(theatre.webhook_secret)

    @classmethod
    def of(cls, stack: LocalStack, merchant: Merchant) -> Self:
        return cls(
            Theatre(address=stack.api, keys=merchant.keys, webhook_secret=merchant.webhook_secret)
        )

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()

    def ask(
        self,
        scope: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "fresh",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. ``body``: JSON to be, or bytes as they are. ``key=None``: none is sent."""
        sent = dict(headers or {})
        if method == "POST" and key:
            sent["Idempotency-Key"] = str(uuid4()) if key == "fresh" else key
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        wire = self._wires[scope]
        try:
            return wire.ask(method, path, raw, sent)
        except NoAnswer:
            # A connection that lay idle for minutes is closed at its other end. The same request again is the same request.
            return wire.ask(method, path, raw, sent)

    # -- campaigns ---------------------------------------------------------------------------------

    def create(self, **changes: Any) -> Json:
        return good(self.ask(MANAGE, "POST", "/v1/campaigns", a_plan(**changes)))

    def command(self, campaign: str, verb: str, body: Any = None) -> Answer:
        return self.ask(MANAGE, "POST", f"/v1/campaigns/{campaign}/{verb}", body or {})

    def patch(self, campaign: str, changes: Json, *, version: int) -> Answer:
        headers = {"if-match": f'"{version}"'}
        return self.ask(MANAGE, "PATCH", f"/v1/campaigns/{campaign}", changes, headers=headers)

    def campaign(self, campaign: str) -> Json:
        return good(self.ask(MANAGE, "GET", f"/v1/campaigns/{campaign}"))

    def live(self, **changes: Any) -> str:
        """A campaign that was created, started, and is live."""
        created: str = self.create(**changes)["id"]
        good(self.command(created, "start"))
        until(lambda: self.campaign(created)["status"] == "live")
        return created

    def wait_for(self, campaign: str, status: str, seconds: float = 60) -> Json:
        until(lambda: self.campaign(campaign)["status"] == status, seconds)
        return self.campaign(campaign)

    def book(self, campaign: str, name: str) -> Json:
        """``totals``, ``timeline``, ``report`` or ``orders``."""
        return good(self.ask(READ, "GET", f"/v1/campaigns/{campaign}/{name}"))

    # -- buying ------------------------------------------------------------------------------------

    def wish(
        self,
        campaign: str,
        sku: str = "FUJI",
        quantity: int = 1,
        buyer: str = "buyer",
        key: str = "fresh",
        coupon: str | None = None,
    ) -> Answer:
        body = {"sku": sku, "quantity": quantity, "buyer_id": buyer, "coupon": coupon}
        return self.ask(SELL, "POST", f"/v1/campaigns/{campaign}/reservations", body, key=key)

    def reserve(self, campaign: str, sku: str = "FUJI", quantity: int = 1) -> Json:
        return good(self.wish(campaign, sku, quantity))

    def release(self, reservation: Json) -> Answer:
        return self.ask(SELL, "DELETE", f"/v1/reservations/{reservation['id']}")

    def stand_in_line(self, campaign: str, buyer: str, sku: str = "FUJI") -> Answer:
        body = {"sku": sku, "quantity": 1, "buyer_id": buyer}
        return self.ask(SELL, "POST", f"/v1/campaigns/{campaign}/waitlist", body)

    def check_out(self, reservation: Json, key: str = "fresh", method: str = "alipay") -> Answer:
        form = {"buyer_id": "buyer", "payment_method": method, "ship_to": SHIP_TO}
        path = f"/v1/reservations/{reservation['id']}/checkout"
        return self.ask(SELL, "POST", path, form, key=key)

    def order(self, order: Json) -> Json:
        return good(self.ask(SELL, "GET", f"/v1/orders/{order['id']}"))

    def tell(self, event: Any, webhook: str | None = None, at: float | None = None) -> Answer:
        """A signed webhook. ``event``: JSON to be, or bytes as they are."""
        webhook = webhook or f"msg_{uuid4()}"
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        moment = datetime.fromtimestamp(at or time.time(), UTC)
        headers = {
            "webhook-id": webhook,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signer.sign(webhook, moment, body.decode()),
        }
        return self.ask(None, "POST", "/v1/webhooks/payments/test", body, key=None, headers=headers)

    def pay(self, order: Json, **facts: Any) -> str:
        """The provider says that the order was paid; what the shop did with that."""
        outcome: str = good(self.tell(a_payment(order, **facts)))["outcome"]
        return outcome

    def buy(
        self, campaign: str, sku: str = "FUJI", quantity: int = 1, method: str = "alipay"
    ) -> Json:
        """Reserve, check out, pay."""
        order = good(self.check_out(self.reserve(campaign, sku, quantity), method=method))
        assert self.pay(order) == "paid"
        return order

    # -- giving back -------------------------------------------------------------------------------

    def refund(self, order: Json, key: str = "fresh", **wish: Any) -> Answer:
        path = f"/v1/orders/{order['id']}/refund"
        return self.ask(MANAGE, "POST", path, {"reason": "bruised", **wish}, key=key)

    def end_of(self, refund: Json, seconds: float = 60) -> Json:
        """The refund, once it is not pending any more."""

        def ended() -> Json | None:
            found = good(self.ask(READ, "GET", f"/v1/refunds/{refund['id']}"))
            is_over = found["state"] != "pending" and found["restocked"] is not None
            return found if is_over else None

        found = until(ended, seconds)
        assert found is not None
        return found


def a_payment(order: Json, **facts: Any) -> Json:
    fact = {
        "payment_id": order["payment"]["id"],
        "order_id": order["id"],
        "amount": order["amount"],
        "currency": order["currency"],
        "livemode": False,
    }
    return {"type": "payment.succeeded", "data": {**fact, **facts}}


@dataclass(frozen=True)
class OpenShow:
    """A live campaign with plenty of one offer, and what somebody has in it."""

    campaign: str
    reservation: Json
    order: Json

    @classmethod
    def begin(cls, front: Shopfront) -> Self:
        campaign = front.live(name="Open all day", offers=[an_offer("FUJI", 500)])
        reservation = front.reserve(campaign)
        ordered = front.reserve(campaign)
        return cls(campaign, reservation, good(front.check_out(ordered)))
