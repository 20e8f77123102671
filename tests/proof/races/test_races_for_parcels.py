"""Races around parcels: one parcel, to the old address or to the new one, and whoever asked was told which."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from shared.domain.errors import ShipmentRequested
from shared.domain.order import Attention, Order, OrderState
from shared.use_cases.hand_over import HandOver
from tests.memory_parcels import MemoryCarrier, OpenAddresses
from tests.proof.races.arena import Race
from tests.proof.races.conftest import MakeRace
from tests.shop import SHIP_TO

ROUNDS = range(6)
OLD = SHIP_TO["line1"]


def a_paid_order(show: Race) -> Order:
    process = show.process()
    order = process.order("ana")
    process.pay(order)
    [paid] = show.orders()
    assert paid.state is OrderState.PAID
    return paid


def line_of(carrier: MemoryCarrier) -> str:
    """Where the one parcel goes. Its name says the same as its street, or it is a mixture."""
    (parcel,) = carrier.parcels.values()
    address = parcel.address
    assert address in (SHIP_TO, {**SHIP_TO, "name": address["line1"], "line1": address["line1"]})
    assert set(carrier.asked.values()) == {1}
    return address["line1"]


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_corrected_address_against_the_request_of_its_shipment(race: MakeRace, seed: int):
    show = race(seed, 2, carrier="file")
    order = a_paid_order(show)
    carrier = MemoryCarrier()

    *handed, told = show.at_once(
        *[partial(each.hand_over, order, carrier) for each in show.processes(1 + seed % 3)],
        partial(show.process().move, order, "2 New Road"),
    )

    # One that reads while another is about to ask its carrier asks it too, under the same id; then all have sent it.
    assert set(handed) == {HandOver.FULFILLED}
    goes_to = {parcel.address["line1"] for parcel in carrier.parcels.values()}
    if isinstance(told, ShipmentRequested):
        assert goes_to == {OLD}
    else:
        assert told[1]["line1"] == "2 New Road"
        assert goes_to == {"2 New Road"}
    [stands] = show.show.orders.all(show.show.id, address=True)
    kept = OpenAddresses().open(show.show.campaign, stands)
    (parcel,) = carrier.parcels.values()
    assert kept == parcel.address
    assert parcel.address in (
        SHIP_TO,
        {**SHIP_TO, "name": "2 New Road", "line1": "2 New Road"},
    )
    show.settle()


@pytest.mark.parametrize("seed", ROUNDS)
def test_many_corrections_at_once_against_one_shipment(race: MakeRace, seed: int):
    show = race(seed, 2, carrier="file")
    order = a_paid_order(show)
    carrier = MemoryCarrier()
    lines = [f"{number} New Road" for number in range(6)]

    handed, *told = show.at_once(
        partial(show.process().hand_over, order, carrier),
        *[
            partial(each.move, order, line)
            for each, line in zip(show.processes(6), lines, strict=True)
        ],
    )

    assert handed is HandOver.FULFILLED
    accepted = {
        line
        for line, answer in zip(lines, told, strict=True)
        if not isinstance(answer, ShipmentRequested)
    }
    assert line_of(carrier) in (accepted or {OLD})
    # Each that was accepted was one version, and the parcel two more.
    [stands] = show.orders()
    assert stands.version == order.version + len(accepted) + 2
    show.settle()


@pytest.mark.parametrize("seed", ROUNDS)
def test_the_same_correction_twice_at_once_is_one(race: MakeRace, seed: int):
    show = race(seed, 2, carrier="file")
    order = a_paid_order(show)
    told = show.at_once(*[partial(each.move, order, "2 New Road") for each in show.processes(4)])
    assert Counter(answer[1]["line1"] for answer in told) == {"2 New Road": 4}
    [stands] = show.orders()
    assert stands.version == order.version + 1


@pytest.mark.parametrize("seed", ROUNDS)
def test_an_order_that_waits_for_its_address_is_corrected_and_sent_once(race: MakeRace, seed: int):
    show = race(seed, 2, carrier="file")
    order = a_paid_order(show)
    waiting = replace(order, version=order.version + 1, attention=Attention.ADDRESS_INCOMPLETE)
    assert show.show.orders.save(waiting) is None
    [listed] = show.show.orders.needing_attention(show.show.id, before=None, limit=5)
    assert (listed.id, listed.ship_to) == (order.id, None)
    carrier = MemoryCarrier()

    told, *_ = show.at_once(
        partial(show.process().move, order, "2 New Road"),
        *[partial(each.hand_over, order, carrier) for each in show.processes(3)],
    )

    assert told[1]["line1"] == "2 New Road"
    show.process().hand_over(order, carrier)
    (parcel,) = carrier.parcels.values()
    assert parcel.address["line1"] == "2 New Road"
    assert show.show.orders.needing_attention(show.show.id, before=None, limit=5) == []
    show.settle()
