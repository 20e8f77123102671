"""
What a merchant does in the middle of a show: show a product, change a price, open or stop a flash price, say something.

Each is a cue of its own, from the next second on. It is added to what was, and never replaces it: a reservation is promised
the price of the second in which its hold began, and whoever asks again, in any process, finds the same. That needs every
seller's copy of the campaign to be younger than the time from the decision to that second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.domain.campaign import ON_AIR, Campaign, Cue, Offer
from shared.domain.deals import is_open
from shared.domain.errors import CampaignState, InvalidRequest, OfferNotFound
from shared.domain.payable import price_faults
from shared.domain.price_clashes import flash_price_fault, list_price_fault

MOST_IMPROVISED = 200
"""Cues: they travel with the campaign wherever something is sold."""
NOTICE = 1
"""Seconds from the decision until it holds."""


def improvise(campaign: Campaign, cue: Cue, *, now: int) -> Campaign:
    """
    The campaign with a cue from the next second on (its ``at`` is set here). ``CampaignState`` if it is not on air;
    ``InvalidRequest`` names what does not fit.
    """
    _refuse_unless_on_air(campaign, now)
    if len(campaign.improvised) >= MOST_IMPROVISED:
        raise CampaignState(
            f"{MOST_IMPROVISED} cues were improvised in this show already: that is all there is room for.",
            status=campaign.status.value,
        )
    at = now + NOTICE - campaign.starts_at
    _judge(campaign, cue, at)
    after = added(campaign, replace(cue, at=at))
    if cue.cue == "price":
        _judge_list_price(after, after.improvised[-1])
    return after


def added(campaign: Campaign, cue: Cue) -> Campaign:
    """The campaign with one improvised cue more, and its next version. A clock that is behind turns no time back."""
    last = campaign.improvised[-1].at if campaign.improvised else 0
    later = replace(cue, at=max(cue.at, last))
    changed = campaign.changed(improvised=(*campaign.improvised, later))
    faults = [
        {"pointer": "/unit_price", "detail": said}
        for pointer, said in price_faults(changed)
        if pointer.startswith("/improvised")
    ]
    if faults:
        raise InvalidRequest(errors=faults)
    return changed


def noted(campaign: Campaign, what: str, *, now: int, **facts: Any) -> tuple[Cue, ...]:
    """The improvised cues with one that only says what happened at this second, if there is room."""
    if len(campaign.improvised) >= MOST_IMPROVISED:
        return campaign.improvised
    last = campaign.improvised[-1].at if campaign.improvised else 0
    at = max(now - campaign.starts_at, last, 0)
    return (*campaign.improvised, Cue(at=at, cue=what, **facts))


def _refuse_unless_on_air(campaign: Campaign, now: int) -> None:
    campaign.refuse_unless(*ON_AIR, verb="directed")
    if campaign.shut or now + NOTICE >= campaign.closes_at:
        raise CampaignState(
            "The campaign has ended, or will have before this could be seen.",
            status=campaign.status.value,
        )


def _judge_list_price(campaign: Campaign, cue: Cue) -> None:
    """Refuse a list price that a cue does not go with which is open, or to come. ``campaign``: with it."""
    offer, since = campaign.offer(cue.sku or ""), campaign.starts_at + cue.at
    said = list_price_fault(campaign, offer, cue.unit_price or 0, since=since)
    if said is not None:
        raise _invalid("/unit_price", said)


def _judge(campaign: Campaign, cue: Cue, at: int) -> None:
    if cue.cue == "coupon_end" and not is_open(campaign, cue.code or "", campaign.starts_at + at):
        raise CampaignState(
            f"No coupon {cue.code} is open: there is nothing to stop.",
            status=campaign.status.value,
        )
    if cue.sku is None:
        return
    try:
        offer = campaign.offer(cue.sku)
    except OfferNotFound:
        raise _invalid("/sku", "No offer of this campaign has this SKU.") from None
    instant = campaign.starts_at + at
    if cue.cue == "flash_end" and not campaign.flash_prices(offer, instant):
        raise CampaignState(
            f"No flash price is open on {cue.sku}: there is nothing to stop.",
            status=campaign.status.value,
        )
    if cue.cue == "flash_price":
        _judge_flash_price(campaign, offer, cue, at)


def _judge_flash_price(campaign: Campaign, offer: Offer, cue: Cue, at: int) -> None:
    """One price at a time, none beyond the end of the show, not above the list price, and not below the floor."""
    instant = campaign.starts_at + at
    if campaign.flash_prices(offer, instant):
        raise _invalid("/sku", f"{cue.sku} has a flash price already: stop it first (flash_end).")
    said = flash_price_fault(campaign, offer, cue, since=instant)
    if said is not None:
        raise _invalid("/unit_price", said)
    ends = at + (cue.seconds or 0)
    if campaign.starts_at + ends > campaign.ends_at:
        left = campaign.ends_at - instant
        raise _invalid("/seconds", f"The show ends in {left:,} seconds: the flash price must too.")
    for number, planned in enumerate(campaign.run_of_show):
        is_rival = planned.cue == "flash_price" and planned.sku == cue.sku
        if is_rival and at <= planned.at < ends:
            raise _invalid(
                "/seconds",
                f"Cue {number} opens a flash price on {cue.sku} at second {planned.at:,}: this one, from second {at:,}, "
                f"must end by then.",
            )


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"pointer": pointer, "detail": detail}])
