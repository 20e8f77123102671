from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import cli
from local.api import Api
from local.engine.errors import DeployFailed, PortInUse

Answers = dict[str, tuple[int, dict[str, Any]] | list[tuple[int, dict[str, Any]]]]
Asked = list[httpx.Request]
Serve = Callable[[Answers], Asked]

CAMPAIGN = {
    "id": "cmp_1",
    "name": "Apples",
    "status": "scheduled",
    "time_zone": "Asia/Shanghai",
    "local": {"starts_at": "2026-11-28T20:00:00"},
    "ends_at": "2026-11-28T13:00:00Z",
}


TOTALS = {
    "as_of": "2026-11-28T12:00:07Z",
    "status": "live",
    "complete": False,
    "orders": 1_204,
    "gross": 13_167_000,
    "refunded": 0,
    "net": 13_167_000,
    "currency": "CNY",
    "units": {"allotted": 100, "available": 60, "held": 10, "sold": 30, "refunded": 0},
    "pinned": "FUJI-12",
}
LIVE_LINE = (
    "12:00:07  live  1,204 orders  131,670.00 CNY  left 60  held 10  sold 30  pinned FUJI-12"
)
LAST_LINE = (
    "12:00:07  closed, complete  1,204 orders  131,670.00 CNY  refunded 99.00 CNY"
    "  left 60  held 10  sold 30"
)


def totals(**values: Any) -> dict[str, Any]:
    return {**TOTALS, **values}


@pytest.fixture(autouse=True)
def _nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.engine.running.STATE", tmp_path / "running.json")
    monkeypatch.delenv("LIVEHOUR_API", raising=False)
    monkeypatch.delenv("LIVEHOUR_KEY", raising=False)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """An API that answers each route as scripted: always the same, or one after the other."""

    def serve(answers: Answers) -> Asked:
        asked: Asked = []

        def handle(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            scripted = answers[f"{request.method} {request.url.path}"]
            status, body = scripted.pop(0) if isinstance(scripted, list) else scripted
            headers = {"etag": '"1"', "x-poll-interval": "0"}
            return httpx.Response(status, json=body, headers=headers)

        transport = httpx.MockTransport(handle)
        monkeypatch.setattr(
            Api, "of_this_machine", lambda scope: Api("http://api", f"lh_{scope}_x", transport)
        )
        return asked

    return serve


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "show.json"
    path.write_text('{\n "name": "Apples",\n "starts_at": "2026-11-28T20:00:00"\n}')
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        *(["frobnicate"], ["watch"], ["up", "--port", "many"], ["demo", "--faults", "all"]),
        *(
            ["flash", "cmp_1", "FUJI"],
            ["flash", "cmp_1", "FUJI", "5", "--stop"],
            ["price", "cmp_1"],
        ),
        *(["report"], ["report", "cmp_1", "--verify", "."], ["report", "--out", "."]),
    ],
)
def test_a_command_used_wrongly_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert cli.run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err


