"""A shop in memory that answers like the API: enough of it to let shoppers in, and to be broken on purpose."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from local.api import Api, Fresh
from local.demo.theatre import Theatre
from local.shoppers.wire import Answer, NoAnswer, Wire

SECRET = "whsec_dG95LXNlY3JldC10b3ktc2VjcmV0"
Json = dict[str, Any]


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


@dataclass
class Held:
    """One reservation, and the order it may have become."""

    body: Json
    expires: float
    state: str = "held"
    order: Json | None = None
    taken_again: bool = False
    booked: int = 0
    """Money of its order that went back before the close."""
    restocked: bool = False


@dataclass
class ToyShop:
    """One campaign. ``oversells``: its flaw, for those who look for one."""

    oversells: bool = False
    plan: Json = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    answered: dict[str, tuple[int, Json]] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    line: dict[str, Json] = field(default_factory=dict)
    """Tickets of those who wait: in order, but whoever looks first is served first."""
    improvised: list[Json] = field(default_factory=list)
    version: int = 0
    over: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- the campaign ------------------------------------------------------------------------------

    def status(self) -> str:
        now = time.time()
        if now < self.instant("starts_at"):
            return "scheduled"
        if now < self.instant("ends_at"):
            return "live"
        waiting = any(held.state == "held" for held in self.holds.values())
        return "closing" if waiting else "closed"

    def instant(self, name: str) -> float:
        return datetime.fromisoformat(self.plan[name]).timestamp()

    def campaign(self) -> Json:
        offers = [{"limit_per_buyer": None, **offer} for offer in self.plan["offers"]]
        live = {"id": "cmp_toy", "status": self.status(), "improvised": self.improvised}
        return {**self.plan, **live, "offers": offers}

    def direct(self, cue: Json) -> tuple[int, Json]:
        (offer,) = [one for one in self.plan["offers"] if one["sku"] == cue["sku"]]
        offer["unit_price"] = cue["unit_price"]
        self.improvised.append({**cue, "at": time.time() - self.instant("starts_at")})
        return 200, self.campaign()

    def extend(self, sent: Json) -> tuple[int, Json]:
        self.plan["ends_at"] = sent["ends_at"]
        return 200, self.campaign()

    def totals(self) -> Json:
        self.expire()
        status = self.status()
        self.version += not self.over
        self.over = status == "closed"
        offers = [self.sums(offer["sku"], offer["allotment"]) for offer in self.plan["offers"]]
        units = {name: sum(offer["units"][name] for offer in offers) for name in offers[0]["units"]}
        gross = sum(offer["gross"] for offer in offers)
        ends = [held.state for held in self.holds.values()]
        again = sum(held.taken_again for held in self.holds.values())
        states = {name: ends.count(name) for name in ("confirmed", "released", "expired", "held")}
        states["expired"] += again
        return {
            "version": self.version,
            "as_of": rfc3339(time.time()),
            "status": status,
            "complete": status == "closed",
            "currency": "CNY",
            "orders": states["confirmed"],
            "gross": gross,
            "refunded": sum(offer["refunded"] for offer in offers),
            "net": gross - sum(offer["refunded"] for offer in offers),
            "units": units,
            "reservations": {"placed": len(ends) + again, **states},
            "offers": offers,
            "pinned": None,
        }

    def sums(self, sku: str, allotment: int) -> Json:
        mine = [held for held in self.holds.values() if held.body["sku"] == sku]
        held = sum(one.body["quantity"] for one in mine if one.state == "held")
        paid = [one.body for one in mine if one.state == "confirmed"]
        back = [one for one in mine if one.restocked]
        sold = sum(body["quantity"] for body in paid) - sum(one.body["quantity"] for one in back)
        units = {"allotted": allotment, "available": allotment - held - sold, "held": held}
        return {
            "sku": sku,
            "orders": len(paid),
            "gross": sum(body["amount"] for body in paid),
            "refunded": sum(one.booked for one in mine),
            "units": {**units, "sold": sold, "refunded": 0},
        }

    def timeline(self) -> Json:
        totals = self.totals()
        whole = {
            "orders": totals["orders"],
            "units": totals["units"]["sold"],
            "gross": totals["gross"],
        }
        offers = [{**one, "units": one["units"]["sold"]} for one in totals["offers"]]
        markers = [*self.plan["run_of_show"], *self.improvised]
        buckets = [{**whole, "offers": offers}]
        return {"version": totals["version"], "buckets": buckets, "markers": markers}

    # -- buying ------------------------------------------------------------------------------------

    def expire(self) -> None:
        for held in self.holds.values():
            if held.state == "held" and held.expires <= time.time():
                held.state = "expired"
                if held.order:
                    held.order["state"] = "cancelled"

    def free(self, sku: str) -> int:
        self.expire()
        (allotment,) = [one["allotment"] for one in self.plan["offers"] if one["sku"] == sku]
        units: int = self.sums(sku, allotment)["units"]["available"]
        return units + (3 if self.oversells else 0)

    def reserve(self, wish: Json) -> tuple[int, Json]:
        if self.status() != "live":
            return 409, {"code": "campaign_not_open"}
        (offer,) = [one for one in self.plan["offers"] if one["sku"] == wish["sku"]]
        limit = offer.get("limit_per_buyer")
        mine = sum(
            held.body["quantity"]
            for held in self.holds.values()
            if (held.body["buyer_id"], held.body["sku"]) == (wish["buyer_id"], wish["sku"])
            and held.state in ("held", "confirmed")
        )
        if limit is not None and mine + wish["quantity"] > limit:
            return 409, {"code": "buyer_limit_reached"}
        if self.free(wish["sku"]) < wish["quantity"]:
            return 409, {"code": "sold_out"}
        expires = time.time() + self.plan["hold_seconds"]
        amount = offer["unit_price"] * wish["quantity"]
        body = {
            **wish,
            "id": f"rsv_{len(self.holds)}",
            "unit_price": offer["unit_price"],
            "list_price": offer["unit_price"],
            "coupon": None,
            "amount": amount,
            "expires_at": rfc3339(expires),
        }
        self.holds[body["id"]] = Held(body, expires)
        return 201, body

    def wait(self, wish: Json) -> tuple[int, Json]:
        if self.status() != "live":
            return 409, {"code": "waitlist_not_open"}
        ticket = {"id": f"wtl_{len(self.line)}", "state": "waiting", "reservation": None}
        self.line[ticket["id"] or ""] = {**ticket, "wish": wish}
        return 201, ticket

    def look(self, ticket: str) -> tuple[int, Json]:
        place = self.line[ticket]
        if place["state"] == "waiting":
            status, answer = self.reserve(place["wish"])
            if status == 201:
                place.update(state="offered", reservation=answer)
            elif answer["code"] != "sold_out":
                place.update(state="closed")
        return 200, place

    def check_out(self, reservation: str) -> tuple[int, Json]:
        self.expire()
        held = self.holds[reservation]
        if held.state != "held":
            return 409, {"code": f"reservation_{held.state}"}
        held.order = {
            **{
                name: held.body[name]
                for name in ("sku", "quantity", "unit_price", "amount", "coupon")
            },
            "id": reservation.replace("rsv_", "ord_"),
            "currency": "CNY",
            "state": "awaiting_payment",
            "paid_at": None,
            "amount_refunded": 0,
            "expires_at": held.body["expires_at"],
            "payment": {"id": reservation.replace("rsv_", "pay_")},
        }
        return 201, dict(held.order)

    def pay(self, fact: Json) -> str:
        self.expire()
        held = self.holds[fact["order_id"].replace("ord_", "rsv_")]
        order = held.order
        assert order is not None
        if fact["amount"] != order["amount"]:
            return "quarantined"
        if order["state"] in ("paid", "refunded"):
            return "known"
        if held.state == "expired":
            if self.status() != "live" or self.free(order["sku"]) < order["quantity"]:
                order.update(state="refunded", amount_refunded=order["amount"])
                return "refunded"
            held.taken_again = True
        held.state = "confirmed"
        order.update(state="paid", paid_at=rfc3339(time.time()))
        return "paid"

    def refund(self, order_id: str, wish: Json) -> tuple[int, Json]:
        """Goes back at once."""
        held = self.holds[order_id.replace("ord_", "rsv_")]
        order, is_over = held.order, self.status() == "closed"
        assert order is not None
        if wish.get("restock") and self.status() != "live":
            return 409, {"code": "restock_too_late"}
        amount = wish.get("amount") or order["amount"] - order["amount_refunded"]
        order["amount_refunded"] += amount
        held.booked += 0 if is_over else amount
        held.restocked = held.restocked or bool(wish.get("restock"))
        if order["amount_refunded"] == order["amount"]:
            order["state"] = "refunded"
        refund = {
            "id": f"ref_{len(self.refunds)}",
            "order": order_id,
            "amount": amount,
            "state": "succeeded",
            "restocked": held.restocked,
            "after_close": is_over,
        }
        self.refunds[refund["id"]] = refund
        return 201, refund

    # -- the edge ----------------------------------------------------------------------------------

    def answer(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        with self.lock:
            key = headers.get("Idempotency-Key", "") + path
            if headers.get("Idempotency-Key") and key in self.answered:
                return self.answered[key]
            answer = self.route(method, path.partition("?")[0].split("/")[2:], body, headers)
            if answer[0] < 300 and headers.get("Idempotency-Key"):
                self.answered[key] = answer
            return answer

    def route(
        self, method: str, path: list[str], body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        sent = json.loads(body or b"{}")
        match method, path:
            case "POST", ["campaigns"]:
                self.plan = sent
                return 201, self.campaign()
            case "POST", ["campaigns", "cmp_toy", verb] if verb in self.verbs():
                return self.verbs()[verb](sent)
            case _, ["campaigns", "cmp_toy", *rest]:
                return 200, self.book("".join(rest))
            case "POST", ["reservations", reservation, "checkout"] if reservation in self.holds:
                return self.check_out(reservation)
            case "POST", ["webhooks", *_]:
                return self.webhook(body or b"", headers)
        return self.thing(method, path, sent)

    def verbs(self) -> dict[str, Callable[[Json], tuple[int, Json]]]:
        """What can be asked of the campaign."""
        return {
            "reservations": self.reserve,
            "waitlist": self.wait,
            "cues": self.direct,
            "extend": self.extend,
        }

    def thing(self, method: str, path: list[str], sent: Json) -> tuple[int, Json]:
        if path[0] == "waitlist":
            return self.look(path[1])
        if path[0] == "orders":
            return self.refund(path[1], sent)
        if path[0] == "refunds":
            return 200, self.refunds[path[1]]
        return self.hold(method, path[-1])

    def hold(self, method: str, reservation: str) -> tuple[int, Json]:
        if reservation not in self.holds:
            return 404, {"code": "not_found"}
        if method == "DELETE":
            self.holds[reservation].state = "released"
        return 200, {"state": self.holds[reservation].state}

    def book(self, name: str) -> Json:
        books: dict[str, Callable[[], Json]] = {
            "totals": self.totals,
            "timeline": self.timeline,
            "report": lambda: {"balanced": True, "totals": {**self.totals(), "as_of": None}},
            "orders": lambda: {"data": list(self.orders()), "has_more": False},
        }
        return books.get(name, self.campaign)()

    def orders(self) -> Iterator[Json]:
        self.expire()
        yield from (held.order for held in self.holds.values() if held.order)

    def webhook(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Json]:
        try:
            event = Webhook(SECRET).verify(body, dict(headers))
        except WebhookVerificationError:
            return 401, {"code": "signature_invalid"}
        paid = event["type"] == "payment.succeeded"
        return 200, {"outcome": self.pay(event["data"]) if paid else "noted"}


class ToyWire(Wire):
    """A wire to the shop next door: no sockets, and the same manners."""

    def __init__(self, shop: ToyShop) -> None:
        super().__init__("http://toy", {})
        self._shop = shop

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        status, answer = self._shop.answer(method, path, body, headers or {})
        return Answer(status, {"etag": f'"{self._shop.version}"'}, json.loads(json.dumps(answer)))

    def ask_and_hang_up(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> None:
        self._shop.answer(method, path, body, headers)

    def ask_impatiently(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        self._shop.answer(method, path, body, headers)
        raise NoAnswer("too slow")


class ToyApi(Api):
    """The merchant's people next door."""

    def __init__(self, shop: ToyShop) -> None:
        super().__init__("http://toy", "")
        self._shop = shop

    def get(self, path: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._shop.answer("GET", f"/v1{path}", None, {})[1]
        return found

    def post(self, path: str, body: Any) -> Mapping[str, Any]:
        raw = json.dumps(body).encode()
        made: Mapping[str, Any] = self._shop.answer("POST", f"/v1{path}", raw, {})[1]
        return made

    def poll(self, path: str, etag: str = "") -> Fresh | None:
        body = self.get(path)
        now = f'"{body["version"]}"'
        return None if now == etag else Fresh(body, now, 1.0)


class ToyTheatre(Theatre):
    """A theatre without an engine."""

    _made_for: ToyShop

    def __init__(self, shop: ToyShop) -> None:
        super().__init__(address="http://toy", keys={}, webhook_secret=SECRET)
        object.__setattr__(self, "_made_for", shop)

    def api(self, scope: str) -> Api:
        return ToyApi(self._made_for)

    def wire(self, scope: str | None = None) -> Wire:
        return ToyWire(self._made_for)
