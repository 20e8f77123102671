"""Plays the lifecycle machine from its file, with steps made of plain functions, in moto's interpreter."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_sfn,
)

from infra.constructs.step_machine import MACHINES

DEFINITION = MACHINES / "campaign_lifecycle.asl.json"
REGION = "us-east-1"
BUS = "livehour-test"
MACHINE = "lifecycle"
PAST = "2026-01-01T00:00:00Z"

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

Step = Callable[[dict[str, Any]], dict[str, Any]]


class StepFailed(Exception):
    """What a function raises, by the name that the machine sees."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Cast:
    """The functions behind the machine: each does its part of a quiet, balanced show unless a test recasts it."""

    steps: dict[str, Step] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def invoke(
        self, parameters: dict[str, Any], region: str, state_credentials: object
    ) -> dict[str, Any]:
        """Stands where the interpreter would call Lambda."""
        name, payload = parameters["FunctionName"], json.loads(parameters["Payload"])
        self.calls.append((name, payload))
        try:
            answer = {**QUIET_SHOW, **self.steps}[name](payload)
        except StepFailed as failed:
            fault = {"errorType": failed.name, "errorMessage": "made up"}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": fault}
        return {"StatusCode": 200, "Payload": answer}

    def called(self, name: str) -> list[dict[str, Any]]:
        return [payload for called, payload in self.calls if called == name]


def take_the_stage(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto's interpreter call the cast instead of Lambda, and not wait between attempts."""
    monkeypatch.setattr(lambda_eval_utils, "_invoke_lambda_function", cast.invoke)
    # How long the pauses are is asserted from the file.
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda _: None))
    # moto 5.2 hands the integration's names (StateMachineArn) to boto3, which knows stateMachineArn.
    integration = state_task_service_sfn.StateTaskServiceSfn
    normalise = integration._normalise_parameters

    def with_names_of_the_sdk(self: Any, parameters: dict[str, Any], **more: Any) -> None:
        normalise(self, parameters, **more)
        for name in tuple(parameters):
            parameters[name[0].lower() + name[1:]] = parameters.pop(name)

    monkeypatch.setattr(integration, "_normalise_parameters", with_names_of_the_sdk)


def beats(*phases: str) -> Step:
    """A ``keep_books`` that answers one phase after the other, and does not make anybody wait."""
    left = iter(phases)

    def keep_books(payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "phase": next(left),
            "wait_seconds": 0,
            "beat": payload["beat"] + 1,
            "ended": False,
        }

    return keep_books


def failing(step: Step, *names: str) -> Step:
    """Raise these first, one a call, then do the step."""
    left = list(names)

    def stumble(payload: dict[str, Any]) -> dict[str, Any]:
        if left:
            raise StepFailed(left.pop(0))
        return step(payload)

    return stumble


QUIET_SHOW: dict[str, Step] = {
    "PrepareStock": lambda _: {"starts_at": PAST, "abandoned": False},
    "OpenCampaign": lambda _: {"phase": "live", "wait_until": PAST},
    "KeepBooks": beats(),
    "CloseCampaign": lambda _: {"phase": "drain"},
    "ReconcileCampaign": lambda _: {"balanced": True, "differences": 0},
    "SettleCampaign": lambda _: {"status": "closed"},
    "HandOverOrders": lambda _: {"complete": True, "handed_over": 0},
    "PackageCampaign": lambda _: {"complete": True, "pieces": 1},
}


@dataclass
class Performance:
    """What came of an execution."""

    status: str
    error: str | None
    cause: str | None
    events: list[HistoryEventTypeDef]
    """The whole history."""

    @property
    def states(self) -> list[str]:
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.events
            if event["type"].endswith("StateEntered")
        ]


class Theatre:
    """The machine, installed; and the bus, read by a queue."""

    def __init__(self, *, beats_in_a_part: int) -> None:
        self._beats = beats_in_a_part
        self._states = boto3.client("stepfunctions", REGION)
        self._sqs = boto3.client("sqs", REGION)
        self._watch_bus()
        self._machine = self._install()

    def _watch_bus(self) -> None:
        self._queue = self._sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events = boto3.client("events", REGION)
        events.create_event_bus(Name=BUS)
        pattern = json.dumps({"source": ["livehour"]})
        events.put_rule(Name="all", EventBusName=BUS, EventPattern=pattern)
        events.put_targets(
            Rule="all",
            EventBusName=BUS,
            Targets=[{"Id": "told", "Arn": arn["Attributes"]["QueueArn"]}],
        )

    def _install(self) -> str:
        # The interpreter needs minutes for thousands of beats: a part of this theatre is shorter, and all else as it is.
        text = DEFINITION.read_text().replace(": 1000", f": {self._beats}")
        values = {
            "BusName": BUS,
            "LifecycleArn": f"arn:aws:states:{REGION}:123456789012:stateMachine:{MACHINE}",
        }
        for name in (*QUIET_SHOW, *values):
            text = text.replace(f"${{{name}}}", values.get(name, name))
        made = self._states.create_state_machine(
            name=MACHINE, definition=text, roleArn="arn:aws:iam::123456789012:role/machine"
        )
        return made["stateMachineArn"]

    def play(self, campaign: str, part: int = 1) -> Performance:
        """Start an execution and wait for its end."""
        started = self._states.start_execution(
            stateMachineArn=self._machine,
            name=campaign,
            input=json.dumps({"campaign": campaign, "part": part}),
        )
        return self.outcome(started["executionArn"].rpartition(":")[2])

    def outcome(self, name: str) -> Performance:
        """The end of the execution of a name, waited for."""
        arn = f"arn:aws:states:{REGION}:123456789012:execution:{MACHINE}:{name}"
        while (seen := self._states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.01)
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return Performance(
            status=seen["status"],
            error=seen.get("error"),
            cause=seen.get("cause"),
            events=[event for page in pages for event in page["events"]],
        )

    def told(self) -> list[dict[str, Any]]:
        """The events on the bus since the last call."""
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        messages = found.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]
