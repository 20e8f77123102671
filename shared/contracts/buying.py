"""Bodies of a sale: what a storefront shows, reserves, releases and checks out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import (
    SLUG_PATTERN,
    AddressText,
    Answer,
    Body,
    BuyerId,
    CampaignStatus,
    Count,
    Country,
    CouponCode,
    Email,
    Exponent,
    Instant,
    Minor,
    Phone,
    PostalCode,
    Quantity,
    Sku,
    Title,
)
from shared.contracts.identifiers import CampaignId, OrderId, ReservationId, TicketId
from shared.domain.address import MOST_CHARACTERS
from shared.domain.waitlist import MOST_UNITS

# -- requests --------------------------------------------------------------------------------------


class ReservationRequest(Body):
    """Units of one offer for one buyer."""

    sku: Sku
    quantity: Quantity
    buyer_id: BuyerId
    coupon: CouponCode | None = None


class WaitlistRequest(Body):
    """Units of one offer that one buyer waits for."""

    sku: Sku
    quantity: Annotated[
        int,
        Field(ge=1, le=MOST_UNITS, description="Units. Whoever is first holds up all others."),
    ]
    buyer_id: BuyerId
    coupon: Annotated[
        CouponCode | None,
        Field(
            description="Code of a coupon that is open or will be: had if it can be when the turn comes; else the units are "
            "offered at the next best price."
        ),
    ] = None


class ShipTo(Body):
    """
    Where the fulfiller sends it. Kept normalised and sealed; in no event, total or log.

    Which fields it needs depends on its country, and is judged before the order is made: see `errors` of the refusal.
    """

    name: AddressText
    line1: AddressText
    line2: AddressText | None = None
    city: Annotated[
        AddressText | None,
        Field(description="A town; left out where a country has none, such as SG, HK, MO, MC, GI."),
    ] = None
    region: AddressText | None = None
    postal_code: PostalCode | None = None
    country: Country
    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _fits_an_order(self) -> Self:
        size = sum(map(len, self.model_dump(exclude_none=True).values()))
        if size > MOST_CHARACTERS:
            raise PydanticCustomError(
                "address_too_long",
                "Shorten the address: it has {size} characters in all, and may have {most}.",
                {"size": size, "most": MOST_CHARACTERS},
            )
        return self


class CheckoutRequest(Body):
    """Turns a reservation into an order. The amount is the reservation's: it is not sent."""

    buyer_id: BuyerId
    payment_method: Annotated[
        str,
        Field(
            pattern=SLUG_PATTERN, description="As the payment provider names it, such as `card`."
        ),
    ]
    ship_to: ShipTo


class AddressRequest(Body):
    """Another address of an order whose shipment was not requested yet."""

    ship_to: ShipTo
    buyer_id: Annotated[
        BuyerId | None,
        Field(description="The order's buyer: needed with a key of the scope `sell`."),
    ] = None


# -- answers ---------------------------------------------------------------------------------------


class ShowWaitlist(Answer):
    """Whether buyers can wait for an offer."""

    open: Annotated[
        bool,
        Field(description="Whether somebody waits: units that come back are for those who do."),
    ]
    hold_seconds: int


class ShowOffer(Answer):
    """What a storefront shows of an offer, at the server's time."""

    sku: Sku
    title: Title
    unit_price: Annotated[
        Minor,
        Field(
            description="What a reservation of one unit costs now that names no code: the lowest of the list price, an open "
            "flash price and the automatic coupons, while there are uses of them."
        ),
    ]
    list_price: Annotated[Minor, Field(description="Before a flash price or a coupon.")]
    available: Count
    limit_per_buyer: int | None
    max_quantity: Annotated[
        int,
        Field(
            ge=0,
            description="Units that one reservation can have at `unit_price`: by the limit per buyer, and by what the "
            "payment provider takes in one payment.",
        ),
    ]
    waitlist: ShowWaitlist | None


class ShowCoupon(Answer):
    """A coupon that every reservation gets, while there are uses of it, without asking for it."""

    code: str
    sku: Annotated[str | None, Field(description="Null: of every offer.")]
    percent_off: int | None
    amount_off: Annotated[int | None, Field(description="Minor units of each unit's price.")]
    ends_at: Instant


class Show(Answer):
    """A campaign as a storefront sees it."""

    id: CampaignId
    object: Literal["show"] = "show"
    name: str
    status: CampaignStatus
    open: Annotated[
        bool, Field(description="Whether a reservation would be taken at `server_time`.")
    ]
    server_time: Instant
    starts_at: Instant
    ends_at: Instant
    replay_until: Instant | None
    time_zone: str
    currency: str
    currency_exponent: Exponent
    hold_seconds: int
    pinned: str | None
    announcement: Annotated[str | None, Field(description="What the host announced last.")]
    coupons: Annotated[
        list[ShowCoupon],
        Field(description="Those that are open and automatic; others are known by their codes."),
    ]
    offers: list[ShowOffer]


