"""
What a payment provider's webhook does: move an order, repeat nothing, or be put in quarantine with the order untouched.

Whoever sends it gets the same kind of answer for all of these. Only a signature that does not hold is refused, and only a
store that does not answer asks for another delivery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ORDER, NotAClaimCheck
from shared.domain.errors import ProviderNotFound
from shared.domain.order import Order, OrderState
from shared.domain.payment import (
    Doubt,
    PaymentEvent,
    PaymentKind,
    QuarantinedPayment,
    UnreadableEvent,
    doubt_about,
)
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.order_ports import Books, Quarantine
from shared.use_cases.read_orders import claim_of
from shared.use_cases.settle_payment import settle

_LONGEST = 128
"""Characters kept of what an event says. One of our own order ids has 78."""


class Outcome(StrEnum):
    """What a webhook did."""

    PAID = "paid"
    REFUNDED = "refunded"
    """It came too late, and went back."""
    NOTED = "noted"
    """An attempt to pay failed; the order waits for another."""
    KNOWN = "known"
    """Nothing: it was dealt with before, or the order is past it."""
    QUARANTINED = "quarantined"


class PaymentDesk:
    """Receives what providers say of payments."""

    def __init__(
        self, campaigns: CampaignReader, books: Books, quarantine: Quarantine, *, livemode: bool
    ) -> None:
        """``livemode``: whether real money is expected here."""
        self._campaigns = campaigns
        self._books = books
        self._quarantine = quarantine
        self._livemode = livemode

    def receive(self, provider: str, headers: Mapping[str, str], raw: bytes, now: int) -> Outcome:
        """Deal with one delivery of a webhook. ``ProviderNotFound``, ``SignatureInvalid`` or ``Busy``."""
        if provider not in self._books.providers:
            raise ProviderNotFound
        event = self._books.providers[provider].read_event(headers, raw)
        if isinstance(event, UnreadableEvent):
            return self._put_aside(provider, event.doubt, event, now)
        campaign, order = self._order_of(event)
        doubt = self._doubt(provider, event, order)
        if campaign is None or order is None or doubt is not None:
            return self._put_aside(provider, doubt or Doubt.UNKNOWN_ORDER, event, now, campaign)
        if event.kind is PaymentKind.SUCCEEDED:
            return self._succeeded(campaign, order, now)
        if event.kind is PaymentKind.FAILED:
            return self._failed(order, event)
        return Outcome.KNOWN

    def _order_of(self, event: PaymentEvent) -> tuple[Campaign | None, Order | None]:
        try:
            campaign, check = claim_of(self._campaigns, event.order_id, ORDER)
        except NotAClaimCheck:
            return None, None
        return campaign, self._books.orders.find(check)

    def _doubt(self, provider: str, event: PaymentEvent, order: Order | None) -> Doubt | None:
        if order is None:
            return Doubt.UNKNOWN_ORDER
        if provider != order.provider:
            return Doubt.WRONG_PROVIDER
        doubt = doubt_about(event, order, livemode=self._livemode)
        if doubt is None and event.kind is PaymentKind.REFUNDED and order.refund_reason is None:
            return Doubt.UNASKED_REFUND
        return doubt

    def _succeeded(self, campaign: Campaign, order: Order, now: int) -> Outcome:
        if order.is_settled:
            return Outcome.KNOWN
        settled = settle(self._books, campaign, order, now)
        return Outcome.REFUNDED if settled.state is OrderState.REFUNDED else Outcome.PAID

    def _failed(self, order: Order, event: PaymentEvent) -> Outcome:
        event_id = _short(event.id)
        if not order.awaits_payment or order.failure == event_id:
            return Outcome.KNOWN
        standing = self._books.orders.save(order.failed(event_id))
        return Outcome.NOTED if standing is None else self._failed(standing, event)

    def _put_aside(
        self,
        provider: str,
        doubt: Doubt,
        event: PaymentEvent | UnreadableEvent,
        now: int,
        campaign: Campaign | None = None,
    ) -> Outcome:
        payment = QuarantinedPayment(
            id=f"{provider}#{_short(event.id)}",
            provider=provider,
            doubt=doubt,
            received_at=now,
            merchant=campaign.merchant if campaign is not None else None,
            campaign_id=campaign.id if campaign is not None else None,
        )
        if isinstance(event, PaymentEvent):
            payment = replace(
                payment,
                kind=event.kind.value,
                payment_id=event.payment_id[:_LONGEST],
                order_id=event.order_id[:_LONGEST],
                amount=str(event.amount)[:_LONGEST],
                currency=event.currency[:_LONGEST],
                livemode=event.livemode,
            )
        self._quarantine.keep(payment)
        return Outcome.QUARANTINED


def _short(event_id: str) -> str:
    """An event's id, or a digest of one that is too long for a key."""
    if len(event_id) <= _LONGEST:
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()
