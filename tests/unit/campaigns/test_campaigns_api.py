"""Campaigns through their function, as the gateway calls it: nine routes, and whatever is sent to them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.campaigns.handler import lambda_handler
from shared import clock, wiring
from shared.contracts import campaigns as contracts
from shared.domain.campaign import Campaign, Status
from shared.domain.campaign_log import stumbled
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.run_campaign import ShowRunner
from tests.builders import a_campaign, apple_hour, campaign_body
from tests.fakes import (
    MemoryAnswers,
    MemoryCampaigns,
    MemoryErrands,
    MemoryLifecycles,
    MemoryLog,
    MemorySchedules,
)
from tests.gateway import Answer, call
from tests.memory_stock import MemoryStock

CREATE = "POST /v1/campaigns"
LIST = "GET /v1/campaigns"
READ = "GET /v1/campaigns/{campaign_id}"
PATCH = "PATCH /v1/campaigns/{campaign_id}"
START = a_campaign().starts_at
NOW = START - 24 * 3600
HERE = {"campaign_id": a_campaign().id}


def command(name: str) -> str:
    return f"POST /v1/campaigns/{{campaign_id}}/{name}"


class Desk:
    def __init__(self) -> None:
        self.now = NOW
        self.campaigns = MemoryCampaigns(MemoryAnswers())
        self.log = MemoryLog()
        self.schedules = MemorySchedules()
        self.lifecycles = MemoryLifecycles()
        self.runner = ShowRunner(
            campaigns=self.campaigns,
            answers=self.campaigns.answers,
            schedules=self.schedules,
            lifecycles=self.lifecycles,
            stockroom=Stockroom(self.campaigns, MemoryStock(), MemoryErrands()),
            shape=contracts.answer,
            lead=300,
            now=lambda: self.now,
            millis=lambda: self.now * 1000,
            pause=lambda _: None,
        )
        self._keys = iter(range(10_000))

    def has(self, **fields: Any) -> Campaign:
        campaign = a_campaign(**fields)
        self.campaigns.kept[campaign.id] = campaign
        return campaign

    def create(self, body: Any, **request: Any) -> Answer:
        return call(lambda_handler, CREATE, body, headers=self.key(), **request)

    def do(self, name: str, body: Any = None, **request: Any) -> Answer:
        request = {"path": HERE, "headers": self.key(), **request}
        return call(lambda_handler, command(name), body, **request)

    def patch(self, body: Any, if_match: str | None = '"1"', **request: Any) -> Answer:
        headers = {"If-Match": if_match} if if_match is not None else {}
        return call(lambda_handler, PATCH, body, path=HERE, headers=headers, **request)

    def key(self) -> dict[str, str]:
        return {"Idempotency-Key": f"key-{next(self._keys)}"}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(wiring, "show_runner", lambda _: desk.runner)
    monkeypatch.setattr(wiring, "campaigns", lambda: desk.campaigns)
    monkeypatch.setattr(wiring, "campaign_log", lambda: desk.log)
    monkeypatch.setattr(wiring, "can_take_payments", lambda _: True)
    monkeypatch.setattr(clock, "now_millis", lambda: desk.now * 1000)
    return desk


# -- create, read, list ----------------------------------------------------------------------------


def test_the_apple_hour_is_created_as_it_was_written(desk):
    answer = desk.create(apple_hour())
    assert answer.status == 201
    campaign = answer.body
    assert campaign["id"].startswith("cmp_")
    assert (campaign["object"], campaign["status"], campaign["version"]) == ("campaign", "draft", 1)
    assert campaign["starts_at"] == "2026-11-28T12:00:00Z"
    assert campaign["ends_at"] == "2026-11-28T13:00:00Z"
    assert campaign["local"]["starts_at"] == "2026-11-28T20:00:00"
    assert campaign["created_at"].endswith("Z")
    assert campaign["run_of_show"] == apple_hour()["run_of_show"]
    assert [offer["sku"] for offer in campaign["offers"]] == [
        offer["sku"] for offer in apple_hour()["offers"]
    ]
    assert answer.headers["etag"] == '"1"'
    assert "idempotent-replayed" not in answer.headers


def test_a_campaign_can_be_written_in_few_words(desk):
    campaign = desk.create(campaign_body()).body
    assert campaign["hold_seconds"] == 300
    assert campaign["channel"] == "own_shop"
    assert campaign["run_of_show"] == []


def test_parties_are_answered_as_they_were_written(desk):
    parties = {
        "promoter": {"name": "Apples", "share": 500, "reference": "acct-7"},
        "seller_of_record": {"name": "Green Valley", "share": 9_500},
    }
    created = desk.create(campaign_body(parties=parties)).body
    assert created["parties"] == {**parties, "fulfiller": None, "channel": None}
    named = desk.create(campaign_body(parties={"channel": "Tmall"})).body
    assert named["parties"]["channel"] == "Tmall"


def test_what_signs_reservations_is_never_shown(desk):
    answer = desk.create(campaign_body())
    [campaign] = desk.campaigns.kept.values()
    assert len(campaign.secret) == 64
    assert campaign.secret not in answer.text


def test_a_repeated_creation_is_answered_as_before_and_says_so(desk):
    headers = {"Idempotency-Key": "once"}
    first = call(lambda_handler, CREATE, campaign_body(), headers=headers)
    shuffled = dict(reversed(campaign_body().items()))
    again = call(lambda_handler, CREATE, shuffled, headers=headers)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    other = call(lambda_handler, CREATE, campaign_body(name="Other"), headers=headers)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len(desk.campaigns) == 1


def test_a_campaign_is_read_by_its_merchant_and_by_no_other(desk):
    desk.has()
    assert call(lambda_handler, READ, path=HERE).body["id"] == a_campaign().id
    foreign = call(lambda_handler, READ, path=HERE, merchant="mer_other")
    unknown = call(lambda_handler, READ, path={"campaign_id": "cmp_" + "c" * 16})
    assert foreign.status == unknown.status == 404
    assert foreign.body == unknown.body


def test_campaigns_are_listed_newest_first_page_by_page(desk):
    for number in range(5):
        desk.has(id=f"cmp_{'abcde'[number] * 16}", created_at=number)
    first = call(lambda_handler, LIST, query={"limit": "2"}).body
    assert [campaign["id"][4] for campaign in first["data"]] == ["e", "d"]
    assert (first["object"], first["has_more"]) == ("list", True)
    query = {"limit": "3", "starting_after": first["data"][-1]["id"]}
    rest = call(lambda_handler, LIST, query=query).body
    assert [campaign["id"][4] for campaign in rest["data"]] == ["c", "b", "a"]
    assert rest["has_more"] is False


def test_a_list_can_be_of_one_status_and_holds_no_other_merchants(desk):
    desk.has(status=Status.LIVE)
    desk.has(id="cmp_" + "c" * 16)
    desk.has(id="cmp_" + "d" * 16, status=Status.LIVE, merchant="mer_other")
    found = call(lambda_handler, LIST, query={"status": "live"}).body
    assert [campaign["id"] for campaign in found["data"]] == [a_campaign().id]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": "0"}, 422, "invalid_request"),
        ({"limit": "101"}, 422, "invalid_request"),
        ({"limit": "-1"}, 422, "invalid_request"),
        ({"limit": "1.5"}, 422, "invalid_request"),
        ({"limit": "²"}, 422, "invalid_request"),
        ({"limit": "9" * 5000}, 422, "invalid_request"),
        ({"limit": "1,2"}, 422, "invalid_request"),
        ({"limit": ""}, 422, "invalid_request"),
        ({"status": "open"}, 422, "invalid_request"),
        ({"staus": "live"}, 422, "invalid_request"),
        ({"starting_after": "cmp_" + "z" * 16}, 400, "invalid_cursor"),
        ({"starting_after": ""}, 400, "invalid_cursor"),
        ({"starting_after": "\x00" * 3000}, 400, "invalid_cursor"),
    ],
)
def test_a_query_that_is_none_is_refused(desk, query, status, code):
    answer = call(lambda_handler, LIST, query=query)
    assert (answer.status, answer.code) == (status, code)
    assert len(answer.text) < 1_000


def test_another_merchants_campaign_is_no_cursor(desk):
    desk.has(merchant="mer_other")
    answer = call(lambda_handler, LIST, query={"starting_after": a_campaign().id})
    assert (answer.status, answer.code) == (400, "invalid_cursor")


# -- change ----------------------------------------------------------------------------------------


def test_a_change_over_the_version_that_was_read_makes_the_next(desk):
    desk.has()
    answer = desk.patch(
        {"name": "Other", "offers": [{**apple_hour()["offers"][0], "allotment": 7}]}
    )
    assert answer.status == 200
    assert (answer.body["name"], answer.body["version"]) == ("Other", 2)
    assert answer.body["offers"][0]["allotment"] == 7
    assert answer.headers["etag"] == '"2"'


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ("", 412, "precondition_failed"),
        ('"2"', 412, "precondition_failed"),
        ("1", 412, "precondition_failed"),
        ('W/"1"', 412, "precondition_failed"),
        ("*", 412, "precondition_failed"),
        ('"1", "2"', 412, "precondition_failed"),
        ('"' + "9" * 5000 + '"', 412, "precondition_failed"),
        ('"\uff11"', 412, "precondition_failed"),
    ],
)
def test_a_change_needs_the_tag_of_the_version_it_was_made_from(desk, if_match, status, code):
    desk.has()
    answer = desk.patch({"name": "Other"}, if_match)
    assert (answer.status, answer.code) == (status, code)
    assert desk.campaigns.calls == []


LIVE_COMMANDS = {
    "cues": {"cue": "announce", "text": "Hello"},
    "extend": {"ends_at": "2026-11-28T21:30:00"},
    "allotment": {"sku": "FUJI-12", "units": 10},
    "end": {},
    "cancel": {"reason": "Storm"},
}


@pytest.mark.parametrize("name", LIVE_COMMANDS)
def test_a_command_for_a_version_that_is_no_more_is_refused_and_says_which_is(desk, name):
    offer = replace(a_campaign().offers[0], blocks=125, home_blocks=125)
    live = {"status": Status.LIVE, "offers": (offer,)}
    desk.has(**live, version=5)
    desk.now = START + 60
    body = LIVE_COMMANDS[name]
    for tag in ('"4"', "W/x"):
        stale = desk.do(name, body, headers={**desk.key(), "If-Match": tag})
        assert (stale.status, stale.code) == (412, "precondition_failed")
    assert desk.do(name, body, headers={**desk.key(), "If-Match": '"4"'}).body["version"] == 5
    assert desk.campaigns.calls == []
    key = desk.key()
    done = desk.do(name, body, headers={**key, "If-Match": '"5"'})
    assert done.status == 200, done.body
    # Asked again, it is answered as before: its own change does not make it stale.
    again = desk.do(name, body, headers={**key, "If-Match": '"5"'})
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
    assert desk.campaigns.makers[a_campaign().id, 6] == "key_backoffice"


def test_a_stale_command_that_does_not_apply_either_is_stale_and_one_that_is_done_is_done(desk):
    desk.has(status=Status.PAUSED, prepared_at=START - 60, version=5)
    desk.now = START + 60
    stale = {"If-Match": '"4"'}
    assert desk.do("schedule", headers={**desk.key(), **stale}).code == "precondition_failed"
    assert desk.do("pause", {}, headers={**desk.key(), **stale}).body["status"] == "paused"


def test_the_log_is_shown_page_by_page_newest_first_to_its_merchant_alone(desk):
    campaign = desk.has()
    log = "GET /v1/campaigns/{campaign_id}/log"
    for number in range(5):
        entry = stumbled(
            "keep_books", at=number, part=1, attempts=1, error="E" if number % 2 else None
        )
        desk.log.note(campaign.id, entry)
    found: list[int] = []
    after: dict[str, str] = {}
    for more in (True, True, False):
        page = call(lambda_handler, log, path=HERE, query={"limit": "2", **after})
        assert page.body["has_more"] is more
        found += [int(entry["id"][4:17]) for entry in page.body["data"]]
        after = {"starting_after": page.body["data"][-1]["id"]}
    assert found == [4, 3, 2, 1, 0]
    failed = call(lambda_handler, log, path=HERE, query={"outcome": "failed"})
    assert [entry["detail"]["error"] for entry in failed.body["data"]] == ["E", "E"]
    for query in ({"outcome": "lost"}, {"starting_after": campaign.id}, {"what": "is this"}):
        assert call(lambda_handler, log, path=HERE, query=query).status in (400, 422)
    assert call(lambda_handler, log, path=HERE, merchant="mer_other").status == 404


def test_metadata_is_merged_and_a_key_goes_with_null(desk):
    desk.has(metadata={"host": "studio 3", "camera": "2"})
    answer = desk.patch({"metadata": {"camera": None, "light": "warm"}})
    assert answer.body["metadata"] == {"host": "studio 3", "light": "warm"}


def test_a_replay_is_taken_away_with_null(desk):
    desk.has(replay_until=START + 7200)
    assert desk.patch({"replay_until": None}).body["replay_until"] is None


LIMITS = ("max_open_holds_per_buyer", "max_holds_per_ten_minutes")


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SCHEDULED, Status.LIVE, Status.PAUSED])
@pytest.mark.parametrize("field", LIMITS)
def test_a_limit_of_holds_is_set_changed_and_taken_away_whatever_the_status(desk, status, field):
    prepared = START - 300 if status in (Status.LIVE, Status.PAUSED) else None
    before = desk.has(status=status, prepared_at=prepared)
    assert desk.patch({field: 3}).body[field] == 3
    changed = desk.patch({field: 9}, if_match='"2"')
    assert (changed.body[field], changed.body["version"]) == (9, 3)
    assert changed.body["improvised"] == []
    assert desk.patch({field: 9}, if_match='"3"').body["version"] == 3
    assert desk.patch({field: None}, if_match='"3"').body[field] is None
    assert desk.campaigns.get(before.id) == replace(before, version=4)


def test_limits_of_holds_are_answered_as_they_were_written(desk):
    plain = desk.create(campaign_body()).body
    assert [plain[field] for field in LIMITS] == [None, None]
    limited = desk.create(campaign_body(**dict(zip(LIMITS, (100, 1000), strict=True)))).body
    assert [limited[field] for field in LIMITS] == [100, 1000]


@pytest.mark.parametrize("status", [Status.CLOSING, Status.CLOSED, Status.CANCELLED])
def test_no_limit_of_holds_changes_when_it_is_over(desk, status):
    desk.has(status=status)
    assert desk.patch({LIMITS[0]: 3}).code == "campaign_state"


def test_times_are_read_in_the_zone_that_comes_with_them(desk):
    desk.has()
    sent = {
        "time_zone": "America/Los_Angeles",
        "starts_at": "2026-11-28T20:00:00",
        "ends_at": "2026-11-28T21:00:00",
    }
    assert desk.patch(sent).body["starts_at"] == "2026-11-29T04:00:00Z"


def test_a_new_zone_without_times_is_refused(desk):
    desk.has()
    answer = desk.patch({"time_zone": "America/Los_Angeles"})
    assert (answer.status, answer.pointers) == (422, ["/time_zone"])


@pytest.mark.parametrize("field", ["name", "offers", "hold_seconds", "time_zone", "metadata"])
def test_null_takes_nothing_else_away(desk, field):
    desk.has()
    answer = desk.patch({field: None})
    assert (answer.status, answer.pointers) == (422, [f"/{field}"])


@pytest.mark.parametrize("field", ["id", "status", "version", "merchant", "secret", "created_at"])
def test_what_is_ours_cannot_be_sent(desk, field):
    desk.has()
    for answer in (desk.patch({field: "x"}), desk.create(campaign_body(**{field: "x"}))):
        assert (answer.status, answer.pointers) == (422, [f"/{field}"])


def test_in_mid_show_titles_and_prices_change_and_limits_do_not(desk):
    live = desk.has(status=Status.LIVE, prepared_at=START - 300)
    offer = {"sku": "FUJI-12", "title": {"zh": "富士"}, "unit_price": 9999, "allotment": 4000}
    limited = desk.patch({"offers": [{**offer, "limit_per_buyer": 1}]})
    assert (limited.status, limited.code) == (409, "campaign_state")
    assert (limited.body["campaign_status"], limited.body["refused"]) == ("live", ["offers"])
    dearer = desk.patch({"offers": [offer]})
    assert dearer.body["offers"][0] == {
        **offer,
        "limit_per_buyer": None,
        "min_unit_price": None,
        "waitlist": None,
    }
    assert dearer.body["version"] == live.version + 1
    assert [cue["cue"] for cue in dearer.body["improvised"]] == ["price"]


# -- commands --------------------------------------------------------------------------------------


def test_a_campaign_goes_through_its_commands(desk):
    created = desk.create(apple_hour()).body
    path = {"campaign_id": created["id"]}
    assert desk.do("schedule", path=path).body["status"] == "scheduled"
    assert len(desk.schedules.armed) == 1
    started = desk.do("start", path=path)
    assert (started.status, started.body["starts_at"]) == (200, "2026-11-27T12:00:00Z")
    assert desk.lifecycles.begun == [created["id"]]

    # What the lifecycle does in between.
    campaign = desk.campaigns.get(created["id"])
    live = campaign.become(Status.LIVE, prepared_at=NOW)
    desk.campaigns.kept[campaign.id] = live

    desk.now += 60
    assert desk.do("start", path=path).body["status"] == "live"
    extended = desk.do("extend", {"ends_at": "2026-11-27T22:30:00"}, path=path)
    assert extended.body["local"]["ends_at"] == "2026-11-27T22:30:00"
    ended = desk.do("end", path=path)
    assert ended.body["ends_at"] == "2026-11-27T12:01:00Z"


def test_a_cancelled_campaign_keeps_its_reason(desk):
    desk.has()
    assert desk.do("cancel", {"reason": "Rain"}).body["cancel_reason"] == "Rain"


def test_a_command_that_does_not_apply_names_the_status(desk):
    desk.has()
    answer = desk.do("end")
    assert (answer.status, answer.code) == (409, "campaign_state")
    assert answer.body["campaign_status"] == "draft"
    assert "draft" in answer.body["detail"]


def test_scheduling_what_has_begun_is_refused_with_the_way_out(desk):
    desk.has()
    desk.now = START + 1
    answer = desk.do("schedule")
    assert (answer.status, answer.pointers) == (422, ["/starts_at"])
    assert "/start" in answer.body["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("zone", "starts_at", "code", "readings"),
    [
        (
            "America/New_York",
            "2027-03-14T02:30:00",
            "local_time_missing",
            ["2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00"],
        ),
        (
            "America/New_York",
            "2026-11-01T01:30:00",
            "local_time_ambiguous",
            ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"],
        ),
    ],
)
def test_an_hour_that_daylight_saving_takes_or_repeats_is_refused_with_both_readings(
    desk, zone, starts_at, code, readings
):
    sent = campaign_body(time_zone=zone, starts_at=starts_at, ends_at=starts_at[:11] + "05:00:00")
    answer = desk.create(sent)
    assert (answer.status, answer.code, answer.body["readings"]) == (422, code, readings)
    assert desk.create({**sent, "starts_at": readings[1]}).status == 201


# -- whatever is sent ------------------------------------------------------------------------------

LONG = "x" * 10_000
OFFER = campaign_body()["offers"][0]


def offers(**fields: Any) -> dict[str, Any]:
    return {"offers": [{**OFFER, **fields}]}


def cues(*cues: Any) -> dict[str, Any]:
    return {"run_of_show": list(cues)}


PIN = {"at": 0, "cue": "pin", "sku": "FUJI-12"}
FLASH = {"at": 0, "cue": "flash_price", "sku": "FUJI-12", "unit_price": 1, "seconds": 60}

HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"name": ...}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": "   "}, "/name"),
    ({"name": "a\nb"}, "/name"),
    ({"name": "a\u202eb"}, "/name"),
    ({"name": "a\x00b"}, "/name"),
    ({"name": "x" * 201}, "/name"),
    ({"name": 7}, "/name"),
    ({"name": ["a"]}, "/name"),
    ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ({"time_zone": "../../etc/passwd"}, "/time_zone"),
    ({"time_zone": LONG}, "/time_zone"),
    ({"starts_at": 1795867200}, "/starts_at"),
    ({"starts_at": "tomorrow"}, "/starts_at"),
    ({"starts_at": "2026-11-28T20:00:60"}, "/starts_at"),
    ({"starts_at": LONG}, "/starts_at"),
    ({"ends_at": "2026-11-28T20:00:00"}, "/ends_at"),
    ({"ends_at": "2026-11-29T20:00:01"}, "/ends_at"),
    ({"ends_at": "1970-01-01T00:00:00"}, "/ends_at"),
    ({"replay_until": "2026-11-28T20:30:00"}, "/replay_until"),
    ({"replay_until": "2026-12-06T20:00:00"}, "/replay_until"),
    ({"currency": "cny"}, "/currency"),
    ({"currency": "XXX"}, "/currency"),
    ({"currency": "XAU"}, "/currency"),
    ({"currency": "￥"}, "/currency"),
    ({"hold_seconds": 9}, "/hold_seconds"),
    ({"hold_seconds": 3601}, "/hold_seconds"),
    ({"hold_seconds": 300.0}, "/hold_seconds"),
    ({"hold_seconds": "300"}, "/hold_seconds"),
    ({"hold_seconds": True}, "/hold_seconds"),
    ({"hold_seconds": None}, "/hold_seconds"),
    ({"max_open_holds_per_buyer": 0}, "/max_open_holds_per_buyer"),
    ({"max_open_holds_per_buyer": 101}, "/max_open_holds_per_buyer"),
    ({"max_open_holds_per_buyer": "3"}, "/max_open_holds_per_buyer"),
    ({"max_open_holds_per_buyer": True}, "/max_open_holds_per_buyer"),
    ({"max_holds_per_ten_minutes": 0}, "/max_holds_per_ten_minutes"),
    ({"max_holds_per_ten_minutes": 1001}, "/max_holds_per_ten_minutes"),
    ({"max_holds_per_ten_minutes": 2.0}, "/max_holds_per_ten_minutes"),
    ({"channel": "Tmall Global"}, "/channel"),
    ({"parties": {"promoter": 1}}, "/parties/promoter"),
    ({"parties": {"host": "x"}}, "/parties/host"),
    ({"parties": {"promoter": ""}}, "/parties/promoter"),
    ({"parties": {"promoter": {"share": 1}}}, "/parties/promoter/name"),
    ({"parties": {"promoter": {"name": "P", "share": 10_001}}}, "/parties/promoter/share"),
    ({"parties": {"promoter": {"name": "P", "share": "1"}}}, "/parties/promoter/share"),
    ({"parties": {"promoter": {"name": "P", "share": 9_999}}}, "/parties"),
    ({"parties": {"promoter": {"name": "P", "share": 10_000}, "channel": "C"}}, "/parties/channel"),
    ({"parties": None}, "/parties"),
    ({"offers": []}, "/offers"),
    ({"offers": [OFFER] * 201}, "/offers"),
    ({"offers": {"0": OFFER}}, "/offers"),
    ({"offers": [None]}, "/offers/0"),
    ({"offers": [OFFER, OFFER]}, "/offers/1/sku"),
    ({"offers": [OFFER, {**OFFER, "sku": OFFER["sku"].lower()}]}, "/offers/1/sku"),
    (offers(title={"en": "Fuji", "EN": "Fuji"}), "/offers/0/title/EN"),
    (offers(title={"zh-Hant": "富士", "zh-hant": "富士"}), "/offers/0/title/zh-hant"),
    ({"time_zone": "Factory"}, "/time_zone"),
    ({"time_zone": "localtime"}, "/time_zone"),
    ({"time_zone": "Etc/GMT+5"}, "/time_zone"),
    (offers(sku=""), "/offers/0/sku"),
    (offers(sku="-A"), "/offers/0/sku"),
    (offers(sku="A" * 33), "/offers/0/sku"),
    (offers(sku="FUJI#12"), "/offers/0/sku"),
    (offers(sku="\uff26\uff35\uff2a\uff29"), "/offers/0/sku"),
    (offers(sku="FUJI-12\n"), "/offers/0/sku"),
    (offers(title={}), "/offers/0/title"),
    (offers(title="Fuji"), "/offers/0/title"),
    (offers(title={"english": "Fuji"}), "/offers/0/title/english"),
    (offers(title={"en": ""}), "/offers/0/title/en"),
    (offers(title={"en": "x" * 201}), "/offers/0/title/en"),
    (offers(title={"en": "a\u2028b"}), "/offers/0/title/en"),
    (offers(unit_price=0), "/offers/0/unit_price"),
    (offers(unit_price=-1), "/offers/0/unit_price"),
    (offers(unit_price=10**12 + 1), "/offers/0/unit_price"),
    (offers(unit_price=10**38), "/offers/0/unit_price"),
    (offers(unit_price=2**63), "/offers/0/unit_price"),
    (offers(unit_price=99.0), "/offers/0/unit_price"),
    (offers(unit_price=99.5), "/offers/0/unit_price"),
    (offers(unit_price=True), "/offers/0/unit_price"),
    (offers(unit_price="9900"), "/offers/0/unit_price"),
    (offers(allotment=0), "/offers/0/allotment"),
    (offers(allotment=1_000_001), "/offers/0/allotment"),
    (offers(limit_per_buyer=0), "/offers/0/limit_per_buyer"),
    (offers(price=1), "/offers/0/price"),
    (cues({**PIN, "at": -1}), "/run_of_show/0/at"),
    (cues({**PIN, "at": 3601}), "/run_of_show/0/at"),
    (cues({**PIN, "at": 0.5}), "/run_of_show/0/at"),
    (cues({**PIN, "sku": "PEAR-1"}), "/run_of_show/0/sku"),
    (cues({**PIN, "unit_price": 5}), "/run_of_show/0/unit_price"),
    (cues({"at": 0, "cue": "pin"}), "/run_of_show/0/sku"),
    (cues({"at": 0, "cue": "unpin", "sku": "FUJI-12"}), "/run_of_show/0/sku"),
    (cues({"at": 0, "cue": "release_everything"}), "/run_of_show/0/cue"),
    (cues({"at": 0, "cue": "release_stock"}), "/run_of_show/0/sku"),
    (cues({"at": 0, "cue": None}), "/run_of_show/0/cue"),
    (cues({"at": 0}), "/run_of_show/0/cue"),
    (cues("pin"), "/run_of_show/0"),
    (cues({**PIN, "at": 60}, PIN), "/run_of_show/1/at"),
    (cues({**FLASH, "seconds": 0}), "/run_of_show/0/seconds"),
    (cues({**FLASH, "seconds": 3601}), "/run_of_show/0/seconds"),
    (cues(FLASH, {**FLASH, "at": 30}), "/run_of_show/1/at"),
    ({"run_of_show": None}, "/run_of_show"),
    ({"metadata": {str(number): "x" for number in range(51)}}, "/metadata"),
    ({"metadata": {"k" * 41: "x"}}, "/metadata/" + "k" * 41),
    ({"metadata": {"a/b~c": 1}}, "/metadata/a~1b~0c"),
    ({"metadata": {"k": "x" * 501}}, "/metadata/k"),
    ({"metadata": {"": "x"}}, "/metadata/"),
    ({"unknown": 1}, "/unknown"),
    ({LONG: 1}, ""),
]


@pytest.mark.parametrize(("fields", "pointer"), HOSTILE)
def test_a_field_that_is_wrong_is_named_and_nothing_is_kept(desk, fields, pointer):
    body = campaign_body(**fields)
    answer = desk.create(body)
    if len(json.dumps(body)) > 16 * 1024:
        assert answer.status == 413
        return
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert pointer in answer.pointers
    assert len(answer.text) < 3_000
    assert len(desk.campaigns) == 0
    assert desk.campaigns.answers.kept == {}


def test_an_unknown_cue_is_refused_by_its_name(desk):
    answer = desk.create(campaign_body(**cues({"at": 0, "cue": "release_everything"})))
    assert "'release_everything'" in answer.body["errors"][0]["detail"]


def test_of_very_many_faults_the_first_are_named(desk):
    answer = desk.create(campaign_body(offers=[1] * 200))
    assert len(answer.body["errors"]) == 20
    assert "200" in answer.body["detail"]


@pytest.mark.parametrize(
    ("name", "body", "pointers"),
    [
        ("schedule", {"at": "now"}, ["/at"]),
        ("start", {"force": True}, ["/force"]),
        ("extend", {}, ["/ends_at"]),
        ("extend", {"ends_at": 5}, ["/ends_at"]),
        ("extend", {"ends_at": "2026-11-28T21:00:00", "by": 60}, ["/by"]),
        ("extend", {"ends_at": "later"}, ["/ends_at"]),
        ("cancel", {}, ["/reason"]),
        ("cancel", {"reason": ""}, ["/reason"]),
        ("cancel", {"reason": "x" * 501}, ["/reason"]),
        ("cancel", {"reason": {"en": "Rain"}}, ["/reason"]),
    ],
)
def test_a_command_takes_what_it_takes(desk, name, body, pointers):
    before = desk.has(status=Status.LIVE) if name == "extend" else desk.has()
    answer = desk.do(name, body)
    assert (answer.status, answer.pointers) == (422, pointers)
    assert desk.campaigns.get(before.id) == before


IDS = [
    "",
    "cmp_",
    "x",
    "cmp_" + "B" * 16,
    "cmp_" + "b" * 17,
    "../x",
    "%00",
    "\x00",
    "富",
    "a" * 3000,
]


@pytest.mark.parametrize("campaign_id", IDS)
def test_what_is_no_id_is_not_found_anywhere(desk, campaign_id):
    path = {"campaign_id": campaign_id}
    answers = [
        call(lambda_handler, READ, path=path),
        call(lambda_handler, PATCH, {}, path=path, headers={"If-Match": '"1"'}),
        *(
            desk.do(name, body, path=path)
            for name, body in (
                ("schedule", {}),
                ("start", {}),
                ("end", {}),
                ("extend", {"ends_at": "2026-11-28T22:00:00"}),
                ("cancel", {"reason": "Rain"}),
            )
        ),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "campaign_not_found")}


@pytest.mark.parametrize("name", ["schedule", "start", "end", "extend", "cancel"])
def test_another_merchant_can_command_nothing(desk, name):
    before = desk.has()
    answer = desk.do(name, {}, merchant="mer_other")
    assert (answer.status, answer.code) == (404, "campaign_not_found")
    assert desk.campaigns.get(before.id) == before


def test_every_post_needs_an_idempotency_key(desk):
    desk.has()
    answers = [
        call(lambda_handler, CREATE, campaign_body()),
        *(
            call(lambda_handler, command(name), {}, path=HERE)
            for name in ("schedule", "start", "end", "extend", "cancel")
        ),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {
        (400, "idempotency_key_missing")
    }


@pytest.mark.parametrize("scope", ["sell", "read"])
def test_only_a_manage_key_does_any_of_this(desk, scope):
    desk.has()
    answers = [
        desk.create(campaign_body(), scope=scope),
        call(lambda_handler, LIST, scope=scope),
        call(lambda_handler, READ, path=HERE, scope=scope),
        desk.patch({}, scope=scope),
        *(desk.do(name, {}, scope=scope) for name in ("schedule", "start", "end", "extend")),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(403, "wrong_scope")}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(sorted(contracts.CampaignRequest.model_fields)), anything, max_size=4
    )
)
def test_no_body_breaks_anything(fields):
    desk = Desk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "show_runner", lambda _: desk.runner)
        created = desk.create(campaign_body(**fields))
        assert created.status in (201, 422)
        desk.has()
        assert desk.patch(fields).status in (200, 422)


def test_a_campaign_that_was_prepared_by_a_later_release_can_still_be_shown(desk):
    shown = replace(a_campaign(), status=Status.CLOSED, prepared_at=START, balanced=True)
    desk.campaigns.kept[shown.id] = shown
    body = call(lambda_handler, READ, path=HERE).body
    assert (body["status"], body["balanced"]) == ("closed", True)
