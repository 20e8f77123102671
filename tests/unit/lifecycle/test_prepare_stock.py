"""Laying out the stock: frozen once, complete in the end, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CampaignState
from shared.domain.stock import FOR_GOOD, sizes
from shared.use_cases.ports import ChangedMeanwhile
from tests.builders import a_campaign
from tests.fakes import Crash
from tests.theatre import GALA, Theatre, an_offer


def test_every_unit_is_laid_out_in_blocks_that_open_and_close_by_the_clock():
    show = Theatre()
    show.prepare()
    campaign = show.campaign
    assert campaign.prepared_at == show.now
    assert [(offer.number, offer.home_blocks, offer.blocks) for offer in campaign.offers] == [
        (0, 2, 2),
        (1, 1, 1),
    ]
    blocks = show.blocks()
    assert sum(block.counters.free for block in blocks) == 45
    assert {(block.opens, block.closes) for block in blocks} == {
        (campaign.starts_at, campaign.closes_at)
    }
    assert {block.epoch for block in blocks} == {campaign.prepared_at}


def test_a_second_run_keeps_the_first_freeze_and_what_happened_since():
    show = Theatre()
    show.go_live()
    show.sell(3)
    frozen, blocks = show.campaign, show.blocks()
    show.wait(100)
    show.prepare()
    assert show.campaign == frozen
    assert show.blocks() == blocks


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.CLOSING, Status.CLOSED])
def test_nothing_is_laid_out_for_a_campaign_that_will_not_sell(status: Status):
    show = Theatre(status=status)
    show.prepare()
    assert show.campaign.prepared_at is None
    assert show.stock.blocks == {}


def test_a_draft_has_no_lifecycle():
    with pytest.raises(CampaignState):
        Theatre(status=Status.DRAFT).prepare()


def test_a_merchant_who_edits_meanwhile_gets_the_edited_plan_frozen():
    show = Theatre()
    edits: Iterator[dict[str, Any]] = iter(
        [{"offers": (an_offer(allotment=100),)}, {"name": "Saturday night"}]
    )

    def edit(what: str) -> None:
        show.campaigns.before = lambda _: None
        if (change := next(edits, None)) is not None:
            show.change(**change)
        show.campaigns.before = edit

    show.campaigns.before = edit
    show.prepare()
    assert show.campaign.name == "Saturday night"
    assert show.campaign.offers[0].blocks == 4
    assert sum(block.counters.free for block in show.blocks()) == 100


def test_a_cancel_that_comes_first_wins():
    show = Theatre()

    def cancel(what: str) -> None:
        show.campaigns.before = lambda _: None
        show.cancel()

    show.campaigns.before = cancel
    show.prepare()
    assert (show.campaign.status, show.campaign.prepared_at) == (Status.CANCELLED, None)


@pytest.mark.parametrize("died_after", [0, 1, 100, 255, 256, 257, 700, 1500, 3124])
def test_a_run_that_times_out_is_resumed_where_it_stopped(died_after: int):
    show = Theatre(offers=(an_offer(allotment=70_000), an_offer(GALA, 30_000)))
    made = 0

    def time_out(what: str) -> None:
        nonlocal made
        if made >= died_after:
            raise Crash
        made += 1

    show.stock.before = lambda what: time_out(what) if what == "lay_out" else None
    with pytest.raises(Crash):
        show.prepare()
    there = len(show.stock.blocks)
    puts: list[str] = []
    show.stock.before = puts.append
    show.stock.reads = 0

    show.prepare()

    assert len(show.blocks()) == len(sizes(70_000)) + len(sizes(30_000))
    assert sum(block.counters.free for block in show.blocks()) == 100_000
    assert puts.count("lay_out") <= 3126 - there + 2 * 256
    assert show.stock.reads <= 12 + 2 * 3126  # a search, and the two readings above


def test_a_block_that_was_closed_before_it_was_laid_out_stays_closed():
    show = Theatre()
    show.prepare()
    prepared = show.campaign
    show.stock.blocks.clear()
    show.close()
    show.campaigns.kept[show.id] = prepared  # what a slow run of the first step still believes
    show.prepare()
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_who_never_stops_changing_the_campaign_is_waited_for_by_the_machine():
    show = Theatre()

    def always_first(what: str) -> None:
        raise ChangedMeanwhile

    show.campaigns.before = always_first
    with pytest.raises(Exception, match="changed by others") as refused:
        show.prepare()
    assert type(refused.value).__name__ == "StoreBusy"
    assert a_campaign().prepared_at is None
