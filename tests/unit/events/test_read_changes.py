"""What a change of one item is to others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.board import Board
from shared.domain.campaign import Campaign, Status
from shared.domain.events import Event, EventName
from shared.domain.ids import rehearsed_id
from shared.domain.stock import Amendment, Block, Counters, Entry, Kind, confirm, end, expire, take
from shared.use_cases.read_changes import (
    BlockChange,
    BoardChange,
    CampaignChange,
    Change,
    read_change,
)
from tests.builders import MERCHANT, a_campaign
from tests.unit.events.records import AT

CAMPAIGN = "cmp_" + "b" * 16


def events_of(change: Change) -> list[Event]:
    return list(read_change(change, {CAMPAIGN: MERCHANT}.__getitem__))


# -- campaigns -------------------------------------------------------------------------------------


def saved(before: Campaign | None, after: Campaign) -> list[Event]:
    return events_of(CampaignChange(at=AT, before=before, after=after))


@pytest.mark.parametrize(
    ("was", "becomes", "name"),
    [
        (Status.DRAFT, Status.SCHEDULED, EventName.CAMPAIGN_SCHEDULED),
        (Status.SCHEDULED, Status.LIVE, EventName.CAMPAIGN_OPENED),
        (Status.CLOSING, Status.CLOSED, EventName.CAMPAIGN_CLOSED),
        (Status.LIVE, Status.CANCELLED, EventName.CAMPAIGN_CANCELLED),
    ],
)
def test_a_campaign_that_reaches_a_status_is_told_once(was: Status, becomes: Status, name: str):
    before = a_campaign(status=was, version=4)
    after = before.become(becomes)

    (event,) = saved(before, after)
    assert event.name == name
    assert event.merchant == before.merchant
    assert event.campaign == before.id
    assert event.occurred_at == AT
    assert event.data["campaign_version"] == 5


def test_an_edit_and_the_closing_of_the_doors_are_no_news():
    scheduled = a_campaign(status=Status.SCHEDULED)
    live = a_campaign(status=Status.LIVE)

    assert not saved(None, a_campaign())
    assert not saved(scheduled, scheduled.changed(name="Saturday night"))
    assert not saved(live, live.become(Status.CLOSING))


def test_a_cancelled_campaign_says_what_it_was_and_why():
    before = a_campaign(status=Status.SCHEDULED)
    (event,) = saved(before, before.become(Status.CANCELLED, cancel_reason="Storm"))

    assert (event.data["was"], event.data["reason"]) == ("scheduled", "Storm")


def test_the_secret_of_a_campaign_stays_in_the_house():
    before = a_campaign(status=Status.SCHEDULED)
    (event,) = saved(before, before.become(Status.LIVE))

    assert before.secret not in str(event)


# -- blocks ----------------------------------------------------------------------------------------

EPOCH = AT - 3_600
HOLD = Entry(Kind.HELD, 2, AT - 5)


def a_block(**ledger: Entry) -> Block:
    held = sum(entry.quantity for entry in ledger.values() if entry.kind is Kind.HELD)
    return Block(3, EPOCH, AT + 3_600, EPOCH, Counters(free=32 - held, held=held), ledger)


def amended(before: Block, amendment: Amendment) -> list[Event]:
    ledger = {**before.ledger, **amendment.write}
    left = {key: entry for key, entry in ledger.items() if entry is not None}
    after = replace(before, counters=before.counters + amendment.change, ledger=left)
    return events_of(
        BlockChange(at=AT, campaign_id=CAMPAIGN, sku="FUJI-12", before=before, after=after)
    )


def test_a_hold_that_ran_out_is_told_with_its_units_and_deadline():
    (event,) = amended(a_block(aaaaaaaa=HOLD), expire([("aaaaaaaa", HOLD)]))

    assert event.name is EventName.RESERVATION_EXPIRED
    assert event.merchant == MERCHANT
    assert event.data == {"sku": "FUJI-12", "units": 2, "expired_at": AT - 5}


def test_several_holds_that_ran_out_in_one_write_are_told_one_by_one():
    block = a_block(aaaaaaaa=HOLD, bbbbbbbb=HOLD, cccccccc=replace(HOLD, deadline=AT + 60))
    events = amended(block, expire([("aaaaaaaa", HOLD), ("bbbbbbbb", HOLD)]))

    assert len({event.id for event in events}) == 2


def test_a_hold_replaced_by_the_next_life_of_its_key_ran_out():
    old = replace(HOLD, deadline=AT - 600)
    new = Entry(Kind.HELD, 1, AT + 300)
    over = take("aaaaaaaa", new, now=AT, room=40, over=old)

    (event,) = amended(a_block(aaaaaaaa=old), over)
    assert event.data["expired_at"] == AT - 600


def test_the_parts_of_a_larger_quantity_do_not_run_out_a_second_time():
    part = replace(HOLD, next=4)
    events = amended(
        a_block(aaaaaaaa=part, bbbbbbbb=HOLD), expire([("aaaaaaaa", part), ("bbbbbbbb", HOLD)])
    )

    assert len(events) == 1


def hold_taken() -> Amendment:
    return take("bbbbbbbb", replace(HOLD, deadline=AT + 300), now=AT, room=40)


@pytest.mark.parametrize(
    "amendment",
    [hold_taken(), confirm("aaaaaaaa", HOLD, 19_800), end("aaaaaaaa", HOLD, Kind.RELEASED)],
    ids=["taken", "confirmed", "released"],
)
def test_whatever_else_happens_to_a_hold_is_no_news_of_the_block(amendment: Amendment):
    assert not amended(a_block(aaaaaaaa=HOLD), amendment)


def test_the_merchant_is_asked_for_only_when_there_is_news():
    def nobody(_: str) -> str:
        raise AssertionError

    block = a_block()
    change = BlockChange(at=AT, campaign_id=CAMPAIGN, sku="FUJI-12", before=block, after=block)
    assert not list(read_change(change, nobody))


def test_two_lives_of_a_ledger_key_are_two_reservations():
    again = replace(HOLD, deadline=AT + 300)
    (first,) = amended(a_block(aaaaaaaa=HOLD), expire([("aaaaaaaa", HOLD)]))
    (second,) = amended(a_block(aaaaaaaa=again), expire([("aaaaaaaa", again)]))

    assert first.id != second.id


# -- boards ----------------------------------------------------------------------------------------


def counted(before: int | None, after: int | None, **at: Any) -> list[Event]:
    boards = [
        None if total is None else Board(as_of=as_of, total=total, free=b"")
        for as_of, total in ((1_000, before), (at.get("as_of", 1_250), after))
    ]
    return events_of(
        BoardChange(at=AT, campaign_id=CAMPAIGN, sku="FUJI-12", before=boards[0], after=boards[1])
    )


def test_an_offer_is_sold_out_when_a_count_first_finds_nothing():
    (event,) = counted(3, 0)

    assert event.name is EventName.OFFER_SOLD_OUT
    assert event.data == {"sku": "FUJI-12", "counted_at": 1.25}


def test_an_offer_that_was_never_counted_before_can_be_sold_out():
    assert counted(None, 0)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 2), (2, 1), (None, 5), (0, None)])
def test_other_counts_are_no_news(before: int | None, after: int | None):
    assert not counted(before, after)


def test_to_be_sold_out_again_is_news_again():
    (first,) = counted(3, 0, as_of=1_250)
    (second,) = counted(2, 0, as_of=9_000)

    assert first.id != second.id


# -- rehearsals ------------------------------------------------------------------------------------


def test_nobody_hears_of_a_rehearsal_nor_is_anything_of_it_asked_for():
    rehearsed = rehearsed_id(b"0123456789")
    before, after = a_block(aaaaaaaa=HOLD), a_block(aaaaaaaa=replace(HOLD, kind=Kind.EXPIRED))
    expired = replace(after, counters=replace(after.counters, expired=1))
    empty = Board(as_of=1, total=0, free=b"")
    place: Any = {"at": AT, "campaign_id": rehearsed, "sku": "FUJI-12"}
    live = a_campaign(id=rehearsed, status=Status.LIVE)
    changes: list[Change] = [
        CampaignChange(at=AT, before=None, after=live),
        BlockChange(**place, before=before, after=expired),
        BoardChange(**place, before=None, after=empty),
    ]

    # Its merchant cannot be learnt: it may be gone by now.
    assert [event for change in changes for event in events_of(change)] == []
    assert saved(None, replace(live, id=CAMPAIGN))
