"""
What a change of one item means to others: no event, or some.

Every event follows from the change alone, the item as it was and as it is, so that the same change
gives the same events whenever and however often it is read, and in whatever order it comes among
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.domain.board import Board
from shared.domain.campaign import NOBODY, ON_AIR, Campaign, Status
from shared.domain.events import Event, EventName, event_id
from shared.domain.ids import is_rehearsed
from shared.domain.order import Order, OrderState
from shared.domain.parcel import parcel_id
from shared.domain.payment import QuarantinedPayment
from shared.domain.refund import AskedRefund, State
from shared.domain.stock import Block, Entry, Kind
from shared.domain.waitlist import Ticket, TicketState
from shared.table import USES


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChange:
    """A campaign, saved."""

    at: float
    """Of every change: seconds since 1970 UTC."""
    before: Campaign | None
    """Of every change: ``None`` for an item that is new."""
    after: Campaign
    by: str = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockChange:
    """A stock block, amended."""

    at: float
    campaign_id: str
    sku: str
    before: Block | None
    after: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChange:
    """An offer's board, posted or claimed."""

    at: float
    campaign_id: str
    sku: str
    before: Board | None
    after: Board | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """A waitlist ticket, given out or brought to another state."""

    at: float
    before: Ticket | None
    after: Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """An order, made or settled."""

    at: float
    before: Order | None
    after: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChange:
    """A refund, asked for or seen to."""

    at: float
    before: AskedRefund | None
    after: AskedRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineChange:
    """A payment provider's event, put aside."""

    at: float
    after: QuarantinedPayment


Change = (
    CampaignChange
    | BlockChange
    | BoardChange
    | TicketChange
    | OrderChange
    | RefundChange
    | QuarantineChange
)
MerchantOf = Callable[[str], str]
"""The merchant of a campaign id. Stock does not carry it, for its items must stay small."""


def read_change(change: Change, merchant_of: MerchantOf) -> Iterator[Event]:
    """The events of a change. Of a rehearsal nobody hears, nor may anything of it be asked for: it may be gone by now."""
    if is_rehearsed(_campaign_of(change)):
        return
    match change:
        case CampaignChange():
            yield from _of_campaign(change)
        case BlockChange():
            yield from _of_block(change, merchant_of)
        case BoardChange():
            yield from _of_board(change, merchant_of)
        case TicketChange():
            yield from _of_ticket(change, merchant_of)
        case OrderChange():
            yield from _of_order(change)
        case RefundChange():
            yield from _of_refund(change)
        case QuarantineChange():
            yield _of_quarantine(change)


def _campaign_of(change: Change) -> str:
    match change:
        case CampaignChange():
            return change.after.id
        case BlockChange() | BoardChange():
            return change.campaign_id
        case QuarantineChange():
            return change.after.campaign_id or ""
        case _:
            return change.after.campaign_id


# -- campaigns -------------------------------------------------------------------------------------

_REACHED = {
    Status.SCHEDULED: EventName.CAMPAIGN_SCHEDULED,
    Status.LIVE: EventName.CAMPAIGN_OPENED,
    Status.CLOSED: EventName.CAMPAIGN_CLOSED,
    Status.CANCELLED: EventName.CAMPAIGN_CANCELLED,
}


def _of_campaign(change: CampaignChange) -> Iterator[Event]:
    campaign = change.after
    was = change.before.status if change.before else Status.DRAFT
    name = _REACHED.get(campaign.status)
    if name is None or campaign.status is was:
        return
    if name is EventName.CAMPAIGN_OPENED and was in ON_AIR:
        # Resumed: it was opened long ago.
        return
    data = {
        "name": campaign.name,
        "channel": campaign.channel,
        "time_zone": campaign.time_zone,
        "starts_at": campaign.starts_at,
        "ends_at": campaign.ends_at,
        "currency": campaign.currency,
        "campaign_version": campaign.version,
    }
    if name is EventName.CAMPAIGN_CANCELLED:
        data |= {"was": was.value, "reason": campaign.cancel_reason or ""}
    yield Event(
        name=name,
        # No status is reached twice.
        id=event_id(name, campaign.id),
        occurred_at=change.at,
        merchant=campaign.merchant,
        campaign=campaign.id,
        data=data,
    )


# -- stock -----------------------------------------------------------------------------------------


def _of_block(change: BlockChange, merchant_of: MerchantOf) -> Iterator[Event]:
    before = change.before
    if before is None or before.counters.expired == change.after.counters.expired:
        # What most changes of the busiest table come to: a hold taken, confirmed or released.
        return
    for key, hold in _expired(before, change.after):
        yield Event(
            name=EventName.RESERVATION_EXPIRED,
            # A ledger key may live again, but never with the same deadline.
            id=event_id(
                EventName.RESERVATION_EXPIRED,
                change.campaign_id,
                change.sku,
                change.after.number,
                key,
                hold.deadline,
            ),
            occurred_at=change.at,
            merchant=merchant_of(change.campaign_id),
            campaign=change.campaign_id,
            data={"sku": change.sku, "units": hold.quantity, "expired_at": hold.deadline},
        )


def _expired(before: Block, after: Block) -> Iterator[tuple[str, Entry]]:
    """The holds that were there and ran out: marked so, or replaced by another life of their key."""
    for key, was in before.ledger.items():
        now = after.ledger.get(key)
        if was.kind is not Kind.HELD or not was.is_tail or now is None:
            continue
        if now.kind is Kind.EXPIRED or now.deadline != was.deadline:
            yield key, was


