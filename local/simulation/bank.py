"""
The payment provider: it takes buyers' money, and tells of it until somebody listens; twice, in disorder, and not
always the truth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from local.simulation.books_audit import Bank
from local.simulation.gateway import Answer, Ask, Gateway
from local.simulation.services import PAYMENT_SECRET
from local.simulation.violations import expect
from local.simulation.world import NeverEnds, World

ROUTE: Final = "POST /v1/webhooks/payments/{provider}"
PATIENCE: Final = 60
"""Times that an event is sent again."""


class Provider:
    """Sends webhooks, each an actor of its own."""

    def __init__(self, world: World, gateway: Gateway, bank: Bank) -> None:
        self.told: dict[str, set[str]] = {}
        """What our API said it did with each true payment, by order."""
        self.paid: set[str] = set()
        """Orders whose payment was told of, and taken note of."""
        self._world = world
        self._gateway = gateway
        self._bank = bank
        self._webhook = Webhook(PAYMENT_SECRET)
        self._events = 0
        self._ends: dict[str, str] = {}
        """Of refunds, by id."""

    def take(self, order: Mapping[str, Any], *, after: float, copies: int = 1) -> None:
        """The buyer pays now; the event comes later, so many times."""
        self._bank.captured[order["id"]] = order["amount"]
        event = self._event_id()
        for copy in range(copies):
            late = after + (self._world.random.choice((0, 0.01, 0.02, 1, 3, 40)) if copy else 0)
            self._send(order, "payment.succeeded", event, after=late, true=True)

    def fail(self, order: Mapping[str, Any], *, after: float) -> None:
        """An attempt to pay fails; the buyer may try again."""
        self._send(order, "payment.failed", self._event_id(), after=after)

    def lie(self, order: Mapping[str, Any], *, after: float) -> None:
        """A signed event that does not fit the order."""
        random = self._world.random
        wrong: dict[str, Any] = random.choice(
            [
                {"amount": order["amount"] - 1},
                {"amount": order["amount"] * 100},
                {"currency": "USD"},
                {"livemode": True},
                {"payment_id": f"pay_another_{self._events}"},
                {"order_id": _another(order["id"])},
            ]
        )
        kind = random.choice(("payment.succeeded", "payment.succeeded", "refund.succeeded"))
        event = self._event_id()
        for _ in range(random.choice((1, 2))):
            self._send(order, kind, event, after=after + random.choice((0, 4)), wrong=wrong)

    def foretell(self, order_id: str, *, amount: int, currency: str) -> None:
        """A signed event about an order that is not there, and whose id is one of ours: it may come yet."""
        event = self._event_id()
        data = {
            "payment_id": f"pay_{event}",
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "livemode": False,
        }
        raw = json.dumps({"type": "payment.succeeded", "data": data})

        def deliver() -> None:
            outcome = self._until_taken(event, raw)
            expect(outcome == "parked", order_id, f"an event before its order was {outcome}")

        self._world.stage.enter(f"webhook {event}", deliver)

    def end_refund(
        self, order: Mapping[str, Any], refund: Mapping[str, Any], kind: str, *, after: float
    ) -> None:
        """Tell the end of a refund that was asked for: always the one that was told first."""
        kind = self._ends.setdefault(refund["id"], kind)
        event = self._event_id()
        data = {
            "payment_id": order["payment"]["id"],
            "order_id": order["id"],
            "amount": refund["amount"],
            "currency": order["currency"],
            "livemode": False,
            "refund_id": refund["id"],
        }
        raw = json.dumps({"type": kind, "data": data})

        def deliver() -> None:
            outcome = self._until_taken(event, raw)
            right = "refunded" if kind == "refund.succeeded" else "noted"
            expect(outcome in (right, "known"), refund["id"], f"the end {kind} was {outcome}")

        self._world.stage.enter(f"webhook {event}", deliver, after=after)

    def _event_id(self) -> str:
        self._events += 1
        return f"msg_{self._events}"

    def _send(
        self,
        order: Mapping[str, Any],
        kind: str,
        event: str,
        *,
        after: float,
        wrong: Mapping[str, Any] | None = None,
        true: bool = False,
    ) -> None:
        raw = event_about(order, kind, **(wrong or {}))

        def deliver() -> None:
            outcome = self._until_taken(event, raw)
            if true:
                self.paid.add(order["id"])
                self.told.setdefault(order["id"], set()).add(outcome)
                expect(outcome != "quarantined", order["id"], "a true payment was put aside")
                if outcome == "refunded":
                    self._send(order, "refund.succeeded", self._event_id(), after=1.0)
            if wrong:
                is_second = kind == "payment.succeeded" and "payment_id" in wrong
                right = ("refunded", "known") if is_second else ("quarantined",)
                expect(outcome in right, order["id"], f"a false event was {outcome}")

        self._world.stage.enter(f"webhook {event}", deliver, after=after)

    def _until_taken(self, event: str, raw: str) -> str:
        for attempt in range(PATIENCE):
            answer = self._deliver(event, raw)
            if answer.ok:
                return str(answer.body["outcome"])
            expect(
                answer.unknown, event, f"a signed event was answered {answer.status}", answer.body
            )
            self._world.stage.wait(min(20.0, 0.5 * 2.0**attempt))
        raise NeverEnds(f"{event} was never taken: {raw}")

    def _deliver(self, event: str, raw: str) -> Answer:
        # The library that verifies signatures reads the machine's own clock, so it is signed by that.
        moment = datetime.now(UTC)
        headers = {
            "webhook-id": event,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(event, moment, raw),
        }
        return self._gateway.ask(Ask(ROUTE, {"provider": "test"}, headers=headers, raw=raw))


def _another(identifier: str) -> str:
    """An id of no order of ours."""
    letter = "B" if identifier[-9] == "A" else "A"
    return f"{identifier[:-9]}{letter}{identifier[-8:]}"


def event_about(order: Mapping[str, Any], kind: str, **wrong: Any) -> str:
    """What the provider ``test`` writes of an order, as it reads in the API. ``wrong``: what it gets wrong."""
    data = {
        "payment_id": order["payment"]["id"],
        "order_id": order["id"],
        "amount": order["amount"],
        "currency": order["currency"],
        "livemode": False,
        **wrong,
    }
    return json.dumps({"type": kind, "data": data})
