"""The timeline: differences of snapshots, that add up to the totals of the same version whatever was kept of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.totals import Timeline
from shared.domain.campaign import Status
from shared.domain.timeline import buckets, history, is_bucket, markers
from shared.domain.totals import Snapshot, Sums
from tests.builders import MERCHANT
from tests.theatre import FUJI, GALA, Theatre

START = 1_795_867_200


def a_snapshot(version: int, at: float, *offers: Sums) -> Snapshot:
    return Snapshot(
        version=version,
        as_of=round((START + at) * 1000),
        campaign_version=1,
        status=Status.LIVE,
        offers=offers or (Sums(), Sums()),
    )


def sold(orders: int, units: int, gross: int) -> Sums:
    return Sums(available=100 - units, sold=units, orders=orders, gross=gross)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(-3, 9), st.integers(-3, 9)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([10, 20, 60, 70, 300, 3600]),
    st.data(),
)
def test_buckets_add_up_to_the_totals_whatever_was_kept(
    steps: list[tuple[int, int, int]], length: int, data: st.DataObject
):
    at, first, second, rows = 0, Sums(), Sums(), []
    for version, (pause, more, less) in enumerate(steps, start=1):
        at += pause
        first, second = first + sold(more, 2 * more, 99 * more), second + sold(less, less, 5 * less)
        rows.append(a_snapshot(version, at, first, second))
    kept = [row for row in rows[:-1] if data.draw(st.booleans())]
    found = buckets(history(kept, rows[-1]), length)
    for name in ("orders", "sold", "gross"):
        total = getattr(rows[-1].total, name)
        assert sum(getattr(bucket.total, name) for bucket in found) == total
    assert all(bucket.start % length == 0 for bucket in found)
    assert [bucket.start for bucket in found] == sorted({bucket.start for bucket in found})
    assert all(any(any(change.numbers) for change in bucket.offers) for bucket in found)


def test_buckets_in_which_nothing_was_sold_are_left_out():
    rows = [
        a_snapshot(1, 5, sold(1, 2, 200)),
        a_snapshot(2, 65, sold(1, 2, 200) + Sums(held=3)),
        a_snapshot(3, 125, sold(3, 6, 600)),
    ]
    assert [(bucket.start - START, bucket.total.orders) for bucket in buckets(rows, 60)] == [
        (0, 1),
        (120, 2),
    ]


def test_only_buckets_from_since_on_are_given():
    rows = [a_snapshot(1, 5, sold(1, 1, 1)), a_snapshot(2, 65, sold(3, 3, 3))]
    assert [bucket.start - START for bucket in buckets(rows, 60, START + 1)] == [60]
    assert [bucket.start - START for bucket in buckets(rows, 60, START + 60)] == [60]
    assert buckets(rows, 60, START + 61) == []


def test_what_is_kept_of_the_span_of_the_current_snapshot_or_is_newer_does_not_count():
    current = a_snapshot(5, 15, sold(4, 4, 4))
    early, same_span, newer = a_snapshot(2, 5), a_snapshot(4, 12), a_snapshot(9, 3)
    assert history([newer, early, same_span], current) == [early, current]


@pytest.mark.parametrize("seconds", [10, 60, 3600, 70])
def test_a_bucket_is_a_multiple_of_ten_seconds_up_to_an_hour(seconds: int):
    assert is_bucket(seconds)
    for wrong in (seconds + 1, -seconds, 0, 5, 3610):
        assert not is_bucket(wrong)


def test_cues_and_doors_are_markers_once_they_are_due():
    show = Theatre()
    show.prepare()
    campaign = show.campaign

    def told(at: int, status: Status) -> list[tuple[int, str, str | None]]:
        row = replace(a_snapshot(1, at, *[Sums(available=1)] * 2), status=status)
        return [(marker.at - START, marker.cue, marker.sku) for marker in markers(campaign, [row])]

    opened = [(0, "opened", None), (0, "pin", FUJI)]
    assert told(-1, Status.SCHEDULED) == []
    assert told(0, Status.LIVE) == opened
    assert told(600, Status.LIVE) == [*opened, (600, "flash_price", GALA)]
    assert told(900, Status.CLOSING) == [*opened, (600, "flash_price", GALA), (900, "closed", None)]


def test_an_offer_that_sold_out_is_marked_when_it_did():
    show = Theatre()
    show.go_live()
    show.snapshot()
    show.wait(31)
    show.sell(5, GALA)
    document = show.desk().timeline(show.seen(), 60, None)
    Timeline.model_validate(document)
    assert {"at": "2026-11-28T12:00:30Z", "cue": "sold_out", "sku": GALA} in document["markers"]


@pytest.mark.parametrize("length", [10, 60, 300])
def test_the_timeline_of_a_show_adds_up_to_its_totals_of_the_same_version(length: int):
    chance, show = Random(length), Theatre()
    show.go_live()
    desks = [show.desk(), show.desk()]
    for _ in range(120):
        show.wait(chance.choice([0.3, 2, 11]))
        if chance.random() < 0.3 and show.snapshot().offers[0].available > 2:
            show.sell(chance.choice([1, 2]))
        if chance.random() < 0.3:
            show.beat()
        desk = chance.choice(desks)
        seen = desk.look(show.id, MERCHANT)
        document = desk.timeline(seen, length, None)
        Timeline.model_validate(document)
        total = seen.snapshot.total
        assert document["version"] == seen.snapshot.version
        for name, value in (
            ("orders", total.orders),
            ("units", total.sold),
            ("gross", total.gross),
        ):
            assert sum(bucket[name] for bucket in document["buckets"]) == value
            offers = [offer for bucket in document["buckets"] for offer in bucket["offers"]]
            assert sum(offer[name] for offer in offers) == value
    # A process that read it all at the end says the same as one that read along.
    seen = desks[0].look(show.id, MERCHANT)
    assert show.desk().timeline(seen, length, None) == desks[0].timeline(seen, length, None)


def test_sales_stand_in_the_bucket_in_which_they_were_made():
    show = Theatre()
    show.go_live()
    for minute in range(4):
        show.sell(minute + 1)
        show.wait(1)
        show.snapshot()
        show.wait(59)
    document = show.desk().timeline(show.seen(), 60, None)
    assert [(bucket["start"][14:16], bucket["units"]) for bucket in document["buckets"]] == [
        ("00", 1),
        ("01", 2),
        ("02", 3),
        ("03", 4),
    ]
