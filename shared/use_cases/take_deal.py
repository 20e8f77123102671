"""
Take units at the best price there is: have what the deal asks for first, then the units, which say in their ledger which
deal it was. Who is refused the units gives back what they had of the deal.

1. If the deal has a cap for each buyer: the buyer's purse (``limit_buyer``), kept by deal and offer.
2. If it has a cap for all: a use of it (``claim_use``).
3. The units.

A code that a reservation names has to be had, or the reservation is refused. Who waits is not there to be asked: a code that
they named when they joined is had if it can be, and else they get the next best price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.domain.campaign import Campaign, Offer
from shared.domain.claim_check import ClaimCheck
from shared.domain.deals import NO_DEAL, Deal, deal_of, deals, is_other_coupon, uses
from shared.domain.errors import (
    AmountNotPayable,
    BuyerLimitReached,
    CampaignNotOpen,
    CouponExhausted,
    CouponLimitReached,
    CouponNotOpen,
    IdempotencyKeyReused,
    Refusal,
    ReservationExpired,
    SoldOut,
    StockContended,
)
from shared.domain.payable import refuse_unless_payable
from shared.domain.stock import ENDED
from shared.table import uses_of
from shared.use_cases.claim_use import Unsettled, Use, claim_use, give_back_use, shelf_of_uses
from shared.use_cases.hints import Hints
from shared.use_cases.keep_uses import settle_use
from shared.use_cases.limit_buyer import Buyer, Buyers, Claim, claim_units, forget_claim
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf
from shared.use_cases.take_units import Taken, Wish, find_units

TakeUnits = Callable[[Wish], Taken]
_NOTHING_TAKEN = (
    SoldOut,
    StockContended,
    CampaignNotOpen,
    IdempotencyKeyReused,
    BuyerLimitReached,
    ReservationExpired,
)


class DealGone(Exception):
    """A deal cannot be had any more: by this buyer, or by anybody."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Till:
    """What is at hand where deals are had."""

    stock: StockBlocks
    hints: Hints
    buyers: Buyers


@dataclass(frozen=True, slots=True)
class Had:
    """What a delivery of a request has of a deal, apart from the units."""

    place: Shelf
    """Of the offer."""
    buyer: Buyer | None = None
    claim: Claim | None = None
    """In the buyer's purse, if this delivery made it."""
    use: Use | None = None

    def give_back(self, till: Till, key: str) -> None:
        """As far as nobody else has counted on it."""
        give_back_use(till.stock, self.use)
        if self.buyer is not None and self.claim is not None:
            till.buyers.give_back(self.place, self.buyer.digest, key, self.claim)


def take_best(
    till: Till,
    campaign: Campaign,
    offer: Offer,
    buyer: str,
    wish: Wish,
    take: TakeUnits,
    *,
    code: str | None,
) -> Taken:
    """
    Hold units at the best price that can be had now; the same request finds the same units at the same price.

    ``buyer``: digest. Raises what ``take`` raises, and ``AmountNotPayable``; and with a ``code``: ``CouponNotOpen``,
    ``CouponExhausted``, ``CouponLimitReached``, unless this request was served before; ``IdempotencyKeyReused`` if that was
    with another code.
    """
    try:
        taken = _take_best(till, campaign, offer, buyer, wish, take, code)
    except (CouponNotOpen, CouponExhausted, CouponLimitReached, AmountNotPayable) as refusal:
        try:
            # Served before, it is told what it was promised then.
            taken = find_units(till.stock, till.hints, shelf(campaign, offer), wish)
        except CampaignNotOpen:
            raise refusal from None
    if taken.replayed and is_other_coupon(campaign, taken.tail.deal, code):
        raise IdempotencyKeyReused
    return taken


def _take_best(
    till: Till,
    campaign: Campaign,
    offer: Offer,
    buyer: str,
    wish: Wish,
    take: TakeUnits,
    code: str | None,
) -> Taken:
    for deal in deals(campaign, offer, wish.now, code):
        refuse_unless_payable(campaign, deal.unit_price, wish.quantity)
        try:
            return take_with(till, campaign, offer, buyer, deal, wish, take)
        except DealGone as gone:
            if deal.is_asked_for:
                raise gone.refusal from None
    raise AssertionError("the last deal is for everybody")


