"""Emulators do not check permissions, so the policies are read as data."""

from __future__ import annotations

import pytest

from infra.access import ACCESS
from tests.infra.template import Template

STAR_RESOURCES = {
    # action: why it cannot be narrowed
    "dynamodb:ListStreams": "has no resource; tells names only",
    "xray:PutTraceSegments": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "xray:GetSamplingRules": "X-Ray has no resources",
    "xray:GetSamplingTargets": "X-Ray has no resources",
    "logs:CreateLogDelivery": "log delivery of state machines has no resources",
    "logs:GetLogDelivery": "log delivery of state machines has no resources",
    "logs:UpdateLogDelivery": "log delivery of state machines has no resources",
    "logs:DeleteLogDelivery": "log delivery of state machines has no resources",
    "logs:ListLogDeliveries": "log delivery of state machines has no resources",
    "logs:PutResourcePolicy": "log delivery of state machines has no resources",
    "logs:DescribeResourcePolicies": "log delivery of state machines has no resources",
    "logs:DescribeLogGroups": "log delivery of state machines has no resources",
}
EVERYBODY = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACED = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
STRIPE = ("secretsmanager:GetSecretValue", "livehour-production-payments-stripe")
SEALS = {("kms:Decrypt", "ParcelsKey"), ("kms:GenerateDataKey", "ParcelsKey")}
HANDS_OVER = {
    *SEALS,
    *((f"s3:{verb}Object", "/parcels/*") for verb in ("Get", "Put", "Delete")),
    ("s3:ListBucket", "ParcelsBucket"),
}
BEYOND_TABLES: dict[str, set[tuple[str, str]]] = {
    "campaigns": {
        STRIPE,
        ("states:StartExecution", "livehour-production-campaign-lifecycle"),
        ("iam:PassRole", "StartRole"),
        ("lambda:InvokeFunction", "livehour-production-arrange-stock"),
        *(
            (f"scheduler:{verb}Schedule", "schedule/livehour-production-campaigns/*")
            for verb in ("Create", "Delete")
        ),
    },
    "check_books": {STRIPE},
    "checkout": {STRIPE, *SEALS},
    "fulfil_order": HANDS_OVER,
    "hand_over_orders": HANDS_OVER,
    "parcels": {
        *SEALS,
        *((f"s3:{verb}Object", "ParcelsBucket") for verb in ("Get", "Put")),
        ("s3:DeleteObject", "/batches/*"),
        ("s3:DeleteObject", "/parcels/*"),
    },
    "keep_books": {STRIPE},
    "waitlist": {("lambda:InvokeFunction", "livehour-production-arrange-stock")},
    "payment_webhooks": {
        STRIPE,
        ("secretsmanager:GetSecretValue", "livehour-production-payments-test"),
    },
    "refund_order": {STRIPE},
    "rehearsals": {("states:StartExecution", "livehour-production-rehearse-campaign")},
    "rehearse_show": {
        ("states:StartExecution", "livehour-production-campaign-lifecycle"),
        ("lambda:InvokeFunction", "livehour-production-arrange-stock"),
        *SEALS,
    },
    "refunds": {
        ("states:StartExecution", "livehour-production-refund-order"),
        ("states:DescribeExecution", "refund-order:*"),
    },
    "sweep_campaigns": {
        ("states:StartExecution", "livehour-production-campaign-lifecycle"),
        ("states:DescribeExecution", "campaign-lifecycle:*"),
        ("states:StartExecution", "livehour-production-refund-order"),
        ("states:DescribeExecution", "refund-order:*"),
        ("states:StartExecution", "livehour-production-rehearse-campaign"),
        ("states:DescribeExecution", "rehearse-campaign:*"),
    },
    "package_campaign": {
        ("s3:PutObject", "PackagesBucket"),
        ("kms:Sign", "PackagesSignature"),
        ("kms:GetPublicKey", "PackagesSignature"),
    },
    "totals": {("s3:GetObject", "PackagesBucket")},
    "start_campaign": {("states:StartExecution", "livehour-production-campaign-lifecycle")},
    "publish_changes": {
        ("events:PutEvents", "livehour-production"),
        ("dynamodb:ListStreams", "*"),
        *(
            (f"sqs:{verb}", "livehour-production-untold")
            for verb in ("SendMessage", "GetQueueAttributes", "GetQueueUrl")
        ),
        *(
            (f"dynamodb:{verb}", f"livehour-production-{table}")
            for verb in ("DescribeStream", "GetRecords", "GetShardIterator")
            for table in ("campaigns", "orders", "stock", "payments", "waitlists")
        ),
    },
}


