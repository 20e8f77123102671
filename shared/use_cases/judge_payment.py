"""
What becomes of an event that a payment provider has signed: one rule for each ending, all of them here.

The order says whether an event is true. What does not fit it is put aside for a person, and the order left untouched. Money
that fits moves the order; money of a *second* payment of the same order goes back, once; what comes before its order was
written waits a little.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import Busy
from shared.domain.order import Order, OrderState
from shared.domain.payment import (
    Doubt,
    ParkedEvent,
    PaymentEvent,
    PaymentKind,
    QuarantinedPayment,
    RefundState,
    UnreadableEvent,
    doubt_about,
    doubt_about_money,
    doubt_about_refund,
    second_refund,
)
from shared.domain.refund import AskedRefund, NotARefund, RefundPlace, State
from shared.use_cases.give_back import come_to_an_end, settle_in_books
from shared.use_cases.order_ports import Books
from shared.use_cases.settle_payment import settle

PARKED_FOR = 30
"""Seconds for which an event waits for its order. A checkout runs no longer."""
_LONGEST = 128
"""Characters kept of what an event says. One of our own order ids has 78."""
_OF_REFUNDS = (PaymentKind.REFUNDED, PaymentKind.REFUND_FAILED)
_LONGEST_FAILURE = 32
"""Characters of an event id kept with an order, which must stay within one write unit."""


class Outcome(StrEnum):
    """What an event did."""

    PAID = "paid"
    REFUNDED = "refunded"
    """It came too late, or was the order's second payment, and went back; or it tells that a refund has."""
    NOTED = "noted"
    """An attempt to pay, or to give back, failed; another may follow."""
    KNOWN = "known"
    """Nothing: it was dealt with before, or the order is past it."""
    PARKED = "parked"
    """Its order is not there yet: looked at again by every beat, then put in quarantine."""
    QUARANTINED = "quarantined"


def judge(
    books: Books,
    campaign: Campaign,
    check: ClaimCheck,
    provider: str,
    event: PaymentEvent,
    now: int,
) -> Outcome:
    """Deal with an event about an order id of ours. ``Busy`` when a store or the provider does not answer."""
    order = books.orders.find(check)
    if order is None:
        may_come = now < check.deadline + PARKED_FOR and provider == campaign.payment_provider
        if not may_come or event.doubt is not None:
            doubt = event.doubt or Doubt.UNKNOWN_ORDER
            return put_aside(books, provider, doubt, event, now, campaign)
        books.orders.park(check, ParkedEvent(provider=provider, event=event, since=now))
        return Outcome.PARKED
    return _judge(books, campaign, order, provider, event, now)


def judge_again(
    books: Books, campaign: Campaign, check: ClaimCheck, parked: ParkedEvent, now: int
) -> Outcome:
    """Deal with an event that waited. ``PARKED``: it waits on."""
    order = books.orders.find(check)
    if order is not None:
        return _judge(books, campaign, order, parked.provider, parked.event, now)
    if now < parked.since + PARKED_FOR:
        return Outcome.PARKED
    return put_aside(books, parked.provider, Doubt.UNKNOWN_ORDER, parked.event, now, campaign)


def _judge(
    books: Books, campaign: Campaign, order: Order, provider: str, event: PaymentEvent, now: int
) -> Outcome:
    refund = _refund_of(books, order, event)
    if refund is not None:
        return _refund_told(books, campaign, order, refund, provider, event, now)
    if event.kind in _OF_REFUNDS and event.refund_id is not None and event.doubt is None:
        # Money that we sent back ourselves, of whichever payment.
        return Outcome.KNOWN
    if event.kind is PaymentKind.FAILED and _was_replaced(order, provider, event):
        # Of a payment that its buyer has turned away from.
        return Outcome.KNOWN
    doubt = _doubt(books, order, provider, event)
    if doubt is Doubt.SECOND_PAYMENT:
        return _give_back(books, campaign, provider, event, now)
    if doubt is not None:
        return put_aside(books, provider, doubt, event, now, campaign)
    return _believed(books, campaign, order, provider, event, now)


def _was_replaced(order: Order, provider: str, event: PaymentEvent) -> bool:
    return (
        event.doubt is None
        and provider == order.provider
        and event.payment_id != order.payment_id
        and order.had_payment(event.payment_id)
    )


def _believed(
    books: Books, campaign: Campaign, order: Order, provider: str, event: PaymentEvent, now: int
) -> Outcome:
    if event.kind is PaymentKind.SUCCEEDED:
        return _succeeded(books, campaign, order, provider, event, now)
    if event.kind is PaymentKind.FAILED:
        return _failed(books, order, event)
    return Outcome.KNOWN


def _doubt(books: Books, order: Order, provider: str, event: PaymentEvent) -> Doubt | None:
    if event.doubt is not None:
        return event.doubt
    if provider != order.provider:
        return Doubt.WRONG_PROVIDER
    if event.kind is PaymentKind.SUCCEEDED and event.payment_id != order.payment_id:
        doubt = doubt_about_money(event, order, livemode=books.livemode)
        if doubt is None and order.can_adopt(event.payment_id):
            return None
        return doubt or Doubt.SECOND_PAYMENT
    doubt = doubt_about(event, order, livemode=books.livemode)
    if doubt is None and event.kind is PaymentKind.REFUNDED and order.refund_reason is None:
        return Doubt.UNASKED_REFUND
    return doubt