def _of_board(change: BoardChange, merchant_of: MerchantOf) -> Iterator[Event]:
    before, after = change.before, change.after
    if after is None or after.total > 0 or change.sku.startswith(USES):
        # The uses of a deal are nothing that anybody buys.
        return
    if before is not None and before.total <= 0:
        # Still sold out: counted again, or claimed by the next who counts.
        return
    yield Event(
        name=EventName.OFFER_SOLD_OUT,
        # An offer can sell out again when holds run out; each time it is another count that says so.
        id=event_id(EventName.OFFER_SOLD_OUT, change.campaign_id, change.sku, after.as_of),
        occurred_at=change.at,
        merchant=merchant_of(change.campaign_id),
        campaign=change.campaign_id,
        data={"sku": change.sku, "counted_at": after.as_of / 1000},
    )


# -- waitlists -------------------------------------------------------------------------------------


def _of_ticket(change: TicketChange, merchant_of: MerchantOf) -> Iterator[Event]:
    ticket, before = change.after, change.before
    was = before.state if before is not None else None
    if ticket.state is not TicketState.OFFERED or ticket.held is None or was is ticket.state:
        return
    yield Event(
        name=EventName.WAITLIST_OFFERED,
        # It is offered once.
        id=event_id(EventName.WAITLIST_OFFERED, ticket.id),
        occurred_at=change.at,
        merchant=merchant_of(ticket.campaign_id),
        campaign=ticket.campaign_id,
        data={
            "ticket": ticket.id,
            "sku": ticket.sku,
            "units": ticket.quantity,
            "expires_at": ticket.held.deadline,
        },
    )


# -- orders and payments ---------------------------------------------------------------------------


def _of_order(change: OrderChange) -> Iterator[Event]:
    order = change.after
    if change.before is not None and change.before.state is order.state:
        if change.before.attention is not None and order.attention is None:
            yield _of_correction(change)
        return
    data: dict[str, object] = {
        "order": order.id,
        "sku": order.sku,
        "quantity": order.quantity,
        "amount": order.amount,
        "currency": order.currency,
    }
    if order.state is OrderState.PAID:
        name, what = EventName.ORDER_PAID, [order.id]
        data |= {"unit_price": order.unit_price, "paid_at": order.paid_at}
    elif order.state is OrderState.REFUNDED and order.refund_reason is not None:
        # It came too late. What its merchant gives back is told by the refund.
        name, what = EventName.ORDER_REFUNDED, [order.id, str(order.refunded)]
        data |= {
            "refund": None,
            "given_back": order.refunded,
            "refunded": order.refunded,
            "reason": order.refund_reason.value,
            "after_close": False,
        }
    elif order.state is OrderState.FULFILLED:
        parcel = parcel_id(order.id)
        # What was paid is told already, and not what a parcel is about.
        data = {name: data[name] for name in ("order", "sku", "quantity")}
        name, what = EventName.PARCEL_REQUESTED, [parcel]
        data |= {"parcel": parcel, "carrier": order.carrier, "requested_at": order.fulfilled_at}
    else:
        return
    yield Event(
        name=name,
        id=event_id(name, *what),
        occurred_at=change.at,
        merchant=order.merchant,
        campaign=order.campaign_id,
        data=data,
    )


def _of_correction(change: OrderChange) -> Event:
    order = change.after
    return Event(
        name=EventName.ORDER_ADDRESS_CORRECTED,
        # It may be wrong again, and corrected again: its version tells one from the other.
        id=event_id(EventName.ORDER_ADDRESS_CORRECTED, order.id, str(order.version)),
        occurred_at=change.at,
        merchant=order.merchant,
        campaign=order.campaign_id,
        data={"order": order.id, "sku": order.sku, "quantity": order.quantity},
    )


def _of_refund(change: RefundChange) -> Iterator[Event]:
    refund = change.after
    if change.before is not None and change.before.state is refund.state:
        return
    data: dict[str, object] = {
        "order": refund.order_id,
        "sku": refund.sku,
        "quantity": refund.quantity,
        "amount": refund.paid,
        "currency": refund.currency,
        "refund": refund.id,
        "given_back": refund.amount,
    }
    if refund.state is State.SUCCEEDED:
        name, what = EventName.ORDER_REFUNDED, [refund.id]
        data |= {
            "refunded": refund.refunded_so_far,
            "reason": "asked_by_merchant",
            "after_close": refund.after_close,
        }
    elif refund.state is State.NEEDS_ATTENTION:
        # Each time it is given up is news; its version tells one from the other.
        name, what = EventName.REFUND_NEEDS_ATTENTION, [refund.id, str(refund.version)]
    else:
        return
    yield Event(
        name=name,
        id=event_id(name, *what),
        occurred_at=change.at,
        merchant=refund.merchant,
        campaign=refund.campaign_id,
        data=data,
    )


def _of_quarantine(change: QuarantineChange) -> Event:
    put_aside = change.after
    return Event(
        name=EventName.PAYMENT_QUARANTINED,
        id=event_id(EventName.PAYMENT_QUARANTINED, put_aside.id),
        occurred_at=change.at,
        merchant=put_aside.merchant,
        campaign=put_aside.campaign_id,
        # What the event claims is told only as far as we know it to be true.
        data={
            "quarantined": put_aside.id,
            "provider": put_aside.provider,
            "doubt": put_aside.doubt.value,
            "order": put_aside.order_id if put_aside.merchant else None,
        },
    )
