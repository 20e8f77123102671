"""Money on its way back: the refund machine, and the function that is its step."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_stepfunctions import DefinitionBody, LogLevel, LogOptions, StateMachine
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.stripe_account import StripeAccount
from shared.settings import Setting

DEFINITION: Final = Path(__file__).parents[1] / "state_machines" / "refund_order.asl.json"
SECONDS: Final = 30
"""How long a step may take: it asks a payment provider, which may take its time twice."""


class OrderRefunds(Construct):
    """One execution for each refund, named after it, so that a second start is harmless."""

    def __init__(
        self, scope: Construct, construct_id: str, *, backend: Backend, stripe: StripeAccount
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        name = f"livehour-{stage.name}-refund-order"
        self.step = BackendFunction(
            self,
            backend=backend,
            name="refund_order",
            memory=512,
            timeout=SECONDS,
            environment=stripe.settings,
        )
        stripe.allow_reading(self.step)
        self.machine = StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={"RefundOrder": self.step.function_arn},
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
            PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.step.function_arn])
        )
        self.settings: dict[str, str] = {Setting.REFUNDS_ARN: self.machine.state_machine_arn}
        output = CfnOutput(self, "Arn", value=self.machine.state_machine_arn)
        output.override_logical_id("RefundsArn")

    def allow_beginning(self, function: BackendFunction) -> None:
        """Let a function begin refunds' executions, and see how they stand."""
        function.allow("states:StartExecution", on=self.machine.state_machine_arn)
        function.allow(
            "states:DescribeExecution",
            on=Stack.of(self).format_arn(
                service="states",
                resource="execution",
                # Executions are named after refunds, which are not known yet.
                resource_name=f"{self.machine.state_machine_name}:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
        )
