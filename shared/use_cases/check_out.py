"""
From a reservation to an order: the amount is frozen, and a payment waits for the buyer.

The provider's payment is created first, under the order's id, then the order is written in one conditional put. A crash in
between leaves a payment that nobody was told how to pay; the repeated request gets the same payment and writes the same
order. The other way round would need a second write for the payment's id, or orders whose payment is not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Status
from shared.domain.claim_check import ORDER, RESERVATION, ClaimCheck, NotAClaimCheck, suffix_of
from shared.domain.deals import coupon_of
from shared.domain.errors import (
    CampaignClosed,
    IdempotencyKeyReused,
    OrderExists,
    ProviderSilent,
    ReservationConfirmed,
    ReservationExpired,
    ReservationNotFound,
    ReservationReleased,
)
from shared.domain.ids import buyer_digest, derive
from shared.domain.order import Order
from shared.use_cases.accept_address import accept_address
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.order_ports import Orders, PaymentProvider
from shared.use_cases.parcel_ports import Addresses, AddressRules
from shared.use_cases.read_orders import claim_of
from shared.use_cases.settle_hold import State, look
from shared.use_cases.stock_ports import StockBlocks, shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What a storefront asks for."""

    merchant: str
    reservation_id: str
    buyer_id: str
    payment_method: str
    ship_to: Mapping[str, Any]
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """The order, where it goes, and whether it had been made before."""

    order: Order
    ship_to: Mapping[str, Any]
    """As it was asked for, normalised. The same for a repeated request."""
    replayed: bool


class CheckoutDesk:
    """Turns reservations into orders."""

    def __init__(
        self,
        campaigns: CampaignReader,
        stock: StockBlocks,
        orders: Orders,
        providers: Mapping[str, PaymentProvider],
        addresses: Addresses,
        rules: AddressRules,
    ) -> None:
        self._campaigns = campaigns
        self._stock = stock
        self._orders = orders
        self._providers = providers
        self._addresses = addresses
        self._rules = rules

    def check_out(self, checkout: Checkout, now: int) -> CheckedOut:
        """
        The order of a reservation. The same request gets the same answer, whatever became of the order since.

        Another request about the same reservation gets the order too, while it can be paid and if it wants the same.
        Raises ``ReservationNotFound``, ``ReservationReleased``, ``ReservationExpired``, ``ReservationConfirmed``,
        ``CampaignClosed``, ``InvalidRequest``, ``IdempotencyKeyReused``, ``OrderExists``, ``PaymentRefused``; or ``Busy``,
        with nothing written.
        """
        campaign, check = self._read(checkout)
        request = derive(campaign.secret, "checkout", checkout.idempotency_key)[:9].hex()
        fingerprint = derive(campaign.secret, "body", _canonical(checkout))[:9].hex()
        ship_to = self._rules.normalised(checkout.ship_to)
        order = self._orders.find(check)
        if order is not None and order.request == request:
            return _repeated(order, ship_to, fingerprint)
        self._refuse_unless_held(campaign, check, now)
        if order is None:
            # Before anything is paid for: afterwards only the buyer could say what is missing.
            accept_address(self._rules, checkout.ship_to)
            placed = self._place(campaign, check, checkout, ship_to, request, fingerprint, now)
            order = self._orders.place(placed)
            if order is None:
                return CheckedOut(placed, ship_to, replayed=False)
            if order.request == request:
                return _repeated(order, ship_to, fingerprint)
        if order.fingerprint != fingerprint:
            raise OrderExists(order=order.id)
        return CheckedOut(order, ship_to, replayed=True)

    def _read(self, checkout: Checkout) -> tuple[Campaign, ClaimCheck]:
        try:
            campaign, check = claim_of(self._campaigns, checkout.reservation_id, RESERVATION)
        except NotAClaimCheck:
            raise ReservationNotFound from None
        is_theirs = campaign.merchant == checkout.merchant
        if not is_theirs or check.buyer != buyer_digest(campaign.secret, checkout.buyer_id):
            raise ReservationNotFound
        return campaign, check

    def _refuse_unless_held(self, campaign: Campaign, check: ClaimCheck, now: int) -> None:
        place = shelf(campaign, campaign.offers[check.offer_number])
        state = look(self._stock, place, check, now)
        if state is None:
            raise ReservationNotFound
        if state is State.CONFIRMED:
            raise ReservationConfirmed
        if state is State.RELEASED and campaign.status is not Status.CANCELLED:
            raise ReservationReleased
        if campaign.status in (Status.CLOSED, Status.CANCELLED):
            raise CampaignClosed(status=campaign.status.value)
        if state is State.EXPIRED:
            raise ReservationExpired(expires_at=rfc3339(check.deadline))

    def _place(
        self,
        campaign: Campaign,
        check: ClaimCheck,
        checkout: Checkout,
        ship_to: Mapping[str, str],
        request: str,
        fingerprint: str,
        now: int,
    ) -> Order:
        order_id = ORDER + suffix_of(checkout.reservation_id, RESERVATION)
        sealed = self._addresses.seal(campaign, order_id, ship_to)
        provider = self._providers[campaign.payment_provider]
        try:
            payment = provider.create_payment(
                campaign, order_id, check.amount, checkout.payment_method
            )
        except ProviderSilent as silent:
            # The hold waits for nobody: whoever tries again should know until when it is worth it.
            silent.facts["expires_at"] = rfc3339(check.deadline)
            raise
        offer = campaign.offers[check.offer_number]
        listed = campaign.list_price(offer, campaign.reserved_at(check))
        return Order(
            id=order_id,
            campaign_id=campaign.id,
            merchant=campaign.merchant,
            sku=offer.sku,
            quantity=check.quantity,
            amount=check.amount,
            currency=campaign.currency,
            buyer=check.buyer,
            key=check.key,
            created_at=now,
            expires_at=check.deadline,
            provider=campaign.payment_provider,
            payment_id=payment.id,
            payment_action=payment.action,
            request=request,
            fingerprint=fingerprint,
            ship_to=sealed,
            list_price=listed if listed != check.unit_price else None,
            coupon=coupon_of(campaign, check.deal),
        )


def _repeated(order: Order, ship_to: Mapping[str, str], fingerprint: str) -> CheckedOut:
    if order.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return CheckedOut(order.as_placed(), ship_to, replayed=True)


def _canonical(checkout: Checkout) -> str:
    """The same for the same body, however it was spaced and ordered."""
    return _compact(
        {
            "buyer_id": checkout.buyer_id,
            "payment_method": checkout.payment_method,
            "ship_to": checkout.ship_to,
        }
    )


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
