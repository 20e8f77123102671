"""Bodies of refunds that a merchant asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import (
    HIGHEST_PRICE,
    LARGEST_QUANTITY,
    Answer,
    Body,
    Exponent,
    Instant,
    Minor,
    ShortText,
)
from shared.contracts.identifiers import CampaignId, OrderId, RefundId


class RefundRequest(Body):
    """What is to go back, and why."""

    amount: Annotated[
        int | None,
        Field(
            ge=1,
            le=HIGHEST_PRICE * LARGEST_QUANTITY,
            description="Minor units; all that is left, if there is none.",
        ),
    ] = None
    reason: Annotated[
        ShortText,
        Field(description="For your own books. It is told to nobody, and is in no event."),
    ]
    restock: Annotated[
        bool,
        Field(
            description="Put the units back on sale: with the whole refund of an order only, while the campaign sells."
        ),
    ] = False


class Refund(Answer):
    """
    Money of a paid order on its way back. `pending` becomes `succeeded`, `failed` (its money can be refunded anew) or
    `needs_attention` (nobody knows; try again, or settle it with the provider).
    """

    id: RefundId
    object: Literal["refund"] = "refund"
    order: OrderId
    campaign: CampaignId
    amount: Minor
    currency: str
    currency_exponent: Exponent
    reason: str
    restock: bool
    restocked: Annotated[
        bool | None,
        Field(
            description="Whether the units are on sale again. False, too, if the sale had closed before the money was back. "
            "Null while that is open."
        ),
    ]
    state: Literal["pending", "succeeded", "failed", "needs_attention"]
    after_close: Annotated[
        bool | None,
        Field(
            description="Whether the campaign's books were closed without it: it is in no totals then, and in no report. "
            "Null until it has come to its end."
        ),
    ]
    created_at: Instant
    ended_at: Instant | None


class RefundList(Answer):
    """All refunds of an order, newest first."""

    object: Literal["list"] = "list"
    data: list[Refund]
    has_more: Literal[False]
