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
from shared.domain.stock import REMEMBERED, Amendment, Block, Entry, Kind, confirm, end
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
    Kind.RELEASED: State.RELEASED,
    Kind.EXPIRED: State.EXPIRED,
    Kind.VOID: State.EXPIRED,
}


def look(stock: StockBlocks, shelf: Shelf, check: ClaimCheck, now: int) -> State | None:
    """The state of a reservation by its block. ``None``: no such reservation was ever completed."""
    return state_of(tail_of(stock, shelf, check), check.deadline, now)


def tail_of(stock: StockBlocks, shelf: Shelf, check: ClaimCheck) -> Entry | None:
    """The entry that decides about a reservation, as it stands: a hold past its deadline is still held here."""
    return _tail(stock.read(shelf, check.block), check)


def state_of(tail: Entry | None, deadline: int, now: int) -> State | None:
    """The state that an entry says. An unpaid reservation whose entry was pruned is reported as expired."""
    if tail is None:
        return State.EXPIRED if now >= deadline + REMEMBERED else None
    if tail.kind is Kind.HELD and tail.deadline <= now:
        return State.EXPIRED
    return _STATES.get(tail.kind)


def confirm_hold(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, *, amount: int, now: int
) -> tuple[bool, State | None]:
    """Sell what a reservation holds. (whether this call did it, the state it has now)."""
    return _resolve(stock, shelf, check, Kind.SOLD, amount=amount, now=now)


def release_hold(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, *, now: int
) -> tuple[bool, State | None]:
    """Give back what a reservation holds. (whether this call did it, the state it has now)."""
    return _resolve(stock, shelf, check, Kind.RELEASED, amount=0, now=now)


def expire_hold(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, *, now: int
) -> tuple[bool, State | None]:
    """Take back what a reservation holds past its deadline, so that nobody sells it any more. As above."""
    return _resolve(stock, shelf, check, Kind.EXPIRED, amount=0, now=now)


def _resolve(
    stock: StockBlocks, shelf: Shelf, check: ClaimCheck, kind: Kind, *, amount: int, now: int
) -> tuple[bool, State | None]:
    held = Entry(Kind.HELD, check.tail_quantity, check.deadline)
    did = False
    tail: Entry | None
    if (now < check.deadline) is (kind is not Kind.EXPIRED):
        wish = confirm(check.key, held, amount) if kind is Kind.SOLD else end(check.key, held, kind)
        answer = stock.amend(shelf, check.block, wish)
        did = answer.done
        tail = held.become(kind) if did else _tail(answer.block, check)
    else:
        tail = tail_of(stock, shelf, check)
    if tail is not None and check.quantity != check.tail_quantity:
        _follow_tail(stock, shelf, check.key, tail)
    return did, state_of(tail, check.deadline, now)


def _tail(block: Block | None, check: ClaimCheck) -> Entry | None:
    """The reservation's own entry: the same key in another life of it has another deadline."""
    entry = block.ledger.get(check.key) if block is not None else None
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
    if tail.kind in (Kind.SOLD, Kind.REFUNDED):
        return confirm(key, part, 0)
    return end(key, part, tail.kind)


def parts(stock: StockBlocks, shelf: Shelf, key: str) -> Iterator[tuple[int, Entry]]:
    """The entries of a request from its home block on, but for its tail."""
    at: int | None = home_block(key, shelf.home_blocks)
    while at is not None:
        block = stock.read(shelf, at)
        entry = block.ledger.get(key) if block is not None else None
        if entry is None or entry.is_tail:
            return
        yield at, entry
        at = entry.next
