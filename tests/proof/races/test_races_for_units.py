"""Races for units: never oversold, never stranded, each request served once, whoever comes at the same time."""

from __future__ import annotations

from functools import partial

import pytest

from shared.domain.errors import (
    BuyerLimitReached,
    IdempotencyKeyReused,
    ReservationExpired,
    SoldOut,
)
from shared.domain.stock import REMEMBERED
from shared.use_cases.reserve import Reservation
from shared.use_cases.settle_hold import State
from tests.proof.races.arena import Race
from tests.proof.races.conftest import MakeRace
from tests.proof.races.process import Process
from tests.theatre import HOLD

ROUNDS = range(4)


def served(answers: list[object]) -> list[Reservation]:
    return [answer for answer in answers if isinstance(answer, Reservation)]


def shop(process: Process, buyers: list[str], units: int = 1) -> list[Reservation]:
    """One buyer after the other, each tells what they got."""
    return served([process.reserve(buyer, units=units) for buyer in buyers])


def crowd_of(race: Race, buyers: int, processes: int, units: int = 1) -> list[Reservation]:
    """That many buyers, through so many processes at once. Who was served."""
    names = [f"one of {buyers}: {number}" for number in range(buyers)]
    acts = [
        partial(shop, process, names[number::processes], units)
        for number, process in enumerate(race.processes(processes))
    ]
    return [reservation for got in race.at_once(*acts) for reservation in got]


@pytest.mark.parametrize("block_units", [10, 4, 1])
def test_a_thousand_buyers_for_ten_units(race: MakeRace, block_units: int):
    show = race(block_units, 10, block_units=block_units)
    assert len(crowd_of(show, 1000, 16)) == 10
    sums = show.judge()
    assert (sums.available, sums.held) == (0, 10)


