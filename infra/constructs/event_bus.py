"""The bus on which livehour tells others what happened."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_events import EventBus, EventPattern, Rule
from aws_cdk.aws_events_targets import SqsQueue
from aws_cdk.aws_sqs import Queue, QueueEncryption
from constructs import Construct

from infra.stages import Stage
from shared.contracts.events import SOURCE


class CampaignBus(Construct):
    """Events of the source ``livehour``; see ``events/`` for their schemas."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bus = EventBus(self, "Bus", event_bus_name=f"livehour-{stage.name}")
        CfnOutput(self, "Name", value=self.bus.event_bus_name).override_logical_id("BusName")
        if stage.archive_days:
            self.bus.archive(
                "Archive",
                archive_name=f"livehour-{stage.name}",
                event_pattern=EventPattern(source=[SOURCE]),
                retention=Duration.days(stage.archive_days),
            )
        if stage.observer_queue:
            self._let_observe(stage.name)

    def _let_observe(self, stage_name: str) -> None:
        queue = Queue(
            self,
            "Observer",
            queue_name=f"livehour-{stage_name}-observer",
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        Rule(
            self,
            "Everything",
            rule_name=f"livehour-{stage_name}-observer",
            event_bus=self.bus,
            event_pattern=EventPattern(source=[SOURCE]),
            targets=[SqsQueue(queue)],
        )
        output = CfnOutput(self, "ObserverUrl", value=queue.queue_url)
        output.override_logical_id("ObserverQueueUrl")
