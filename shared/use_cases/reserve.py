"""A reservation, from a storefront's request to its claim check, and what became of it later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Offer
from shared.domain.claim_check import (
    RESERVATION,
    ClaimCheck,
    NotAClaimCheck,
    campaign_of,
    suffix_of,
    verify,
)
from shared.domain.deals import coupon_of, deal_of
from shared.domain.errors import (
    CampaignNotFound,
    CampaignNotOpen,
    IdempotencyKeyReused,
    ReservationConfirmed,
    ReservationExpired,
    ReservationNotFound,
    SoldOut,
    StockContended,
)
from shared.domain.ids import buyer_digest, ledger_key
from shared.domain.stock import ENDED, REMEMBERED
from shared.use_cases.campaign_cache import CampaignReader, campaign_of_merchant
from shared.use_cases.hints import Hints
from shared.use_cases.limit_buyer import Buyer, Buyers, Claim, claim_units, forget_claim
from shared.use_cases.limit_holds import HoldLimitStore, reserve_within_limits
from shared.use_cases.request_keys import keys_of
from shared.use_cases.settle_hold import State, look, release_hold, tell
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf
from shared.use_cases.take_deal import Till, give_deal_back, take_best
from shared.use_cases.take_units import Taken, Wish, find_units, take_units


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation as it stands."""

    check: ClaimCheck
    id: str
    sku: str
    currency: str
    state: State
    list_price: int
    """Minor units a unit, when it was made."""
    coupon: str | None = None
    """Code of the coupon that it was promised."""
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequest:
    """What a storefront asks for."""

    merchant: str
    campaign_id: str
    sku: str
    quantity: int
    buyer_id: str
    idempotency_key: str
    coupon: str | None = None
    """Code, in whatever letters."""


