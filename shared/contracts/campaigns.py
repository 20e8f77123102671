"""Bodies of a campaign: what a merchant writes, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shared import clock
from shared.contracts.fields import (
    MOST_OFFERS,
    Answer,
    Body,
    CampaignStatus,
    Currency,
    Exponent,
    Instant,
    Metadata,
    MetadataKey,
    MetadataValue,
    PartyTerms,
    Price,
    ShortText,
    Sku,
    Slug,
    Title,
    WrittenTime,
)
from shared.contracts.identifiers import CampaignId
from shared.contracts.run_of_show import (
    CueTerms,
    ImprovisedCue,
    MissedCue,
    RunOfShow,
    cue_terms,
    improvised_cue,
    missed_cue,
    planned_cues,
)
from shared.domain import show_time
from shared.domain.campaign import Campaign, Offer, anchored
from shared.domain.errors import InvalidRequest
from shared.domain.hold_limits import MOST_BEGUN, MOST_OPEN
from shared.domain.money import exponent
from shared.domain.parties import ROLES, Party
from shared.domain.payment_fee import FeeTerms
from shared.domain.show_control import LARGEST_ALLOTMENT

# -- requests --------------------------------------------------------------------------------------


class WaitlistTerms(Body):
    """Buyers can wait for units to come back: unpaid ones, refunded ones, more stock."""

    hold_seconds: Annotated[
        int,
        Field(ge=10, le=3600, description="How long units are held for whoever's turn it is."),
    ]


class OfferTerms(Body):
    """A product on sale in the campaign."""

    sku: Sku
    title: Title
    unit_price: Price
    allotment: Annotated[
        int,
        Field(
            ge=1,
            le=LARGEST_ALLOTMENT,
            description="Units ring-fenced for the campaign, those that a cue releases later among them.",
        ),
    ]
    limit_per_buyer: Annotated[
        int | None,
        Field(
            ge=1,
            le=LARGEST_ALLOTMENT,
            description="Units over all of a buyer's reservations, unpaid ones counted.",
        ),
    ] = None
    min_unit_price: Annotated[
        Price | None,
        Field(
            description="The floor: no flash price, coupon or live change brings the price below it. Null: 10 % of "
            "`unit_price` as planned, rounded up. Fixed when the stock is laid out."
        ),
    ] = None
    waitlist: Annotated[
        WaitlistTerms | None, Field(description="Null: nobody can wait when it is sold out.")
    ] = None


class Parties(Body):
    """
    Who is who in the sale. All who are named have a share, and the shares sum to 10,000; or nobody has, and everything
    is the seller of record's. Fixed when the stock is laid out, shortly before the opening.
    """

    promoter: PartyTerms | None = None
    seller_of_record: PartyTerms | None = None
    fulfiller: PartyTerms | None = None
    channel: PartyTerms | None = None


class PaymentFee(Body):
    """What the provider keeps of each payment that it takes, and does not give back with a refund."""

    basis_points: Annotated[int, Field(ge=0, le=10_000)] = 0
    fixed: Annotated[
        int, Field(ge=0, le=1_000_000, description="Minor units of the campaign's currency.")
    ] = 0


class Payments(Body):
    """Who takes the buyers' money, and for how much. Fixed when the stock is laid out."""

    provider: Annotated[
        Literal["test", "stripe"],
        Field(
            description="`test` moves no money, and plays the bank for demonstrations: on a stage that takes real money it "
            "is refused, and there is no default. `stripe` takes cards, Alipay and WeChat Pay, if this deployment was given "
            "an account."
        ),
    ] = "test"
    fee: Annotated[
        PaymentFee,
        Field(
            description="By the merchant's terms with the provider. It moves nothing: the closing package takes it off "
            "what the parties keep."
        ),
    ] = PaymentFee()


class Fulfilment(Body):
    """Who carries the parcels. Fixed when the stock is laid out."""

    carrier: Annotated[
        Literal["file"],
        Field(description="`file` writes what a fulfiller or a carrier imports."),
    ]


