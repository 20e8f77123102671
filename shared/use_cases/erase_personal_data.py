"""
Erase what an order says of a person: its address, and the copies that left with it.

The order first: whoever hands it over just then is refused its next version, and takes back what it gave. Then the carrier's
copy and the files of the shard: whoever dies in between is asked again by the caller, and everything is done again. Money,
states and events stay as they are, for there is nothing personal in them.
"""

from __future__ import annotations

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ORDER, NotAClaimCheck
from shared.domain.errors import OrderNotFound
from shared.domain.order import Order
from shared.domain.parcel import key_of
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.hand_off_files import names_with
from shared.use_cases.parcel_ports import Dispatch, HandOffFiles
from shared.use_cases.read_orders import claim_of


def erase_personal_data(
    dispatch: Dispatch,
    files: HandOffFiles,
    campaigns: CampaignReader,
    order_id: str,
    merchant: str,
    now: int,
) -> Order:
    """The order without its address. Again: the same. ``OrderNotFound``; ``StoreBusy``; ``CarrierSilent``."""
    try:
        campaign, check = claim_of(campaigns, order_id, ORDER)
    except NotAClaimCheck:
        raise OrderNotFound from None
    order = dispatch.orders.find(check) if campaign.merchant == merchant else None
    if order is None:
        raise OrderNotFound
    while order.erased_at is None:
        erased = order.erased(now)
        order = dispatch.orders.save(erased) or erased
    _forget(dispatch, files, campaign, order)
    return order


def _forget(dispatch: Dispatch, files: HandOffFiles, campaign: Campaign, order: Order) -> None:
    if order.carrier is None:
        return
    dispatch.carriers[order.carrier].forget(key_of(order))
    files.drop(campaign.id, names_with(campaign, order))
