"""Races against the limits of holds: exactly as many are open, or begin, as the campaign allows, whoever comes at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from shared.domain.errors import SoldOut, TooManyHolds
from shared.domain.hold_limits import WINDOW, HoldClaim, HoldLimits
from shared.domain.ids import buyer_digest
from shared.use_cases.reserve import Reservation
from tests.proof.races.arena import Race
from tests.proof.races.conftest import MakeRace
from tests.proof.races.test_races_for_units import served
from tests.theatre import HOLD

DEVICES = 50
BOTH = {"max_open_holds_per_buyer": 3, "max_holds_per_ten_minutes": 5}


def refused(answers: list[object]) -> list[TooManyHolds]:
    return [answer for answer in answers if isinstance(answer, TooManyHolds)]


def all_at_once(show: Race, name: str, devices: int = DEVICES) -> list[Any]:
    """One buyer by so many devices, each with a request of its own."""
    acts = [
        partial(process.reserve, "ana", f"{name} {process.number}")
        for process in show.processes(devices)
    ]
    return show.at_once(*acts)


def counted(show: Race) -> tuple[int, int]:
    """Claims in the buyer's item, and those that are not marked as ended."""
    campaign = show.show.campaign
    buyer = buyer_digest(campaign.secret, "ana")
    seen = show.show.holds.claim(campaign.id, buyer, "probekey", HoldClaim(1, 0), HoldLimits(0, 0))
    assert seen is not None
    return len(seen.claims), sum(not claim.ended for claim in seen.claims.values())


@pytest.mark.parametrize("limit", [1, 3])
def test_fifty_devices_of_one_buyer_have_as_many_holds_open_as_may_be(race: MakeRace, limit: int):
    show = race(limit, 200, block_units=16, max_open_holds_per_buyer=limit)
    answers = all_at_once(show, "first")
    assert (len(served(answers)), len(refused(answers))) == (limit, DEVICES - limit)
    assert {(each.facts["rule"], each.facts["limit"]) for each in refused(answers)} == {
        ("open_holds", limit)
    }
    # What is released, and no more than that, may be had again.
    show.process().release(served(answers)[0])
    assert len(served(all_at_once(show, "second"))) == 1
    show.show.wait(HOLD)
    # All have run out, and their claims are in the way of nobody.
    assert len(served(all_at_once(show, "third"))) == limit
    show.judge()


@pytest.mark.parametrize("limit", [1, 7])
def test_fifty_devices_of_one_buyer_begin_as_many_holds_as_may_begin(race: MakeRace, limit: int):
    show = race(limit, 200, block_units=16, max_holds_per_ten_minutes=limit)
    answers = all_at_once(show, "first")
    assert (len(served(answers)), len(refused(answers))) == (limit, DEVICES - limit)
    for reservation in served(answers):
        show.process().release(reservation)
    assert served(all_at_once(show, "second")) == []
    show.show.wait(WINDOW)
    assert len(served(all_at_once(show, "third"))) == limit
    show.judge(pruned=True)


@pytest.mark.parametrize("seed", range(3))
def test_releases_and_requests_at_once_never_pass_either_limit(race: MakeRace, seed: int):
    show = race(seed, 200, block_units=(16, 3, 1)[seed], **BOTH)
    first = served(all_at_once(show, "first", 20))
    assert len(first) == 3
    releases = [partial(each.release, first[each.number % 2]) for each in show.processes(6)]
    wanted = [partial(each.reserve, "ana", f"more {each.number}") for each in show.processes(20)]
    late = served(show.at_once(*releases, *wanted)[len(releases) :])
    assert len(late) <= 2
    late += served(all_at_once(show, "last", 10))
    assert len(late) == 2
    rules = {each.facts["rule"] for each in refused(all_at_once(show, "over", 10))}
    assert rules == {"holds_begun"}
    assert show.judge().placed == 5


@pytest.mark.parametrize("limits", [{"max_open_holds_per_buyer": 1}, BOTH])
def test_one_request_forty_times_at_once_is_served_and_counted_once(
    race: MakeRace, limits: dict[str, int]
):
    show = race(1, 20, block_units=2, **limits)
    acts = [partial(each.reserve, "ana", "one") for each in show.processes(40)]
    answers = show.at_once(*acts)
    assert len(served(answers)) == 40
    assert len({each.id for each in served(answers)}) == 1
    assert counted(show) == (1, 1)
    show.judge()


@pytest.mark.parametrize("seed", range(4))
def test_a_refused_duplicate_of_a_request_that_was_served_does_not_lift_the_limit(
    race: MakeRace, seed: int
):
    """Some devices still believe that the offer is sold out, their duplicates take the unit."""
    show = race(seed, 2, block_units=1 + seed % 2, max_open_holds_per_buyer=1)
    rivals = [show.process().hold(buyer) for buyer in ("bo", "cy")]
    behind = show.processes(3)
    for process in behind:
        assert isinstance(process.reserve("dee", f"{process.number}"), SoldOut)
    for rival in rivals:
        show.process().release(rival)
    acts = [partial(process.reserve, "ana", "one") for process in [*behind, *show.processes(3)]]
    once = served(show.at_once(*acts))
    assert len({each.id for each in once}) <= 1
    more = show.process().reserve("ana", "two")
    assert isinstance(more, TooManyHolds if once else Reservation)
    assert show.judge().held == 1


def test_requests_that_are_refused_at_once_leave_nothing_counted(race: MakeRace):
    show = race(1, 4, block_units=2, **BOTH)
    taken = show.process().hold("bo", units=4)
    acts = [
        partial(process.reserve, "ana", f"{process.number // 2}") for process in show.processes(12)
    ]
    answers = show.at_once(*acts)
    assert served(answers) == []
    show.process().release(taken)
    # Longer than any of them may be under way.
    show.show.wait(20)
    assert len(served(all_at_once(show, "later", 8))) == 3
    show.judge()
