"""What each route takes, answers and refuses, with examples: what the reference is made from, beside ``routes``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from shared.contracts import (
    buying,
    campaign_log,
    campaigns,
    commands,
    identifiers,
    payments,
    refunds,
    rehearsals,
    run_of_show,
    totals,
)
from shared.contracts import examples as eg
from shared.contracts.routes import ROUTES, RouteSpec
from shared.domain import errors
from shared.domain.campaign import Status
from shared.domain.campaign_log import Outcome
from shared.domain.errors import Refusal
from shared.table import ORDER_SHARDS

Refusals = tuple[type[Refusal], ...]

KEY_REFUSALS: Final[Refusals] = (errors.KeyMissing, errors.KeyInvalid, errors.WrongScope)
BODY_REFUSALS: Final[Refusals] = (errors.InvalidJson, errors.InvalidRequest, errors.TooLarge)
ONCE_REFUSALS: Final[Refusals] = (
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyInvalid,
    errors.IdempotencyKeyReused,
)
TIME_REFUSALS: Final[Refusals] = (errors.LocalTimeMissing, errors.LocalTimeAmbiguous)
ALWAYS: Final[Refusals] = (errors.InternalError, errors.StoreBusy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter or a header."""

    name: str
    place: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route promises beyond its path."""

    id: str
    description: str
    takes: type[BaseModel] | None = None
    sends: Mapping[str, Any] | None = None
    """Example of a body."""
    status: int = 200
    answers: type[BaseModel] | None = None
    gives: Any = None
    """Example of an answer."""
    media: str = "application/json"
    refuses: Refusals = ()
    parameters: tuple[Parameter, ...] = ()
    answer_headers: tuple[str, ...] = ()
    not_modified: bool = False
    nothing_made: str = ""
    """When a request that makes something answers 200, with what there was."""
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What else leads here than an id in the path: by the kind of thing that was made, how a request follows from it."""


LIMIT: Final = Parameter(
    name="limit",
    place="query",
    description="How many objects a page has at most.",
    schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
)


def _starting_after(schema: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name="starting_after",
        place="query",
        description="Id of the last object of the page before.",
        schema=schema,
    )


