"""A rehearsal from the request to the last trace, in memory: once, at its time, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.rehearse import lines
from local.simulation.gateway import Answer, Ask
from local.simulation.sdk import Client, QuietLine
from local.simulation.show import quiet
from shared import table
from shared.adapters.dynamodb_traces import DynamoDBTraces, NotRehearsed
from shared.adapters.metered_dynamodb import MeteredDynamoDB
from shared.domain.ids import buyer_digest
from shared.domain.rehearsal import KEPT, PATIENCE
from shared.use_cases.sweep_campaigns import Finding
from shared.use_cases.sweep_rehearsals import sweep_rehearsals
from tests.builders import a_campaign, a_rehearsal
from tests.fakes import MemoryLifecycles
from tests.proof import paths
from tests.proof.paths import Rig
from tests.proof.scenes import CAMPAIGN

READ = "GET /v1/rehearsals/{rehearsal_id}"


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    complaints: list[str] = []
    with quiet(complaints), rig.entered():
        yield rig
    assert complaints == []


def read(rig: Rig, rehearsal: str) -> Any:
    return rig.ask(READ, "manage", path={"rehearsal_id": rehearsal})()


def begun(rig: Rig) -> list[str]:
    """Executions that were asked for."""
    return [name for name in rig.executions.running if name.startswith("rhs_")]


def test_what_is_asked_for_again_is_the_same_rehearsal_and_its_machine_begins_once(rig: Rig):
    ask = paths.rehearse(rig)
    first, second = ask(), ask()
    assert (first.status, first.body["state"], first.body["buyers"]) == (201, "running", 1)
    assert second.body == first.body
    assert second.headers["idempotent-replayed"] == "true"
    assert begun(rig) == [first.body["id"]]


def test_an_answer_stays_the_same_when_the_verdict_is_there(rig: Rig):
    ask = paths.rehearse(rig)
    first = ask()
    rig.pause(PATIENCE)
    event = {"rehearsal": first.body["id"], "problem": "States.Timeout"}
    assert rig.invoke("judge_rehearsal", event) == {"judged": True}
    assert rig.invoke("clear_rehearsal", event) == {"cleaned": True}
    assert ask().body == first.body
    found = read(rig, first.body["id"]).body
    assert (found["state"], found["cleaned"]) == ("failed", True)
    assert found["objectives"][0]["details"] == ["States.Timeout"]
    assert list(lines(found, "Friday", 61))[-1].startswith("  [bold]failed")


def test_another_body_under_the_same_key_is_refused(rig: Rig):
    rig.draft()
    headers = {"headers": {"idempotency-key": "mine"}}
    route = f"POST {CAMPAIGN}/rehearse"
    assert rig.ask(route, "manage", {"seed": 1}, **headers)().ok
    assert rig.ask(route, "manage", {"seed": 2}, **headers)().code == "idempotency_key_reused"


def test_a_campaign_is_rehearsed_once_at_a_time(rig: Rig):
    first = paths.rehearse(rig)().body["id"]
    other = rig.command("rehearse", expected_buyers=1)
    refused = other()
    assert (refused.status, refused.code) == (409, "rehearsal_under_way")
    assert refused.body["rehearsal"] == first
    rig.pause(PATIENCE)
    event = {"rehearsal": first, "problem": "States.Timeout"}
    rig.invoke("judge_rehearsal", event)
    # What it has left behind is not gone yet.
    assert other().code == "rehearsal_under_way"
    rig.invoke("clear_rehearsal", event)
    second = other().body["id"]
    assert begun(rig) == [first, second]
    assert read(rig, second).body["state"] == "running"


def test_a_show_that_is_on_is_not_rehearsed(rig: Rig):
    rig.live()
    assert rig.command("rehearse")().code == "campaign_state"


def test_nobody_sees_another_merchants_rehearsal_nor_one_that_there_is_not(rig: Rig):
    rehearsal = paths.rehearse(rig)().body["id"]
    rig._gateway.admit("rival", "manage")
    asked = Ask(READ, {"rehearsal_id": rehearsal}, key="manage", merchant="rival")
    told: Answer = rig._gateway.ask(asked)
    assert told.code == read(rig, "rhs_" + "a" * 16).code == "rehearsal_not_found"
    assert read(rig, rehearsal).ok


def test_nothing_is_judged_before_the_books_are_closed_and_nothing_cleared_before_that(rig: Rig):
    rehearsal = paths._asked_for(rig)
    event = {"rehearsal": rehearsal, "problem": ""}
    rig.invoke("rehearse_show", event)
    assert rig.invoke("judge_rehearsal", event) == {"judged": False}
    assert rig.invoke("clear_rehearsal", event) == {"cleaned": False}
    copies = [item for item in rig.store.items("campaigns") if "rehearse" in item["id"]["S"]]
    assert len(copies) == 1
    assert "merchant" not in copies[0]


def test_who_plays_it_again_finds_it_played(rig: Rig):
    rehearsal = paths._asked_for(rig)
    rig.invoke("rehearse_show", {"rehearsal": rehearsal})
    calls: list[str] = []
    serve = rig.serve_store

    def note(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        calls.append(operation)
        return serve(operation, request)

    rig.serve_store = note
    rig.invoke("rehearse_show", {"rehearsal": rehearsal})
    assert calls == ["GetItem"]


# -- traces ------------------------------------------------------------------------------------------


def a_client(calls: list[Mapping[str, Any]], answer: Mapping[str, Any] | None = None) -> Any:
    def serve(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        calls.append({"operation": operation, **request})
        return dict(answer or {})

    return Client("dynamodb", serve, QuietLine())


@pytest.mark.parametrize(
    "campaign", [a_campaign(), a_campaign(id="cmp_rehearsebbbbbbbb"), a_campaign(rehearsal_of="x")]
)
def test_nothing_of_a_real_campaign_is_deleted(campaign: Any):
    calls: list[Mapping[str, Any]] = []
    with pytest.raises(NotRehearsed):
        DynamoDBTraces(a_client(calls), {}).clear(campaign, ())
    assert calls == []


@pytest.mark.parametrize("limits", [{}, {"max_open_holds_per_buyer": 1}])
def test_what_the_limits_of_holds_have_counted_is_deleted_once_for_each_buyer(limits: Any):
    show = a_campaign(id="cmp_rehearsebbbbbbbb", rehearsal_of="x", **limits)
    calls: list[Mapping[str, Any]] = []
    offer = show.offers[0]
    tables = dict.fromkeys(table.TABLES, "")
    tables["buyers"] = "buyers"
    traces = DynamoDBTraces(a_client(calls, {"Items": []}), tables)
    traces.clear(show, [(offer, "ana"), (offer, "ben"), (offer, "ana")])
    keys = [call["Key"][table.BUYER_KEY]["S"] for call in calls if call["TableName"] == "buyers"]
    digests = sorted(buyer_digest(show.secret, buyer) for buyer in ("ana", "ben"))
    expected = [table.buyer_holds(show.id, digest) for digest in digests] if limits else []
    assert sorted(keys) == expected
    assert all(key.startswith(table.REHEARSED) for key in keys)


def test_a_meter_believes_the_store_and_knows_the_prices_where_it_says_nothing():
    calls: list[Mapping[str, Any]] = []
    told = MeteredDynamoDB(a_client(calls, {"ConsumedCapacity": {"CapacityUnits": 2.5}}))
    silent = MeteredDynamoDB(a_client(calls))
    with told.one_request() as used:
        told.get_item(TableName="orders", Key={})
    assert (used.writes, used.reads) == (0, 2.5)
    with silent.one_request() as used:
        silent.update_item(TableName="stock", Key={})
        silent.transact_write_items(TransactItems=[{}, {}])
        silent.batch_get_item(RequestItems={"stock": {"Keys": [1, 2, 3]}})
    assert (used.writes, used.reads) == (5, 3)
    assert all(call["ReturnConsumedCapacity"] == "TOTAL" for call in calls)
    assert len(calls) == 4


# -- the sweeper -------------------------------------------------------------------------------------


class Left:
    """Implements what of ``Rehearsals`` the sweeper asks."""

    def __init__(self, **fields: Any) -> None:
        self.rehearsal = a_rehearsal(**fields)

    def left_alone(self, *, until: int) -> list[str]:
        due = self.rehearsal.created_at + PATIENCE
        return [self.rehearsal.id] if due <= until else []

    def get(self, _identifier: str) -> Any:
        return self.rehearsal


def test_a_rehearsal_that_was_left_alone_is_taken_up():
    left, machines = Left(), MemoryLifecycles()
    begins, due = left.rehearsal.created_at, left.rehearsal.created_at + PATIENCE
    assert left.rehearsal.due == due
    assert left.rehearsal.expires_at == begins + KEPT

    def sweep(now: int) -> list[Finding]:
        return list(sweep_rehearsals(left, machines, now=now).values())  # type: ignore[arg-type]

    assert sweep(due - 1) == []
    assert sweep(due) == [Finding.BEGUN]
    assert sweep(due) == [Finding.ALIVE]
    machines.fail(left.rehearsal.id, at=due)
    assert sweep(due + 60) == [Finding.TAKEN_UP]
    left.rehearsal = left.rehearsal.changed(cleaned=True)
    assert sweep(due + 60) == [Finding.ALIVE]
    assert left.rehearsal.due is None
