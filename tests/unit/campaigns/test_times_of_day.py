"""Cues planned by a time of day: the second of the show follows from it, and it stays where it is when the show is moved."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import rfc3339
from shared.contracts import campaigns as contracts
from shared.contracts.validation import read
from shared.domain import show_control, show_plan
from shared.domain.campaign import Campaign, Cue, Offer
from shared.domain.errors import InvalidRequest, LocalTimeAmbiguous, LocalTimeMissing, Refusal
from shared.use_cases.prepare_stock import freeze
from tests.builders import a_campaign, campaign_body

PIN = {"cue": "pin", "sku": "FUJI-12"}


def planned(**fields: Any) -> Campaign:
    plan = contracts.plan(read(contracts.CampaignRequest, campaign_body(**fields)))
    return show_plan.checked(a_campaign(**plan))


def patched(campaign: Campaign, **fields: Any) -> Campaign:
    changes = contracts.changes(read(contracts.CampaignPatch, fields), campaign)
    return show_plan.revised(campaign, changes, laid_out=False)


def seconds(campaign: Campaign) -> list[int]:
    return [cue.at for cue in campaign.run_of_show]


def test_a_time_of_day_and_a_second_are_one_run_of_show():
    cues = [
        {"at": 0, **PIN},
        {"at": "2026-11-28T20:10:00", "cue": "unpin"},
        {"at": "2026-11-28T12:20:30Z", **PIN},
    ]
    campaign = planned(run_of_show=cues)
    assert seconds(campaign) == [0, 600, 1230]
    told = contracts.answer(campaign)["run_of_show"]
    assert [cue["at"] for cue in told] == [0, "2026-11-28T20:10:00", "2026-11-28T20:20:30"]
    again = contracts.plan(read(contracts.CampaignRequest, campaign_body(run_of_show=told)))
    assert again["run_of_show"] == campaign.run_of_show


def test_it_stays_where_it_is_when_the_start_is_moved():
    cues = [{"at": 60, **PIN}, {"at": "2026-11-28T20:10:00", "cue": "unpin"}]
    campaign = patched(planned(run_of_show=cues), starts_at="2026-11-28T20:09:30")
    assert [(cue.at, cue.cue) for cue in campaign.run_of_show] == [(30, "unpin"), (60, "pin")]


def test_a_show_that_is_started_by_hand_does_at_once_what_is_over_by_then():
    release = {"cue": "release_stock", "sku": "FUJI-12"}
    cues = [
        {"at": "2026-11-28T20:05:00", **release, "units": 10},
        {"at": "2026-11-28T20:30:00", **release, "units": 20},
    ]
    draft = planned(run_of_show=cues)
    five_to = draft.starts_at - 300
    laid_out = freeze(show_control.schedule(draft, now=five_to), five_to)
    late = show_control.start(laid_out, now=laid_out.starts_at - 60)
    assert (late.starts_at, seconds(late)) == (draft.starts_at - 60, [360, 1860])
    assert [portion.at for portion in late.offers[0].portions] == [360, 1860]
    ten_past = show_control.start(draft, now=draft.starts_at + 600)
    assert seconds(ten_past) == [0, 1200]


def test_a_new_zone_needs_them_again():
    campaign = planned(run_of_show=[{"at": "2026-11-28T20:10:00", **PIN}])
    times = {"starts_at": "2026-11-28T20:00:00", "ends_at": "2026-11-28T21:00:00"}
    with pytest.raises(InvalidRequest) as refusal:
        patched(campaign, time_zone="Asia/Tokyo", **times)
    assert "run_of_show" in refusal.value.facts["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        ("2026-11-28T19:59:59", InvalidRequest),
        ("2026-11-28T21:00:01", InvalidRequest),
        ("20:10", InvalidRequest),
        (-1, InvalidRequest),
        ("", InvalidRequest),
    ],
)
def test_one_that_is_not_in_the_show_is_named(at: object, fault: type[Refusal]):
    with pytest.raises(fault) as refusal:
        planned(run_of_show=[{"at": at, **PIN}])
    assert refusal.value.facts["errors"][0]["pointer"] == "/run_of_show/0/at"


@pytest.mark.parametrize(
    ("night", "at", "fault"),
    [("2026-03-08", "02:30:00", LocalTimeMissing), ("2026-11-01", "01:30:00", LocalTimeAmbiguous)],
)
def test_one_in_the_hour_that_the_clocks_skip_or_show_twice_is_refused_with_both_readings(
    night: str, at: str, fault: type[Refusal]
):
    times = {"starts_at": f"{night}T00:30:00", "ends_at": f"{night}T06:00:00"}
    with pytest.raises(fault) as refusal:
        planned(time_zone="America/New_York", run_of_show=[{"at": f"{night}T{at}", **PIN}], **times)
    assert len(refusal.value.facts["readings"]) == 2
    assert refusal.value.facts["errors"][0]["pointer"] == "/run_of_show/0/at"


def test_when_the_rules_of_a_zone_change_the_instants_stand_and_the_local_times_tell():
    """Parliaments move clocks at short notice. What was promised is an instant; the clocks show another time."""
    campaign = planned(run_of_show=[{"at": "2026-11-28T20:10:00", **PIN}])
    # Tokyo's clocks are what Shanghai's would be after a change by an hour.
    changed = a_campaign(
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        run_of_show=campaign.run_of_show,
        time_zone="Asia/Tokyo",
    )
    told = contracts.answer(changed)
    assert told["starts_at"] == rfc3339(campaign.starts_at)
    assert told["local"]["starts_at"] == "2026-11-28T21:00:00"
    assert told["run_of_show"][0]["at"] == "2026-11-28T21:10:00"
    assert seconds(changed) == [600]


@pytest.mark.parametrize(
    ("cues", "found"),
    [
        ([(60, 40)], []),
        ([(60, 30), (90, 10)], []),
        ([(60, 41)], ["/run_of_show/0/units"]),
        ([(60, 30), (90, 11)], ["/run_of_show/1/units"]),
        ([(0, 5)], ["/run_of_show/0/at"]),
    ],
)
def test_no_more_is_released_than_there_is(cues: list[tuple[int, int]], found: list[str]):
    offer = Offer(number=0, sku="FUJI-12", title={"en": "Fuji"}, unit_price=100, allotment=40)
    run = tuple(Cue(at=at, cue="release_stock", sku="FUJI-12", units=units) for at, units in cues)
    if not found:
        show_plan.checked(a_campaign(offers=(offer,), run_of_show=run))
        return
    with pytest.raises(InvalidRequest) as refusal:
        show_plan.checked(a_campaign(offers=(offer,), run_of_show=run))
    assert [fault["pointer"] for fault in refusal.value.facts["errors"]] == found
