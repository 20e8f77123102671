"""
The events on the bus: what is promised to whoever listens, and where ``events/`` is generated from.

An event is the ``detail`` of an entry of source ``livehour`` whose detail type is the name of its
model. Within a version fields are only ever added; a field that goes, or comes to mean something
else, makes a new version, told beside the old one for a while. Nothing in an event is about a
person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.clock import rfc3339
from shared.contracts.fields import (
    CURRENCY_PATTERN,
    LARGEST_QUANTITY,
    SKU_PATTERN,
    SLUG_PATTERN,
)
from shared.domain.events import Event

SOURCE: Final = "livehour"
VERSION: Final = "1"

# -- values ----------------------------------------------------------------------------------------


def _moment(value: object) -> object:
    return rfc3339(value) if isinstance(value, int | float) else value


Moment = Annotated[
    str,
    BeforeValidator(_moment),
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$",
        description="RFC 3339, UTC, with Z.",
        examples=["2026-11-28T12:00:00Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
EventId = Annotated[
    str,
    Field(
        pattern=r"^evt_[0-9a-f]{32,64}$",
        description="Made from what happened: a repetition has the id it had before.",
        examples=["evt_5d1c0f3fbd1b4c5f8f0a7d2c9b6e4a31"],
    ),
]
_CAMPAIGN: Final = "cmp_a2b3c4d5e6f7g2h3"
_MERCHANT: Final = "mer_washington_apples"
CampaignId = Annotated[str, Field(pattern="^cmp_[a-z2-7]{16}$", examples=[_CAMPAIGN])]
MerchantId = Annotated[str, Field(min_length=1, examples=[_MERCHANT])]
_ORDER: Final = "ord_AQaDsXB9J4vzaPsAAAAAqMmn1KbQAgIAAAAAAAAmrGsKw4rewgOBm5XTIBfxvQl4WtFfcB90aw"
OrderId = Annotated[
    str,
    Field(
        pattern="^ord_[A-Za-z0-9_-]{74}$",
        description="To read the order, ask the API with a key of its merchant.",
        examples=[_ORDER],
    ),
]
Text = Annotated[str, Field(min_length=1, examples=["Washington Apple Hour"])]
Sku = Annotated[
    str,
    Field(
        pattern=SKU_PATTERN,
        description="The merchant's own name of the product.",
        examples=["FUJI-12"],
    ),
]
Units = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY, examples=[2])]
Price = Annotated[int, Field(ge=1, description="Minor units of `currency`.", examples=[9900])]
Amount = Annotated[int, Field(ge=0, description="Minor units of `currency`.", examples=[19800])]
Currency = Annotated[
    str, Field(pattern=CURRENCY_PATTERN, description="ISO 4217 code.", examples=["CNY"])
]

# -- the envelope ----------------------------------------------------------------------------------


def _leave_open(schema: dict[str, Any]) -> None:
    """We publish no field that is not promised; whoever validates by the schema must accept those added later."""
    schema.pop("additionalProperties", None)


class Data(BaseModel):
    """What is particular to one kind of event."""

    # An input is not repeated in an error, for errors are logged.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_serialization_defaults_required=True,
        json_schema_extra=_leave_open,
    )


class Published(Data):
    """The envelope of every event."""

    told_by: ClassVar[str]
    """Where the news comes from, for the catalogue."""

    id: EventId
    version: Annotated[Literal["1"], Field(examples=[VERSION])] = VERSION
    occurred_at: Annotated[Moment, Field(description="When, by the record of the change.")]


class OfCampaign(Published):
    """The envelope of what happened to a campaign."""

    merchant: MerchantId
    campaign: CampaignId


# -- campaigns -------------------------------------------------------------------------------------

CampaignVersion = Annotated[
    int,
    Field(
        ge=1,
        description="Grows with every change of the campaign: an event with a lower one is older news.",
        examples=[3],
    ),
]


class CampaignData(Data):
    """The campaign as it was from then on."""

    name: Text
    channel: Annotated[str, Field(pattern=SLUG_PATTERN, examples=["tmall"])]
    time_zone: Annotated[str, Field(description="IANA name.", examples=["Asia/Shanghai"])]
    starts_at: Moment
    ends_at: Annotated[Moment, Field(examples=["2026-11-28T13:00:00Z"])]
    currency: Currency
    campaign_version: CampaignVersion


class CancelledData(CampaignData):
    """The campaign as it was called off."""

    was: Annotated[
        Literal["draft", "scheduled", "live"],
        Field(description="Its status until then.", examples=["scheduled"]),
    ]
    reason: Annotated[
        str, Field(description="As the team gave it.", examples=["Storm at the harbour"])
    ]


_MACHINE: Final = (
    "arn:aws:states:us-east-1:000000000000:execution:livehour-local-campaign-lifecycle"
)


class AttentionData(Data):
    """What a person needs to find the cause."""

    error: Annotated[
        str,
        Field(
            min_length=1,
            description="Name of the error, `BooksDoNotBalance` if ledgers, orders and totals differ.",
            examples=["BooksDoNotBalance"],
        ),
    ]
    execution: Annotated[
        str,
        Field(
            min_length=1,
            description="ARN of the lifecycle's execution: its history holds the cause.",
            examples=[f"{_MACHINE}:{_CAMPAIGN}"],
        ),
    ]


class CampaignScheduled(OfCampaign):
    """A draft will start by itself; also when a draft is started at once."""

    told_by = "`campaigns` stream"
    data: CampaignData


class CampaignOpened(OfCampaign):
    """The show is live. The clock opens the sale: it may have sold for some seconds when this is told."""

    told_by = "`campaigns` stream"
    data: CampaignData


class CampaignClosed(OfCampaign):
    """The books are reconciled and balance, and the closing report can be read: nothing will change any more."""

    told_by = "`campaigns` stream"
    data: CampaignData


class CampaignCancelled(OfCampaign):
    """The campaign was called off. What was paid is settled as usual."""

    told_by = "`campaigns` stream"
    data: CancelledData


class CampaignNeedsAttention(Published):
    """A step of the lifecycle failed for good, or the books do not balance. The campaign is not complete."""

    told_by = "lifecycle machine"
    merchant: Annotated[
        MerchantId | None,
        Field(description="Null: the machine knows its campaign only.", examples=[None]),
    ]
    campaign: CampaignId
    data: AttentionData


# -- stock -----------------------------------------------------------------------------------------


class ExpiredData(Data):
    """The units that came back."""

    sku: Sku
    units: Annotated[
        Units,
        Field(
            description="Units back on sale with this hold. Of a hold taken from several stock blocks, those of the last; "
            "the others come back without an event of their own."
        ),
    ]
    expired_at: Annotated[
        Moment, Field(description="The deadline: the hold was dead from that instant.")
    ]


class SoldOutData(Data):
    """The offer that has no unit left to reserve."""

    sku: Sku
    counted_at: Annotated[Moment, Field(description="When its blocks were counted.")]


class ReservationExpired(OfCampaign):
    """A hold ran out unpaid, and its units are back on sale: one event for each reservation."""

    told_by = "`stock` stream"
    data: ExpiredData


class OfferSoldOut(OfCampaign):
    """A count found no free unit. Units of holds that run out come back, so it can happen again."""

    told_by = "`stock` stream"
    data: SoldOutData


# -- waitlists -------------------------------------------------------------------------------------


class OfferedData(Data):
    """The ticket, and until when its units are held."""

    ticket: Annotated[
        str,
        Field(
            pattern="^wtl_[A-Za-z0-9_-]{46}$",
            description="To read it, and its reservation, ask the API with a key of its merchant.",
            examples=["wtl_AQhCEIQhCEIQhCEAAAAAB50PEAHb_gGBbNwQ8GQ4nIFYxQ"],
        ),
    ]
    sku: Sku
    units: Units
    expires_at: Annotated[Moment, Field(description="The units go to the next from then on.")]


class WaitlistOffered(OfCampaign):
    """It is the turn of a buyer who waited: units are held for them. Tell them."""

    told_by = "`waitlists` stream"
    data: OfferedData


# -- orders and payments ---------------------------------------------------------------------------


class OrderData(Data):
    """The order, without its buyer."""

    order: OrderId
    sku: Sku
    quantity: Units
    amount: Annotated[Amount, Field(description="What the order costs. Minor units of `currency`.")]
    currency: Currency


class PaidData(OrderData):
    """The order as it was sold."""

    unit_price: Price
    paid_at: Moment


_REFUND: Final = "ref_AQhCEIQhCEIQhCFptx15-CFrCsJA3QY0mVtX0fC7"
GivenBack = Annotated[
    Amount, Field(description="What this refund is of. Minor units of `currency`.")
]


class RefundedData(OrderData):
    """The order, and what went back."""

    refund: Annotated[
        str | None,
        Field(
            pattern=r"^ref_[A-Za-z0-9_-]{40}$",
            description="The refund that its merchant asked for; null for money that came too late.",
            examples=[_REFUND],
        ),
    ]
    given_back: GivenBack
    refunded: Annotated[
        Amount, Field(description="All that went back so far. Minor units of `currency`.")
    ]
    reason: Annotated[
        str,
        Field(
            min_length=1,
            description="`sold_out`, `campaign_closed`, `campaign_cancelled`, `campaign_paused`, `buyer_limit_reached`, "
            "`deal_exhausted` of "
            "money that came too late, `asked_by_merchant`; others may follow.",
            examples=["asked_by_merchant"],
        ),
    ]
    after_close: Annotated[
        bool,
        Field(
            description="Whether the books of the campaign were closed without it: it is in no totals and in no report.",
            examples=[False],
        ),
    ]


class UnknownRefundData(OrderData):
    """The order, and the refund that nobody knows the end of."""

    refund: Annotated[str, Field(pattern=r"^ref_[A-Za-z0-9_-]{40}$", examples=[_REFUND])]
    given_back: GivenBack


class QuarantinedData(Data):
    """Where the doubtful webhook is kept, and what is doubtful about it."""

    quarantined: Annotated[
        str,
        Field(
            min_length=1, description="Id in the `payments` table.", examples=["test#msg_2Yp0aL"]
        ),
    ]
    provider: Annotated[str, Field(pattern=SLUG_PATTERN, examples=["test"])]
    doubt: Annotated[
        str,
        Field(
            min_length=1,
            description="`wrong_amount`, `wrong_currency`, `wrong_mode`, `wrong_payment`, `wrong_provider`, "
            "`wrong_merchant`, `wrong_account`, `unknown_order`, `unknown_type`, `unasked_refund`, `refund_failed`, "
            "`disputed`, `malformed`, `too_large`; `second_payment` was given back already. Others may follow.",
            examples=["wrong_amount"],
        ),
    ]
    order: Annotated[
        OrderId | None,
        Field(description="The order it speaks of, if that is one of ours.", examples=[_ORDER]),
    ]


class OrderPaid(OfCampaign):
    """An order's units are sold and its money is in: it can be fulfilled."""

    told_by = "`orders` stream"
    data: PaidData