class Reservation(Answer):
    """A timed hold on units of one offer by one buyer. `held` ends exactly once: confirmed, released or expired."""

    id: ReservationId
    object: Literal["reservation"] = "reservation"
    campaign: CampaignId
    state: Literal["held", "confirmed", "released", "expired"]
    sku: Sku
    quantity: Quantity
    unit_price: Minor
    list_price: Annotated[Minor, Field(description="Of a unit, when the hold was taken.")]
    amount: Minor
    currency: str
    currency_exponent: Exponent
    coupon: Annotated[str | None, Field(description="Code of the coupon that set its price.")]
    buyer_id: Annotated[
        str | None,
        Field(
            description="As sent with the reservation; null when read back, for only a digest of it is kept."
        ),
    ]
    expires_at: Instant


class WaitlistTicket(Answer):
    """
    A place in the line of an offer. `waiting` until its turn comes; then units are held for it, and it is `offered`: check
    its reservation out. It ends `confirmed` (paid), `expired`, `left`, or `closed` (the sale was over first).
    """

    id: TicketId
    object: Literal["waitlist_ticket"] = "waitlist_ticket"
    campaign: CampaignId
    sku: Sku
    quantity: Quantity
    buyer_id: Annotated[
        str | None,
        Field(description="As sent; null when read back, for only a digest of it is kept."),
    ]
    state: Literal["waiting", "offered", "confirmed", "expired", "left", "closed"]
    place: Annotated[
        int | None,
        Field(ge=0, description="How many wait before it: 0 is next. Null unless it waits."),
    ]
    coupon: Annotated[str | None, Field(description="The code that was named, as sent.")]
    coupon_result: Annotated[
        Literal["applied", "better_price", "unavailable"] | None,
        Field(
            description="What became of the code in the second of the offer: `applied`; `better_price`: another price was "
            "as low or lower; `unavailable`: not open, used up, or used by this buyer as often as it can be. Null until "
            "then, and without a code."
        ),
    ]
    reservation: Annotated[
        Reservation | None, Field(description="What is or was held for it, once it was offered.")
    ]
    created_at: Instant


class Payment(Answer):
    """The provider's payment of an order, and what the buyer has to do."""

    id: str
    provider: str
    action: Annotated[
        dict[str, str] | None,
        Field(
            description="What the storefront does next, in the provider's words; null once nobody should pay any more."
        ),
    ]


class Parcel(Answer):
    """What was asked of the carrier."""

    id: Annotated[str, Field(pattern="^par_[a-z2-7]{26}$")]
    carrier: str
    requested_at: Instant


class Order(Answer):
    """What a reservation becomes at checkout, under the same id suffix. Its amount never changes."""

    id: OrderId
    object: Literal["order"] = "order"
    campaign: CampaignId
    reservation: ReservationId
    state: Literal["awaiting_payment", "paid", "fulfilled", "cancelled", "refunded"]
    sku: Sku
    quantity: Quantity
    unit_price: Minor
    list_price: Annotated[Minor, Field(description="Of a unit, when the hold was taken.")]
    amount: Minor
    currency: str
    currency_exponent: Exponent
    coupon: Annotated[str | None, Field(description="Code of the coupon that set its price.")]
    created_at: Instant
    expires_at: Instant
    paid_at: Instant | None
    amount_refunded: Minor
    refund_reason: Annotated[
        Literal[
            "sold_out",
            "campaign_closed",
            "campaign_cancelled",
            "campaign_paused",
            "buyer_limit_reached",
            "deal_exhausted",
        ]
        | None,
        Field(description="Why a payment that came after the hold had ended was given back."),
    ]
    payment: Payment
    parcel: Annotated[
        Parcel | None,
        Field(description="Null until the carrier has taken it on: then it is `fulfilled`."),
    ]
    needs_attention: Annotated[
        Literal["address_incomplete", "address_gone", "carrier_refused"] | None,
        Field(description="Why a paid order cannot be handed over until a person has looked."),
    ]
    personal_data: Annotated[
        Literal["kept", "erased"],
        Field(description="`kept` at most until its time after the campaign is over."),
    ]
    ship_to: Annotated[
        ShipTo | None,
        Field(
            description="Left out of lists, for keys with the scope `read`, and once it is gone."
        ),
    ] = None


class OrderList(Answer):
    """A page of orders, newest first, without personal data."""

    object: Literal["list"] = "list"
    data: list[Order]
    has_more: bool


class HandOffFile(Answer):
    """A file that a fulfiller or a carrier imports."""

    name: str
    content_type: str
    size: Annotated[int, Field(ge=0, description="Bytes.")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    rows: int
    url: Annotated[str, Field(description="Good until `expires_at`, for whoever has it.")]


class ParcelTrouble(Answer):
    """An order that a person must look at before it can be handed over."""

    order: OrderId
    reason: Literal["address_incomplete", "address_gone", "carrier_refused"]


class HandOff(Answer):
    """Every parcel that was asked for, as files, made just now. They hold addresses: keep them no longer than you need."""

    object: Literal["hand_off"] = "hand_off"
    campaign: CampaignId
    carrier: str | None
    piece: int
    pieces: Annotated[int, Field(description="Ask for each of them, from 1 on.")]
    combined: Annotated[
        bool, Field(description="Whether a row is one buyer's parcel, of several orders.")
    ]
    waiting: Annotated[
        Count, Field(description="Paid orders of this piece that are not handed over yet.")
    ]
    needs_attention: Annotated[list[ParcelTrouble], Field(description="The first 100.")]
    needs_attention_found: Count
    made_at: Instant
    expires_at: Instant
    files: list[HandOffFile]
