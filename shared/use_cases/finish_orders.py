"""
Finish what checkouts and payments left: orders whose hold ended unpaid, and money whose way to its place was interrupted.
And refunds, before the books are closed: what has gone back is booked, and what has not is left out of them.

The beat calls it with the time since the last beat; the drain of a closing campaign for everything. It repeats nothing that
was done and may die anywhere. A hold past its deadline is left to the beat of the stock, which ends many in one write.

A provider that is down must not hold up the beat, which also returns units and counts: some orders are finished side by
side, and after a few silences of it in one round, the rest wait for the next beat.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from shared.clock import elapsed
from shared.domain.campaign import Campaign
from shared.domain.claim_check import ORDER, suffix_of, verify
from shared.domain.errors import Busy, ProviderSilent, StoreBusy
from shared.domain.order import Order, OrderState
from shared.domain.payment import ParkedEvent, PaymentEvent
from shared.domain.refund import AskedRefund
from shared.domain.stock import PAID, Kind
from shared.use_cases.give_back import close_books_on
from shared.use_cases.judge_payment import Outcome, believe, judge_again
from shared.use_cases.order_ports import Books, Unsettled
from shared.use_cases.settle_hold import tail_of
from shared.use_cases.settle_payment import payment_of_sold, settle
from shared.use_cases.side_by_side import AT_ONCE, side_by_side
from shared.use_cases.stock_ports import shelf

log = logging.getLogger("livehour")

UNDER_WAY = 30
"""Seconds for which the checkout of a hold that has ended may be under way, and yet write its order: as long as its function
may run, and clocks may differ. So much is looked at once more."""
_SILENCES = 3
"""Times that a provider may not answer in one beat before the rest of it waits."""
_LONGEST = 20.0
"""Seconds after which the rest waits too: a beat has other work, and a minute for all of it."""


@dataclass(slots=True)
class Finished:
    """What was found and done."""

    paid: int = 0
    cancelled: int = 0
    refunded: int = 0
    waiting: int = 0
    """Orders left as they are: held still, or somebody did not answer. Look again."""


def finish_orders(
    books: Books, campaign: Campaign, *, since: int, until: int, now: int
) -> Finished:
    """Finish the orders whose hold, or whose late payment's hold, ended after ``since`` and by ``until``."""
    ended = books.orders.ended(campaign.id, since=since - UNDER_WAY, until=until)
    return _finish(books, campaign, ended, now)


def finish_all(books: Books, campaign: Campaign, *, now: int) -> Finished:
    """Finish all orders of a campaign that sells no more. Again, until none is waiting."""
    return _finish(books, campaign, books.orders.unsettled(campaign.id), now)


def _finish(books: Books, campaign: Campaign, found: Iterable[Unsettled], now: int) -> Finished:
    done = Finished()
    silences = 0
    things = iter(found)
    began = elapsed()
    while some := list(islice(things, AT_ONCE)):
        if silences >= _SILENCES or elapsed() - began > _LONGEST:
            done.waiting += len(some)
            continue
        for end in side_by_side(lambda thing: _end_of(books, campaign, thing, now), some):
            silences += end is ProviderSilent
            if end is OrderState.CANCELLED:
                done.cancelled += 1
            elif end is OrderState.REFUNDED:
                done.refunded += 1
            elif isinstance(end, OrderState):
                done.paid += 1
            elif end is not Outcome.KNOWN:
                done.waiting += 1
    return done


_End = OrderState | Outcome | type[ProviderSilent] | None
"""What an order or a parked event came to. ``None``, ``PARKED`` or ``ProviderSilent``: to nothing yet."""


def _end_of(books: Books, campaign: Campaign, thing: Unsettled, now: int) -> _End:
    try:
        if isinstance(thing, AskedRefund):
            is_done = close_books_on(books, campaign, thing, now=now)
            return Outcome.KNOWN if is_done else None
        if isinstance(thing, ParkedEvent):
            check = verify(suffix_of(thing.event.order_id, ORDER), campaign.secret)
            outcome = judge_again(books, campaign, check, thing, now)
            return outcome if outcome is Outcome.PARKED else Outcome.KNOWN
        finished = _finish_one(books, campaign, thing, now)
    except StoreBusy:
        raise
    except ProviderSilent:
        return ProviderSilent
    except Busy:
        # One block's ledger is full: the others do not wait for it.
        return None
    except Exception:
        # Whatever is wrong with one must not keep the others from their end.
        about = thing.event.order_id if isinstance(thing, ParkedEvent) else thing.id
        log.exception("%s cannot be finished", about)
        return None
    return None if finished is None else finished.state


def _finish_one(books: Books, campaign: Campaign, order: Order, now: int) -> Order | None:
    """The order at its end; ``None`` if it is not there yet."""
    while order.awaits_payment:
        place = shelf(campaign, campaign.offer(order.sku))
        tail = tail_of(books.stock, place, order.claim(campaign.secret))
        if tail is not None and tail.kind is Kind.HELD:
            return None
        if tail is not None and tail.kind in PAID:
            # Only a payment sells: whoever sold it died before the order was told.
            paid_by = payment_of_sold(books, order, now)
            if paid_by is None:
                return None
            return settle(books, campaign, order, now, payment_id=paid_by)
        # The payment first: once the order is cancelled, nobody comes back to it.
        told = _cancel_payments(books, order)
        if told is not None and believe(books, campaign, order, told, now):
            # It was paid, and whoever should have told is late or lost.
            return settle(books, campaign, order, now, payment_id=told.payment_id)
        cancelled = order.cancelled()
        order = books.orders.save(cancelled) or cancelled
    return settle(books, campaign, order, now) if order.is_settling else order


def _cancel_payments(books: Books, order: Order) -> PaymentEvent | None:
    """Let nobody pay any payment of an order, one that was being replaced included. The event of one that was paid."""
    provider = books.providers[order.provider]
    if order.replaced is not None:
        told = provider.cancel_payment(replace(order, payment_id=order.replaced))
        if told is not None:
            return told
    return provider.cancel_payment(order)
