"""Campaigns at speed, with synthetic buyers: the rehearsal machine, and the functions that are its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_stepfunctions import DefinitionBody, LogLevel, LogOptions, StateMachine
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.parcels import Parcels
from infra.constructs.stockroom import Stockroom
from shared.settings import Setting

DEFINITION: Final = Path(__file__).parents[1] / "state_machines" / "rehearse_campaign.asl.json"
STEPS: Final = {
    # name: (MB, seconds). A core for the buyers, who all come from one process.
    "rehearse_show": (1769, 300),
    "judge_rehearsal": (512, 60),
    "clear_rehearsal": (1024, 300),
}


class Rehearsals(Construct):
    """One execution for each rehearsal, named after it, so that a second start is harmless."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        lifecycle: StateMachine,
        stockroom: Stockroom,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        name = f"livehour-{stage.name}-rehearse-campaign"
        settings = {
            "rehearse_show": {
                Setting.LIFECYCLE_ARN: lifecycle.state_machine_arn,
                **stockroom.settings,
                **parcels.seals,
            }
        }
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
        self.steps["rehearse_show"].allow("states:StartExecution", on=lifecycle.state_machine_arn)
        stockroom.allow_asking(self.steps["rehearse_show"])
        parcels.allow_sealing(self.steps["rehearse_show"])
        arns = {step: function.function_arn for step, function in self.steps.items()}
        self.machine = StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={
                step.title().replace("_", ""): arn for step, arn in arns.items()
            },
            logs=LogOptions(
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
        self.machine.add_to_role_policy(
            PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(arns.values()))
        )
        self.settings: dict[str, str] = {Setting.REHEARSALS_ARN: self.machine.state_machine_arn}
        output = CfnOutput(self, "Arn", value=self.machine.state_machine_arn)
        output.override_logical_id("RehearsalsArn")

    def allow_beginning(self, function: BackendFunction) -> None:
        """Let a function begin rehearsals' executions."""
        function.allow("states:StartExecution", on=self.machine.state_machine_arn)

    def allow_looking_after(self, function: BackendFunction) -> None:
        """Let a function begin them, and see how they stand."""
        self.allow_beginning(function)
        function.allow(
            "states:DescribeExecution",
            on=Stack.of(self).format_arn(
                service="states",
                resource="execution",
                # Executions are named after rehearsals, which are not known yet.
                resource_name=f"{self.machine.state_machine_name}:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
        )
