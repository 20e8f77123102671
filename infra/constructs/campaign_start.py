"""How a campaign's machine is started: at its time, by a one-time schedule, or at once, by a function that may."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_scheduler import ScheduleGroup
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.step_machine import StepMachine
from shared.settings import Setting


class CampaignStart(Construct):
    """A group for the schedules, the function that they call, and the role with which they call it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, backend: Backend, machine: StepMachine
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        self._machine = machine
        self._group_name = f"livehour-{stage.name}-campaigns"
        group = ScheduleGroup(
            self,
            "Schedules",
            schedule_group_name=self._group_name,
            removal_policy=RemovalPolicy.DESTROY,
        )
        by_machine: dict[str, str] = {
            Setting.LIFECYCLE_ARN: machine.state_machine_arn,
            Setting.START_LEAD_SECONDS: str(stage.start_lead_seconds),
        }
        start = BackendFunction(
            self, backend=backend, name="start_campaign", memory=256, environment=by_machine
        )
        machine.allow_beginning(start)
        self.never_started = DeadLetters(
            self, "NeverStarted", name=f"livehour-{stage.name}-never-started"
        )
        self._role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal(
                "scheduler.amazonaws.com",
                # For schedules of this group: no other account can borrow the role.
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Stack.of(self).account,
                        "aws:SourceArn": group.schedule_group_arn,
                    }
                },
            ),
            description="Starts campaigns at their time",
        )
        for action, resource in (
            ("lambda:InvokeFunction", start.function_arn),
            ("sqs:SendMessage", self.never_started.queue.queue_arn),
        ):
            self._role.add_to_policy(PolicyStatement(actions=[action], resources=[resource]))
        self.settings: dict[str, str] = {
            **by_machine,
            Setting.SCHEDULE_GROUP: self._group_name,
            Setting.SCHEDULE_ROLE_ARN: self._role.role_arn,
            Setting.SCHEDULE_TARGET_ARN: start.function_arn,
            Setting.SCHEDULE_DLQ_ARN: self.never_started.queue.queue_arn,
        }

    def allow(self, function: BackendFunction) -> None:
        """Let a function start campaigns at once, and make and take back their schedules."""
        self._machine.allow_beginning(function)
        function.allow("iam:PassRole", on=self._role.role_arn)
        function.allow(
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
            on=Stack.of(self).format_arn(
                service="scheduler",
                resource="schedule",
                # Schedules are named after campaigns, which are not known yet: any, within the group.
                resource_name=f"{self._group_name}/*",
            ),
        )
