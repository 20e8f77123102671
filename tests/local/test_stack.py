"""The local stage in a real engine: what the engine adds to it, and what it must not do to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local import cli
from local.engine.aws import lambdas
from local.engine.ports import free_port, listens
from local.engine.stack import LocalStack

pytestmark = pytest.mark.stack


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    """Patient: the first request to a function waits for its cold start."""
    with httpx.Client(timeout=60) as client:
        yield client


def bearer(stack: LocalStack, scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.merchant.keys[scope]}"}


def test_each_key_opens_what_its_scope_says(stack: LocalStack, web: httpx.Client):
    campaigns = f"{stack.api}/v1/campaigns"
    assert web.get(campaigns, headers=bearer(stack, "manage")).status_code == 200
    assert web.get(campaigns, headers=bearer(stack, "sell")).status_code == 403
    assert web.get(campaigns).status_code == 401
    assert web.get(campaigns, headers={"Authorization": "Bearer lh_manage_x"}).status_code == 401


def test_a_wall_of_another_origin_may_ask(stack: LocalStack, web: httpx.Client):
    totals = f"{stack.api}/v1/campaigns/cmp_aaaaaaaaaaaaaaaa/totals"
    origin = {"Origin": "http://127.0.0.1:8787"}
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = web.options(totals, headers=origin | asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = web.get(totals, headers=origin | bearer(stack, "read"))
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "etag" in answer.headers["access-control-expose-headers"]


def test_no_function_gets_more_environments_than_the_stage_says(stack: LocalStack):
    control = lambdas(stack.engine.url)
    limits = {
        function["FunctionName"]: control.get_function_concurrency(
            FunctionName=function["FunctionName"]
        ).get("ReservedConcurrentExecutions")
        for function in control.list_functions()["Functions"]
        if function["FunctionName"].startswith("livehour-")
    }
    assert "livehour-local-reserve" in limits
    assert set(limits.values()) == {2}


def test_a_burst_is_queued_and_not_refused(stack: LocalStack, web: httpx.Client):
    campaigns, key = f"{stack.api}/v1/campaigns", bearer(stack, "manage")
    with ThreadPoolExecutor(24) as burst:
        answers = burst.map(lambda _: web.get(campaigns, headers=key).status_code, range(72))
    assert Counter(answers) == {200: 72}


def test_up_leaves_a_stack_that_down_takes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("local.engine.running.STATE", tmp_path / "running.json")
    port, wall_port = free_port(), free_port()
    try:
        assert cli.run(["up", "--json", "--port", str(port), "--wall-port", str(wall_port)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert set(told) == {"api", "wall", "keys", "webhook_secret", "merchant"}
        assert told["webhook_secret"].startswith("whsec_")

        connection = httpx.get(f"{told['wall']}config.json").json()
        assert connection == {"api": told["api"], "key": told["keys"]["read"]}

        assert cli.run(["status", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["running"]

        broken = tmp_path / "show.json"
        broken.write_text('{\n "name": 7,\n "colour": "red"\n}')
        assert cli.run(["launch", str(broken)]) == 2
        told_of = capsys.readouterr().err
        assert "  line 2, column 10, name: " in told_of
        assert "  line 3, column 12, colour: " in told_of
    finally:
        assert cli.run(["down"]) == 0
    assert not listens(port)
    assert not listens(wall_port)