@pytest.mark.parametrize(
    ("units", "block_units", "quantity"),
    [
        (1, 1, 1),
        (7, 2, 1),
        (40, 32, 1),
        (64, 32, 1),
        (24, 2, 3),
        (32, 32, 5),
        (30, 4, 7),
        (60, 1, 1),
    ],
)
def test_the_last_unit_is_sold_once_and_none_is_stranded(
    race: MakeRace, units: int, block_units: int, quantity: int
):
    show = race(units, units, block_units=block_units)
    assert len(crowd_of(show, 3 * units // quantity + 5, 12, quantity)) == units // quantity
    assert show.judge().available == units % quantity


@pytest.mark.parametrize(("units", "block_units", "quantity"), [(20, 20, 2), (8, 1, 1), (16, 2, 5)])
def test_one_key_fifty_times_at_once_takes_units_once(
    race: MakeRace, units: int, block_units: int, quantity: int
):
    show = race(units, units, block_units=block_units)
    crowd_of(show, units // 4, 2)
    acts = [partial(each.reserve, "ana", "one", quantity) for each in show.processes(50)]
    answers = show.at_once(*acts)
    assert len(served(answers)) == 50
    assert [each.replayed for each in served(answers)].count(False) == 1

    later = show.process()
    again = later.hold("ana", "one", quantity)
    assert (again.id, again.replayed) == (answers[0].id, True)
    assert isinstance(later.reserve("ana", "one", quantity + 1), IdempotencyKeyReused)
    assert later.hold("bo", "one", quantity).id != again.id
    assert show.judge().held == units // 4 + 2 * quantity


@pytest.mark.parametrize("seed", ROUNDS)
def test_two_quantities_under_one_key_at_once_are_one_reservation(race: MakeRace, seed: int):
    show = race(seed, 12, block_units=(12, 3, 2, 1)[seed])
    acts = [
        partial(process.reserve, "ana", "one", 1 + number % 2)
        for number, process in enumerate(show.processes(12))
    ]
    answers = show.at_once(*acts)
    refused = [each for each in answers if isinstance(each, IdempotencyKeyReused)]
    assert len({each.id for each in served(answers)}) == 1
    assert len(served(answers)) == len(refused) == 6
    # What the loser took on its way belongs to nobody, and is back when its time is over.
    show.show.wait(HOLD)
    show.process().beat()
    sums = show.judge()
    assert (sums.available, sums.expired) == (12, 1)


@pytest.mark.parametrize("seed", ROUNDS)
def test_of_two_baskets_that_need_each_others_units_none_is_half_held(race: MakeRace, seed: int):
    show = race(seed, 6, block_units=3)
    baskets = [
        partial(process.reserve, buyer, units=4 + seed % 2)
        for process, buyer in zip(show.processes(2), ("ana", "bo"), strict=True)
    ]
    answers = show.at_once(*baskets)
    assert len(served(answers)) <= 1
    # Whoever comes after them finds all that nobody has, once what was said of it meanwhile is forgotten.
    show.show.wait(2)
    left = 6 - sum(each.check.quantity for each in served(answers))
    assert isinstance(show.process().reserve("cy", units=left), Reservation)
    assert show.judge().available == 0


@pytest.mark.parametrize("seed", ROUNDS)
def test_many_baskets_over_several_blocks_are_all_or_nothing(race: MakeRace, seed: int):
    show = race(seed, 24, block_units=(2, 3, 4, 6)[seed])
    asked = [show.random.randint(2, 9) for _ in range(12)]
    acts = [
        partial(process.reserve, f"buyer {number}", units=asked[number])
        for number, process in enumerate(show.processes(12))
    ]
    got = served(show.at_once(*acts))
    assert {each.check.quantity for each in got} <= set(asked)
    left = 24 - sum(each.check.quantity for each in got)
    show.show.wait(2)
    assert len(crowd_of(show, left + 3, 3)) == left
    assert show.judge().available == 0


# -- ends of holds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ROUNDS)
def test_of_a_release_and_the_end_of_the_hold_one_wins(race: MakeRace, seed: int):
    show = race(seed, 4, block_units=(4, 1, 2, 3)[seed])
    reservation = show.process().hold("ana", units=3)
    show.show.wait(HOLD)
    in_time, too_late, beats = show.process(slow=1), show.process(), show.process()
    released, late, _ = show.at_once(
        partial(in_time.release, reservation),
        partial(too_late.release, reservation),
        partial(beats.beat, now=reservation.check.deadline),
    )
    show.process().beat()
    sums = show.judge()
    assert (sums.available, sums.released + sums.expired) == (4, 1)
    for answer in (released, late):
        assert isinstance(answer, Reservation if sums.released else ReservationExpired)
    found = too_late.reservations.find(reservation.id, show.show.campaign.merchant, too_late.now)
    assert found.state is (State.RELEASED if sums.released else State.EXPIRED)


@pytest.mark.parametrize("seed", ROUNDS)
def test_ten_releases_at_once_give_the_units_back_once(race: MakeRace, seed: int):
    show = race(seed, 5, block_units=1 + seed)
    reservation = show.process().hold("ana", units=4)
    answers = show.at_once(*[partial(each.release, reservation) for each in show.processes(10)])
    assert {answer.state for answer in served(answers)} == {State.RELEASED}
    assert len(served(answers)) == 10
    sums = show.judge()
    assert (sums.available, sums.released) == (5, 1)


@pytest.mark.parametrize("seed", ROUNDS)
def test_units_of_a_hold_that_ran_out_go_to_one_of_those_who_meet_it(race: MakeRace, seed: int):
    """The next buyers take the units back themselves, at the very second, while two beats do it too."""
    show = race(seed, 2, block_units=1 + seed % 2)
    show.process().hold("ana", units=2)
    show.show.wait(HOLD)
    acts = [partial(each.reserve, f"b{each.number}") for each in show.processes(6)]
    beats = [partial(each.beat, now=show.show.now) for each in show.processes(2)]
    got = served(show.at_once(*acts, *beats))
    # Units that came back are on sale again within a second, those of a larger quantity with the next beat.
    show.process().beat()
    show.show.wait(2)
    got += served([each.reserve(f"c{each.number}") for each in show.processes(2)])
    assert len(got) == 2
    sums = show.judge()
    assert (sums.available, sums.held, sums.expired, sums.placed) == (0, 2, 1, 3)


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_full_ledger_that_is_pruned_while_buyers_come_forgets_nobody(race: MakeRace, seed: int):
    show = race(seed, 4, block_units=4, room=6)
    first = show.process()
    for number in range(6):
        first.release(first.hold(f"early {number}"))
    show.show.wait(HOLD + REMEMBERED + 1)
    beats = [partial(each.beat, now=show.show.now) for each in show.processes(3)]
    acts = [partial(each.reserve, f"late {each.number}") for each in show.processes(8)]
    got = served(show.at_once(*acts, *beats))
    for number in range(6):
        got += served([show.process().reserve(f"later {number}")])
    assert len(got) == 4
    sums = show.judge(pruned=True)
    assert (sums.held, sums.released, sums.placed) == (4, 6, 10)


# -- a limit per buyer ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "quantity"), [(5, 1), (5, 2), (3, 3), (4, 1)])
def test_many_devices_of_one_buyer_stay_within_the_limit(race: MakeRace, limit: int, quantity: int):
    show = race(limit, 64, block_units=16, limit=limit)
    acts = [
        partial(process.reserve, "ana", f"device {process.number}", quantity)
        for process in show.processes(20)
    ]
    answers = show.at_once(*acts)
    refused = [answer for answer in answers if isinstance(answer, BuyerLimitReached)]
    assert (len(served(answers)), len(refused)) == (limit // quantity, 20 - limit // quantity)
    # What was given back may be taken again, and no more than that.
    show.process().release(served(answers)[0])
    acts = [
        partial(process.reserve, "ana", f"again {process.number}", quantity)
        for process in show.processes(6)
    ]
    assert len(served(show.at_once(*acts))) == 1
    assert show.judge().held == limit // quantity * quantity


@pytest.mark.parametrize("seed", range(5))
def test_a_refused_twin_of_a_request_that_was_served_does_not_lift_the_limit(
    race: MakeRace, seed: int
):
    """One device still believes that the offer is sold out, its twin takes the unit: the unit counts, whoever is last."""
    show = race(seed, 2, block_units=1 + seed % 2, limit=1)
    rivals = [show.process().hold(buyer) for buyer in ("bo", "cy")]
    behind = show.processes(3)
    for process in behind:
        assert isinstance(process.reserve("dee", f"{process.number}"), SoldOut)
    for rival in rivals:
        show.process().release(rival)
    acts = [partial(process.reserve, "ana", "one") for process in [*behind, *show.processes(3)]]
    answers = show.at_once(*acts)
    once = served(answers)
    assert len({each.id for each in once}) <= 1
    more = show.process().reserve("ana", "two")
    assert isinstance(more, BuyerLimitReached if once else Reservation)
    assert show.judge().held == 1


def come_and_go(process: Process, visits: int) -> set[str]:
    """One buyer after the other who gives units back at once; by what names they were refused."""
    refused = set()
    for number in range(visits):
        answer = process.reserve(f"visitor {process.number}", f"visit {number}")
        if isinstance(answer, Reservation):
            process.release(answer)
        else:
            refused.add(getattr(answer, "code", repr(answer)))
    return refused


@pytest.mark.parametrize(("units", "block_units"), [(1, 1), (4, 4), (12, 4), (6, 1)])
def test_after_any_number_who_come_and_go_every_unit_is_free_to_be_taken(
    race: MakeRace, units: int, block_units: int
):
    show = race(units, units, block_units=block_units, room=block_units + 2)
    acts = [partial(come_and_go, process, 12) for process in show.processes(8)]
    refused = set().union(*show.at_once(*acts))
    assert refused <= {"sold_out", "stock_contended"}
    # What was said of it meanwhile is forgotten by then.
    show.show.wait(2)
    assert len(crowd_of(show, 3 * units, 4)) == units
    assert show.judge().available == 0


@pytest.mark.parametrize("seed", ROUNDS)
def test_one_key_at_many_processes_takes_units_once_while_others_come_and_go(
    race: MakeRace, seed: int
):
    show = race(seed, 8, block_units=(8, 4, 2, 1)[seed], room=(8, 4, 2, 1)[seed] + 2)
    crowd = [partial(come_and_go, process, 15) for process in show.processes(6)]
    one = [partial(each.reserve, "ana", "one", 2) for each in show.processes(12)]
    answers = show.at_once(*crowd, *one)[len(crowd) :]
    assert len({each.id for each in served(answers)}) <= 1
    sums = show.judge()
    assert sums.held == (2 if served(answers) else 0)
