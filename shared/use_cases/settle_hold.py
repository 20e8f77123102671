"""
What becomes of a hold: confirmed, released or expired, once.

The tail of a reservation decides. The other parts of a larger quantity follow it, here at once, or by the beat if
the process dies in between. A second resolution is never a silent success: it gets the name of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from shared.domain.claim_check import ClaimCheck
from shared.domain.ids import home_block
from shared.domain.stock import PAID, REMEMBERED, Amendment, Block, Entry, Kind, confirm, end
from shared.use_cases.ledger_overflow import entry_in, read_entry
from shared.use_cases.stock_ports import Shelf, StockBlocks


class State(StrEnum):
    """State of a reservation."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


_STATES = {
    Kind.HELD: State.HELD,
    Kind.SOLD: State.CONFIRMED,
    Kind.REFUNDED: State.CONFIRMED,
    Kind.RESTOCKED: State.CONFIRMED,
    Kind.RELEASED: State.RELEASED,
    Kind.EXPIRED: State.EXPIRED,
    Kind.VOID: State.EXPIRED,
}


def look(stock: StockBlocks, shelf: Shelf, check: ClaimCheck, now: int) -> State | None:
    """The state of a reservation. ``None``: no such reservation was ever completed."""
    return tell(stock, shelf, check, tail_of(stock, shelf, check), now)


def tell(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, tail: Entry | None, now: int
) -> State | None:
    """
    The state to tell anybody of a reservation whose tail was found so.

    Past its deadline a hold is not over by the clock alone: somebody who looked at theirs just before may be about to sell
    or to release it. So it is ended here before it is told as expired; nobody is told of an end that does not come.
    """
    if tail is not None and tail.kind is Kind.HELD and tail.deadline <= now:
        tail = _resolve(stock, shelf, check, Kind.EXPIRED)
    return _state_of(tail, check.deadline, now)


def tail_of(stock: StockBlocks, shelf: Shelf, check: ClaimCheck) -> Entry | None:
    """The entry that decides about a reservation, as it stands: a hold past its deadline is still held here."""
    return _tail(stock, shelf, check, stock.read(shelf, check.block))


def confirm_hold(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, *, amount: int, now: int, replay: int = 0
) -> State | None:
    """
    Sell what a reservation holds, or past its deadline end it. The state it has now. ``amount`` and ``replay``: as
    ``stock.confirm`` has them.
    """
    return _settle(stock, shelf, check, Kind.SOLD, now=now, amount=amount, replay=replay)


def release_hold(stock: StockBlocks, shelf: Shelf, check: ClaimCheck, *, now: int) -> State | None:
    """Give back what a reservation holds. The state it has now: past its deadline, not ``RELEASED``."""
    return _settle(stock, shelf, check, Kind.RELEASED, now=now)


def _settle(
    stock: StockBlocks,
    shelf: Shelf,
    check: ClaimCheck,
    kind: Kind,
    *,
    now: int,
    amount: int = 0,
    replay: int = 0,
) -> State | None:
    """End a hold as asked while it lives, and as expired after."""
    end_as = kind if now < check.deadline else Kind.EXPIRED
    tail = _resolve(stock, shelf, check, end_as, amount, replay)
    return _state_of(tail, check.deadline, now)


def _resolve(
    stock: StockBlocks,
    shelf: Shelf,
    check: ClaimCheck,
    kind: Kind,
    amount: int = 0,
    replay: int = 0,
) -> Entry | None:
    """End a hold so, unless it has ended. The tail as it is then."""
    held = Entry(Kind.HELD, check.tail_quantity, check.deadline, deal=check.deal)
    wish = (
        confirm(check.key, held, amount, replay=replay)
        if kind is Kind.SOLD
        else end(check.key, held, kind)
    )
    answer = stock.amend(shelf, check.block, wish)
    tail = held.become(kind) if answer.done else _tail(stock, shelf, check, answer.block)
    if tail is not None and check.quantity != check.tail_quantity:
        _follow_tail(stock, shelf, check.key, tail)
    return tail


def _state_of(tail: Entry | None, deadline: int, now: int) -> State | None:
    """The state that an entry says. An unpaid reservation whose entry was pruned is reported as expired."""
    if tail is None:
        return State.EXPIRED if now >= deadline + REMEMBERED else None
    return _STATES.get(tail.kind)


def _tail(stock: StockBlocks, shelf: Shelf, check: ClaimCheck, block: Block | None) -> Entry | None:
    """The reservation's own entry: the same key in another life of it has another deadline."""
    entry = entry_in(stock, shelf, block, check.key)
    return entry if entry is not None and entry.deadline == check.deadline else None


def _follow_tail(stock: StockBlocks, shelf: Shelf, key: str, tail: Entry) -> None:
    """Let the other parts share the tail's end."""
    if tail.kind is Kind.HELD:
        return
    for number, part in parts(stock, shelf, key):
        if part.kind is Kind.HELD and part.deadline == tail.deadline:
            stock.amend(shelf, number, share_end(key, part, tail))


def share_end(key: str, part: Entry, tail: Entry) -> Amendment:
    """The amendment that gives a part the end its tail came to."""
    if tail.kind in PAID:
        return confirm(key, part, 0)
    return end(key, part, tail.kind)


def parts(stock: StockBlocks, shelf: Shelf, key: str) -> Iterator[tuple[int, Entry]]:
    """The entries of a request from its home block on, but for its tail. Of the use of a deal: all of them."""
    at: int | None = home_block(key, shelf.home_blocks)
    while at is not None:
        entry = read_entry(stock, shelf, at, key)
        if entry is None or entry.is_tail:
            return
        yield at, entry
        at = entry.next if entry.goes_on else None
