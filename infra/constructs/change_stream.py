"""What changed in the tables, told on the bus: nothing is written and then published, so no event can be lost."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Metric, Stats
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_lambda import EventSourceMapping, StartingPosition
from aws_cdk.aws_lambda_event_sources import SqsDlq
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.dead_letters import DeadLetters
from shared.settings import Setting
from shared.table import TABLES

SOURCES: Final = tuple(name for name, spec in TABLES.items() if spec.stream)


class ChangeStream(Construct):
    """The tables' streams through ``publish_changes`` to the bus; what cannot be told goes to a dead-letter queue.

    A record that fails is told apart (partial answers, halved batches) and given up after a bounded time, so that it cannot
    hold up the records behind it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, backend: Backend, bus: EventBus
    ) -> None:
        super().__init__(scope, construct_id)
        self.publisher = BackendFunction(
            self,
            backend=backend,
            name="publish_changes",
            timeout=60,
            environment={Setting.BUS_NAME: bus.event_bus_name},
        )
        self.publisher.allow("events:PutEvents", on=bus.event_bus_arn)
        self.untold = DeadLetters(self, "Untold", name=f"livehour-{backend.stage.name}-untold")
        for name in SOURCES:
            stream = backend.tables[name].table_stream_arn or ""
            self.publisher.allow(
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                on=stream,
            )
            EventSourceMapping(
                self,
                name.capitalize(),
                target=self.publisher,
                event_source_arn=stream,
                starting_position=StartingPosition.TRIM_HORIZON,
                batch_size=100,
                max_batching_window=Duration.seconds(1),
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=10,
                max_record_age=Duration.hours(1),
                on_failure=SqsDlq(self.untold.queue),
            )
        # Listing streams cannot be narrowed to one; it tells their names and nothing else.
        self.publisher.allow("dynamodb:ListStreams", on="*")

    def metric_age(self, period: Duration) -> Metric:
        """Milliseconds since the oldest change that was not told yet."""
        return self.publisher.metric("IteratorAge", period=period, statistic=Stats.MAXIMUM)
