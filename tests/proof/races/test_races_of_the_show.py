"""Races between the steps of a show and those who buy: it opens, closes, beats and counts while they do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
from shared.adapters.dynamodb_requests import DynamoDBAnswers
from shared.domain import show_control
from shared.domain.campaign import Campaign, Cue, Status
from shared.domain.deals import common_price
from shared.domain.errors import CampaignNotOpen, CampaignState, SoldOut
from shared.domain.live_cues import improvise
from shared.domain.show_control import extend
from shared.domain.stock import FOR_GOOD, Kind
from shared.domain.totals import Snapshot
from shared.use_cases.arrange_stock import Stockroom, arrange_stock, gate_of
from shared.use_cases.close_campaign import close_campaign
from shared.use_cases.keep_books import Beat, Phase
from shared.use_cases.open_campaign import open_campaign
from shared.use_cases.prepare_stock import prepare_stock
from shared.use_cases.reserve import Reservation
from shared.use_cases.run_campaign import Ask, ShowRunner
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.stock_ports import shelf
from tests.builders import MERCHANT
from tests.fakes import MemoryErrands, MemoryLifecycles, MemorySchedules
from tests.proof.races.arena import Race
from tests.proof.races.conftest import PRICE, MakeRace
from tests.proof.races.process import Process
from tests.theatre import FUJI, HOLD

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROUNDS = range(4)


def buy_until(process: Process, stop: threading.Event) -> int:
    """One buyer after the other. How many were served."""
    got = asked = 0
    while not stop.is_set():
        asked += 1
        answer = process.reserve(f"{process.number}", f"{asked}")
        got += isinstance(answer, Reservation)
        if not isinstance(answer, Reservation):
            stop.wait(0.002)
    return got


# -- the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["ended", "cancelled"])
@pytest.mark.parametrize("seed", range(2))
def test_once_the_campaign_says_closing_no_hold_is_taken(race: MakeRace, how: str, seed: int):
    """Half of the buyers' clocks are a minute behind, and a beat that knows nothing of the end stamps the blocks."""
    show = race(seed, 320, block_units=16)
    stage, stop = show.show, threading.Event()
    sellers = [show.process(slow=60 * (number % 2)) for number in range(4)]
    stale = stage.campaign.changed(ends_at=stage.campaign.ends_at + 3600)
    placed: list[int] = []

    def restamp() -> None:
        place = shelf(stale, stale.offers[0])
        while not stop.is_set():
            for number in range(place.blocks):
                stage.stock.stamp(place, number, gate_of(stale, stale.offers[0]))

    def close() -> None:
        stop.wait(0.2)
        if how == "cancelled":
            show.cancel()
        stage.close()
        placed.append(show.placed())
        stop.wait(0.4)
        placed.append(show.placed())
        stop.set()

    served = show.at_once(close, restamp, *[partial(buy_until, each, stop) for each in sellers])
    assert stage.status() is (Status.CANCELLED if how == "cancelled" else Status.CLOSING)
    assert placed[0] == placed[1] == sum(served[2:]) > 0
    assert {block.closes for block in stage.blocks()} == {FOR_GOOD}
    assert show.judge().placed == placed[0]


@pytest.mark.parametrize("seed", range(2))
def test_once_the_campaign_says_paused_no_hold_is_taken_until_it_is_resumed(
    race: MakeRace, seed: int
):
    """
    Twenty-four sellers, half of them with clocks a minute behind, all by a copy of the campaign from before the pause, and a
    beat that read it then.
    """
    show = race(seed, 2_000, block_units=16)
    stage, stop = show.show, threading.Event()
    sellers = [show.process(slow=60 * (number % 2)) for number in range(24)]
    stale = stage.campaign
    told: list[int] = []

    def restamp() -> None:
        place = shelf(stale, stale.offers[0])
        while not stop.is_set():
            for number in range(place.blocks):
                stage.stock.stamp(place, number, gate_of(stale, stale.offers[0]))

    def pause() -> None:
        stop.wait(0.3)
        change_campaign(stage.campaigns, stage.id, partial(show_control.pause, now=stage.now))
        assert arrange_stock(stage.campaigns, stage.stock, stage.id).status is Status.PAUSED
        told.append(show.placed())
        stop.wait(0.5)
        told.append(show.placed())
        stop.set()

    for each in sellers:
        each.believe(stale)
    served = show.at_once(pause, restamp, *[partial(buy_until, each, stop) for each in sellers])
    assert told[0] == told[1] == sum(served[2:]) > 0
    change_campaign(stage.campaigns, stage.id, partial(show_control.resume, now=stage.now))
    arrange_stock(stage.campaigns, stage.stock, stage.id)
    assert isinstance(show.process().reserve("late", "late"), Reservation)
    assert show.judge().placed == told[0] + 1


