"""Who looks, every minute, whether a campaign, a refund or a rehearsal has lost its machine."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk.aws_scheduler import Schedule, ScheduleExpression
from aws_cdk.aws_scheduler_targets import LambdaInvoke
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.order_refunds import OrderRefunds
from infra.constructs.rehearsals import Rehearsals
from infra.constructs.step_machine import StepMachine
from shared.settings import Setting


class CampaignSweep(Construct):
    """A function and its clock."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        machine: StepMachine,
        refunds: OrderRefunds,
        rehearsals: Rehearsals,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        self.function = BackendFunction(
            self,
            backend=backend,
            name="sweep_campaigns",
            memory=512,
            timeout=55,
            environment={
                Setting.LIFECYCLE_ARN: machine.state_machine_arn,
                Setting.START_LEAD_SECONDS: str(stage.start_lead_seconds),
                **refunds.settings,
                **rehearsals.settings,
            },
        )
        for each in (machine, refunds.machine, rehearsals.machine):
            each.allow_looking_after(self.function)
        Schedule(
            self,
            "EveryMinute",
            schedule_name=f"livehour-{stage.name}-sweep",
            schedule=ScheduleExpression.rate(Duration.minutes(1)),
            # Not tried again: in a minute it looks again anyway.
            target=LambdaInvoke(self.function, retry_attempts=0, max_event_age=Duration.minutes(1)),
        )
