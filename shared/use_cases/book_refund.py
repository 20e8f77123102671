"""
A refund's place in the books: in the ledger of the units that were sold.

The ledger is brought to what the order says. A part raises the money that went back of a sale; the whole ends the sale.
Whoever comes second finds that it says so already, so it is booked once, by however many and however often; and of two
refunds of one order it does not matter which is booked first.
"""

from __future__ import annotations

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import StoreBusy
from shared.domain.order import Order
from shared.domain.stock import GIVEN_BACK, Block, Entry, Kind, refund_part, refund_whole
from shared.use_cases.ledger_overflow import entry_in, read_entry
from shared.use_cases.settle_hold import parts, share_end
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf

_TRIES = 50
"""Others sell from the same block, but only refunds of the same order change its entry."""


def book(stock: StockBlocks, campaign: Campaign, order: Order, *, restock: bool, now: int) -> bool:
    """
    Bring the ledger of a paid order to the money that went back of it before the close. Whether its units are on sale
    again: asked for by ``restock``, and done if the sale is still open.
    """
    place, check = shelf(campaign, campaign.offer(order.sku)), order.claim(campaign.secret)
    for _ in range(_TRIES):
        block, tail = _tail(stock, place, check)
        if tail.kind in GIVEN_BACK:
            _follow(stock, place, check, tail)
            return tail.kind is Kind.RESTOCKED
        due = order.refunded_in_books - tail.refunded
        replay = campaign.units_of_replay(order.promise(campaign.secret))
        if due <= 0:
            return False
        if order.refunded_in_books < order.amount:
            wish = refund_part(check.key, tail, due, replay=replay)
        elif restock and now < block.closes:
            wish = refund_whole(check.key, tail, due, restock=True, open_at=now, replay=replay)
        else:
            wish = refund_whole(check.key, tail, due, restock=False, replay=replay)
        stock.amend(place, check.block, wish)
    raise StoreBusy("This order's part of the stock is changed by others all the time.")


def _tail(stock: StockBlocks, place: Shelf, check: ClaimCheck) -> tuple[Block, Entry]:
    block = stock.read(place, check.block)
    entry = entry_in(stock, place, block, check.key)
    if block is None or entry is None or entry.kind not in {Kind.SOLD, *GIVEN_BACK}:
        raise ValueError(f"block {check.block} of {place.sku} has not sold {check.key}")
    return block, entry


def _follow(stock: StockBlocks, place: Shelf, check: ClaimCheck, tail: Entry) -> None:
    """Let the other parts of a larger quantity share the tail's end, open or not: it has decided."""
    if check.quantity == check.tail_quantity:
        return
    for number, found in parts(stock, place, check.key):
        part: Entry | None = found
        while part is not None and part.kind in (Kind.HELD, Kind.SOLD):
            if part.kind is Kind.HELD:
                # Whoever sold the tail died before this part: nobody can do anything else with it.
                wish = share_end(check.key, part, tail)
            else:
                restock = tail.kind is Kind.RESTOCKED
                wish = refund_whole(check.key, part, 0, restock=restock)
            stock.amend(place, number, wish)
            part = read_entry(stock, place, number, check.key)
