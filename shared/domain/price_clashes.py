"""
Special prices that make no sense beside the list price: a flash price above it, a flash price or a discount below the floor.

``deals`` never charges what is said here to be senseless; it is refused all the same, because somebody has planned, or
changed, something else than they meant. A cue is judged against every list price that holds at some second of its window,
and a new list price against every cue that is open still, or to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.campaign import Campaign, Cue, Offer
from shared.domain.deals import asked_price, floor_of
from shared.domain.payable import step_of

Fault = tuple[str, str]
"""JSON pointer, and the sentence that says what would be right."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A special price, and a list price of its window that it does not go with."""

    cue: Cue
    number: int | None
    """Position in the run of show; ``None``: improvised."""
    offer: Offer
    listed: int
    since: int | None
    """Second of the show in which the list price was changed to that; ``None``: it is the planned one."""
    until: int
    """Second in which the cue is over."""
    price: int
    """What the cue would make of the list price, minor units."""
    floor: int

    @property
    def name(self) -> str:
        """The cue, as a person finds it."""
        return called(self.number, self.cue)


def called(number: int | None, cue: Cue) -> str:
    """A cue, as a person finds it in the plan, or among what was improvised."""
    what = f"{cue.cue} {cue.code}" if cue.code else cue.cue
    of = f" of {cue.sku}" if cue.sku else ""
    which = "The improvised cue" if number is None else f"Cue {number}"
    return f"{which} ({what}{of}) at second {cue.at:,}"


def clashes(
    campaign: Campaign, *, since: int | None = None, sku: str | None = None
) -> Iterator[Clash]:
    """
    What does not fit together from an instant on (by default from the start), of one offer or of all; of each cue and offer,
    the first.
    """
    offers = [offer for offer in campaign.offers if sku in (None, offer.sku)]
    for number, cue, over in _specials(campaign):
        begins = max(campaign.starts_at + cue.at, since or 0)
        for offer in offers:
            if cue.sku in (None, offer.sku):
                yield from _clash(campaign, offer, number, cue, begins, over)


def planned_faults(campaign: Campaign, *, since: int | None = None) -> Iterator[Fault]:
    """What a plan says that does not fit together, from the point of view of its cues."""
    for number, offer in enumerate(campaign.offers):
        if offer.min_unit_price is not None and offer.min_unit_price > offer.unit_price:
            yield (
                f"/offers/{number}/min_unit_price",
                f"{offer.sku} costs {offer.unit_price:,}: the floor must not be above that.",
            )
    tightest: dict[int, tuple[int, Clash]] = {}
    for clash in clashes(campaign, since=since):
        if clash.number is not None:
            best = tightest.get(clash.number)
            fits = _fits(campaign, clash)
            if best is None or fits < best[0]:
                tightest[clash.number] = fits, clash
    for number, (fits, clash) in sorted(tightest.items()):
        field = next(
            name
            for name in ("unit_price", "amount_off", "percent_off")
            if getattr(clash.cue, name) is not None
        )
        yield f"/run_of_show/{number}/{field}", _said_of_cue(clash, fits)


def list_price_fault(campaign: Campaign, offer: Offer, listed: int, *, since: int) -> str | None:
    """
    Why a list price that an offer has from an instant on is not possible. ``campaign``: as it would be, the price among what
    was improvised.
    """
    floor = floor_of(campaign, offer)
    if listed < floor:
        return f"{offer.sku} has a floor of {floor:,} (min_unit_price): send at least {floor:,}."
    worst: tuple[int, Clash] | None = None
    for clash in clashes(campaign, since=since, sku=offer.sku):
        least = _least_list_price(campaign, clash)
        if clash.listed == listed and (worst is None or least > worst[0]):
            worst = least, clash
    if worst is None:
        return None
    least, clash = worst
    now = since - campaign.starts_at
    if clash.cue.cue == "flash_price":
        why = (
            f"{clash.name} is a price of {clash.cue.unit_price:,} until second {clash.until:,}, and may not be above the "
            "list price"
        )
    else:
        why = (
            f"{clash.name} leaves {clash.price:,} of that until second {clash.until:,}, and {offer.sku} has a floor of "
            f"{clash.floor:,} (min_unit_price)"
        )
    return f"{why}. {_way_out(clash, now)}, or send at least {least:,}."


def flash_price_fault(campaign: Campaign, offer: Offer, flash: Cue, *, since: int) -> str | None:
    """Why a flash price that is opened at an instant is not possible. ``campaign``: as it is without it."""
    listed = campaign.list_price(offer, since)
    price, floor = flash.unit_price or 0, floor_of(campaign, offer)
    if price > listed:
        return f"{offer.sku} has a list price of {listed:,}: a flash price may not be above it."
    if price < floor:
        return f"{offer.sku} has a floor of {floor:,} (min_unit_price): send at least {floor:,}."
    return None


