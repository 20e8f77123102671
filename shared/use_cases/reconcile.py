"""
Reconcile a drained campaign, and settle it when its books balance.

Every step can be repeated: counting, comparing and writing the report again gives the same report; the last snapshot
is complete once and for all; the status is saved last. Whoever dies in between leaves a campaign that is still
closing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.campaign import Campaign, Status
from shared.domain.errors import CampaignState, StoreBusy
from shared.domain.reconciliation import reconcile
from shared.domain.report import MINUTE, canonical, closing_report, name_of
from shared.domain.timeline import buckets, history, markers
from shared.domain.totals import figures, next_snapshot
from shared.use_cases.keep_uses import read_uses
from shared.use_cases.order_ports import Orders
from shared.use_cases.ports import Campaigns
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.stock_ports import StockBlocks
from shared.use_cases.take_snapshot import take_snapshot, with_moved_sales
from shared.use_cases.totals_ports import TotalsStore

_TRIES = 20
"""Readers may take a snapshot at the same moment, once a second."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the books balance, and what keeps them from it."""

    balanced: bool
    differences: tuple[str, ...] = ()
    """The first of them."""
    found: int = 0
    """All of them."""


def reconcile_campaign(
    campaigns: Campaigns,
    totals: TotalsStore,
    stock: StockBlocks,
    orders: Orders,
    campaign_id: str,
    clock: Callable[[], int],
) -> Outcome:
    """Compare everything, write the closing report, and note the outcome on the campaign. ``clock``: milliseconds."""
    read_at = clock()
    campaign = campaigns.get(campaign_id)
    _refuse_unless_closing(campaign)
    last = totals.current(campaign_id)
    if campaign.balanced and last is not None and last.complete:
        # Settled before. What came after, such as a late payment that went back, is not in the report.
        return Outcome(balanced=True)
    uses = {read.number: read.blocks for read in read_uses(stock, campaign)}
    counted = take_snapshot(totals, stock, campaign, clock, read_at=read_at)
    of_campaign = orders.all(campaign_id)
    blocks = with_moved_sales(stock, campaign, counted.blocks)
    found = reconcile(campaign, blocks, of_campaign, counted.snapshot, uses=uses)
    rows = history(totals.kept(campaign_id), counted.snapshot)
    report = closing_report(campaign, found, buckets(rows, MINUTE), markers(campaign, rows))
    totals.write_report(campaign_id, canonical(report))

    def note(standing: Campaign) -> Campaign:
        if standing.balanced == found.balanced:
            return standing
        return standing.changed(balanced=found.balanced)

    change_campaign(campaigns, campaign_id, note, by="reconcile_campaign")
    return Outcome(found.balanced, tuple(found.findings.listed), found.findings.count)


def settle_campaign(
    campaigns: Campaigns, totals: TotalsStore, campaign_id: str, clock: Callable[[], int]
) -> Campaign:
    """Make the totals complete, then the campaign closed. One that was called off stays ``cancelled``."""
    campaign = campaigns.get(campaign_id)
    _refuse_unless_closing(campaign)
    if not campaign.balanced:
        raise CampaignState("Its books do not balance.", status=campaign.status.value)
    _complete(totals, _settled(campaign), clock)
    return change_campaign(campaigns, campaign_id, _settled, by="settle_campaign")


def _settled(campaign: Campaign) -> Campaign:
    return campaign.become(Status.CLOSED) if campaign.status is Status.CLOSING else campaign


def _complete(totals: TotalsStore, campaign: Campaign, clock: Callable[[], int]) -> None:
    """The last snapshot: the numbers that were reconciled, the name of their report, that nothing will change more."""
    text = totals.report(campaign.id) or "{}"
    report = json.loads(text)
    for _ in range(_TRIES):
        current = totals.current(campaign.id)
        if current is None or figures(campaign, current.offers) != report.get("totals"):
            raise CampaignState(
                "Its totals moved after they were reconciled.", status=campaign.status.value
            )
        if current.complete:
            return
        last = next_snapshot(
            current,
            campaign,
            current.offers,
            as_of=clock(),
            complete=True,
            report=name_of(text),
            sound=True,
        )
        if current.is_history and current.bucket < last.bucket:
            totals.keep(campaign.id, current)
        if totals.advance(campaign.id, last):
            return
    raise StoreBusy("The totals are being counted by others all the time.")


def _refuse_unless_closing(campaign: Campaign) -> None:
    campaign.refuse_unless(Status.CLOSING, Status.CLOSED, Status.CANCELLED, verb="settled")