@pytest.mark.parametrize("seed", ROUNDS)
def test_pauses_and_resumes_at_once_leave_the_blocks_as_the_campaign_says(
    race: MakeRace, seed: int
):
    show = race(seed, 24, block_units=3)
    stage = show.show

    def command(decide: Callable[[Campaign], Campaign]) -> None:
        change_campaign(stage.campaigns, stage.id, decide)
        arrange_stock(stage.campaigns, stage.stock, stage.id)

    hands: list[Callable[[Campaign], Campaign]] = [
        partial(show_control.pause, now=stage.now),
        partial(show_control.resume, now=stage.now),
    ] * 3
    beats = [partial(each.beat, now=stage.now) for each in show.processes(2)]
    show.at_once(*[partial(command, hand) for hand in hands], *beats)
    gate = gate_of(stage.campaign, stage.campaign.offers[0])
    arrange_stock(stage.campaigns, stage.stock, stage.id)
    assert {(block.opens, block.closes) for block in stage.blocks()} == {(gate.opens, gate.closes)}
    assert stage.status() in (Status.LIVE, Status.PAUSED)
    sells = isinstance(show.process().reserve("ana"), Reservation)
    assert sells is (stage.status() is Status.LIVE)
    command(hands[1])
    show.process().hold("bo")
    show.judge()


@pytest.mark.parametrize("seed", range(4))
def test_an_extension_against_the_close_is_honoured_or_refused(race: MakeRace, seed: int):
    """The merchant's process looks at the clock a second before the end, the beat and the close at it."""
    show = race(seed, 12, block_units=2)
    stage = show.show
    over = stage.campaign.closes_at
    stage.wait(over - stage.now)

    def ask() -> Any:
        return change_campaign(
            stage.campaigns,
            stage.id,
            lambda campaign: extend(campaign, ends_at=over + 600, now=over - 1),
        )

    def machine() -> None:
        beat = show.process().beat(now=over)
        assert isinstance(beat, Beat)
        if beat.phase is Phase.CLOSE:
            close_campaign(stage.campaigns, stage.stock, stage.id, over)

    show.at_once(partial(show.history.attempt, 99, "extend", over + 600, ask), machine)
    asked = next(show.history.operations("extend"))
    began = stage.blocks()[0].closes == FOR_GOOD
    assert (stage.status() is Status.CLOSING) is began
    more = show.process().reserve("ana")
    if began:
        # Too late, and told so: from the word that there is no way back on, it is refused.
        assert isinstance(asked.told, CampaignState)
        assert isinstance(more, CampaignNotOpen)
    else:
        assert asked.told.ends_at == over + 600
        # The beat stamps the blocks with the new end.
        show.process().beat(now=over)
        assert isinstance(show.process().hold("bo"), Reservation)
    show.settle()


@pytest.mark.parametrize("seed", ROUNDS)
def test_an_extension_that_was_told_before_the_close_began_always_goes_on(
    race: MakeRace, seed: int
):
    """The beat has read the campaign, the merchant extends it, then the beat's word reaches the close: three at once."""
    show = race(seed, 4, block_units=1 + seed)
    stage = show.show
    over = stage.campaign.closes_at
    stage.wait(over - stage.now)
    stage.change(ends_at=over + 600)
    closes = [
        partial(close_campaign, stage.campaigns, stage.stock, stage.id, over) for _ in range(3)
    ]
    show.at_once(*closes, partial(show.process().beat, now=over))
    assert stage.status() is Status.LIVE
    assert isinstance(show.process().hold("ana"), Reservation)
    show.settle()


