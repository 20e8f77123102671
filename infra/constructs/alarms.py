"""What calls a person: alarms, and the events that nobody may overlook, on one topic."""

from __future__ import annotations

from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk.aws_cloudwatch import (
    Alarm,
    ComparisonOperator,
    IMetric,
    MathExpression,
    Metric,
    Stats,
    TreatMissingData,
)
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_events import EventPattern, Rule
from aws_cdk.aws_events_targets import SnsTopic
from aws_cdk.aws_iam import ServicePrincipal
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_stepfunctions import StateMachine
from constructs import Construct

from infra.constructs.campaign_api import CampaignApi
from infra.constructs.campaign_lifecycle import CampaignLifecycle
from infra.constructs.campaign_start import CampaignStart
from infra.constructs.campaign_sweep import CampaignSweep
from infra.constructs.change_stream import ChangeStream
from infra.constructs.event_bus import CampaignBus
from infra.constructs.fulfilment import Fulfilment
from infra.constructs.order_refunds import OrderRefunds
from shared.contracts.events import SOURCE

ATTENTION: Final = ["CampaignNeedsAttention", "PaymentQuarantined", "RefundNeedsAttention"]
MINUTE: Final = Duration.minutes(1)


class Alarms(Construct):
    """Whoever is on duty subscribes to the topic; each alarm says what is wrong and what to do first."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        api: CampaignApi,
        start: CampaignStart,
        lifecycle: CampaignLifecycle,
        sweep: CampaignSweep,
        refunds: OrderRefunds,
        changes: ChangeStream,
        bus: CampaignBus,
        fulfilment: Fulfilment,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        self._topic = self._make_topic()
        Rule(
            self,
            "Attention",
            rule_name=f"{name}-attention",
            event_bus=bus.bus,
            event_pattern=EventPattern(source=[SOURCE], detail_type=ATTENTION),
            targets=[SnsTopic(self._topic)],
        )
        self._alarm(
            "CampaignFailed",
            "A campaign's machine failed or was stopped. The sweeper begins its next part in some minutes: see why",
            _failures(lifecycle.machine),
        )
        self._alarm(
            "RefundFailed",
            "A refund's machine failed or was stopped. The sweeper begins its next part in some minutes: see why",
            _failures(refunds.machine),
        )
        self._alarm(
            "GivenUp",
            "The machine of a campaign, refund or rehearsal failed over and over: mend the cause, then start its next part",
            _told_by("sweep_campaigns", "GivenUp"),
        )
        self._alarm(
            "SweepFails",
            "Nobody sees whether campaigns have lost their machine: look at the log of sweep_campaigns",
            sweep.function.metric_errors(period=MINUTE),
            minutes=3,
        )
        self._alarm(
            "BeatFails",
            "Beats fail (each is tried again): look before the machine gives up, in half an hour",
            lifecycle.steps["keep_books"].metric_errors(period=MINUTE),
            above=2,
        )
        self._alarm(
            "StockFaults",
            "A stock block's counters and ledger differ: the log of keep_books names the block. The books will not balance",
            _told_by("keep_books", "StockFaults"),
        )
        self._alarm(
            "NeverStarted",
            "A campaign's schedule fired, and its machine did not start: start it by API",
            start.never_started.queue.metric_approximate_number_of_messages_visible(period=MINUTE),
        )
        self._alarm(
            "Untold",
            "Changes could not be told on the bus: read them from the dead-letter queue",
            changes.untold.queue.metric_approximate_number_of_messages_visible(period=MINUTE),
        )
        self._alarm(
            "ChangesLate",
            "The events on the bus are more than a minute late (ms)",
            changes.metric_age(MINUTE),
            above=60_000,
            minutes=3,
        )
        self._alarm(
            "ApiFails",
            "The API answers 5xx",
            api.api.metric_server_error(period=MINUTE, statistic=Stats.SUM),
            above=5,
            minutes=2,
        )

        self._watch_fulfilment(fulfilment)

    def _watch_fulfilment(self, fulfilment: Fulfilment) -> None:
        self._alarm(
            "NotFulfilled",
            "Paid orders were given up by the machine: they are handed over after the sale. See docs/fulfilment.md",
            MathExpression(
                expression="failed + timed_out",
                using_metrics={
                    "failed": fulfilment.machine.metric_failed(),
                    "timed_out": fulfilment.machine.metric_timed_out(),
                },
                period=MINUTE,
            ),
        )
        self._alarm(
            "NeverHandedOver",
            "Paid orders did not reach the machine: start it for each message of the queue. See docs/fulfilment.md",
            fulfilment.unstarted.queue.metric_approximate_number_of_messages_visible(period=MINUTE),
        )
        self._alarm(
            "ParcelsNeedAttention",
            "Many addresses cannot be used: the hand-off names the orders, and each says why",
            _told_by("fulfil_order", "NeedsAttention"),
            above=20,
            minutes=3,
        )

    def _make_topic(self) -> Topic:
        topic = Topic(self, "OnDuty", topic_name=f"{self._name}-on-duty", enforce_ssl=True)
        # A topic with a policy of its own has lost the default one, by which alarms might publish.
        topic.grant_publish(
            ServicePrincipal(
                "cloudwatch.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        CfnOutput(self, "Topic", value=topic.topic_arn).override_logical_id("OnDutyTopicArn")
        return topic

    def _alarm(
        self, construct_id: str, meaning: str, metric: IMetric, *, above: int = 0, minutes: int = 1
    ) -> None:
        Alarm(
            self,
            construct_id,
            alarm_name=f"{self._name}-{construct_id}",
            alarm_description=meaning,
            metric=metric,
            threshold=above,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=minutes,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        ).add_alarm_action(SnsAction(self._topic))


def _failures(machine: StateMachine) -> MathExpression:
    """Executions that ended otherwise than by themselves."""
    return MathExpression(
        expression="failed + timed_out + aborted",
        using_metrics={
            "failed": machine.metric_failed(),
            "timed_out": machine.metric_timed_out(),
            "aborted": machine.metric_aborted(),
        },
        period=MINUTE,
    )


def _told_by(function: str, metric: str) -> Metric:
    """What a function counts itself, each minute."""
    return Metric(
        namespace="livehour",
        metric_name=metric,
        dimensions_map={"service": function},
        statistic=Stats.SUM,
        period=MINUTE,
    )
