"""Commands over campaigns: answered once, and no scheduled campaign that nothing will start."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain import show_control
from shared.domain.campaign import Campaign, Status
from shared.domain.errors import (
    CampaignNotFound,
    CampaignState,
    IdempotencyKeyReused,
    InvalidRequest,
    PreconditionFailed,
    StoreBusy,
)
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.begin_campaign import begin_if_due
from shared.use_cases.ports import ChangedMeanwhile
from shared.use_cases.run_campaign import HONOURED, TRIES, Ask, ShowRunner, Told
from tests.builders import MERCHANT, a_campaign
from tests.fakes import (
    Crash,
    MemoryAnswers,
    MemoryCampaigns,
    MemoryErrands,
    MemoryLifecycles,
    MemorySchedules,
)
from tests.memory_stock import MemoryStock

START = a_campaign().starts_at
LEAD = 300
LONG_BEFORE = START - 24 * 3600
SHORTLY_BEFORE = START - LEAD


class Office:
    """A merchant's office: a show runner, and the world around it."""

    def __init__(self, now: int = LONG_BEFORE) -> None:
        self.now = now
        self.answers = MemoryAnswers()
        self.campaigns = MemoryCampaigns(self.answers)
        self.schedules = MemorySchedules()
        self.lifecycles = MemoryLifecycles()
        self.stock = MemoryStock()
        self.errands = MemoryErrands()
        self.pauses: list[float] = []
        self.runner = ShowRunner(
            campaigns=self.campaigns,
            answers=self.answers,
            schedules=self.schedules,
            lifecycles=self.lifecycles,
            stockroom=Stockroom(self.campaigns, self.stock, self.errands),
            shape=lambda campaign: {"id": campaign.id, "version": campaign.version},
            lead=LEAD,
            now=lambda: self.now,
            pause=self.pauses.append,
        )
        self.world = (self.campaigns, self.answers, self.schedules, self.lifecycles)

    def with_campaign(self, **fields: Any) -> Office:
        campaign = a_campaign(**fields)
        self.campaigns.kept[campaign.id] = campaign
        return self

    @property
    def campaign(self) -> Campaign:
        [campaign] = self.campaigns.kept.values()
        return campaign

    def command(self, name: str, key: str = "key-1", **body: Any) -> Told:
        decide: dict[str, Callable[[Campaign, int], Campaign]] = {
            "schedule": lambda campaign, now: show_control.schedule(campaign, now=now),
            "start": lambda campaign, now: show_control.start(campaign, now=now),
            "end": lambda campaign, now: show_control.end(campaign, now=now),
            "cancel": lambda campaign, now: show_control.cancel(campaign, reason="Rain", now=now),
            "extend": lambda campaign, now: show_control.extend(
                campaign, ends_at=body["ends_at"], now=now
            ),
        }
        ask = Ask(MERCHANT, name, a_campaign().id, key, body)
        return self.runner.command(ask, decide[name])

    def will_start(self) -> bool:
        """Whether something outside the store will begin the lifecycle in time, or has."""
        return bool(self.lifecycles.begun) or any(
            at <= max(self.campaign.starts_at - LEAD, self.now + 60)
            and start == self.campaign.starts_at
            for (_, start), at in self.schedules.armed.items()
        )

    def crash_at(self, effect: int) -> None:
        """The process is gone right after its nth effect on the world."""
        left = [effect]

        def count(_: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        for part in self.world:
            part.after = count

    def recover(self) -> None:
        for part in self.world:
            part.after = lambda _: None


# -- create ----------------------------------------------------------------------------------------


def create(office: Office, key: str = "key-1", campaign: Campaign | None = None) -> Told:
    ask = Ask(MERCHANT, "create", "", key, {"name": "Friday night"})
    return office.runner.create(ask, lambda: campaign or a_campaign())


def test_a_campaign_is_created_once_however_often_it_is_asked_for():
    office = Office()
    first = create(office)
    again = create(office, campaign=a_campaign(id="cmp_" + "c" * 16))
    assert (first.status, first.replayed) == (201, False)
    assert (again.status, again.document, again.replayed) == (201, first.document, True)
    assert len(office.campaigns) == 1


def test_another_key_creates_another_campaign():
    office = Office()
    create(office)
    create(office, key="key-2", campaign=a_campaign(id="cmp_" + "c" * 16))
    assert len(office.campaigns) == 2


def test_a_key_used_for_another_body_is_refused():
    office = Office()
    create(office)
    with pytest.raises(IdempotencyKeyReused):
        office.runner.create(Ask(MERCHANT, "create", "", "key-1", {}), a_campaign)


def test_a_key_belongs_to_one_merchant_one_endpoint_and_one_campaign():
    ids = {
        Ask(merchant, endpoint, resource, "key-1", {}).id
        for merchant in ("a", "b")
        for endpoint in ("start", "end")
        for resource in ("", "cmp_x", "cmp_y")
    }
    assert len(ids) == 12
    # No two texts run together.
    assert Ask("a", "b", "", "c", {}).id != Ask("a", "", "b", "c", {}).id


def test_a_body_is_the_same_however_it_was_ordered():
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert Ask("", "", "", "", one).fingerprint == Ask("", "", "", "", other).fingerprint
    assert Ask("", "", "", "", one).fingerprint != Ask("", "", "", "", {"a": 2}).fingerprint


def test_a_key_is_new_again_after_a_day():
    office = Office()
    create(office)
    office.now += HONOURED
    told = create(office, campaign=a_campaign(id="cmp_" + "c" * 16))
    assert not told.replayed


def test_a_plan_that_does_not_hold_together_is_not_kept():
    office = Office()
    with pytest.raises(InvalidRequest):
        create(office, campaign=a_campaign(ends_at=START))
    assert len(office.campaigns) == 0
    # Nor is the refusal: the corrected request may carry the same key.
    assert not create(office).replayed


def test_of_two_attempts_at_once_the_later_gets_the_answer_of_the_first():
    office = Office()
    firsts: list[Told] = []

    def rival_comes_first(_: str) -> None:
        office.campaigns.before = lambda _: None
        firsts.append(create(office, campaign=a_campaign(id="cmp_" + "c" * 16)))

    office.campaigns.before = rival_comes_first
    told = create(office)
    assert told.replayed
    assert told.document == firsts[0].document
    assert len(office.campaigns) == 1


# -- commands --------------------------------------------------------------------------------------


def test_scheduling_arms_one_schedule_some_minutes_before_the_start():
    office = Office().with_campaign()
    office.command("schedule")
    assert office.campaign.status is Status.SCHEDULED
    assert office.schedules.armed == {(office.campaign.id, START): START - LEAD}
    assert office.lifecycles.begun == []


@pytest.mark.parametrize("now", [SHORTLY_BEFORE - 60, SHORTLY_BEFORE, START])
def test_scheduling_shortly_before_the_start_begins_the_lifecycle_at_once(now):
    office = Office(now).with_campaign()
    office.command("schedule")
    assert office.lifecycles.begun == [office.campaign.id]
    assert office.schedules.armed == {}


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SCHEDULED])
def test_starting_begins_the_lifecycle_at_once(status):
    office = Office().with_campaign(status=status)
    office.command("start")
    assert office.campaign.starts_at == office.now
    assert office.lifecycles.begun == [office.campaign.id]


