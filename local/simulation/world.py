"""
A whole account of AWS in one process: the functions in their environments, the store, and the services around them.

Everything that livehour asks of the outside (time, chance, clients) comes from here while the world is ``entered``, so one
seed makes one course of events.
"""

from __future__ import annotations

import json
import os
import random as chance
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from random import Random
from typing import Any, Final
from unittest.mock import patch

from local.simulation.environments import Environment
from local.simulation.faults import Faults, Killed
from local.simulation.lifecycle import LIFECYCLE, REFUND, REHEARSAL, Execution, TaskFailed
from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, Serve
from local.simulation.services import Bus, Executions, Keys, Objects, Schedules, serve_secret
from local.simulation.stage import Stage
from shared import clock, table
from shared.domain import ids, stock
from shared.domain.errors import Refusal
from shared.settings import Setting
from shared.use_cases import arrange_stock, package_campaign, side_by_side

LEAD: Final = 30
"""Seconds before its start at which a campaign's stock is laid out."""
LONGEST: Final = 2 * 3600 * 1000
"""Milliseconds after which a show that has not ended never will."""
SETTINGS: Final[Mapping[str, str]] = {
    Setting.STAGE: "local",
    **{Setting[f"{role.upper()}_TABLE"]: role for role in table.TABLES},
    Setting.LIFECYCLE_ARN: "lifecycle",
    Setting.REFUNDS_ARN: "refunds",
    Setting.REHEARSALS_ARN: "rehearsals",
    Setting.ARRANGE_FUNCTION_ARN: "arrange_stock",
    Setting.SCHEDULE_GROUP: "starts",
    Setting.SCHEDULE_ROLE_ARN: "role",
    Setting.SCHEDULE_TARGET_ARN: "start_campaign",
    Setting.SCHEDULE_DLQ_ARN: "dead-letters",
    Setting.START_LEAD_SECONDS: str(LEAD),
    Setting.BUS_NAME: "bus",
    Setting.PAYMENT_SECRET_ARN: "secret",
    Setting.PACKAGES_BUCKET: "packages",
    Setting.SIGNING_KEY_ARN: "key",
    Setting.ADDRESS_KEY_ARN: "address key",
    Setting.ADDRESS_DAYS: "90",
    Setting.PARCELS_BUCKET: "parcels",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}


class Aborted(BaseException):
    """An execution was stopped from outside."""


class NeverEnds(AssertionError):
    """Something waits for what does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How small things are, so that a small show meets what a large one does."""

    block_units: int = table.BLOCK_UNITS
    room: int = 1_000
    """Entries of a ledger at most, if a block's size allows as many."""
    order_shards: int = table.ORDER_SHARDS
    few_blocks: int = arrange_stock.FEW
    """That a request tells of a change before it answers."""


@dataclass(slots=True)
class Invocation:
    """A call of a function, in its environment."""

    environment: Environment
    began: int
    """Milliseconds."""
    ends_by: int
    """Milliseconds: then the process is killed."""


