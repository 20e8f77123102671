"""Races for places in line: nobody is overtaken, nobody has two, and no unit is offered twice."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from shared.domain.errors import BuyerLimitReached, SoldOut, UnitsAvailable
from shared.domain.waitlist import Ticket, TicketState
from shared.use_cases.join_waitlist import TicketView
from shared.use_cases.reserve import Reservation
from tests.proof.races.arena import Race
from tests.proof.races.conftest import MakeRace
from tests.theatre import HOLD

TURN = 30


def joined(race: Race, count: int, name: str = "in line") -> list[Ticket]:
    """So many more who stand in line, by their numbers. The clock of a process runs from when it begins: so a bit later."""
    race.show.wait(15)
    acts = [partial(each.join, f"{name} {each.number}") for each in race.processes(count)]
    views = [each for each in race.at_once(*acts) if isinstance(each, TicketView)]
    assert len(views) == count
    return sorted((each.ticket for each in views), key=lambda ticket: ticket.number)


def serve_all(race: Race) -> None:
    """Until nothing is left to be offered."""
    while race.process().serve():
        pass


def offered(race: Race) -> list[int]:
    """Numbers that had their turn."""
    had = (TicketState.OFFERED, TicketState.CONFIRMED, TicketState.EXPIRED)
    return [ticket.number for ticket in race.tickets() if ticket.held and ticket.state in had]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("block_units", [1, 4])
def test_nobody_is_overtaken_whoever_comes_when_units_come_back(
    race: MakeRace, seed: int, block_units: int
):
    show = race(seed, 12, block_units=block_units, turn=TURN)
    held = [each.hold(f"b{each.number}") for each in show.processes(12)]
    first = joined(show, 14)
    show.show.wait(15)
    back = [partial(each.release, held[n]) for n, each in enumerate(show.processes(7))]
    keepers = [each.serve for each in show.processes(4)]
    strangers = [partial(each.reserve, f"stranger {each.number}") for each in show.processes(12)]
    late = [partial(each.join, f"late {each.number}") for each in show.processes(8)]
    answers = show.at_once(*back, *keepers, *strangers, *late)
    turned_away = answers[len(back) + len(keepers) :][: len(strangers)]
    assert all(isinstance(each, SoldOut) for each in turned_away), turned_away
    serve_all(show)
    assert offered(show) == [ticket.number for ticket in first[:7]]
    show.judge()


@pytest.mark.parametrize("seed", range(3))
def test_who_leaves_while_it_is_their_turn_leaves_the_unit_to_the_next(race: MakeRace, seed: int):
    show = race(seed, 6, block_units=2, turn=TURN)
    held = [each.hold(f"b{each.number}") for each in show.processes(6)]
    line = joined(show, 9)
    show.show.wait(15)
    back = [partial(each.release, held[n]) for n, each in enumerate(show.processes(4))]
    leaving = [partial(each.leave, line[n]) for n, each in enumerate(show.processes(4))]
    keepers = [each.serve for each in show.processes(5)]
    left = show.at_once(*back, *leaving, *keepers)[len(back) :][: len(leaving)]
    assert {each.state for each in left} == {TicketState.LEFT}
    serve_all(show)
    stayed = [ticket.number for ticket in line[4:]]
    assert offered(show) == stayed[:4]
    show.judge()


@pytest.mark.parametrize("seed", range(2))
def test_one_request_many_times_has_one_place_and_one_buyer_no_more_than_the_limit(
    race: MakeRace, seed: int
):
    show = race(seed, 4, block_units=2, limit=2, turn=TURN)
    for each in show.processes(2):
        each.hold(f"b{each.number}", units=2)
    show.show.wait(15)
    twins = [partial(each.join, "twin") for each in show.processes(20)]
    devices = [partial(each.join, "ana", 1, f"device {each.number}") for each in show.processes(12)]
    answers: list[Any] = show.at_once(*twins, *devices)
    ones = [each for each in answers[:20] if isinstance(each, TicketView)]
    assert len({each.ticket.id for each in ones}) == 1
    hers = answers[20:]
    assert sum(isinstance(each, TicketView) for each in hers) == 2
    assert sum(isinstance(each, BuyerLimitReached) for each in hers) == 10
    show.judge()


@pytest.mark.parametrize("seed", range(2))
def test_what_runs_out_goes_to_the_line_once_and_at_last_back_on_sale(race: MakeRace, seed: int):
    show = race(seed, 8, block_units=2, turn=TURN)
    for each in show.processes(8):
        each.hold(f"b{each.number}")
    line = joined(show, 5)
    show.show.wait(HOLD + 1)
    acts = [each.beat for each in show.processes(3)] + [each.serve for each in show.processes(3)]
    late = [partial(each.join, f"late {each.number}") for each in show.processes(2)]
    views = show.at_once(*acts, *late)[len(acts) :]
    show.process().beat()
    serve_all(show)
    numbers = [ticket.number for ticket in line]
    joined_late = [each.ticket.number for each in views if isinstance(each, TicketView)]
    assert all(isinstance(each, TicketView | UnitsAvailable) for each in views), views
    assert offered(show) == sorted([*numbers, *joined_late])
    # Nobody waits any more: who comes now is served at the door.
    show.process().beat()
    served = [each.reserve(f"new {each.number}") for each in show.processes(3 - len(joined_late))]
    assert all(isinstance(each, Reservation) for each in served), served
    show.judge(pruned=True)
