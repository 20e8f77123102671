"""
What becomes of a refund: step by step, each harmless when it is repeated, until it has come to an end.

1. **Ask** the provider, under the refund's id, as often as it takes: an unknown outcome is asked about, never assumed.
2. **End** it: refund and order in one transaction over the versions they were made from, so that of two who learn of the
   end, one writes it.
3. **Book** it in the ledger, if it belongs to the campaign's books, and note on the refund that this was done.

Whether it belongs there is decided by that transaction, or by whoever closes the books, whichever comes first; one of them
finds that the refund has changed. Who ends it reads the campaign *after* the refund was written: a campaign that was not
closing then will find the refund when it closes. One that was closing may have looked already: the refund stays out.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.campaign import Campaign, Status
from shared.domain.claim_check import ORDER, suffix_of, verify
from shared.domain.errors import RefundNotFound, StoreBusy
from shared.domain.order import Order
from shared.domain.payment import RefundState
from shared.domain.refund import (
    MOST_LOOKS,
    AskedRefund,
    NotARefund,
    RefundPlace,
    State,
    pause_after,
)
from shared.use_cases.book_refund import book
from shared.use_cases.order_ports import RefundBooks
from shared.use_cases.ports import ChangedMeanwhile

_TRIES = 50
"""Changes that may come first: refunds of one order change it one after the other."""
_CLOSING = (Status.CLOSING, Status.CLOSED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a refund is."""

    state: State
    wait_seconds: int = 0
    """While it is pending: until it is worth looking again."""


def go_on(books: RefundBooks, refund_id: str, *, looks: int, now: int) -> Step:
    """
    Do what is next about a refund. ``looks``: how often the provider was found not to have finished it.

    ``Busy`` when a store or the provider does not answer: it is called again. ``RefundNotFound``.
    """
    refund = find_refund(books, refund_id)
    if refund.state is State.PENDING:
        order, _ = _order_of(books, refund)
        told = books.providers[order.provider].refund(refund.order_to(order))
        if told is not RefundState.PENDING:
            refund = come_to_an_end(books, refund, succeeded=told is RefundState.SUCCEEDED, now=now)
        elif looks >= MOST_LOOKS:
            refund = give_up(books, refund, now=now)
        else:
            wait = pause_after(looks)
            refund = _wait(books, refund, until=now + wait)
            if refund.state is State.PENDING:
                return Step(refund.state, wait)
    return Step(settle_in_books(books, refund, now=now).state)


def come_to_an_end(
    books: RefundBooks, refund: AskedRefund, *, succeeded: bool, now: int
) -> AskedRefund:
    """What the provider says of a refund, written down. The refund as it is then: another may have been first."""
    for _ in range(_TRIES):
        order, campaign = _order_of(books, refund)
        # Read after its order: else the order might have this very end already, written by another.
        refund = find_refund(books, refund.id)
        if not refund.is_open:
            return refund
        if succeeded:
            in_books = not refund.after_close and not is_closing(campaign)
            order = order.gave_back_some(refund.amount, in_books=in_books)
            ended = refund.succeeded(order, at=now, in_books=in_books)
        else:
            order, ended = order.kept_after_all(refund.amount), refund.failed(at=now)
        try:
            books.refunds.end(order, ended)
        except ChangedMeanwhile:
            continue
        return ended
    raise StoreBusy("The order is being changed by others all the time.")


def settle_in_books(books: RefundBooks, refund: AskedRefund, *, now: int) -> AskedRefund:
    """Book a refund that has succeeded in time, unless it is booked."""
    for _ in range(_TRIES):
        if not (refund.is_in_books and refund.unbooked):
            return refund
        order, campaign = _order_of(books, refund)
        restocked = book(books.stock, campaign, order, restock=refund.restock, now=now)
        booked = refund.booked(restocked=restocked)
        try:
            books.refunds.save(booked)
        except ChangedMeanwhile:
            refund = find_refund(books, refund.id)
            continue
        return booked
    raise StoreBusy


def close_books_on(
    books: RefundBooks, campaign: Campaign, refund: AskedRefund, *, now: int
) -> bool:
    """
    See that the books need not wait for a refund: it is booked, or marked as after the close. False: they must, for the
    campaign is not closing, and the provider has not finished it.
    """
    for _ in range(_TRIES):
        refund = settle_in_books(books, refund, now=now)
        if not refund.unbooked:
            return True
        if not is_closing(campaign):
            return False
        try:
            books.refunds.save(refund.after_the_close())
        except ChangedMeanwhile:
            refund = find_refund(books, refund.id)
            continue
        return True
    raise StoreBusy


def give_up(books: RefundBooks, refund: AskedRefund, *, now: int) -> AskedRefund:
    """Leave a refund that nobody knows the end of to a person."""
    for _ in range(_TRIES):
        if refund.state is not State.PENDING:
            return refund
        try:
            books.refunds.save(refund.given_up(at=now))
        except ChangedMeanwhile:
            refund = find_refund(books, refund.id)
            continue
        return refund.given_up(at=now)
    raise StoreBusy


def find_refund(books: RefundBooks, refund_id: str) -> AskedRefund:
    """A refund by its id, or ``RefundNotFound``."""
    try:
        refund = books.refunds.find(RefundPlace.of(refund_id))
    except NotARefund:
        raise RefundNotFound from None
    if refund is None:
        raise RefundNotFound
    return refund


def is_closing(campaign: Campaign) -> bool:
    """Whether its books are being closed, or are."""
    return campaign.status in _CLOSING


def _wait(books: RefundBooks, refund: AskedRefund, *, until: int) -> AskedRefund:
    """Note when somebody will look again. Nothing, if that is noted or it has changed."""
    if refund.due >= until:
        return refund
    try:
        books.refunds.save(refund.looked_at(again_at=until))
    except ChangedMeanwhile:
        return find_refund(books, refund.id)
    return refund.looked_at(again_at=until)


def _order_of(books: RefundBooks, refund: AskedRefund) -> tuple[Order, Campaign]:
    """Its order, and the campaign as it is now: read after the refund was written."""
    campaign = books.campaigns.get(refund.campaign_id)
    order = books.orders.find(verify(suffix_of(refund.order_id, ORDER), campaign.secret))
    if order is None:
        raise ValueError(f"the order of {refund.id} is gone")
    return order, campaign
