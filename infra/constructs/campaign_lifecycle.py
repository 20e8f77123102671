"""A campaign's life: the state machine, and the functions that are its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_stepfunctions import DefinitionBody, LogLevel, LogOptions, StateMachine
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.closing_packages import ClosingPackages
from infra.constructs.parcels import Parcels
from infra.constructs.stripe_account import StripeAccount

DEFINITION: Final = Path(__file__).parents[1] / "state_machines" / "campaign_lifecycle.asl.json"

STEPS: Final = {
    # name: (MB, seconds). The machine waits a little longer than the function runs.
    "prepare_stock": (1024, 600),
    "open_campaign": (256, 30),
    "keep_books": (1024, 60),
    "close_campaign": (1024, 300),
    "reconcile_campaign": (1024, 300),
    "settle_campaign": (512, 300),
    "hand_over_orders": (1024, 900),
    "package_campaign": (1024, 900),
}


class CampaignLifecycle(Construct):
    """One execution for each campaign, named after it, so that a second start is harmless."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        bus: EventBus,
        stripe: StripeAccount,
        packages: ClosingPackages,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        name = f"livehour-{stage.name}-campaign-lifecycle"
        # By name, not by reference: the machine starts its own successor, and nothing in a template can refer to itself.
        arn = Stack.of(self).format_arn(
            service="states",
            resource="stateMachine",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        settings = {"keep_books": stripe.settings, "package_campaign": packages.builds}
        settings["hand_over_orders"] = parcels.settings
        self.steps = {
            step: BackendFunction(
                self,
                backend=backend,
                name=step,
                memory=memory,
                timeout=timeout,
                environment=settings.get(step),
            )
            for step, (memory, timeout) in STEPS.items()
        }
        # The beat cancels what was not paid, and gives back what came too late.
        stripe.allow_reading(self.steps["keep_books"])
        packages.allow_building(self.steps["package_campaign"])
        parcels.allow_handing_over(self.steps["hand_over_orders"])
        step_arns = {step: function.function_arn for step, function in self.steps.items()}
        self.machine = StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={
                **{step.title().replace("_", ""): arn for step, arn in step_arns.items()},
                "BusName": bus.event_bus_name,
                "LifecycleArn": arn,
            },
            logs=LogOptions(
                # Names under this prefix keep the account's one resource policy for logs short.
                destination=LogGroup(
                    self,
                    "Log",
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=stage.log_retention,
                    removal_policy=stage.removal,
                ),
                level=LogLevel.ALL,
                include_execution_data=False,
            ),
            tracing_enabled=stage.tracing,
            removal_policy=RemovalPolicy.DESTROY,
        )
        for action, resources in (
            ("lambda:InvokeFunction", list(step_arns.values())),
            ("states:StartExecution", [arn]),
            ("events:PutEvents", [bus.event_bus_arn]),
        ):
            self.machine.add_to_role_policy(PolicyStatement(actions=[action], resources=resources))
        output = CfnOutput(self, "Arn", value=self.machine.state_machine_arn)
        output.override_logical_id("LifecycleArn")