class OrderRefunded(OfCampaign):
    """Money of an order went back to its buyer: one event for each refund."""

    told_by = "`orders` stream"
    data: RefundedData


class RefundNeedsAttention(OfCampaign):
    """
    The payment provider did not say in days what became of a refund. Have it tried again, or settle it with the provider.
    """

    told_by = "`orders` stream"
    data: UnknownRefundData


class PaymentQuarantined(Published):
    """A signed webhook contradicts its order, or cannot be understood. The order is untouched; a person should look."""

    told_by = "`payments` stream"
    merchant: Annotated[
        MerchantId | None,
        Field(description="Null if nobody knows whose payment it is.", examples=[_MERCHANT]),
    ]
    campaign: Annotated[
        CampaignId | None, Field(description="Null together with `merchant`.", examples=[_CAMPAIGN])
    ]
    data: QuarantinedData


class ParcelData(Data):
    """The parcel, without its receiver."""

    parcel: Annotated[
        str,
        Field(
            pattern="^par_[a-z2-7]{26}$",
            description="Made from the order: an order has one parcel.",
            examples=["par_k5qzv3y2m7c4w6nka2b3d4e5f6"],
        ),
    ]
    order: OrderId
    sku: Sku
    quantity: Units
    carrier: Annotated[str, Field(pattern=SLUG_PATTERN, examples=["file"])]
    requested_at: Moment


