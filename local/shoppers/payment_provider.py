"""The acting payment provider: takes the shoppers' money, and tells the shop by signed webhooks until it listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from standardwebhooks import Webhook

from local.shoppers.agenda import Agenda
from local.shoppers.journal import Capture, Journal
from local.shoppers.visits import Habit
from local.shoppers.wire import Answer, NoAnswer, Wire

PATH: Final = "/v1/webhooks/payments/test"
DELIVERIES: Final = 20
PAUSE: Final = 0.25
"""Seconds before the first redelivery; each time twice as many, up to ``LONGEST_PAUSE``."""
LONGEST_PAUSE: Final = 5.0
SECOND_TRY: Final = 0.8
"""Seconds from a declined card, or a wrong amount, to the next try; and from a refund to its webhook."""
DUPLICATE: Final = 0.4
"""Seconds from a webhook to its duplicate."""
SHORT: Final = 100
"""Minor units that a wrong amount is short of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that the provider has to tell the shop."""

    event: str
    order: Mapping[str, Any]
    amount: int
    repeated: bool = False
    """The shop has been told before, under the same id."""
    refund: str | None = None
    """Id of the refund whose end it tells."""

    @property
    def id(self) -> str:
        """The same for the same fact, however often it is told."""
        return (
            "msg_"
            + _digest(self.order["id"], self.event, self.amount, *filter(None, [self.refund])).hex()
        )

    @property
    def body(self) -> str:
        fact = {
            "payment_id": self.order["payment"]["id"],
            "order_id": self.order["id"],
            "amount": self.amount,
            "currency": self.order["currency"],
            "livemode": False,
            **({"refund_id": self.refund} if self.refund else {}),
        }
        return json.dumps({"type": self.event, "data": fact})


class PaymentProvider:
    """Speaks the dialect of the provider ``test``: Standard Webhooks, one secret for each deployment."""

    def __init__(self, wire: Wire, secret: str, agenda: Agenda, journal: Journal) -> None:
        self._wire = wire
        self._signer = Webhook(secret)
        self._agenda = agenda
        self._journal = journal
        self.paid: Callable[[Mapping[str, Any]], None] = lambda _order: None
        """Told of each order that was paid for."""

    def end_refund(self, order: Mapping[str, Any], refund: Mapping[str, Any], *, at: float) -> None:
        """Tell at an instant that a refund which had to wait has gone back; twice, for good measure."""
        self._journal.fired("refund that waits")
        ended = Notice(
            event="refund.succeeded", order=order, amount=refund["amount"], refund=refund["id"]
        )
        for late in (0.0, DUPLICATE):
            self._tell(ended, at + late)

    def pay(self, order: Mapping[str, Any], *, at: float, habit: Habit) -> None:
        """Take the money for an order at an instant, in the manner of a shopper."""
        paid = Notice(event="payment.succeeded", order=order, amount=order["amount"])
        if habit is Habit.PAYS_AT_SECOND_TRY:
            self._journal.fired("card declined")
            self._tell(replace(paid, event="payment.failed"), at)
            at += SECOND_TRY
        elif habit is Habit.PAYS_WRONGLY:
            self._journal.fired("wrong amount")
            self._tell(replace(paid, amount=_wrong(paid.amount)), at)
            if _digest(order["id"])[0] & 1:
                return
            at += SECOND_TRY
        elif habit is Habit.PAYS_LATE:
            self._journal.fired("late payment")
        self._tell(paid, at)
        if habit is Habit.PAYS_TWICE:
            self._journal.fired("duplicate webhook")
            self._tell(replace(paid, repeated=True), at + DUPLICATE)

    def forge(self, order: Mapping[str, Any]) -> None:
        """A webhook in the provider's name, signed with another secret: it must be refused."""
        self._journal.fired("forged webhook")
        notice = Notice(event="payment.succeeded", order=order, amount=order["amount"])
        try:
            answer = self._send(notice, Webhook("whsec_" + "Zm9yZ2VkIQ==" * 2))
        except NoAnswer:
            return
        if answer.status != 401:
            self._journal.surprised(f"a forged webhook was answered {answer.status}")

    def _tell(self, notice: Notice, at: float) -> None:
        self._journal.webhook_sent()
        self._agenda.add(at, lambda: self._deliver(notice, 1))

    def _deliver(self, notice: Notice, attempt: int) -> None:
        late = time.time() >= _instant(notice.order["expires_at"])
        outcome = self._outcome_of(notice)
        if outcome is not None:
            self._journal.webhook_taken()
            if notice.event == "payment.succeeded" and not notice.repeated:
                self._journal.captured(_capture(notice, late=late, outcome=outcome))
                if outcome == "paid":
                    self.paid(notice.order)
                if outcome == "refunded":
                    self._tell(replace(notice, event="refund.succeeded"), time.time() + SECOND_TRY)
        elif attempt < DELIVERIES:
            again = time.time() + min(PAUSE * 2**attempt, LONGEST_PAUSE)
            self._agenda.add(again, lambda: self._deliver(notice, attempt + 1))

    def _outcome_of(self, notice: Notice) -> str | None:
        """What the shop did with it; ``None`` if it has to be told again."""
        try:
            answer = self._send(notice, self._signer)
        except NoAnswer:
            self._journal.refused("no answer")
            return None
        if answer.status == 503:
            self._journal.refused(answer.code)
        elif not answer.ok:
            told = f"POST {PATH} answered {answer.status} {answer.code}"
            self._journal.surprised(told.rstrip())
        return str(answer.body.get("outcome")) if answer.ok else None

    def _send(self, notice: Notice, signer: Webhook) -> Answer:
        at, body = datetime.now(UTC), notice.body
        headers = {
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signer.sign(notice.id, at, body),
        }
        self._journal.asked()
        return self._wire.ask("POST", PATH, body.encode(), headers)


def _capture(notice: Notice, *, late: bool, outcome: str) -> Capture:
    return Capture(
        webhook=notice.id,
        order=notice.order["id"],
        amount=notice.amount,
        currency=notice.order["currency"],
        wrong=notice.amount != notice.order["amount"],
        late=late,
        outcome=outcome,
    )


def _wrong(amount: int) -> int:
    return amount - SHORT if amount > SHORT else amount + SHORT


def _digest(*facts: object) -> bytes:
    return uuid5(NAMESPACE_URL, "/".join(map(str, facts))).bytes


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