class World:
    """One account, and the time in it."""

    def __init__(self, random: Random, *, starts_at: int, restless: float, scale: Scale) -> None:
        """``starts_at``: seconds since 1970 UTC."""
        self.random = random
        self.scale = scale
        self.stage = Stage(random, starts_at=starts_at * 1000, restless=restless)
        self.store = MemoryDynamoDB(lambda: self.stage.millis / 1000)
        self.faults = Faults(random)
        self.bus = Bus(random)
        self.executions = Executions(self._begin)
        self.schedules = Schedules(self._arm)
        self.objects = Objects()
        self.keys = Keys()
        self.serve_store: Serve = self.store.call
        """Who answers calls to the store: somebody may stand in between."""
        self.skews: tuple[int, ...] = (0,)
        """Milliseconds that clocks of new processes may be ahead."""
        self.repeats_tasks = 0.0
        """How likely a step of the lifecycle runs twice at once."""
        self.fulfils = False
        """Whether paid orders are handed over: else nobody would notice their machine."""
        self.taken_up = 0
        """Executions that the sweeper has begun because another had ended too early."""
        self.paths: list[str] = []
        """States that executions visited."""
        self.invoked: Counter[str] = Counter()
        """How often each function was called."""
        self._free: dict[str, list[Environment]] = {}
        self._made: dict[str, int] = {}
        self._latest = starts_at * 1000 + LONGEST
        self._tokens = 0
        self._stopped: dict[str, str] = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """While the code that runs here finds this world outside."""
        chance.seed(self.random.getrandbits(32))
        room_for = table.ledger_room
        with ExitStack() as entered:
            before = clock.go_by(self)
            entered.callback(clock.go_by, before)
            entered.enter_context(patch.dict(os.environ, SETTINGS))
            entered.enter_context(patch.object(ids, "draw", self.random.randbytes))
            entered.enter_context(patch.object(side_by_side, "pool", self._in_turn))
            entered.enter_context(patch.object(stock, "BLOCK_UNITS", self.scale.block_units))
            entered.enter_context(patch.object(table, "ORDER_SHARDS", self.scale.order_shards))
            entered.enter_context(patch.object(arrange_stock, "FEW", self.scale.few_blocks))
            # Its disk is in memory, like everything else in it.
            entered.enter_context(patch.object(package_campaign, "TemporaryFile", BytesIO))
            entered.enter_context(
                patch.object(
                    table,
                    "ledger_room",
                    lambda sku, blocks: min(self.scale.room, room_for(sku, blocks)),
                )
            )
            yield

    # -- time, as ``shared.clock`` reads it ----------------------------------------------------------

    def now(self) -> float:
        calls = self.stage.playing.props
        skew = calls[-1].environment.skew if calls else 0
        return (self.stage.millis + skew) / 1000

    def elapsed(self) -> float:
        return self.stage.millis / 1000

    def pause(self, seconds: float) -> None:
        self.stage.wait(seconds)

    @property
    def began(self) -> int:
        """When the invocation that is under way began: milliseconds."""
        calls = self.stage.playing.props
        return calls[-1].began if calls else self.stage.millis

    @property
    def second(self) -> int:
        """The true time: seconds since 1970 UTC."""
        return self.stage.millis // 1000

    # -- functions -----------------------------------------------------------------------------------

    def invoke(self, function: str, event: Any) -> Any:
        """What a function answers; ``Killed`` if its process ends before."""
        self.invoked[function] += 1
        environment = self._free_environment(function)
        calls = self.stage.playing.props
        now = self.stage.millis
        calls.append(Invocation(environment, now, now + environment.seconds * 1000))
        try:
            answer = environment.handler(event, None)
        except Killed:
            environment.start_cold(self.connect, skew=environment.skew)
            raise
        finally:
            calls.pop()
            self._free[function].append(environment)
        return answer

    def _free_environment(self, function: str) -> Environment:
        free = self._free.setdefault(function, [])
        if free and self.random.random() < 0.9:
            return free.pop(self.random.randrange(len(free)))
        number = self._made.get(function, 0)
        if free and number >= 3:
            return free.pop()
        self._made[function] = number + 1
        environment = Environment.copy(function, number)
        environment.start_cold(self.connect, skew=self.random.choice(self.skews))
        return environment

    def connect(self, service: str, **_: int) -> Client:
        """A client, as ``shared.wiring`` asks for one."""
        serve: dict[str, Serve] = {
            "dynamodb": self._serve_store,
            "stepfunctions": self.executions.serve,
            "scheduler": self.schedules.serve,
            "secretsmanager": serve_secret,
            "events": self._serve_bus,
            "s3": self.objects.serve,
            "kms": self.keys.serve,
            "lambda": self._serve_errand,
        }
        return Client(service, serve[service], self)

    def _serve_store(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        # Asked for at each call: somebody may step in between, or out again.
        if operation == "BatchGetItem":
            return self._read_in_two_parts(request)
        return self.serve_store(operation, request)

    def _read_in_two_parts(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A batch is no instant: DynamoDB promises nothing of what happens between its items."""
        ((role, wanted),) = request["RequestItems"].items()
        keys = wanted["Keys"]
        first = self.random.randrange(len(keys))
        parts = [keys[:first], keys[first:]] if first else [keys]
        found: list[Mapping[str, Any]] = []
        left: list[Mapping[str, Any]] = []
        for number, part in enumerate(parts):
            if number:
                self.stage.turn()
            asked = {"RequestItems": {role: {**wanted, "Keys": part}}}
            answer = self.serve_store("BatchGetItem", asked)
            found += answer["Responses"][role]
            left += answer["UnprocessedKeys"].get(role, {}).get("Keys", [])
        return {
            "Responses": {role: found},
            "UnprocessedKeys": {role: {**wanted, "Keys": left}} if left else {},
        }

    def _serve_bus(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        before = len(self.bus.told)
        answer = self.bus.serve(operation, request)
        if self.fulfils:
            for event in self.bus.told[before:]:
                if event["type"] == "OrderPaid":
                    # None, when the rule was down for a day: the campaign's machine looks at all orders once more.
                    self._fulfil(event["detail"]["data"], (0, 1, 1, 1, 1, 2))
                elif event["type"] == "OrderAddressCorrected":
                    self._fulfil(event["detail"]["data"], (1, 1, 1, 2))
                elif event["type"] == "OrderRefunded":
                    # Perhaps after that: then a person finds it among the dead letters.
                    self._fulfil(event["detail"]["data"], (1, 1, 1, 2))
        return answer

    def _fulfil(self, given: Mapping[str, Any], machines: tuple[int, ...]) -> None:
        """What the rule does with an order that is paid, corrected, or went back: a machine for it, or two."""
        times = self.random.choice(machines) if self.repeats_tasks else 1
        for _ in range(times):
            self.stage.enter(
                "parcel",
                lambda: Execution(self, "parcel", given, "fulfil_order").run(),
                after=self.random.choice((0.0, 0.1, 2.0)),
            )

    def _serve_errand(self, _operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Lambda, asked to do something while nobody waits."""
        event, function = json.loads(request["Payload"]), request["FunctionName"]
        self.stage.enter(f"errand {function}", lambda: self._run_errand(function, event))
        return {"StatusCode": 202}

    def _run_errand(self, function: str, event: Mapping[str, Any]) -> None:
        """Three times at most, as Lambda does it; then it is left to the beat."""
        for after in (0, 60, 120):
            self.stage.wait(after)
            try:
                self.invoke(function, event)
            except (Killed, Refusal):
                continue
            return

    # -- the line between a process and a service ------------------------------------------------------

    def before(self, operation: str, request: Mapping[str, Any]) -> None:
        stage = self.stage
        stage.millis += 1 + int(self.random.random() * 6)
        if self.faults.budget and self.faults.fire("stalled", self.faults.weather.stalled):
            stage.wait(self.random.choice((0.3, 1.0, 3.0, 8.0)))
        else:
            stage.turn()
        self._end_if_late()
        self.faults.before(operation, request, stage.millis)

    def after(self, operation: str, request: Mapping[str, Any]) -> None:
        del request
        self.faults.after(operation)

    def token(self) -> str:
        self._tokens += 1
        return f"token-{self._tokens}"

    def _end_if_late(self) -> None:
        if self.stage.millis > self._latest:
            raise NeverEnds(f"the show is not over after {LONGEST // 60_000} minutes")
        calls = self.stage.playing.props
        if calls and self.stage.millis >= calls[-1].ends_by:
            self.faults.fired["timed out"] += 1
            raise Killed

    # -- schedules and executions ------------------------------------------------------------------------

    def _arm(self, given: str, second: int) -> None:
        event = json.loads(given)
        late = self.random.choice((0, 0, 1, 20, 59))
        due = max(0, second - self.second) + late
        times = self.random.choice((0, 1, 1, 1, 2))
        for after in (due, due + self.random.randint(0, 90))[:times]:
            self.stage.enter("schedule", lambda: self._fire(event), after=after)
        if not times:
            self.faults.fired["schedule never fired"] += 1

    def sweep(self, *, until: Callable[[], bool]) -> None:
        """The sweeper, every minute. It is not tried again: a minute later it looks anyway."""
        while not until():
            self.stage.wait(60)
            try:
                found = self.invoke("sweep_campaigns", {})
            except (Killed, Refusal):
                continue
            self.taken_up += found["taken up"]

    def _fire(self, event: Mapping[str, Any]) -> None:
        """An asynchronous invocation: repeated until it does not fail."""
        for _ in range(20):
            try:
                self.invoke("start_campaign", event)
            except (Killed, Refusal):
                self.stage.wait(self.random.choice((1, 10, 60)))
            else:
                return
        raise NeverEnds("a schedule was not taken by anybody")

    def _begin(self, name: str, given: dict[str, Any]) -> None:
        self.stage.enter(f"execution {name}", lambda: self._execute(name, given))

    def _leave_if_stopped(self) -> None:
        if self.stage.playing.name.removeprefix("execution ") in self._stopped:
            raise Aborted

    def _execute(self, name: str, given: dict[str, Any]) -> None:
        machine = {"refund": REFUND, "rehearsal": REHEARSAL}.get(next(iter(given)), LIFECYCLE)
        execution = Execution(self, name, given, machine)
        try:
            self.executions.end(name, execution.run(), self.second)
        except Aborted:
            self.executions.end(name, self._stopped[name], self.second)
        finally:
            self.paths += execution.visited

    def stop_execution(self, name: str, how: str = "ABORTED") -> None:
        """An execution is stopped from outside, or by a limit: it ends at its next step, ``how`` as ``Executions.ended``."""
        self._stopped[name] = how

    def run_function(self, name: str, payload: Mapping[str, Any]) -> Any:
        """A step of the lifecycle, as Step Functions invokes it."""
        self._leave_if_stopped()
        function = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        function = function.removeprefix("_")
        if self.random.random() < self.repeats_tasks:
            self.faults.fired["step run twice"] += 1
            self.stage.enter(f"again {function}", lambda: self._run_for_nothing(function, payload))
        try:
            return json.loads(json.dumps(self.invoke(function, payload)))
        except Killed:
            raise TaskFailed("Runtime.ExitError") from None
        except Refusal as refusal:
            raise TaskFailed(type(refusal).__name__, str(refusal)) from refusal

    def _run_for_nothing(self, function: str, payload: Mapping[str, Any]) -> None:
        try:
            self.invoke(function, payload)
        except (Killed, Refusal):
            return

    def call_service(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        """A service that the machine calls by itself."""
        if resource.endswith(":events:putEvents"):
            entries = [
                {**entry, "Detail": json.dumps(entry["Detail"])} for entry in parameters["Entries"]
            ]
            answer = self.bus.serve("PutEvents", {"Entries": entries})
            if answer["FailedEntryCount"]:
                raise TaskFailed("EventBridge.FailedEntry")
            return answer
        name, given = parameters["Name"], json.dumps(parameters["Input"])
        return self.executions.serve("StartExecution", {"name": name, "input": given})

    def wait(self, seconds: float) -> None:
        self.stage.wait(seconds)

    def wait_until(self, instant: str) -> None:
        self.stage.wait(datetime.fromisoformat(instant).timestamp() - self.stage.millis / 1000)

    def now_text(self) -> str:
        return clock.rfc3339(self.stage.millis / 1000)

    def _in_turn(self, _workers: int) -> Executor:
        return InTurn(self.random)


class InTurn(Executor):
    """Does side by side one after the other, in an order drawn by chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def map(  # type: ignore[override]  # nobody here gives a time limit
        self, fn: Callable[..., Any], /, *iterables: Iterable[Any], **_: Any
    ) -> Iterator[Any]:
        things = list(zip(*iterables, strict=False))
        done: dict[int, Any] = {}
        faults: list[Exception] = []
        for place in self._random.sample(range(len(things)), len(things)):
            try:
                done[place] = fn(*things[place])
            except Exception as fault:  # noqa: BLE001 - the others are done all the same
                faults.append(fault)
        if faults:
            raise faults[0]
        return iter([done[place] for place in range(len(things))])
