"""
The price of a unit, and deals: what a reservation may get below the list price, and not everybody at every second: coupons,
and flash prices that are for so many units only.

A buyer pays the lowest of the list price, the flash prices that are open, and the list price less the best coupon; never
more than the list price, and never less than the floor of the offer. ``deals`` decides it for everybody who tells, promises
or checks a price, from the campaign, the offer, the second and the deal alone (docs/prices.md has a row for each case).

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
from shared.domain.payable import bounds, step_of

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

    def is_called(self, code: str) -> bool:
        """Whether it is the coupon of a code, in whatever letters."""
        return _is_called(self.cue, code)


def deals(campaign: Campaign, offer: Offer, now: int, code: str | None = None) -> list[Deal]:
    """
    What a reservation of an offer could get at an instant, the best first; the last is for everybody.

    ``CouponNotOpen`` if the code sent is of no coupon that is open for this offer.
    """
    listed = campaign.list_price(offer, now)
    flashes = campaign.flash_prices(offer, now)
    plain = _for_everybody(campaign, offer, flashes, listed)
    found = [plain]
    found += [
        _priced(campaign, offer, number_of(campaign, flash), flash, listed)
        for flash in flashes
        if flash.cap is not None
    ]
    for number, coupon in coupons(campaign, now):
        if not _is_for(coupon, offer) or not (coupon.automatic or _is_called(coupon, code)):
            continue
        found.append(_priced(campaign, offer, number, coupon, listed))
    if code is not None and not any(deal.is_called(code) for deal in found):
        raise _not_open(campaign, offer, code, now)
    if len(found) == 1:
        return found
    # At the same price, one that nobody has to have a use of.
    found.sort(key=lambda deal: (deal.unit_price, deal.is_capped, deal.number))
    return found[: found.index(plain) + 1]


def deal_of(campaign: Campaign, offer: Offer, number: int, now: int) -> Deal:
    """A deal by its number, with the price of an offer that was reserved with it at an instant, open still or not."""
    listed = campaign.list_price(offer, now)
    if number == NO_DEAL:
        return _for_everybody(campaign, offer, campaign.flash_prices(offer, now), listed)
    return _priced(campaign, offer, number, cue_of(campaign, number), listed)


def common_price(campaign: Campaign, offer: Offer, now: int) -> int:
    """
    What a unit costs at an instant whoever names no code: the best price that cannot be used up. Who gets a deal with a cap
    pays less.
    """
    return next(
        deal.unit_price
        for deal in deals(campaign, offer, now)
        if not deal.is_capped and deal.buyers_cap is None
    )


def floor_of(campaign: Campaign, offer: Offer) -> int:
    """
    Minor units below which no price of an offer falls: as planned, else a tenth of the list price,
    rounded up; and never less than the provider takes.
    """
    taken = bounds(campaign.payment_provider, campaign.currency)
    stated = offer.min_unit_price
    if stated is None:
        stated = -(-offer.unit_price // (10 * taken.step)) * taken.step
    return max(stated, taken.minimum)


def asked_price(campaign: Campaign, cue: Cue, listed: int) -> int:
    """What a flash price or a coupon makes of a list price, floor and list price aside: it may be nothing, or less."""
    if cue.unit_price is not None:
        return cue.unit_price
    if cue.amount_off is not None:
        return listed - cue.amount_off
    # Of a part of a minor unit, a half is the buyer's.
    step = step_of(campaign.payment_provider, campaign.currency)
    return listed - (2 * (listed // step) * (cue.percent_off or 0) + 100) // 200 * step


def _for_everybody(campaign: Campaign, offer: Offer, flashes: Iterable[Cue], listed: int) -> Deal:
    """The lowest of the list price and the flash prices that have no cap."""
    price = listed
    for flash in flashes:
        if flash.cap is None:
            price = min(price, _bounded(campaign, offer, flash, listed))
    return Deal(NO_DEAL, price)


def _priced(campaign: Campaign, offer: Offer, number: int, cue: Cue, listed: int) -> Deal:
    return Deal(number, _bounded(campaign, offer, cue, listed), cue)


def _bounded(campaign: Campaign, offer: Offer, cue: Cue, listed: int) -> int:
    """What a cue makes of a list price: not below the floor, and never above the list price."""
    return min(listed, max(floor_of(campaign, offer), asked_price(campaign, cue, listed)))


def numbered(cues: Iterable[Cue], *, known: Iterable[Cue] = ()) -> tuple[Cue, ...]:
    """
    The cues, where each that is a deal has a number: the one it has, or had among those that are ``known``, else the next
    that is free. One with a cap that says something else now, but has the same uses, keeps its number: they are laid out.
    """
    known = [cue for cue in known if cue.deal is not None]
    cues = list(cues)
    taken = max((cue.deal or 0 for cue in (*known, *cues)), default=0)
    numbers = {_said(cue): cue.deal for cue in known}
    found = [replace(cue, deal=cue.deal or numbers.pop(_said(cue), None)) for cue in cues]
    left = set(numbers.values())
    for place, cue in enumerate(found):
        if cue.deal is not None or not cue.is_deal:
            continue
        same = (old for old in known if old.deal in left and stock_of(old) == stock_of(cue))
        number = next((old.deal for old in same if cue.cap is not None), None)
        if number is None:
            taken += 1
            number = taken
        left.discard(number)
        found[place] = replace(cue, deal=number)
    return tuple(found)


def stock_of(cue: Cue) -> tuple[Any, ...]:
    """What the uses of a deal with a cap are of: it stays as it was laid out."""
    return cue.cue, cue.sku, (cue.code or "").lower(), cue.cap


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


def refuse_unless_usable(campaign: Campaign, offer: Offer, code: str, now: int) -> None:
    """``CouponNotOpen`` unless a code is of a coupon for this offer that is open, or will be."""
    for cue in campaign.run_of_show:
        ends = campaign.starts_at + cue.at + (cue.seconds or 0)
        is_its = cue.cue == "coupon" and _is_called(cue, code) and _is_for(cue, offer)
        if is_its and now < ends and not _was_stopped(campaign, cue, now):
            return
    said = (
        "No coupon of this code is open for this offer, or will be: check the code, or join without 'coupon' and be offered "
        "the best price of that second."
    )
    raise _not_open(campaign, offer, code, now, said)


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


def _not_open(
    campaign: Campaign, offer: Offer, code: str, now: int, said: str | None = None
) -> CouponNotOpen:
    """With the window that is next, else the last there was."""
    windows = [cue for cue in campaign.run_of_show if _is_called(cue, code) and _is_for(cue, offer)]
    if not windows:
        return CouponNotOpen(said)
    coming = (cue for cue in windows if campaign.starts_at + cue.at > now)
    window = next(coming, windows[-1])
    begins = campaign.starts_at + window.at
    ends = begins + (window.seconds or 0)
    return CouponNotOpen(said, starts_at=rfc3339(begins), ends_at=rfc3339(ends))
