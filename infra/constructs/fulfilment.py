"""From a paid order to a parcel: a rule on the bus, an Express machine, and a queue for what did not reach it."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_events import EventBus, EventPattern, Rule, RuleTargetInput
from aws_cdk.aws_events_targets import SfnStateMachine
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.parcels import Parcels
from infra.constructs.step_machine import StepMachine
from shared.contracts.events import SOURCE

SECONDS: Final = 30
"""That one attempt may take. The machine waits a little longer."""


class Fulfilment(Construct):
    """One short execution for each paid order. What it gives up is handed over after the sale, by the campaign's machine."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        bus: EventBus,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        self.function = BackendFunction(
            self,
            backend=backend,
            name="fulfil_order",
            memory=512,
            timeout=SECONDS,
            environment=parcels.settings,
        )
        parcels.allow_handing_over(self.function)
        self.machine = StepMachine(
            self,
            backend=backend,
            machine="fulfil_order",
            steps={"fulfil_order": self.function},
            output="FulfilOrderArn",
            express=True,
        )
        self.unstarted = DeadLetters(self, "Unstarted", name=f"livehour-{stage.name}-unfulfilled")
        Rule(
            self,
            "Paid",
            rule_name=f"livehour-{stage.name}-fulfil",
            event_bus=bus,
            # What goes back to its buyer after all must not leave: the same machine tells the carrier.
            event_pattern=EventPattern(
                source=[SOURCE],
                detail_type=["OrderPaid", "OrderRefunded", "OrderAddressCorrected"],
            ),
            targets=[
                SfnStateMachine(
                    self.machine,
                    # The order's id and no more: whatever else is needed is read by whoever needs it.
                    input=RuleTargetInput.from_event_path("$.detail.data"),
                    dead_letter_queue=self.unstarted.queue,
                    retry_attempts=185,
                    max_event_age=Duration.hours(24),
                )
            ],
        )