@pytest.mark.parametrize("arguments", [["watch", "cmp_1"], ["end", "cmp_1"], ["report", "cmp_1"]])
def test_without_an_engine_each_command_says_how_to_get_one(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert cli.run(arguments) == 2
    assert capsys.readouterr().err == (
        "livehour: nothing is running here: start it with `livehour up`.\n"
    )


def test_status_says_that_nothing_runs_and_what_to_do(capsys: pytest.CaptureFixture[str]):
    assert cli.run(["status"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("nothing is running\n", "next: livehour up\n")
    assert cli.run(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"running": False, "since": None}


def test_nothing_can_be_stopped_twice(capsys: pytest.CaptureFixture[str]):
    assert cli.run(["down"]) == 0
    assert capsys.readouterr().err == "nothing was running.\n"


@pytest.mark.parametrize(
    ("fault", "code"), [(PortInUse(4599), 2), (DeployFailed("deploy", Path("x.log")), 1)]
)
def test_a_start_that_fails_is_one_sentence(
    fault: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def bring_up(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("local.engine.running.bring_up", bring_up)
    assert cli.run(["up"]) == code
    assert capsys.readouterr().err.startswith(f"livehour: {fault}")


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def bring_up(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.engine.running.bring_up", bring_up)
    assert cli.run(["up"]) == 130
    assert capsys.readouterr().err.endswith("livehour: stopped.\n")


def test_a_launched_campaign_is_created_and_scheduled(
    serve: Serve, file: Path, capsys: pytest.CaptureFixture[str]
):
    asked = serve(
        {
            "POST /v1/campaigns": (201, CAMPAIGN),
            "POST /v1/campaigns/cmp_1/schedule": (200, CAMPAIGN),
        }
    )
    assert cli.run(["launch", str(file)]) == 0
    told = capsys.readouterr()
    assert told.out == "cmp_1\n"
    assert told.err.splitlines() == [
        "Apples: scheduled, 2026-11-28T20:00:00 Asia/Shanghai",
        "next: livehour watch cmp_1",
    ]
    assert json.loads(asked[0].content) == json.loads(file.read_text())
    assert len({request.headers["idempotency-key"] for request in asked}) == 2


def test_a_campaign_launched_now_is_started_at_another_time_than_its_files(
    serve: Serve, file: Path, capsys: pytest.CaptureFixture[str]
):
    live = {**CAMPAIGN, "status": "live"}
    asked = serve(
        {"POST /v1/campaigns": (201, CAMPAIGN), "POST /v1/campaigns/cmp_1/start": (200, live)}
    )
    assert cli.run(["launch", str(file), "--now", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == live
    assert json.loads(asked[0].content)["starts_at"].endswith("Z")


def test_a_refused_file_names_the_line_and_the_field(
    serve: Serve, file: Path, capsys: pytest.CaptureFixture[str]
):
    problem = {
        "detail": "Correct the fields.",
        "errors": [{"pointer": "/starts_at", "detail": "Send a time to come."}],
    }
    serve({"POST /v1/campaigns": (422, problem)})
    assert cli.run(["launch", str(file)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"livehour: {file} is no campaign yet:",
        "  line 3, column 15, starts_at: Send a time to come.",
    ]


def test_a_draft_that_cannot_be_scheduled_is_named(
    serve: Serve, file: Path, capsys: pytest.CaptureFixture[str]
):
    problem = {"detail": "It would start in the past: choose a time to come."}
    serve(
        {"POST /v1/campaigns": (201, CAMPAIGN), "POST /v1/campaigns/cmp_1/schedule": (409, problem)}
    )
    assert cli.run(["launch", str(file)]) == 2
    assert capsys.readouterr().err == (
        "livehour: It would start in the past: choose a time to come."
        " The campaign is kept as the draft cmp_1.\n"
    )


def test_watching_ends_when_nothing_will_change_any_more(
    serve: Serve, capsys: pytest.CaptureFixture[str]
):
    serve(
        {
            "GET /v1/campaigns/cmp_1/totals": [
                (200, totals()),
                (304, {}),
                (200, totals(status="closing", pinned=None)),
                (200, totals(status="closed", complete=True, pinned=None, refunded=9_900)),
            ]
        }
    )
    assert cli.run(["watch", "cmp_1"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [LIVE_LINE, LAST_LINE]
    assert told.err == "next: livehour report cmp_1\n"


def test_watching_asks_for_news_only(serve: Serve):
    over = totals(status="cancelled")
    asked = serve({"GET /v1/campaigns/cmp_1/totals": [(200, totals()), (200, over)]})
    assert cli.run(["watch", "cmp_1", "--json"]) == 0
    assert [request.headers.get("if-none-match") for request in asked] == [None, '"1"']


def test_a_report_is_data_with_a_verdict_beside_it(
    serve: Serve, capsys: pytest.CaptureFixture[str]
):
    found = {"balanced": True, "totals": totals()}
    serve({"GET /v1/campaigns/cmp_1/report": (200, found)})
    assert cli.run(["report", "cmp_1"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == found
    assert told.err == (
        "balanced: 1,204 orders, 30 units, 131,670.00 CNY net\n"
        "next: livehour report cmp_1 --out FOLDER\n"
    )


@pytest.mark.parametrize(
    ("differences", "code", "out", "verdict"),
    [
        (
            [],
            0,
            "",
            "balanced: 125 ledgers, 1,399 orders, 0 differences; 2 orders finished, 14 waiting",
        ),
        (
            ["FUJI-12 gross: 1 by the ledgers, 2 by the snapshot"],
            1,
            "FUJI-12 gross: 1 by the ledgers, 2 by the snapshot\n",
            "NOT BALANCED: 125 ledgers, 1,399 orders, 1 differences; 2 orders finished, 14 waiting",
        ),
    ],
)
def test_the_books_are_compared_by_hand(
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
    differences: list[str],
    code: int,
    out: str,
    verdict: str,
):
    found = {
        "balanced": not differences,
        "blocks": 125,
        "orders": 1399,
        "finished": {"paid": 0, "cancelled": 2, "refunded": 0},
        "waiting": 14,
        "differences_found": len(differences),
        "differences": differences,
    }
    asked = serve({"POST /v1/campaigns/cmp_1/reconcile": (200, found)})
    assert cli.run(["reconcile", "cmp_1"]) == code
    told = capsys.readouterr()
    assert (told.out, told.err) == (out, f"{verdict}\n")
    assert asked[0].headers["idempotency-key"]
    assert asked[0].headers["authorization"] == "Bearer lh_manage_x"


def test_an_early_end_is_confirmed(serve: Serve, capsys: pytest.CaptureFixture[str]):
    missed = {"number": 3, "at": 3540, "cue": "release_stock", "sku": "F", "code": None, "units": 9}
    serve({"POST /v1/campaigns/cmp_1/end": (200, {**CAMPAIGN, "missed_cues": [missed]})})
    assert cli.run(["end", "cmp_1"]) == 0
    assert capsys.readouterr().out == (
        "cmp_1 ends at 2026-11-28T13:00:00Z\n"
        "never happens: cue 3 (release_stock F 9) at second 3,540\n"
    )


@pytest.mark.parametrize(
    ("arguments", "route", "body", "said"),
    [
        (["pin", "cmp_1", "F"], "cues", {"cue": "pin", "sku": "F"}, "F is pinned"),
        (["unpin", "cmp_1"], "cues", {"cue": "unpin"}, "nothing is pinned"),
        (
            ["price", "cmp_1", "F", "7900"],
            "cues",
            {"cue": "price", "sku": "F", "unit_price": 7900},
            "F costs 7,900",
        ),
        (
            ["flash", "cmp_1", "F", "7900", "60"],
            "cues",
            {"cue": "flash_price", "sku": "F", "unit_price": 7900, "seconds": 60},
            "F costs 7,900 for 60 s",
        ),
        (
            ["flash", "cmp_1", "F", "--stop"],
            "cues",
            {"cue": "flash_end", "sku": "F"},
            "F costs as listed",
        ),
        (
            ["stop-coupon", "cmp_1", "TOAST"],
            "cues",
            {"cue": "coupon_end", "code": "TOAST"},
            "TOAST is stopped",
        ),
        (["say", "cmp_1", "Go"], "cues", {"cue": "announce", "text": "Go"}, "announced"),
        (
            ["add-stock", "cmp_1", "F", "500"],
            "allotment",
            {"sku": "F", "units": 500},
            "500 more of F",
        ),
        (["pause", "cmp_1"], "pause", {}, "cmp_1 is scheduled"),
        (
            ["pause", "cmp_1", "--reason", "Fire"],
            "pause",
            {"reason": "Fire"},
            "cmp_1 is scheduled",
        ),
        (["resume", "cmp_1"], "resume", {}, "cmp_1 is scheduled"),
        (
            ["extend", "cmp_1", "2026-11-28T21:00:00"],
            "extend",
            {"ends_at": "2026-11-28T21:00:00"},
            "cmp_1 ends at 2026-11-28T13:00:00Z",
        ),
        (["cancel", "cmp_1", "Frost"], "cancel", {"reason": "Frost"}, "cmp_1 is scheduled"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else None,
)
def test_a_show_on_air_is_commanded(
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    route: str,
    body: dict[str, Any],
    said: str,
):
    asked = serve({f"POST /v1/campaigns/cmp_1/{route}": (200, CAMPAIGN)})
    assert cli.run(arguments) == 0
    told = capsys.readouterr()
    assert (told.out, told.err.startswith("next: livehour ")) == (f"{said}\n", True)
    assert json.loads(asked[0].content) == body
    assert asked[0].headers["idempotency-key"]
    assert cli.run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == CAMPAIGN


def test_a_refusal_is_told_in_the_apis_own_words(serve: Serve, capsys: pytest.CaptureFixture[str]):
    serve({"GET /v1/campaigns/cmp_1/report": (409, {"detail": "It is not closed yet."})})
    assert cli.run(["report", "cmp_1"]) == 2
    assert capsys.readouterr().err == "livehour: It is not closed yet.\n"


def test_an_answer_that_is_no_problem_document_is_told_by_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))
    monkeypatch.setattr(Api, "of_this_machine", lambda _: Api("http://api", "lh_read_x", transport))
    assert cli.run(["report", "cmp_1"]) == 2
    assert capsys.readouterr().err == "livehour: status 502\n"


def test_an_api_elsewhere_is_asked_with_its_own_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("LIVEHOUR_API", "http://127.0.0.1:9/v1/")
    monkeypatch.setenv("LIVEHOUR_KEY", "lh_read_x")
    assert Api.of_this_machine("read").base == "http://127.0.0.1:9"
    assert cli.run(["report", "cmp_1"]) == 2
    assert "nobody answers at http://127.0.0.1:9" in capsys.readouterr().err
    monkeypatch.delenv("LIVEHOUR_KEY")
    assert cli.run(["report", "cmp_1"]) == 2
    assert "set LIVEHOUR_API and LIVEHOUR_KEY both" in capsys.readouterr().err


def test_a_refund_is_asked_for_and_waited_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("local.refunds.time.sleep", lambda _: None)
    found = {
        "id": "ref_1",
        "state": "pending",
        "amount": 9900,
        "currency": "CNY",
        "restocked": False,
        "after_close": None,
    }
    done = {**found, "state": "succeeded", "restocked": True, "after_close": False}
    asked = serve(
        {
            "POST /v1/orders/ord_1/refund": (201, found),
            "GET /v1/refunds/ref_1": [(200, found), (200, done)],
        }
    )
    assert cli.run(["refund", "ord_1", "--amount", "9900", "--restock", "--reason", "bruised"]) == 0
    assert json.loads(asked[0].content) == {"amount": 9900, "restock": True, "reason": "bruised"}
    told = capsys.readouterr()
    assert told.out == "ref_1\n"
    assert "succeeded" in told.err
    assert "on sale again" in told.err


def test_a_refund_that_fails_ends_with_1(serve: Serve, capsys: pytest.CaptureFixture[str]):
    failed = {
        "id": "ref_1",
        "state": "failed",
        "amount": 9900,
        "currency": "CNY",
        "restocked": False,
        "after_close": False,
    }
    serve({"POST /v1/orders/ord_1/refund": (201, failed)})
    assert cli.run(["refund", "ord_1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == failed


def test_the_log_is_read_page_by_page_and_told_a_line_an_entry(serve, capsys):
    def entry(number: int, **fields: Any) -> dict[str, Any]:
        return {
            "id": f"log_{number:013d}-v0000001",
            "at": "2026-11-28T12:00:01Z",
            "actor": {"type": "key", "id": "key_manage"},
            "action": "plan_changed",
            "outcome": "done",
            "version": number,
            "detail": {},
            **fields,
        }

    price = {"field": "unit_price", "sku": "FUJI-12", "from": 9900, "to": 8800}
    changed = entry(2, detail={"changes": [price, {"field": "metadata"}]})
    retried = entry(
        1, action="keep_books", outcome="retried", version=None, detail={"failed_attempts": 3}
    )
    pages = [
        (200, {"object": "list", "data": [changed], "has_more": True}),
        (200, {"object": "list", "data": [retried], "has_more": False}),
    ]
    asked = serve({"GET /v1/campaigns/cmp_1/log": pages})
    assert cli.run(["log", "cmp_1", "--outcome", "retried"]) == 0
    assert [dict(request.url.params) for request in asked] == [
        {"limit": "50", "outcome": "retried"},
        {"limit": "49", "outcome": "retried", "starting_after": changed["id"]},
    ]
    told = capsys.readouterr().out.splitlines()
    assert " ".join(told[0].split()) == (
        "2026-11-28T12:00:01Z v2 plan changed key_manage unit_price of FUJI-12 9900 → 8800, metadata"
    )
    assert "keep books (retried)" in told[1]
    assert told[1].endswith("failed attempts 3")


def test_a_log_without_entries_says_so_and_the_api_refuses_what_is_no_outcome(serve, capsys):
    empty = {"object": "list", "data": [], "has_more": False}
    refused = (422, {"detail": "Must be one of done, failed, retried.", "code": "invalid_request"})
    serve({"GET /v1/campaigns/cmp_1/log": [(200, empty), refused]})
    assert cli.run(["log", "cmp_1", "--json"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.run(["log", "cmp_1", "--outcome", "lost"]) == 2
