"""Money on its way back: the refund machine, and the function that is its step."""

from __future__ import annotations

from typing import Final

from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.step_machine import StepMachine
from infra.constructs.stripe_account import StripeAccount
from shared.settings import Setting

SECONDS: Final = 30
"""How long a step may take: it asks a payment provider, which may take its time twice."""


class OrderRefunds(Construct):
    """One execution for each refund, named after it, so that a second start is harmless."""

    def __init__(
        self, scope: Construct, construct_id: str, *, backend: Backend, stripe: StripeAccount
    ) -> None:
        super().__init__(scope, construct_id)
        self.step = BackendFunction(
            self,
            backend=backend,
            name="refund_order",
            memory=512,
            timeout=SECONDS,
            environment=stripe.settings,
        )
        stripe.allow_reading(self.step)
        self.machine = StepMachine(
            self,
            backend=backend,
            machine="refund_order",
            steps={"refund_order": self.step},
            output="RefundsArn",
        )
        self.settings: dict[str, str] = {Setting.REFUNDS_ARN: self.machine.state_machine_arn}
