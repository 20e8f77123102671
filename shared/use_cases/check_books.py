"""
Compare the books of a campaign now, because somebody asks.

What a rule can finish is finished first, as the beat and the drain do: orders whose hold has ended, money whose way was
interrupted. Then ledgers, counters, orders and totals are compared. Before the sale is drained the campaign moves under
the reader's eyes; so it is read twice, and only what both readings say is told. Nothing else is changed: what differs is a
person's to decide, and keeps the campaign from being complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from shared.clock import pause, rfc3339_millis
from shared.domain.campaign import OVER, Campaign
from shared.domain.errors import CampaignNotFound, CampaignState
from shared.domain.reconciliation import Findings, Reconciliation, drift, reconcile
from shared.use_cases.finish_orders import Finished, finish_all
from shared.use_cases.keep_uses import read_uses
from shared.use_cases.order_ports import Books
from shared.use_cases.ports import Answered, AnsweredBefore, Answers, Campaigns
from shared.use_cases.run_campaign import HONOURED, Ask, Told, replay
from shared.use_cases.take_snapshot import take_snapshot, with_moved_sales
from shared.use_cases.totals_ports import TotalsStore

_BETWEEN: Final = 1.0
"""Seconds between two readings: who pays has told the order by then."""


class BooksChecker:
    """Compares the books for their merchant."""

    def __init__(
        self,
        campaigns: Campaigns,
        totals: TotalsStore,
        books: Books,
        answers: Answers,
        clock: Callable[[], int],
        *,
        pause: Callable[[float], None] = pause,
    ) -> None:
        """``clock``: milliseconds."""
        self._campaigns = campaigns
        self._totals = totals
        self._books = books
        self._answers = answers
        self._clock = clock
        self._pause = pause

    def check(self, ask: Ask) -> Told:
        """What differs; the same for the same key. ``CampaignNotFound``; ``CampaignState`` before there is stock."""
        read_at = self._clock()
        campaign = self._campaigns.get(ask.resource)
        if campaign.merchant != ask.merchant:
            raise CampaignNotFound
        now = self._clock() // 1000
        before = self._answers.recall(ask.id, now=now)
        if before is not None:
            return replay(ask, before)
        if campaign.prepared_at is None:
            raise CampaignState(
                "It has no stock yet: there is nothing to compare.", status=campaign.status.value
            )
        document = self._compare(campaign, read_at)
        answered = Answered(
            ask.id, ask.fingerprint, 200, json.dumps(document), expires_at=now + HONOURED
        )
        try:
            self._answers.keep(answered, now=now)
        except AnsweredBefore as twin:
            return replay(ask, twin.answered)
        return Told(200, document, replayed=False)

    def _compare(self, campaign: Campaign, read_at: int) -> dict[str, Any]:
        finished = finish_all(self._books, campaign, now=self._clock() // 1000)
        first, moving = self._read(campaign, read_at)
        found = first.findings
        if moving and found.count:
            self._pause(_BETWEEN)
            second, _ = self._read(campaign, read_at)
            found = drift(first, second)
        return _document(campaign, first, found, finished, at=self._clock())

    def _read(self, campaign: Campaign, read_at: int) -> tuple[Reconciliation, bool]:
        """The books as they are, and whether they still move."""
        uses = read_uses(self._books.stock, campaign)
        counted = take_snapshot(
            self._totals, self._books.stock, campaign, self._clock, read_at=read_at
        )
        shelves = [*counted.blocks, *(read.blocks for read in uses)]
        held = any(block.counters.held for of_shelf in shelves for block in of_shelf)
        moving = campaign.status not in OVER or held
        orders = self._books.orders.all(campaign.id)
        found = reconcile(
            campaign,
            with_moved_sales(self._books.stock, campaign, counted.blocks),
            orders,
            counted.snapshot,
            uses={read.number: read.blocks for read in uses},
            drained=not moving,
        )
        return found, moving


def _document(
    campaign: Campaign, read: Reconciliation, found: Findings, finished: Finished, *, at: int
) -> dict[str, Any]:
    return {
        "object": "reconciliation",
        "campaign": campaign.id,
        "status": campaign.status.value,
        "as_of": rfc3339_millis(at),
        "balanced": not found.count,
        "blocks": read.blocks,
        "orders": read.orders.count,
        "finished": {
            "paid": finished.paid,
            "cancelled": finished.cancelled,
            "refunded": finished.refunded,
        },
        "waiting": finished.waiting,
        "differences_found": found.count,
        "differences": found.listed,
    }
