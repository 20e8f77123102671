"""
Lay out a campaign's stock: freeze the plan, then make every block.

Frozen first, in one conditional write: numbers of offers and blocks, and the instant from which the ledger counts its
deadlines. A second run keeps the first freeze, so that both make the same blocks. A block that is not there yet
refuses, and no other does.

A million units are 31,250 blocks. A put costs 1 to 3 ms of CPU, which is the limit, not the store's 4,000 writes a
second; so that is one to three minutes of the ten that a run has. Runs that time out are repeated by the machine:
blocks are laid out in order, a stride at a time, and the next run finds its place with some twenty reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain.campaign import LONGEST_REPLAY, ON_AIR, Campaign, Offer, Status
from shared.domain.deals import capped, numbered
from shared.domain.stock import sizes
from shared.use_cases.claim_use import shelf_of_uses
from shared.use_cases.ports import Campaigns
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf

_STRIDE = 256
"""Blocks made before the next are begun: the most that may be there beyond the first that is missing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block belongs, and how many units it gets."""

    shelf: Shelf
    number: int
    units: int


def prepare_stock(campaigns: Campaigns, stock: StockBlocks, campaign_id: str, now: int) -> Campaign:
    """Freeze the campaign and lay out its blocks. One that is called off or closing is left as it is."""
    campaign = change_campaign(
        campaigns, campaign_id, lambda plan: freeze(plan, now), by="prepare_stock"
    )
    if not is_abandoned(campaign):
        _lay_out(stock, campaign)
    return campaign


def freeze(campaign: Campaign, now: int) -> Campaign:
    """The campaign with its stock counted into blocks; the same if it was frozen before, or will not be sold."""
    campaign.refuse_unless(*set(Status) - {Status.DRAFT}, verb="prepared")
    if campaign.prepared_at is not None or is_abandoned(campaign):
        return campaign
    offers = tuple(_frozen(campaign, offer, number) for number, offer in enumerate(campaign.offers))
    cues = numbered(campaign.run_of_show)
    return campaign.changed(prepared_at=now, offers=offers, run_of_show=cues)


def _frozen(campaign: Campaign, offer: Offer, number: int) -> Offer:
    # As many homes as all its units would need, for whoever comes begins there, whenever the units come.
    homes = len(sizes(offer.allotment))
    whole = replace(offer, number=number, home_blocks=homes, portions=campaign.portions(offer))
    return replace(whole, blocks=len(block_sizes(whole)))


def is_abandoned(campaign: Campaign) -> bool:
    """Whether nothing will be sold any more."""
    return campaign.status not in (Status.SCHEDULED, *ON_AIR)


def places(campaign: Campaign) -> list[Place]:
    """All blocks of a campaign whose stock is laid out, in the order in which that is done."""
    return [
        Place(shelf(campaign, offer), number, units)
        for offer in campaign.offers
        for number, units in enumerate(block_sizes(offer))
    ]


def places_of_uses(campaign: Campaign) -> list[Place]:
    """All blocks of the uses of a campaign's capped deals, in the order in which they are laid out."""
    return [
        Place(place, at, units)
        for number, cap in capped(campaign)
        for place in [shelf_of_uses(campaign, number, cap)]
        for at, units in enumerate(sizes(cap))
    ]


def block_sizes(offer: Offer) -> list[int]:
    """Units of every block of an offer as they were laid out, those too that do not count yet."""
    portions = (portion.units for portion in offer.portions)
    after = [units for part in (*portions, *offer.added, *offer.coming) for units in sizes(part)]
    return sizes(offer.at_first, offer.home_blocks) + after


def expected(campaign: Campaign) -> list[Place]:
    """The blocks of additions that do not count yet."""
    return [place for place in places(campaign) if place.number >= place.shelf.blocks]


def counted(campaign: Campaign) -> Campaign:
    """The campaign, now that all its blocks are there."""
    if not any(offer.coming for offer in campaign.offers):
        return campaign
    offers = tuple(
        replace(
            offer,
            allotment=offer.allotment + sum(offer.coming),
            added=(*offer.added, *offer.coming),
            coming=(),
            blocks=len(block_sizes(offer)),
        )
        for offer in campaign.offers
    )
    return campaign.changed(offers=offers)


def _lay_out(stock: StockBlocks, campaign: Campaign) -> None:
    # Uses before units: nobody is offered what is not there yet. They are good for nothing without units, whose blocks are
    # the gate of the show; so theirs stay open until they are closed for good.
    lay_out(stock, campaign, places_of_uses(campaign), closes=campaign.starts_at + LONGEST_REPLAY)
    lay_out(stock, campaign, places(campaign), closes=campaign.closes_at)


def lay_out(
    stock: StockBlocks, campaign: Campaign, all_places: list[Place], *, closes: int
) -> None:
    """Make blocks that are not there yet, in order; what an earlier run has made is found."""

    def put(place: Place) -> None:
        stock.lay_out(
            place.shelf,
            place.number,
            units=place.units,
            opens=campaign.starts_at + place.shelf.delay(place.number),
            closes=closes,
        )

    for first in range(_resume(stock, all_places), len(all_places), _STRIDE):
        side_by_side(put, all_places[first : first + _STRIDE])


def _resume(stock: StockBlocks, all_places: list[Place]) -> int:
    """A position before which nothing is missing: a stride before where the blocks end."""
    there, missing = 0, len(all_places)
    while there < missing:
        middle = (there + missing) // 2
        if stock.read(all_places[middle].shelf, all_places[middle].number) is None:
            missing = middle
        else:
            there = middle + 1
    return max(0, missing - _STRIDE)