# -- the beginning -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ROUNDS)
def test_on_the_opening_second_the_clock_decides_and_not_who_opens(race: MakeRace, seed: int):
    show = race(seed, 24, block_units=4, live=False)
    stage = show.show
    stage.prepare()
    opens = stage.campaign.starts_at
    early = [partial(each.reserve, f"e{each.number}", now=opens - 1) for each in show.processes(6)]
    due = [partial(each.reserve, f"d{each.number}", now=opens) for each in show.processes(6)]
    doors = [
        partial(open_campaign, stage.campaigns, stage.id, opens - 1 + number % 2)
        for number in range(4)
    ]
    answers = show.at_once(*early, *due, *doors)
    assert all(isinstance(answer, CampaignNotOpen) for answer in answers[:6])
    assert all(isinstance(answer, Reservation) for answer in answers[6:12])
    assert stage.status() is Status.LIVE
    stage.wait(opens - stage.now)
    assert show.judge().held == 6


@pytest.mark.parametrize("seed", ROUNDS)
def test_the_stock_is_laid_out_once_whoever_does_it_at_once(race: MakeRace, seed: int):
    """Two first steps, a buyer who is too early, and on odd rounds somebody who calls the show off."""
    show = race(seed, 40, block_units=(1, 3, 7, 40)[seed], live=False)
    stage = show.show
    opens = stage.campaign.starts_at
    acts: list[Any] = [
        partial(prepare_stock, stage.campaigns, stage.stock, stage.id, stage.now - number)
        for number in range(3)
    ]
    if seed % 2:
        acts.append(show.cancel)
    show.at_once(*acts, watched=False)
    frozen = stage.campaign.prepared_at
    stage.prepare()
    assert stage.campaign.prepared_at == frozen
    if seed % 2:
        stage.close()
        assert {block.closes for block in stage.blocks()} <= {FOR_GOOD}
        assert stage.run_to_the_end()
        return
    stage.wait(opens - stage.now)
    stage.open()
    show.process().hold("ana")
    assert show.settle().available == 40


# -- the middle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ROUNDS)
def test_four_beats_at_once_end_each_hold_once_and_tell_one_story(race: MakeRace, seed: int):
    show = race(seed, 30, block_units=(30, 8, 3, 2)[seed])
    shopper = show.process()
    orders = [shopper.order(f"o{number}", units=1 + number % 3) for number in range(5)]
    for number in range(5):
        shopper.hold(f"h{number}", units=2)
    shopper.pay(orders[0])
    show.show.wait(HOLD)
    beats = show.at_once(
        *[partial(each.beat, now=show.show.now) for each in show.processes(4)],
        partial(show.process(slow=1).pay, orders[1]),
    )
    assert all(isinstance(beat, Beat) and not beat.faults for beat in beats[:4])
    # The orders of what those beats ended are finished by the next.
    show.show.wait(5)
    show.process().beat()
    sums = show.settle()
    # A payment that came a beat too late has taken its units again: one reservation more.
    assert (sums.orders, sums.expired) in {(2, 8), (2, 9)}


@pytest.mark.parametrize("seed", ROUNDS)
def test_snapshots_at_once_make_one_of_each_version_and_none_goes_back(race: MakeRace, seed: int):
    show = race(seed, 60, block_units=8)
    stop = threading.Event()

    def count(process: Process) -> list[Snapshot]:
        try:
            return [process.snapshot() for _ in range(8)]
        finally:
            stop.set()

    counts = [partial(count, each) for each in show.processes(3)]
    buyers = [partial(buy_until, each, stop) for each in show.processes(3)]
    taken = show.at_once(*counts, *buyers)[:3]
    versions: dict[int, Snapshot] = {}
    for mine in taken:
        assert all(a.version <= b.version for a, b in pairwise(mine))
        for snapshot in mine:
            assert versions.setdefault(snapshot.version, snapshot) == snapshot
            assert snapshot.total.allotted == 60
    in_order = [versions[version] for version in sorted(versions)]
    assert all(a.total.placed <= b.total.placed for a, b in pairwise(in_order))
    assert show.process().snapshot().total == show.judge()


