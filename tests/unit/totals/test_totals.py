"""The definitions of the totals, and the two sums that always hold."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.totals import Totals
from shared.domain.campaign import Status
from shared.domain.errors import Refusal
from shared.domain.stock import Block, Counters, Entry, Kind
from shared.domain.totals import Sums, next_snapshot
from shared.use_cases.read_totals import totals_document
from tests.builders import MERCHANT, a_campaign
from tests.theatre import FUJI, GALA, HOLD, Theatre


def assert_sound(document: dict[str, Any]) -> None:
    """The two sums of every answer, and offers that add up to the whole."""
    Totals.model_validate(document)
    for units in (document["units"], *(offer["units"] for offer in document["offers"])):
        assert units["allotted"] == units["available"] + units["held"] + units["sold"]
    placed = document["reservations"]
    assert placed["placed"] == sum(
        placed[name] for name in ("confirmed", "released", "expired", "held")
    )
    assert document["net"] == document["gross"] - document["refunded"]
    for name in ("orders", "gross", "refunded"):
        assert document[name] == sum(offer[name] for offer in document["offers"])
    for name, total in document["units"].items():
        assert total == sum(offer["units"][name] for offer in document["offers"])


def test_each_number_is_what_its_definition_says():
    show = Theatre()
    show.go_live()
    show.sell(2)
    show.sell(1, GALA)
    show.release(show.reserve(3))
    show.reserve(4)
    show.wait(HOLD)
    show.beat()
    show.reserve(5)
    show.reserve(2, GALA)
    show.wait(2)
    document = totals_document(show.seen())
    assert_sound(document)
    assert (document["orders"], document["gross"], document["net"]) == (2, 2 * 9900 + 5000, 24800)
    assert document["units"] == {
        "allotted": 45,
        "available": 35,
        "held": 7,
        "sold": 3,
        "refunded": 0,
        "later": 0,
    }
    assert document["reservations"] == {
        "placed": 6,
        "confirmed": 2,
        "released": 1,
        "expired": 1,
        "held": 2,
    }
    assert (document["name"], document["pinned"], document["status"]) == (
        "Friday night",
        FUJI,
        "live",
    )
    assert document["starts_at"] == "2026-11-28T12:00:00Z"


def test_units_over_several_blocks_are_one_reservation():
    show = Theatre()
    show.go_live()
    show.reserve(35)
    document = totals_document(show.seen())
    assert_sound(document)
    assert (document["units"]["held"], document["reservations"]["held"]) == (35, 1)


def test_refunded_units_are_sold_until_they_are_put_back_and_confirmed_for_ever():
    entries = {
        "a": Entry(Kind.SOLD, 2, 9),
        "b": Entry(Kind.REFUNDED, 3, 9),
        "c": Entry(Kind.HELD, 1, 9, 1),
        "d": Entry(Kind.FORWARD, 0, 9, 1),
        "e": Entry(Kind.VOID, 0, 9),
    }
    block = Block(
        0, 0, 0, 0, Counters(free=4, held=1, sold=5, orders=2, gross=500, refunded=300), entries
    )
    sums = Sums.of([block, block])
    assert (sums.units_refunded, sums.sold, sums.orders, sums.holds, sums.placed) == (
        6,
        10,
        4,
        0,
        4,
    )


def test_a_draft_has_its_allotment_and_nothing_else():
    show = Theatre(status=Status.DRAFT)
    document = totals_document(show.seen())
    assert_sound(document)
    assert document["units"] == {
        "allotted": 45,
        "available": 45,
        "held": 0,
        "sold": 0,
        "refunded": 0,
        "later": 0,
    }
    assert (document["orders"], document["pinned"], document["complete"]) == (0, None, False)


def test_what_is_called_off_before_it_had_stock_is_complete():
    show = Theatre()
    show.cancel()
    document = totals_document(show.seen())
    assert_sound(document)
    assert (document["complete"], document["status"]) == (True, "cancelled")


def test_a_clock_that_is_behind_does_not_turn_time_back():
    campaign = a_campaign()
    first = next_snapshot(None, campaign, [Sums()], as_of=2_000)
    second = next_snapshot(first, campaign, [Sums()], as_of=1_000)
    assert (second.version, second.as_of) == (2, 2_000)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_whatever_happens_every_answer_adds_up_and_nothing_goes_back(seed: int):
    chance = Random(seed)
    show = Theatre()
    show.go_live()
    desks = [show.desk() for _ in range(3)]
    held, orders = [], []
    before: dict[str, Any] = {
        "version": 0,
        "as_of": "",
        "orders": 0,
        "gross": 0,
        "reservations": {"placed": 0},
    }
    for _ in range(60):
        try:
            match chance.randrange(7):
                case 0 | 1:
                    held.append(
                        show.reserve(chance.choice([1, 1, 2, 34]), chance.choice([FUJI, GALA]))
                    )
                case 2 if held:
                    orders.append(show.check_out(chance.choice(held)))
                case 3 if orders:
                    show.pay(chance.choice(orders))
                case 4 if held:
                    show.release(held.pop())
                case 5:
                    show.wait(chance.choice([0.2, 1, 3, 30]))
                case 6:
                    show.beat()
        except Refusal:
            pass
        seen = chance.choice(desks).look(show.id, MERCHANT, [before["version"]])
        document = totals_document(seen)
        assert_sound(document)
        assert show.millis - seen.snapshot.as_of <= 2_000
        for name in ("version", "as_of", "orders", "gross"):
            assert document[name] >= before[name]
        assert document["reservations"]["placed"] >= before["reservations"]["placed"]
        before = document
