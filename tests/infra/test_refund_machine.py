"""The refund machine: its file read as data, and executed from it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.constructs.order_refunds import SECONDS
from infra.constructs.step_machine import MACHINES
from shared.domain.refund import MOST_LOOKS
from tests.infra.show import REGION, Cast, Step, failing, take_the_stage
from tests.infra.test_state_machine_file import HISTORY, TRANSIENT, following

DEFINITION = MACHINES / "refund_order.asl.json"
machine = json.loads(DEFINITION.read_text())
states: dict[str, dict[str, Any]] = machine["States"]
tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}

ASKED = ["Begin to count the looks", "Ask for the money to go back", "Has the money gone back?"]
LOOK = ["Wait for the provider", *ASKED[1:]]
END = "The refund is at its end"
LEFT = "Leave it to a person"

numbers = count()
Play = Callable[[], tuple[str, list[str]]]


@pytest.fixture(scope="module")
def installed() -> Iterator[str]:
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        made = boto3.client("stepfunctions", REGION).create_state_machine(
            name="refund",
            definition=DEFINITION.read_text().replace("${RefundOrder}", "RefundOrder"),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )
        yield made["stateMachineArn"]


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = Cast()
    take_the_stage(cast, monkeypatch)
    return cast


@pytest.fixture
def play(installed: str, cast: Cast) -> Play:
    """Execute it, and wait for its end: the status, and the states it came by."""

    def execute() -> tuple[str, list[str]]:
        assert cast.steps
        client = boto3.client("stepfunctions", REGION)
        arn = client.start_execution(
            stateMachineArn=installed,
            name=f"ref_{next(numbers)}",
            input=json.dumps({"refund": "ref_1", "part": 1}),
        )["executionArn"]
        while (seen := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.01)
        pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if event["type"].endswith("StateEntered")
        ]
        return seen["status"], entered

    return execute


def answers(*told: str) -> Step:
    """A step that says one after the other, and makes nobody wait."""
    left = iter(told)

    def refund_order(payload: dict[str, Any]) -> dict[str, Any]:
        if "problem" in payload:
            return {"state": "needs_attention"}
        return {"state": next(left), "wait_seconds": 0, "looks": payload["looks"] + 1}

    return refund_order


@pytest.mark.parametrize("state", ["succeeded", "failed", "needs_attention"])
def test_a_refund_that_is_at_its_end_ends_the_machine(state: str, cast: Cast, play: Play):
    cast.steps["RefundOrder"] = answers(state)

    assert play() == ("SUCCEEDED", [*ASKED, END])


def test_what_the_provider_has_not_finished_is_looked_at_again_and_counted(cast: Cast, play: Play):
    cast.steps["RefundOrder"] = answers("pending", "pending", "succeeded")

    assert play() == ("SUCCEEDED", [*ASKED, *LOOK, *LOOK, END])
    assert [payload["looks"] for payload in cast.called("RefundOrder")] == [0, 1, 2]


def test_silence_is_asked_about_again(cast: Cast, play: Play):
    cast.steps["RefundOrder"] = failing(answers("succeeded"), "ProviderSilent", "StoreBusy")

    assert play() == ("SUCCEEDED", [*ASKED, END])
    assert len(cast.called("RefundOrder")) == 3


def test_silence_without_an_end_is_left_to_a_person(cast: Cast, play: Play):
    attempts = tasks["Ask for the money to go back"]["Retry"][0]["MaxAttempts"]
    cast.steps["RefundOrder"] = failing(answers(), *["ProviderSilent"] * (attempts + 1))

    assert play() == ("SUCCEEDED", [*ASKED[:2], LEFT, END])
    assert cast.called("RefundOrder")[-1]["problem"] == "ProviderSilent"


def test_a_fault_of_ours_is_left_to_a_person_at_once(cast: Cast, play: Play):
    cast.steps["RefundOrder"] = failing(answers(), "ValueError")

    assert play() == ("SUCCEEDED", [*ASKED[:2], LEFT, END])
    assert len(cast.called("RefundOrder")) == 2


def test_what_cannot_even_be_left_to_a_person_fails_for_the_alarm_and_the_sweeper(
    cast: Cast, play: Play
):
    cast.steps["RefundOrder"] = failing(answers(), "ValueError", "ValueError")

    assert play() == ("FAILED", [*ASKED[:2], LEFT, "Refund needs a person"])


# -- the file ------------------------------------------------------------------------------------


def test_every_task_has_an_end_that_is_later_than_its_functions_and_a_way_on():
    for name, task in tasks.items():
        assert task["TimeoutSeconds"] > SECONDS, name
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_only_transient_errors_are_tried_again_by_name_with_full_jitter_and_an_end():
    for name, task in tasks.items():
        for retrier in task["Retry"]:
            assert set(retrier["ErrorEquals"]) <= TRANSIENT | {"ProviderSilent"}, name
            assert retrier["JitterStrategy"] == "FULL"
            assert 0 < retrier["MaxAttempts"] <= 60
            assert retrier["MaxDelaySeconds"] <= 300


def test_every_state_can_be_reached_and_is_a_phrase_or_a_question():
    reached, frontier = set(), {machine["StartAt"]}
    while frontier:
        reached |= frontier
        frontier = {after for name in frontier for after in following(states[name])} - reached

    assert reached == set(states)
    for name, state in states.items():
        assert " " in name
        assert name.endswith("?") == (state["Type"] == "Choice")


def test_the_longest_history_of_a_refund_is_within_the_limit():
    """Events by kind of state, as the history of an execution shows them."""
    task, choice, wait, attempt = 5, 2, 2, 3
    tries = {name: sum(each["MaxAttempts"] for each in tasks[name]["Retry"]) for name in tasks}
    look = task + choice + wait + attempt * tries["Ask for the money to go back"]

    assert 10 + (MOST_LOOKS + 1) * look + task + attempt * tries[LEFT] < HISTORY