def take_for_ticket(
    till: Till,
    campaign: Campaign,
    offer: Offer,
    buyer: str,
    wish: Wish,
    take: TakeUnits,
    *,
    code: str | None,
) -> Taken:
    """
    Hold units for a buyer who waited, at the best price that can be had now: with the ``code`` if it can be had, else
    without. Raises what ``take`` raises.
    """
    try:
        found = deals(campaign, offer, wish.now, code)
    except CouponNotOpen:
        found = deals(campaign, offer, wish.now)
    for deal in found:
        try:
            return take_with(till, campaign, offer, buyer, deal, wish, take)
        except DealGone:
            continue
    raise AssertionError("the last deal is for everybody")


def give_deal_back(
    till: Till, campaign: Campaign, offer: Offer, check: ClaimCheck, now: int
) -> None:
    """Count what a reservation had of its deal no more, that was released. Again: nothing."""
    if check.deal == NO_DEAL:
        return
    place = shelf(campaign, offer)
    settle_use(till.stock, campaign, place, check, now)
    deal = deal_of(campaign, offer, check.deal, now)
    if deal.buyers_cap is not None and now < check.deadline:
        purse = purse_of(campaign, check.buyer, deal)
        forget_claim(till.buyers, place, purse.digest, check.key, Claim(1, check.deadline))


def take_with(
    till: Till,
    campaign: Campaign,
    offer: Offer,
    buyer: str,
    deal: Deal,
    wish: Wish,
    take: TakeUnits,
) -> Taken:
    """Hold units with a deal. ``DealGone``, and whatever ``take`` raises."""
    had = _have(till, campaign, offer, buyer, deal, wish)
    try:
        taken = take(replace(wish, deal=deal.number))
    except _NOTHING_TAKEN:
        had.give_back(till, wish.keys[0])
        raise
    if taken.tail.kind in ENDED or taken.tail.deal != deal.number:
        # Told again of what it had once, or of what its twin was promised: nothing is needed for that.
        had.give_back(till, wish.keys[0])
    return taken


def _have(till: Till, campaign: Campaign, offer: Offer, buyer: str, deal: Deal, wish: Wish) -> Had:
    """What a deal asks for, counted for a request. ``DealGone`` says why it cannot be had, and nothing is kept then."""
    had = _count_buyer(till, campaign, offer, buyer, deal, wish)
    if deal.cue is None or deal.cue.cap is None:
        return had
    place = shelf_of_uses(campaign, deal.number, deal.cue.cap)
    wanted = replace(wish, quantity=uses(campaign, deal.number, wish.quantity))
    try:
        return replace(had, use=claim_use(till.stock, till.hints, place, wanted))
    except (SoldOut, Unsettled):
        had.give_back(till, wish.keys[0])
        raise DealGone(CouponExhausted()) from None
    except (CampaignNotOpen, IdempotencyKeyReused, ReservationExpired, StockContended):
        had.give_back(till, wish.keys[0])
        raise


def _count_buyer(
    till: Till, campaign: Campaign, offer: Offer, buyer: str, deal: Deal, wish: Wish
) -> Had:
    place = shelf(campaign, offer)
    if deal.buyers_cap is None:
        return Had(place)
    purse = purse_of(campaign, buyer, deal)
    hold = (offer.waitlist_hold if wish.admitted else None) or campaign.hold_seconds
    claim = Claim.of_delivery(1, wish.now + hold)
    try:
        is_first = claim_units(
            till.buyers,
            till.stock,
            place,
            purse,
            wish.keys[0],
            claim,
            now=wish.now,
            hold=hold,
        )
    except BuyerLimitReached:
        raise DealGone(CouponLimitReached(limit=deal.buyers_cap)) from None
    return Had(place, purse, claim if is_first else None)


def purse_of(campaign: Campaign, buyer: str, deal: Deal) -> Buyer:
    """What counts the reservations that a buyer has of an offer with a coupon."""
    return Buyer(buyer + uses_of(deal.number), deal.buyers_cap or 0, campaign.secret)
