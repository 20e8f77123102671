"""What must fit together in a campaign's plan, and what of it may still change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.domain import parties
from shared.domain.campaign import (
    LONGEST_REPLAY,
    LONGEST_SHOW,
    ON_AIR,
    Campaign,
    Cue,
    Offer,
    Status,
)
from shared.domain.errors import CampaignState, InvalidRequest, PartiesFrozen
from shared.domain.payable import price_faults

Fault = tuple[str, str]
"""JSON pointer, and the sentence that says what would be right."""

ALWAYS_FREE = frozenset({"name", "metadata"})
"""What no stock, price or clock depends on; the titles of offers are free too."""
AS_SENT = {
    "payment_provider": "payments",
    "payment_fee": "payments",
    "carrier": "fulfilment",
}
"""What a merchant calls it, where we do not."""


def checked(campaign: Campaign) -> Campaign:
    """The campaign, if its plan holds together; else ``InvalidRequest`` with every fault."""
    faults = [
        *_times(campaign),
        *parties.faults(campaign.parties),
        *_offers(campaign),
        *_cues(campaign),
        *_flash_prices(campaign),
        *price_faults(campaign),
    ]
    if faults:
        raise InvalidRequest(errors=[{"pointer": at, "detail": said} for at, said in faults])
    return campaign


def revised(campaign: Campaign, changes: Mapping[str, Any], *, laid_out: bool) -> Campaign:
    """
    The campaign with other values of its plan; the same campaign if nothing differs.

    ``laid_out``: the stock is on its shelves, or is being put there. From then on the plan is what buyers and
    the clock hold us to, and only names and metadata may change: ``CampaignState`` says so.
    """
    campaign.refuse_unless(Status.DRAFT, Status.SCHEDULED, *ON_AIR, verb="changed")
    sent = dict(changes)
    if "offers" in sent and _same_but_titles(campaign, sent["offers"]):
        # The same offers, where their stock is included: that is not sent, and must not be lost.
        sent["offers"] = _retitled(campaign.offers, sent["offers"])
    differing = {name: value for name, value in sent.items() if getattr(campaign, name) != value}
    if laid_out:
        _refuse_plan_changes(campaign, differing)
    return checked(campaign.changed(**differing)) if differing else campaign


def _refuse_plan_changes(campaign: Campaign, differing: Mapping[str, Any]) -> None:
    free = ALWAYS_FREE
    if "offers" in differing and _same_but_titles(campaign, differing["offers"]):
        free |= {"offers"}
    refused = sorted({AS_SENT.get(name, name) for name in set(differing) - free})
    if "parties" in refused:
        raise PartiesFrozen(status=campaign.status.value, refused=refused)
    if refused:
        stage = "live" if campaign.status in ON_AIR else "about to start"
        raise CampaignState(
            f"The campaign is {stage}: {', '.join(refused)} cannot change now. Its name, the titles "
            "of its offers and its metadata can; its end moves with POST …/extend.",
            status=campaign.status.value,
            refused=refused,
        )


def _same_but_titles(campaign: Campaign, new: tuple[Offer, ...]) -> bool:
    """Whether nothing but titles differs from what its merchant is shown."""
    shown = [_terms(offer, campaign.list_price(offer)) for offer in campaign.offers]
    return shown == [_terms(offer, offer.unit_price) for offer in new]


def _terms(offer: Offer, price: int) -> tuple[object, ...]:
    return offer.sku, price, offer.allotment, offer.limit_per_buyer, offer.waitlist_hold


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
        if offer.sku in seen:
            yield f"/offers/{number}/sku", f"Offer {seen[offer.sku]} has this SKU already."
        seen.setdefault(offer.sku, number)


def _cues(campaign: Campaign) -> Iterator[Fault]:
    skus = {offer.sku for offer in campaign.offers}
    length = campaign.ends_at - campaign.starts_at
    before = 0
    for number, cue in enumerate(campaign.run_of_show):
        at = f"/run_of_show/{number}"
        if cue.sku is not None and cue.sku not in skus:
            yield f"{at}/sku", f"{_called(number, cue)}: no offer of this campaign has this SKU."
        if cue.at > length:
            yield (
                f"{at}/at",
                f"{_called(number, cue)}: the show ends {length:,} seconds after its start, and the cue must come before.",
            )
        if cue.at < before:
            yield f"{at}/at", f"{_called(number, cue)}: cues stand in the order of 'at'."
        before = cue.at


def _called(number: int, cue: Cue) -> str:
    """A cue, as a person finds it in the plan."""
    of = f" of {cue.sku}" if cue.sku else ""
    return f"Cue {number} ({cue.cue}{of}) at second {cue.at:,}"


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
                f"{_called(number, cue)}: cue {holder} has a flash price on this SKU until second {until:,}.",
            )
        if ends > length:
            yield (
                f"/run_of_show/{number}/seconds",
                f"{_called(number, cue)}: the flash price must end with the show, at second {length:,}, at the latest.",
            )
        last[cue.sku] = max((until, holder), (ends, number))