def test_a_second_start_is_harmless_under_the_same_key_and_under_another():
    office = Office().with_campaign()
    first = office.command("start")
    office.now += 5
    same, other = office.command("start"), office.command("start", key="key-2")
    assert same == replace(first, replayed=True)
    assert (other.status, other.document, other.replayed) == (200, first.document, False)
    assert office.lifecycles.begun == [office.campaign.id]


def test_cancelling_takes_the_schedule_back():
    office = Office().with_campaign()
    office.command("schedule")
    office.command("cancel", key="key-2")
    assert office.schedules.armed == {}
    assert office.campaign.cancel_reason == "Rain"


def test_a_repeated_command_is_answered_as_before_though_it_would_be_refused_by_now():
    office = Office().with_campaign()
    first = office.command("cancel")
    assert office.command("cancel") == replace(first, replayed=True)
    with pytest.raises(CampaignState):
        office.command("cancel", key="key-2")


def test_of_two_twins_at_once_none_is_refused_for_what_the_other_has_done():
    office = Office().with_campaign()
    firsts: list[Told] = []

    def decide(campaign: Campaign, now: int) -> Campaign:
        if not firsts:
            # Its twin comes through between its first look and its decision.
            firsts.append(office.command("cancel"))
            return show_control.cancel(office.campaign, reason="Rain", now=now)
        raise AssertionError("decided twice")

    ask = Ask(MERCHANT, "cancel", a_campaign().id, "key-1", {})
    assert office.runner.command(ask, decide) == replace(firsts[0], replayed=True)