STATUS: Final = Parameter(
    name="status",
    place="query",
    description="Only campaigns in this status.",
    schema={"type": "string", "enum": [status.value for status in Status]},
)
BUCKET: Final = Parameter(
    name="bucket",
    place="query",
    description="Seconds of each bucket: a multiple of 10.",
    schema={"type": "integer", "minimum": 10, "maximum": 3600, "multipleOf": 10, "default": 60},
)
SINCE: Final = Parameter(
    name="since",
    place="query",
    description="Only buckets and markers from this instant on.",
    schema={"type": "string", "format": "date-time"},
)
IF_MATCH: Final = Parameter(
    name="If-Match",
    place="header",
    description="The ETag of the campaign as it was read.",
    schema={"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    required=True,
)
IF_STILL: Final = Parameter(
    name="If-Match",
    place="header",
    description=(
        "The ETag of the campaign as it was read, if the command is to be refused (412) once another edit came first. "
        "Left out, it is for the campaign as it stands. What is done already is answered as done."
    ),
    schema=IF_MATCH.schema,
)
OUTCOME: Final = Parameter(
    name="outcome",
    place="query",
    description="Only entries with this outcome.",
    schema={"type": "string", "enum": [outcome.value for outcome in Outcome]},
)
NEEDS_ATTENTION: Final = Parameter(
    name="needs_attention",
    place="query",
    description="Only orders that wait for a person, such as those whose address is incomplete.",
    schema={"type": "string", "enum": ["true"]},
)
PIECE: Final = Parameter(
    name="piece",
    place="query",
    description="Which piece of a large campaign, from 1 on.",
    schema={"type": "integer", "minimum": 1, "maximum": ORDER_SHARDS, "default": 1},
)
COMBINE: Final = Parameter(
    name="combine",
    place="query",
    description=(
        "One row for all that one buyer has sent to one place, instead of one for each order. For campaigns of at most "
        "200,000 units."
    ),
    schema={"type": "string", "enum": ["buyer"]},
)
FORMAT: Final = Parameter(
    name="format",
    place="query",
    description="A workbook for a person to open, instead of CSV and JSON for programs to import.",
    schema={"type": "string", "enum": ["xlsx"]},
)
IF_NONE_MATCH: Final = Parameter(
    name="If-None-Match",
    place="header",
    description="The ETag of the version at hand: 304 if it is still the latest.",
    schema={"type": "string"},
)


def _signature(name: str, description: str) -> Parameter:
    return Parameter(
        name=name, place="header", description=description, schema={"type": "string"}, required=True
    )


_PAID: Final = {
    "description": "What the provider says once the buyer has paid.",
    "parameters": {"provider": "$response.body#/payment/provider"},
    "requestBody": {
        "type": "payment.succeeded",
        "data": {
            "payment_id": "$response.body#/payment/id",
            "order_id": "$response.body#/id",
            "amount": "$response.body#/amount",
            "currency": "$response.body#/currency",
            "livemode": False,
        },
    },
}
_NOT_FOUND = (errors.CampaignNotFound,)
_COMMAND = (*_NOT_FOUND, errors.CampaignState)
_EDIT = (*_COMMAND, errors.PreconditionFailed)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /v1/campaigns": Operation(
        id="create_campaign",
        description=(
            "Keeps a draft. Times are local to `time_zone`: one that daylight saving skips or repeats "
            "is refused with both readings offered. What is sold, when and at which price can change "
            "until the stock is laid out, some minutes before the start."
        ),
        takes=campaigns.CampaignRequest,
        sends=eg.CAMPAIGN_REQUEST,
        status=201,
        answers=campaigns.CampaignAnswer,
        gives=eg.CAMPAIGN,
        refuses=TIME_REFUSALS,
        answer_headers=("ETag",),
    ),
    "GET /v1/campaigns": Operation(
        id="list_campaigns",
        description="All campaigns of the merchant, newest first.",
        answers=campaigns.CampaignList,
        gives=eg.listed(eg.CAMPAIGN),
        refuses=(errors.InvalidRequest, errors.InvalidCursor),
        parameters=(STATUS, LIMIT, _starting_after(identifiers.CAMPAIGN)),
    ),
    "GET /v1/campaigns/{campaign_id}": Operation(
        id="read_campaign",
        description="The campaign as it is now; its `ETag` is what a change must name.",
        answers=campaigns.CampaignAnswer,
        gives=eg.CAMPAIGN,
        refuses=_NOT_FOUND,
        answer_headers=("ETag",),
    ),
    "PATCH /v1/campaigns/{campaign_id}": Operation(
        id="change_campaign",
        description=(
            "Changes what is sent and leaves the rest, over the version that `If-Match` names. Once the stock is laid out, "
            "only the name, the titles of the offers, the limits of holds and the metadata can change. While the show is "
            "on, also prices and larger allotments of the offers, cues that are still to come, and a later end: from the "
            "next second on. Prices that do not go together are refused; a lower list price and cheaper cues may come in "
            "one request."
        ),
        takes=campaigns.CampaignPatch,
        sends=eg.PATCH,
        answers=campaigns.CampaignAnswer,
        gives=eg.PATCHED,
        refuses=(
            *_COMMAND,
            errors.PreconditionFailed,
            errors.PreconditionRequired,
            *TIME_REFUSALS,
        ),
        parameters=(IF_MATCH,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/schedule": Operation(
        id="schedule_campaign",
        description="The campaign will start by itself. Its start must not have passed.",
        takes=commands.NoBody,
        sends={},
        answers=campaigns.CampaignAnswer,
        gives=eg.SCHEDULED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/start": Operation(
        id="start_campaign",
        description=(
            "The show begins now and opens as soon as its stock is laid out, within seconds. The end "
            "stays where it was planned if that makes sense, else the show keeps its length. A second "
            "start is harmless."
        ),
        takes=commands.NoBody,
        sends={},
        answers=campaigns.CampaignAnswer,
        gives=eg.LIVE,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/end": Operation(
        id="end_campaign",
        description=(
            "The show, and its replay, is over now. What is held may still be paid. `missed_cues` are the cues that will "
            "never happen."
        ),
        takes=commands.NoBody,
        sends={},
        answers=campaigns.CampaignAnswer,
        gives=eg.ENDED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/extend": Operation(
        id="extend_campaign",
        description="A later end, at most 24 hours after the start.",
        takes=commands.ExtendRequest,
        sends={"ends_at": "2026-11-28T21:15:00"},
        answers=campaigns.CampaignAnswer,
        gives=eg.EXTENDED,
        refuses=(*_EDIT, *TIME_REFUSALS),
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/cancel": Operation(
        id="cancel_campaign",
        description=(
            "The campaign is called off, and never sells again. Nothing more is held, and what is held is released: who "
            "pays for it all the same gets the money back. What is paid stays paid; refund it order by order."
        ),
        takes=commands.CancelRequest,
        sends={"reason": "The container is late."},
        answers=campaigns.CampaignAnswer,
        gives=eg.CANCELLED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/cues": Operation(
        id="direct_campaign",
        description=(
            "Does something in the middle of the show, from the next second on: the answer may take a second, so that no "
            "seller promises an old price after it. What was reserved before keeps its price. It is added to `improvised`, "
            "and marked on the timeline."
        ),
        takes=run_of_show.LiveCue,
        sends={"cue": "flash_price", "sku": "FUJI-12", "unit_price": 8900, "seconds": 120},
        answers=campaigns.CampaignAnswer,
        gives=eg.DIRECTED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/allotment": Operation(
        id="add_stock",
        description=(
            "More units of an offer that is on sale, without a pause: in all, half as many again as it opened with. They "
            "are on sale when this is answered, or seconds later in a campaign of more than 8,192 units. Who was told "
            "`sold_out` is served within a second."
        ),
        takes=commands.AllotmentRequest,
        sends={"sku": "FUJI-12", "units": 500},
        answers=campaigns.CampaignAnswer,
        gives=eg.RESTOCKED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/pause": Operation(
        id="pause_campaign",
        description=(
            "No reservation is taken until `resume`. What is held may be paid, and who repeats a request that was served "
            "gets the same answer; the end stays where it is. The campaign says `paused` when no hold can be taken any "
            "more; of more than 8,192 units it says `pausing` for some seconds before."
        ),
        takes=commands.PauseRequest,
        sends={"reason": "The host has lost the picture."},
        answers=campaigns.CampaignAnswer,
        gives=eg.PAUSED,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "POST /v1/campaigns/{campaign_id}/resume": Operation(
        id="resume_campaign",
        description="Sells again: at once, or within seconds where there are more than 8,192 units.",
        takes=commands.NoBody,
        sends={},
        answers=campaigns.CampaignAnswer,
        gives=eg.LIVE,
        refuses=_EDIT,
        parameters=(IF_STILL,),
        answer_headers=("ETag",),
    ),
    "GET /v1/campaigns/{campaign_id}/log": Operation(
        id="list_campaign_log",
        description=(
            "Who or what did something to the campaign, when, and what came of it: every version there was, with the key "
            "that made it, and what the lifecycle began, failed in and tried again. An entry is here a second or two after "
            "what it tells of. Requests that were refused are not logged."
        ),
        answers=campaign_log.LogList,
        gives=eg.listed(*eg.LOG),
        refuses=(*_NOT_FOUND, errors.InvalidRequest, errors.InvalidCursor),
        parameters=(OUTCOME, LIMIT, _starting_after(identifiers.LOG_ENTRY)),
    ),
    "POST /v1/campaigns/{campaign_id}/reconcile": Operation(
        id="reconcile_campaign",
        description=(
            "Ledgers, counters, orders and totals are compared now, after what a rule can finish was finished. While the "
            "campaign sells, a difference must be found twice to be told. It changes nothing else: what differs keeps "
            "the campaign from being complete."
        ),
        takes=commands.NoBody,
        sends={},
        answers=totals.BooksCompared,
        gives=eg.BOOKS_COMPARED,
        refuses=_COMMAND,
    ),
    "POST /v1/campaigns/{campaign_id}/rehearse": Operation(
        id="rehearse_campaign",
        description=(
            "Plays the same plan at speed, in some minutes, with synthetic buyers: as a campaign of its own, which nobody "
            "outside hears of, which takes no money and sends no parcels. Read its verdict: pass or fail by objective, the "
            "quotas of AWS that the plan would hit, and what the show will cost. Then everything of it but the verdict is "
            "removed, and the campaign may be rehearsed again. The plan may be a draft, or scheduled."
        ),
        takes=rehearsals.RehearsalRequest,
        sends=eg.REHEARSAL_REQUEST,
        status=201,
        answers=rehearsals.Rehearsal,
        gives=eg.REHEARSAL,
        refuses=(*_COMMAND, errors.RehearsalUnderWay),
    ),
    "GET /v1/rehearsals/{rehearsal_id}": Operation(
        id="read_rehearsal",
        description="The rehearsal as it stands; its verdict is kept for 7 days.",
        answers=rehearsals.Rehearsal,
        gives=eg.REHEARSED,
        refuses=(errors.RehearsalNotFound,),
    ),
    "GET /v1/campaigns/{campaign_id}/report": Operation(
        id="read_report",
        description="Ledgers, orders and totals compared after the close; the same bytes each time.",
        answers=totals.Report,
        gives=eg.REPORT,
        refuses=(*_NOT_FOUND, errors.NotClosed),
        answer_headers=("Link",),
    ),
    "GET /v1/campaigns/{campaign_id}/report/files": Operation(
        id="list_report_files",
        description=(
            "The closing package: every file with a link that is good for 15 minutes, and its SHA-256. The manifest "
            "names them all and is signed; `livehour report --verify` compares."
        ),
        answers=totals.ClosingPackage,
        gives=eg.CLOSING_PACKAGE,
        refuses=(*_NOT_FOUND, errors.PackageNotBuilt),
    ),
    "GET /v1/campaigns/{campaign_id}/totals": Operation(
        id="read_totals",
        description=(
            "Exact sums, at most 2 seconds old while the campaign is live. Poll with `If-None-Match`, "
            "as often as `X-Poll-Interval` says."
        ),
        answers=totals.Totals,
        gives=eg.TOTALS,
        refuses=_NOT_FOUND,
        parameters=(IF_NONE_MATCH,),
        answer_headers=("ETag", "Cache-Control", "X-Poll-Interval"),
        not_modified=True,
    ),
    "GET /v1/campaigns/{campaign_id}/timeline": Operation(
        id="read_timeline",
        description="Sales in buckets, and what happened when. The sums equal the totals of the version.",
        answers=totals.Timeline,
        gives=eg.TIMELINE,
        refuses=(*_NOT_FOUND, errors.InvalidRequest),
        parameters=(BUCKET, SINCE, IF_NONE_MATCH),
        answer_headers=("ETag", "Cache-Control", "X-Poll-Interval"),
        not_modified=True,
    ),
    "GET /v1/campaigns/{campaign_id}/orders": Operation(
        id="list_orders",
        description="The campaign's orders, newest first, without personal data.",
        answers=buying.OrderList,
        gives=eg.listed(eg.PAID),
        refuses=(*_NOT_FOUND, errors.InvalidRequest, errors.InvalidCursor),
        parameters=(NEEDS_ATTENTION, LIMIT, _starting_after(identifiers.ORDER)),
    ),
    "GET /v1/shows/{campaign_id}": Operation(
        id="read_show",
        description="What a storefront shows: prices at this second, the pinned product, units left.",
        answers=buying.Show,
        gives=eg.SHOW,
        refuses=_NOT_FOUND,
    ),
    "POST /v1/campaigns/{campaign_id}/reservations": Operation(
        id="reserve",
        description=(
            "Holds units for a buyer until `expires_at`, at the price of this second. The same "
            "Idempotency-Key gives the same reservation until 60 s after that. A campaign may limit how many reservations a "
            "buyer holds at once, and begins within ten minutes: `too_many_holds` says when to try again."
        ),
        takes=buying.ReservationRequest,
        sends=eg.RESERVATION_REQUEST,
        status=201,
        answers=buying.Reservation,
        gives=eg.RESERVATION,
        refuses=(
            *_NOT_FOUND,
            errors.OfferNotFound,
            errors.CampaignNotOpen,
            errors.SoldOut,
            errors.StockContended,
            errors.AmountNotPayable,
            errors.BuyerLimitReached,
            errors.TooManyHolds,
            errors.CouponNotOpen,
            errors.CouponExhausted,
            errors.CouponLimitReached,
            errors.OpensInAMoment,
        ),
    ),
    "GET /v1/reservations/{reservation_id}": Operation(
        id="read_reservation",
        description="The reservation as it stands.",
        answers=buying.Reservation,
        gives=eg.READ_BACK,
        refuses=(errors.ReservationNotFound,),
    ),
    "DELETE /v1/reservations/{reservation_id}": Operation(
        id="release_reservation",
        description="Gives the units back. Again: the same answer.",
        answers=buying.Reservation,
        gives=eg.RELEASED,
        refuses=(
            errors.ReservationNotFound,
            errors.ReservationConfirmed,
            errors.ReservationExpired,
        ),
    ),
    "POST /v1/campaigns/{campaign_id}/waitlist": Operation(
        id="join_waitlist",
        description=(
            "A place in the line of an offer that is sold out. From this answer on, units that come back are for those who "
            "wait, in the order of their tickets, and are offered at the best price of the second in which their turn "
            "comes: with the code, if it can be had then. The limit per buyer counts what is waited for."
        ),
        takes=buying.WaitlistRequest,
        sends=eg.WAITLIST_REQUEST,
        status=201,
        answers=buying.WaitlistTicket,
        gives=eg.TICKET,
        refuses=(
            *_NOT_FOUND,
            errors.OfferNotFound,
            errors.WaitlistNotOpen,
            errors.UnitsAvailable,
            errors.AmountNotPayable,
            errors.BuyerLimitReached,
            errors.CouponNotOpen,
        ),
    ),
    "GET /v1/waitlist/{ticket_id}": Operation(
        id="read_waitlist_ticket",
        description="The ticket as it stands. Ask every few seconds, or listen for `WaitlistOffered`.",
        answers=buying.WaitlistTicket,
        gives=eg.OFFERED,
        refuses=(errors.TicketNotFound,),
    ),
    "DELETE /v1/waitlist/{ticket_id}": Operation(
        id="leave_waitlist",
        description="Gives up the place, or the units that are held for it. Again: the same answer.",
        answers=buying.WaitlistTicket,
        gives=eg.LEFT,
        refuses=(
            errors.TicketNotFound,
            errors.ReservationConfirmed,
            errors.ReservationExpired,
        ),
    ),
    "POST /v1/reservations/{reservation_id}/checkout": Operation(
        id="check_out",
        description=(
            "Turns a held reservation into an order, and asks the provider for a payment. The address is judged by the "
            "rules of its country before anything is written, and kept normalised; the telephone number by E.164. Before it "
            "is paid, its buyer may check out again, with a new Idempotency-Key: another address or another way to pay "
            "replaces the one before, and the old payment is cancelled before the new one is returned."
        ),
        nothing_made="The order was paid before it could be checked out again: it is as it was.",
        takes=buying.CheckoutRequest,
        sends=eg.CHECKOUT,
        status=201,
        answers=buying.Order,
        gives=eg.ORDER,
        refuses=(
            errors.ReservationNotFound,
            errors.ReservationConfirmed,
            errors.ReservationExpired,
            errors.ReservationReleased,
            errors.CampaignClosed,
            errors.CheckoutReplaced,
            errors.AmountNotPayable,
            errors.PaymentRefused,
            errors.PaymentUnderWay,
            errors.ProviderSilent,
            errors.ProviderBusy,
        ),
    ),
    "GET /v1/orders/{order_id}": Operation(
        id="read_order",
        description="The order as it stands, without personal data.",
        answers=buying.Order,
        gives=eg.PAID,
        refuses=(errors.OrderNotFound,),
    ),
    "PATCH /v1/orders/{order_id}/address": Operation(
        id="change_address",
        description=(
            "Another address, judged as at checkout, until the shipment is requested. An order that waits for a better "
            "address is shipped next. With a key of the scope `sell`, `buyer_id` must be the order's. The same request "
            "again: the same answer."
        ),
        takes=buying.AddressRequest,
        sends=eg.ADDRESS,
        answers=buying.Order,
        gives=eg.ORDER,
        refuses=(
            errors.OrderNotFound,
            errors.ShipmentRequested,
            errors.OrderEnded,
            errors.PersonalDataGone,
        ),
    ),
    "POST /v1/orders/{order_id}/refund": Operation(
        id="refund_order",
        description=(
            "Gives back all or some of the money of a paid order: never more than was paid, over all refunds. It is "
            "accepted at once and done in the background; read it, or wait for the event `OrderRefunded`. With `restock`, "
            "the units of a whole refund go back on sale."
        ),
        takes=refunds.RefundRequest,
        sends=eg.REFUND_REQUEST,
        status=201,
        answers=refunds.Refund,
        gives=eg.REFUND,
        refuses=(
            errors.OrderNotFound,
            errors.OrderNotPaid,
            errors.RefundExceedsPaid,
            errors.RestockOfPart,
            errors.RestockTooLate,
        ),
    ),
    "GET /v1/orders/{order_id}/refunds": Operation(
        id="list_refunds",
        description="All refunds that were asked for of an order, newest first.",
        answers=refunds.RefundList,
        gives=eg.listed(eg.REFUNDED),
        refuses=(errors.OrderNotFound,),
    ),
    "GET /v1/refunds/{refund_id}": Operation(
        id="read_refund",
        description="The refund as it stands.",
        answers=refunds.Refund,
        gives=eg.REFUNDED,
        refuses=(errors.RefundNotFound,),
    ),
    "POST /v1/refunds/{refund_id}/retry": Operation(
        id="retry_refund",
        description=(
            "Has the payment provider asked again about a refund that needs attention. It cannot go back twice: the "
            "provider knows it by its id. One that is pending stays as it is."
        ),
        takes=commands.NoBody,
        sends={},
        answers=refunds.Refund,
        gives=eg.REFUND,
        refuses=(errors.RefundNotFound, errors.RefundEnded),
    ),
    "GET /v1/campaigns/{campaign_id}/hand-off/files": Operation(
        id="make_hand_off",
        description=(
            "The parcels that were asked for, as CSV and as JSON to be imported, or as a workbook: made now, from the "
            "orders as they are, with links that are good for 15 minutes. They hold addresses. The CSV is exact, so that "
            "programs import what was written; to look at it, ask for the workbook."
        ),
        answers=buying.HandOff,
        gives=eg.HAND_OFF,
        refuses=(*_NOT_FOUND, errors.InvalidRequest),
        parameters=(PIECE, COMBINE, FORMAT),
    ),
    "DELETE /v1/orders/{order_id}/personal-data": Operation(
        id="erase_personal_data",
        description=(
            "Erases the address, and the carrier's copy of it. Totals, states and events stay as they are. Again: the same "
            "answer."
        ),
        answers=buying.Order,
        gives=eg.ERASED,
        refuses=(errors.OrderNotFound, errors.CarrierSilent),
    ),
    "POST /v1/webhooks/payments/{provider}": Operation(
        id="receive_payment_event",
        description=(
            "Called by the payment provider, signed by the Standard Webhooks specification. Known, "
            "unknown and repeated events are all received; one that does not fit its order is put "
            "aside for a person and changes nothing."
        ),
        takes=payments.PaymentWebhook,
        sends=eg.WEBHOOK,
        answers=payments.Received,
        gives=eg.RECEIVED,
        refuses=(
            errors.SignatureInvalid,
            errors.ProviderNotFound,
            errors.TooLarge,
            errors.ProviderSilent,
            # Of a payment that came too late, and takes units again.
            errors.OpensInAMoment,
        ),
        about={"order": _PAID},
        parameters=(
            _signature("webhook-id", "Id of the event: the same for each delivery of it."),
            _signature("webhook-timestamp", "Seconds since 1970 UTC, within 5 minutes of now."),
            _signature("webhook-signature", "`v1,` and the base64 of an HMAC-SHA-256."),
        ),
    ),
    "GET /docs": Operation(
        id="read_reference", description="This reference as a page.", media="text/html"
    ),
    "GET /openapi.json": Operation(
        id="read_openapi",
        description="This reference as an OpenAPI 3.1 document.",
    ),
}


def is_answered_once(spec: RouteSpec) -> bool:
    """Whether a route needs an Idempotency-Key: every POST of a key holder."""
    return spec.method == "POST" and bool(spec.scopes)


def refusals_of(spec: RouteSpec) -> list[type[Refusal]]:
    """Everything a route may refuse with, by status."""
    operation = OPERATIONS[spec.key]
    found = [
        *(KEY_REFUSALS if spec.scopes else ()),
        *(BODY_REFUSALS if operation.takes and spec.scopes else ()),
        *(ONCE_REFUSALS if is_answered_once(spec) else ()),
        *operation.refuses,
        *(ALWAYS if operation.answers else ()),
    ]
    return sorted(dict.fromkeys(found), key=lambda refusal: refusal.status)


def specified() -> list[tuple[RouteSpec, Operation]]:
    """Every route with what it promises."""
    return [(spec, OPERATIONS[spec.key]) for spec in ROUTES]
