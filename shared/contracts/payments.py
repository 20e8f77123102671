"""Bodies of payment providers' webhooks, in the words of the provider `test`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Answer


class PaymentFact(BaseModel):
    """What the provider says of a payment. A correct signature makes it the provider's word, not a correct payment."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    payment_id: Annotated[str, Field(min_length=1, max_length=255)]
    order_id: Annotated[str, Field(min_length=1, max_length=255)]
    amount: int
    currency: Annotated[str, Field(min_length=1, max_length=16)]
    livemode: bool
    refund_id: Annotated[
        str | None,
        Field(min_length=1, max_length=255, description="Of a refund: as we had asked for it."),
    ] = None


class PaymentWebhook(BaseModel):
    """
    An event of the provider `test`, signed by the Standard Webhooks specification.

    Unknown fields are ignored here, and only here: a provider may add to its events without asking its receivers.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    type: Literal["payment.succeeded", "payment.failed", "refund.succeeded", "refund.failed"]
    data: PaymentFact


class Received(Answer):
    """The event is kept or known: do not send it again."""

    received: Literal[True] = True
    outcome: Annotated[
        Literal["paid", "refunded", "noted", "known", "parked", "quarantined"],
        Field(
            description="What it did: `refunded` came too late, or was a second payment of its order, and went back, or "
            "tells that a refund has; `noted` is a failed attempt to pay or to refund; `known` was dealt with before, or "
            "moves nothing; `parked` waits for its order; `quarantined` does not fit its order, which is left untouched."
        ),
    ]
