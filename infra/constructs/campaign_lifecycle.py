"""A campaign's life: the state machine, and the functions that are its steps."""

from __future__ import annotations

from typing import Final

from aws_cdk.aws_events import EventBus
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.closing_packages import ClosingPackages
from infra.constructs.parcels import Parcels
from infra.constructs.step_machine import StepMachine, machine_arn
from infra.constructs.stripe_account import StripeAccount

MACHINE: Final = "campaign_lifecycle"
STEPS: Final = {
    # name: (MB, seconds). The machine waits a little longer than the function runs.
    "prepare_stock": (1024, 600),
    "open_campaign": (256, 30),
    "keep_books": (1024, 60),
    "close_campaign": (1024, 300),
    "reconcile_campaign": (1024, 300),
    "settle_campaign": (512, 300),
    "hand_over_orders": (1024, 900),
    "package_campaign": (1024, 900),
}


class CampaignLifecycle(Construct):
    """One execution for each campaign, named after it, so that a second start is harmless."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        bus: EventBus,
        stripe: StripeAccount,
        packages: ClosingPackages,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = {"keep_books": stripe.settings, "package_campaign": packages.builds}
        settings["hand_over_orders"] = parcels.settings
        self.steps = {
            step: BackendFunction(
                self,
                backend=backend,
                name=step,
                memory=memory,
                timeout=timeout,
                environment=settings.get(step),
            )
            for step, (memory, timeout) in STEPS.items()
        }
        # The beat cancels what was not paid, and gives back what came too late.
        stripe.allow_reading(self.steps["keep_books"])
        packages.allow_building(self.steps["package_campaign"])
        parcels.allow_handing_over(self.steps["hand_over_orders"])
        own = machine_arn(self, backend, MACHINE)
        self.machine = StepMachine(
            self,
            backend=backend,
            machine=MACHINE,
            steps=self.steps,
            output="LifecycleArn",
            names={"BusName": bus.event_bus_name, "LifecycleArn": own},
        )
        self.machine.may("states:StartExecution", on=[own])
        self.machine.may("events:PutEvents", on=[bus.event_bus_arn])
