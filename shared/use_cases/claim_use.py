"""
Uses of capped deals: a stock like any other, on a shelf of its own, in blocks with ledgers.

A use is taken before the units that it is for, under the keys of the same request, and is held until it is known what became
of the reservation: its entry goes on in the ledger of an offer, so that no deadline gives it back. Whoever is interrupted
leaves a use that the beat gives the end that its reservation came to (``shared.use_cases.keep_uses``).

A delivery that finds a use which another has taken says so in the entry before it takes any units: so whoever was about to
give back what they had seen there, cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared import table
from shared.domain.campaign import Campaign
from shared.domain.errors import StoreBusy
from shared.domain.stock import REMEMBERED, Amendment, Counters, Entry, Kind, sizes
from shared.use_cases.hints import Hints
from shared.use_cases.settle_hold import parts
from shared.use_cases.stock_ports import Shelf, StockBlocks
from shared.use_cases.take_units import Taken, Wish, take_units

_TRIES = 5


class Unsettled(Exception):
    """A use of an older life of the request stands there still: the beat has not come by yet."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a delivery of a request has of a deal."""

    place: Shelf
    taken: Taken
    is_ours: bool
    """This delivery took it, and nobody else may have counted on it yet."""


def shelf_of_uses(campaign: Campaign, number: int, cap: int) -> Shelf:
    """The shelf of a capped deal. ``StoreBusy`` if our copy of the campaign is from before it was laid out."""
    if campaign.prepared_at is None:
        raise StoreBusy
    sku, blocks = table.uses_of(number), len(sizes(cap))
    return Shelf(
        campaign_id=campaign.id,
        sku=sku,
        home_blocks=blocks,
        blocks=blocks,
        epoch=campaign.prepared_at,
        room=table.ledger_room(sku, blocks),
    )


def claim_use(stock: StockBlocks, hints: Hints, place: Shelf, wish: Wish) -> Use:
    """
    Have ``wish.quantity`` uses of a deal; the same request finds the same. ``SoldOut``, ``Unsettled``; ``CampaignNotOpen``,
    ``IdempotencyKeyReused`` (another quantity), ``StockContended`` or ``StoreBusy``.
    """
    for _ in range(_TRIES):
        # Nobody stands in line for uses.
        plain = replace(wish, deal=0, next=table.LEDGER_USES, admitted=False)
        taken = take_units(stock, hints, place, plain)
        if not taken.replayed:
            return Use(place, taken, is_ours=True)
        if taken.tail.kind is not Kind.HELD:
            # Sold: so the request will find what it has bought.
            return Use(place, taken, is_ours=False)
        if taken.tail.deadline + REMEMBERED <= wish.now:
            raise Unsettled
        if stock.amend(place, taken.block, _joined(taken.key, taken.tail)).done:
            return Use(place, taken, is_ours=False)
    raise StoreBusy


def give_back_use(stock: StockBlocks, use: Use | None) -> None:
    """Give back what nobody else has counted on, and nothing came of."""
    if use is not None and use.is_ours:
        give_back(stock, use.place, use.taken.key, use.taken.parts)


def give_back(
    stock: StockBlocks, place: Shelf, key: str, held: Sequence[tuple[int, Entry]]
) -> bool:
    """
    Put uses back, as they were seen: the last first, for it tells whether somebody has counted on them since. Whether they
    all are back.
    """
    return all(
        stock.amend(place, number, _put_back(key, entry)).done for number, entry in reversed(held)
    )


def uses_of_keys(
    stock: StockBlocks, place: Shelf, keys: Sequence[str]
) -> tuple[str, list[tuple[int, Entry]]] | None:
    """What is held of a deal under the keys of a request: the key, and each block and entry; the last says for whom."""
    for key in keys:
        found = [
            (number, entry) for number, entry in parts(stock, place, key) if entry.kind is Kind.HELD
        ]
        if found:
            return key, found
    return None


def _joined(key: str, entry: Entry) -> Amendment:
    following = (entry.next or table.LEDGER_USES) + 1
    if following >= table.LEDGER_DEALS - 1:
        # Nobody sends one request forty thousand times while its hold lives.
        raise StoreBusy
    return Amendment(expect={key: entry}, write={key: replace(entry, next=following)})


def _put_back(key: str, entry: Entry) -> Amendment:
    """Without a trace: the request may have a use again, if it is repeated."""
    moved = Counters(free=entry.quantity, held=-entry.quantity)
    return Amendment(expect={key: entry}, write={key: None}, change=moved)
