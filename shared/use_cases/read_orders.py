"""From an id to what it promises and what became of it, for those who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.campaign import Campaign
from shared.domain.claim_check import (
    ORDER,
    ClaimCheck,
    NotAClaimCheck,
    campaign_of,
    suffix_of,
    verify,
)
from shared.domain.errors import CampaignNotFound, InvalidCursor, OrderNotFound
from shared.domain.order import Order
from shared.use_cases.campaign_cache import CampaignReader, campaign_of_merchant
from shared.use_cases.order_ports import Orders


def claim_of(
    campaigns: CampaignReader, identifier: str, prefix: str
) -> tuple[Campaign, ClaimCheck]:
    """The campaign and the promise of a reservation's or order's id. ``NotAClaimCheck`` if we never gave it out."""
    suffix = suffix_of(identifier, prefix)
    try:
        campaign = campaigns.get(campaign_of(suffix))
    except CampaignNotFound:
        raise NotAClaimCheck(identifier) from None
    return campaign, verify(suffix, campaign.secret)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Part of a list of orders."""

    orders: list[Order]
    has_more: bool


class OrderReader:
    """Shows orders to their merchant."""

    def __init__(self, campaigns: CampaignReader, orders: Orders) -> None:
        self._campaigns = campaigns
        self._orders = orders

    def find(self, identifier: str, merchant: str) -> Order:
        """An order by its id. ``OrderNotFound`` if the id is unknown, altered or another merchant's."""
        try:
            campaign, check = claim_of(self._campaigns, identifier, ORDER)
        except NotAClaimCheck:
            raise OrderNotFound from None
        order = self._orders.find(check) if campaign.merchant == merchant else None
        if order is None:
            raise OrderNotFound
        return order

    def page(self, campaign_id: str, merchant: str, *, after: str | None, limit: int) -> OrderPage:
        """A campaign's orders, newest hold first. ``CampaignNotFound`` or ``InvalidCursor``."""
        campaign = campaign_of_merchant(self._campaigns, campaign_id, merchant)
        before = None if after is None else _cursor(after, campaign)
        orders = self._orders.page(campaign.id, before=before, limit=limit + 1)
        return OrderPage(orders[:limit], has_more=len(orders) > limit)

    def attention_page(
        self, campaign_id: str, merchant: str, *, after: str | None, limit: int
    ) -> OrderPage:
        """Those that wait for a person, newest hold first. ``CampaignNotFound`` or ``InvalidCursor``."""
        campaign = campaign_of_merchant(self._campaigns, campaign_id, merchant)
        before = None if after is None else _cursor(after, campaign)
        orders = self._orders.needing_attention(campaign.id, before=before, limit=limit + 1)
        return OrderPage(orders[:limit], has_more=len(orders) > limit)


def _cursor(identifier: str, campaign: Campaign) -> ClaimCheck:
    """Where a page begins. It is read from the id alone, so the order may be one that was never placed."""
    try:
        check = verify(suffix_of(identifier, ORDER), campaign.secret)
    except NotAClaimCheck:
        raise InvalidCursor from None
    if check.campaign_id != campaign.id:
        raise InvalidCursor
    return check
