"""Totals of a campaign, live and over time, and its closing report."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import (
    Answer,
    CampaignStatus,
    Count,
    Exponent,
    Instant,
    Minor,
    PartyTerms,
    Sku,
    Title,
)
from shared.contracts.identifiers import CampaignId


class Units(Answer):
    """Where the allotment is. Always: `allotted = available + held + sold`."""

    allotted: Count
    available: Count
    held: Count
    sold: Annotated[int, Field(ge=0, description="Paid for, and not put back on sale.")]
    refunded: Annotated[int, Field(ge=0, description="Units of refunded orders.")]
    later: Annotated[
        int,
        Field(
            ge=0,
            description="Units that a cue of the run of show has not released yet, and that are not among those allotted.",
        ),
    ] = 0


class Reservations(Answer):
    """What became of the reservations. Always: `placed = confirmed + released + expired + held`."""

    placed: Count
    confirmed: Count
    released: Count
    expired: Count
    held: Count


class ReplayTotals(Answer):
    """
    Of the same numbers, those of what was reserved when the show was over, in its replay, whenever it was paid. The rest is
    the live hour's.
    """

    orders: Count
    units: Annotated[int, Field(ge=0, description="Paid for, and not put back on sale.")]
    gross: Minor
    refunded: Minor
    net: Minor


class OfferTotals(Answer):
    """The totals of one offer."""

    sku: Sku
    title: Title
    unit_price: Annotated[
        int, Field(description="Minor units: the list price, before any flash price or coupon.")
    ]
    price_now: Annotated[
        int | None,
        Field(
            description="Minor units, at `as_of`: what a unit costs without a coupon code, deals that can be used up aside. "
            "Null in a report, and once the campaign is over."
        ),
    ] = None
    orders: Count
    gross: Minor
    refunded: Minor
    units: Units
    replay: Annotated[ReplayTotals | None, Field(description="Null: it has no replay.")] = None


class Figures(Answer):
    """The sums over a campaign, by their definitions."""

    currency: str
    currency_exponent: Exponent
    orders: Annotated[int, Field(ge=0, description="Paid orders.")]
    gross: Annotated[int, Field(description="Money of paid orders, refunds not subtracted.")]
    refunded: Minor
    net: Annotated[int, Field(description="`gross - refunded`.")]
    units: Units
    reservations: Reservations
    replay: Annotated[ReplayTotals | None, Field(description="Null: it has no replay.")] = None
    offers: list[OfferTotals]


class Totals(Figures):
    """The sums over a campaign at an instant, with a version that never goes back."""

    object: Literal["totals"] = "totals"
    campaign: CampaignId
    name: str
    time_zone: Annotated[str, Field(description="IANA name.")]
    starts_at: Instant
    ends_at: Instant
    status: CampaignStatus
    version: Count
    as_of: Instant
    complete: Annotated[
        bool, Field(description="Closed and reconciled: nothing will change any more.")
    ]
    reconciled_at: Annotated[
        Instant | None,
        Field(
            description=(
                "When every stock ledger last agreed with its counters, and they with these totals: `as_of`, unless "
                "something drifted. Null before there is stock."
            )
        ),
    ]
    pinned: str | None


class ReplaySales(Answer):
    """What of a bucket was reserved in the replay."""

    orders: int
    units: int
    gross: Minor


class OfferSales(Answer):
    """One offer's part of a bucket."""

    sku: Sku
    orders: int
    units: int
    gross: Minor


class Bucket(Answer):
    """What changed in one span of time. A refund can make a number negative; the sums equal the totals."""

    start: Instant
    orders: int
    units: int
    gross: Minor
    replay: Annotated[ReplaySales | None, Field(description="Absent before the replay.")] = None
    offers: list[OfferSales]


class Marker(Answer):
    """Something that happened in the show: `opened`, `replay`, `closed`, `sold_out`, or a cue, planned or improvised."""

    at: Instant
    cue: str
    sku: str | None = None
    unit_price: Minor | None = None
    seconds: int | None = None
    text: str | None = None
    units: int | None = None
    code: str | None = None
    percent_off: int | None = None
    amount_off: Minor | None = None