HoldSeconds = Annotated[
    int, Field(ge=10, le=3600, description="How long a reservation is held for its buyer to pay.")
]
MaxOpenHolds = Annotated[
    int | None,
    Field(
        ge=1,
        le=MOST_OPEN,
        description="Reservations that one buyer may hold unpaid at the same time, over all offers. Null: as many as there "
        "are. It may change while the campaign is live; what is held then stays held.",
    ),
]
MaxHoldsPerTenMinutes = Annotated[
    int | None,
    Field(
        ge=1,
        le=MOST_BEGUN,
        description="Reservations that one buyer may begin within ten minutes, over all offers, whatever becomes of them. "
        "Null: as many as there are. It may change while the campaign is live, and counts what is reserved from then on.",
    ),
]
Offers = Annotated[list[OfferTerms], Field(min_length=1, max_length=MOST_OFFERS)]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, description="IANA name.")]


class CampaignRequest(Body):
    """A livestream sale, written in its own time zone."""

    name: ShortText
    time_zone: TimeZone
    starts_at: WrittenTime
    ends_at: WrittenTime
    replay_until: WrittenTime | None = None
    currency: Currency
    hold_seconds: HoldSeconds = 300
    channel: Slug = "own_shop"
    parties: Parties = Field(default_factory=Parties)
    payments: Payments = Payments()
    fulfilment: Annotated[
        Fulfilment | None, Field(description="Null: paid orders are handed to nobody.")
    ] = None
    max_open_holds_per_buyer: MaxOpenHolds = None
    max_holds_per_ten_minutes: MaxHoldsPerTenMinutes = None
    offers: Offers
    run_of_show: RunOfShow = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)


def _without_defaults(schema: dict[str, Any]) -> None:
    for member in schema["properties"].values():
        member.pop("default", None)


class CampaignPatch(Body):
    """
    What of a campaign changes; what is left out stays. Lists and `parties` are replaced whole; `metadata`
    is merged, and a key sent with null is removed. Null takes away `replay_until`, or a limit of holds. A new
    `time_zone` comes with the times written in it.
    """

    # What is not sent is told by model_fields_set, so these defaults are never used nor shown.
    model_config = ConfigDict(json_schema_extra=_without_defaults)

    name: ShortText = ""
    time_zone: TimeZone = ""
    starts_at: WrittenTime = ""
    ends_at: WrittenTime = ""
    replay_until: WrittenTime | None = None
    currency: Currency = ""
    hold_seconds: HoldSeconds = 0
    channel: Slug = ""
    parties: Parties = Parties()
    payments: Payments = Payments()
    fulfilment: Fulfilment | None = None
    max_open_holds_per_buyer: MaxOpenHolds = None
    max_holds_per_ten_minutes: MaxHoldsPerTenMinutes = None
    offers: Offers = Field(default_factory=list)
    run_of_show: RunOfShow = Field(default_factory=list)
    metadata: Annotated[dict[MetadataKey, MetadataValue | None], Field(max_length=50)] = Field(
        default_factory=dict
    )


# -- answers ---------------------------------------------------------------------------------------


class LocalTimes(Answer):
    """The campaign's times as its audience's clocks show them, fit to be sent back."""

    starts_at: str
    ends_at: str
    replay_until: str | None


class CampaignAnswer(Answer):
    """
    A livestream sale. `draft → scheduled → live → closing → closed`; a live one may be `paused`, by way of `pausing`, and
    live again; `cancelled` from any before `closing`.
    """

    id: CampaignId
    object: Literal["campaign"] = "campaign"
    status: CampaignStatus
    version: Annotated[int, Field(ge=1, description="Also the ETag, in quotes.")]
    name: str
    time_zone: str
    starts_at: Instant
    ends_at: Instant
    replay_until: Instant | None
    local: LocalTimes
    currency: str
    currency_exponent: Exponent
    hold_seconds: int
    channel: str
    parties: Parties
    payments: Payments
    fulfilment: Fulfilment | None
    max_open_holds_per_buyer: MaxOpenHolds
    max_holds_per_ten_minutes: MaxHoldsPerTenMinutes
    offers: list[OfferTerms]
    run_of_show: list[CueTerms]
    improvised: Annotated[
        list[ImprovisedCue], Field(description="What was done in the middle of the show, in order.")
    ]
    missed_cues: Annotated[
        list[MissedCue],
        Field(
            description="Cues of the run of show that will never happen, because the show ends, or was cancelled, before "
            "them."
        ),
    ]
    metadata: dict[str, str]
    created_at: Instant
    prepared_at: Annotated[
        Instant | None,
        Field(description="When the stock was laid out: what is on sale is fixed from then on."),
    ]
    cancel_reason: str | None
    balanced: Annotated[
        bool | None,
        Field(description="Whether the books balanced; null before they were compared."),
    ]


