"""
From a reservation to an order: the amount is frozen, and a payment waits for the buyer.

The provider's payment is created first, under the order's id, then the order is written in one conditional put. A crash in
between leaves a payment that nobody was told how to pay; the repeated request gets the same payment and writes the same
order. The other way round would need a second write for the payment's id, or orders whose payment is not known.

Before paying, the buyer may come back and check out again, with another address or another way to pay: one order, one
payable payment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Status
from shared.domain.claim_check import ORDER, RESERVATION, ClaimCheck, NotAClaimCheck, suffix_of
from shared.domain.deals import coupon_of
from shared.domain.errors import (
    CampaignClosed,
    CheckoutReplaced,
    IdempotencyKeyReused,
    PaymentUnderWay,
    ProviderBusy,
    ProviderSilent,
    ReservationConfirmed,
    ReservationExpired,
    ReservationNotFound,
    ReservationReleased,
    StoreBusy,
)
from shared.domain.ids import buyer_digest, derive
from shared.domain.order import Order
from shared.domain.payable import refuse_unless_payable
from shared.domain.payment import Payment, PaymentEvent, doubt_about_money
from shared.use_cases.accept_address import accept_address
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.order_ports import Orders, PaymentProvider, SalesOnly
from shared.use_cases.parcel_ports import Addresses, AddressRules
from shared.use_cases.read_orders import claim_of
from shared.use_cases.settle_hold import State, look
from shared.use_cases.settle_payment import payment_of_sold, settle_in_time
from shared.use_cases.stock_ports import StockBlocks, shelf

_MOST_TRIES = 8
"""Rounds of one checkout: in each further one, another checkout or a payment of the same order was first."""


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
    ship_to: Mapping[str, Any] | None
    """
    As it was asked for, normalised: the same for a repeated request. Of an order that is paid, as it has it: ``None`` if it
    was erased.
    """
    replayed: bool
    paid: bool = False
    """Whether the order was paid before it could be checked out again: nothing was changed, and nothing is to be paid."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A checkout with its digests."""

    checkout: Checkout
    request: str
    """Of the Idempotency-Key."""
    fingerprint: str
    """Of the body as it was sent."""
    ship_to: Mapping[str, str]
    """Normalised."""


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
        *,
        livemode: bool = False,
    ) -> None:
        """``livemode``: whether real money is expected here."""
        self._campaigns = campaigns
        self._books = SalesOnly(orders, stock, providers)
        self._addresses = addresses
        self._rules = rules
        self._livemode = livemode

    def check_out(self, checkout: Checkout, now: int) -> CheckedOut:
        """
        The order of a reservation. The same request gets the same answer, whatever became of the order since.

        Another request about the same reservation gets the order too, if it wants the same, and the address was not
        corrected since. If it wants another address than the order has, or another way to pay, and the order is not paid, it
        replaces them: the order gets another payment, and the one before is cancelled before this one is told. If the order
        turns out to be paid, it is answered as it is (``paid``).

        Raises ``ReservationNotFound``, ``ReservationReleased``, ``ReservationExpired``, ``ReservationConfirmed``,
        ``CampaignClosed``, ``InvalidRequest`` for an address that its country would not have, ``IdempotencyKeyReused``,
        ``CheckoutReplaced``, ``PaymentRefused``, ``PaymentUnderWay``, ``AmountNotPayable``;
        or ``Busy``: then it may be repeated.

        Concurrency: of several checkouts at once the last version of the order wins; each of the others is answered
        ``CheckoutReplaced``, or had its answer before. A corrected address (``shared.use_cases.change_address``) is a
        version, too: the later of the two is the order's address. Against a payment, see
        ``shared.use_cases.settle_payment``.

        Crash safety: the new payment is made, then the order remembers both payments in one conditional write, then the old
        payment is cancelled, then the order forgets it. Whoever goes on (a repetition, another checkout, an event of either
        payment, the beat at the end of the hold) finds in the order which payments there are.
        """
        campaign, check = self._read(checkout)
        wish = _Wish(
            checkout,
            request=derive(campaign.secret, "checkout", checkout.idempotency_key)[:9].hex(),
            fingerprint=derive(campaign.secret, "body", _canonical(checkout))[:9].hex(),
            ship_to=self._rules.normalised(checkout.ship_to),
        )
        for _ in range(_MOST_TRIES):
            done = self._try(campaign, check, wish, now)
            if done is not None:
                return done
        raise StoreBusy

    def _try(
        self, campaign: Campaign, check: ClaimCheck, wish: _Wish, now: int
    ) -> CheckedOut | None:
        """One round. ``None``: the order was changed meanwhile, so look at it again."""
        order = self._books.orders.find(check)
        if order is not None and (
            order.request == wish.request or order.was_requested(wish.request)
        ):
            return self._repeat(campaign, check, order, wish, now)
        state = self._state(campaign, check, now)
        if state is State.CONFIRMED and order is not None:
            # Only a payment sells: if the order does not say so yet, it does now.
            return self._as_paid(campaign, self._settled(campaign, order, now))
        self._refuse_unless_held(campaign, check, state)
        if order is None:
            # Before anything is paid for: afterwards only the buyer could say what is missing.
            accept_address(self._rules, wish.checkout.ship_to)
            placed = self._place(campaign, check, wish, now)
            is_new = self._books.orders.place(placed) is None
            return CheckedOut(placed, wish.ship_to, replayed=False) if is_new else None
        if order.fingerprint == wish.fingerprint and self._goes_there(campaign, order, wish):
            return self._answer(campaign, check, order, wish, now, replayed=True)
        return self._again(campaign, check, order, wish, now)

    def _repeat(
        self, campaign: Campaign, check: ClaimCheck, order: Order, wish: _Wish, now: int
    ) -> CheckedOut | None:
        """A request that was there before."""
        if order.request != wish.request:
            raise CheckoutReplaced(order=order.id)
        if order.fingerprint != wish.fingerprint:
            raise IdempotencyKeyReused
        return self._answer(campaign, check, order, wish, now, replayed=True)

    def _goes_there(self, campaign: Campaign, order: Order, wish: _Wish) -> bool:
        """Whether its address is still the one that is asked for: it may have been corrected since, or erased."""
        kept = self._addresses.open(campaign, order)
        return kept is not None and self._rules.normalised(kept) == wish.ship_to

    def _again(
        self, campaign: Campaign, check: ClaimCheck, order: Order, wish: _Wish, now: int
    ) -> CheckedOut | None:
        """Another checkout of a reservation that is held. ``None``: look again."""
        if order.is_settling:
            return self._as_paid(campaign, self._settled(campaign, order, now))
        if not order.awaits_payment:
            # Its hold has ended since the units were looked at.
            return None
        accept_address(self._rules, wish.checkout.ship_to)
        if order.replaced is not None:
            # One at a time: an order remembers one payment that may be paid beside its own.
            return self._after(self._withdraw(campaign, check, order, now), campaign)
        replacing = self._replace(campaign, order, wish)
        if self._books.orders.save_checkout(replacing) is not None:
            return None
        return self._answer(campaign, check, replacing, wish, now, replayed=False)

    def _answer(
        self,
        campaign: Campaign,
        check: ClaimCheck,
        order: Order,
        wish: _Wish,
        now: int,
        *,
        replayed: bool,
    ) -> CheckedOut | None:
        """The order, once its payment is the only one that can be paid. ``None``: look again."""
        if order.replaced is not None and order.awaits_payment:
            alone = self._withdraw(campaign, check, order, now)
            if alone is None or not alone.awaits_payment:
                return self._after(alone, campaign)
            order = alone
        elif order.replaced is not None and order.captured:
            # Money came by the payment that this checkout replaced: its own was never told, and is not to be paid.
            return self._as_paid(campaign, self._settled(campaign, order, now))
        return CheckedOut(order.as_placed(), wish.ship_to, replayed=replayed)

    def _after(self, order: Order | None, campaign: Campaign) -> CheckedOut | None:
        is_paid = order is not None and not order.awaits_payment
        return self._as_paid(campaign, order) if is_paid and order is not None else None

    def _withdraw(
        self, campaign: Campaign, check: ClaimCheck, order: Order, now: int
    ) -> Order | None:
        """
        The order when nobody can pay its replaced payment any more, or when that has paid it. ``None``: it was changed
        meanwhile. ``PaymentUnderWay``; ``Busy``.
        """
        old = replace(order, payment_id=order.replaced or order.payment_id)
        try:
            told = self._books.providers[order.provider].withdraw_payment(old)
        except (ProviderSilent, ProviderBusy) as silent:
            silent.facts["expires_at"] = rfc3339(check.deadline)
            raise
        # What does not fit the order is put aside when the provider tells it by itself.
        is_paid = told is not None and told.doubt is None and not self._doubts(told, order)
        # What a provider without a memory cannot say, the units do: only the old payment can have sold them.
        if is_paid or self._state(campaign, check, now) is State.CONFIRMED:
            return settle_in_time(self._books, campaign, order, now, old.payment_id)
        if told is not None:
            raise PaymentUnderWay(order=order.id)
        gone = order.with_replaced_gone()
        return gone if self._books.orders.save(gone) is None else None

    def _doubts(self, told: PaymentEvent, order: Order) -> bool:
        return doubt_about_money(told, order, livemode=self._livemode) is not None

    def _settled(self, campaign: Campaign, order: Order, now: int) -> Order:
        """An order whose money has come in, as it is when that has found its place, if it can be found here."""
        if order.is_settled:
            return order
        paid_by = payment_of_sold(self._books, order, now)
        if paid_by is None:
            raise StoreBusy
        return settle_in_time(self._books, campaign, order, now, paid_by)

    def _as_paid(self, campaign: Campaign, order: Order) -> CheckedOut:
        """With the address that it has: what was asked for now is not where it goes."""
        ship_to = self._addresses.open(campaign, order)
        return CheckedOut(order, ship_to, replayed=False, paid=True)

    def _read(self, checkout: Checkout) -> tuple[Campaign, ClaimCheck]:
        try:
            campaign, check = claim_of(self._campaigns, checkout.reservation_id, RESERVATION)
        except NotAClaimCheck:
            raise ReservationNotFound from None
        is_theirs = campaign.merchant == checkout.merchant
        if not is_theirs or check.buyer != buyer_digest(campaign.secret, checkout.buyer_id):
            raise ReservationNotFound
        return campaign, check

    def _state(self, campaign: Campaign, check: ClaimCheck, now: int) -> State | None:
        place = shelf(campaign, campaign.offers[check.offer_number])
        return look(self._books.stock, place, check, now)

    @staticmethod
    def _refuse_unless_held(campaign: Campaign, check: ClaimCheck, state: State | None) -> None:
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

    def _place(self, campaign: Campaign, check: ClaimCheck, wish: _Wish, now: int) -> Order:
        """A new order, not kept yet."""
        # The price may have become another while its buyer waited for units.
        refuse_unless_payable(campaign, check.unit_price, check.quantity)
        order_id = ORDER + suffix_of(wish.checkout.reservation_id, RESERVATION)
        sealed = self._addresses.seal(campaign, order_id, wish.ship_to)
        payment = self._pay(campaign, order_id, check, wish, revision=0)
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
            request=wish.request,
            fingerprint=wish.fingerprint,
            ship_to=sealed,
            list_price=listed if listed != check.unit_price else None,
            coupon=coupon_of(campaign, check.deal),
        )

    def _replace(self, campaign: Campaign, order: Order, wish: _Wish) -> Order:
        """The order with another payment and address, not kept yet."""
        sealed = self._addresses.seal(campaign, order.id, wish.ship_to)
        check = order.promise(campaign.secret)
        payment = self._pay(campaign, order.id, check, wish, revision=order.revision + 1)
        return order.replacing(
            payment_id=payment.id,
            payment_action=payment.action,
            request=wish.request,
            fingerprint=wish.fingerprint,
            ship_to=sealed,
        )

    def _pay(
        self, campaign: Campaign, order_id: str, check: ClaimCheck, wish: _Wish, *, revision: int
    ) -> Payment:
        provider = self._books.providers[campaign.payment_provider]
        method = wish.checkout.payment_method
        try:
            return provider.create_payment(
                campaign, order_id, check.amount, method, revision=revision
            )
        except (ProviderSilent, ProviderBusy) as silent:
            # The hold waits for nobody: whoever tries again should know until when it is worth it.
            silent.facts["expires_at"] = rfc3339(check.deadline)
            raise


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