@pytest.mark.parametrize("seed", ROUNDS)
def test_stock_that_is_added_while_all_sells_out_is_sold_to_the_last_unit(
    race: MakeRace, seed: int
):
    """Two hands add at once, and one of those who lay the blocks out does it twice; nobody is paused for it."""
    show = race(seed, 24, block_units=(2, 4, 8, 24)[seed])
    stage, stop = show.show, threading.Event()

    def add(units: int) -> None:
        stop.wait(0.1)
        change_campaign(
            stage.campaigns,
            stage.id,
            partial(show_control.add_stock, sku=FUJI, units=units, now=stage.now),
        )
        arrange_stock(stage.campaigns, stage.stock, stage.id)

    def let_them_buy() -> None:
        # Until all is gone, however busy the machine is, and a moment longer.
        for _ in range(120):
            stop.wait(0.25)
            if show.placed() >= 44:
                break
        stop.wait(0.5)
        stop.set()

    hands = [partial(add, 9), partial(add, 11)]
    beat = partial(show.process().beat, now=stage.now)
    sellers = [partial(buy_until, each, stop) for each in show.processes(6)]
    served = show.at_once(*hands, beat, let_them_buy, *sellers)
    [offer] = stage.campaign.offers
    assert (offer.allotment, offer.coming, sorted(offer.added)) == (44, (), [9, 11])
    assert sum(served[4:]) == show.placed() == 44
    assert show.judge().available == 0


