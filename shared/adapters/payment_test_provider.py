"""
The built-in payment provider ``test``: it moves no money, and signs its webhooks by the Standard Webhooks specification.

A payment's id is derived from its order's, so creating it again finds it again without a call, and cancelling or refunding
it is nothing that could be lost. Whoever holds the webhook secret plays the bank, with delays, duplicates, failures and late
successes.

Its payment methods script what becomes of refunds that a merchant asks for: of what was paid with ``refund_pending`` a
refund waits until the bank tells its end, with ``refund_fails`` it is refused, with ``refund_silent`` no answer ever comes.
With any other it succeeds.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.contracts.payments import PaymentWebhook
from shared.domain.campaign import Campaign
from shared.domain.claim_check import PAYMENT
from shared.domain.errors import InvalidJson, ProviderSilent, SignatureInvalid
from shared.domain.ids import derive
from shared.domain.order import Order
from shared.domain.payment import (
    LARGEST_EVENT,
    Doubt,
    Payment,
    PaymentEvent,
    PaymentKind,
    Refund,
    RefundState,
    UnreadableEvent,
    digest_id,
)
from shared.domain.refund import PREFIX as REFUND
from shared.http_api import parse_object

NAME = "test"
_SIGNED_BY = ("webhook-id", "webhook-timestamp", "webhook-signature")
_LONGEST_HEADER = 2048
"""Characters. Two signatures of a rotation take 100."""
_KINDS = frozenset(
    {
        *(PaymentKind.SUCCEEDED, PaymentKind.FAILED),
        *(PaymentKind.REFUNDED, PaymentKind.REFUND_FAILED),
    }
)
"""What it tells of."""
_SCRIPTS = {"refund_pending": ".p", "refund_fails": ".f", "refund_silent": ".s"}
"""Ends of a payment's id, by the method it was paid with: the provider has no other memory."""


class TestProvider:
    """Implements ``PaymentProvider``."""

    __test__ = False  # a provider for tests, and no test

    def __init__(self, webhooks: Callable[[], Sequence[Webhook]]) -> None:
        """``webhooks``: a verifier for each secret that is valid now."""
        self._webhooks = webhooks

    def create_payment(
        self,
        campaign: Campaign,
        order_id: str,
        amount: int,  # noqa: ARG002 - a real provider needs it
        method: str,
        *,
        revision: int = 0,
    ) -> Payment:
        """The same payment for the same order, revision and method."""
        which = (order_id, str(revision)) if revision else (order_id,)
        digest = derive(campaign.secret, "payment", *which)[:15]
        identifier = PAYMENT + base64.urlsafe_b64encode(digest).decode() + _SCRIPTS.get(method, "")
        return Payment(identifier, {"type": "signed_webhook"})

    def cancel_payment(self, order: Order) -> PaymentEvent | None:  # noqa: ARG002
        """Nobody asks for the money again: there was none."""
        return None

    def withdraw_payment(self, order: Order) -> PaymentEvent | None:
        """The same."""
        return self.cancel_payment(order)

    def refund(self, refund: Refund) -> RefundState:
        """All the money there was goes back: none. Unless a merchant asks, and the payment says otherwise."""
        script = refund.payment_id[-2:] if refund.id.startswith(REFUND) else ""
        match script:
            case ".p":
                return RefundState.PENDING
            case ".f":
                return RefundState.FAILED
            case ".s":
                raise ProviderSilent
        return RefundState.SUCCEEDED

    def refund_state(self, refund: Refund) -> RefundState | None:
        return self.refund(refund)

    def read_event(
        self, headers: Mapping[str, str], raw: bytes
    ) -> PaymentEvent | UnreadableEvent | None:
        event_id = self._verify(headers, raw)
        if len(raw) > LARGEST_EVENT:
            return UnreadableEvent(digest_id(raw), Doubt.TOO_LARGE)
        try:
            body = parse_object(raw)
        except InvalidJson:
            return UnreadableEvent(event_id, Doubt.MALFORMED)
        if not isinstance(body.get("type"), str) or body["type"] in _KINDS:
            return _event(event_id, body)
        return UnreadableEvent(event_id, Doubt.UNKNOWN_TYPE)

    def _verify(self, headers: Mapping[str, str], raw: bytes) -> str:
        """The id of the webhook, if its signature holds."""
        signed = {name: headers.get(name, "") for name in _SIGNED_BY}
        if any(not value or len(value) > _LONGEST_HEADER for value in signed.values()):
            raise SignatureInvalid
        for webhook in self._webhooks():
            try:
                webhook.verify(raw, signed, json_parse=False)
            except (WebhookVerificationError, ValueError):
                # The library raises bare ValueErrors for a header that is no list of signatures and for bytes that are
                # not UTF-8: to us they are as wrong as a wrong signature.
                continue
            return signed["webhook-id"]
        raise SignatureInvalid


def _event(event_id: str, body: Mapping[str, Any]) -> PaymentEvent | UnreadableEvent:
    try:
        webhook = PaymentWebhook.model_validate(body)
    except ValidationError:
        return UnreadableEvent(event_id, Doubt.MALFORMED)
    return PaymentEvent(
        id=event_id,
        kind=PaymentKind(webhook.type),
        payment_id=webhook.data.payment_id,
        order_id=webhook.data.order_id,
        amount=webhook.data.amount,
        currency=webhook.data.currency,
        livemode=webhook.data.livemode,
        refund_id=webhook.data.refund_id,
    )
