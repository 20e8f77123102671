"""A merchant of one deployment: keys, campaigns, a show that is open, and what buyers have in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from shared.domain.parties import WHOLE
from tests.hostile.front import Answer, Front, Headers
from tests.hostile.reference import Endpoint, Json

SHIP_TO: Final = {
    "name": "Li Wei",
    "line1": "1 Nanjing Road",
    "city": "Shanghai",
    "country": "CN",
    "phone": "+862155555555",
}
TIMES: Final = {"starts_at": 600, "ends_at": 4200, "replay_until": 7800}
"""Of a plan: seconds from now."""
BEFORE: Final = {
    "extend": ("schedule",),
    "end": ("start",),
    "cues": ("start",),
    "allotment": ("start",),
    "pause": ("start",),
    "resume": ("start", "pause"),
    "reconcile": ("start",),
}
"""By command: those that a campaign must have been given before, for it to do anything."""
REFUNDED: Final = 1900
"""Of the price of a box: minor units."""
FEW: Final = {"expected_buyers": 1}
"""Of a rehearsal that keeps nobody busy."""
SIGNED: Final = "/v1/webhooks/payments/test"
_numbers = count(1)


def at(seconds: float) -> str:
    """An instant from now, as the API writes it."""
    moment = datetime.fromtimestamp(int(time.time() + seconds), UTC)
    return moment.isoformat().replace("+00:00", "Z")


def fresh(kind: str = "key") -> str:
    """A text that was never sent."""
    return f"{kind}-{next(_numbers)}-{time.time_ns()}"


def payment_of(order: Json) -> Json:
    """What a provider would truly say of an order, once it is paid."""
    return {
        "payment_id": order["payment"]["id"],
        "order_id": order["id"],
        "amount": order["amount"],
        "currency": order["currency"],
        "livemode": False,
    }


def divided(parties: Json) -> Json:
    """With equal shares, where parties are more than names."""
    return {
        role: {**party, "share": WHOLE // len(parties)} if isinstance(party, dict) else party
        for role, party in parties.items()
    }


class Premises:
    """What one merchant has, made through the API alone."""

    def __init__(
        self,
        front: Front,
        keys: Mapping[str, str],
        webhook_secret: str,
        open_show: Callable[[str], None],
    ) -> None:
        """``open_show``: sees to it that a campaign that was started is open."""
        self.front = front
        self.keys = keys
        self.secret = base64.b64decode(webhook_secret.removeprefix("whsec_") + "==")
        created = self.make("/v1/campaigns", self.plan())
        self.show: str = created["id"]
        self.make(f"/v1/campaigns/{self.show}/start", {})
        self._open_show = open_show
        open_show(self.show)
        self.draft = self.a_draft()
        self.sold_out = self.a_show_that_is_sold_out()
        self.ticket = self.a_ticket()
        self.reservation = self.a_reservation()
        self.order = self.an_order()
        self.paid = self.a_paid_order()
        self.refund = self.a_refund(self.paid)
        self.rehearsal: str = self.make(f"/v1/campaigns/{self.draft}/rehearse", FEW)["id"]

    # -- requests ----------------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Headers = (),
    ) -> Answer:
        """A request with a key (one of ours, by its scope), as JSON, under a fresh Idempotency-Key unless one is given."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = list(headers)
        named = {name.lower() for name, _ in sent}
        if key is not None:
            sent.append(("Authorization", f"Bearer {self.keys.get(key, key)}"))
        if raw is not None and "content-type" not in named:
            sent.append(("Content-Type", "application/json"))
        if method == "POST" and "idempotency-key" not in named:
            sent.append(("Idempotency-Key", fresh()))
        return self.front.ask(method, target, raw, sent)

    def make(self, path: str, body: Any, key: str = "manage") -> Json:
        answer = self.ask("POST", path, body, key=key)
        assert answer.ok, (answer.status, answer.raw)
        made: Json = answer.body
        return made

    # -- things ------------------------------------------------------------------------------------

    def plan(self, **changes: Any) -> Json:
        """Of a campaign whose only limit is its stock."""
        times = {name: at(seconds) for name, seconds in TIMES.items()}
        title = {"en": "Fuji"}
        offer = {"sku": "FUJI-12", "title": title, "unit_price": 9900, "allotment": 5000}
        plan = {"name": "Open", "time_zone": "UTC", "currency": "CNY", "hold_seconds": 3600}
        return {**plan, **times, "offers": [offer], **changes}

    def a_draft(self) -> str:
        draft: str = self.make("/v1/campaigns", self.plan(name="Draft"))["id"]
        return draft

    def a_show_that_is_sold_out(self) -> str:
        """One where buyers can wait."""
        plan = self.plan(name="Sold out")
        plan["offers"][0] |= {"allotment": 2, "waitlist": {"hold_seconds": 60}}
        show: str = self.make("/v1/campaigns", plan)["id"]
        self.make(f"/v1/campaigns/{show}/start", {})
        self._open_show(show)
        body = {"sku": "FUJI-12", "quantity": 2, "buyer_id": "buyer"}
        self.make(f"/v1/campaigns/{show}/reservations", body, "sell")
        return show

    def a_ticket(self) -> str:
        body = {"sku": "FUJI-12", "quantity": 1, "buyer_id": "buyer"}
        made: str = self.make(f"/v1/campaigns/{self.sold_out}/waitlist", body, "sell")["id"]
        return made

    def a_campaign_for(self, endpoint: Endpoint) -> str:
        """One that the endpoint can do something with."""
        campaign = self.a_draft()
        for command in BEFORE.get(endpoint.path.rpartition("/")[2], ()):
            self.make(f"/v1/campaigns/{campaign}/{command}", {})
            if command == "start":
                self._open_show(campaign)
        return campaign

    def a_reservation(self) -> str:
        body = {"sku": "FUJI-12", "quantity": 1, "buyer_id": "buyer"}
        made: str = self.make(f"/v1/campaigns/{self.show}/reservations", body, "sell")["id"]
        return made

    def an_order(self, method: str = "card") -> Json:
        """One that is not paid."""
        form = {"buyer_id": "buyer", "payment_method": method, "ship_to": SHIP_TO}
        return self.make(f"/v1/reservations/{self.a_reservation()}/checkout", form, "sell")

    def a_paid_order(self, method: str = "card") -> Json:
        """As it was before it was paid. ``method``: may say what becomes of its refunds."""
        order = self.an_order(method)
        answer = self.tell({"type": "payment.succeeded", "data": payment_of(order)})
        assert answer.body["outcome"] == "paid", answer.raw
        return order

    def a_refund(self, order: Json) -> str:
        """Of a part of a paid order."""
        body = {"amount": REFUNDED, "reason": "Bruised"}
        made: str = self.make(f"/v1/orders/{order['id']}/refund", body)["id"]
        return made

    def a_pending_refund(self) -> str:
        """One that its provider does not finish."""
        return self.a_refund(self.a_paid_order("refund_pending"))

    def order_now(self) -> Json:
        """The order, as it stands."""
        answer = self.ask("GET", f"/v1/orders/{self.order['id']}", key="sell")
        order: Json = answer.body
        return order

    # -- what endpoints want ---------------------------------------------------------------------------

    def ids(self, endpoint: Endpoint) -> dict[str, str]:
        """
        Of things that are there: the draft for what is done to a campaign, and the paid order for its refunds; else the
        show, and the order that is not paid.
        """
        order = self.paid if "refunds" in endpoint.operation["tags"] else self.order
        of_plans = {"campaigns", "rehearsals"} & set(endpoint.operation["tags"])
        runs = endpoint.method in ("POST", "PATCH") and bool(of_plans)
        show = self.sold_out if endpoint.path.endswith("/waitlist") else self.show
        return {
            "campaign_id": self.draft if runs else show,
            "ticket_id": self.ticket,
            "reservation_id": self.reservation,
            "order_id": order["id"],
            "refund_id": self.refund,
            "rehearsal_id": self.rehearsal,
            "provider": "test",
        }

    def renewed(self, endpoint: Endpoint) -> dict[str, str]:
        """Of things made for one request that will change them. None, where any number may be sent to what is there."""
        match endpoint.ids:
            case ["reservation_id"]:
                return {"reservation_id": self.a_reservation()}
            case ["ticket_id"]:
                return {"ticket_id": self.a_ticket()}
            case ["order_id"]:
                return {"order_id": self.a_paid_order()["id"]}
            case ["refund_id"]:
                return {"refund_id": self.a_pending_refund()}
            case ["campaign_id"] if self.ids(endpoint)["campaign_id"] == self.draft:
                return {"campaign_id": self.a_campaign_for(endpoint)}
        return {}

    def target(self, endpoint: Endpoint, **ids: str) -> str:
        return endpoint.path.format(**{**self.ids(endpoint), **ids})

    def fitted(self, body: Any) -> Any:
        """An example of the reference, with the times and names that fit here and now."""
        if not isinstance(body, dict):
            return body
        fitting = {
            **{name: at(seconds) for name, seconds in TIMES.items()},
            "ends_at": at(TIMES["ends_at"] + 600),
            "buyer_id": "buyer",
            # None is planned.
            "coupon": None,
            "ship_to": {**body.get("ship_to", {}), **SHIP_TO},
            "data": self.payment,
            "time_zone": "UTC",
            **FEW,
            "payments": {"provider": "test"},
            "parties": divided(body.get("parties", {})),
        }
        return {name: fitting.get(name, value) for name, value in body.items()}

    # -- payments ------------------------------------------------------------------------------------

    @property
    def payment(self) -> Json:
        """What a provider would truly say of the order."""
        return payment_of(self.order)

    def signature(
        self,
        raw: bytes,
        event: str,
        seconds: float | str | None = None,
        secret: bytes | None = None,
    ) -> list[tuple[str, str]]:
        """The headers of a webhook, by the Standard Webhooks specification."""
        stamp = str(int(time.time())) if seconds is None else str(seconds)
        text = f"{event}.{stamp}.".encode() + raw
        mac = hmac.new(secret or self.secret, text, hashlib.sha256).digest()
        return [
            ("webhook-id", event),
            ("webhook-timestamp", stamp),
            ("webhook-signature", f"v1,{base64.b64encode(mac).decode()}"),
        ]

    def tell(self, body: Any, headers: Headers | None = None) -> Answer:
        """A webhook, signed unless other headers are given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.signature(raw, fresh("msg")) if headers is None else headers
        return self.front.ask("POST", SIGNED, raw, [*signed, ("Content-Type", "application/json")])
