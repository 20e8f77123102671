"""Each objective can be missed, and says by what; and the limits and the bill follow from the plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.campaign import Campaign, Offer, Portion, Status
from shared.domain.forecast import cost, limits
from shared.domain.journal import Journal
from shared.domain.objectives import Objective, Played, has_passed, objectives
from shared.domain.stock import Block, Counters, Entry, Kind
from tests.builders import a_campaign

DEADLINE = 1_795_867_260


def a_show(**fields: Any) -> Campaign:
    offer = Offer(
        number=0,
        sku="FUJI-12",
        title={},
        unit_price=990,
        allotment=6,
        home_blocks=1,
        blocks=2,
        portions=(Portion(5, 2),),
    )
    changes = {"status": Status.CLOSED, "balanced": True, "prepared_at": 1, **fields}
    return a_campaign(offers=(offer,), **changes)


def a_block(number: int, free: int, *entries: Entry, **counters: int) -> Block:
    ledger = {f"entry{number}{place:02}": entry for place, entry in enumerate(entries)}
    held = sum(entry.quantity for entry in entries if entry.kind is Kind.HELD)
    sold = sum(entry.quantity for entry in entries if entry.kind is Kind.SOLD)
    orders = sum(entry.kind is Kind.SOLD for entry in entries)
    sums = Counters(free=free, held=held, sold=sold, orders=orders, gross=990 * sold)
    return Block(number, 1, 0, 1, replace(sums, **counters), ledger)


def sold(units: int) -> Entry:
    return Entry(Kind.SOLD, units, DEADLINE)


def a_journal(**outcomes: int) -> Journal:
    journal = Journal(outcomes=Counter({"visits": 9, "reserved": 4, "paid": 3, **outcomes}))
    for step in ("reserve", "checkout", "payment"):
        journal.enter(step, writes=1.2, reads=1, seconds=0.02)
    return journal


def a_rehearsal(**fields: Any) -> Played:
    given: dict[str, Any] = {
        "show": a_show(),
        "blocks": [[a_block(0, 1, sold(3)), a_block(1, 0, sold(2))]],
        "complete": True,
        "journal": a_journal(),
        **fields,
    }
    return Played(**given)


def judged(played: Played, *, timed: bool = True) -> dict[str, Objective]:
    return {objective.name: objective for objective in objectives(played, timed=timed)}


def unfair() -> Journal:
    return replace(a_journal(), unfair=["visit 3: was promised 900; the price is 990"])


def slow(step: str) -> Journal:
    journal = a_journal()
    journal.enter(step, writes=1, reads=1, seconds=2.0)
    return journal


def dear(step: str, *, writes: float = 0, reads: float = 0) -> Journal:
    journal = a_journal()
    journal.enter(step, writes=writes, reads=reads, seconds=0.01)
    return journal


def test_a_sound_rehearsal_passes():
    found = judged(a_rehearsal())
    assert {name for name, objective in found.items() if objective.passed is not True} == set()
    assert has_passed(list(found.values()))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        # More sold of a portion than it has, whatever the others have left; and a counter that lies.
        ("oversell", {"blocks": [[a_block(0, 2, sold(1)), a_block(1, 0, sold(3))]]}),
        ("oversell", {"blocks": [[a_block(0, 1, sold(3), sold=4), a_block(1, 0, sold(2))]]}),
        ("unfair", {"journal": unfair()}),
        ("books balanced", {"show": a_show(balanced=False)}),
        ("books balanced", {"show": a_show(status=Status.CLOSING)}),
        ("books balanced", {"complete": False}),
        (
            "every hold ended",
            {"blocks": [[a_block(0, 0, sold(3), Entry(Kind.HELD, 1, 9)), a_block(1, 2)]]},
        ),
        ("latency of reserve", {"journal": slow("reserve")}),
        ("latency of checkout", {"journal": slow("checkout")}),
        ("latency of payment", {"journal": slow("payment")}),
        ("write units of a reservation", {"journal": dear("reserve", writes=3.2)}),
        ("read units of a reservation", {"journal": dear("reserve", reads=3.2)}),
        ("write units of a paid order", {"journal": dear("payment", writes=9)}),
        ("played to the end", {"journal": None}),
        ("played to the end", {"problem": "States.Timeout"}),
        ("played to the end", {"journal": replace(a_journal(), unanswered=["visit 1"])}),
        ("played to the end", {"journal": a_journal(reserved=0)}),
    ],
)
def test_each_objective_can_be_missed(name: str, fields: dict[str, Any]):
    found = judged(a_rehearsal(**fields))
    assert found[name].passed is False
    assert not has_passed(list(found.values()))


def test_times_on_a_laptop_are_told_and_not_judged():
    found = judged(a_rehearsal(journal=slow("reserve")), timed=False)
    assert found["latency of reserve"].passed is None
    assert "says nothing of AWS" in found["latency of reserve"].measured
    assert has_passed(list(found.values()))


def test_a_journal_is_read_as_it_was_kept():
    journal = replace(a_journal(), unfair=["one"], latest=0.25)
    assert Journal.of(journal.document()) == journal
    assert journal.percentile("reserve", 99) == 20.0


# -- limits and cost -------------------------------------------------------------------------------


def test_a_quota_that_the_busiest_second_would_hit_is_named_with_what_to_do():
    calm = limits(a_campaign(), 24_320)
    assert all(limit.within for limit in calm)
    rush = {limit.name: limit for limit in limits(a_campaign(carrier="file"), 2_000_000)}
    over = [limit for limit in rush.values() if not limit.within]
    assert {"HTTP API requests a second", "Lambda environments at once"} <= {
        one.name for one in over
    }
    for limit in over:
        assert limit.document()["advice"]
    assert rush["HTTP API requests a second"].plan == 2 * 33_334
    assert not calm[0].document()["advice"]


def test_the_bill_is_the_sum_of_its_lines_by_what_was_measured():
    bill = cost(a_campaign(carrier="file"), 8000, a_journal(paid=3, reserved=3))
    lines = {line["what"]: line for line in bill["lines"]}
    assert bill["orders"] == 4000
    assert lines["HTTP API requests"]["count"] == 8000 + 2 * 4000
    # A reservation, a checkout and a payment each; and one unit of each buyer who came for nothing.
    assert lines["DynamoDB write units"]["count"] == round(3 * 1.2 * 4000 + 4000)
    assert lines["Step Functions Express"]["count"] == 4000
    assert bill["whole_show"] == pytest.approx(
        sum(line["usd"] for line in lines.values()), abs=1e-3
    )
    assert bill["per_hour"] == bill["whole_show"]
