"""
Close a campaign: first the word that there is no way back, then every block, the status after them.

A block that is stamped closed ``FOR_GOOD`` refuses whatever any clock, cache or late beat believes, and no stamp
opens it again. Only when the last one is stamped does the campaign say ``closing``. So from the instant it says so,
no hold can be taken.

Whoever asks for it may have read the campaign a while ago: one that was extended since goes on. From the first write on,
which makes it ``shut``, an extension is refused: none is told yes and closed all the same.
"""

from __future__ import annotations

from shared.domain.campaign import Campaign, Status
from shared.use_cases.arrange_stock import close_blocks
from shared.use_cases.ports import Campaigns
from shared.use_cases.prepare_stock import counted
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.stock_ports import StockBlocks

_STEP = "close_campaign"


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
        close_blocks(stock, campaign)
        whole = counted(campaign)
        if campaign.status is Status.CANCELLED:
            return whole
        return campaign.become(Status.CLOSING, offers=whole.offers)

    campaign = change_campaign(campaigns, campaign_id, lambda plan: _shut(plan, now), by=_STEP)
    return (
        change_campaign(campaigns, campaign_id, close, by=_STEP) if campaign.is_over else campaign
    )


def _shut(campaign: Campaign, now: int) -> Campaign:
    campaign.refuse_unless(*set(Status) - {Status.DRAFT}, verb="closed")
    if campaign.is_over or now < campaign.closes_at:
        return campaign
    return campaign.changed(shut=True)
