"""A state machine of a file: its name, its log, its role, and what lets functions begin its executions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
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

MACHINES: Final = Path(__file__).parents[1] / "state_machines"


def machine_arn(scope: Construct, backend: Backend, machine: str) -> str:
    """By name, not by reference: for a machine that starts its own successor. Nothing in a template can refer to itself."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="stateMachine",
        resource_name=_name(backend, machine),
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


class StepMachine(StateMachine):
    """``infra/state_machines/<machine>.asl.json``. Every step of an execution is logged; of Express ones, failures are."""

    def __init__(
        self,
        scope: Construct,
        *,
        backend: Backend,
        machine: str,
        steps: Mapping[str, BackendFunction],
        output: str,
        names: Mapping[str, str] | None = None,
        express: bool = False,
    ) -> None:
        """
        ``steps``: functions by their names, which the file knows in camel case; ``names``: whatever else it calls by a name;
        ``output``: what the stack calls its ARN.
        """
        name = _name(backend, machine)
        arns = {step: function.function_arn for step, function in steps.items()}
        definition = (MACHINES / f"{machine}.asl.json").read_text(encoding="utf-8")
        super().__init__(
            scope,
            "Machine",
            state_machine_name=name,
            state_machine_type=StateMachineType.EXPRESS if express else None,
            definition_body=DefinitionBody.from_string(definition),
            definition_substitutions={
                **{step.title().replace("_", ""): arn for step, arn in arns.items()},
                **(names or {}),
            },
            logs=LogOptions(
                # Names under this prefix keep the account's one resource policy for logs short.
                destination=LogGroup(
                    scope,
                    "Log",
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=backend.stage.log_retention,
                    removal_policy=backend.stage.removal,
                ),
                # An Express execution leaves no history but this; of those that end well, it would cost more than they do.
                level=LogLevel.ERROR if express else LogLevel.ALL,
                include_execution_data=express,
            ),
            tracing_enabled=backend.stage.tracing,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.may("lambda:InvokeFunction", on=list(arns.values()))
        CfnOutput(scope, "Arn", value=self.state_machine_arn).override_logical_id(output)

    def may(self, action: str, *, on: list[str]) -> None:
        """Let the machine do something else by itself."""
        self.add_to_role_policy(PolicyStatement(actions=[action], resources=on))

    def allow_beginning(self, function: BackendFunction) -> None:
        """Let a function begin its executions."""
        function.allow("states:StartExecution", on=self.state_machine_arn)

    def allow_looking_after(self, function: BackendFunction) -> None:
        """Let a function begin them, and see how they stand."""
        self.allow_beginning(function)
        function.allow(
            "states:DescribeExecution",
            on=Stack.of(self).format_arn(
                service="states",
                resource="execution",
                # Executions are named after what they are for, which is not known yet.
                resource_name=f"{self.state_machine_name}:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
        )


def _name(backend: Backend, machine: str) -> str:
    return f"livehour-{backend.stage.name}-{machine.replace('_', '-')}"