def test_a_refused_command_leaves_nothing_behind_and_may_succeed_later_under_its_key():
    office = Office().with_campaign()
    with pytest.raises(CampaignState):
        office.command("end")
    assert office.answers.kept == {}
    office.campaigns.kept[office.campaign.id] = replace(
        office.campaign, status=Status.LIVE, starts_at=LONG_BEFORE - 60
    )
    assert not office.command("end").replayed


def test_a_command_over_another_merchants_campaign_finds_nothing():
    office = Office().with_campaign(merchant="mer_other")
    with pytest.raises(CampaignNotFound):
        office.command("start")
    assert office.campaigns.calls == office.schedules.calls == office.lifecycles.calls == []


def test_a_command_is_decided_again_when_another_change_came_first():
    office = Office().with_campaign()

    def extend_first(_: str) -> None:
        office.campaigns.before = lambda _: None
        renamed = office.campaign.changed(name="Other")
        office.campaigns.kept[renamed.id] = renamed

    office.campaigns.before = extend_first
    told = office.command("schedule")
    assert told.document["version"] == 3
    assert (office.campaign.name, office.campaign.status) == ("Other", Status.SCHEDULED)


def test_a_command_that_never_comes_through_asks_to_be_repeated():
    office = Office().with_campaign()

    def always_late(_: str) -> None:
        raise ChangedMeanwhile

    office.campaigns.before = always_late
    with pytest.raises(StoreBusy):
        office.command("schedule")
    assert len(office.pauses) == TRIES


def test_the_store_being_busy_with_the_lifecycle_is_told_and_repeated_without_a_second_change():
    office = Office(SHORTLY_BEFORE).with_campaign()

    def busy(_: str) -> None:
        raise StoreBusy

    office.lifecycles.before = busy
    with pytest.raises(StoreBusy):
        office.command("schedule")
    assert office.will_start()
    office.lifecycles.before = lambda _: None
    assert office.command("schedule").replayed
    assert office.lifecycles.begun == [office.campaign.id]
    assert office.campaign.version == 2


# -- crashes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [1, 2, 3, 4])
@pytest.mark.parametrize("now", [LONG_BEFORE, SHORTLY_BEFORE], ids=["early", "at the last minute"])
@pytest.mark.parametrize("command", ["schedule", "start", "cancel"])
def test_a_process_that_dies_after_any_effect_leaves_nothing_half_done(command, now, effect):
    whole = Office(now).with_campaign()
    whole.command(command)

    office = Office(now).with_campaign()
    office.crash_at(effect)
    try:
        office.command(command)
    except Crash:
        # As it stands now, with nobody repeating anything: what is scheduled will start.
        if office.campaign.status is Status.SCHEDULED:
            assert office.will_start()
    office.recover()

    told = office.command(command)
    assert told.document["version"] == 2
    assert office.campaign == whole.campaign
    assert office.lifecycles.begun == whole.lifecycles.begun
    assert office.schedules.armed == whole.schedules.armed


@pytest.mark.parametrize("effect", [1, 2, 3, 4])
@pytest.mark.parametrize("moved", [START + 7200, START - 7200, LONG_BEFORE + 100])
def test_a_start_that_is_moved_by_a_process_that_dies_still_happens(moved, effect):
    office = Office().with_campaign()
    office.command("schedule")
    office.crash_at(effect)
    times = {"starts_at": moved, "ends_at": moved + 3600}
    with suppress(Crash):
        office.runner.revise(MERCHANT, office.campaign.id, 2, lambda _: times)
    assert office.will_start()


