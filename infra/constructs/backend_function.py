"""The one place for what all functions have in common: code, runtime, role, log, trace, and their access to tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import Duration, IgnoreMode
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import (
    ApplicationLogLevel,
    Code,
    Function,
    LayerVersion,
    LoggingFormat,
    Runtime,
    Tracing,
)
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from infra.access import ACCESS, DELETE, OF_REHEARSALS
from infra.constructs.dependency_layer import DependencyLayer
from infra.constructs.tables import Tables
from infra.stages import Stage
from shared.settings import Setting

REPOSITORY: Final = Path(__file__).parents[2]
RUNTIME: Final = Runtime.PYTHON_3_13
# As in .gitignore: everything is left out, then what functions import, and the one document they serve, is let in.
NOT_CODE: Final = [
    "*",
    "!functions",
    "!functions/**",
    "!shared",
    "!shared/**",
    "!docs",
    "docs/*",
    "!docs/openapi.json",
    "**/__pycache__",
]


class Backend(Construct):
    """What functions are made from: one asset with all our code, so that they always match; layers; the stage."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, tables: Tables
    ) -> None:
        super().__init__(scope, construct_id)
        self.stage = stage
        self.tables = tables
        self.code = Code.from_asset(str(REPOSITORY), exclude=NOT_CODE, ignore_mode=IgnoreMode.GIT)
        self.layers: list[LayerVersion] = []
        if stage.dependency_layer:
            dependencies = DependencyLayer(
                self, "Dependencies", architecture=stage.architecture, runtime=RUNTIME
            )
            self.layers.append(dependencies.layer)


class BackendFunction(Function):
    """``functions/<name>``, with a role of its own that may do what ``infra.access`` says, and no more."""

    def __init__(
        self,
        scope: Construct,
        *,
        backend: Backend,
        name: str,
        memory: int = 512,
        timeout: int = 10,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``memory`` in MB (a whole core at 1,769), ``timeout`` in seconds."""
        construct_id = name.title().replace("_", "")
        stage, access = backend.stage, ACCESS[name]
        full_name = f"livehour-{stage.name}-{name.replace('_', '-')}"
        log_group = LogGroup(
            scope,
            f"{construct_id}Log",
            log_group_name=f"/aws/lambda/{full_name}",
            retention=stage.log_retention,
            removal_policy=stage.removal,
        )
        role = Role(
            scope,
            f"{construct_id}Role",
            assumed_by=ServicePrincipal("lambda.amazonaws.com"),
            description=f"What functions/{name} may do",
        )
        # Written out, for the AWS-managed policy lets a function write to every log group of the account.
        role.add_to_policy(
            PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[log_group.log_group_arn],
            )
        )
        tables = {resource.partition("/")[0] for resource in access}
        super().__init__(
            scope,
            construct_id,
            function_name=full_name,
            code=backend.code,
            handler=f"functions.{name}.handler.lambda_handler",
            runtime=RUNTIME,
            architecture=stage.architecture,
            layers=backend.layers,
            memory_size=memory,
            timeout=Duration.seconds(timeout),
            reserved_concurrent_executions=stage.reserved_concurrency,
            role=role,
            log_group=log_group,
            logging_format=LoggingFormat.JSON,
            application_log_level_v2=ApplicationLogLevel.INFO,
            tracing=Tracing.ACTIVE if stage.tracing else Tracing.DISABLED,
            environment={
                Setting.STAGE: stage.name,
                **{
                    Setting(f"{table.upper()}_TABLE"): backend.tables[table].table_name
                    for table in sorted(tables)
                },
                **(environment or {}),
            },
        )
        for resource, actions in access.items():
            arn = backend.tables.arn(resource)
            kept = [action for action in actions if action not in DELETE]
            if kept:
                self.allow(*(f"dynamodb:{action}" for action in kept), on=arn)
            for action in set(actions) - set(kept):
                self._allow_of_rehearsals(f"dynamodb:{action}", on=arn)

    def _allow_of_rehearsals(self, action: str, *, on: str) -> None:
        """An action on items whose keys begin as a rehearsal's do, and on no others."""
        keys = "dynamodb:LeadingKeys"
        self.add_to_role_policy(
            PolicyStatement(
                actions=[action],
                resources=[on],
                conditions={
                    "ForAllValues:StringLike": {keys: list(OF_REHEARSALS)},
                    # Of no value at all, everything would be true.
                    "Null": {keys: "false"},
                },
            )
        )

    def allow(self, *actions: str, on: str) -> None:
        """Let the function do ``actions`` on one resource."""
        self.add_to_role_policy(PolicyStatement(actions=list(actions), resources=[on]))
