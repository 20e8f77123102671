"""The tables: what ``shared.table`` names, with the protection of the stage."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    ProjectionType,
    StreamViewType,
    Table,
    TableEncryption,
)
from constructs import Construct

from infra.stages import Stage
from shared import table


class Tables(Construct):
    """All tables of a stage, on demand and encrypted, by their names in ``shared.table``."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._tables = {
            name: Table(
                self,
                name.capitalize(),
                table_name=f"livehour-{stage.name}-{name}",
                partition_key=_attribute(spec.key),
                sort_key=_attribute(spec.sort) if spec.sort else None,
                billing_mode=BillingMode.PAY_PER_REQUEST,
                warm_throughput=stage.stock_warm_throughput if name == "stock" else None,
                encryption=TableEncryption.AWS_MANAGED,
                point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=stage.point_in_time_recovery and spec.kept
                ),
                deletion_protection=stage.deletion_protection,
                removal_policy=stage.removal,
                time_to_live_attribute=spec.ttl,
                stream=StreamViewType[spec.stream] if spec.stream else None,
            )
            for name, spec in table.TABLES.items()
        }
        for name, indexes in table.INDEXES.items():
            for index, spec in indexes.items():
                self[name].add_global_secondary_index(
                    index_name=index,
                    partition_key=_attribute(spec.key),
                    sort_key=_attribute(spec.sort),
                    projection_type=ProjectionType.ALL if spec.whole else ProjectionType.KEYS_ONLY,
                )
        for name, made in self._tables.items():
            output = CfnOutput(self, f"{name.capitalize()}Name", value=made.table_name)
            output.override_logical_id(f"{name.capitalize()}Table")

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def arn(self, resource: str) -> str:
        """ARN of a table (``orders``), or of an index of one (``campaigns/by_merchant``)."""
        name, _, index = resource.partition("/")
        arn = self[name].table_arn
        return f"{arn}/index/{index}" if index else arn


def _attribute(name: str) -> Attribute:
    number = name in table.NUMBERS
    return Attribute(name=name, type=AttributeType.NUMBER if number else AttributeType.STRING)
