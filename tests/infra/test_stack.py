from __future__ import annotations

import json
import re

import pytest

from infra.constructs.change_stream import SOURCES
from infra.constructs.dependency_layer import LOCK
from infra.stages import LOCAL, PRODUCTION, stage_named
from shared.contracts.openapi import HEADERS
from shared.contracts.routes import EVERYTHING_ELSE, ROUTES
from tests.infra.template import Template

SHOWN_ANYWAY = {
    "cache-control"
}  # what browsers show to scripts of other origins without being told
EVENTUALLY_ON_TRIAL = 24 * 3600  # seconds: a stream keeps a record no longer


# -- stages --------------------------------------------------------------------------------------


def test_a_stage_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(SystemExit, match="no stage 'staging': use -c stage=local or production"):
        stage_named("staging")


def test_the_stages_have_the_same_functions_tables_routes_and_steps(templates):
    for kind in (
        "Lambda::Function",
        "DynamoDB::Table",
        "ApiGatewayV2::Route",
        "StepFunctions::StateMachine",
        "Lambda::EventSourceMapping",
    ):
        assert set(templates["local"].of_type(kind)) == set(templates["production"].of_type(kind))


def test_a_template_names_no_account_and_no_region(template: Template):
    text = json.dumps(template.body)

    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"\b(us|eu|ap|cn)-[a-z]+-\d\b", text)


def test_everything_with_a_name_is_named_after_its_stage(template: Template):
    names = ("TableName", "FunctionName", "QueueName", "StateMachineName", "TopicName", "AlarmName")
    given = [
        properties[name]
        for resource in template.body["Resources"].values()
        if (properties := resource.get("Properties", {}))
        for name in names
        if isinstance(properties.get(name), str)
    ]

    assert len(given) > 20
    assert all(name.startswith(("livehour-local-", "livehour-production-")) for name in given)


def test_the_outputs_are_those_that_people_and_tests_read(templates):
    named = {
        "ApiUrl",
        "LifecycleArn",
        "RefundsArn",
        "RehearsalsArn",
        "BusName",
        "PaymentSecretArn",
        "StripeSecretArn",
    }
    named |= {"PackagesBucket", "SigningKeyArn"}
    named |= {"ParcelsBucket", "AddressKeyArn", "FulfilOrderArn"}
    expected = named | {
        f"{name}Table"
        for name in (
            *("Campaigns", "Requests", "Stock", "Overflow", "Buyers", "Waitlists"),
            *("Orders", "Payments", "Totals", "Keys", "Addresses", "Log", "Rehearsals"),
        )
    }

    assert set(templates["local"].body["Outputs"]) == expected | {"ObserverQueueUrl"}
    assert set(templates["production"].body["Outputs"]) == expected | {"OnDutyTopicArn"}


# -- tables --------------------------------------------------------------------------------------


def test_tables_are_on_demand_and_encrypted(template: Template):
    for table in template.properties("DynamoDB::Table"):
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True}


def test_tables_of_production_survive_a_mistake(production: Template):
    for table in production.of_type("DynamoDB::Table").values():
        properties = table["Properties"]
        assert properties["DeletionProtectionEnabled"] is True
        restored = properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        # What goes from the keys of addresses must be gone.
        assert restored is not properties["TableName"].endswith("-addresses")
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"


def test_tables_of_the_local_stage_go_when_it_goes(local: Template):
    for table in local.of_type("DynamoDB::Table").values():
        assert table["Properties"]["DeletionProtectionEnabled"] is False
        assert table["DeletionPolicy"] == "Delete"


def test_stock_of_production_is_warm_before_the_show(production: Template):
    (stock,) = (
        table
        for table in production.properties("DynamoDB::Table")
        if table["TableName"] == "livehour-production-stock"
    )

    assert stock["WarmThroughput"]["WriteUnitsPerSecond"] > 4_000


# -- streams to events ---------------------------------------------------------------------------


def test_a_record_that_cannot_be_told_holds_up_no_other_and_is_kept(template: Template):
    mappings = template.properties("Lambda::EventSourceMapping")

    assert len(mappings) == len(SOURCES)
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 0 < mapping["MaximumRetryAttempts"] <= 100
        assert 0 < mapping["MaximumRecordAgeInSeconds"] < EVENTUALLY_ON_TRIAL
        kept = template.named(mapping["DestinationConfig"]["OnFailure"]["Destination"])
        assert kept.endswith("-untold")


def test_every_stream_is_read_from_its_beginning(template: Template):
    tables = {
        template.named(mapping["EventSourceArn"]).rpartition("-")[2]
        for mapping in template.properties("Lambda::EventSourceMapping")
        if mapping["StartingPosition"] == "TRIM_HORIZON"
    }

    assert tables == set(SOURCES)


def test_queues_are_encrypted_and_reached_by_tls_only(template: Template):
    queues = template.of_type("SQS::Queue")
    refusing = {
        queue["Ref"]
        for policy in template.properties("SQS::QueuePolicy")
        for queue in policy["Queues"]
        if any(
            statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["PolicyDocument"]["Statement"]
        )
    }

    assert refusing == set(queues)
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues.values())


# -- API -----------------------------------------------------------------------------------------


def test_the_gateway_has_the_routes_of_the_list_and_asks_for_a_key_where_a_scope_is_needed(
    template: Template,
):
    served = {
        route["RouteKey"]: route["AuthorizationType"]
        for route in template.properties("ApiGatewayV2::Route")
    }

    listed = {route.key: "CUSTOM" if route.scopes else "NONE" for route in ROUTES}
    assert served == {**listed, EVERYTHING_ELSE: "NONE"}


