"""Local times, instants, and the two hours a year that are neither."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import show_time
from shared.domain.errors import InvalidRequest, LocalTimeAmbiguous, LocalTimeMissing, Refusal

SHANGHAI = "Asia/Shanghai"
NEW_YORK = "America/New_York"
ZONES = [
    SHANGHAI,
    NEW_YORK,
    "UTC",
    "Europe/London",
    "Australia/Lord_Howe",  # shifts by half an hour
    "Africa/Casablanca",  # goes back for Ramadan
    "Pacific/Apia",  # left out a day in 2011
    "Asia/Kathmandu",  # a quarter of an hour
]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_a_wall_time_is_read_in_its_zone():
    assert show_time.instant("2026-11-28T20:00:00", SHANGHAI, "/starts_at") == at(
        "2026-11-28T12:00:00+00:00"
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00Z",
        "2026-11-28T20:00:00+08:00",
        "2026-11-28T07:00:00-05:00",
        "2026-11-28T12:00:00.000Z",
        "2026-11-28T12:00Z",
        "2026-11-28T12:00:00-00:00",
    ],
)
def test_a_time_with_an_offset_is_that_instant_in_every_zone(text):
    for zone in ZONES:
        assert show_time.instant(text, zone, "/starts_at") == at("2026-11-28T12:00:00+00:00")


def test_a_time_that_the_clocks_skip_is_refused_with_the_times_before_and_after_the_gap():
    with pytest.raises(LocalTimeMissing) as refused:
        show_time.instant("2027-03-14T02:30:00", NEW_YORK, "/starts_at")
    assert refused.value.facts["readings"] == [
        "2027-03-14T01:30:00-05:00",
        "2027-03-14T03:30:00-04:00",
    ]
    assert refused.value.facts["errors"][0]["pointer"] == "/starts_at"


def test_a_time_that_the_clocks_show_twice_is_refused_with_both_offsets():
    with pytest.raises(LocalTimeAmbiguous) as refused:
        show_time.instant("2026-11-01T01:30:00", NEW_YORK, "/ends_at")
    assert refused.value.facts["readings"] == [
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
    ]


def test_a_reading_that_was_offered_is_accepted():
    for text in ("2026-11-01T01:30:00", "2027-03-14T02:30:00"):
        with pytest.raises(Refusal) as refused:
            show_time.instant(text, NEW_YORK, "/starts_at")
        first, second = (
            show_time.instant(reading, NEW_YORK, "/starts_at")
            for reading in refused.value.facts["readings"]
        )
        assert first < second


def test_the_first_and_last_second_of_a_gap_and_of_a_fold_are_found():
    for text in ("2027-03-14T02:00:00", "2027-03-14T02:59:59"):
        with pytest.raises(LocalTimeMissing):
            show_time.instant(text, NEW_YORK, "/starts_at")
    for text in ("2026-11-01T01:00:00", "2026-11-01T01:59:59"):
        with pytest.raises(LocalTimeAmbiguous):
            show_time.instant(text, NEW_YORK, "/starts_at")
    for text in (
        "2027-03-14T01:59:59",
        "2027-03-14T03:00:00",
        "2026-11-01T00:59:59",
        "2026-11-01T02:00:00",
    ):
        assert show_time.instant(text, NEW_YORK, "/starts_at")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-28",
        "2026-11-28 20:00:00",
        "2026-11-28T20",
        "2026-11-28T25:00:00",
        "2026-11-28T24:00:01",
        "2026-02-30T20:00:00",
        "2026-13-01T20:00:00",
        "2026-11-28T20:60:00",
        "2026-11-28T20:00:60",
        "2026-11-28T20:00:00.5",
        "2026-11-28T20:00:00+25:00",
        "2026-11-28T20:00:00+08:99",
        "2026-11-28T20:00:00+0800",
        "2026-11-28T20:00:00[Asia/Shanghai]",
        "1999-12-31T23:59:59",
        "2200-01-01T00:00:00",
        "0000-01-01T00:00:00",
        "9999-12-31T23:59:59Z",
        "-2026-11-28T20:00:00",
        "\uff12\uff10\uff12\uff16-11-28T20:00:00",
        "2026-11-28T20:00:00\n",
        "1795867200",
        "2" * 10_000,
    ],
)
def test_what_is_no_time_is_refused_with_its_pointer(text):
    with pytest.raises(InvalidRequest) as refused:
        show_time.instant(text, SHANGHAI, "/starts_at")
    [error] = refused.value.facts["errors"]
    assert error["pointer"] == "/starts_at"
    assert len(error["detail"]) < 250


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Shanghai",
        "asia/shanghai",
        "Asia/Shanghai ",
        "Asia",
        "../../etc/passwd",
        "/etc/localtime",
        "right/UTC",
        "posixrules",
        "UTC+8",
        "\x00",
        "Asia/" + "x" * 5_000,
    ],
)
def test_what_is_no_zone_is_refused_with_its_pointer(name):
    with pytest.raises(InvalidRequest) as refused:
        show_time.instant("2026-11-28T20:00:00", name, "/starts_at")
    [error] = refused.value.facts["errors"]
    assert error["pointer"] == "/time_zone"
    assert len(error["detail"]) < 250


seconds = st.integers(at("2000-01-02T00:00:00+00:00"), at("2199-12-30T00:00:00+00:00"))


@given(seconds, st.sampled_from(ZONES))
def test_every_instant_is_written_so_that_it_reads_as_itself(instant, zone):
    assert show_time.instant(show_time.local(instant, zone), zone, "/starts_at") == instant


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2190, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
    st.sampled_from(ZONES),
)
def test_every_wall_time_is_one_instant_or_is_refused_with_two(moment, zone):
    refused = None
    try:
        instant = show_time.instant(moment.isoformat(), zone, "/starts_at")
    except (LocalTimeMissing, LocalTimeAmbiguous) as two:
        refused = two
    if refused is None:
        shown = datetime.fromtimestamp(instant, ZoneInfo(zone))
        assert shown.replace(tzinfo=None) == moment
        assert show_time.local(instant, zone) == moment.isoformat()
        return
    readings = [datetime.fromisoformat(text) for text in refused.facts["readings"]]
    assert readings[0].astimezone(UTC) < readings[1].astimezone(UTC)
    is_shown = [reading.replace(tzinfo=None) == moment for reading in readings]
    assert is_shown == [isinstance(refused, LocalTimeAmbiguous)] * 2
    # Both are what clocks of that zone show at that instant.
    for reading in readings:
        assert reading.astimezone(ZoneInfo(zone)).isoformat() == reading.isoformat()


@pytest.mark.parametrize(
    "name",
    [
        *("Factory", "EST", "MST", "HST", "EST5EDT", "PST8PDT", "CET", "MET", "EET", "WET"),
        *("GMT", "GMT0", "GMT+0", "Greenwich", "Universal", "Zulu", "UCT"),
        *("Etc/GMT", "Etc/GMT+5", "Etc/GMT-14", "Etc/Zulu", "Etc/Unknown"),
        *("localtime", "posixrules", "posix/Europe/Paris", "right/Europe/Paris"),
    ],
)
def test_the_time_of_no_place_is_refused(name: str):
    with pytest.raises(InvalidRequest) as refused:
        show_time.zone(name)
    (fault,) = refused.value.facts["errors"]
    assert fault["pointer"] == "/time_zone"
    assert "America/New_York" in fault["detail"]


@pytest.mark.parametrize(
    "name",
    [
        *("Asia/Shanghai", "America/Argentina/Buenos_Aires", "Europe/Kyiv", "Pacific/Chatham"),
        *("Asia/Calcutta", "US/Pacific", "Canada/Newfoundland", "Japan", "Singapore", "NZ-CHAT"),
        *("Antarctica/Troll", "Arctic/Longyearbyen", "UTC", "Etc/UTC"),
    ],
)
def test_the_time_of_a_place_or_utc_is_taken(name: str):
    assert show_time.zone(name).key == name


def test_every_place_of_the_database_is_taken_and_nothing_else():
    """What the database's own table of places names is a place, and so is what was called otherwise before."""
    names = available_timezones()
    refused = {name for name in names if not show_time.is_place(name)}
    assert all("/" not in name or name.startswith("Etc/") for name in refused)
    assert len(names - refused) > 500
