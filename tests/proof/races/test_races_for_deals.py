"""Races for coupons and capped flash prices: each cap is met exactly, and everybody has the price they were told."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest

from shared.domain.campaign import Cue
from shared.domain.errors import CouponExhausted, CouponLimitReached
from shared.domain.stock import Counters
from shared.use_cases.keep_uses import read_uses
from shared.use_cases.reserve import Reservation
from tests.proof.races.arena import Race
from tests.proof.races.conftest import PRICE, MakeRace
from tests.proof.races.process import Process
from tests.theatre import FUJI

BUYERS = 64
TURN = 30
CHEAP = PRICE * 9 // 10
COUPON: dict[str, Any] = {
    "at": 0,
    "cue": "coupon",
    "code": "apple",
    "percent_off": 10,
    "seconds": 900,
}


def prices(answers: list[object]) -> Counter[int]:
    return Counter(each.check.unit_price for each in answers if isinstance(each, Reservation))


def uses(race: Race) -> tuple[int, int, int]:
    """Of the only deal: free, held and sold."""
    [read] = read_uses(race.show.stock, race.show.campaign)
    sums = sum((block.counters for block in read.blocks), Counters())
    return sums.free, sums.held, sums.sold


def ask(process: Process, key: str = "key", buyer: str = "") -> object:
    return process.reserve(buyer or f"buyer {process.number}", key, coupon="APPLE")


@pytest.mark.parametrize(("cap", "block_units"), [(20, 8), (63, 32)])
def test_as_many_have_a_coupon_as_there_are_uses_and_no_one_more(
    race: MakeRace, cap: int, block_units: int
):
    cues = (Cue(**COUPON, uses=cap, uses_per_buyer=1),)
    show = race(cap, 2 * BUYERS, block_units=block_units, run_of_show=cues)
    processes = show.processes(BUYERS)
    answers = show.at_once(*[partial(ask, each) for each in processes])
    assert prices(answers) == {CHEAP: cap}
    refused = [each for each in answers if isinstance(each, CouponExhausted)]
    assert len(refused) == BUYERS - cap
    assert uses(show) == (0, cap, 0)
    # What is given back at the same time as others want it is had by as many.
    served = [each for each in answers if isinstance(each, Reservation)]
    given_back = [partial(each.release, served[each.number % 5]) for each in show.processes(10)]
    wanted = [partial(ask, each) for each in show.processes(12)]
    late = show.at_once(*given_back, *wanted)[len(given_back) :]
    show.show.wait(2)
    late += [ask(each) for each in show.processes(8)]
    assert prices(late) == {CHEAP: 5}
    for each in served[5:8]:
        buyer = processes[answers.index(each)]
        done = buyer.check_out(each, f"buyer {buyer.number}")
        buyer.pay(done.order)  # type: ignore[union-attr]
    show.settle()
    assert uses(show) == (cap - 3, 0, 3)


def test_a_flash_price_is_for_as_many_units_as_it_says_and_the_others_pay_the_list(race: MakeRace):
    flash = Cue(at=0, cue="flash_price", sku=FUJI, unit_price=CHEAP, seconds=900, units=30)
    show = race(1, 2 * BUYERS, block_units=4, run_of_show=(flash,))
    acts = [partial(each.reserve, f"b{each.number}") for each in show.processes(BUYERS)]
    assert prices(show.at_once(*acts)) == {CHEAP: 30, PRICE: BUYERS - 30}
    assert uses(show) == (0, 30, 0)
    show.settle()
    assert uses(show) == (30, 0, 0)


@pytest.mark.parametrize("limit", [1, 3])
def test_many_devices_of_one_buyer_have_a_coupon_so_often(race: MakeRace, limit: int):
    cues = (Cue(**COUPON, uses=40, uses_per_buyer=limit),)
    show = race(limit, 64, block_units=16, run_of_show=cues)
    acts = [partial(ask, each, f"{each.number}", "ana") for each in show.processes(20)]
    answers = show.at_once(*acts)
    assert prices(answers) == {CHEAP: limit}
    assert sum(isinstance(each, CouponLimitReached) for each in answers) == 20 - limit
    assert uses(show) == (40 - limit, limit, 0)
    show.judge()


@pytest.mark.parametrize("seed", range(3))
def test_one_request_forty_times_at_once_has_one_price_and_one_use(race: MakeRace, seed: int):
    """While as many others want the last of the flash price too, and whoever is behind sees a window that is over."""
    flash = Cue(at=0, cue="flash_price", sku=FUJI, unit_price=CHEAP, seconds=60 + seed, units=9)
    show = race(seed, 60, block_units=2, run_of_show=(flash,))
    # Some see the last second of the window, some the first after it.
    show.show.wait(seed)
    twins = [*show.processes(20), *show.processes(20, slow=1)]
    others = [partial(each.reserve, f"b{each.number}") for each in show.processes(10, slow=1)]
    answers = show.at_once(*[partial(each.reserve, "ana", "one") for each in twins], *others)
    mine = [each for each in answers[: len(twins)] if isinstance(each, Reservation)]
    assert len({each.id for each in mine}) == 1
    had = prices(answers[len(twins) :])[CHEAP] + (mine[0].check.unit_price == CHEAP)
    show.settle()
    assert had <= 9
    assert uses(show) == (9, 0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_who_waits_has_the_uses_that_there_are_in_the_order_of_the_line(race: MakeRace, seed: int):
    cues = (Cue(**COUPON, uses=3, uses_per_buyer=1),)
    show = race(seed, 6, block_units=2, turn=TURN, limit=1, run_of_show=cues)
    held = [each.hold(f"b{each.number}") for each in show.processes(6)]
    show.show.wait(15)
    for each in show.processes(6):
        each.join(f"in line {each.number}", coupon="APPLE")
    show.show.wait(15)
    back = [partial(each.release, held[n]) for n, each in enumerate(show.processes(6))]
    show.at_once(*back, *[each.serve for each in show.processes(5)])
    while show.process().serve():
        pass
    told = [ticket.held for ticket in show.tickets()]
    assert [each and (each.unit_price, each.deal) for each in told] == [
        *[(CHEAP, 1)] * 3,
        *[(PRICE, 0)] * 3,
    ]
    assert uses(show) == (0, 3, 0)
    # Of a turn that is left and given to nobody, the use is there for the next.
    first = show.process()
    first.leave(show.tickets()[0])
    assert uses(show) == (1, 2, 0)
    show.judge()
