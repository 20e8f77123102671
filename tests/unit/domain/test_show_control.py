"""The five commands, from every status."""

from __future__ import annotations

import pytest

from shared.domain import show_control as control
from shared.domain.campaign import ON_AIR, Campaign, Status
from shared.domain.errors import CampaignState, InvalidRequest
from tests.builders import a_campaign

START = a_campaign().starts_at
HOUR, DAY = 3600, 24 * 3600


def live(**fields: object) -> Campaign:
    return a_campaign(status=Status.LIVE, prepared_at=START - 300, **fields)


COMMANDS = {
    "schedule": lambda campaign: control.schedule(campaign, now=START - 60),
    "start": lambda campaign: control.start(campaign, now=START - 60),
    "end": lambda campaign: control.end(campaign, now=START + 60),
    "extend": lambda campaign: control.extend(campaign, ends_at=START + 2 * HOUR, now=START + 60),
    "pause": lambda campaign: control.pause(campaign, now=START + 60),
    "resume": lambda campaign: control.resume(campaign, now=START + 60),
    "cancel": lambda campaign: control.cancel(campaign, reason="Rain", now=START + 60),
}
ALLOWED = {
    "schedule": {Status.DRAFT},
    "start": {Status.DRAFT, Status.SCHEDULED, *ON_AIR},
    "end": set(ON_AIR),
    "extend": {Status.SCHEDULED, *ON_AIR},
    "pause": set(ON_AIR),
    "resume": set(ON_AIR),
    "cancel": {Status.DRAFT, Status.SCHEDULED, *ON_AIR},
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_command_applies_in_some_statuses_and_else_names_the_one_that_is(command, status):
    campaign = a_campaign(status=status)
    if status in ALLOWED[command]:
        COMMANDS[command](campaign)
    else:
        with pytest.raises(CampaignState) as refused:
            COMMANDS[command](campaign)
        assert refused.value.facts["status"] == status.value
        assert str(status) in refused.value.detail


# -- schedule --------------------------------------------------------------------------------------


def test_a_draft_can_be_scheduled_until_the_second_of_its_start():
    after = control.schedule(a_campaign(), now=START)
    assert (after.status, after.version, after.starts_at) == (Status.SCHEDULED, 2, START)
    with pytest.raises(InvalidRequest):
        control.schedule(a_campaign(), now=START + 1)


# -- start -----------------------------------------------------------------------------------------


def test_starting_a_little_early_keeps_the_planned_end():
    after = control.start(a_campaign(), now=START - 600)
    assert (after.status, after.starts_at, after.ends_at) == (
        Status.SCHEDULED,
        START - 600,
        START + HOUR,
    )


@pytest.mark.parametrize("now", [START + HOUR, START + 5 * DAY, START - 30 * DAY])
def test_starting_where_the_planned_end_makes_no_sense_keeps_the_planned_length(now):
    after = control.start(a_campaign(replay_until=START + 3 * HOUR), now=now)
    assert (after.starts_at, after.ends_at, after.replay_until) == (now, now + HOUR, now + 3 * HOUR)


def test_the_replay_never_outlasts_a_week_from_an_early_start():
    planned = a_campaign(replay_until=START + 7 * DAY)
    after = control.start(planned, now=START - HOUR)
    assert after.replay_until == START - HOUR + 7 * DAY


@pytest.mark.parametrize(
    "campaign",
    [live(), a_campaign(status=Status.SCHEDULED, starts_at=START - 100)],
    ids=["live", "about to open"],
)
def test_a_second_start_changes_nothing(campaign):
    assert control.start(campaign, now=START - 60) is campaign


def test_a_scheduled_campaign_can_be_started_before_its_time():
    after = control.start(a_campaign(status=Status.SCHEDULED), now=START - 600)
    assert (after.status, after.starts_at) == (Status.SCHEDULED, START - 600)


# -- end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "moves"), [(control.MOMENT, False), (control.MOMENT + 1, True)])
def test_what_begins_this_moment_is_not_begun_a_moment_earlier(before: int, moves: bool):
    campaign = a_campaign(status=Status.SCHEDULED)

    assert (control.start(campaign, now=START - before) is not campaign) is moves


def test_ending_closes_the_show_and_its_replay_at_this_second():
    after = control.end(live(replay_until=START + 2 * HOUR), now=START + 60)
    assert (after.ends_at, after.replay_until, after.closes_at) == (START + 60, None, START + 60)
    assert not after.is_selling(START + 60)
    assert after.is_selling(START + 59)


def test_ending_during_the_replay_keeps_when_the_show_ended():
    now = START + HOUR + 60
    after = control.end(live(replay_until=START + 2 * HOUR), now=now)
    assert (after.ends_at, after.closes_at) == (START + HOUR, now)


def test_a_second_end_changes_nothing():
    ended = control.end(live(), now=START + 60)
    assert control.end(ended, now=START + 61) is ended


# -- extend ----------------------------------------------------------------------------------------


def test_extending_moves_the_end_and_swallows_a_replay_that_would_end_before():
    after = control.extend(
        live(replay_until=START + 2 * HOUR), ends_at=START + 2 * HOUR, now=START + 60
    )
    assert (after.ends_at, after.replay_until) == (START + 2 * HOUR, None)


def test_extending_keeps_a_later_replay():
    after = control.extend(live(replay_until=START + DAY), ends_at=START + 2 * HOUR, now=START)
    assert after.replay_until == START + DAY


def test_extending_to_the_same_end_changes_nothing():
    campaign = live()
    assert control.extend(campaign, ends_at=campaign.ends_at, now=START) is campaign


@pytest.mark.parametrize("ends_at", [START + HOUR - 1, START + DAY + 1, START - 1])
def test_an_end_that_is_earlier_or_a_day_after_the_start_is_refused(ends_at):
    with pytest.raises(InvalidRequest) as refused:
        control.extend(live(), ends_at=ends_at, now=START + 60)
    assert refused.value.facts["errors"][0]["pointer"] == "/ends_at"


def test_the_longest_show_is_a_day():
    assert control.extend(live(), ends_at=START + DAY, now=START).ends_at == START + DAY


def test_what_has_ended_is_not_reopened_even_before_the_machine_has_closed_it():
    with pytest.raises(CampaignState):
        control.extend(live(), ends_at=START + 2 * HOUR, now=START + HOUR)


# -- due -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "now", "due"),
    [
        (Status.SCHEDULED, START - 301, False),
        (Status.SCHEDULED, START - 300, True),
        (Status.SCHEDULED, START + HOUR, True),
        (Status.DRAFT, START, False),
        (Status.CANCELLED, START, False),
        (Status.LIVE, START, False),
    ],
)
def test_a_scheduled_campaign_is_due_from_its_lead_on(status, now, due):
    assert control.is_due(a_campaign(status=status), now, 300) is due
