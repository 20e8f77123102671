"""Totals of a campaign, live and over time, and its closing report."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shared.contracts.fields import Answer, Count, Instant, Minor, Sku


class Units(Answer):
    """Where the allotment is. Always: `allotted = available + held + sold`."""

    allotted: Count
    available: Count
    held: Count
    sold: Annotated[int, Field(ge=0, description="Paid for, and not put back on sale.")]
    refunded: Annotated[int, Field(ge=0, description="Units of refunded orders.")]


class Reservations(Answer):
    """What became of the reservations. Always: `placed = confirmed + released + expired + held`."""

    placed: Count
    confirmed: Count
    released: Count
    expired: Count
    held: Count


class OfferTotals(Answer):
    """The totals of one offer."""

    sku: Sku
    orders: Count
    gross: Minor
    refunded: Minor
    units: Units


class Totals(Answer):
    """The sums over a campaign at an instant, with a version that never goes back."""

    object: Literal["totals"] = "totals"
    campaign: str
    status: Literal["draft", "scheduled", "live", "closing", "closed", "cancelled"]
    version: Count
    as_of: Instant
    complete: Annotated[
        bool, Field(description="Closed and reconciled: nothing will change any more.")
    ]
    currency: str
    orders: Annotated[int, Field(ge=0, description="Paid orders.")]
    gross: Annotated[int, Field(description="Money of paid orders, refunds not subtracted.")]
    refunded: Minor
    net: Annotated[int, Field(description="`gross - refunded`.")]
    units: Units
    reservations: Reservations
    offers: list[OfferTotals]
    pinned: str | None


class BucketOffer(Answer):
    """One offer's part of a bucket."""

    sku: Sku
    orders: int
    units: int
    gross: Minor


class Bucket(Answer):
    """What changed in one span of time. A refund can make a number negative; the sums equal the totals."""

    at: Instant
    orders: int
    units: int
    gross: Minor
    offers: list[BucketOffer]


class Marker(Answer):
    """A cue of the run of show, where it fell."""

    at: Instant
    cue: str
    sku: str | None = None
    unit_price: Minor | None = None
    seconds: int | None = None


class Timeline(Answer):
    """The totals over time: the differences of successive snapshots, so that they always add up."""

    object: Literal["timeline"] = "timeline"
    campaign: str
    version: Count
    as_of: Instant
    bucket: Annotated[int, Field(description="Seconds of each bucket.")]
    currency: str
    data: list[Bucket]
    markers: list[Marker]


class Report(Answer):
    """The reconciled result of a campaign: ledgers, orders and totals compared. The same bytes however often it is read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    object: Literal["report"] = "report"
    campaign: str
    balanced: Annotated[
        bool, Field(description="Whether ledgers, orders and totals agree in every number.")
    ]
    totals: Annotated[
        dict[str, Any], Field(description="The last totals, as `GET …/totals` answers them.")
    ]
