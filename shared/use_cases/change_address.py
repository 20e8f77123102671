"""
Give an order another address, as long as no carrier was asked to take it to the old one.

One conditional write over the version that was read. The order's version is also what a shipment is claimed over
(``hand_over``), so of the two the first one wins: either the claim meets the new address, or this meets the claim and is
refused. A parcel carries the one or the other, and never a part of each.

Concurrency: two changes at once are written one after the other; each is answered with what stood when it was written.
Crash safety: a process that dies has written the whole address or none of it. A repeated request finds its address there and
changes nothing. An order that had waited for a better address is handed over by the event that its change makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ORDER, NotAClaimCheck
from shared.domain.errors import OrderEnded, OrderNotFound, PersonalDataGone, ShipmentRequested
from shared.domain.ids import buyer_digest
from shared.domain.order import CORRECTABLE, Order
from shared.domain.parcel import parcel_id
from shared.use_cases.accept_address import accept_address
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.order_ports import Orders
from shared.use_cases.parcel_ports import Addresses, AddressRules
from shared.use_cases.read_orders import claim_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    """What is asked for."""

    merchant: str
    order_id: str
    buyer_id: str | None
    """Whose order it must be; ``None`` for a merchant who may change any."""
    ship_to: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AddressDesk:
    """Changes addresses."""

    campaigns: CampaignReader
    orders: Orders
    addresses: Addresses
    rules: AddressRules

    def change(self, asked: AddressChange) -> tuple[Order, dict[str, str]]:
        """
        The order with its new address, and the address as it is kept. The same request: the same again, without a write.

        ``OrderNotFound``; ``InvalidRequest`` for an address that its country would not have; ``ShipmentRequested``;
        ``OrderEnded``; ``PersonalDataGone``; ``StoreBusy``, and the request can be sent again.
        """
        campaign, order = self._read(asked)
        wanted = accept_address(self.rules, asked.ship_to)
        while True:
            standing = self.addresses.open(campaign, order)
            if standing == wanted and order.attention not in CORRECTABLE:
                return order, wanted
            _refuse_unless_changeable(order, is_gone=standing is None)
            changed = order.readdressed(self.addresses.seal(campaign, order.id, wanted))
            met = self.orders.save(changed)
            if met is None:
                return changed, wanted
            order = met

    def _read(self, asked: AddressChange) -> tuple[Campaign, Order]:
        try:
            campaign, check = claim_of(self.campaigns, asked.order_id, ORDER)
        except NotAClaimCheck:
            raise OrderNotFound from None
        if campaign.merchant != asked.merchant:
            raise OrderNotFound
        if asked.buyer_id is not None and check.buyer != buyer_digest(
            campaign.secret, asked.buyer_id
        ):
            raise OrderNotFound
        order = self.orders.find(check)
        if order is None:
            raise OrderNotFound
        return campaign, order


def _refuse_unless_changeable(order: Order, *, is_gone: bool) -> None:
    if order.is_over:
        raise OrderEnded(state=order.state.value)
    if order.is_shipping:
        raise ShipmentRequested(parcel=parcel_id(order.id), carrier=order.carrier)
    if is_gone:
        raise PersonalDataGone