class CampaignList(Answer):
    """A page of campaigns, newest first."""

    object: Literal["list"] = "list"
    data: list[CampaignAnswer]
    has_more: bool


# -- between bodies and the domain -----------------------------------------------------------------


def plan(body: CampaignRequest) -> dict[str, Any]:
    """The plan of a new campaign, in the domain's terms."""
    starts_at = show_time.instant(body.starts_at, body.time_zone, "/starts_at")
    return {
        "name": body.name,
        "time_zone": body.time_zone,
        "starts_at": starts_at,
        "ends_at": show_time.instant(body.ends_at, body.time_zone, "/ends_at"),
        "replay_until": _replay(body.replay_until, body.time_zone),
        "currency": body.currency,
        "hold_seconds": body.hold_seconds,
        "channel": body.channel,
        "parties": _parties(body.parties),
        "payment_provider": body.payments.provider,
        "payment_fee": _fee(body.payments),
        "carrier": _carrier(body.fulfilment),
        "max_open_holds_per_buyer": body.max_open_holds_per_buyer,
        "max_holds_per_ten_minutes": body.max_holds_per_ten_minutes,
        "offers": _offers(body.offers),
        "run_of_show": planned_cues(body.run_of_show, body.time_zone, starts_at),
        "metadata": dict(body.metadata),
    }


def changes(body: CampaignPatch, campaign: Campaign) -> dict[str, Any]:
    """What a patch makes of a campaign's plan: only the fields that were sent."""
    sent = body.model_fields_set
    new: dict[str, Any] = {
        name: getattr(body, name)
        for name in sent
        & {
            *("name", "time_zone", "currency", "hold_seconds", "channel"),
            *("max_open_holds_per_buyer", "max_holds_per_ten_minutes"),
        }
    }
    new |= _new_times(body, campaign)
    if "parties" in sent:
        new["parties"] = _parties(body.parties)
    if "payments" in sent:
        new["payment_provider"] = body.payments.provider
        new["payment_fee"] = _fee(body.payments)
    if "fulfilment" in sent:
        new["carrier"] = _carrier(body.fulfilment)
    if "offers" in sent:
        new["offers"] = _offers(body.offers)
    if "metadata" in sent:
        new["metadata"] = _merged(campaign.metadata, body.metadata)
    return new


def _new_times(body: CampaignPatch, campaign: Campaign) -> dict[str, Any]:
    """Of what was sent, what is written as times; and the times of day of cues, if the start is another."""
    sent = body.model_fields_set
    times = {"starts_at", "ends_at"} | ({"replay_until"} if campaign.replay_until else set())
    if any(cue.wall is not None for cue in campaign.run_of_show):
        times.add("run_of_show")
    if "time_zone" in sent and body.time_zone != campaign.time_zone and not times <= sent:
        said = f"Send {', '.join(sorted(times))} with a new time zone: what they were written in has changed."
        raise InvalidRequest(errors=[{"pointer": "/time_zone", "detail": said}])
    zone = body.time_zone if "time_zone" in sent else campaign.time_zone
    new: dict[str, Any] = {
        name: show_time.instant(getattr(body, name), zone, f"/{name}")
        for name in sent & {"starts_at", "ends_at"}
    }
    if "replay_until" in sent:
        new["replay_until"] = _replay(body.replay_until, zone)
    starts_at = new.get("starts_at", campaign.starts_at)
    if "run_of_show" in sent:
        new["run_of_show"] = planned_cues(body.run_of_show, zone, starts_at)
    elif starts_at != campaign.starts_at:
        new["run_of_show"] = anchored(campaign.run_of_show, starts_at)
    return new