class ReservationDesk:
    """Takes, shows and releases reservations."""

    def __init__(
        self,
        campaigns: CampaignReader,
        stock: StockBlocks,
        hints: Hints,
        buyers: Buyers,
        holds: HoldLimitStore,
    ) -> None:
        self._campaigns = campaigns
        self._stock = stock
        self._hints = hints
        self._buyers = buyers
        self._holds = holds
        self._till = Till(stock, hints, buyers)

    def reserve(self, request: ReservationRequest, now: int) -> Reservation:
        """Hold units for a buyer; the same request gets the same reservation.

        Raises ``CampaignNotFound``, ``OfferNotFound``, ``CampaignNotOpen``, ``SoldOut``, ``BuyerLimitReached``,
        ``TooManyHolds``, ``AmountNotPayable``, ``IdempotencyKeyReused``, ``ReservationExpired``,
        ``OpensInAMoment``, ``StockContended`` or ``StoreBusy``; with a coupon also
        ``CouponNotOpen``, ``CouponExhausted`` or ``CouponLimitReached``.
        """
        campaign = campaign_of_merchant(self._campaigns, request.campaign_id, request.merchant)
        offer = campaign.offer(request.sku)
        if not _may_have_sold(campaign, now):
            raise not_open(campaign)
        digest = buyer_digest(campaign.secret, request.buyer_id)
        key = ledger_key(
            campaign.secret,
            request.merchant,
            campaign.id,
            offer.sku,
            request.buyer_id,
            request.idempotency_key,
        )
        wish = Wish(
            keys_of(campaign.secret, key), request.quantity, now + campaign.hold_seconds, now
        )
        place = shelf(campaign, offer)
        try:
            if not campaign.is_selling(now):
                # The blocks may not know yet that it was paused, ended or called off: nothing is asked of them but what they
                # remember of this request.
                taken = find_units(self._stock, self._hints, place, wish)
            else:
                limit = offer.limit_per_buyer
                buyer = Buyer(digest, limit, campaign.secret) if limit is not None else None

                def take(wish: Wish) -> Taken:
                    if buyer is None:
                        return take_units(self._stock, self._hints, place, wish)
                    return self._take_within_limit(place, buyer, wish, campaign.hold_seconds)

                code = request.coupon
                taken = reserve_within_limits(
                    self._holds,
                    self._stock,
                    self._hints,
                    campaign,
                    offer,
                    digest,
                    wish,
                    lambda: take_best(self._till, campaign, offer, digest, wish, take, code=code),
                    code=code,
                )
        except CampaignNotOpen:
            raise not_open(campaign) from None
        return self._reservation(campaign, offer, taken, digest, now)

    def _take_within_limit(self, place: Shelf, buyer: Buyer, wish: Wish, hold: int) -> Taken:
        claim = Claim.of_delivery(wish.quantity, wish.deadline)
        first = claim_units(
            self._buyers, self._stock, place, buyer, wish.keys[0], claim, now=wish.now, hold=hold
        )
        try:
            taken = take_units(self._stock, self._hints, place, wish)
        except (SoldOut, StockContended, CampaignNotOpen, IdempotencyKeyReused):
            if first:
                # Unless another delivery of this request has joined in: it may be about to take units.
                self._buyers.give_back(place, buyer.digest, wish.keys[0], claim)
            raise
        if first and taken.tail.kind in ENDED:
            # Told again of what it had once, and counted anew for nothing.
            self._buyers.give_back(place, buyer.digest, wish.keys[0], claim)
        return taken

    def find(self, identifier: str, merchant: str, now: int) -> Reservation:
        """A reservation by its id, as it stands. ``ReservationNotFound`` if the id is unknown, altered or another's."""
        campaign, check = self.read_id(identifier, merchant)
        offer = campaign.offers[check.offer_number]
        state = look(self._stock, shelf(campaign, offer), check, now)
        if state is None:
            raise ReservationNotFound
        return _told(campaign, offer, check, identifier, state)

    def release(self, identifier: str, merchant: str, now: int) -> Reservation:
        """Give the units back. Again: the same answer. ``ReservationConfirmed`` or ``ReservationExpired`` if it ended so."""
        campaign, check = self.read_id(identifier, merchant)
        offer = campaign.offers[check.offer_number]
        place = shelf(campaign, offer)
        state = release_hold(self._stock, place, check, now=now)
        if state is None:
            raise ReservationNotFound
        if state is State.CONFIRMED:
            raise ReservationConfirmed
        if state is State.EXPIRED:
            raise ReservationExpired(expires_at=rfc3339(check.deadline))
        if offer.limit_per_buyer is not None and now < check.deadline:
            # By a repetition too: whoever gave the units back may have died before this. (After the deadline, the key may
            # have begun another life, whose claim this would take.)
            claim = Claim(check.quantity, check.deadline)
            forget_claim(self._buyers, place, check.buyer, check.key, claim)
        give_deal_back(self._till, campaign, offer, check, now)
        return _told(campaign, offer, check, identifier, state)

    def read_id(self, identifier: str, merchant: str) -> tuple[Campaign, ClaimCheck]:
        """The campaign and the promise of a reservation id."""
        try:
            suffix = suffix_of(identifier, RESERVATION)
            campaign = campaign_of_merchant(self._campaigns, campaign_of(suffix), merchant)
            return campaign, verify(suffix, campaign.secret)
        except (NotAClaimCheck, CampaignNotFound):
            raise ReservationNotFound from None

    def _reservation(
        self, campaign: Campaign, offer: Offer, taken: Taken, digest: str, now: int
    ) -> Reservation:
        deadline = taken.tail.deadline
        check = ClaimCheck(
            campaign_id=campaign.id,
            offer_number=offer.number,
            block=taken.block,
            key=taken.key,
            quantity=sum(entry.quantity for _, entry in taken.parts),
            tail_quantity=taken.tail.quantity,
            # By the second in which the hold began, not by now: a repeated request is promised the same price.
            unit_price=deal_of(
                campaign, offer, taken.tail.deal, deadline - campaign.hold_seconds
            ).unit_price,
            deadline=deadline,
            buyer=digest,
            deal=taken.tail.deal,
        )
        state = tell(self._stock, shelf(campaign, offer), check, taken.tail, now) or State.EXPIRED
        identifier = check.identifier(campaign.secret)
        return replace(_told(campaign, offer, check, identifier, state), replayed=taken.replayed)


def _told(
    campaign: Campaign, offer: Offer, check: ClaimCheck, identifier: str, state: State
) -> Reservation:
    """What is told of a reservation."""
    return Reservation(
        check,
        identifier,
        offer.sku,
        campaign.currency,
        state,
        list_price=campaign.list_price(offer, campaign.reserved_at(check)),
        coupon=coupon_of(campaign, check.deal),
    )


def _may_have_sold(campaign: Campaign, now: int) -> bool:
    """Whether to ask the block. Just after the close it may still know a request whose answer was lost."""
    if campaign.prepared_at is None or now < campaign.starts_at:
        return False
    return now < campaign.closes_at + campaign.hold_seconds + REMEMBERED


def not_open(campaign: Campaign) -> CampaignNotOpen:
    """The refusal, with the status and the hours of the sale."""
    return CampaignNotOpen(
        status=campaign.status.value,
        starts_at=rfc3339(campaign.starts_at),
        ends_at=rfc3339(campaign.closes_at),
    )
