"""What must fit together in a campaign's plan, and what of it may still change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from shared.domain import parties
from shared.domain.campaign import (
    LONGEST_REPLAY,
    LONGEST_SHOW,
    ON_AIR,
    Campaign,
    Offer,
    Status,
)
from shared.domain.deals import deal_of, number_of
from shared.domain.errors import CampaignState, InvalidRequest, PartiesFrozen
from shared.domain.languages import twins
from shared.domain.money import legible
from shared.domain.payable import price_fault, price_faults
from shared.domain.price_clashes import Fault, called, planned_faults
from shared.domain.stock import sizes
from shared.table import BLOCK_UNITS

LIMITS_OF_HOLDS = ("max_open_holds_per_buyer", "max_holds_per_ten_minutes")
ALWAYS_FREE = frozenset({"name", "metadata", *LIMITS_OF_HOLDS})
"""What no stock, price or clock depends on; the titles of offers are free too."""
MOST_BLOCKS = 36_000
"""Of an offer with later portions: the ledger tells fewer than 50,000 apart, and some may be added live."""
AS_SENT = {
    "payment_provider": "payments",
    "payment_fee": "payments",
    "carrier": "fulfilment",
}
"""What a merchant calls it, where we do not."""


def checked(
    campaign: Campaign, *, before: Campaign | None = None, since: int | None = None
) -> Campaign:
    """
    The campaign, if its plan holds together; else ``InvalidRequest`` with every fault.

    ``before``: what it was, where some of it cannot change any more: faults that it had already are not of this change.
    ``since``: the instant from which on prices are judged; by default all of them.
    """
    known = set() if before is None else set(_faults(before, since))
    faults = [fault for fault in _faults(campaign, since) if fault not in known]
    if faults:
        raise InvalidRequest(errors=[{"pointer": at, "detail": said} for at, said in faults])
    return campaign


def _faults(campaign: Campaign, since: int | None) -> Iterator[Fault]:
    yield from _times(campaign)
    yield from parties.faults(campaign.parties)
    yield from _offers(campaign)
    yield from _cues(campaign)
    yield from _flash_prices(campaign)
    yield from _releases(campaign)
    yield from _coupons(campaign)
    yield from planned_faults(campaign, since=since)
    yield from price_faults(campaign)
    yield from _discounted_prices(campaign)


def revised(campaign: Campaign, changes: Mapping[str, Any], *, laid_out: bool) -> Campaign:
    """
    The campaign with other values of its plan; the same campaign if nothing differs.

    ``laid_out``: the stock is on its shelves, or is being put there. From then on the plan is what buyers and the clock hold
    us to, and until the show is on (``live_plan``) only names, metadata and limits of holds may change:
    ``CampaignState`` says so.
    """
    campaign.refuse_unless(Status.DRAFT, Status.SCHEDULED, *ON_AIR, verb="changed")
    sent = dict(changes)
    if "offers" in sent and _same_but_titles(campaign, sent["offers"]):
        # The same offers, where their stock is included: that is not sent, and must not be lost.
        sent["offers"] = _retitled(campaign.offers, sent["offers"])
    differing = {name: value for name, value in sent.items() if getattr(campaign, name) != value}
    if laid_out:
        titles_only = "offers" in differing and _same_but_titles(campaign, differing["offers"])
        refuse_frozen(
            campaign, differing, free=ALWAYS_FREE | ({"offers"} if titles_only else set())
        )
    if not differing:
        return campaign
    return checked(campaign.changed(**differing), before=campaign if laid_out else None)


def refuse_frozen(
    campaign: Campaign, changes: Mapping[str, Any], *, free: AbstractSet[str]
) -> None:
    """Refuse changes of anything that is not ``free``: ``PartiesFrozen``, or ``CampaignState`` with what it was."""
    differing = {name for name, value in changes.items() if getattr(campaign, name) != value}
    refused = sorted({AS_SENT.get(name, name) for name in differing - free})
    if "parties" in refused:
        raise PartiesFrozen(status=campaign.status.value, refused=refused)
    if refused:
        on_air = campaign.status in ON_AIR
        can = (
            "prices, titles and larger allotments of its offers, its limits of holds, cues to come and a later end"
            if on_air
            else "the titles of its offers and its limits of holds"
        )
        raise CampaignState(
            f"The campaign is {'live' if on_air else 'about to start'}: {', '.join(refused)} cannot change now. Its name, "
            f"its metadata, {can} can.",
            status=campaign.status.value,
            refused=refused,
        )


def _same_but_titles(campaign: Campaign, new: tuple[Offer, ...]) -> bool:
    """Whether nothing but titles differs from what its merchant is shown."""
    shown = [_terms(offer, campaign.list_price(offer)) for offer in campaign.offers]
    return shown == [_terms(offer, offer.unit_price) for offer in new]


def _terms(offer: Offer, price: int) -> tuple[object, ...]:
    return (
        *(offer.sku, price, offer.allotment, offer.limit_per_buyer, offer.waitlist_hold),
        offer.min_unit_price,
    )


def _retitled(old: tuple[Offer, ...], new: tuple[Offer, ...]) -> tuple[Offer, ...]:
    return tuple(replace(here, title=there.title) for here, there in zip(old, new, strict=True))


# -- faults ----------------------------------------------------------------------------------------


def _times(campaign: Campaign) -> Iterator[Fault]:
    start, end, replay = campaign.starts_at, campaign.ends_at, campaign.replay_until
    if end <= start:
        yield "/ends_at", "The end must be later than the start."
    elif end > start + LONGEST_SHOW:
        yield "/ends_at", "A show lasts at most 24 hours."
    if replay is not None and replay <= end:
        yield (
            "/replay_until",
            "The replay must end later than the show; leave it out if there is none.",
        )
    elif replay is not None and replay > start + LONGEST_REPLAY:
        yield "/replay_until", "The replay must end at most 7 days after the start of the show."


def _offers(campaign: Campaign) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, offer in enumerate(campaign.offers):
        at = f"/offers/{number}"
        # Spreadsheets, carriers and shop systems take two that differ in capitals for one.
        sku = offer.sku.lower()
        if sku in seen:
            yield (
                f"{at}/sku",
                f"Offer {seen[sku]} has this SKU already; capitals make no difference.",
            )
        seen.setdefault(sku, number)
        for tag, earlier in twins(offer.title):
            yield (
                f"{at}/title/{tag}",
                f"{tag} is the same language as {earlier}: send one title for it.",
            )


def _cues(campaign: Campaign) -> Iterator[Fault]:
    skus = {offer.sku for offer in campaign.offers}
    length = campaign.ends_at - campaign.starts_at
    # What is planned for the very end happens only where a replay follows.
    first_too_late = length + 1 if campaign.replay_until else length
    before = 0
    for number, cue in enumerate(campaign.run_of_show):
        at = f"/run_of_show/{number}"
        if cue.sku is not None and cue.sku not in skus:
            yield f"{at}/sku", f"{called(number, cue)}: no offer of this campaign has this SKU."
        if cue.at < 0:
            yield f"{at}/at", f"{called(number, cue)}: that is before the start."
        if cue.at >= first_too_late:
            yield (
                f"{at}/at",
                f"{called(number, cue)}: the show ends {length:,} seconds after its start, and the cue must come before.",
            )
        if cue.at < before:
            yield f"{at}/at", f"{called(number, cue)}: cues stand in the order of 'at'."
        before = cue.at


def _flash_prices(campaign: Campaign) -> Iterator[Fault]:
    """One SKU has one price at a time, and none beyond the end of the show."""
    length = campaign.ends_at - campaign.starts_at
    last: dict[str | None, tuple[int, int]] = {}
    for number, cue in enumerate(campaign.run_of_show):
        if cue.cue != "flash_price":
            continue
        ends = cue.at + (cue.seconds or 0)
        until, holder = last.get(cue.sku, (0, 0))
        if cue.at < until:
            yield (
                f"/run_of_show/{number}/at",
                f"{called(number, cue)}: cue {holder} has a flash price on this SKU until second {until:,}.",
            )
        if ends > length:
            yield (
                f"/run_of_show/{number}/seconds",
                f"{called(number, cue)}: the flash price must end with the show, at second {length:,}, at the latest.",
            )
        last[cue.sku] = max((until, holder), (ends, number))


def _releases(campaign: Campaign) -> Iterator[Fault]:
    """No more is released of an offer than it has, in no more blocks than can be told apart."""
    left = {offer.sku: offer.allotment for offer in campaign.offers}
    for number, cue in enumerate(campaign.run_of_show):
        if cue.cue != "release_stock" or cue.sku not in left:
            continue
        before, units = left[cue.sku], cue.units or 0
        left[cue.sku] = max(0, before - units)
        if units > before:
            yield (
                f"/run_of_show/{number}/units",
                f"{called(number, cue)}: at most {before:,} units of the allotment are left for it.",
            )
        if cue.at == 0:
            yield (
                f"/run_of_show/{number}/at",
                f"{called(number, cue)}: what is on sale from the start needs no release.",
            )
    for number, offer in enumerate(campaign.offers):
        later = [portion.units for portion in campaign.portions(offer)]
        if later and sum(len(sizes(units)) for units in (offer.allotment, *later)) > MOST_BLOCKS:
            most = MOST_BLOCKS * BLOCK_UNITS
            said = (
                f"{offer.sku}: with what is released later counted twice, at most {most:,} units."
            )
            yield f"/offers/{number}/allotment", said


def _coupons(campaign: Campaign) -> Iterator[Fault]:
    """A code is of one coupon at a time, and none beyond the end of the show."""
    length = campaign.ends_at - campaign.starts_at
    last: dict[str, tuple[int, int]] = {}
    for number, cue in enumerate(campaign.run_of_show):
        if cue.cue != "coupon":
            continue
        at, name = f"/run_of_show/{number}", called(number, cue)
        ends = cue.at + (cue.seconds or 0)
        code = (cue.code or "").lower()
        until, holder = last.get(code, (0, 0))
        if cue.at < until:
            yield (
                f"{at}/at",
                f"{name}: cue {holder} has a coupon of this code until second {until:,}.",
            )
        if ends > length:
            yield (
                f"{at}/seconds",
                f"{name}: the coupon must end with the show, at second {length:,}, at the latest.",
            )
        if (cue.percent_off is None) == (cue.amount_off is None):
            yield f"{at}/percent_off", f"{name}: send either 'percent_off' or 'amount_off'."
        last[code] = max((until, holder), (ends, number))


def _discounted_prices(campaign: Campaign) -> Iterator[Fault]:
    """What a coupon leaves of a price must be payable, for one unit at least. A price that is not, is told by itself."""
    for number, cue in enumerate(campaign.run_of_show):
        if cue.cue != "coupon" or (cue.percent_off is None) == (cue.amount_off is None):
            continue
        field = "percent_off" if cue.amount_off is None else "amount_off"
        for offer in campaign.offers:
            if cue.sku not in (None, offer.sku) or price_fault(campaign, offer.unit_price):
                continue
            at = campaign.starts_at + cue.at
            left = deal_of(campaign, offer, number_of(campaign, cue), at).unit_price
            said = price_fault(campaign, left)
            if said is not None:
                yield (
                    f"/run_of_show/{number}/{field}",
                    f"{called(number, cue)}: it leaves {legible(left, campaign.currency)} of {offer.sku}. {said}",
                )
                break
