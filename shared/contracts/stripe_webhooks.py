"""
Bodies of Stripe's webhooks, as far as they are read.

Unknown fields are ignored: Stripe adds to its events within an API version. https://docs.stripe.com/api/events/object
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=255)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class StripeObject(_Read):
    """A payment intent, a refund or a dispute: what they have in common, and what tells them apart."""

    id: Text
    amount: int
    """In Stripe's units of the currency."""
    currency: Annotated[str, Field(min_length=3, max_length=16)]
    metadata: dict[str, str] = {}
    amount_received: int | None = None
    """Of a payment intent."""
    payment_intent: Text | None = None
    """Of a refund or a dispute."""
    charge: Text | None = None
    """The same, for what was never a payment intent."""
    status: str | None = None


class StripeData(_Read):
    """Where an event keeps its object."""

    object: StripeObject


class StripeWebhook(_Read):
    """An event whose type we know."""

    id: Text
    type: Text
    livemode: bool
    account: Text | None = None
    """The connected account it is of, if it is not the endpoint's own."""
    data: StripeData
