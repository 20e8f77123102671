"""Campaigns at speed, with synthetic buyers: the rehearsal machine, and the functions that are its steps."""

from __future__ import annotations

from typing import Final

from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.parcels import Parcels
from infra.constructs.step_machine import StepMachine
from infra.constructs.stockroom import Stockroom
from shared.settings import Setting

STEPS: Final = {
    # name: (MB, seconds). A core for the buyers, who all come from one process.
    "rehearse_show": (1769, 300),
    "judge_rehearsal": (512, 60),
    "clear_rehearsal": (1024, 300),
}


class Rehearsals(Construct):
    """One execution for each rehearsal, named after it, so that a second start is harmless."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        lifecycle: StepMachine,
        stockroom: Stockroom,
        parcels: Parcels,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = {
            "rehearse_show": {
                Setting.LIFECYCLE_ARN: lifecycle.state_machine_arn,
                **stockroom.settings,
                **parcels.seals,
            }
        }
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
        lifecycle.allow_beginning(self.steps["rehearse_show"])
        stockroom.allow_asking(self.steps["rehearse_show"])
        parcels.allow_sealing(self.steps["rehearse_show"])
        self.machine = StepMachine(
            self,
            backend=backend,
            machine="rehearse_campaign",
            steps=self.steps,
            output="RehearsalsArn",
        )
        self.settings: dict[str, str] = {Setting.REHEARSALS_ARN: self.machine.state_machine_arn}
