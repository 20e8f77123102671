"""
Bring the blocks of a campaign to what the campaign says: open, paused, or closed for good.

The clock opens and closes blocks by itself. What a person decides in the middle of a show has to be told to each of
them, and a campaign says ``paused`` only when the last one knows. Whoever stamps does it for the version of the campaign
that it read, and a block takes no stamp of an older version than its last: so a stamper that stood still for a while
undoes nothing.

Additions to an allotment are blocks beyond those that count. The campaign says first that they are coming, so that whoever
lays them out cuts the same blocks; they count when the last is there, and nobody has looked for them before.

A pause begins with ``pausing``, from which on sellers refuse by their copy of the campaign. Whoever finds it so (the
request itself, the function that it calls, the next beat) stamps what is not stamped yet, and says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from shared.domain.campaign import HALTED, ON_AIR, Campaign, Offer, Status
from shared.domain.stock import FOR_GOOD, PAUSED, QUEUED, Gate
from shared.domain.waitlist import firm
from shared.use_cases.ports import Campaigns
from shared.use_cases.prepare_stock import (
    Place,
    counted,
    expected,
    lay_out,
    places,
    places_of_uses,
)
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import StockBlocks, shelf

_STEP = "arrange_stock"
FEW = 256
"""Blocks that a request stamps before it answers: a second's work, at 8,192 units. Of more, another function is asked."""


def gate_of(campaign: Campaign, offer: Offer) -> Gate:
    """What the blocks of an offer should be stamped with, those that open with the show."""
    version = campaign.version
    if campaign.is_over:
        return Gate(campaign.starts_at, FOR_GOOD, version)
    opens = QUEUED if offer.queued_in else campaign.starts_at
    if campaign.status in HALTED:
        return Gate(opens, PAUSED, version, since=max(campaign.halted_in, offer.queued_in))
    return Gate(opens, campaign.closes_at, version, since=offer.queued_in)


def arrange_stock(campaigns: Campaigns, stock: StockBlocks, campaign_id: str) -> Campaign:
    """Tell every block, then the campaign that they know. Harmless when repeated, or done by several."""
    return change_campaign(
        campaigns, campaign_id, lambda campaign: arranged(stock, campaign), by=_STEP
    )


def arranged(stock: StockBlocks, campaign: Campaign) -> Campaign:
    """The campaign as it is once all its blocks know what it says: the same, unless it was about to be paused."""
    if campaign.prepared_at is None:
        return campaign
    if campaign.is_over:
        close_blocks(stock, campaign)
        return counted(campaign)
    if campaign.status not in ON_AIR:
        return campaign
    gates = {offer.sku: gate_of(campaign, offer) for offer in campaign.offers}
    coming = expected(campaign)
    lay_out(stock, campaign, coming, closes=gates[campaign.offers[0].sku].closes)
    # Whoever was to lay them out before may have done it late, as the campaign was then.
    side_by_side(
        lambda place: stock.stamp(place.shelf, place.number, gates[place.shelf.sku]), coming
    )
    shelves = [shelf(campaign, offer) for offer in campaign.offers]
    unaware = [
        (place, block.number, own)
        for place, blocks in zip(shelves, stock.read_shelves(shelves), strict=True)
        for block in blocks
        if not (own := gates[place.sku].later(place.delay(block.number))).is_known_to(block)
    ]
    side_by_side(lambda what: stock.stamp(*what), unaware)
    return _firm(campaign, paused(campaign))


def _firm(before: Campaign, after: Campaign) -> Campaign:
    """``after``, one version beyond ``before`` if anything is new, with lines that every block knows of."""
    offers = firm(after.offers)
    if offers == after.offers:
        return after
    return before.changed(offers=offers) if after is before else replace(after, offers=offers)


def paused(campaign: Campaign) -> Campaign:
    """The campaign, now that all its blocks are there and know what it says."""
    whole = counted(campaign)
    if campaign.status is not Status.PAUSING:
        return whole
    return campaign.become(Status.PAUSED, offers=whole.offers)


def close_blocks(stock: StockBlocks, campaign: Campaign) -> None:
    """Close every block for good. Those that are missing are made closed."""
    if campaign.prepared_at is None:
        return
    gate = Gate(campaign.starts_at, FOR_GOOD, campaign.version)

    def shut(place: Place) -> None:
        own = gate.later(place.shelf.delay(place.number))
        while not stock.stamp(place.shelf, place.number, own):
            # Not laid out yet. It is made here, closed, or in the same instant by whoever is still laying out, open.
            stock.lay_out(
                place.shelf, place.number, units=place.units, opens=own.opens, closes=FOR_GOOD
            )

    side_by_side(shut, [*places(campaign), *places_of_uses(campaign)])


class Errands(Protocol):
    """Work that another function does at once, while nobody waits for it."""

    def arrange(self, campaign_id: str) -> None:
        """Have a campaign's blocks arranged. If it is never done, the next beat does it."""


class Stockroom:
    """What is done to the blocks of a campaign because somebody has just changed it."""

    def __init__(self, campaigns: Campaigns, stock: StockBlocks, errands: Errands) -> None:
        self._campaigns = campaigns
        self._stock = stock
        self._errands = errands

    def is_small(self, campaign: Campaign) -> bool:
        """Whether a request can wait for all of it."""
        return len(places(campaign)) <= FEW

    def arranged(self, campaign: Campaign) -> Campaign:
        """The campaign once all its blocks know what it says; not saved."""
        return arranged(self._stock, campaign)

    def see_to(self, campaign: Campaign) -> None:
        """Have the blocks told what has changed, before this returns if they are few."""
        called_off = campaign.status is Status.CANCELLED and campaign.balanced is None
        if campaign.prepared_at is None or not (called_off or campaign.status in ON_AIR):
            return
        if self.is_small(campaign):
            arrange_stock(self._campaigns, self._stock, campaign.id)
        else:
            self._errands.arrange(campaign.id)
