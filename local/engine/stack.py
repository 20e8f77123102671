"""A deployed stack with a merchant in it: what the command line, the demo and the tests all begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from local.engine import deployment, merchant
from local.engine.merchant import Merchant
from local.engine.ministack import MiniStack


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStack:
    """A running engine, the outputs of the stack in it, and its merchant."""

    engine: MiniStack
    outputs: Mapping[str, str]
    merchant: Merchant

    @classmethod
    def start(
        cls,
        tell: Callable[[str], None] = lambda _: None,
        *,
        port: int | None = None,
        lasting: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Start an engine, deploy into it, seed the merchant; nothing is left running if that fails.

        It all ends with this process unless it is ``lasting``.
        ``tell`` is told each step as it begins; ``settings`` are further environment variables of the engine and of the
        functions in it.
        """
        tell("starting MiniStack")
        engine = MiniStack.start(port, lasting=lasting, settings=settings)
        try:
            outputs = deployment.deploy(engine, tell)
            return cls(engine=engine, outputs=outputs, merchant=merchant.seed(engine.url, outputs))
        except BaseException:
            engine.stop()
            raise

    @property
    def api(self) -> str:
        """Where the API is; every path of it begins with ``/v1``.

        The form with the API's id in the path, because not every machine resolves names under ``localhost``.
        """
        api_id = self.outputs["ApiUrl"].split("//")[1].split(".")[0]
        return f"{self.engine.url}/_aws/execute-api/{api_id}"

    def stop(self) -> None:
        """Stop the engine: all that is in it is gone."""
        self.engine.stop()
