"""
The commands over a campaign: schedule, start, end, extend, pause, resume, cancel.

Each gives the campaign as it is afterwards: with the next version, or the very same object if there is nothing
to do, so that a second start is harmless. One that does not apply raises ``CampaignState`` with the status.
``now``: seconds since 1970 UTC.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from shared.domain import show_time
from shared.domain.campaign import LONGEST_REPLAY, LONGEST_SHOW, ON_AIR, Campaign, Status, anchored
from shared.domain.errors import CampaignState, InvalidRequest, OfferNotFound
from shared.domain.live_cues import NOTICE, noted
from shared.table import BLOCK_UNITS

MOMENT: Final = 2
"""Seconds. What begins within them begins now."""
LARGEST_ALLOTMENT: Final = 1_000_000
MOST_ADDITIONS: Final = 50
MOST_PER_HOME: Final = BLOCK_UNITS * 3 // 2
"""
Units of an offer for each block that it opened with. Every request leaves an entry where it begins, and homes never move: a
ledger remembers some fifty, and each unit may be sold by itself.
"""


def schedule(campaign: Campaign, *, now: int) -> Campaign:
    """A draft that will start by itself. Its start must not have passed."""
    campaign.refuse_unless(Status.DRAFT, verb="scheduled")
    if campaign.starts_at < now:
        raise _invalid(
            "/starts_at",
            "The start has passed: change starts_at, or POST …/start to begin now.",
        )
    return campaign.become(Status.SCHEDULED)


def start(campaign: Campaign, *, now: int) -> Campaign:
    """
    A show that begins now, and opens as soon as its stock is laid out.

    The end stays where it was planned if that still makes a show of at most 24 hours; else the show
    keeps its planned length.
    """
    campaign.refuse_unless(Status.DRAFT, Status.SCHEDULED, *ON_AIR, verb="started")
    # Whoever was asked at the same moment may have a clock that is ahead of ours, or have looked at it later.
    begun = campaign.status is not Status.DRAFT and campaign.starts_at <= now + MOMENT
    if begun or campaign.status in ON_AIR:
        return campaign
    begins = {"starts_at": now, **_planned_end(campaign, now), **_moved(campaign, now)}
    if campaign.status is Status.DRAFT:
        return campaign.become(Status.SCHEDULED, **begins)
    return campaign.changed(**begins)


def end(campaign: Campaign, *, now: int) -> Campaign:
    """
    A live show, and its replay, over at this instant.

    ``is_selling`` is false at once; the beat closes the stock blocks within seconds.
    """
    campaign.refuse_unless(*ON_AIR, verb="ended")
    if campaign.closes_at <= now or campaign.shut:
        return campaign
    if campaign.ends_at <= now:
        return campaign.changed(replay_until=now)
    return campaign.changed(ends_at=max(now, campaign.starts_at), replay_until=None)


def extend(campaign: Campaign, *, ends_at: int, now: int) -> Campaign:
    """
    A later end. Nothing else has to be told: the beat stamps every block whose closing instant is not the campaign's.

    A replay that would end before the new end is taken in by the show.
    """
    campaign.refuse_unless(Status.SCHEDULED, *ON_AIR, verb="extended")
    if campaign.closes_at <= now or campaign.shut:
        raise _about_to_close(campaign, "extended")
    if ends_at == campaign.ends_at:
        return campaign
    if campaign.replay_until and campaign.ends_at <= now + NOTICE:
        # What is sold from then on is the replay's, and stays so: for whoever sells by a copy of the campaign, too.
        raise CampaignState(
            "The show is over, or will be in a moment, and its replay is on: its end cannot be moved any more.",
            status=campaign.status.value,
        )
    if ends_at < campaign.ends_at:
        present = show_time.local(campaign.ends_at, campaign.time_zone)
        raise _invalid(
            "/ends_at", f"Must be later than the present end, {present} in {campaign.time_zone}."
        )
    if ends_at <= now:
        raise _invalid("/ends_at", "Must be in the future.")
    if ends_at > campaign.starts_at + LONGEST_SHOW:
        raise _invalid("/ends_at", "A show lasts at most 24 hours.")
    replay = campaign.replay_until
    later = {"ends_at": ends_at, "replay_until": replay if replay and replay > ends_at else None}
    if campaign.status is Status.SCHEDULED:
        return campaign.changed(**later)
    more = ends_at - campaign.ends_at
    marked = noted(campaign, "extended", now=now, seconds=more)
    return campaign.changed(**later, improvised=marked)


def pause(campaign: Campaign, *, now: int, reason: str | None = None) -> Campaign:
    """
    A show that takes no reservations until it is resumed. What is held may be paid; the end stays where it is.

    It says ``pausing`` until every stock block knows, and then ``paused``.
    """
    campaign.refuse_unless(*ON_AIR, verb="paused")
    if campaign.shut:
        raise _about_to_close(campaign, "paused")
    if campaign.status is not Status.LIVE:
        return campaign
    said = noted(campaign, "paused", now=now, text=reason)
    return campaign.become(Status.PAUSING, halted_in=campaign.version + 1, improvised=said)


def resume(campaign: Campaign, *, now: int) -> Campaign:
    """A paused show that sells again, as soon as its blocks know."""
    campaign.refuse_unless(*ON_AIR, verb="resumed")
    if campaign.shut:
        raise _about_to_close(campaign, "resumed")
    if campaign.status is Status.LIVE:
        return campaign
    return campaign.become(Status.LIVE, improvised=noted(campaign, "resumed", now=now))


def add_stock(campaign: Campaign, *, sku: str, units: int, now: int) -> Campaign:
    """More units of an offer on sale, as soon as their blocks are laid out. Nothing is paused for it."""
    campaign.refuse_unless(*ON_AIR, verb="given more stock")
    if campaign.shut or campaign.closes_at <= now:
        raise _about_to_close(campaign, "given more stock")
    try:
        offer = campaign.offer(sku)
    except OfferNotFound:
        raise _invalid("/sku", "No offer of this campaign has this SKU.") from None
    has = offer.allotment + sum(offer.coming)
    most = min(LARGEST_ALLOTMENT, offer.home_blocks * MOST_PER_HOME)
    if has + units > most:
        said = (
            f"{sku} has {has:,} units and opened for at most {most:,}: {most - has:,} more will do."
        )
        raise _invalid("/units", said)
    if len(offer.added) + len(offer.coming) >= MOST_ADDITIONS:
        raise CampaignState(
            f"Stock was added to {sku} {MOST_ADDITIONS} times already: that is all there is room for.",
            status=campaign.status.value,
        )
    more = replace(offer, coming=(*offer.coming, units))
    offers = tuple(more if each.sku == sku else each for each in campaign.offers)
    marked = noted(campaign, "stock", now=now, sku=sku, units=units)
    return campaign.changed(offers=offers, improvised=marked)


def cancel(campaign: Campaign, *, reason: str, now: int) -> Campaign:
    """A campaign called off: its blocks are closed for good, what is held is released, what is paid stays paid."""
    campaign.refuse_unless(Status.DRAFT, Status.SCHEDULED, *ON_AIR, verb="cancelled")
    return campaign.become(Status.CANCELLED, cancel_reason=reason, cancelled_at=now)


def is_due(campaign: Campaign, now: int, lead: int) -> bool:
    """Whether a scheduled campaign is so near its start that its stock is to be laid out. ``lead``: seconds before."""
    return campaign.status is Status.SCHEDULED and campaign.starts_at - lead <= now


def is_laid_out(campaign: Campaign, now: int, lead: int) -> bool:
    """Whether the plan is fixed: the stock is on its shelves, or the lifecycle may be putting it there at this moment."""
    return (
        campaign.prepared_at is not None or campaign.status in ON_AIR or is_due(campaign, now, lead)
    )


def _moved(campaign: Campaign, starts_at: int) -> dict[str, Any]:
    """What of the plan was written as a time of day, and so is at another second of the show now."""
    offers = (
        replace(offer, portions=tuple(each.anchored(starts_at) for each in offer.portions))
        for offer in campaign.offers
    )
    return {"run_of_show": anchored(campaign.run_of_show, starts_at), "offers": tuple(offers)}


def _planned_end(campaign: Campaign, now: int) -> dict[str, int | None]:
    ends, replay = campaign.ends_at, campaign.replay_until
    if not now < ends <= now + LONGEST_SHOW:
        moved = now - campaign.starts_at
        ends, replay = ends + moved, replay + moved if replay else None
    return {"ends_at": ends, "replay_until": min(replay, now + LONGEST_REPLAY) if replay else None}


def _about_to_close(campaign: Campaign, verb: str) -> CampaignState:
    return CampaignState(
        f"The campaign has ended and is about to close: it cannot be {verb}.",
        status=campaign.status.value,
    )


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"pointer": pointer, "detail": detail}])
