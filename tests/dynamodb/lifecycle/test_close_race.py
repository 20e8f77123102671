"""Buyers against the close, with real threads: once the campaign says ``closing``, no hold is taken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CampaignNotOpen, LedgerFull, SoldOut
from shared.domain.stock import FOR_GOOD
from shared.use_cases.campaign_cache import CampaignCache
from shared.use_cases.hints import Hints
from shared.use_cases.reserve import ReservationDesk, ReservationRequest
from shared.use_cases.take_snapshot import count_blocks, sums_of
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage
from tests.theatre import FUJI, an_offer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BUYERS = 6


class Buyer:
    """A selling process with a cache and a clock of its own, that never stops asking."""

    def __init__(self, show: Stage, number: int, slow: int) -> None:
        self.held = 0
        self._show, self._number, self._slow = show, number, slow
        hints = Hints(show.stock, show.clock, choice=Random(number))
        campaigns = CampaignCache(show.campaigns)
        self._desk = ReservationDesk(campaigns, show.stock, hints, show.buyers)

    def buy_until(self, stop: threading.Event) -> None:
        asked = 0
        while not stop.is_set():
            asked += 1
            request = ReservationRequest(
                merchant=MERCHANT,
                campaign_id=self._show.id,
                sku=FUJI,
                quantity=1,
                buyer_id=f"buyer {self._number}",
                idempotency_key=f"{self._number}-{asked}",
            )
            try:
                self._desk.reserve(request, self._show.now - self._slow)
            except (CampaignNotOpen, SoldOut, LedgerFull):
                stop.wait(0.002)
            else:
                self.held += 1


@pytest.mark.parametrize("how", ["ended", "cancelled"])
def test_once_the_campaign_says_closing_no_hold_is_taken(dynamodb: DynamoDBClient, how: str):
    show = Stage(dynamodb, offers=(an_offer(allotment=320),), run_of_show=())
    show.go_live()
    stop = threading.Event()
    # Half of them have clocks that are a minute behind, and all believe the campaign they read a second ago.
    buyers = [Buyer(show, number, slow=60 * (number % 2)) for number in range(BUYERS)]
    show.wait(61)
    with ThreadPoolExecutor(BUYERS + 1) as pool:
        running = [pool.submit(buyer.buy_until, stop) for buyer in buyers]
        try:
            stop.wait(0.3)
            # A beat that knows nothing of the end is under way all the time.
            stale = show.campaign.changed(ends_at=show.campaign.ends_at + 3600)
            late_beats = pool.submit(restamp_until, show, stale.closes_at, stop)
            if how == "cancelled":
                show.cancel()
            show.close()
            assert show.status() in (Status.CLOSING, Status.CANCELLED)
            at_close = placed(show)
            stop.wait(0.7)
        finally:
            stop.set()
        for each in [*running, late_beats]:
            each.result()
    assert at_close > 0
    assert placed(show) == at_close
    assert sum(buyer.held for buyer in buyers) == at_close
    blocks = show.blocks()
    assert {block.closes for block in blocks} == {FOR_GOOD}
    assert [fault for block in blocks for fault in block.faults()] == []


def restamp_until(show: Stage, closes: int, stop: threading.Event) -> None:
    numbers = range(10)
    from shared.use_cases.stock_ports import shelf

    place = shelf(show.campaign, show.campaign.offers[0])
    while not stop.is_set():
        for number in numbers:
            show.stock.stamp(place, number, opens=show.campaign.starts_at, closes=closes)


def placed(show: Stage) -> int:
    campaign = show.campaign
    return sums_of(campaign, count_blocks(show.stock, campaign))[0].placed
