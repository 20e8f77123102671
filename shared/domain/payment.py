"""
Payments, as providers tell of them.

A correct signature makes an event the provider's word; only the order says whether it is true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.order import Order


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that waits at the provider for the buyer."""

    id: str
    action: Mapping[str, str]
    """What the storefront does next, in the provider's words."""


class PaymentKind(StrEnum):
    """What happened to a payment."""

    SUCCEEDED = "payment.succeeded"
    FAILED = "payment.failed"
    DISPUTED = "payment.disputed"
    """The buyer asks the bank for the money."""
    REFUNDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent:
    """What a provider says of a payment, signed by it."""

    id: str
    """The same over all deliveries of the event."""
    kind: PaymentKind
    payment_id: str
    order_id: str
    amount: int
    currency: str
    livemode: bool
    merchant: str | None = None
    """As the payment was marked when we made it; ``None`` where the provider keeps no marks."""
    refund_id: str | None = None
    """Ours, of money that we sent back."""
    doubt: Doubt | None = None
    """What the provider's adapter knows to be wrong with it, or asks a person to look at."""


class Doubt(StrEnum):
    """Why an event is put in quarantine, with its order left untouched."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    """It is signed, and has more bytes than ``LARGEST_EVENT``: nothing of it was read."""
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_ORDER = "unknown_order"
    WRONG_PROVIDER = "wrong_provider"
    WRONG_PAYMENT = "wrong_payment"
    """It failed or went back, and is not the order's."""
    SECOND_PAYMENT = "second_payment"
    """The order was paid twice. This one was given back: nothing is left to do but to know it."""
    WRONG_MERCHANT = "wrong_merchant"
    WRONG_ACCOUNT = "wrong_account"
    """It was paid to another account at the provider."""
    WRONG_MODE = "wrong_mode"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    UNASKED_REFUND = "unasked_refund"
    """Money went back that we did not send back."""
    REFUND_FAILED = "refund_failed"
    """The provider could not give money back: the buyer still has to get it."""
    DISPUTED = "disputed"
    """The buyer disputes the payment at the bank: answer in the provider's dashboard, before its deadline."""


LARGEST_EVENT = 1024 * 1024
"""Bytes of a signed event that is read. None of a provider's comes near it."""


def digest_id(raw: bytes) -> str:
    """The id of an event that has none which could be read: the same for the same bytes."""
    return f"body-{hashlib.sha256(raw).hexdigest()}"


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """A signed event that cannot be understood."""

    id: str
    doubt: Doubt


def doubt_about(event: PaymentEvent, order: Order, *, livemode: bool) -> Doubt | None:
    """What an event and its order disagree about. ``livemode``: whether real money is expected here."""
    if event.payment_id != order.payment_id:
        return Doubt.WRONG_PAYMENT
    return doubt_about_money(event, order, livemode=livemode)


def doubt_about_money(event: PaymentEvent, order: Order, *, livemode: bool) -> Doubt | None:
    """The same, whichever payment of the order it is."""
    if event.merchant not in (None, order.merchant):
        return Doubt.WRONG_MERCHANT
    if event.livemode is not livemode:
        return Doubt.WRONG_MODE
    if event.amount != order.amount:
        return Doubt.WRONG_AMOUNT
    if event.currency != order.currency:
        return Doubt.WRONG_CURRENCY
    return None


def doubt_about_refund(
    event: PaymentEvent, order: Order, amount: int, *, livemode: bool
) -> Doubt | None:
    """The same of money that went back, or could not: ``amount`` of it."""
    if event.amount != amount:
        return Doubt.WRONG_AMOUNT
    return doubt_about(replace(event, amount=order.amount), order, livemode=livemode)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedPayment:
    """An event put aside for a person. What it claims is kept as text, cut to a length, and is nobody's personal data."""

    id: str
    """One for each event of a provider, however often it is delivered."""
    provider: str
    doubt: Doubt
    received_at: int
    """Seconds since 1970 UTC."""
    kind: str | None = None
    payment_id: str | None = None
    order_id: str | None = None
    amount: str | None = None
    currency: str | None = None
    livemode: bool | None = None
    merchant: str | None = None
    """Known if the order id is one of ours."""
    campaign_id: str | None = None


# -- money that goes back ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money of a payment that is to go back to its payer."""

    id: str
    """Asked for twice under one id, it goes back once."""
    order_id: str
    payment_id: str
    amount: int
    currency: str


class RefundState(StrEnum):
    """How far a refund is."""

    PENDING = "pending"
    """The provider has taken it on, and will see it through or say that it failed."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


def late_refund(order: Order) -> Refund:
    """All the money of an order that came too late."""
    return Refund(
        id=f"late-{order.payment_id}",
        order_id=order.id,
        payment_id=order.payment_id,
        amount=order.captured,
        currency=order.currency,
    )


def second_refund(event: PaymentEvent) -> Refund:
    """All the money of a payment whose order has another one."""
    return Refund(
        id=f"second-{event.payment_id}",
        order_id=event.order_id,
        payment_id=event.payment_id,
        amount=event.amount,
        currency=event.currency,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEvent:
    """An event that came before the order it speaks of was written: looked at again, for a while."""

    provider: str
    event: PaymentEvent
    since: int
    """Seconds since 1970 UTC."""
