"""
A lifecycle that cannot be wrong-footed: whatever its schedule, its execution or a deployment does, the show sells by the
clock, its campaign comes to its end once, and the log says what went wrong and who made it good.

The machine is played from its own file; the judges of the simulation watch every write, and look back when all is over.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, Final
from unittest.mock import patch

import pytest

from local.simulation import lifecycle
from local.simulation.lifecycle import Execution
from local.simulation.plan import STARTS
from local.simulation.services import Schedules
from local.simulation.show import Show
from shared.clock import rfc3339
from shared.domain.campaign_log import Entry
from tests.proof.scenes import CALM, Scene, Script, Trouble
from tests.proof.sweep import perform

DAY: Final = 24 * 3600
LIMIT: Final = 25_000
"""Events of an execution's history, at which AWS stops it."""
NEW: Final = ("entered_at", "attempt")
"""What the machine tells its steps since they have a log."""


def _buy(script: Script) -> None:
    """Not all of it needs a machine."""
    script.at(2)
    script.buy(2, "ana")
    script.at(14)
    script.buy(1, "ben")


FAR: Final = replace(CALM, ahead=200)
"""So far ahead that a schedule, or the sweeper, has to begin it."""


def play(adapt: Callable[[Show], None], plan: Any = CALM, *troubles: Trouble) -> Show:
    scene = Scene("wrong-footed", plan, (_buy,), ("campaign closed", "order paid"), troubles)
    performance = perform(scene, 0, adapt=adapt)
    assert [what for what in scene.meets if not performance.met[what]] == []
    return performance.show


def told(show: Show) -> list[tuple[str, str]]:
    return [(entry.action, entry.outcome.value) for entry in entries(show)]


def entries(show: Show) -> list[Entry]:
    return [entry for _, entry in sorted(show.audit.log.items())]


def parts(show: Show) -> list[str]:
    """Executions of the campaign, by what their names add to its id."""
    name = show.merchant.show
    return [each.removeprefix(name) for each in show.world.executions.begun if name in each]


# -- the schedule ----------------------------------------------------------------------------------


def _scheduled(*delays: float | None) -> Callable[[Show], None]:
    """A schedule that fires so many seconds after its instant; ``None``: when it is made."""

    def adapt(show: Show) -> None:
        world = show.world

        def arm(given: str, second: int) -> None:
            for delay in delays:
                after = 0 if delay is None else max(0, second - world.second) + delay
                fire = partial(world._fire, json.loads(given))
                world.stage.enter("schedule", fire, after=after)

        world.schedules = Schedules(arm)

    return adapt


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_schedule_that_fires_once_or_many_times_begins_one_execution(times: int):
    show = play(_scheduled(*[0.0] * times), FAR)
    assert parts(show) == [""]
    assert "schedule_missed" not in dict(told(show))


@pytest.mark.parametrize("delays", [(), (600,), (None,)], ids=["never", "late", "early"])
def test_a_schedule_that_does_not_fire_in_time_is_made_up_for_once_and_that_is_told(
    delays: tuple[float | None, ...],
):
    show = play(_scheduled(*delays), FAR)
    assert parts(show) == [""]
    assert told(show).count(("schedule_missed", "retried")) == 1
    assert told(show)[-1] == ("finished", "done")


# -- the execution ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "action"),
    [
        ("ABORTED", "lifecycle_aborted"),
        ("TIMED_OUT", "lifecycle_timed_out"),
        ("States.Runtime", "lifecycle_failed"),
    ],
)
@pytest.mark.parametrize("second", [-2, 6, 25])
def test_an_execution_that_is_stopped_is_followed_by_one_other_and_both_are_told(
    how: str, action: str, second: int
):
    def adapt(show: Show) -> None:
        stop = partial(_stop, show, how)
        show.world.stage.enter("stop", stop, after=show.plan.ahead + second)

    show = play(adapt)
    assert parts(show) == ["", "-2"]
    happened = Counter(told(show))
    assert happened[action, "failed"] == happened["lifecycle_taken_up", "retried"] == 1
    assert happened["lifecycle_begun", "done"] == 2
    (ended,) = [entry for entry in entries(show) if entry.action == action]
    assert ended.detail.get("error") == ("States.Runtime" if action.endswith("failed") else None)


