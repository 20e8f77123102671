"""Reading totals: fresh, never going back, and at the cost of one reader however many there are."""

from __future__ import annotations

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CampaignNotFound, NotClosed, StoreBusy
from shared.use_cases.read_totals import TotalsDesk
from shared.use_cases.take_snapshot import take_snapshot
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.theatre import HOLD, Theatre


@pytest.fixture
def show() -> Theatre:
    theatre = Theatre()
    theatre.go_live()
    return theatre


def counts(show: Theatre) -> int:
    """How many times all blocks were read."""
    return show.stock.reads // 3


def test_totals_are_never_older_than_two_seconds_while_the_show_is_live(show: Theatre):
    desks = [show.desk() for _ in range(4)]
    for step in range(200):
        show.wait(0.13)
        seen = desks[step % 4].look(show.id, MERCHANT)
        assert show.millis - seen.snapshot.as_of <= 2_000


@pytest.mark.parametrize("pollers", [1, 10, 1000])
def test_the_store_sees_one_count_and_one_look_a_second_however_many_poll(
    show: Theatre, pollers: int
):
    desk = show.desk()
    show.stock.reads = show.totals.reads = 0
    for _ in range(10):  # seconds
        for _ in range(pollers):
            desk.look(show.id, MERCHANT)
            show.millis += 1000 // pollers
    assert counts(show) <= 10
    assert show.totals.reads <= 2 * 12


def test_many_processes_share_one_count_a_second(show: Theatre):
    desks = [show.desk() for _ in range(40)]
    show.stock.reads = 0
    for step in range(400):  # ten seconds
        desks[step % 40].look(show.id, MERCHANT)
        show.millis += 25
    assert 5 <= counts(show) <= 11


def test_while_one_counts_the_others_are_served_what_is_there(show: Theatre):
    first = show.seen().snapshot
    show.wait(1.2)
    other = show.desk()
    served = []

    def meanwhile(what: str) -> None:
        show.totals.before = lambda _: None
        served.append(other.look(show.id, MERCHANT).snapshot)

    show.totals.before = meanwhile  # the counter is about to write
    assert show.seen().snapshot.version == first.version + 1
    assert served == [first]


def test_a_process_that_died_while_it_counted_is_waited_for_no_longer_than_its_lease(show: Theatre):
    show.seen()
    show.wait(3)

    def die(what: str) -> None:
        raise Crash

    show.totals.before = die
    with pytest.raises(Crash):
        show.seen()
    show.totals.before = lambda _: None
    asked_at = show.millis
    seen = show.seen()
    assert seen.snapshot.version == 2
    assert show.millis - asked_at <= 2_000


def test_what_takes_too_long_to_count_is_served_with_its_honest_age(show: Theatre):
    show.seen()
    show.wait(60)
    show.totals.claim = lambda *_, **__: False  # type: ignore[method-assign]
    seen = show.seen()
    assert seen.snapshot.version == 1
    assert show.millis - seen.snapshot.as_of >= 60_000


def test_a_first_count_that_nobody_finishes_is_a_busy_store(show: Theatre):
    show.totals.claim = lambda *_, **__: False  # type: ignore[method-assign]
    with pytest.raises(StoreBusy):
        show.seen()


def test_who_sends_a_version_never_gets_an_older_one(show: Theatre):
    old, new = show.desk(), show.desk()
    first = old.look(show.id, MERCHANT).snapshot.version
    take_snapshot(show.totals, show.stock, show.campaign, show.clock, read_at=show.clock())
    second = new.look(show.id, MERCHANT).snapshot.version
    assert (first, second) == (1, 2)
    assert (
        old.look(show.id, MERCHANT).snapshot.version == 1
    )  # within the second that it may be cached
    assert old.look(show.id, MERCHANT, [second]).snapshot.version == 2


def test_who_waits_for_a_second_never_gets_an_older_one(show: Theatre):
    desks = [show.desk() for _ in range(5)]
    before = 0
    for step in range(50):
        for desk in desks[: step % 5]:
            desk.look(show.id, MERCHANT)
            show.wait(0.07)
        version = desks[step * 3 % 5].look(show.id, MERCHANT).snapshot.version
        assert version >= before
        before = version
        show.wait(1)


def test_a_change_of_the_campaign_is_a_new_version_at_once(show: Theatre):
    desk = show.desk()
    first = desk.look(show.id, MERCHANT)
    show.change(name="Saturday night")
    show.wait(1)
    second = desk.look(show.id, MERCHANT)
    assert second.campaign.name == "Saturday night"
    assert second.snapshot.version == first.snapshot.version + 1


