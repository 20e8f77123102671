"""From a paid order to a parcel: a rule on the bus, an Express machine, and a queue for what did not reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk.aws_events import EventBus, EventPattern, Rule, RuleTargetInput
from aws_cdk.aws_events_targets import SfnStateMachine
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_stepfunctions import (
    DefinitionBody,
    LogLevel,
    LogOptions,
    StateMachine,
    StateMachineType,
)
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.parcels import Parcels
from shared.contracts.events import SOURCE

DEFINITION: Final = Path(__file__).parents[1] / "state_machines" / "fulfil_order.asl.json"
SECONDS: Final = 30
"""That one attempt may take. The machine waits a little longer."""


class Fulfilment(Construct):
    """One short execution for each paid order. What it gives up is handed over after the sale, by the campaign's machine."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        bus: EventBus,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        name = f"livehour-{stage.name}-fulfil-order"
        self.function = BackendFunction(
            self,
            backend=backend,
            name="fulfil_order",
            memory=512,
            timeout=SECONDS,
            environment=parcels.settings,
        )
        parcels.allow_handing_over(self.function)
        self.machine = StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=StateMachineType.EXPRESS,
            definition_body=DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={"FulfilOrder": self.function.function_arn},
            logs=LogOptions(
                destination=LogGroup(
                    self,
                    "Log",
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=stage.log_retention,
                    removal_policy=stage.removal,
                ),
                # An Express execution leaves no history but this; of those that end well, it would cost more than they do.
                level=LogLevel.ERROR,
                include_execution_data=True,
            ),
            tracing_enabled=stage.tracing,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine.add_to_role_policy(
            PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[self.function.function_arn]
            )
        )
        self.unstarted = DeadLetters(self, "Unstarted", name=f"livehour-{stage.name}-unfulfilled")
        Rule(
            self,
            "Paid",
            rule_name=f"livehour-{stage.name}-fulfil",
            event_bus=bus,
            # What goes back to its buyer after all must not leave: the same machine tells the carrier.
            event_pattern=EventPattern(source=[SOURCE], detail_type=["OrderPaid", "OrderRefunded"]),
            targets=[
                SfnStateMachine(
                    self.machine,
                    # The order's id and no more: whatever else is needed is read by whoever needs it.
                    input=RuleTargetInput.from_event_path("$.detail.data"),
                    dead_letter_queue=self.unstarted.queue,
                    retry_attempts=185,
                    max_event_age=Duration.hours(24),
                )
            ],
        )
        output = CfnOutput(self, "Arn", value=self.machine.state_machine_arn)
        output.override_logical_id("FulfilOrderArn")