def _refund_of(books: Books, order: Order, event: PaymentEvent) -> AskedRefund | None:
    """The refund that an event tells the end of, if a merchant asked for it and nothing else is wrong with the event."""
    if event.kind not in _OF_REFUNDS or event.doubt not in (None, Doubt.REFUND_FAILED):
        return None
    try:
        place = RefundPlace.of(event.refund_id or "")
    except NotARefund:
        return None
    is_of_order = (place.campaign_id, place.key, place.deadline) == (
        order.campaign_id,
        order.key,
        order.expires_at,
    )
    return books.refunds.find(place) if is_of_order else None


def _refund_told(
    books: Books,
    campaign: Campaign,
    order: Order,
    refund: AskedRefund,
    provider: str,
    event: PaymentEvent,
    now: int,
) -> Outcome:
    """The provider tells the end of a refund: perhaps of one that nobody of ours is waiting for any more."""
    has_gone = event.kind is PaymentKind.REFUNDED
    doubt = doubt_about_refund(event, order, refund.amount, livemode=books.livemode)
    if provider != order.provider:
        doubt = Doubt.WRONG_PROVIDER
    if doubt is None and not refund.is_open:
        # What it says now, it may have said otherwise before: then a person must look.
        if refund.state is (State.SUCCEEDED if has_gone else State.FAILED):
            settle_in_books(books, refund, now=now)
            return Outcome.KNOWN
        doubt = Doubt.UNASKED_REFUND if has_gone else Doubt.REFUND_FAILED
    if doubt is not None:
        return put_aside(books, provider, doubt, event, now, campaign)
    ended = come_to_an_end(books, refund, succeeded=has_gone, now=now)
    settle_in_books(books, ended, now=now)
    return Outcome.REFUNDED if ended.state is State.SUCCEEDED else Outcome.NOTED


def _succeeded(
    books: Books, campaign: Campaign, order: Order, provider: str, event: PaymentEvent, now: int
) -> Outcome:
    if order.is_settled:
        return Outcome.KNOWN
    settled = settle(books, campaign, order, now, payment_id=event.payment_id)
    if settled.payment_id != event.payment_id:
        # The buyer checked out again meanwhile, and the money of another payment was first.
        return _give_back(books, campaign, provider, event, now)
    if settled.replaced is not None:
        _let_go(books, settled)
    return Outcome.REFUNDED if settled.state is OrderState.REFUNDED else Outcome.PAID


def _let_go(books: Books, order: Order) -> None:
    """
    Cancel the payment that was to replace the one that was paid.

    Tried once: it was told to nobody. If it is paid all the same, its event finds an order that has its money.
    """
    with suppress(Busy):
        other = replace(order, payment_id=order.replaced or order.payment_id)
        books.providers[order.provider].cancel_payment(other)


def _failed(books: Books, order: Order, event: PaymentEvent) -> Outcome:
    event_id = _short(event.id, _LONGEST_FAILURE)
    if not order.awaits_payment or order.failure == event_id:
        return Outcome.KNOWN
    standing = books.orders.save(order.failed(event_id))
    return Outcome.NOTED if standing is None else _failed(books, standing, event)


def _give_back(
    books: Books, campaign: Campaign, provider: str, event: PaymentEvent, now: int
) -> Outcome:
    """
    The order has another payment: this one goes back, whether the other was paid yet or not.

    First the refund, which is done once however often it is asked for, then the record: who dies between leaves an event
    that is delivered again.
    """
    if books.providers[provider].refund(second_refund(event)) is RefundState.FAILED:
        return put_aside(books, provider, Doubt.REFUND_FAILED, event, now, campaign)
    record = _record(provider, Doubt.SECOND_PAYMENT, event, now, campaign)
    # One record for each payment, whatever event tells of it.
    payment = _short(event.payment_id)
    is_first = books.quarantine.keep(replace(record, id=f"{provider}#second#{payment}"))
    return Outcome.REFUNDED if is_first else Outcome.KNOWN


def believe(books: Books, campaign: Campaign, order: Order, event: PaymentEvent, now: int) -> bool:
    """
    Whether what the provider says of an order's payment, or of one that was replaced, when asked, fits it. What does not is
    put aside.
    """
    is_earlier = order.can_adopt(event.payment_id)
    judge_it = doubt_about_money if is_earlier else doubt_about
    doubt = event.doubt or judge_it(event, order, livemode=books.livemode)
    if doubt is not None:
        put_aside(books, order.provider, doubt, event, now, campaign)
    return doubt is None


# -- quarantine --------------------------------------------------------------------------------------


def put_aside(
    books: Books,
    provider: str,
    doubt: Doubt,
    event: PaymentEvent | UnreadableEvent,
    now: int,
    campaign: Campaign | None = None,
) -> Outcome:
    """Keep what an event says for a person, once for each event."""
    books.quarantine.keep(_record(provider, doubt, event, now, campaign))
    return Outcome.QUARANTINED


def _record(
    provider: str,
    doubt: Doubt,
    event: PaymentEvent | UnreadableEvent,
    now: int,
    campaign: Campaign | None,
) -> QuarantinedPayment:
    payment = QuarantinedPayment(
        id=f"{provider}#{_short(event.id)}",
        provider=provider,
        doubt=doubt,
        received_at=now,
        merchant=campaign.merchant if campaign is not None else None,
        campaign_id=campaign.id if campaign is not None else None,
    )
    if isinstance(event, UnreadableEvent):
        return payment
    return replace(
        payment,
        kind=event.kind.value,
        payment_id=event.payment_id[:_LONGEST],
        order_id=event.order_id[:_LONGEST],
        amount=str(event.amount)[:_LONGEST],
        currency=event.currency[:_LONGEST],
        livemode=event.livemode,
    )


def _short(event_id: str, longest: int = _LONGEST) -> str:
    """An event's id, or the beginning of a digest of one that is too long for its place."""
    if len(event_id) <= longest:
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()[:longest]
