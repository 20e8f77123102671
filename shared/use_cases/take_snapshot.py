"""
Take a snapshot of a campaign's totals.

The current snapshot is read before the first block and replaced on condition that it is still current, so that
whatever is in version v was committed before the counting for v + 1 began: numbers that can only grow never go back
from one version to the next. Whoever is overtaken is served what won.

The last snapshot of each span of 10 seconds is kept before the current one moves on to a later span. A process that
dies in between has kept a copy too early; the next one replaces it, for it is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.domain.campaign import Campaign, Status
from shared.domain.errors import StoreBusy
from shared.domain.stock import PAID, Block
from shared.domain.totals import Snapshot, Sums, count_offer, next_snapshot
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf
from shared.use_cases.totals_ports import TotalsStore

Count = list[list[Block]]
"""The blocks of each offer, in the order of the campaign's offers."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A snapshot, and the blocks it was counted from."""

    snapshot: Snapshot
    blocks: Count
    at: int
    """Milliseconds since 1970 UTC, before the first block was read."""


def count_blocks(stock: StockBlocks, campaign: Campaign) -> Count:
    """Every block of every offer, each strongly consistent. Nothing before the stock is laid out."""
    if campaign.prepared_at is None:
        return [[] for _ in campaign.offers]
    return stock.read_shelves([shelf(campaign, offer) for offer in campaign.offers])


def with_moved_sales(stock: StockBlocks, campaign: Campaign, blocks: Count) -> Count:
    """Add to the ledgers of blocks the paid orders in the overflow table, for reconciliation."""
    if campaign.prepared_at is None:
        return blocks
    return [
        [_with_moved_sales(stock, shelf(campaign, offer), block) for block in of_offer]
        for offer, of_offer in zip(campaign.offers, blocks, strict=True)
    ]


def _with_moved_sales(stock: StockBlocks, place: Shelf, block: Block) -> Block:
    if not block.has_moved_sales:
        return block
    moved = stock.all_moved(place, block.number)
    paid = {key: entry for key, entry in moved.items() if entry.kind in PAID}
    counters = replace(block.counters, moved_orders=0, moved_refunded=0)
    return replace(block, ledger={**paid, **block.ledger}, counters=counters)


def take_snapshot(
    totals: TotalsStore,
    stock: StockBlocks,
    campaign: Campaign,
    clock: Callable[[], int],
    *,
    read_at: int,
) -> Counted:
    """
    Count the campaign now. The snapshot is ours, or the one of whoever was first.

    ``clock``: milliseconds since 1970 UTC; ``read_at``: by it, before the campaign was read. What only the plan tells,
    for no block was counted, was so then, and perhaps no longer.
    """
    before = totals.current(campaign.id)
    at = clock()
    try:
        blocks = count_blocks(stock, campaign)
    except StoreBusy:
        if campaign.status is not Status.SCHEDULED or (before and before.is_history):
            raise
        # The stock is still being laid out. What can be said is how it stood when the sale began: untouched.
        blocks, at = [[] for _ in campaign.offers], min(at, campaign.starts_at * 1000)
    if not any(blocks):
        at = min(at, read_at)
    if before is not None and (before.complete or before.campaign_version > campaign.version):
        # Nothing comes after the complete one; and an older campaign than the last has nothing new to say.
        return Counted(before, blocks, at)
    sound = any(blocks) and not any(block.faults() for of_offer in blocks for block in of_offer)
    counted_at = max(at, before.as_of) if before else at
    sums = sums_of(campaign, blocks, counted_at)
    after = next_snapshot(before, campaign, sums, as_of=at, sound=sound)
    if before is not None and before.is_history and before.bucket < after.bucket:
        totals.keep(campaign.id, before)
    if not totals.advance(campaign.id, after):
        after = totals.current(campaign.id) or after
    return Counted(after, blocks, at)


def sums_of(campaign: Campaign, blocks: Sequence[Sequence[Block]], at: int) -> list[Sums]:
    """The totals of each offer at an instant (milliseconds)."""
    return [
        count_offer(campaign, offer, of_offer, at // 1000)
        for offer, of_offer in zip(campaign.offers, blocks, strict=True)
    ]
