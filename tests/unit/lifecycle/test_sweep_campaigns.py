"""The sweeper: no campaign is left by its machine, whatever the machine met."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.campaign import Campaign, Status
from shared.domain.errors import StoreBusy
from shared.use_cases.sweep_campaigns import LATEST, MOST_FAILURES, PULSE, Finding, sweep_campaigns
from shared.use_cases.totals_ports import Bookmark
from tests.builders import a_campaign
from tests.fakes import Crash, MemoryCampaigns, MemoryLifecycles, MemoryLog
from tests.memory_totals import MemoryTotals

LEAD = 300
START = a_campaign().starts_at


class Account:
    """Campaigns, what beats they had, and their machines."""

    def __init__(self, *campaigns: Campaign, now: int = START) -> None:
        self.campaigns = MemoryCampaigns()
        for campaign in campaigns:
            self.campaigns.kept[campaign.id] = campaign
        self.totals = MemoryTotals()
        self.lifecycles = MemoryLifecycles()
        self.log = MemoryLog()
        self.now = now

    def sweep(self) -> dict[str, Finding]:
        found = sweep_campaigns(
            self.campaigns,
            self.totals,
            self.lifecycles,
            self.log,
            lead=LEAD,
            now=self.now,
        )
        return dict(found)

    def beat(self, campaign: Campaign) -> None:
        self.totals.set_bookmark(campaign.id, Bookmark(self.now, None, self.now))


def live(**fields: Any) -> Campaign:
    return a_campaign(status=Status.LIVE, prepared_at=START - 60, **fields)


def test_a_schedule_that_never_fires_is_made_up_for():
    campaign = a_campaign(status=Status.SCHEDULED)
    account = Account(campaign, now=START - LEAD)
    assert account.sweep() == {campaign.id: Finding.BEGUN}
    assert account.lifecycles.begun == [campaign.id]
    assert account.sweep() == {campaign.id: Finding.ALIVE}
    assert account.log.told(campaign.id) == [("schedule_missed", "retried")]


@pytest.mark.parametrize(
    "campaign",
    [
        a_campaign(),
        a_campaign(status=Status.SCHEDULED, starts_at=START + LEAD + 1),
        a_campaign(status=Status.CLOSED, balanced=True, finished=True),
        a_campaign(status=Status.CANCELLED),
        a_campaign(status=Status.CANCELLED, prepared_at=START - 60, balanced=True, finished=True),
    ],
    ids=["draft", "not due", "finished", "never had stock", "called off and finished"],
)
def test_what_is_not_due_or_has_ended_is_left_alone(campaign: Campaign):
    account = Account(campaign)
    assert account.sweep() == {}
    assert account.lifecycles.begun == []


@pytest.mark.parametrize("status", [Status.LIVE, Status.CLOSING, Status.CLOSED, Status.CANCELLED])
def test_an_execution_that_was_aborted_is_followed_by_the_next_part(status: Status):
    campaign = a_campaign(status=status, prepared_at=START - 60)
    account = Account(campaign)
    account.lifecycles.begin(campaign.id)
    account.beat(campaign)
    account.lifecycles.fail(campaign.id, at=account.now)

    assert account.sweep() == {campaign.id: Finding.ALIVE}
    account.now += PULSE
    assert account.sweep() == {campaign.id: Finding.TAKEN_UP}
    last = account.lifecycles.last(campaign.id)
    assert last is not None
    assert (last.part, last.ended_at) == (2, None)
    assert account.sweep() == {campaign.id: Finding.ALIVE}
    assert account.log.told(campaign.id) == [
        ("lifecycle_aborted", "failed"),
        ("lifecycle_taken_up", "retried"),
    ]


def test_a_beat_says_that_nobody_need_ask_further():
    campaign = live()
    account = Account(campaign)
    account.beat(campaign)
    account.now += PULSE - 1
    account.sweep()
    assert account.lifecycles.calls == []
    assert account.sweep() == {campaign.id: Finding.ALIVE}


def test_failures_make_it_rest_longer_and_longer_and_then_call_a_person():
    campaign = live()
    account = Account(campaign)
    account.lifecycles.begin(campaign.id)
    rests = []
    for _ in range(MOST_FAILURES - 1):
        account.lifecycles.fail(campaign.id, at=account.now)
        since = account.now
        while account.sweep() == {campaign.id: Finding.RESTING}:
            account.now += 60
        rests.append(account.now - since)
    account.lifecycles.fail(campaign.id, at=account.now)
    account.now += 10 * LATEST

    assert rests[:7] == [60, 120, 240, 480, 960, 1920, LATEST]
    assert set(rests[7:]) == {LATEST}
    assert account.sweep() == account.sweep() == {campaign.id: Finding.GIVEN_UP}
    told = account.log.told(campaign.id)
    # Looked at every minute for hours, and each thing told once.
    assert told.count(("lifecycle_aborted", "failed")) == MOST_FAILURES
    assert told.count(("lifecycle_taken_up", "retried")) == MOST_FAILURES - 1
    assert told[-1] == ("lifecycle_given_up", "failed")


def test_whoever_dies_between_the_log_and_the_beginning_leaves_it_to_the_next_who_tells_it_once():
    campaign = a_campaign(status=Status.SCHEDULED)
    account = Account(campaign)

    def die(_: str) -> None:
        raise Crash

    account.lifecycles.before = lambda what: die(what) if what == "begin" else None
    with pytest.raises(Crash):
        account.sweep()
    account.lifecycles.before = lambda _: None
    account.now += 60
    assert account.sweep() == {campaign.id: Finding.BEGUN}
    assert account.log.told(campaign.id) == [("schedule_missed", "retried")]


def test_a_log_that_cannot_be_written_keeps_nobody_from_being_looked_after():
    campaign = a_campaign(status=Status.SCHEDULED)
    account = Account(campaign)

    def busy(_: str) -> None:
        raise StoreBusy

    account.log.before = busy
    assert account.sweep() == {campaign.id: Finding.BEGUN}
    assert account.lifecycles.begun == [campaign.id]


def test_one_that_cannot_be_looked_at_does_not_keep_it_from_the_others():
    lost, campaign = live(id="cmp_" + "c" * 16), a_campaign(status=Status.SCHEDULED)
    account = Account(lost, campaign)
    get = account.campaigns.get

    def refuse_one(campaign_id: str) -> Campaign:
        if campaign_id == lost.id:
            raise StoreBusy
        return get(campaign_id)

    account.campaigns.get = refuse_one  # type: ignore[method-assign]
    assert account.sweep() == {lost.id: Finding.UNKNOWN, campaign.id: Finding.BEGUN}


def test_one_that_was_put_off_since_the_index_knew_of_it_is_left_alone():
    campaign = a_campaign(status=Status.SCHEDULED, starts_at=START + 10 * LEAD)
    account = Account(campaign)
    account.campaigns.unfinished = lambda *, until: [campaign.id]  # type: ignore[method-assign]
    assert account.sweep() == {campaign.id: Finding.ALIVE}
    assert account.lifecycles.begun == []
