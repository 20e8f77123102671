"""Lifecycles of campaigns, and refunds, in Step Functions: one Standard execution each, named after it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.adapters.dynamodb_faults import store_faults
from shared.use_cases.ports import Execution

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9.]{0,79}): ", re.ASCII)
_FAILED = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class StepFunctionsLifecycles:
    """One machine: of what its executions are about."""

    def __init__(self, client: SFNClient, machine_arn: str, about: str = "campaign") -> None:
        self._client = client
        self._machine_arn = machine_arn
        self._about = about

    def begin(self, identifier: str, part: int = 1) -> None:
        try:
            with store_faults():
                self._client.start_execution(
                    stateMachineArn=self._machine_arn,
                    name=_name(identifier, part),
                    input=json.dumps({self._about: identifier, "part": part}),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            # The name is what makes a second start harmless.
            return

    def last(self, identifier: str) -> Execution | None:
        # One after the other, for parts are few (one in three hours), and names cannot be searched for.
        found: Execution | None = None
        while (following := self._after(found, identifier)) is not None:
            found = following
        return found

    def _after(self, before: Execution | None, identifier: str) -> Execution | None:
        part, failures = (before.part + 1, before.failures) if before else (1, 0)
        of_machines, of_executions = ":stateMachine:", ":execution:"
        arn = self._machine_arn.replace(of_machines, of_executions)
        try:
            with store_faults():
                told = self._client.describe_execution(
                    executionArn=f"{arn}:{_name(identifier, part)}"
                )
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        failures = failures + 1 if told["status"] in _FAILED else 0
        stopped = told.get("stopDate")
        return Execution(
            part,
            int(stopped.timestamp()) if stopped else None,
            failures,
            told["status"],
            _error(told.get("error"), told.get("cause", "")),
        )


def _error(error: str | None, cause: str) -> str | None:
    """What a machine failed with. One that asks for a person names it at the head of its cause; the rest may quote data."""
    said = _NAMED.match(cause)
    return said[1] if error and said else error


def _name(identifier: str, part: int) -> str:
    """As the lifecycle machine itself names the part that takes over."""
    return identifier if part == 1 else f"{identifier}-{part}"
