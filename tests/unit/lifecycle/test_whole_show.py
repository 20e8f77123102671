"""A campaign from its schedule to its settled books, whoever dies on the way."""

from __future__ import annotations

import json

import pytest

from shared.domain.campaign import Status
from shared.domain.errors import CampaignNotOpen
from shared.use_cases.open_campaign import Doors
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.theatre import GALA, HOLD, Theatre


def test_a_show_runs_from_its_schedule_to_its_settled_books():
    show = Theatre()
    show.go_live()
    show.sell(3)
    show.sell(2, GALA)
    show.release(show.reserve())
    abandoned = show.reserve()
    show.check_out(show.reserve())

    assert show.run_to_the_end()

    assert show.campaign.status is Status.CLOSED
    assert show.state(abandoned) == "expired"
    last = show.totals.snapshots[show.id]
    assert last.complete
    assert last.status is Status.CLOSED
    total = last.total
    assert (total.orders, total.sold, total.held, total.holds) == (2, 5, 0, 0)
    assert (total.released, total.expired, total.gross) == (1, 2, 3 * 9900 + 2 * 5000)
    report = show.report()
    assert (report["balanced"], report["status"]) == (True, "closed")
    assert report["totals"]["gross"] == total.gross
    assert report["orders"]["by_state"]["cancelled"] == 1
    assert sum(bucket["orders"] for bucket in report["timeline"]["buckets"]) == 2


def test_running_it_all_again_changes_nothing():
    show = Theatre()
    show.go_live()
    show.sell(3)
    show.run_to_the_end()
    report, campaign, last = show.totals.reports[show.id], show.campaign, show.seen().snapshot
    show.wait(3600)

    assert show.run_to_the_end()

    assert show.totals.reports[show.id] == report
    assert show.campaign == campaign
    assert show.seen().snapshot == last


def test_the_report_is_the_same_before_and_after_the_campaign_is_settled():
    show = Theatre()
    show.go_live()
    show.sell(3)
    while show.campaign.status is not Status.CLOSING:
        show.wait(60)
        if show.beat().phase == "close":
            show.close()
    show.wait(HOLD)
    show.beat()
    reports = set()
    for pause in (0, 1, 7, 33):
        show.wait(pause)
        assert show.reconcile()
        reports.add(show.totals.reports[show.id])
        assert json.loads(show.totals.reports[show.id])["status"] == "closed"
    assert len(reports) == 1


@pytest.mark.parametrize("when", ["scheduled", "prepared", "live"])
def test_a_campaign_that_is_called_off_is_closed_and_reconciled_and_stays_cancelled(when: str):
    show = Theatre()
    paid = None
    if when != "scheduled":
        show.prepare()
    if when == "live":
        show.go_live()
        paid = show.sell(2)
        show.reserve()
    show.cancel()

    assert show.run_to_the_end()

    assert show.campaign.status is Status.CANCELLED
    assert show.campaign.balanced is True
    last = show.seen().snapshot
    assert (last.complete, last.status) == (True, Status.CANCELLED)
    assert last.total.sold == (2 if paid else 0)
    assert show.report()["status"] == "cancelled"
    assert all(not block.opens <= show.now < block.closes for block in show.blocks())


def test_a_show_whose_machine_comes_after_the_end_is_closed_at_once():
    show = Theatre()
    show.prepare()
    show.millis = (show.campaign.closes_at + 100) * 1000
    assert show.open() is Doors.CLOSE
    assert show.run_to_the_end()
    assert show.campaign.status is Status.CLOSED


class Performance:
    """A show in which a little of everything happens, that can be cut short at any moment."""

    def __init__(self) -> None:
        self.show = Theatre()
        self.moments: list[str] = []
        self._acted = False

    def play(self, cut_at: int | None = None) -> None:
        """The whole lifecycle; or until the moment of that number, when the process dies."""

        def notice(what: str) -> None:
            self.moments.append(what)
            if len(self.moments) - 1 == cut_at:
                raise Crash(what)

        show = self.show
        show.watch(notice)
        show.go_live()
        if not self._acted:
            show.watch(lambda _: None)
            self._act()
            self._acted = True
            show.watch(notice)
        assert show.run_to_the_end()

    def _act(self) -> None:
        show = self.show
        show.sell(2)
        show.sell(5, GALA)
        show.release(show.reserve())
        show.reserve(4)
        show.check_out(show.reserve(2))
        show.wait(5)
        show.end()


def test_whoever_dies_at_whatever_moment_the_next_one_comes_to_the_same_end():
    undisturbed = Performance()
    undisturbed.play()
    other = undisturbed.show.report()
    for moment in range(len(undisturbed.moments)):
        performance = Performance()
        show = performance.show
        with pytest.raises(Crash):
            performance.play(cut_at=moment)
        show.restart()
        show.wait(moment % 13)

        performance.play()

        assert show.campaign.status is Status.CLOSED
        mine, its = show.seen().snapshot, undisturbed.show.seen().snapshot
        assert (mine.offers, mine.complete, mine.status) == (its.offers, True, Status.CLOSED)
        report = show.report()
        times = {"timeline": None, "ends_at": None}
        assert {**report, **times} == {**other, **times}
        buckets = report["timeline"]["buckets"]
        for name in ("orders", "gross"):
            assert sum(bucket[name] for bucket in buckets) == report["totals"][name]
    names = {what.split()[1] for what in undisturbed.moments}
    wanted = {"lay_out", "save", "stamp", "advance", "keep", "bookmark", "report", "amend"}
    assert wanted | {"cancel_payment", "file", "piece", "package"} <= names


def test_nothing_is_sold_after_the_campaign_says_closing():
    show = Theatre()
    show.go_live()
    show.close()
    assert show.campaign.status is Status.CLOSING
    with pytest.raises(CampaignNotOpen):
        show.reserve()
    # Not even by a process whose clock and cache are wrong, or a beat that is an hour late.
    show.campaigns.kept[show.id] = show.campaign.changed(status=Status.LIVE)
    show.beat()
    with pytest.raises(CampaignNotOpen):
        show.reserve()


def test_totals_are_served_through_every_state():
    show = Theatre()
    seen = []
    seen.append(show.desk().look(show.id, MERCHANT).snapshot)
    show.go_live()
    show.sell()
    seen.append(show.desk().look(show.id, MERCHANT).snapshot)
    show.run_to_the_end()
    seen.append(show.desk().look(show.id, MERCHANT).snapshot)
    assert [each.status for each in seen] == [Status.SCHEDULED, Status.LIVE, Status.CLOSED]
    assert [each.complete for each in seen] == [False, False, True]
    assert [each.version for each in seen] == sorted({each.version for each in seen})
