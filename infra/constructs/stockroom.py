"""Who tells all blocks of a campaign what has changed, when there are too many for the request that changed it."""

from __future__ import annotations

from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from shared.settings import Setting


class Stockroom(Construct):
    """A function that others ask and do not wait for."""

    def __init__(self, scope: Construct, construct_id: str, *, backend: Backend) -> None:
        super().__init__(scope, construct_id)
        # As much as laying it out: it may be as many blocks.
        self.function = BackendFunction(
            self, backend=backend, name="arrange_stock", memory=1024, timeout=600
        )
        self.settings: dict[str, str] = {Setting.ARRANGE_FUNCTION_ARN: self.function.function_arn}

    def allow_asking(self, function: BackendFunction) -> None:
        """Let a function ask."""
        function.allow("lambda:InvokeFunction", on=self.function.function_arn)
