"""
What a merchant does about refunds: ask for one, see how far it is, and have one tried again that needed a person.

Accepting a refund is one transaction: the order promises the money, and the refund is there. From then on it will come to an
end. Somebody to see to it is begun at once; and if whoever accepted it dies before, by the sweeper a minute later.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.domain.campaign import Campaign
from shared.domain.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    OrderNotPaid,
    RefundEnded,
    RefundExceedsPaid,
    RefundNotFound,
    RestockOfPart,
    RestockTooLate,
    StoreBusy,
)
from shared.domain.ids import derive
from shared.domain.order import Order
from shared.domain.payable import refund_fault
from shared.domain.refund import (
    AskedRefund,
    NotARefund,
    RefundPlace,
    State,
    refund_place,
)
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.give_back import is_closing
from shared.use_cases.order_ports import Refunds
from shared.use_cases.ports import Answered, AnsweredBefore, Answers, ChangedMeanwhile, Lifecycles
from shared.use_cases.read_orders import OrderReader
from shared.use_cases.run_campaign import HONOURED, Ask, Told, replay

TRIES = 60
"""Refunds of the same order that may be accepted in between: each lets one more through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What a merchant asks for."""

    merchant: str
    order_id: str
    amount: int | None
    """``None``: all that is left."""
    reason: str
    restock: bool
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The refund, and whether it had been accepted before."""

    refund: AskedRefund
    replayed: bool


class RefundDesk:
    """Accepts refunds, and shows them."""

    def __init__(
        self,
        campaigns: CampaignReader,
        orders: OrderReader,
        refunds: Refunds,
        executions: Lifecycles,
        answers: Answers,
        *,
        pause: Callable[[float], None] = clock.pause,
    ) -> None:
        """``executions``: those that see refunds through."""
        self._campaigns = campaigns
        self._orders = orders
        self._refunds = refunds
        self._executions = executions
        self._answers = answers
        self._pause = pause

    def ask(self, wish: RefundWish, now: int) -> Accepted:
        """
        The refund of a request. The same request gets the same answer, whatever became of it since.

        Raises ``OrderNotFound``, ``OrderNotPaid``, ``RefundExceedsPaid``, ``RestockOfPart``, ``RestockTooLate``,
        ``IdempotencyKeyReused``; or ``Busy``, with nothing written that this request cannot find again.
        """
        for attempt in range(TRIES):
            order = self._orders.find(wish.order_id, wish.merchant)
            campaign = self._campaigns.get(order.campaign_id)
            place = refund_place(order, campaign.secret, wish.idempotency_key)
            fingerprint = derive(campaign.secret, "body", _canonical(wish))[:9].hex()
            standing = self._refunds.find(place)
            if standing is None:
                refund = _decide(wish, campaign, order, place, fingerprint, now)
                try:
                    standing = self._refunds.promise(order.promising(refund.amount), refund)
                except ChangedMeanwhile:
                    self._pause(random.uniform(0, min(0.2, 0.005 * 2**attempt)))  # noqa: S311
                    continue
                if standing is None:
                    self._begin(refund)
                    return Accepted(refund, replayed=False)
            if standing.fingerprint != fingerprint:
                raise IdempotencyKeyReused
            self._begin(standing)
            return Accepted(standing.as_asked(), replayed=True)
        raise StoreBusy("The order is being refunded by others all the time.")

    def find(self, identifier: str, merchant: str) -> AskedRefund:
        """A refund by its id. ``RefundNotFound`` if the id is unknown, altered or another merchant's."""
        try:
            refund = self._refunds.find(RefundPlace.of(identifier))
        except NotARefund:
            raise RefundNotFound from None
        if refund is None or refund.merchant != merchant:
            raise RefundNotFound
        return refund

    def of_order(self, order_id: str, merchant: str) -> list[AskedRefund]:
        """All refunds of an order, newest first. ``OrderNotFound``."""
        order = self._orders.find(order_id, merchant)
        return self._refunds.of_order(order)[::-1]

    def retry(self, ask: Ask, shape: Callable[[AskedRefund], Mapping[str, Any]], now: int) -> Told:
        """
        Have a refund asked again that needed a person. One that is under way stays as it is; else ``RefundEnded``.
        ``shape`` makes the answer, which is the same for the same key.
        """
        before = self._answers.recall(ask.id, now=now)
        if before is not None:
            return replay(ask, before)
        document = shape(self._taken_up(ask.resource, ask.merchant, now))
        answered = Answered(
            ask.id, ask.fingerprint, 200, json.dumps(document), expires_at=now + HONOURED
        )
        try:
            self._answers.keep(answered, now=now)
        except AnsweredBefore as twin:
            return replay(ask, twin.answered)
        return Told(200, document, replayed=False)

    def _taken_up(self, identifier: str, merchant: str, now: int) -> AskedRefund:
        for _ in range(TRIES):
            refund = self.find(identifier, merchant)
            if refund.state is State.NEEDS_ATTENTION:
                try:
                    self._refunds.save(refund.taken_up(at=now))
                except ChangedMeanwhile:
                    continue
                refund = refund.taken_up(at=now)
                self._begin(refund, again=True)
            if refund.state is not State.PENDING:
                raise RefundEnded(state=refund.state.value)
            return refund
        raise StoreBusy

    def _begin(self, refund: AskedRefund, *, again: bool = False) -> None:
        """Have somebody see to it. What cannot be begun now is begun by the sweeper."""
        if not refund.is_under_way:
            return
        try:
            last = self._executions.last(refund.id) if again else None
            self._executions.begin(refund.id, 1 if last is None else last.part + 1)
        except StoreBusy:
            return


def _decide(
    wish: RefundWish,
    campaign: Campaign,
    order: Order,
    place: RefundPlace,
    fingerprint: str,
    now: int,
) -> AskedRefund:
    """The refund that is wished for, or why there can be none."""
    if order.paid_at is None:
        raise OrderNotPaid(state=order.state.value)
    left = order.refundable
    amount = left if wish.amount is None else wish.amount
    if not 0 < amount <= left:
        raise RefundExceedsPaid(refundable=left, currency=order.currency)
    fault = refund_fault(order.provider, order.currency, amount)
    if fault is not None:
        raise InvalidRequest(errors=[{"pointer": "/amount", "detail": fault}])
    if wish.restock and amount != order.amount:
        raise RestockOfPart
    if wish.restock and not campaign.is_selling(now):
        raise RestockTooLate(status=campaign.status.value)
    late = is_closing(campaign)
    return AskedRefund(
        place=place,
        order_id=order.id,
        merchant=order.merchant,
        sku=order.sku,
        quantity=order.quantity,
        paid=order.amount,
        amount=amount,
        currency=order.currency,
        reason=wish.reason,
        restock=wish.restock,
        fingerprint=fingerprint,
        created_at=now,
        due=now,
        after_close=late,
        unbooked=not late,
    )


def _canonical(wish: RefundWish) -> str:
    """The same for the same body, however it was spaced and ordered."""
    return json.dumps([wish.amount, wish.reason, wish.restock])