def _stop(show: Show, how: str) -> None:
    show.world.stop_execution(show.merchant.show, how)


@pytest.mark.parametrize(
    "function", ["open_campaign", "keep_books", "close_campaign", "settle_campaign"]
)
def test_a_step_that_fails_for_minutes_is_tried_until_it_succeeds_and_is_one_entry(function: str):
    """No other execution is needed, and what can be sold is."""
    reads = Trouble(function, "GetItem", "campaigns", 170)
    show = play(lambda _: None, CALM, reads)
    assert parts(show) == [""]
    (entry,) = [entry for entry in entries(show) if entry.action == function]
    assert entry.outcome.value == "retried"
    assert entry.detail["failed_attempts"] > 5


# -- a deployment in the middle of the show ----------------------------------------------------------


def _before(machine: str = lifecycle.LIFECYCLE) -> Mapping[str, Any]:
    """The definition as it was before its steps were told when they were entered."""
    old: dict[str, Any] = json.loads(json.dumps(lifecycle.definition(machine)))
    for state in old["States"].values():
        payload = state.get("Parameters", {}).get("Payload", {})
        for name in NEW:
            payload.pop(f"{name}.$", None)
    return old


def test_an_execution_of_an_older_definition_is_served_by_the_functions_of_today():
    """A running execution keeps the definition that it began with, whatever is deployed."""
    with patch.object(Execution, "definition", staticmethod(_before)):
        show = play(lambda _: None)
    assert parts(show) == [""]
    assert "lifecycle_begun" not in dict(told(show))
    assert told(show)[-1] == ("finished", "done")


# -- limits ----------------------------------------------------------------------------------------


@dataclass
class _LongShow:
    """Answers the machine as a show of a day would."""

    random: Random
    second: float = STARTS
    following: Mapping[str, Any] | None = None

    def run_function(self, name: str, payload: Mapping[str, Any]) -> Any:
        if name == "KeepBooks":
            is_over = self.second > STARTS + DAY
            phase = "drained" if is_over else "live"
            return {"phase": phase, "wait_seconds": 5, "beat": payload["beat"] + 1}
        return {
            "PrepareStock": {"abandoned": False},
            "OpenCampaign": {"phase": "live", "wait_until": rfc3339(STARTS)},
            "ReconcileCampaign": {"balanced": True, "differences": 0},
            "HandOverOrders": {"complete": True},
            "PackageCampaign": {"complete": True},
        }.get(name, {})

    def call_service(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        assert resource.endswith("startExecution")
        self.following = parameters["Input"]
        return {}

    def wait(self, seconds: float) -> None:
        self.second += seconds

    def wait_until(self, instant: str) -> None:
        del instant

    def now_text(self) -> str:
        return rfc3339(self.second)


def test_the_executions_of_a_show_of_24_hours_stay_far_below_the_limit_of_their_history():
    """What is tried again is bounded beside it: it counts as beats, and makes fewer events."""
    kinds = {
        name: {"Task": 5, "Wait": 2, "Choice": 2, "Pass": 2, "Succeed": 2}.get(state["Type"], 2)
        for name, state in lifecycle.definition()["States"].items()
    }
    show = _LongShow(Random(1))
    given: Mapping[str, Any] | None = {"campaign": "cmp_" + "b" * 16, "part": 1}
    histories = []
    while given is not None:
        show.following = None
        execution = Execution(show, f"part-{given['part']}", given)
        assert execution.run() == "SUCCEEDED"
        histories.append(1 + sum(kinds[name] for name in execution.visited))
        given = show.following
    assert show.second > STARTS + DAY
    assert len(histories) == 18
    assert max(histories) < LIMIT * 2 // 5