# -- windows -------------------------------------------------------------------------------------------


def _specials(campaign: Campaign) -> Iterator[tuple[int | None, Cue, int]]:
    """Flash prices and coupons, with the instant at which each is over: its end, or that of being stopped."""
    improvised = campaign.improvised
    for number, cue in enumerate(campaign.run_of_show):
        if cue.cue in ("flash_price", "coupon"):
            stops = [stop.at for stop in improvised if stop.at >= cue.at and _stops(stop, cue)]
            yield number, cue, _over(campaign, cue, stops)
    for place, cue in enumerate(improvised):
        if cue.cue == "flash_price":
            stops = [stop.at for stop in improvised[place + 1 :] if _stops(stop, cue)]
            yield None, cue, _over(campaign, cue, stops)


def _stops(stop: Cue, cue: Cue) -> bool:
    if cue.cue == "flash_price":
        return stop.cue == "flash_end" and stop.sku == cue.sku
    return stop.cue == "coupon_end" and (stop.code or "").lower() == (cue.code or "").lower()


def _over(campaign: Campaign, cue: Cue, stops: list[int]) -> int:
    return campaign.starts_at + min([cue.at + (cue.seconds or 0), *stops])


def _list_prices(
    campaign: Campaign, offer: Offer, begins: int, over: int
) -> Iterator[tuple[int, int | None]]:
    """Every list price that holds between two instants, with the second since which it does, if it was changed to that."""
    price: tuple[int, int | None] = offer.unit_price, None
    for cue in campaign.improvised:
        instant = campaign.starts_at + cue.at
        if instant >= over:
            break
        if cue.cue == "price" and cue.sku == offer.sku and cue.unit_price is not None:
            if instant > begins:
                yield price
            price = cue.unit_price, cue.at
    yield price


def _clash(
    campaign: Campaign, offer: Offer, number: int | None, cue: Cue, begins: int, over: int
) -> Iterator[Clash]:
    if begins >= over:
        return
    floor = floor_of(campaign, offer)
    for listed, since in _list_prices(campaign, offer, begins, over):
        price = asked_price(campaign, cue, listed)
        if not floor <= price <= listed:
            until = over - campaign.starts_at
            yield Clash(cue, number, offer, listed, since, until, price, floor)
            return


# -- what would be right -------------------------------------------------------------------------------


def _fits(campaign: Campaign, clash: Clash) -> int:
    """The value nearest to what was planned that would do."""
    cue = clash.cue
    if cue.unit_price is not None:
        return min(clash.listed, max(clash.floor, cue.unit_price))
    if cue.amount_off is not None:
        return max(0, clash.listed - clash.floor)
    percent = cue.percent_off or 0
    while percent and _left(campaign, percent, clash.listed) < clash.floor:
        percent -= 1
    return percent


def _left(campaign: Campaign, percent: int, listed: int) -> int:
    return asked_price(campaign, Cue(at=0, cue="coupon", percent_off=percent), listed)


def _least_list_price(campaign: Campaign, clash: Clash) -> int:
    """The lowest list price that the cue goes with."""
    cue = clash.cue
    if cue.unit_price is not None:
        return cue.unit_price
    if cue.amount_off is not None:
        return clash.floor + cue.amount_off
    step = step_of(campaign.payment_provider, campaign.currency)
    least = clash.floor * 100 // (100 - (cue.percent_off or 0)) // step * step
    least = max(clash.floor, least - step)
    while asked_price(campaign, cue, least) < clash.floor:
        least += step
    return least


def _said_of_cue(clash: Clash, fits: int) -> str:
    changed = "" if clash.since is None else f" since second {clash.since:,}"
    listed = f"the list price of {clash.offer.sku}, {clash.listed:,}{changed}"
    floor = f"the floor of {clash.offer.sku} is {clash.floor:,} (min_unit_price)"
    if clash.cue.unit_price is None:
        how = f"take off at most {fits:,}" if fits else "nothing can be taken off"
        return f"{clash.name}: leaves {clash.price:,} of {listed}, and {floor}: {how}."
    if clash.price > clash.listed:
        return f"{clash.name}: {clash.price:,} is above {listed}: send at most {fits:,}."
    return f"{clash.name}: {floor}: send at least {fits:,}."


def _way_out(clash: Clash, second: int) -> str:
    """What to do about a cue that is in the way of a list price."""
    stop = "flash_end" if clash.cue.cue == "flash_price" else "coupon_end"
    if clash.cue.at < second or clash.number is None:
        return f"Stop it first ({stop})"
    return "Change it in the run of show first (PATCH)"
