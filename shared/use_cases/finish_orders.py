"""
Finish what checkouts and payments left: orders whose hold ended unpaid, and money whose way to its place was interrupted.

The beat calls it with the time since the last beat; the drain of a closing campaign for everything. It repeats nothing that
was done and may die anywhere. A hold past its deadline is left to the beat of the stock, which ends many in one write.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.campaign import Campaign
from shared.domain.errors import Busy, StoreBusy
from shared.domain.order import Order, OrderState
from shared.domain.stock import Kind
from shared.use_cases.order_ports import Books
from shared.use_cases.settle_hold import tail_of
from shared.use_cases.settle_payment import settle
from shared.use_cases.stock_ports import shelf

log = logging.getLogger("livehour")

_OVERLAP = 30
"""Seconds looked at once more: a checkout may write its order a moment after its hold ended, and after a beat."""


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
    ended = books.orders.ended(campaign.id, since=since - _OVERLAP, until=until)
    return _finish(books, campaign, ended, now)


def finish_all(books: Books, campaign: Campaign, *, now: int) -> Finished:
    """Finish all orders of a campaign that sells no more. Again, until none is waiting."""
    return _finish(books, campaign, books.orders.unsettled(campaign.id), now)


def _finish(books: Books, campaign: Campaign, orders: Iterable[Order], now: int) -> Finished:
    done = Finished()
    for order in orders:
        try:
            finished = _finish_one(books, campaign, order, now)
        except StoreBusy:
            raise
        except Busy:
            # One block's ledger is full, or the provider is silent about one payment: the others do not wait for it.
            done.waiting += 1
            continue
        except Exception:
            # Whatever is wrong with one order must not keep the others from their end.
            log.exception("the order %s cannot be finished", order.id)
            done.waiting += 1
            continue
        if finished is None:
            done.waiting += 1
        elif finished.state is OrderState.CANCELLED:
            done.cancelled += 1
        elif finished.state is OrderState.REFUNDED:
            done.refunded += 1
        else:
            done.paid += 1
    return done


def _finish_one(books: Books, campaign: Campaign, order: Order, now: int) -> Order | None:
    """The order at its end; ``None`` if it is not there yet."""
    while order.awaits_payment:
        place = shelf(campaign, campaign.offer(order.sku))
        tail = tail_of(books.stock, place, order.claim(campaign.secret))
        if tail is not None and tail.kind is Kind.HELD:
            return None
        if tail is not None and tail.kind in (Kind.SOLD, Kind.REFUNDED):
            # Only a payment sells: whoever sold it died before the order was told.
            return settle(books, campaign, order, now)
        # The payment first: once the order is cancelled, nobody comes back to it.
        books.providers[order.provider].cancel_payment(order)
        cancelled = order.cancelled()
        order = books.orders.save(cancelled) or cancelled
    return settle(books, campaign, order, now) if order.is_settling else order
