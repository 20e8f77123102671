"""
Plays the machines' ``.asl.json`` files themselves: the states, paths and functions of Amazon's States Language that they
use, and no other.

Waits and pauses between attempts pass in the time of the play.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

MACHINES: Final = Path(__file__).parents[2] / "infra" / "state_machines"
LIFECYCLE: Final = "campaign_lifecycle"
REFUND: Final = "refund_order"
REHEARSAL: Final = "rehearse_campaign"
_FAILED: Final = "States.TaskFailed"
"""Where an execution ends whose task failed, and nothing catches it."""


class TaskFailed(Exception):
    """A task ended in an error of this name."""

    def __init__(self, error: str, cause: str = "") -> None:
        self.error = error
        self.cause = cause
        super().__init__(f"{error}: {cause}")


class World(Protocol):
    """What an execution acts on."""

    random: Random

    def run_function(self, name: str, payload: Mapping[str, Any]) -> Any:
        """The answer of a function (by the name in the definition), or ``TaskFailed``."""

    def call_service(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        """The answer of another service, or ``TaskFailed``."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def wait_until(self, instant: str) -> None:
        """Let time pass until an instant (RFC 3339)."""

    def now_text(self) -> str:
        """The time (RFC 3339)."""


@cache
def definition(machine: str = LIFECYCLE) -> Mapping[str, Any]:
    """A machine, as it is deployed."""
    text = (MACHINES / f"{machine}.asl.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


class Execution:
    """One execution of a machine."""

    definition = staticmethod(definition)

    def __init__(
        self, world: World, name: str, given: Mapping[str, Any], machine: str = LIFECYCLE
    ) -> None:
        self._world = world
        self._machine = self.definition(machine)
        self._data: Any = dict(given)
        self._context: dict[str, Any] = {"Execution": {"Id": name}, "State": {}}
        self.visited: list[str] = []

    def run(self) -> str:
        """How it ended: ``SUCCEEDED``, or the error of the state that failed."""
        states = self._machine["States"]
        name = self._machine["StartAt"]
        while name != _FAILED:
            self.visited.append(name)
            state = states[name]
            self._context["State"] = {"EnteredTime": self._world.now_text(), "RetryCount": 0}
            match state["Type"]:
                case "Succeed":
                    return "SUCCEEDED"
                case "Fail":
                    return str(state["Error"])
                case "Task":
                    name = self._task(state)
                case "Choice":
                    name = self._choose(state)
                case "Wait":
                    self._wait(state)
                    name = state["Next"]
                case "Pass":
                    self._keep(state, self._template(state["Parameters"]))
                    name = state["Next"]
                case other:
                    raise ValueError(f"nobody plays a state of type {other} here")
        return _FAILED

    # -- states ------------------------------------------------------------------------------------

    def _task(self, state: Mapping[str, Any]) -> str:
        attempts = [0] * len(state.get("Retry", []))
        while True:
            try:
                answer = self._do(state["Resource"], self._template(state["Parameters"]))
            except TaskFailed as failed:
                if self._retries(state, attempts, failed):
                    continue
                for catch in state.get("Catch", []):
                    if _names(catch, failed.error):
                        problem = {"Error": failed.error, "Cause": failed.cause}
                        self._keep(catch, problem)
                        return str(catch["Next"])
                return _FAILED
            if "ResultSelector" in state:
                answer = self._template(state["ResultSelector"], answer)
            self._keep(state, answer)
            return str(state["Next"])

    def _retries(self, state: Mapping[str, Any], attempts: list[int], failed: TaskFailed) -> bool:
        for place, retry in enumerate(state.get("Retry", [])):
            if not _names(retry, failed.error):
                continue
            if attempts[place] >= retry["MaxAttempts"]:
                return False
            pause = retry["IntervalSeconds"] * retry["BackoffRate"] ** attempts[place]
            attempts[place] += 1
            self._context["State"]["RetryCount"] = sum(attempts)
            # Full jitter: anywhere up to the pause.
            self._world.wait(self._world.random.uniform(0, min(pause, retry["MaxDelaySeconds"])))
            return True
        return False

    def _do(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        if resource == "arn:aws:states:::lambda:invoke":
            name = parameters["FunctionName"].removeprefix("${").removesuffix("}")
            return {"Payload": self._world.run_function(name, parameters["Payload"])}
        return self._world.call_service(resource, parameters)

    def _choose(self, state: Mapping[str, Any]) -> str:
        for choice in state["Choices"]:
            if self._holds(choice):
                return str(choice["Next"])
        return str(state["Default"])

    def _holds(self, rule: Mapping[str, Any]) -> bool:
        if "And" in rule:
            return all(self._holds(part) for part in rule["And"])
        if "Or" in rule:
            return any(self._holds(part) for part in rule["Or"])
        value = self._at(rule["Variable"])
        if "StringEquals" in rule:
            return bool(value == rule["StringEquals"])
        if "StringMatches" in rule:
            return fnmatchcase(value, rule["StringMatches"])
        if "BooleanEquals" in rule:
            return value is rule["BooleanEquals"]
        return bool(value >= rule["NumericGreaterThanEquals"])

    def _wait(self, state: Mapping[str, Any]) -> None:
        if "SecondsPath" in state:
            self._world.wait(self._at(state["SecondsPath"]))
        else:
            self._world.wait_until(self._at(state["TimestampPath"]))

    # -- data ----------------------------------------------------------------------------------------

    def _keep(self, state: Mapping[str, Any], result: Any) -> None:
        path = state.get("ResultPath", "$")
        if path is None:
            return
        if path == "$":
            self._data = result
            return
        name = path.removeprefix("$.")
        self._data = {**self._data, name: result}

    def _at(self, path: str, data: Any = None) -> Any:
        if path.startswith("$$."):
            found, steps = self._context, path[3:].split(".")
        else:
            found, steps = self._data if data is None else data, path[2:].split(".")
        for step in steps:
            found = found[step]
        return found

    def _template(self, template: Any, data: Any = None) -> Any:
        if isinstance(template, list):
            return [self._template(member, data) for member in template]
        if not isinstance(template, dict):
            return template
        return {
            name.removesuffix(".$"): self._value(value, data)
            if name.endswith(".$")
            else self._template(value, data)
            for name, value in template.items()
        }

    def _value(self, expression: str, data: Any) -> Any:
        if expression.startswith("$"):
            return self._at(expression, data)
        called = re.fullmatch(r"(States\.\w+)\((.*)\)", expression)
        if called is None:
            raise ValueError(f"nobody computes {expression} here")
        return _INTRINSICS[called[1]](*(self._argument(text, data) for text in _split(called[2])))

    def _argument(self, text: str, data: Any) -> Any:
        if text.startswith("'"):
            return text[1:-1]
        return int(text) if re.fullmatch(r"-?\d+", text) else self._value(text, data)


def _names(rule: Mapping[str, Any], error: str) -> bool:
    return error in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]


def _split(arguments: str) -> list[str]:
    """At the commas that are in no string and no parentheses."""
    found, depth, quoted, start = [], 0, False, 0
    for place, letter in enumerate(arguments):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                found.append(arguments[start:place].strip())
                start = place + 1
    return [*found, arguments[start:].strip()]


_INTRINSICS: Final[Mapping[str, Callable[..., Any]]] = {
    "States.Format": lambda text, *values: text.format(*values),
    "States.MathAdd": lambda one, other: one + other,
    "States.Hash": lambda text, _method: hashlib.sha256(str(text).encode()).hexdigest(),
}
