"""
Payments, as providers tell of them.

A correct signature makes an event the provider's word; only the order says whether it is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    REFUNDED = "refund.succeeded"


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


class Doubt(StrEnum):
    """Why an event is put in quarantine, with its order left untouched."""

    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_ORDER = "unknown_order"
    WRONG_PROVIDER = "wrong_provider"
    WRONG_PAYMENT = "wrong_payment"
    """Also a second payment of an order."""
    WRONG_MODE = "wrong_mode"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    UNASKED_REFUND = "unasked_refund"
    """Money went back that we did not send back."""


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """A signed event that cannot be understood."""

    id: str
    doubt: Doubt


def doubt_about(event: PaymentEvent, order: Order, *, livemode: bool) -> Doubt | None:
    """What an event and its order disagree about. ``livemode``: whether real money is expected here."""
    if event.payment_id != order.payment_id:
        return Doubt.WRONG_PAYMENT
    if event.livemode is not livemode:
        return Doubt.WRONG_MODE
    if event.amount != order.amount:
        return Doubt.WRONG_AMOUNT
    if event.currency != order.currency:
        return Doubt.WRONG_CURRENCY
    return None


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