def test_a_start_that_is_moved_leaves_one_schedule():
    office = Office().with_campaign()
    office.command("schedule")
    times = {"starts_at": START + 7200, "ends_at": START + 9000}
    office.runner.revise(MERCHANT, office.campaign.id, 2, lambda _: times)
    assert office.schedules.armed == {(office.campaign.id, START + 7200): START + 7200 - LEAD}


def test_a_start_that_is_moved_there_and_back_at_once_is_still_asked_for():
    office = Office().with_campaign()
    office.command("schedule")
    there = {"starts_at": START + 7200, "ends_at": START + 9000}
    back = {"starts_at": START, "ends_at": START + 3600}

    def moved_back_meanwhile(what: str) -> None:
        if what == "disarm":
            office.schedules.before = lambda _: None
            office.runner.revise(MERCHANT, office.campaign.id, 3, lambda _: back)

    office.schedules.before = moved_back_meanwhile
    office.runner.revise(MERCHANT, office.campaign.id, 2, lambda _: there)
    # The slower one took back what the quicker one had asked for, and then looked again.
    assert office.schedules.armed == {(office.campaign.id, START): START - LEAD}


# -- changes ---------------------------------------------------------------------------------------


def test_a_change_needs_the_version_it_was_made_from():
    office = Office().with_campaign(version=3)
    with pytest.raises(PreconditionFailed) as refused:
        office.runner.revise(MERCHANT, office.campaign.id, 2, lambda _: {"name": "Other"})
    assert refused.value.facts == {"version": 3}


def test_of_two_changes_at_once_the_later_is_refused():
    office = Office().with_campaign()

    def rename_first(_: str) -> None:
        office.campaigns.before = lambda _: None
        office.runner.revise(MERCHANT, office.campaign.id, 1, lambda _: {"name": "First"})

    office.campaigns.before = rename_first
    with pytest.raises(PreconditionFailed):
        office.runner.revise(MERCHANT, office.campaign.id, 1, lambda _: {"name": "Second"})
    assert (office.campaign.name, office.campaign.version) == ("First", 2)


def test_a_change_that_changes_nothing_is_no_new_version():
    office = Office().with_campaign()
    after = office.runner.revise(
        MERCHANT, office.campaign.id, 1, lambda campaign: {"name": campaign.name}
    )
    assert after.version == 1
    assert office.campaigns.calls == []


def test_a_scheduled_campaign_is_not_moved_into_the_past():
    office = Office().with_campaign(status=Status.SCHEDULED)
    times = {"starts_at": LONG_BEFORE - 1}
    with pytest.raises(InvalidRequest):
        office.runner.revise(MERCHANT, office.campaign.id, 1, lambda _: times)
    assert office.schedules.armed == {}


def test_the_plan_is_fixed_once_the_stock_may_be_on_its_way():
    office = Office(SHORTLY_BEFORE).with_campaign(status=Status.SCHEDULED)
    with pytest.raises(CampaignState):
        office.runner.revise(MERCHANT, office.campaign.id, 1, lambda _: {"hold_seconds": 60})
    after = office.runner.revise(MERCHANT, office.campaign.id, 1, lambda _: {"name": "Other"})
    assert after.name == "Other"


# -- what a schedule asks for ----------------------------------------------------------------------


def fire(office: Office) -> bool:
    return begin_if_due(
        a_campaign().id,
        campaigns=office.campaigns,
        lifecycles=office.lifecycles,
        lead=LEAD,
        now=office.now,
    )


def test_a_schedule_begins_a_campaign_that_is_due_once():
    office = Office(SHORTLY_BEFORE - 60).with_campaign(status=Status.SCHEDULED)
    assert [fire(office), fire(office)] == [True, True]
    assert office.lifecycles.begun == [office.campaign.id]


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (SHORTLY_BEFORE - 61, Status.SCHEDULED),
        (START, Status.DRAFT),
        (START, Status.CANCELLED),
        (START, Status.LIVE),
        (START, Status.CLOSED),
    ],
)
def test_a_schedule_that_fires_for_nothing_does_nothing(now, status):
    office = Office(now).with_campaign(status=status)
    assert not fire(office)
    assert office.lifecycles.begun == []


def test_a_schedule_of_an_unknown_campaign_does_nothing():
    assert not fire(Office())