def test_a_campaign_that_changes_while_it_is_counted_is_counted_again(show: Theatre):
    desk = show.desk()

    def rival(what: str) -> None:
        show.totals.before = lambda _: None
        show.change(name="Saturday night")
        show.snapshot()

    show.totals.before = rival
    seen = desk.look(show.id, MERCHANT)
    assert seen.is_of_one_piece
    assert seen.campaign.name == "Saturday night"


def test_an_older_process_does_not_write_over_the_totals_of_a_newer_campaign(show: Theatre):
    stale = show.campaign
    show.close()
    newest = show.snapshot()
    assert take_snapshot(show.totals, show.stock, stale, show.clock, read_at=0).snapshot == newest


def test_a_process_that_stood_still_tells_the_plan_as_of_when_it_knew_it():
    show = Theatre()
    read_at, unprepared = show.clock(), show.campaign
    assert unprepared.prepared_at is None

    show.wait(8)  # in which the show begins, and sells
    told = take_snapshot(show.totals, show.stock, unprepared, show.clock, read_at=read_at).snapshot

    assert (told.as_of, told.total.sold) == (read_at, 0)


def test_before_the_show_nothing_is_counted_again_and_again():
    show = Theatre()
    desk = show.desk()
    first = desk.look(show.id, MERCHANT).snapshot
    show.wait(59)
    assert desk.look(show.id, MERCHANT).snapshot == first
    assert show.stock.reads == 0


def test_complete_totals_cost_one_look_a_second_and_stay_as_they_are(show: Theatre):
    show.sell()
    show.run_to_the_end()
    desk = show.desk()
    last = desk.look(show.id, MERCHANT).snapshot
    show.stock.reads = 0
    for _ in range(20):
        show.wait(10)
        assert desk.look(show.id, MERCHANT).snapshot == last
    assert show.stock.reads == 0
    assert (last.complete, last.status) == (True, Status.CLOSED)


def test_another_merchants_campaign_is_not_found_and_costs_no_count(show: Theatre):
    desk = show.desk()
    show.stock.reads = 0
    for _ in range(2):
        with pytest.raises(CampaignNotFound):
            desk.look(show.id, "mer_other")
        with pytest.raises(CampaignNotFound):
            desk.report(show.id, "mer_other")
        assert show.stock.reads == 0
    desk.look(show.id, MERCHANT)
    with pytest.raises(CampaignNotFound):
        desk.look(show.id, "mer_other")
    with pytest.raises(CampaignNotFound):
        desk.look("cmp_" + "z" * 16, MERCHANT)


def test_the_report_is_there_once_the_books_are_reconciled(show: Theatre):
    desk = show.desk()
    for _ in range(2):
        with pytest.raises(NotClosed) as refused:
            desk.report(show.id, MERCHANT)
        assert refused.value.facts["status"] == show.campaign.status
        show.close()
    show.wait(HOLD)
    show.beat()
    show.reconcile()
    assert desk.report(show.id, MERCHANT) == show.totals.reports[show.id]


def test_the_timeline_of_a_version_is_read_once(show: Theatre):
    desk: TotalsDesk = show.desk()
    show.sell()
    show.snapshot()
    show.wait(30)
    seen = desk.look(show.id, MERCHANT)
    desk.timeline(seen, 60, None)
    reads = show.totals.reads
    for bucket in (10, 60, 300):
        assert desk.timeline(seen, bucket, None)["buckets"]
    assert show.totals.reads == reads


def test_while_the_stock_is_being_laid_out_totals_say_how_the_sale_began():
    show = Theatre()
    show.wait(63)  # and the machine is late
    laid = 0

    def interrupt(what: str) -> None:
        nonlocal laid
        laid += 1
        if laid > 2:
            raise Crash

    show.stock.before = interrupt
    with pytest.raises(Crash):
        show.prepare()
    show.stock.before = lambda _: None
    seen = show.seen()
    assert seen.snapshot.as_of == show.campaign.starts_at * 1000
    assert (seen.snapshot.total.available, seen.snapshot.status) == (45, Status.SCHEDULED)
    show.prepare()
    show.open()
    show.sell(2)
    show.wait(1)
    after = show.seen().snapshot
    assert after.version > seen.snapshot.version
    assert after.total.sold == 2


def test_a_store_that_does_not_answer_while_the_show_is_live_is_a_busy_store(show: Theatre):
    show.stock.blocks.popitem()
    with pytest.raises(StoreBusy):
        show.seen()