def answer(campaign: Campaign) -> dict[str, Any]:
    """A campaign as its merchant sees it: everything but its secret and where its stock is."""
    zone = campaign.time_zone
    replay = campaign.replay_until
    document = CampaignAnswer(
        id=campaign.id,
        status=campaign.status.value,
        version=campaign.version,
        name=campaign.name,
        time_zone=zone,
        starts_at=clock.rfc3339(campaign.starts_at),
        ends_at=clock.rfc3339(campaign.ends_at),
        replay_until=clock.rfc3339(replay) if replay else None,
        local=LocalTimes(
            starts_at=show_time.local(campaign.starts_at, zone),
            ends_at=show_time.local(campaign.ends_at, zone),
            replay_until=show_time.local(replay, zone) if replay else None,
        ),
        currency=campaign.currency,
        currency_exponent=exponent(campaign.currency),
        hold_seconds=campaign.hold_seconds,
        channel=campaign.channel,
        parties=Parties.model_validate(
            {role: party.written for role, party in campaign.parties.items()}
        ),
        payments=Payments.model_validate(
            {"provider": campaign.payment_provider, "fee": asdict(campaign.payment_fee)}
        ),
        fulfilment=_fulfilment(campaign.carrier),
        max_open_holds_per_buyer=campaign.max_open_holds_per_buyer,
        max_holds_per_ten_minutes=campaign.max_holds_per_ten_minutes,
        offers=[_offer_terms(campaign, offer) for offer in campaign.offers],
        run_of_show=[cue_terms(cue, zone) for cue in campaign.run_of_show],
        improvised=[improvised_cue(cue) for cue in campaign.improvised],
        missed_cues=[missed_cue(number, cue) for number, cue in campaign.missed_cues],
        metadata=dict(campaign.metadata),
        created_at=clock.rfc3339(campaign.created_at / 1000),
        prepared_at=clock.rfc3339(campaign.prepared_at) if campaign.prepared_at else None,
        cancel_reason=campaign.cancel_reason,
        balanced=campaign.balanced,
    ).model_dump(mode="json")
    # As it was written: a cue is not shown what it could have had.
    document["run_of_show"] = [
        {name: value for name, value in cue.items() if value is not None}
        for cue in document["run_of_show"]
    ]
    return document


def _offer_terms(campaign: Campaign, offer: Offer) -> OfferTerms:
    return OfferTerms(
        sku=offer.sku,
        title=dict(offer.title),
        unit_price=campaign.list_price(offer),
        allotment=offer.allotment + sum(offer.coming),
        limit_per_buyer=offer.limit_per_buyer,
        min_unit_price=offer.min_unit_price,
        waitlist=None
        if offer.waitlist_hold is None
        else WaitlistTerms(hold_seconds=offer.waitlist_hold),
    )


def _replay(written: str | None, zone: str) -> int | None:
    return None if written is None else show_time.instant(written, zone, "/replay_until")


def _fee(payments: Payments) -> FeeTerms:
    return FeeTerms(**payments.fee.model_dump())


def _carrier(body: Fulfilment | None) -> str | None:
    return None if body is None else body.carrier


def _fulfilment(carrier: str | None) -> Fulfilment | None:
    return None if carrier is None else Fulfilment.model_validate({"carrier": carrier})


def _parties(body: Parties) -> dict[str, Party]:
    terms = {role: getattr(body, role) for role in ROLES}
    return {role: Party(**each.model_dump()) for role, each in terms.items() if each is not None}


def _offers(bodies: Sequence[OfferTerms]) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            number=number,
            waitlist_hold=body.waitlist.hold_seconds if body.waitlist else None,
            **body.model_dump(exclude={"waitlist"}),
        )
        for number, body in enumerate(bodies)
    )


def _merged(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**old, **new}
    kept = {key: value for key, value in merged.items() if value is not None}
    if len(kept) > 50:
        raise InvalidRequest(
            errors=[
                {
                    "pointer": "/metadata",
                    "detail": "Must have 50 or fewer entries after the change.",
                }
            ]
        )
    return kept
