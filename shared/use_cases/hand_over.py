"""
From a paid order to a parcel that its carrier knows of.

Everything goes in steps, each of which is harmless when it is repeated: first the order says that it is being handed over,
which only an order that is paid can say; then the carrier is asked; then the order is fulfilled. Whoever dies between two
leaves an order that says where to go on: for the next attempt of the machine, or for the last look after the sale.

An order that goes back to its buyer before it says so is handed to nobody. One that goes back later, or whose address is
erased meanwhile, is met by whoever is on the way: its next version is refused, and the carrier is told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from shared.clock import elapsed
from shared.domain.campaign import Campaign
from shared.domain.claim_check import ORDER, NotAClaimCheck
from shared.domain.errors import CarrierSilent, ParcelRefused, StoreBusy
from shared.domain.order import Attention, Order, OrderState
from shared.domain.parcel import ParcelState, key_of, parcel_of
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.parcel_ports import Carrier, Dispatch
from shared.use_cases.read_orders import claim_of
from shared.use_cases.side_by_side import AT_ONCE, side_by_side

log = logging.getLogger("livehour")

_SILENCES = 3
"""Times that a carrier may not answer in one round before the rest of it waits."""


class HandOver(StrEnum):
    """What handing an order over came to."""

    FULFILLED = "fulfilled"
    NEEDS_ATTENTION = "needs_attention"
    """A person must look: the order says why."""
    WITHDRAWN = "withdrawn"
    """Its money went back, and its carrier, if it was asked, knows."""
    NOTHING = "nothing"
    """It is not paid, or nobody carries this campaign's parcels."""


def hand_over_by_id(
    dispatch: Dispatch, campaigns: CampaignReader, order_id: str, now: int
) -> HandOver:
    """Hand over the order of an id, which may be none that we gave out. ``CarrierSilent``; ``StoreBusy``."""
    try:
        campaign, check = claim_of(campaigns, order_id, ORDER)
    except NotAClaimCheck:
        return HandOver.NOTHING
    order = dispatch.orders.find(check)
    return HandOver.NOTHING if order is None else hand_over(dispatch, campaign, order, now)


def hand_over(dispatch: Dispatch, campaign: Campaign, order: Order, now: int) -> HandOver:
    """Hand an order over, or go on where somebody stopped. ``CarrierSilent`` or ``StoreBusy``: it can be called again."""
    came_upon = order.carrier
    while order.state is OrderState.PAID and order.attention is None:
        name = order.carrier or campaign.carrier
        if name is None:
            return HandOver.NOTHING
        carrier = dispatch.carriers[name]
        following = _next(dispatch, carrier, campaign, order, now, asked_before=bool(came_upon))
        order = dispatch.orders.save(following) or following
    _take_back(dispatch, order)
    if order.state is OrderState.FULFILLED:
        return HandOver.FULFILLED
    if order.state is OrderState.REFUNDED:
        return HandOver.WITHDRAWN
    return HandOver.NOTHING if order.attention is None else HandOver.NEEDS_ATTENTION


def _take_back(dispatch: Dispatch, order: Order) -> None:
    """What a carrier was given of an order that has gone back, or been erased: perhaps by us, a moment ago."""
    if order.carrier is None:
        return
    if order.state is OrderState.REFUNDED:
        dispatch.carriers[order.carrier].withdraw(key_of(order))
    elif order.erased_at is not None:
        dispatch.carriers[order.carrier].forget(key_of(order))


def _next(
    dispatch: Dispatch,
    carrier: Carrier,
    campaign: Campaign,
    order: Order,
    now: int,
    *,
    asked_before: bool,
) -> Order:
    address = dispatch.addresses.open(campaign, order)
    if address is None:
        return order.needing_attention(Attention.ADDRESS_GONE)
    if order.carrier is None:
        if dispatch.rules.faults(address):
            return order.needing_attention(Attention.ADDRESS_INCOMPLETE)
        return order.handing_over(campaign.carrier or "")
    if asked_before and carrier.parcel_state(key_of(order)) is ParcelState.REQUESTED:
        # Whoever was here before us got no answer, or did not live to tell of it.
        return order.fulfilled(now)
    try:
        carrier.request_parcel(parcel_of(campaign, order, address))
    except ParcelRefused:
        return order.needing_attention(Attention.CARRIER_REFUSED)
    return order.fulfilled(now)


# -- all that is left ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Round:
    """What a look at all orders found and did."""

    handed_over: int = 0
    needing_attention: int = 0
    waiting: int = 0
    """Orders whose carrier does not answer, or for which no time was left."""


def hand_over_all(dispatch: Dispatch, campaign: Campaign, *, seconds: float, now: int) -> Round:
    """
    Hand over what no event has handed over, of a campaign that sells no more. Again, until none is waiting.

    ``CarrierSilent`` if nothing could be handed over at all.
    """
    done = Round()
    if campaign.carrier is None:
        return done
    ends, silences = elapsed() + seconds, 0
    left = (
        order for order in dispatch.orders.all(campaign.id, address=True) if _is_left(order, done)
    )
    while some := list(islice(left, AT_ONCE)):
        if silences >= _SILENCES or elapsed() >= ends:
            done.waiting += len(some)
            continue
        for came_to in side_by_side(lambda each: _try(dispatch, campaign, each, now), some):
            silences += came_to is None
            done.waiting += came_to is None
            done.handed_over += came_to is HandOver.FULFILLED
            done.needing_attention += came_to is HandOver.NEEDS_ATTENTION
    if silences and not done.handed_over:
        raise CarrierSilent
    return done


def _is_left(order: Order, done: Round) -> bool:
    done.needing_attention += order.attention is not None
    if order.state is OrderState.PAID:
        return order.attention is None
    # Whoever gave it back, or erased it, may have died before the carrier heard of it.
    goes_back = order.state is OrderState.REFUNDED or order.erased_at is not None
    return goes_back and order.carrier is not None


def _try(dispatch: Dispatch, campaign: Campaign, order: Order, now: int) -> HandOver | None:
    try:
        return hand_over(dispatch, campaign, order, now)
    except StoreBusy:
        raise
    except CarrierSilent:
        return None
