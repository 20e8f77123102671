"""Schedules and executions, on moto: made once, taken back, and harmless the second time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.scheduler import SchedulerStartSchedules
from shared.adapters.step_functions import StepFunctionsLifecycles
from shared.use_cases.ports import Execution
from tests.builders import a_campaign

CAMPAIGN = a_campaign()
ROLE = "arn:aws:iam::123456789012:role/scheduler"
TARGET = "arn:aws:lambda:us-east-1:123456789012:function:start_campaign"
LETTERS = "arn:aws:sqs:us-east-1:123456789012:never-started"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.fixture
def scheduler() -> Any:
    client = boto3.client("scheduler")
    client.create_schedule_group(Name="campaigns")
    return client


@pytest.fixture
def schedules(scheduler: Any) -> SchedulerStartSchedules:
    return SchedulerStartSchedules(
        scheduler,
        group="campaigns",
        role_arn=ROLE,
        target_arn=TARGET,
        dead_letters_arn=LETTERS,
    )


def names(scheduler: Any) -> list[str]:
    return [one["Name"] for one in scheduler.list_schedules(GroupName="campaigns")["Schedules"]]


def test_a_start_is_asked_for_once_at_its_time_to_the_second(schedules, scheduler):
    schedules.arm(CAMPAIGN, at=CAMPAIGN.starts_at - 300)
    schedules.arm(CAMPAIGN, at=CAMPAIGN.starts_at - 300)
    [name] = names(scheduler)
    assert name.startswith(CAMPAIGN.id)
    made = scheduler.get_schedule(Name=name, GroupName="campaigns")
    assert made["ScheduleExpression"] == "at(2026-11-28T11:55:00)"
    assert made["ScheduleExpressionTimezone"] == "UTC"
    assert made["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made["ActionAfterCompletion"] == "DELETE"
    assert (made["Target"]["Arn"], made["Target"]["RoleArn"]) == (TARGET, ROLE)
    assert made["Target"]["DeadLetterConfig"] == {"Arn": LETTERS}
    assert json.loads(made["Target"]["Input"]) == {"campaign": CAMPAIGN.id}


def test_a_start_that_is_moved_has_a_schedule_of_its_own(schedules, scheduler):
    later = replace(CAMPAIGN, starts_at=CAMPAIGN.starts_at + 3600)
    schedules.arm(CAMPAIGN, at=CAMPAIGN.starts_at)
    schedules.arm(later, at=later.starts_at)
    assert len(names(scheduler)) == 2
    schedules.disarm(later)
    assert names(scheduler) == [f"{CAMPAIGN.id}-{CAMPAIGN.starts_at}"]


def test_taking_back_what_is_not_there_is_harmless(schedules, scheduler):
    schedules.disarm(CAMPAIGN)
    schedules.arm(CAMPAIGN, at=CAMPAIGN.starts_at)
    schedules.disarm(CAMPAIGN)
    schedules.disarm(CAMPAIGN)
    assert names(scheduler) == []


def a_machine() -> tuple[Any, str]:
    """A client of Step Functions, and a machine that ends at once."""
    machines = boto3.client("stepfunctions")
    machine = machines.create_state_machine(
        name="campaign-lifecycle",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    return machines, machine


def test_a_lifecycle_is_begun_once_under_the_name_of_its_campaign():
    machines, machine = a_machine()
    lifecycles = StepFunctionsLifecycles(machines, machine)
    lifecycles.begin(CAMPAIGN.id)
    lifecycles.begin(CAMPAIGN.id)
    [execution] = machines.list_executions(stateMachineArn=machine)["executions"]
    assert execution["name"] == CAMPAIGN.id
    begun = machines.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(begun["input"]) == {"campaign": CAMPAIGN.id, "part": 1}


def test_the_last_part_is_found_with_how_it_and_those_before_it_ended():
    machines, machine = a_machine()
    lifecycles = StepFunctionsLifecycles(machines, machine)
    assert lifecycles.last(CAMPAIGN.id) is None

    lifecycles.begin(CAMPAIGN.id)
    assert lifecycles.last(CAMPAIGN.id) == Execution(1, ended_at=None, status="RUNNING")
    for part in (2, 3):
        running = machines.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        for execution in running["executions"]:
            machines.stop_execution(executionArn=execution["executionArn"])
        lifecycles.begin(CAMPAIGN.id, part)
    assert lifecycles.last(CAMPAIGN.id) == Execution(3, None, status="RUNNING")
    machines.stop_execution(
        executionArn=machine.replace("stateMachine", "execution") + f":{CAMPAIGN.id}-3"
    )
    last = lifecycles.last(CAMPAIGN.id)
    assert last is not None
    assert (last.part, last.failures, last.status) == (3, 3, "ABORTED")
    assert last.ended_at == pytest.approx(time.time(), abs=60)