class Timeline(Answer):
    """The totals over time: the differences of successive snapshots, so that they always add up."""

    object: Literal["timeline"] = "timeline"
    campaign: CampaignId
    version: Count
    as_of: Instant
    bucket: Annotated[int, Field(description="Seconds of each bucket.")]
    currency: str
    currency_exponent: Exponent
    buckets: Annotated[list[Bucket], Field(description="Those in which something was sold.")]
    markers: list[Marker]


class LatePayments(Answer):
    """Payments that came after the hold had ended."""

    paid: Annotated[int, Field(ge=0, description="Units were found again, under the same order.")]
    refunded: Annotated[dict[str, int], Field(description="Given back, by reason.")]


class CouponSales(Answer):
    """What was bought with a coupon, refunds not subtracted."""

    orders: Count
    units: Count
    gross: Annotated[int, Field(description="Money that was paid, minor units.")]
    off: Annotated[int, Field(description="What it would have been more at list prices.")]


class OrderCounts(Answer):
    """What became of the orders."""

    placed: Count
    by_state: dict[str, int]
    captured: Annotated[int, Field(description="Money that came in, minor units.")]
    given_back: Annotated[int, Field(description="Money that was refunded, minor units.")]
    late_payments: LatePayments
    coupons: Annotated[dict[str, CouponSales], Field(description="Of paid orders, by code.")]


class ReportTimeline(Answer):
    """Sales by the minute."""

    bucket: int
    buckets: list[Bucket]
    markers: list[Marker]


class Reconciliation(Answer):
    """Ledgers, orders and totals compared, one by one."""

    balanced: bool
    blocks: Count
    orders: Count
    differences_found: Count
    differences: Annotated[list[str], Field(description="The first of them.")]


class Report(Answer):
    """The reconciled result of a campaign. The same bytes however often it is read."""

    object: Literal["report"] = "report"
    campaign: CampaignId
    name: str
    status: CampaignStatus
    balanced: Annotated[bool, Field(description="Whether all agree in every number.")]
    definitions: Annotated[str, Field(description="Version of what the numbers mean.")]
    channel: str
    parties: dict[str, PartyTerms]
    time_zone: str
    starts_at: Instant
    ends_at: Instant
    totals: Figures
    orders: OrderCounts
    timeline: ReportTimeline
    reconciliation: Reconciliation


class PackageFile(Answer):
    """One file of a closing package."""

    name: str
    content_type: str
    size: Annotated[int, Field(ge=0, description="Bytes.")]
    sha256: str
    rows: Annotated[int | None, Field(description="Of a table; null for others.")]
    url: Annotated[str, Field(description="Gives the file, without a key, until `expires_at`.")]


class ClosingPackage(Answer):
    """The files of a settled campaign for accountants and partners: the same bytes each time, signed."""

    object: Literal["closing_package"] = "closing_package"
    format: Annotated[str, Field(description="Version of what the files hold.")]
    campaign: str
    totals_version: Count
    public_key_sha256: Annotated[
        str, Field(description="Of the key that verifies the manifest's signature (DER).")
    ]
    expires_at: Instant
    files: list[PackageFile]


class FinishedOrders(Answer):
    """Orders that were brought to their end."""

    paid: Count
    cancelled: Count
    refunded: Count


class BooksCompared(Answer):
    """The books of a campaign, compared on demand."""

    object: Literal["reconciliation"] = "reconciliation"
    campaign: str
    status: CampaignStatus
    as_of: Instant
    balanced: Annotated[bool, Field(description="Whether nothing differs.")]
    blocks: Count
    orders: Annotated[int, Field(ge=0, description="Those that were compared.")]
    finished: Annotated[
        FinishedOrders, Field(description="What had been interrupted, and a rule says how it ends.")
    ]
    waiting: Annotated[
        int, Field(ge=0, description="Orders that are not at their end: held still, or unanswered.")
    ]
    differences_found: Count
    differences: Annotated[list[str], Field(description="The first of them.")]
