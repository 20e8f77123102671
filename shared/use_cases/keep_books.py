"""
One beat of the show, every 5 seconds: count, tell, expire, mend, finish.

A beat decides nothing that the blocks have not decided: it makes ends that are due happen, and sees that the books
are sound. Two beats at once, a beat that stops half-way, and half an hour without one, do no harm to the sale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.campaign import ON_AIR, Campaign, Offer, Status
from shared.domain.stock import FOR_GOOD, IN_FLIGHT, REMEMBERED, Block, Kind
from shared.domain.totals import Snapshot
from shared.use_cases.arrange_stock import arrange_stock, gate_of, paused
from shared.use_cases.finish_orders import UNDER_WAY, finish_all, finish_orders
from shared.use_cases.keep_stock import Kept, keep_stock
from shared.use_cases.keep_uses import keep_uses, read_uses
from shared.use_cases.order_ports import Books
from shared.use_cases.ports import Campaigns, ChangedMeanwhile
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import StockBlocks, shelf
from shared.use_cases.take_snapshot import Counted, take_snapshot
from shared.use_cases.totals_ports import Bookmark, TotalsStore

BEAT = 5
"""Seconds from the end of a beat to the next."""
PATIENCE = 60
"""Seconds that the drain waits beyond the last hold for what does not end. Then the books are closed, and will not
balance."""
LOOK_BACK = 1800
"""Seconds for which an order that cannot be finished (its provider is silent) is tried again by every beat; then by
the drain."""
_UNPAID = frozenset({Kind.HELD, Kind.RELEASED, Kind.EXPIRED})
"""As they were read: what is held may have ended since."""


class Phase(StrEnum):
    """What the lifecycle does next."""

    LIVE = "live"
    CLOSE = "close"
    DRAIN = "drain"
    DRAINED = "drained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a beat found and did."""

    phase: Phase
    wait_seconds: int
    """Until the next one."""
    snapshot: Snapshot
    expired: int
    """Holds whose units came back."""
    held: int
    """Units still held."""
    waiting: int
    """Orders that could not be finished yet."""
    faults: Sequence[str]
    """What does not add up in the blocks."""


def keep_books(
    campaigns: Campaigns,
    totals: TotalsStore,
    books: Books,
    campaign_id: str,
    clock: Callable[[], int],
) -> Beat:
    """One beat. ``clock``: milliseconds since 1970 UTC."""
    read_at = clock()
    campaign = campaigns.get(campaign_id)
    if campaign.status in ON_AIR and _lacks(campaign):
        # Whoever was to lay them out is gone.
        campaign = arrange_stock(campaigns, books.stock, campaign_id)
    bookmark = totals.bookmark(campaign_id)
    uses = read_uses(books.stock, campaign, until=read_at // 1000)
    counted = take_snapshot(totals, books.stock, campaign, clock, read_at=read_at)
    now = counted.at // 1000
    kept = _keep_offers(books.stock, campaign, counted, now)
    of_deals = keep_uses(books.stock, campaign, uses, counted.blocks, now=now)
    if campaign.status is Status.PAUSING and any(counted.blocks):
        with suppress(ChangedMeanwhile):
            # Every block knows by now, whoever was to tell them.
            campaigns.save(paused(campaign), by="keep_books")
    phase = _phase(campaign, counted.blocks, now)
    if phase is Phase.DRAIN and bookmark.drains_until is None:
        # The last hold was taken before now, so it ends before that.
        drains_until = now + campaign.longest_hold + PATIENCE
        bookmark = replace(bookmark, drains_until=drains_until)
    held = sum(offer.held for offer in kept)
    under_way = held + of_deals.held
    # Never after now: the last beat's clock may have been ahead, and a show may be called off before its start.
    since = min(bookmark.finished_until or campaign.starts_at, now)
    waiting = finish_orders(books, campaign, since=since, until=now, now=now).waiting
    finished_until = max(since, now - LOOK_BACK) if waiting else now
    bookmark = replace(bookmark, finished_until=finished_until, beat_at=now)
    totals.set_bookmark(campaign_id, bookmark)
    if phase is Phase.DRAIN and not under_way:
        waiting = finish_all(books, campaign, now=now).waiting
        if not waiting and bookmark.quiet_since is None:
            bookmark = replace(bookmark, quiet_since=clock() // 1000)
            totals.set_bookmark(campaign_id, bookmark)
    if phase is Phase.DRAIN and (
        not (under_way or waiting or _may_be_ordered(counted.blocks, bookmark, now))
        or now >= (bookmark.drains_until or now)
    ):
        phase = Phase.DRAINED
    return Beat(
        phase=phase,
        wait_seconds=_wait(campaign, phase, now),
        snapshot=counted.snapshot,
        expired=sum(offer.expired for offer in kept),
        held=held,
        waiting=waiting,
        faults=[*(fault for offer in kept for fault in offer.faults), *of_deals.faults],
    )


def _keep_offers(stock: StockBlocks, campaign: Campaign, counted: Counted, now: int) -> list[Kept]:
    if campaign.prepared_at is None:
        # Called off before it had any stock.
        return []
    selling = not campaign.is_over
    called_off = campaign.status is Status.CANCELLED

    def keep(of_offer: tuple[Offer, Sequence[Block]]) -> Kept:
        offer, blocks = of_offer
        place = shelf(campaign, offer)
        if selling and any(not block.counters.free for block in blocks):
            # Some home is empty, so somebody will have to look elsewhere: here is where.
            stock.post_board(place, place.board(blocks, as_of=counted.at))
        return keep_stock(
            stock, place, blocks, now=now, gate=gate_of(campaign, offer), called_off=called_off
        )

    return side_by_side(keep, zip(campaign.offers, counted.blocks, strict=True))


def _phase(campaign: Campaign, blocks: Sequence[Sequence[Block]], now: int) -> Phase:
    if campaign.status in (Status.SCHEDULED, *ON_AIR):
        return Phase.LIVE if now < campaign.closes_at and not campaign.shut else Phase.CLOSE
    if campaign.status is Status.CANCELLED:
        # Its status says nothing of the blocks, so they are asked.
        open_still = any(block.closes != FOR_GOOD for offer in blocks for block in offer)
        return Phase.CLOSE if open_still or _lacks(campaign) else Phase.DRAIN
    return Phase.DRAIN


def _lacks(campaign: Campaign) -> bool:
    """Whether blocks of an addition to an allotment do not count yet."""
    return any(offer.coming for offer in campaign.offers)


def _may_be_ordered(blocks: Sequence[Sequence[Block]], bookmark: Bookmark, now: int) -> bool:
    """
    Whether a hold ended unpaid so lately that its checkout may be under way still. Its order would be in no book, and nobody
    would cancel its payment.
    """
    if bookmark.quiet_since is not None and now >= bookmark.quiet_since + UNDER_WAY:
        return False
    return any(
        entry.kind in _UNPAID and now < entry.deadline + UNDER_WAY
        for of_offer in blocks
        for block in of_offer
        for entry in block.ledger.values()
    ) or any(
        # The youngest of its moved entries may be a hold that ended unpaid.
        block.overflow is not None
        and now < block.overflow.until - REMEMBERED - IN_FLIGHT + UNDER_WAY
        for of_offer in blocks
        for block in of_offer
    )


def _wait(campaign: Campaign, phase: Phase, now: int) -> int:
    """Until the next beat, or the end of the show if that comes before."""
    return min(BEAT, max(1, campaign.closes_at - now)) if phase is Phase.LIVE else BEAT
