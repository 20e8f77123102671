"""
A plan that is changed while the show is on: what a merchant sends is what the plan should be, and each difference is one of
the things that can be done in the middle of a show (``show_control``, ``live_cues``), or is refused by its name.

Prices hold from the next second on, like everything improvised; of the run of show, what has begun stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shared.domain import show_plan
from shared.domain.campaign import Campaign, Cue, Offer
from shared.domain.deals import numbered, stock_of
from shared.domain.errors import CampaignState, InvalidRequest
from shared.domain.live_cues import NOTICE, improvise
from shared.domain.price_clashes import called
from shared.domain.show_control import add_stock, extend

CHANGEABLE = show_plan.ALWAYS_FREE | {"ends_at", "offers", "run_of_show"}


def revised_on_air(campaign: Campaign, changes: Mapping[str, Any], *, now: int) -> Campaign:
    """
    The campaign with other values of its plan, as one version; the same campaign if nothing differs. ``now``: seconds.

    ``CampaignState`` or ``PartiesFrozen`` name what cannot change any more; ``InvalidRequest`` what does not fit.
    """
    show_plan.refuse_frozen(campaign, changes, free=CHANGEABLE)
    after = campaign
    for name in ("name", "metadata", *show_plan.LIMITS_OF_HOLDS):
        if name in changes and changes[name] != getattr(campaign, name):
            after = after.changed(**{name: changes[name]})
    if "ends_at" in changes:
        after = extend(after, ends_at=changes["ends_at"], now=now)
    if "run_of_show" in changes:
        after = _replanned(after, changes["run_of_show"], now)
    if "offers" in changes:
        after = _reoffered(after, changes["offers"], now)
    if after is campaign:
        return campaign
    after = replace(after, version=campaign.version + 1)
    return show_plan.checked(after, before=campaign, since=now + NOTICE)


# -- offers ----------------------------------------------------------------------------------------


def _reoffered(campaign: Campaign, sent: Sequence[Offer], now: int) -> Campaign:
    if _fixed(campaign.offers) != _fixed(sent):
        raise CampaignState(
            "The show is on: titles, prices and larger allotments of its offers can change; their number, their SKUs, "
            "limits, waitlists and floors (min_unit_price) cannot.",
            status=campaign.status.value,
            refused=["offers"],
        )
    faults = [
        {"pointer": f"/offers/{number}/allotment", "detail": said}
        for number, (here, there) in enumerate(zip(campaign.offers, sent, strict=True))
        if (said := _less(here, there)) is not None
    ]
    if faults:
        raise InvalidRequest(errors=faults)
    after = campaign
    titles = tuple(
        replace(here, title=there.title) for here, there in zip(campaign.offers, sent, strict=True)
    )
    if titles != campaign.offers:
        after = after.changed(offers=titles)
    for number, (here, there) in enumerate(zip(campaign.offers, sent, strict=True)):
        if there.unit_price != campaign.list_price(here):
            price = Cue(at=0, cue="price", sku=here.sku, unit_price=there.unit_price)
            with _named(f"/offers/{number}/unit_price"):
                after = improvise(after, price, now=now)
        if more := there.allotment - _units(here):
            with _named(f"/offers/{number}/allotment"):
                after = add_stock(after, sku=here.sku, units=more, now=now)
    return after


@contextmanager
def _named(pointer: str) -> Iterator[None]:
    """What a command would call by a field of its own is called by the plan's."""
    try:
        yield
    except InvalidRequest as refusal:
        errors = [{**error, "pointer": pointer} for error in refusal.facts["errors"]]
        raise InvalidRequest(errors=errors) from None


def _fixed(offers: Sequence[Offer]) -> list[tuple[object, ...]]:
    return [
        (offer.sku, offer.limit_per_buyer, offer.waitlist_hold, offer.min_unit_price)
        for offer in offers
    ]


def _units(offer: Offer) -> int:
    return offer.allotment + sum(offer.coming)


def _less(here: Offer, there: Offer) -> str | None:
    units = _units(here)
    if there.allotment >= units:
        return None
    return f"{here.sku} has {units:,} units, and while the show is on none are taken away: send that, or more."


# -- the run of show -------------------------------------------------------------------------------


def _replanned(campaign: Campaign, sent: Sequence[Cue], now: int) -> Campaign:
    """Cues to come are replaced; those that have begun, or are about to, and what is laid out stay."""
    sent = numbered(sent, known=campaign.run_of_show)
    if sent == campaign.run_of_show:
        return campaign
    begun = now + NOTICE - campaign.starts_at
    faults = [*_begun(campaign.run_of_show, sent, begun), *_laid_out(campaign, sent)]
    after = campaign.changed(run_of_show=sent)
    faults += _rivals(campaign, sent, begun)
    if faults:
        raise InvalidRequest(errors=[{"pointer": at, "detail": said} for at, said in faults])
    return after


def _begun(planned: Sequence[Cue], sent: Sequence[Cue], begun: int) -> Iterator[tuple[str, str]]:
    past = [cue for cue in planned if cue.at <= begun]
    for number, cue in enumerate(past):
        if number >= len(sent) or sent[number] != cue:
            yield (
                f"/run_of_show/{number}",
                f"{called(number, cue)} has begun: send it as it was planned.",
            )
            return
    for number, cue in enumerate(sent[len(past) :], start=len(past)):
        if cue.at <= begun:
            yield (
                f"/run_of_show/{number}/at",
                f"{called(number, cue)}: it is second {begun:,} already; POST …/cues does it now.",
            )


def _laid_out(campaign: Campaign, sent: Sequence[Cue]) -> Iterator[tuple[str, str]]:
    def released(cues: Sequence[Cue]) -> list[Cue]:
        return [cue for cue in cues if cue.cue == "release_stock"]

    def capped(cues: Sequence[Cue]) -> list[tuple[Any, ...]]:
        return sorted((cue.deal or 0, *stock_of(cue)) for cue in cues if cue.cap is not None)

    planned = campaign.run_of_show
    if released(planned) != released(sent) or capped(planned) != capped(sent):
        said = (
            "What is released later, and deals with a cap, are laid out with the stock: send these cues as they were "
            "planned. Of a deal with a cap that is to come, the times and what it takes off may change; its cap, its SKU "
            "and its code may not. POST …/allotment adds units; coupon_end and flash_end stop a deal."
        )
        yield "/run_of_show", said


def _rivals(campaign: Campaign, sent: Sequence[Cue], begun: int) -> Iterator[tuple[str, str]]:
    """Flash prices that would begin while an improvised one of the same product is open."""
    improvised = replace(campaign, run_of_show=())
    for number, cue in enumerate(sent):
        if cue.cue != "flash_price" or cue.sku is None or cue.at <= begun:
            continue
        offer = next((each for each in campaign.offers if each.sku == cue.sku), None)
        if offer and improvised.flash_prices(offer, campaign.starts_at + cue.at):
            yield (
                f"/run_of_show/{number}/at",
                f"{called(number, cue)}: a flash price that was improvised is open then; stop it first.",
            )
