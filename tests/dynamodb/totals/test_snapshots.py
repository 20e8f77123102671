"""Snapshots on DynamoDB Local, with real threads: one after the other, never going back, adding up, and cheap to read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from local.engine.dynamodb_local import DynamoDBLocal
from shared.adapters.dynamodb_totals import DynamoDBTotals
from shared.domain.campaign import Status
from shared.domain.errors import SoldOut
from shared.domain.ids import new_campaign_id
from shared.domain.totals import Snapshot, Sums
from shared.use_cases.read_totals import TotalsDesk, totals_document
from shared.use_cases.take_snapshot import take_snapshot
from shared.use_cases.totals_ports import Bookmark
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage, Watchman
from tests.theatre import FUJI, GALA, an_offer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Told = list[tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def show(dynamodb: DynamoDBClient) -> Stage:
    stage = Stage(dynamodb, offers=(an_offer(allotment=300), an_offer(GALA, 40, 5000)))
    stage.go_live()
    return stage


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> DynamoDBTotals:
    return DynamoDBTotals(dynamodb, "totals")


def a_snapshot(version: int, at: int = 0, orders: int = 0) -> Snapshot:
    return Snapshot(
        version=version,
        as_of=1_795_867_200_000 + at,
        campaign_version=3,
        status=Status.LIVE,
        offers=(Sums(available=5, orders=orders, gross=10**20), Sums(holds=2)),
    )


# -- the store -----------------------------------------------------------------------------------------


def test_a_snapshot_comes_back_as_it_went(store: DynamoDBTotals):
    campaign = new_campaign_id()
    assert store.current(campaign) is None
    assert store.advance(campaign, a_snapshot(1))
    assert store.current(campaign) == a_snapshot(1)


def test_a_version_is_followed_by_the_next_and_by_that_once(store: DynamoDBTotals):
    campaign = new_campaign_id()
    assert not store.advance(campaign, a_snapshot(2))
    assert store.advance(campaign, a_snapshot(1))
    assert not store.advance(campaign, a_snapshot(1))
    assert store.advance(campaign, a_snapshot(2))
    for late in (1, 2, 4):
        assert not store.advance(campaign, a_snapshot(late, orders=9))
    assert store.current(campaign) == a_snapshot(2)


def test_one_of_many_counts_until_the_version_changes_or_its_lease_is_over(store: DynamoDBTotals):
    campaign = new_campaign_id()
    assert store.claim(campaign, 0, now=1_000, until=2_500)
    assert store.current(campaign) is None
    assert not store.claim(campaign, 0, now=1_001, until=2_501)
    assert store.claim(campaign, 0, now=2_500, until=4_000)
    store.advance(campaign, a_snapshot(1))
    assert not store.claim(campaign, 0, now=9_000, until=9_900)
    assert store.claim(campaign, 1, now=2_600, until=4_100)


def test_of_a_span_the_newest_is_kept(store: DynamoDBTotals):
    campaign = new_campaign_id()
    for version, at in [(2, 5_000), (4, 9_999), (3, 7_000), (5, 10_000), (7, 31_000)]:
        store.keep(campaign, a_snapshot(version, at))
    assert [row.version for row in store.kept(campaign)] == [4, 5, 7]
    assert [row.version for row in store.kept(campaign, 1_795_867_210)] == [5, 7]


def test_bookmarks_and_reports_of_any_size_come_back(store: DynamoDBTotals):
    campaign = new_campaign_id()
    assert store.bookmark(campaign) == Bookmark()
    for bookmark in (Bookmark(17), Bookmark(18, 99), Bookmark(18, 99, 20, 21)):
        store.set_bookmark(campaign, bookmark)
        assert store.bookmark(campaign) == bookmark
    assert store.report(campaign) is None
    for report in ("{}", "苹果" * 300_000, "short again", "苹果" * 300_000):
        store.write_report(campaign, report)
        assert store.report(campaign) == report


# -- races -----------------------------------------------------------------------------------------------


def test_many_processes_tell_one_story_that_never_goes_back(show: Stage):
    """Pollers, a beat and buyers at once: every version has one answer, each follows from the one before."""
    stop = threading.Event()
    moving = threading.Lock()

    def poll(seed: int) -> Told:
        desk, told = TotalsDesk(show.campaigns, show.totals, show.stock, show.clock), []
        version = 0
        while not stop.is_set():
            seen = desk.look(show.id, MERCHANT, [version])
            assert seen.snapshot.version >= version
            version = seen.snapshot.version
            told.append((totals_document(seen), desk.timeline(seen, 10 * (1 + seed % 3), None)))
            stop.wait(0.02)
        return told

    def buy(seed: int) -> None:
        chance = Random(seed)
        while not stop.is_set():
            key = f"{seed} {chance.random()}"
            wish = chance.choice([1, 2]), chance.choice([FUJI, FUJI, GALA])
            # On a fast machine all may be sold: then time passes, and holds run out.
            with suppress(SoldOut):
                order = show.check_out(show.reserve(*wish, key=key))
                if chance.random() < 0.8:
                    show.pay(order)
            with moving:
                show.wait(0.4)

    with ThreadPoolExecutor(5) as pool:
        pollers = [pool.submit(poll, seed) for seed in range(3)]
        buyer = pool.submit(buy, 7)
        for _ in range(8):
            show.beat()
            stop.wait(0.15)
        stop.set()
        buyer.result()
        told = [each for poller in pollers for each in poller.result()]

    by_version: dict[int, dict[str, Any]] = {}
    for totals, timeline in told:
        assert by_version.setdefault(totals["version"], totals) == totals
        assert_add_up(totals, timeline)
    assert len(by_version) >= 5
    for earlier, later in pairwise(by_version[version] for version in sorted(by_version)):
        for name in ("as_of", "orders", "gross"):
            assert later[name] >= earlier[name]
        assert later["reservations"]["placed"] >= earlier["reservations"]["placed"]


def assert_add_up(totals: dict[str, Any], timeline: dict[str, Any]) -> None:
    """The two sums of every answer, and the timeline of the same version."""
    units, made = totals["units"], totals["reservations"]
    assert units["allotted"] == 340 == units["available"] + units["held"] + units["sold"]
    assert made["placed"] == made["confirmed"] + made["released"] + made["expired"] + made["held"]
    assert timeline["version"] == totals["version"]
    for name, total in (
        ("orders", totals["orders"]),
        ("gross", totals["gross"]),
        ("units", units["sold"]),
    ):
        assert sum(bucket[name] for bucket in timeline["buckets"]) == total


def test_one_that_stalls_between_its_count_and_its_write_is_overtaken(show: Stage):
    """It read everything long ago: neither the current snapshot nor what is kept may become what it counted."""
    show.sell(2)
    show.snapshot()
    show.wait(12)
    real, totals = show.totals.advance, show.totals
    stalled = DynamoDBTotals(show._client, "totals")
    won: list[Snapshot] = []

    def overtake(campaign_id: str, snapshot: Snapshot) -> bool:
        show.totals = totals
        show.sell(1)
        won.append(show.snapshot())
        show.wait(12)
        won.append(show.snapshot())
        return real(campaign_id, snapshot)

    stalled.advance = overtake  # type: ignore[method-assign]
    taken = take_snapshot(
        stalled, show.stock, show.campaign, show.clock, read_at=show.clock()
    ).snapshot
    assert taken == won[-1] == show.totals.current(show.id)
    assert [row.version for row in show.totals.kept(show.id)] == [1, 2]
    seen = show.seen()
    timeline = show.desk().timeline(seen, 10, None)
    assert [bucket["units"] for bucket in timeline["buckets"]] == [2, 1]


# -- what it costs -----------------------------------------------------------------------------------------


def test_read_units_a_second_do_not_depend_on_how_many_watch(dynamodb_local: DynamoDBLocal):
    client = dynamodb_local.client()
    watchman = Watchman(client)
    show = Stage(client, offers=(an_offer(allotment=4000),), run_of_show=())
    show.go_live()
    seconds, blocks = 10, 125
    spent = {}
    for pollers in (1, 10, 1_000):
        desk = show.desk()
        desk.look(show.id, MERCHANT)
        watchman.reset()
        for _ in range(seconds):
            for _ in range(pollers):
                desk.look(show.id, MERCHANT)
                show.millis += 1000 // pollers
        spent[pollers] = watchman.read_units / seconds
        assert watchman.write_units / seconds <= 4
    # Every block once a second, and a look at the campaign and the current snapshot.
    assert max(spent.values()) <= blocks + 6, spent
    assert max(spent.values()) <= 1.1 * min(spent.values()), spent