class CorrectedData(Data):
    """The order, without its address."""

    order: OrderId
    sku: Sku
    quantity: Units


class OrderAddressCorrected(OfCampaign):
    """A paid order that could not be shipped has another address now: its shipment is requested next."""

    told_by = "`orders` stream"
    data: CorrectedData


class ParcelRequested(OfCampaign):
    """The carrier has taken on the parcel of a paid order: the order is fulfilled."""

    told_by = "`orders` stream"
    data: ParcelData


# -- all of them -----------------------------------------------------------------------------------

EVENTS: Final[Mapping[str, type[Published]]] = {
    model.__name__: model
    for model in (
        CampaignScheduled,
        CampaignOpened,
        CampaignClosed,
        CampaignCancelled,
        CampaignNeedsAttention,
        ReservationExpired,
        OfferSoldOut,
        WaitlistOffered,
        OrderPaid,
        OrderRefunded,
        RefundNeedsAttention,
        PaymentQuarantined,
        OrderAddressCorrected,
        ParcelRequested,
    )
}


def published(event: Event) -> Published:
    """The event as it goes out. pydantic's ``ValidationError`` if it is not what was promised."""
    return EVENTS[event.name].model_validate(
        {
            "id": event.id,
            "occurred_at": event.occurred_at,
            "merchant": event.merchant,
            "campaign": event.campaign,
            "data": event.data,
        }
    )
