"""From a paid order to its parcel: the machine played from its file, and where people's data lies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.constructs.fulfilment import SECONDS
from infra.constructs.step_machine import MACHINES
from tests.infra.show import Cast, failing, take_the_stage
from tests.infra.template import Template

FIRST, ASKED = "Hand the order over", "What became of it?"
ORDER = {"order": "ord_x", "sku": "FUJI-12", "quantity": 1}
REGION = "us-east-1"
numbers = count()

DEFINITION = MACHINES / "fulfil_order.asl.json"
machine = json.loads(DEFINITION.read_text())


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = Cast()
    take_the_stage(cast, monkeypatch)
    return cast


@pytest.fixture(scope="module")
def arn() -> Iterator[str]:
    """The machine in moto, which plays it as a Standard one: its states are the same, and there is a history to read."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        made = boto3.client("stepfunctions", REGION).create_state_machine(
            name="fulfil",
            definition=DEFINITION.read_text().replace("${FulfilOrder}", "FulfilOrder"),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )
        yield made["stateMachineArn"]


def play(arn: str) -> tuple[str, list[str]]:
    """How an execution ended, and its states."""
    states: Any = boto3.client("stepfunctions", REGION)
    started = states.start_execution(
        stateMachineArn=arn, name=f"parcel-{next(numbers)}", input=json.dumps(ORDER)
    )["executionArn"]
    while (seen := states.describe_execution(executionArn=started))["status"] == "RUNNING":
        time.sleep(0.01)
    pages = states.get_paginator("get_execution_history").paginate(executionArn=started)
    return seen["status"], [
        event["stateEnteredEventDetails"]["name"]
        for page in pages
        for event in page["events"]
        if event["type"].endswith("StateEntered")
    ]


@pytest.mark.parametrize(
    ("came_to", "end"),
    [
        ("fulfilled", "The parcel is requested"),
        ("needs_attention", "A person must look at the order"),
        ("withdrawn", "Nothing is to be carried"),
        ("nothing", "Nothing is to be carried"),
    ],
)
def test_each_outcome_has_its_end(came_to: str, end: str, arn: str, cast: Cast):
    cast.steps["FulfilOrder"] = lambda _: {"came_to": came_to}

    assert play(arn) == ("SUCCEEDED", [FIRST, ASKED, end])
    # The id, and nothing that is about a person.
    assert cast.called("FulfilOrder") == [{"order": "ord_x"}]


def test_who_does_not_answer_is_asked_again(arn: str, cast: Cast):
    faults = ["CarrierSilent", "StoreBusy", "Sandbox.Timedout", "Lambda.TooManyRequestsException"]
    cast.steps["FulfilOrder"] = failing(lambda _: {"came_to": "fulfilled"}, *faults)

    assert play(arn)[0] == "SUCCEEDED"
    assert len(cast.called("FulfilOrder")) == 5


@pytest.mark.parametrize("faults", [["KeyError"], ["CarrierSilent"] * 8])
def test_what_cannot_be_done_fails_where_the_alarm_sees_it(faults: list[str], arn: str, cast: Cast):
    cast.steps["FulfilOrder"] = failing(lambda _: {"came_to": "fulfilled"}, *faults)

    assert play(arn) == ("FAILED", [FIRST])


def test_all_attempts_fit_into_the_five_minutes_of_an_express_execution():
    (task,) = (state for state in machine["States"].values() if state["Type"] == "Task")
    (retrier,) = task["Retry"]
    pauses = sum(
        min(retrier["MaxDelaySeconds"], retrier["IntervalSeconds"] * 2**attempt)
        for attempt in range(retrier["MaxAttempts"])
    )

    assert pauses < machine["TimeoutSeconds"] <= 290
    assert retrier["JitterStrategy"] == "FULL"
    assert task["TimeoutSeconds"] > SECONDS


def test_paid_and_refunded_orders_start_the_machine_for_a_day_and_then_wait_in_a_queue(
    template: Template,
):
    (rule,) = (
        rule
        for rule in template.properties("Events::Rule")
        if rule.get("EventPattern", {}).get("detail-type")
        == ["OrderPaid", "OrderRefunded", "OrderAddressCorrected"]
    )
    (target,) = rule["Targets"]

    assert rule["EventPattern"]["source"] == ["livehour"]
    assert target["InputPath"] == "$.detail.data"
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86_400,
        "MaximumRetryAttempts": 185,
    }
    assert template.named(target["DeadLetterConfig"]["Arn"]).endswith("unfulfilled")
    assert template.machine("fulfil-order")["StateMachineType"] == "EXPRESS"


def test_what_carriers_are_given_is_encrypted_private_and_goes(template: Template):
    bucket = template.named_like("S3::Bucket", "Parcels")["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    # What is erased must be gone: no versions, and no lock.
    assert "VersioningConfiguration" not in bucket
    assert "ObjectLockConfiguration" not in bucket
    goes = {
        each.get("Prefix"): each.get("ExpirationInDays")
        for each in bucket["LifecycleConfiguration"]["Rules"]
    }
    assert (goes["parcels/"], goes["batches/"]) == (90, 1)


def test_the_key_of_addresses_is_ours_and_turns(template: Template):
    key = template.named_like("KMS::Key", "Parcels")["Properties"]
    assert key["EnableKeyRotation"] is True
    assert "KeySpec" not in key


def test_keys_of_addresses_go_by_themselves_and_cannot_be_restored(production: Template):
    (keys,) = (
        found
        for found in production.properties("DynamoDB::Table")
        if found["TableName"].endswith("addresses")
    )
    assert keys["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert keys["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
