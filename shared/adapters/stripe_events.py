"""
What Stripe says, in our words; and whether it was Stripe that said it, just now.

Our own marks stand in the metadata of every payment and refund that we make: Stripe signs them with the rest. A refund
without them was made by hand, and a payment without them is no order of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from stripe import SignatureVerificationError, WebhookSignature

from shared.adapters.stripe_amounts import from_stripe
from shared.contracts.stripe_webhooks import StripeObject, StripeWebhook
from shared.domain.errors import InvalidJson
from shared.domain.payment import (
    LARGEST_EVENT,
    Doubt,
    PaymentEvent,
    PaymentKind,
    UnreadableEvent,
    digest_id,
)
from shared.http_api import parse_object

ORDER_MARK: Final = "livehour_order"
MERCHANT_MARK: Final = "livehour_merchant"
CAMPAIGN_MARK: Final = "livehour_campaign"
REFUND_MARK: Final = "livehour_refund"

SIGNATURE: Final = "stripe-signature"
TOLERANCE: Final = 300
"""Seconds that a timestamp may lie before or after our clock."""
_LONGEST_HEADER: Final = 2048

_KINDS: Final = {
    "payment_intent.succeeded": PaymentKind.SUCCEEDED,
    "payment_intent.payment_failed": PaymentKind.FAILED,
    "refund.created": PaymentKind.REFUNDED,
    "refund.updated": PaymentKind.REFUNDED,
    "refund.failed": PaymentKind.REFUND_FAILED,
    "charge.dispute.created": PaymentKind.DISPUTED,
    "charge.dispute.closed": PaymentKind.DISPUTED,
    "charge.dispute.funds_withdrawn": PaymentKind.DISPUTED,
    "charge.dispute.funds_reinstated": PaymentKind.DISPUTED,
}
MOVES_NOTHING: Final = frozenset(
    {
        "payment_intent.created",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.canceled",
        "charge.pending",
        "charge.succeeded",
        "charge.failed",
        "charge.updated",
        # Says of a charge what the refunds' own events say with our mark on them, and cannot tell whose refund it was.
        "charge.refunded",
        "charge.refund.updated",
        "charge.dispute.updated",
    }
)


def is_signed(headers: Mapping[str, str], raw: bytes, secrets: Iterable[str], now: int) -> bool:
    """Whether one of the secrets signed these bytes within the last five minutes by our clock."""
    header = headers.get(SIGNATURE, "")
    if not header or len(header) > _LONGEST_HEADER:
        return False
    return any(_holds(raw, header, secret) for secret in secrets) and _is_of_now(header, now)


def _holds(raw: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(raw, header, secret, TOLERANCE))
    except (SignatureVerificationError, ValueError, TypeError):
        # The library raises bare errors for bytes that are no text, and for signatures outside ASCII: as wrong as any.
        return False


def _is_of_now(header: str, now: int) -> bool:
    """The library accepts any timestamp of the future, and of two of them reads the first."""
    stamps = [part[2:] for part in header.split(",") if part.startswith("t=")]
    try:
        (stamp,) = map(int, stamps)
    except ValueError:
        return False
    return abs(now - stamp) <= TOLERANCE


def read_event(raw: bytes, account: str | None) -> PaymentEvent | UnreadableEvent | None:
    """The event of a body that Stripe signed. ``account``: the connected account that our payments are made on, if any."""
    if len(raw) > LARGEST_EVENT:
        return UnreadableEvent(digest_id(raw), Doubt.TOO_LARGE)
    try:
        body = parse_object(raw)
    except InvalidJson:
        return UnreadableEvent(_id_of(raw, {}), Doubt.MALFORMED)
    kind = body.get("type")
    if kind in MOVES_NOTHING:
        return None
    if isinstance(kind, str) and kind not in _KINDS:
        return UnreadableEvent(_id_of(raw, body), Doubt.UNKNOWN_TYPE)
    try:
        webhook = StripeWebhook.model_validate(body)
    except ValidationError:
        return UnreadableEvent(_id_of(raw, body), Doubt.MALFORMED)
    return _event(webhook, account)


def _id_of(raw: bytes, body: Mapping[str, Any]) -> str:
    identifier = body.get("id")
    if isinstance(identifier, str) and identifier:
        return identifier
    return digest_id(raw)


def _event(webhook: StripeWebhook, account: str | None) -> PaymentEvent | None:
    kind, thing = _KINDS[webhook.type], webhook.data.object
    doubt = None
    if kind is PaymentKind.REFUNDED and thing.status in ("pending", "requires_action"):
        return None
    if kind is PaymentKind.REFUNDED and thing.status in ("failed", "canceled"):
        kind = PaymentKind.REFUND_FAILED
    if webhook.account != account:
        doubt = Doubt.WRONG_ACCOUNT
    elif kind is PaymentKind.DISPUTED:
        doubt = Doubt.DISPUTED
    elif kind is PaymentKind.REFUND_FAILED:
        doubt = Doubt.REFUND_FAILED
    elif kind is PaymentKind.REFUNDED and REFUND_MARK not in thing.metadata:
        doubt = Doubt.UNASKED_REFUND
    return payment_event(webhook.id, kind, thing, livemode=webhook.livemode, doubt=doubt)


def payment_event(
    event_id: str,
    kind: PaymentKind,
    thing: StripeObject,
    *,
    livemode: bool,
    doubt: Doubt | None = None,
) -> PaymentEvent:
    """What an object of Stripe's means. An amount that is no whole number of our minor units is doubted."""
    currency = thing.currency.upper()
    is_paid = kind is PaymentKind.SUCCEEDED and thing.amount_received is not None
    written = thing.amount_received if is_paid else thing.amount
    amount = from_stripe(written or 0, currency)
    is_intent = kind in (PaymentKind.SUCCEEDED, PaymentKind.FAILED)
    return PaymentEvent(
        id=event_id,
        kind=kind,
        payment_id=thing.id if is_intent else thing.payment_intent or thing.charge or "",
        order_id=thing.metadata.get(ORDER_MARK, ""),
        amount=written or 0 if amount is None else amount,
        currency=currency,
        livemode=livemode,
        merchant=thing.metadata.get(MERCHANT_MARK),
        refund_id=thing.metadata.get(REFUND_MARK),
        doubt=doubt or (Doubt.WRONG_AMOUNT if amount is None else None),
    )
