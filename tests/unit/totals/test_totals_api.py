"""The totals function, as the gateway calls it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.totals import handler
from shared.contracts.routes import ROUTES
from shared.contracts.totals import ClosingPackage, Report, Timeline, Totals
from shared.use_cases.read_package import PackageDesk
from tests.gateway import Answer, call
from tests.theatre import Theatre

TOTALS = "GET /v1/campaigns/{campaign_id}/totals"
TIMELINE = "GET /v1/campaigns/{campaign_id}/timeline"
REPORT = "GET /v1/campaigns/{campaign_id}/report"
FILES = "GET /v1/campaigns/{campaign_id}/report/files"


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Theatre:
    theatre = Theatre()
    theatre.go_live()
    theatre.sell(2)
    desk = theatre.desk()
    monkeypatch.setattr(handler, "totals_desk", lambda: desk)
    return theatre


def ask(show: Theatre, route: str, **request: Any) -> Answer:
    return call(
        handler.lambda_handler, route, path={"campaign_id": show.id}, **{"scope": "read", **request}
    )


def test_it_serves_the_routes_it_is_listed_for():
    listed = {spec.key: frozenset(spec.scopes) for spec in ROUTES if spec.function == "totals"}
    assert handler.api.keys == listed


def test_totals_come_with_their_version_as_a_strong_tag(show: Theatre):
    answer = ask(show, TOTALS)
    Totals.model_validate(answer.body)
    assert answer.status == 200
    assert answer.headers["etag"] == f'"{answer.body["version"]}"'
    assert answer.headers["cache-control"] == "private, max-age=1"
    assert answer.headers["x-poll-interval"] == "2"
    assert answer.body["orders"] == 1


def test_totals_say_what_a_unit_costs_now(show: Theatre):
    def prices() -> list[tuple[int, int | None]]:
        offers = ask(show, TOTALS).body["offers"]
        return [(offer["unit_price"], offer["price_now"]) for offer in offers]

    before = prices()
    show.wait(600)
    in_flash_price = prices()
    show.end()
    show.run_to_the_end()
    assert before == [(9900, 9900), (5000, 5000)]
    assert in_flash_price == [(9900, 9900), (5000, 4000)]
    assert prices() == [(9900, None), (5000, None)]
    assert all(
        offer["price_now"] is None
        for offer in Report.model_validate(show.report()).model_dump()["totals"]["offers"]
    )


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"x", "{}"', '"{}","999"'])
def test_who_has_the_version_gets_nothing(show: Theatre, form: str):
    version = ask(show, TOTALS).body["version"]
    answer = ask(show, TOTALS, headers={"If-None-Match": form.format(version)})
    assert (answer.status, answer.text) == (304, "")
    assert answer.headers["etag"] == f'"{version}"'
    assert answer.headers["x-poll-interval"] == "2"


@pytest.mark.parametrize(
    "tag", ["", "7", '"x"', '"-1"', '"' + "9" * 400 + '"', "nonsense", '"٣"', '"0"']
)
def test_who_has_another_or_none_gets_the_totals(show: Theatre, tag: str):
    assert ask(show, TOTALS, headers={"If-None-Match": tag}).status == 200


def test_the_same_version_is_the_same_bytes_whoever_serves_it(
    show: Theatre, monkeypatch: pytest.MonkeyPatch
):
    first = ask(show, TOTALS)
    other = show.desk()
    monkeypatch.setattr(handler, "totals_desk", lambda: other)
    show.wait(0.5)
    assert ask(show, TOTALS).text == first.text


def test_clients_are_told_to_poll_less_when_nothing_moves(show: Theatre):
    show.run_to_the_end()
    answer = ask(show, TOTALS)
    assert (answer.body["complete"], answer.headers["x-poll-interval"]) == (True, "5")


def test_the_timeline_has_the_version_of_the_totals(show: Theatre):
    totals, timeline = ask(show, TOTALS), ask(show, TIMELINE)
    Timeline.model_validate(timeline.body)
    assert timeline.body["version"] == totals.body["version"]
    assert timeline.headers["etag"] == totals.headers["etag"]
    assert timeline.body["bucket"] == 60
    assert [bucket["units"] for bucket in timeline.body["buckets"]] == [2]
    version = timeline.body["version"]
    assert ask(show, TIMELINE, headers={"if-none-match": f'"{version}"'}).status == 304


def test_the_timeline_is_cut_as_it_is_asked_for(show: Theatre):
    assert ask(show, TIMELINE, query={"bucket": "10"}).body["bucket"] == 10
    show.wait(30)
    show.sell()
    show.wait(2)
    for since, units in [
        ("2026-11-28T12:00:00Z", [2, 1]),
        ("2026-11-28T20:00:00+08:00", [2, 1]),
        ("0001-01-01T00:00:00+23:59", [2, 1]),
        ("2026-11-28T12:00:00.001Z", [1]),
        ("2026-11-28T12:00:30Z", [1]),
        ("2026-11-28T12:00:31Z", []),
    ]:
        body = ask(show, TIMELINE, query={"bucket": "10", "since": since}).body
        assert [bucket["units"] for bucket in body["buckets"]] == units


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"bucket": "7"}, "bucket"),
        ({"bucket": "0"}, "bucket"),
        ({"bucket": "-60"}, "bucket"),
        ({"bucket": "3610"}, "bucket"),
        ({"bucket": "9" * 5000}, "bucket"),
        ({"bucket": "60.0"}, "bucket"),
        ({"bucket": "٦٠"}, "bucket"),
        ({"bucket": ""}, "bucket"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-28T12:00:00"}, "since"),
        ({"since": "2026-11-28T12:00:00 08:00"}, "since"),
        ({"since": "2026-13-28T12:00:00Z"}, "since"),
        ({"since": ""}, "since"),
        ({"buckets": "60"}, "buckets"),
    ],
)
def test_a_timeline_that_cannot_be_cut_so_names_the_parameter(
    show: Theatre, query: dict[str, str], parameter: str
):
    answer = ask(show, TIMELINE, query=query)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["parameter"] for error in answer.body["errors"]] == [parameter]


def test_the_files_of_the_report_are_linked_once_they_are_built(
    show: Theatre, monkeypatch: pytest.MonkeyPatch
):
    desk = PackageDesk(show.campaigns, show.records, show.files, lambda: show.now)
    monkeypatch.setattr(handler, "package_desk", lambda: desk)
    early = ask(show, FILES)
    assert (early.status, early.code) == (409, "package_not_built")
    show.run_to_the_end()
    found = ask(show, FILES)
    ClosingPackage.model_validate(found.body)
    assert found.body["files"][0]["name"] == "manifest.json"
    path = FILES.removeprefix("GET ").format(campaign_id=show.id)
    assert ask(show, REPORT).headers["link"] == f'<{path}>; rel="enclosure"'
    assert ask(show, FILES, merchant="mer_other").status == 404


def test_the_report_is_refused_until_the_books_are_reconciled_and_is_the_same_ever_after(
    show: Theatre,
):
    early = ask(show, REPORT)
    assert (early.status, early.code, early.body["campaign_status"]) == (409, "not_closed", "live")
    show.run_to_the_end()
    first = ask(show, REPORT)
    Report.model_validate(first.body)
    assert first.status == 200
    assert first.headers["content-type"] == "application/json"
    assert first.body["totals"]["orders"] == 1
    show.wait(3600)
    show.run_to_the_end()
    assert ask(show, REPORT, scope="manage").text == first.text
    assert (
        json.dumps(first.body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        == first.text
    )


@pytest.mark.parametrize("route", [TOTALS, TIMELINE, REPORT])
def test_nobody_else_sees_it(show: Theatre, route: str):
    missing = call(handler.lambda_handler, route, path={"campaign_id": "cmp_nothing"}, scope="read")
    foreign = ask(show, route, merchant="mer_other")
    assert (missing.status, foreign.status) == (404, 404)
    assert (missing.code, foreign.code) == ("campaign_not_found", "campaign_not_found")
    assert missing.body == foreign.body
    assert ask(show, route, merchant=None).status == 401
    assert ask(show, route, scope="sell").status == 403
