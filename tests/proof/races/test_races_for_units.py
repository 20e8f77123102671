"""Races for units: never oversold, never stranded, each request served once, whoever comes at the same time."""

from __future__ import annotations

from functools import partial

import pytest

from shared.domain.errors import (
    BuyerLimitReached,
    IdempotencyKeyReused,
    LedgerFull,
    Refusal,
    ReservationConfirmed,
    ReservationExpired,
    SoldOut,
)
from shared.use_cases.reserve import Reservation
from tests.proof.races.arena import Process, Race
from tests.proof.races.conftest import MakeRace
from tests.theatre import HOLD


def served(answers: list[object]) -> list[Reservation]:
    return [answer for answer in answers if isinstance(answer, Reservation)]


def shop(process: Process, buyers: list[str], units: int = 1) -> list[Reservation]:
    """One buyer after the other, each tells what they got."""
    return served([process.reserve(buyer, units=units) for buyer in buyers])


def crowd_of(race: Race, buyers: int, processes: int, units: int = 1) -> list[Reservation]:
    """That many buyers, through so many processes at once. Who was served."""
    names = [f"buyer {number}" for number in range(buyers)]
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