@pytest.mark.parametrize("seed", ROUNDS)
def test_on_the_second_of_a_release_who_has_reached_it_gets_units_and_nobody_else(
    race: MakeRace, seed: int
):
    """
    All was sold before, and some clocks say that it is still then: those are told so, or to come back in a moment.
    More ask than there is for them.
    """
    show = race(seed, 30, block_units=(2, 5, 7, 24)[seed], run_of_show=(release(24, at=60),))
    early, due = show.processes(12, slow=30), show.processes(32)
    for number in range(6):
        early[number].hold(f"first {number}")
    assert isinstance(early[0].reserve("too late"), SoldOut)
    answers = show.at_once(*[partial(each.reserve, f"{each.number}") for each in early + due])
    assert not any(isinstance(answer, Reservation) for answer in answers[: len(early)])
    of_due = Counter(type(answer) for answer in answers[len(early) :])
    assert of_due == {Reservation: 24, SoldOut: 8}
    assert began_in(show, later=True) == {show.show.campaign.starts_at + 60}
    assert show.judge().available == 0


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_told_sold_out_once_a_release_has_come_and_nobody_gets_it_before(
    race: MakeRace, seed: int
):
    """Sixteen sellers with caches of their own, who ask all the while. There is more than they can sell."""
    show = race(seed, 8_016, block_units=32, run_of_show=(release(8_000, at=120),))
    stage, stop = show.show, threading.Event()
    comes = stage.campaign.starts_at + 120
    told: list[tuple[bool, object]] = []

    def sell(process: Process) -> None:
        asked = 0
        while not stop.is_set():
            asked, now = asked + 1, process.now
            answer = process.reserve(f"{process.number}", f"{asked}", now=now)
            told.append((now >= comes, answer))

    def let_it_come() -> None:
        until(lambda: len(told) > 100)
        stage.wait(comes - stage.now)
        until(lambda: sum(is_there for is_there, _ in told) > 200)
        stop.set()

    show.at_once(let_it_come, *[partial(sell, each) for each in show.processes(16)])
    before, after = (
        Counter(type(answer) for is_there, answer in told if is_there is wanted)
        for wanted in (False, True)
    )
    assert before[Reservation] == 16
    assert after.keys() == {Reservation}
    # Those who were under way when it came may be told to come back.
    assert before.keys() <= {Reservation, SoldOut, type(None)}
    assert before[type(None)] <= 16 < before[SoldOut]
    assert began_in(show, later=True) == {comes}
    show.judge()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what must come, however busy the machine is."""
    for _ in range(6_000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def release(units: int, *, at: int) -> Cue:
    return Cue(at=at, cue="release_stock", sku=FUJI, units=units)


def began_in(show: Race, *, later: bool) -> set[int]:
    """The seconds in which holds began, of the blocks that opened with the show, or of those that opened later."""
    opens = show.show.campaign.starts_at
    return {
        entry.deadline - HOLD
        for block in show.show.blocks()
        if (block.opens > opens) is later
        for entry in block.ledger.values()
        if entry.kind is Kind.HELD
    }


@pytest.mark.parametrize("seed", range(2))
def test_a_price_that_is_changed_while_all_reserve_is_that_of_the_second_in_which_the_hold_began(
    race: MakeRace, crowd: DynamoDBClient, seed: int
):
    """Sixteen sellers with caches of their own, in real time; whoever asks again, of anybody, is promised the same."""
    show = race(seed, 4_000, block_units=32)
    stage, stop = show.show, threading.Event()
    began, base = time.monotonic(), stage.millis

    def millis() -> int:
        return base + int((time.monotonic() - began) * 1000)

    runner = ShowRunner(
        campaigns=DynamoDBCampaigns(crowd, "campaigns", "requests"),
        answers=DynamoDBAnswers(crowd, "requests"),
        schedules=MemorySchedules(),
        lifecycles=MemoryLifecycles(),
        stockroom=Stockroom(stage.campaigns, stage.stock, MemoryErrands()),
        shape=lambda campaign: {"version": campaign.version},
        lead=300,
        now=lambda: millis() // 1000,
        millis=millis,
    )
    holds: list[tuple[str, Reservation]] = []

    def do(cue: Cue, campaign: Campaign, now: int) -> Campaign:
        return improvise(campaign, cue, now=now)

    def sell(process: Process) -> None:
        asked = 0
        while not stop.is_set():
            asked += 1
            answer = process.reserve(f"{process.number}", f"{asked}", now=millis() // 1000)
            if isinstance(answer, Reservation):
                holds.append((f"{process.number} {asked}", answer))

    def change_prices() -> None:
        for number, price in enumerate((8000, 7000, 6000)):
            stop.wait(0.7)
            cue = Cue(at=0, cue="price", sku=FUJI, unit_price=price)
            ask = Ask(MERCHANT, "cues", stage.id, f"price {number}", {})
            runner.direct(ask, partial(do, cue))
        stop.wait(1.5)
        stop.set()

    show.at_once(change_prices, *[partial(sell, each) for each in show.processes(16)])
    campaign = stage.campaign
    [offer] = campaign.offers
    promised = {
        (hold.check.unit_price, common_price(campaign, offer, hold.check.deadline - HOLD))
        for _, hold in holds
    }
    assert promised == {(price, price) for price in (PRICE, 8000, 7000, 6000)}
    other = show.process()
    for name, hold in show.random.sample(holds, 20):
        buyer, key = name.split()
        again = other.reserve(buyer, key, now=millis() // 1000)
        assert isinstance(again, Reservation)
        assert again.id == hold.id


@pytest.mark.parametrize("seed", ROUNDS)
def test_on_the_second_of_a_flash_price_each_hold_has_one_price_and_keeps_it(
    race: MakeRace, seed: int
):
    """Some clocks are a second behind. Whoever asks again, by whatever clock, is promised what was promised first."""
    flash = Cue(at=60, cue="flash_price", sku=FUJI, unit_price=5000, seconds=100)
    show = race(seed, 30, block_units=5, run_of_show=(flash,))
    before, after = show.processes(6, slow=1), show.processes(6)
    sellers = [*before, *after]
    buyers = [f"buyer {number % 9}" for number in range(12)]
    holds: list[Any] = show.at_once(
        *[partial(each.reserve, buyer) for each, buyer in zip(sellers, buyers, strict=True)]
    )
    for each, buyer, hold in zip(sellers, buyers, holds, strict=True):
        done: Any = each.check_out(hold, buyer)
        assert done.order.amount == hold.check.amount in (5000, PRICE)
        each.pay(done.order)
    assert {hold.check.unit_price for hold in holds} == {5000, PRICE}
    gross = sum({hold.id: hold.check.amount for hold in holds}.values())
    assert show.settle().gross == gross
