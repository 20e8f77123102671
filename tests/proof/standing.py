"""What stands in the ledgers and among the orders in the end, held against what was asked for and what the bank did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shared.domain.campaign import Campaign
from shared.domain.ids import ledger_key
from shared.domain.order import Order, OrderState
from shared.domain.stock import Block, Kind
from shared.domain.totals import Sums
from shared.domain.waitlist import Ticket
from shared.use_cases.request_keys import keys_of
from tests.proof.history import History
from tests.theatre import FUJI

_KEPT = frozenset({OrderState.PAID, OrderState.FULFILLED})
"""States of an order whose money was kept."""
Wish = tuple[str, str, int]
"""Buyer, Idempotency-Key and units."""


def misplaced(
    campaign: Campaign,
    blocks: Iterable[Block],
    orders: Iterable[Order],
    refunds: Mapping[str, int],
) -> list[str]:
    """Orders whose money or units are not where they say. ``refunds``: what the bank sent back, by order."""
    sold = {
        (block.number, key)
        for block in blocks
        for key, entry in block.ledger.items()
        if entry.kind is Kind.SOLD and entry.is_tail
    }
    found = []
    for order in orders:
        claim, refunded = order.claim(campaign.secret), refunds.get(order.id, 0)
        has_units = (claim.block, claim.key) in sold
        if has_units and refunded:
            found.append(f"{order.id} has both the units and the money")
        if order.state is OrderState.REFUNDED and refunded != order.amount:
            found.append(f"{order.id} is refunded, and {refunded} went back")
        if order.state in _KEPT and (refunded or not has_units):
            found.append(f"{order.id} is paid, and has no units")
    return found


def unfinished(blocks: Sequence[Block], orders: Iterable[Order]) -> list[str]:
    """What has not come to its end when everything should have; and money that is not the paid orders'."""
    found, paid = [], []
    for order in orders:
        if order.awaits_payment or order.is_settling:
            found.append(f"{order.id} is still {order.state}")
        if order.state in _KEPT:
            paid.append(order)
    sums = Sums.of(blocks)
    told = (sums.held, sums.orders, sums.sold, sums.gross)
    due = (0, len(paid), sum(each.quantity for each in paid), sum(each.amount for each in paid))
    if told != due:
        found.append(f"held, orders, sold and gross are {told}, by the orders {due}")
    return found


def reservations(
    history: History,
    campaign: Campaign,
    blocks: Iterable[Block],
    orders: Iterable[Order] = (),
    tickets: Iterable[Ticket] = (),
) -> Iterator[Wish]:
    """
    Every reservation that stands in the ledgers, as it was asked for; one that nobody asked for by its ledger key. What
    late payments of ``orders`` took is none, nor what was offered to ``tickets``.
    """
    secret = campaign.secret
    known = {
        key: (buyer, request, units)
        for buyer, request, units in {each.asked for each in history.operations("reserve")}
        for key in _paths(secret, campaign.merchant, campaign.id, FUJI, buyer, request)
    }
    late = {
        key
        for order in orders
        for attempt in range(order.attempt)
        for key in _paths(secret, "late", order.id, str(attempt + 1))
    }
    late |= {
        key
        for ticket in tickets
        for attempt in range(ticket.attempt + 1)
        for key in keys_of(secret, replace(ticket, attempt=attempt).ledger_key(secret))
    }
    held: Counter[tuple[str, int]] = Counter()
    tails = []
    for block in blocks:
        for key, entry in block.ledger.items():
            held[key, entry.deadline] += entry.quantity
            if entry.is_tail and entry.kind is not Kind.VOID and key not in late:
                tails.append((key, entry.deadline))
    for key, deadline in tails:
        buyer, request, _ = known.get(key, ("nobody", key, 0))
        yield buyer, request, held[key, deadline]


def _paths(secret: str, *parts: str) -> list[str]:
    return keys_of(secret, ledger_key(secret, *parts))