@pytest.mark.parametrize("name", ACCESS)
def test_a_function_may_do_what_the_access_table_says_and_nothing_else(
    name: str, production: Template
):
    on_tables = {
        (f"dynamodb:{action}", "livehour-production-" + resource.replace("/", "/index/"))
        for resource, actions in ACCESS[name].items()
        for action in actions
    }
    role = production.functions[name]["Role"]["Fn::GetAtt"][0]
    found = {
        (action, on) for action, on in production.granted(role) if action not in EVERYBODY | TRACED
    }
    beyond = found - on_tables

    assert found >= on_tables
    assert len(beyond) == len(BEYOND_TABLES.get(name, ()))
    for action, end in BEYOND_TABLES.get(name, ()):
        assert any(action == done and end in on for done, on in beyond), (action, end)


def test_no_function_may_scan_and_one_may_delete_what_was_only_rehearsed(template: Template):
    statements = list(template.statements())
    deleting = [one for one in statements if "dynamodb:DeleteItem" in one["Action"]]
    keys = "dynamodb:LeadingKeys"

    assert "dynamodb:Scan" not in {action for one in statements for action in one["Action"]}
    assert [name for name, access in ACCESS.items() if "DeleteItem" in str(access)] == [
        "clear_rehearsal"
    ]
    (statement,) = deleting
    assert statement["Action"] == ["dynamodb:DeleteItem"]
    assert len(statement["Resource"]) == 8
    assert statement["Condition"] == {
        "ForAllValues:StringLike": {keys: ["cmp_rehearse*", "rehearse*"]},
        "Null": {keys: "false"},
    }


def test_no_policy_has_a_wildcard_action_and_each_wildcard_resource_has_its_reason(
    template: Template,
):
    for statement in template.statements():
        assert not [action for action in statement["Action"] if "*" in action]
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= set(STAR_RESOURCES)


def test_no_role_has_a_policy_that_somebody_else_wrote(template: Template):
    assert not [role for role in template.properties("IAM::Role") if role.get("ManagedPolicyArns")]


def test_the_machine_of_parcels_may_call_its_function_and_nothing_else(production: Template):
    machine = production.machine("fulfil-order")
    granted = production.granted(machine["RoleArn"]["Fn::GetAtt"][0])

    assert {(action, on) for action, on in granted if on != "*"} == {
        ("lambda:InvokeFunction", "livehour-production-fulfil-order")
    }


def test_only_campaigns_may_pass_a_role_and_only_to_the_scheduler(template: Template):
    passing = [
        statement for statement in template.statements() if "iam:PassRole" in statement["Action"]
    ]
    (statement,) = passing
    role = template.body["Resources"][statement["Resource"][0]["Fn::GetAtt"][0]]["Properties"]
    trusted = role["AssumeRolePolicyDocument"]["Statement"][0]

    assert trusted["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert set(trusted["Condition"]["StringEquals"]) == {"aws:SourceAccount", "aws:SourceArn"}


def test_the_machine_may_call_its_own_steps_start_its_successor_and_call_for_help(
    production: Template,
):
    machine = production.machine("campaign-lifecycle")
    granted = production.granted(machine["RoleArn"]["Fn::GetAtt"][0])
    name = machine["StateMachineName"]
    steps = [
        *("prepare-stock", "open-campaign", "keep-books"),
        *("close-campaign", "reconcile-campaign", "settle-campaign", "hand-over-orders"),
        "package-campaign",
    ]

    assert {(action, on) for action, on in granted if on != "*"} == {
        *(("lambda:InvokeFunction", f"livehour-production-{step}") for step in steps),
        ("events:PutEvents", "livehour-production"),
        (
            "states:StartExecution",
            f"arn:<Partition>:states:<Region>:<AccountId>:stateMachine:{name}",
        ),
    }


def test_the_rehearsal_machine_may_call_its_steps_and_nothing_else(production: Template):
    machine = production.machine("rehearse-campaign")
    granted = production.granted(machine["RoleArn"]["Fn::GetAtt"][0])

    assert {(action, on) for action, on in granted if on != "*"} == {
        ("lambda:InvokeFunction", f"livehour-production-{step}")
        for step in ("rehearse-show", "judge-rehearsal", "clear-rehearsal")
    }


def test_the_refund_machine_may_call_its_step_and_nothing_else(production: Template):
    machine = production.machine("refund-order")
    granted = production.granted(machine["RoleArn"]["Fn::GetAtt"][0])

    assert {(action, on) for action, on in granted if on != "*"} == {
        ("lambda:InvokeFunction", "livehour-production-refund-order")
    }
