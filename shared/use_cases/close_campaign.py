"""
Close a campaign: every block first, the status after them.

A block that is stamped closed ``FOR_GOOD`` refuses whatever any clock, cache or late beat believes, and no stamp
opens it again. Only when the last one is stamped does the campaign say ``closing``. So from the instant it says so,
no hold can be taken.

Whoever asks for it may have read the campaign a while ago: one that was extended since, before the first stamp, goes on.
"""

from __future__ import annotations

from shared.domain.campaign import Campaign, Status
from shared.domain.stock import FOR_GOOD
from shared.use_cases.ports import Campaigns
from shared.use_cases.prepare_stock import Place, places
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import StockBlocks


def close_campaign(
    campaigns: Campaigns, stock: StockBlocks, campaign_id: str, now: int
) -> Campaign:
    """
    Stamp every block, then save the status. One that was called off is stamped too, and stays ``cancelled``; one that
    is not over by the clock is left as it is. ``now``: seconds since 1970 UTC.
    """

    def close(campaign: Campaign) -> Campaign:
        # Within the decision: if somebody changes the campaign meanwhile, it is closed as it is then.
        if campaign.status in (Status.CLOSING, Status.CLOSED):
            return campaign
        if campaign.is_selling(now) and not _has_begun(stock, campaign):
            return campaign
        _stamp(stock, campaign)
        return campaign if campaign.status is Status.CANCELLED else campaign.become(Status.CLOSING)

    return change_campaign(campaigns, campaign_id, close)


def _has_begun(stock: StockBlocks, campaign: Campaign) -> bool:
    """Whether a close, that perhaps died since, has stamped blocks: there is no way back then."""
    first = places(campaign)[0]
    block = stock.read(first.shelf, first.number)
    return block is not None and block.closes == FOR_GOOD


def _stamp(stock: StockBlocks, campaign: Campaign) -> None:
    if campaign.prepared_at is None:
        return
    opens = campaign.starts_at

    def shut(place: Place) -> None:
        while not stock.stamp(place.shelf, place.number, opens=opens, closes=FOR_GOOD):
            # Not laid out yet. It is made here, closed, or in the same instant by whoever is still laying out, open.
            stock.lay_out(
                place.shelf, place.number, units=place.units, opens=opens, closes=FOR_GOOD
            )

    side_by_side(shut, places(campaign))
