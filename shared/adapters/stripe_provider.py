"""
The payment provider ``stripe``: cards, Alipay, WeChat Pay and whatever else the account's dashboard offers in the currency.

A payment is a PaymentIntent. Its idempotency key is the order's id, and its metadata carry our marks. What the storefront
does with its client secret, and what the buyer's bank asks for, is between them and Stripe; we believe its signed events, or
its answer when we ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from stripe import APIError, PaymentIntent, StripeClient
from stripe import Refund as StripeRefund

from shared.adapters.stripe_amounts import to_stripe
from shared.adapters.stripe_calls import StripeCalls
from shared.adapters.stripe_credentials import StripeCredentials
from shared.adapters.stripe_events import (
    CAMPAIGN_MARK,
    MERCHANT_MARK,
    ORDER_MARK,
    REFUND_MARK,
    is_signed,
    payment_event,
    read_event,
)
from shared.clock import now_seconds
from shared.contracts.stripe_webhooks import StripeObject
from shared.domain.campaign import Campaign
from shared.domain.errors import (
    Busy,
    PaymentRefused,
    PaymentUnderWay,
    ProviderNotFound,
    SignatureInvalid,
)
from shared.domain.order import Order
from shared.domain.payment import (
    Payment,
    PaymentEvent,
    PaymentKind,
    Refund,
    RefundState,
    UnreadableEvent,
)

NAME: Final = "stripe"
ACTION: Final = "stripe"
"""What the storefront does next: confirm the intent in the buyer's browser with Stripe.js and ``client_secret``."""
ATTEMPTS: Final = 3
"""Idempotency keys tried for one payment."""
_STATES: Final = {
    "succeeded": RefundState.SUCCEEDED,
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
}


class Credentials(Protocol):
    """Where the account's credentials are kept: ``SecretCopy``."""

    def value(self) -> StripeCredentials | None: ...

    def renewed(self) -> StripeCredentials | None: ...


class StripeProvider:
    """Implements ``PaymentProvider``."""

    def __init__(self, calls: StripeCalls, credentials: Credentials) -> None:
        self._calls = calls
        self._credentials = credentials

    # -- payments --------------------------------------------------------------------------------------

    def create_payment(
        self,
        campaign: Campaign,
        order_id: str,
        amount: int,
        method: str,  # noqa: ARG002 - the buyer chooses in Stripe's own form
        *,
        revision: int = 0,
    ) -> Payment:
        key = f"{order_id}.{revision}" if revision else order_id
        wanted: Any = {
            "amount": to_stripe(amount, campaign.currency),
            "currency": campaign.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "metadata": {
                ORDER_MARK: order_id,
                CAMPAIGN_MARK: campaign.id,
                MERCHANT_MARK: campaign.merchant,
            },
        }

        def create(client: StripeClient) -> PaymentIntent:
            return _under_key(
                key,
                lambda used: client.v1.payment_intents.create(wanted, {"idempotency_key": used}),
            )

        intent = self._calls.run(create)
        return Payment(intent.id, {"type": ACTION, "client_secret": intent.client_secret or ""})

    def cancel_payment(self, order: Order) -> PaymentEvent | None:
        try:
            return self.withdraw_payment(order)
        except PaymentUnderWay:
            return None

    def withdraw_payment(self, order: Order) -> PaymentEvent | None:
        def cancel(client: StripeClient) -> PaymentIntent:
            reason: Any = {"cancellation_reason": "abandoned"}
            return client.v1.payment_intents.cancel(order.payment_id, reason)

        try:
            self._calls.run(cancel)
        except PaymentRefused:
            # Paid, under way, or cancelled before by a call whose answer was lost: that is asked about.
            return self._what_became_of(order)
        return None

    def _what_became_of(self, order: Order) -> PaymentEvent | None:
        try:
            intent = self._calls.run(
                lambda client: client.v1.payment_intents.retrieve(order.payment_id)
            )
        except PaymentRefused as unknown:
            raise Busy("Stripe does not know this payment: a person should look.") from unknown
        if intent.status == "succeeded":
            thing = StripeObject.model_validate(intent.to_dict())
            event_id = f"{intent.id}-asked"
            kind = PaymentKind.SUCCEEDED
            return payment_event(event_id, kind, thing, livemode=intent.livemode)
        if intent.status == "canceled":
            return None
        if intent.status == "processing":
            raise PaymentUnderWay(order=order.id)
        raise Busy(f"Stripe neither cancels this payment nor has its money: {intent.status}.")

    # -- refunds ---------------------------------------------------------------------------------------

    def refund(self, refund: Refund) -> RefundState:
        # Asked first, for Stripe forgets idempotency keys after a day.
        state = self.refund_state(refund)
        if state is not None:
            return state
        wanted: Any = {
            "payment_intent": refund.payment_id,
            "amount": to_stripe(refund.amount, refund.currency),
            "metadata": {REFUND_MARK: refund.id, ORDER_MARK: refund.order_id},
        }

        def create(client: StripeClient) -> StripeRefund:
            key = f"refund-{refund.id}"
            return client.v1.refunds.create(wanted, {"idempotency_key": key})

        try:
            return _state(self._calls.run(create))
        except PaymentRefused as refused:
            by_hand = refused.facts.get("provider_code") == "charge_already_refunded"
            # Then the buyer has the money already, whoever sent it.
            return RefundState.SUCCEEDED if by_hand else RefundState.FAILED

    def refund_state(self, refund: Refund) -> RefundState | None:
        def find(client: StripeClient) -> list[StripeRefund]:
            made = client.v1.refunds.list({"payment_intent": refund.payment_id, "limit": 100})
            return list(made.auto_paging_iter())

        for made in self._calls.run(find):
            marks: dict[str, str] = made.to_dict().get("metadata") or {}
            if marks.get(REFUND_MARK) == refund.id:
                return _state(made)
        return None

    # -- webhooks --------------------------------------------------------------------------------------

    def read_event(
        self, headers: Mapping[str, str], raw: bytes
    ) -> PaymentEvent | UnreadableEvent | None:
        credentials = self._credentials.value()
        now = now_seconds()
        if credentials is None or not is_signed(headers, raw, credentials.webhook_secrets, now):
            # Perhaps signed with a secret that was added a moment ago. Who sends nonsense causes one call in 15 s.
            credentials = self._credentials.renewed()
        if credentials is None:
            raise ProviderNotFound("This deployment has no account at Stripe.")
        if not is_signed(headers, raw, credentials.webhook_secrets, now):
            raise SignatureInvalid
        return read_event(raw, credentials.account)


def _under_key(first: str, create: Any) -> PaymentIntent:
    """
    The intent under the idempotency key ``first``, which is the order's.

    Stripe stores failures too, and would answer an order whose first try met a fault of Stripe's with that fault for a day.
    Such a stored answer is stepped over: whatever the first try has made, nobody was told how to pay it.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return create(first if attempt == 1 else f"{first}-{attempt}")  # type: ignore[no-any-return]
        except APIError as fault:
            if (fault.headers or {}).get("idempotent-replayed") != "true":
                raise
    return create(f"{first}-{ATTEMPTS}")  # type: ignore[no-any-return]


def _state(refund: StripeRefund) -> RefundState:
    return _STATES.get(refund.status or "", RefundState.FAILED)
