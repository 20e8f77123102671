"""
Deals: what a reservation may get below the list price, and not everybody at every second: coupons, and flash prices that are
for so many units only.

A deal is a planned cue, and has a number from when the stock is laid out on, which is never another's, wherever the cue is
moved. The tail of a reservation says which deal it was promised (0: none, and then the price is that of the second), so
whoever asks again is told the same price, however many have come since. A reservation gets one deal, the cheapest; they do
not add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Cue, Offer
from shared.domain.errors import CouponNotOpen
from shared.domain.payable import step_of

NO_DEAL = 0


@dataclass(frozen=True, slots=True)
class Deal:
    """A price that a reservation of an offer could have at a second."""

    number: int
    unit_price: int
    """Minor units."""
    cue: Cue | None = None
    """``None``: the price for everybody."""

    @property
    def is_capped(self) -> bool:
        """Whether a use has to be had of it."""
        return self.cue is not None and self.cue.cap is not None

    @property
    def buyers_cap(self) -> int | None:
        """Reservations of one buyer of one offer that it is for."""
        return self.cue.uses_per_buyer if self.cue is not None else None

    @property
    def is_asked_for(self) -> bool:
        """Whether only who names its code gets it: then what stands in the way is told."""
        return self.cue is not None and self.cue.cue == "coupon" and not self.cue.automatic


def deals(campaign: Campaign, offer: Offer, now: int, code: str | None = None) -> list[Deal]:
    """
    What a reservation of an offer could get at an instant, the best first; the last is for everybody.

    ``CouponNotOpen`` if the code sent is of no coupon that is open for this offer.
    """
    found = [Deal(NO_DEAL, campaign.price_of(offer, now))]
    flash = campaign.flash_of(offer, now)
    if flash is not None and flash.cap is not None:
        found.append(_priced(campaign, offer, number_of(campaign, flash), flash, now))
    for number, coupon in coupons(campaign, now):
        if not _is_for(coupon, offer) or not (coupon.automatic or _is_called(coupon, code)):
            continue
        found.append(_priced(campaign, offer, number, coupon, now))
    if code is not None and not any(_is_called(deal.cue, code) for deal in found):
        raise _not_open(campaign, offer, code, now)
    # At the same price, one that nobody has to have a use of.
    found.sort(key=lambda deal: (deal.unit_price, deal.is_capped, deal.number))
    return found[: 1 + next(i for i, deal in enumerate(found) if deal.number == NO_DEAL)]


def deal_of(campaign: Campaign, offer: Offer, number: int, now: int) -> Deal:
    """A deal by its number, with the price of an offer that was reserved with it at an instant, open still or not."""
    if number == NO_DEAL:
        return Deal(NO_DEAL, campaign.price_of(offer, now))
    return _priced(campaign, offer, number, cue_of(campaign, number), now)


def _priced(campaign: Campaign, offer: Offer, number: int, cue: Cue, now: int) -> Deal:
    if cue.unit_price is not None:
        return Deal(number, cue.unit_price, cue)
    return Deal(number, _discounted(campaign, cue, campaign.list_price(offer, now)), cue)


def numbered(cues: Iterable[Cue], *, known: Iterable[Cue] = ()) -> tuple[Cue, ...]:
    """
    The cues, where each that is a deal has a number: the one it has, or had among those that are ``known``, else the next
    that is free.
    """
    numbers = {_said(cue): cue.deal for cue in known if cue.deal is not None}
    taken = max(numbers.values(), default=0)
    found = []
    for cue in cues:
        number = cue.deal or numbers.pop(_said(cue), None)
        if number is None and cue.is_deal:
            taken += 1
            number = taken
        found.append(replace(cue, deal=number))
    return tuple(found)


def _said(cue: Cue) -> frozenset[tuple[str, Any]]:
    """What a cue says, its number apart."""
    return frozenset((name, value) for name, value in cue.facts().items() if name != "deal")


def number_of(campaign: Campaign, cue: Cue) -> int:
    """The number of a deal; before the stock is laid out, its place."""
    return cue.deal or campaign.run_of_show.index(cue) + 1


def cue_of(campaign: Campaign, number: int) -> Cue:
    """The cue that a deal is, by its number."""
    return next(
        cue for cue in campaign.run_of_show if cue.is_deal and number_of(campaign, cue) == number
    )


def coupon_of(campaign: Campaign, number: int) -> str | None:
    """Code of the coupon that a deal is."""
    return cue_of(campaign, number).code if number != NO_DEAL else None


def is_other_coupon(campaign: Campaign, number: int, code: str | None) -> bool:
    """Whether who was promised a deal had named another code than this."""
    if number == NO_DEAL:
        return False
    cue = cue_of(campaign, number)
    return cue.cue == "coupon" and not cue.automatic and not _is_called(cue, code)


def coupons(campaign: Campaign, now: int) -> Iterator[tuple[int, Cue]]:
    """The coupons that are open at an instant, with their numbers."""
    for cue in campaign.run_of_show:
        began = campaign.starts_at + cue.at
        if began > now:
            return
        is_its_time = cue.cue == "coupon" and now < began + (cue.seconds or 0)
        if is_its_time and not _was_stopped(campaign, cue, now):
            yield number_of(campaign, cue), cue


def capped(campaign: Campaign) -> Iterator[tuple[int, int]]:
    """Numbers and caps of the deals that are a stock of uses."""
    for cue in campaign.run_of_show:
        if cue.cap is not None:
            yield number_of(campaign, cue), cue.cap


def uses(campaign: Campaign, number: int, quantity: int) -> int:
    """Uses of a deal that a reservation of so many units has: a flash price's are units."""
    return quantity if cue_of(campaign, number).cue == "flash_price" else 1


def is_open(campaign: Campaign, code: str, now: int) -> bool:
    """Whether a coupon of this code is open, for whatever offer."""
    return any(_is_called(coupon, code) for _, coupon in coupons(campaign, now))


def _was_stopped(campaign: Campaign, coupon: Cue, now: int) -> bool:
    """By a later cue. One that is improvised in the second of the coupon's opening stops it too."""
    return any(
        cue.cue == "coupon_end"
        and _is_called(coupon, cue.code)
        and coupon.at <= cue.at <= now - campaign.starts_at
        for cue in campaign.improvised
    )


def _is_for(coupon: Cue, offer: Offer) -> bool:
    return coupon.sku in (None, offer.sku)


def _is_called(cue: Cue | None, code: str | None) -> bool:
    if cue is None or cue.code is None or code is None:
        return False
    return cue.code.lower() == code.lower()


def _discounted(campaign: Campaign, coupon: Cue, listed: int) -> int:
    """What the coupon leaves of a price. Of a part of a minor unit, a half is the buyer's; something is always left."""
    step = step_of(campaign.payment_provider, campaign.currency)
    if coupon.amount_off is not None:
        off = coupon.amount_off
    else:
        off = (2 * (listed // step) * (coupon.percent_off or 0) + 100) // 200 * step
    return max(step, listed - off)


def _not_open(campaign: Campaign, offer: Offer, code: str, now: int) -> CouponNotOpen:
    """With the window that is next, else the last there was."""
    windows = [cue for cue in campaign.run_of_show if _is_called(cue, code) and _is_for(cue, offer)]
    if not windows:
        return CouponNotOpen()
    coming = (cue for cue in windows if campaign.starts_at + cue.at > now)
    window = next(coming, windows[-1])
    begins = campaign.starts_at + window.at
    ends = begins + (window.seconds or 0)
    return CouponNotOpen(starts_at=rfc3339(begins), ends_at=rfc3339(ends))