def test_the_authorizer_is_asked_every_time_even_without_a_key(template: Template):
    (authorizer,) = template.properties("ApiGatewayV2::Authorizer")

    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    assert not authorizer.get("IdentitySource")


def test_requests_are_capped_and_logged_without_who_sent_them(production: Template):
    (stage,) = production.properties("ApiGatewayV2::Stage")
    log = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingBurstLimit": PRODUCTION.request_burst,
        "ThrottlingRateLimit": PRODUCTION.requests_per_second,
    }
    assert "$context.requestId" in log.values()
    assert not [value for value in log.values() if "sourceIp" in value or "userAgent" in value]


def test_a_page_from_anywhere_may_read_with_a_key_and_see_versions(template: Template):
    (api,) = template.properties("ApiGatewayV2::Api")
    cors = api["CorsConfiguration"]

    assert cors["AllowOrigins"] == ["*"]
    assert {"authorization", "if-none-match"} <= set(cors["AllowHeaders"])
    assert {name.lower() for name in HEADERS} - SHOWN_ANYWAY <= set(cors["ExposeHeaders"])
    assert {"allow", "date"} <= set(cors["ExposeHeaders"])
    assert not cors.get("AllowCredentials")


# -- watching ------------------------------------------------------------------------------------


def test_every_dead_letter_queue_and_every_failing_machine_calls_somebody(production: Template):
    alarms = production.properties("CloudWatch::Alarm")
    watched = json.dumps([[alarm.get("Dimensions"), alarm.get("Metrics")] for alarm in alarms])

    assert all(alarm["AlarmActions"] for alarm in alarms)
    assert all(queue in watched for queue in production.of_type("SQS::Queue"))
    machines = production.of_type("StepFunctions::StateMachine")
    # For a rehearsal nobody is called: the sweeper takes it up, and the alarm ``GivenUp`` tells when it gives up.
    unwatched = [name for name in machines if name not in watched]
    assert [machines[name]["Properties"]["StateMachineName"] for name in unwatched] == [
        "livehour-production-rehearse-campaign"
    ]


def test_alarms_and_rules_may_publish_to_the_topic_and_only_by_tls(production: Template):
    (policy,) = production.properties("SNS::TopicPolicy")
    statements = policy["PolicyDocument"]["Statement"]

    assert {
        statement["Principal"]["Service"]
        for statement in statements
        if statement["Effect"] == "Allow"
    } == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    assert [statement for statement in statements if statement["Effect"] == "Deny"]


def test_unbalanced_books_quarantined_payments_and_unknown_refunds_reach_a_person(
    production: Template,
):
    rule = production.named_like("Events::Rule", "Attention")["Properties"]

    assert set(rule["EventPattern"]["detail-type"]) == {
        *("CampaignNeedsAttention", "PaymentQuarantined", "RefundNeedsAttention")
    }
    assert production.named(rule["Targets"][0]["Arn"]).startswith("AlarmsOnDuty")


def test_the_machines_log_each_step_and_no_data_but_the_id_of_an_order_that_failed(
    template: Template,
):
    machines = template.properties("StepFunctions::StateMachine")

    assert len(machines) > 1
    for machine in machines:
        # Of the machine that runs once for each paid order, only what goes wrong.
        each_order = machine.get("StateMachineType") == "EXPRESS"
        assert machine["LoggingConfiguration"]["Level"] == ("ERROR" if each_order else "ALL")
        # Which order it was: nothing else is in its data.
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is each_order


def test_the_machines_of_production_are_traced_and_its_events_are_archived(production: Template):
    machines = production.properties("StepFunctions::StateMachine")
    (archive,) = production.properties("Events::Archive")

    assert all(machine["TracingConfiguration"] == {"Enabled": True} for machine in machines)
    assert archive["RetentionDays"] == PRODUCTION.archive_days


def test_the_local_stage_lets_everybody_read_along(local: Template):
    rule = local.named_like("Events::Rule", "Everything")["Properties"]

    assert LOCAL.observer_queue
    assert local.named(rule["Targets"][0]["Arn"]) == "livehour-local-observer"


# -- dependencies --------------------------------------------------------------------------------


def test_a_stack_without_its_dependencies_can_be_read_but_not_deployed(tmp_path, monkeypatch):
    from aws_cdk import App, Stack
    from aws_cdk.aws_lambda import Architecture, Runtime

    from infra.constructs import dependency_layer

    monkeypatch.setattr(dependency_layer, "BUILD", tmp_path)
    app = App(context={"aws:cdk:bundling-stacks": []}, outdir=str(tmp_path / "out"))
    dependency_layer.DependencyLayer(
        Stack(app, "offline"),
        "Layer",
        architecture=Architecture.ARM_64,
        runtime=Runtime.PYTHON_3_13,
    )
    rules = app.synth().get_stack_by_name("offline").template["Rules"]
    (rule,) = (rule for name, rule in rules.items() if name.startswith("LayerIsBuilt"))

    assert rule["Assertions"][0]["Assert"] == {"Fn::Equals": ["built", "no"]}


def test_the_layer_holds_what_functions_import_and_lambda_does_not_bring():
    pinned = set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE))

    assert {"aws-lambda-powertools", "pydantic", "pydantic-core", "standardwebhooks"} <= pinned
    assert "boto3" not in pinned


def test_the_sweeper_is_called_every_minute(template: Template):
    [schedule] = [one["Properties"] for one in template.of_type("Scheduler::Schedule").values()]
    [function] = [
        name
        for name, one in template.of_type("Lambda::Function").items()
        if one["Properties"].get("FunctionName", "").endswith("-sweep-campaigns")
    ]

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule.get("State", "ENABLED") == "ENABLED"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
