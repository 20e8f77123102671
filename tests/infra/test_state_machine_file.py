"""The machine's file, read as data."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.campaign_lifecycle import MACHINE, STEPS
from infra.constructs.step_machine import MACHINES
from local.engine.toolchain import node
from shared.domain import forecast
from tests.infra.template import Template

REPOSITORY = Path(__file__).parents[2]
FILES = sorted(MACHINES.glob("*.asl.json"))
HISTORY = 25_000  # events; an execution that makes one more is stopped by AWS
BEATS = forecast.PART
PACKAGE = "Build the closing package"
PARCELS = "Hand over what is left"
TRANSIENT = {
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "Lambda.Unknown", "Sandbox.Timedout"),
    *("Runtime.ExitError", "States.Timeout", "StoreBusy", "CarrierSilent"),
    *("StepFunctions.ExecutionLimitExceededException", "StepFunctions.ThrottlingException"),
    *("StepFunctions.SdkClientException", "StepFunctions.InternalServerException"),
    *("EventBridge.FailedEntry", "EventBridge.InternalException", "EventBridge.SdkClientException"),
}

DEFINITION = MACHINES / f"{MACHINE}.asl.json"
lifecycle = json.loads(DEFINITION.read_text())
states: dict[str, dict[str, Any]] = lifecycle["States"]
tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}


def following(state: dict[str, Any]) -> Iterator[str]:
    for rule in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        if "Next" in rule:
            yield rule["Next"]
    if "Default" in state:
        yield state["Default"]


@pytest.mark.parametrize("machine", FILES, ids=lambda path: path.name)
def test_a_machine_is_valid_for_the_validator(machine: Path):
    validator = REPOSITORY / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
    done = subprocess.run(
        [str(node()), str(validator), "--json-path", str(machine)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_placeholder_of_a_machine_is_filled_in(template: Template):
    for machine in template.properties("StepFunctions::StateMachine"):
        named = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))

        assert named
        assert named == set(machine["DefinitionSubstitutions"])


def test_every_task_has_a_timeout_and_a_way_to_call_a_person():
    for name, task in tasks.items():
        assert task["TimeoutSeconds"] > 0, name
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert task["Catch"][-1]["Next"] in {
            "Is it only a rehearsal?",
            "Campaign needs a person",
        }, name


def test_the_machine_waits_longer_for_a_step_than_its_function_runs():
    waits = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", task["Parameters"]["FunctionName"][2:-1]).lower(): task[
            "TimeoutSeconds"
        ]
        for task in tasks.values()
        if "FunctionName" in task["Parameters"]
    }

    assert set(waits) == set(STEPS)
    assert all(waits[name] > seconds for name, (_, seconds) in STEPS.items())


def test_only_transient_errors_are_tried_again_by_name_with_full_jitter_and_an_end():
    for name, task in tasks.items():
        for retrier in task["Retry"]:
            assert set(retrier["ErrorEquals"]) <= TRANSIENT, name
            assert retrier["JitterStrategy"] == "FULL"
            assert 0 < retrier["MaxAttempts"] <= 240
            # Nobody waits for parcels and the package, and each attempt takes its part of the history.
            assert retrier["MaxDelaySeconds"] <= (600 if name in (PACKAGE, PARCELS) else 60)


def test_every_state_can_be_reached():
    reached, frontier = set(), {lifecycle["StartAt"]}
    while frontier:
        reached |= frontier
        frontier = {after for name in frontier for after in following(states[name])} - reached

    assert reached == set(states)


def test_every_circle_passes_a_wait_so_that_no_answer_can_make_the_machine_run_wild():
    def returns_to(start: str, name: str, seen: frozenset[str]) -> bool:
        return any(
            after == start or (after not in seen and returns_to(start, after, seen | {after}))
            for after in following(states[name])
            if states[after]["Type"] != "Wait"
        )

    awake = [name for name, state in states.items() if state["Type"] != "Wait"]

    assert [name for name in awake if returns_to(name, name, frozenset({name}))] == []


def test_the_longest_history_of_an_execution_is_far_below_the_limit():
    """Events by kind of state, as the history of an execution shows them."""

    def attempts(name: str) -> int:
        return sum(retrier["MaxAttempts"] for retrier in states[name].get("Retry", []))

    task, choice, wait, look, attempt = 5, 2, 2, 2, 3
    beat = task + choice + wait
    waiting = beat + look
    once = sum(task + choice + wait + attempt * attempts(name) for name in tasks)
    # A call is enough for a million orders; three are for as many as may ever be.
    once += 2 * (task + choice + wait + attempt * attempts(PACKAGE))
    # Ten minutes each: a million orders that no event has handed over take some hours.
    once += 30 * (task + choice + wait)
    limits = {
        int(number)
        for number in re.findall(r'"NumericGreaterThanEquals": (\d+)', DEFINITION.read_text())
    }

    assert limits == {BEATS}
    # A failed attempt of a beat counts as a beat, and makes fewer events than one.
    assert attempt < beat < waiting
    assert 1 + BEATS * waiting + once < HISTORY * 3 // 5


def test_a_show_of_a_day_fits_into_a_few_executions():
    assert 24 * 3600 / 5 / BEATS < 20


def test_states_are_phrases_and_choices_are_questions():
    for name, state in states.items():
        assert " " in name
        assert name.endswith("?") == (state["Type"] == "Choice")
