"""Campaigns through the deployed API: the gateway, the authorizer, the scheduler and the machine are the real ones."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest

from local.campaign_file import CampaignFile
from local.engine.stack import LocalStack
from tests.builders import SHOW_FILE, campaign_body


class Office:
    """A marketing team with a manage key."""

    def __init__(self, stack: LocalStack) -> None:
        self.key = stack.merchant.keys["manage"]
        self.http = httpx.Client(base_url=stack.api, timeout=30)

    def post(
        self, path: str, body: Any = None, key: str | None = None, if_match: str = ""
    ) -> httpx.Response:
        headers = {**self.keyed, "idempotency-key": key or secrets.token_hex(8)}
        headers |= {"if-match": if_match} if if_match else {}
        return self.http.post(f"/v1/campaigns{path}", json=body, headers=headers)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(f"/v1/campaigns{path}", headers=self.keyed)

    @property
    def keyed(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}


@pytest.fixture
def office(stack: LocalStack) -> Iterator[Office]:
    office = Office(stack)
    yield office
    office.http.close()


def aws(stack: LocalStack, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=stack.engine.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def schedules_of(stack: LocalStack, campaign_id: str) -> list[str]:
    found = aws(stack, "scheduler").list_schedules(GroupName="livehour-local-campaigns")
    return [one["Name"] for one in found["Schedules"] if one["Name"].startswith(campaign_id)]


def executions_of(stack: LocalStack, campaign_id: str) -> list[str]:
    machine = stack.outputs["LifecycleArn"]
    found = aws(stack, "stepfunctions").list_executions(stateMachineArn=machine)
    return [one["name"] for one in found["executions"] if one["name"].startswith(campaign_id)]


def test_a_campaign_is_planned_moved_and_called_off(office, stack):
    show = CampaignFile.read(SHOW_FILE)
    in_a_week = datetime.now(UTC) + timedelta(days=7)
    created = office.post("", show.moved_to(in_a_week), key="apples")
    assert created.status_code == 201
    again = office.post("", show.moved_to(in_a_week), key="apples")
    assert (again.json(), again.headers["idempotent-replayed"]) == (created.json(), "true")
    campaign_id = created.json()["id"]

    scheduled = office.post(f"/{campaign_id}/schedule")
    assert scheduled.json()["status"] == "scheduled"
    [first] = schedules_of(stack, campaign_id)

    later = show.moved_to(in_a_week + timedelta(days=30))
    moved = office.http.patch(
        f"/v1/campaigns/{campaign_id}",
        json={name: later[name] for name in ("starts_at", "ends_at")},
        headers={**office.keyed, "if-match": scheduled.headers["etag"]},
    )
    assert moved.json()["starts_at"] == later["starts_at"]
    [second] = schedules_of(stack, campaign_id)
    assert second != first

    cancelled = office.post(f"/{campaign_id}/cancel", {"reason": "The container is late."})
    assert cancelled.json()["status"] == "cancelled"
    assert schedules_of(stack, campaign_id) == executions_of(stack, campaign_id) == []


def test_a_show_that_is_started_twice_runs_once_and_closes_when_it_is_ended(office, stack):
    starts = datetime.now(UTC) + timedelta(hours=1)
    times = {
        "starts_at": starts.isoformat(timespec="seconds"),
        "ends_at": (starts + timedelta(hours=1)).isoformat(timespec="seconds"),
    }
    campaign_id = office.post("", campaign_body(**times)).json()["id"]
    for _ in range(2):
        assert office.post(f"/{campaign_id}/start").status_code == 200
    wait_for(office, campaign_id, "live")
    assert office.post(f"/{campaign_id}/start").json()["status"] == "live"
    assert executions_of(stack, campaign_id) == [campaign_id]

    assert office.post(f"/{campaign_id}/end").status_code == 200
    closed = wait_for(office, campaign_id, "closed")
    assert closed["balanced"] is True
    entries = wait_for_log(office, campaign_id, closed["version"])
    by_key = [
        each["action"] for each in entries if each["actor"] == {"type": "key", "id": "key_manage"}
    ]
    assert by_key == ["created", "scheduled", "ended"]
    by_steps = [
        each["action"] for each in entries if each["version"] and each["action"] not in by_key
    ]
    assert by_steps[:3] == ["stock_laid_out", "opened", "closing_begun"]
    assert [each["outcome"] for each in entries if each["action"] == "lifecycle_begun"] == ["done"]
    stale = office.post(f"/{campaign_id}/cancel", {"reason": "Late"}, if_match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")


def wait_for_log(office: Office, campaign_id: str, version: int) -> list[dict[str, Any]]:
    """The log, oldest first, once every version up to this one is in it."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        entries: list[dict[str, Any]] = office.get(f"/{campaign_id}/log?limit=100").json()["data"]
        known = {entry["version"] for entry in entries if entry["version"]}
        if known >= set(range(1, version + 1)):
            return entries[::-1]
        time.sleep(0.5)
    raise AssertionError(f"the log has the versions {sorted(known)} of {version}")


def wait_for(office: Office, campaign_id: str, status: str) -> dict[str, Any]:
    campaign: dict[str, Any] = {}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        campaign = office.get(f"/{campaign_id}").json()
        if campaign["status"] == status:
            return campaign
        time.sleep(0.5)
    raise AssertionError(f"the campaign is {campaign.get('status')}, not {status}")


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 401, "key_missing"),
        ("Bearer", 401, "key_invalid"),
        ("Bearer lh_manage_" + "x" * 32, 401, "key_invalid"),
        ("Basic bGl2ZTpob3Vy", 401, "key_invalid"),
        ("Bearer " + "x" * 4000, 401, "key_invalid"),
        ("sell", 403, "wrong_scope"),
    ],
)
def test_whoever_has_no_business_here_is_told_what_to_do(
    office, stack, authorization, status, code
):
    if authorization == "sell":
        authorization = f"Bearer {stack.merchant.keys['sell']}"
    headers = {"authorization": authorization} if authorization else {}
    answer = office.http.get("/v1/campaigns", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe\x00", 400, "invalid_json"),
        (b'{"name": "' + b"x" * 17_000 + b'"}', 413, "body_too_large"),
        (b"{}", 422, "invalid_request"),
        ('{"name": "\u5bcc\u58eb"}'.encode(), 422, "invalid_request"),
    ],
)
def test_whatever_is_sent_is_answered_with_a_problem(office, content, status, code):
    headers = {
        **office.keyed,
        "idempotency-key": secrets.token_hex(8),
        "content-type": "application/json",
    }
    answer = office.http.post("/v1/campaigns", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_reference_is_served_to_everybody(office):
    assert office.http.get("/openapi.json").json()["openapi"] == "3.1.0"
    page = office.http.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'id="problem-sold_out"' in page.text
