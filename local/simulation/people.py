"""Who comes to a show: buyers with their devices, a merchant who changes plans, and those who watch the totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any, Final, Protocol

from local.simulation.bank import Provider
from local.simulation.gateway import Answer, Ask, Gateway
from local.simulation.plan import CODE, Plan
from local.simulation.violations import expect
from local.simulation.world import World
from shared.clock import rfc3339

RESERVE: Final = "POST /v1/campaigns/{campaign_id}/reservations"
RESERVATION: Final = "/v1/reservations/{reservation_id}"
JOIN: Final = "POST /v1/campaigns/{campaign_id}/waitlist"
TICKET: Final = "/v1/waitlist/{ticket_id}"
CHECKOUT: Final = "POST /v1/reservations/{reservation_id}/checkout"
ORDER: Final = "GET /v1/orders/{order_id}"
ADDRESS: Final = "PATCH /v1/orders/{order_id}/address"
REFUND: Final = "POST /v1/orders/{order_id}/refund"
RETRY: Final = "POST /v1/refunds/{refund_id}/retry"
METHODS: Final = ("card", "card", "card", "refund_pending", "refund_fails")
TRIES: Final = 12
SHIP_TO: Final = {
    "name": "Li Wei",
    "line1": "1 Nanjing Road",
    "city": "Shanghai",
    "country": "CN",
    "phone": "+862155550100",
}


class Judge(Protocol):
    """Hears what everybody was told."""

    def expect_reservation(self, ask: Ask) -> None:
        """Before it is sent."""

    def expect_address(self, ask: Ask) -> None:
        """Before a request about the address of an order is sent."""

    def heard(self, ask: Ask, answer: Answer, began: int) -> None:
        """An answer; ``began``: milliseconds, when the request was sent."""


class Clients:
    """How people reach the API: again with the same key, when nothing is known of a request."""

    def __init__(self, world: World, gateway: Gateway, judge: Judge) -> None:
        self.world = world
        self._gateway = gateway
        self._judge = judge
        self._keys = 0

    def fresh_key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def once(self, ask: Ask) -> Answer:
        """One request, heard by the judge."""
        began = self.world.stage.millis
        if ask.route == RESERVE:
            self._judge.expect_reservation(ask)
        if ask.route in (ADDRESS, CHECKOUT):
            self._judge.expect_address(ask)
        answer = self._gateway.ask(ask)
        self._judge.heard(ask, answer, began)
        return answer

    def insist(self, ask: Ask, patience: int = TRIES) -> Answer:
        """Again and again, until there is an answer, or patience ends."""
        answer = self.once(ask)
        for _ in range(patience - 1):
            if not answer.unknown:
                break
            self.world.stage.wait(self.world.random.choice((0.2, 1.0, 3.0)))
            answer = self.once(ask)
        return answer


class Buyer:
    """One person with one or two devices."""

    def __init__(
        self, clients: Clients, provider: Provider, plan: Plan, show: str, name: str
    ) -> None:
        self._clients = clients
        self._world = clients.world
        self._random = clients.world.random
        self._provider = provider
        self._plan = plan
        self._show = show
        self._name = name
        self._method = clients.world.random.choice(METHODS)

    def shop(self) -> None:
        """From the first click to the last."""
        for _ in range(self._random.choice((1, 1, 2, 3))):
            answer = self._reserve()
            if answer.ok:
                self._decide(answer.body)
            elif answer.code == "sold_out" and self._plan.waitlist:
                self._stand_in_line()
            self._world.stage.wait(self._random.choice((0, 0.5, 2, 6)))

    def _reserve(self) -> Answer:
        random, plan = self._random, self._plan
        sku, allotment, _, limit = random.choice(plan.offers)
        most = max(1, min(9, allotment, limit or 9))
        wish = {"sku": sku, "quantity": random.randint(1, most), "buyer_id": self._name}
        if plan.deals and random.random() < 0.5:
            wish["coupon"] = random.choice((CODE, CODE.lower()))
        ask = Ask(
            RESERVE,
            {"campaign_id": self._show},
            wish,
            key="sell",
            headers={"idempotency-key": self._clients.fresh_key()},
        )
        doubles = plan.doubles
        roll = random.random()
        if roll < doubles:
            # The other device, or an impatient finger: the same request at the same time, or a little later.
            self._aside(ask, after=random.choice((0, 0, 0, 0.01, 1, plan.hold, 30, 80)))
        elif roll < doubles * 1.3:
            other = {**ask.body, "quantity": ask.body["quantity"] % most + 1}
            self._aside(
                Ask(ask.route, ask.path, other, ask.key, ask.headers), after=random.choice((0, 1))
            )
        elif roll < doubles * 1.6:
            again = {"idempotency-key": self._clients.fresh_key()}
            self._aside(Ask(ask.route, ask.path, ask.body, ask.key, again), after=0)
        patience = random.choice((1, TRIES, TRIES))
        return self._clients.insist(ask, patience)

    def churn(self) -> None:
        """Reserve, and give the units back or let the hold run out, again and again until the show is over."""
        random, stage = self._random, self._world.stage
        for _ in range(random.choice((5, 10, 20, 30))):
            answer = self._reserve()
            if answer.code == "campaign_not_open":
                return
            if answer.ok and random.random() < 0.8:
                path = {"reservation_id": answer.body["id"]}
                self._clients.insist(Ask(f"DELETE {RESERVATION}", path, key="sell"))
            stage.wait(random.choice((0, 0, 0.2, 1)))

    def _stand_in_line(self) -> None:
        """For a while, until it is their turn, or for too long."""
        random, (sku, allotment, _, limit) = self._random, self._random.choice(self._plan.offers)
        units = random.randint(1, max(1, min(3, allotment, limit or 3)))
        wish = {"sku": sku, "quantity": units, "buyer_id": self._name}
        if self._plan.deals and units % 2:
            wish["coupon"] = CODE
        ask = Ask(
            JOIN,
            {"campaign_id": self._show},
            wish,
            key="sell",
            headers={"idempotency-key": self._clients.fresh_key()},
        )
        if random.random() < self._plan.doubles:
            self._aside(ask, after=random.choice((0, 0, 0.01, 1, 12)))
        answer = self._clients.insist(ask)
        if not answer.ok:
            return
        path = {"ticket_id": answer.body["id"]}
        for _ in range(random.choice((1, 4, 8, 8))):
            self._world.stage.wait(random.choice((0.5, 2, 5)))
            if random.random() < 0.1:
                self._clients.insist(Ask(f"DELETE {TICKET}", path, key="sell"))
            seen = self._clients.insist(Ask(f"GET {TICKET}", path, key="sell"))
            if seen.ok and seen.body["state"] == "offered":
                self._decide(seen.body["reservation"])
            if not seen.ok or seen.body["state"] != "waiting":
                return

    def _aside(self, ask: Ask, *, after: float) -> None:
        self._world.stage.enter(
            f"{self._name} aside", lambda: self._clients.insist(ask), after=after
        )

    def _decide(self, reservation: Mapping[str, Any]) -> None:
        random = self._random
        path = {"reservation_id": reservation["id"]}
        roll = random.random()
        if roll < 0.15:
            self._world.stage.wait(random.choice((0, 2, self._until(reservation))))
            release = Ask(f"DELETE {RESERVATION}", path, key="sell")
            if random.random() < 0.3:
                self._aside(release, after=0)
            self._clients.insist(release)
            return
        if roll < 0.25:
            return
        pause = 0 if self._plan.on_edge else random.choice((0, 0.2, 2, self._until(reservation)))
        self._world.stage.wait(pause)
        checkout = Ask(
            CHECKOUT,
            path,
            {"buyer_id": self._name, "payment_method": self._method, "ship_to": SHIP_TO},
            key="sell",
            headers={"idempotency-key": self._clients.fresh_key()},
        )
        if random.random() < 0.2:
            self._aside(checkout, after=random.choice((0, 0, 5)))
        if random.random() < 0.05:
            self._aside(Ask(f"DELETE {RESERVATION}", path, key="sell"), after=random.choice((0, 1)))
        answer = self._clients.insist(checkout)
        if answer.ok:
            self._move(answer.body)
        if answer.ok and random.random() < 0.2:
            answer = self._come_back(checkout, answer)
        if answer.ok and answer.status == 201:
            self._pay(answer.body)

    def _come_back(self, checkout: Ask, first: Answer) -> Answer:
        """
        Another address, before it is paid. What of it can be paid then.

        Perhaps the first payment is made meanwhile, by another tab: then no other is made.
        """
        random = self._random
        asks = [
            Ask(
                checkout.route,
                checkout.path,
                {**checkout.body, "ship_to": {**SHIP_TO, "line1": f"{house} Nanjing Road"}},
                checkout.key,
                {"idempotency-key": self._clients.fresh_key()},
            )
            for house in range(2, random.choice((3, 3, 4)))
        ]
        if random.random() < 0.3:
            self._provider.take(first.body, after=random.choice((0, 0, 0.01, 0.5)))
            for ask in asks:
                self._clients.insist(ask)
            return Answer(409, {"code": "payment_under_way"})
        if random.random() < 0.3:
            # Both at once: whoever is told of a payment that was replaced finds it dead.
            for ask in asks[1:]:
                self._aside(ask, after=random.choice((0, 0.01)))
            answer = self._clients.insist(asks[0])
        else:
            for ask in asks:
                answer = self._clients.insist(ask)
        if answer.unknown or answer.code == "checkout_replaced":
            return answer
        seen = self._clients.insist(Ask(ORDER, {"order_id": first.body["id"]}, key="sell"))
        # What stands there now is what the buyer has before him, and no other payment can be made.
        is_told = (
            answer.ok and seen.ok and seen.body["payment"]["id"] == answer.body["payment"]["id"]
        )
        return answer if is_told else Answer(409, {"code": "checkout_replaced"})

    def _pay(self, order: Mapping[str, Any]) -> None:
        random = self._random
        if random.random() < 0.08:
            self._provider.lie(order, after=random.choice((0, 3)))
        if random.random() < 0.1:
            self._provider.fail(order, after=random.choice((0, 1, 20)))
        roll = 0.6 if self._plan.on_edge else random.random()
        late = self._plan.hold + random.choice((0, 3, 20, 60))
        if roll < 0.5:
            after = random.choice((0, 0.5, 3))
        elif roll < 0.7:
            after = self._until(order) + random.choice((-1, -0.3, -0.01, -0.01, 0, 0.01, 1))
        elif roll < 0.88:
            after = late
        else:
            return
        self._provider.take(order, after=max(0, after), copies=random.choice((1, 1, 2, 3)))
        if random.random() < 0.3:
            self._world.stage.wait(random.choice((0.5, 5, 30)))
            self._clients.insist(Ask(ORDER, {"order_id": order["id"]}, key="sell"))
        if random.random() < 0.25:
            self._regret(order)

    def _move(self, order: Mapping[str, Any]) -> None:
        """Another address, once or twice, before the payment, about with it, or when the parcel is on its way."""
        # Of its own, so that what else happens in a show is what happened before anybody moved.
        random = Random(f"{self._name} {order['id']}")  # noqa: S311 - repeatable is what it must be
        if self._plan.carrier is None or random.random() < 0.6:
            return

        def move() -> None:
            for number in range(random.choice((1, 1, 2))):
                ship_to = {**SHIP_TO, "line1": f"{number} Moved Road", "name": f"Li Wei {number}"}
                body = {"buyer_id": self._name, "ship_to": ship_to}
                ask = Ask(ADDRESS, {"order_id": order["id"]}, body, key="sell")
                self._clients.insist(ask)
                self._world.stage.wait(random.choice((0, 0.1, 2)))

        after = random.choice((0, 0, 0.05, 0.5, 3, 30))
        self._world.stage.enter(f"{self._name} moves", move, after=after)

    def _regret(self, order: Mapping[str, Any]) -> None:
        """The merchant gives back what was bought, or some of it, if it was paid for by then."""
        random, stage = self._random, self._world.stage
        stage.wait(random.choice((0, 1, 4, self._plan.length)))
        for _ in range(random.choice((1, 1, 2))):
            amount = random.choice((None, None, 1, order["amount"] // 2 or 1, order["amount"]))
            wish = {"reason": "regret", "restock": random.random() < 0.5}
            wish |= {"amount": amount} if amount is not None else {}
            ask = Ask(
                REFUND,
                {"order_id": order["id"]},
                wish,
                key="manage",
                headers={"idempotency-key": self._clients.fresh_key()},
            )
            if random.random() < self._plan.doubles:
                self._aside(ask, after=random.choice((0, 0, 1)))
            answer = self._clients.insist(ask)
            if answer.ok and self._method == "refund_pending":
                late = random.choice((0, 3, 60, 200))
                kind = random.choice(("refund.succeeded", "refund.succeeded", "refund.failed"))
                self._provider.end_refund(order, answer.body, kind, after=late)

    def _until(self, promised: Mapping[str, Any]) -> float:
        """Seconds until a hold ends."""
        ends = datetime.fromisoformat(promised["expires_at"]).timestamp()
        return max(0.0, ends - self._world.stage.millis / 1000)


class Merchant:
    """Who runs the show."""

    def __init__(self, clients: Clients, plan: Plan) -> None:
        self._clients = clients
        self._world = clients.world
        self._plan = plan
        self.show = ""

    def prepare(self) -> None:
        """Until the campaign is scheduled."""
        create = self._post("POST /v1/campaigns", {}, self._plan.body())
        self.show = str(self._insist(create).body["id"])
        if self._world.random.random() < 0.2:
            self._world.stage.enter("merchant again", lambda: self._clients.insist(create))
        begin = self._clients.insist(self._command(self._plan.begins_by))
        while not begin.ok:
            # It was busy for so long that the start has passed.
            begin = self._clients.insist(self._command("start"))

    def meddle(self) -> None:
        """Change the plan in mid-show."""
        random, plan = self._world.random, self._plan
        self._world.stage.wait(random.choice((0, plan.length / 2, plan.length - 1, plan.length)))
        body: Mapping[str, Any] = {}
        match plan.merchant:
            case "nothing":
                return
            case "rename":
                self._rename()
                return
            case "extend":
                show = self._clients.insist(self._get())
                if not show.ok:
                    return
                later = self._world.second + plan.length + random.choice((5, 20))
                body = {"ends_at": rfc3339(later)}
            case "cancel":
                body = {"reason": "Storm at the harbour"}
            case "pause":
                self._pause()
                return
            case "direct":
                self._direct()
                return
        command = self._command(plan.merchant, body)
        if random.random() < 0.4:
            self._world.stage.enter("merchant again", lambda: self._clients.insist(command))
        self._clients.insist(command)

    def _pause(self) -> None:
        """For a while, or for good; and perhaps somebody resumes it while it is still pausing."""
        random = self._world.random
        if random.random() < 0.3:
            self._world.stage.enter(
                "another hand",
                lambda: self._clients.insist(self._command("resume")),
                after=random.choice((0, 0.02, 0.5)),
            )
        self._clients.insist(self._command("pause"))
        self._world.stage.wait(random.choice((0, 1, 6)))
        if random.random() < 0.8:
            self._clients.insist(self._command("resume"))

    def _direct(self) -> None:
        """One cue after the other; prices only where nobody's copy of the campaign can be too old."""
        random, (sku, _, price, _) = self._world.random, self._plan.offers[0]
        cues: list[dict[str, Any]] = [
            {"cue": "pin", "sku": sku},
            {"cue": "unpin"},
            {"cue": "announce", "text": "Only a few are left!"},
        ]
        if self._plan.punctual:
            cues += [
                {"cue": "price", "sku": sku, "unit_price": price + 1},
                {"cue": "flash_price", "sku": sku, "unit_price": price - 1, "seconds": 3},
                {"cue": "flash_end", "sku": sku},
                {"cue": "price", "sku": sku, "unit_price": price + 2},
                # Below what some have planned: then it is refused.
                {"cue": "price", "sku": sku, "unit_price": max(1, price * 4 // 5)},
            ]
        for cue in cues:
            # Some are refused: the flash price may be over by then, or another edit has come first.
            ask = self._command("cues", cue)
            if cue["cue"] == "announce":
                ask = self._over_what_is_seen(ask)
            self._clients.insist(ask)
            self._world.stage.wait(random.choice((0, 0.3, 2)))

    def _over_what_is_seen(self, ask: Ask) -> Ask:
        """The command, if the campaign is what its merchant has seen."""
        seen = self._clients.insist(self._get())
        tag = {"if-match": str(seen.headers["etag"])} if seen.ok else {}
        return replace(ask, headers={**ask.headers, **tag})

    def _rename(self) -> None:
        """A name always; while the show is on, and no copy of it can be too old, also a price, and units more."""
        for more in (1, 2):
            seen = self._clients.insist(self._get())
            if not seen.ok:
                return
            changes: dict[str, Any] = {"name": f"Name {more}"}
            if self._plan.open_holds is not None:
                # Only ever raised, so that no copy of the campaign allows more than the latest.
                changes["max_open_holds_per_buyer"] = self._plan.open_holds + more
            if self._plan.punctual and seen.body["status"] == "live":
                first, *others = seen.body["offers"]
                dearer = {
                    "unit_price": first["unit_price"] + 1,
                    "allotment": first["allotment"] + more,
                }
                changes["offers"] = [{**first, **dearer}, *others]
            patch = Ask(
                "PATCH /v1/campaigns/{campaign_id}",
                {"campaign_id": self.show},
                changes,
                key="manage",
                headers={"if-match": str(seen.headers["etag"])},
            )
            self._clients.once(patch)
            self._world.stage.wait(2)

    def _get(self) -> Ask:
        return Ask("GET /v1/campaigns/{campaign_id}", {"campaign_id": self.show}, key="manage")

    def _command(self, name: str, body: Mapping[str, Any] | None = None) -> Ask:
        route = f"POST /v1/campaigns/{{campaign_id}}/{name}"
        return self._post(route, {"campaign_id": self.show}, body or {})

    def _post(self, route: str, path: Mapping[str, str], body: Mapping[str, Any]) -> Ask:
        headers = {"idempotency-key": self._clients.fresh_key()}
        return Ask(route, path, dict(body), key="manage", headers=headers)

    def _insist(self, ask: Ask) -> Answer:
        """For as long as it takes: without this there is no show."""
        answer = self._clients.insist(ask)
        while answer.unknown:
            answer = self._clients.insist(ask)
        expect(answer.ok, ask.route, answer)
        return answer


class Watcher:
    """Looks at the totals every few seconds."""

    def __init__(self, clients: Clients, show: str) -> None:
        self._clients = clients
        self._show = show

    def look(self, looks: int) -> None:
        random, path = self._clients.world.random, {"campaign_id": self._show}
        known: str | None = None
        for _ in range(looks):
            headers = {"if-none-match": known} if known and random.random() < 0.5 else {}
            answer = self._clients.once(
                Ask("GET /v1/campaigns/{campaign_id}/totals", path, key="read", headers=headers)
            )
            known = answer.headers.get("etag", known)
            if random.random() < 0.2:
                self._clients.once(
                    Ask(
                        "GET /v1/campaigns/{campaign_id}/timeline",
                        path,
                        key="read",
                        query={"bucket": "10"},
                    )
                )
            if random.random() < 0.2:
                self._clients.once(Ask("GET /v1/shows/{campaign_id}", path, key="sell"))
            if random.random() < 0.1:
                self._clients.once(
                    Ask(
                        "GET /v1/campaigns/{campaign_id}/orders",
                        path,
                        key="read",
                        query={"limit": "3"},
                    )
                )
            self._clients.world.stage.wait(random.choice((0.3, 1.0, 2.0, 5.0)))
