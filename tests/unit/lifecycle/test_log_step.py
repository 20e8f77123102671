"""What a step of the lifecycle says of itself: that it failed, is tried again, and that an execution begins with it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import StoreBusy
from shared.use_cases.log_step import logged
from tests.fakes import Crash, MemoryLog

ID = "cmp_" + "b" * 16
TASK = {"campaign": ID, "part": 2, "attempt": 0, "entered_at": "2026-11-28T12:00:00.417Z"}


class Stage:
    """A step that does what a test says, its log, and a machine that tries it again."""

    def __init__(self, *, first: bool = False) -> None:
        self.log = MemoryLog()
        self.fault: BaseException | None = None
        self.handler = logged("close_campaign", lambda: self.log, first=first)(self._step)

    def _step(self, event: Any, _context: object = None) -> dict[str, Any]:
        if self.fault is not None:
            raise self.fault
        return {"done": event["campaign"]}

    def run(self, fault: BaseException | None = None, **task: Any) -> dict[str, Any]:
        self.fault = fault
        return self.handler({**TASK, **task}, None)

    def fails(self, fault: BaseException, **task: Any) -> None:
        with pytest.raises(type(fault)):
            self.run(fault, **task)

    @property
    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (entry.action, entry.outcome.value, dict(entry.detail))
            for entry in self.log.kept.get(ID, {}).values()
        ]


def test_a_step_that_succeeds_says_nothing():
    stage = Stage()
    assert stage.run() == {"done": ID}
    assert stage.told == []


def test_a_step_that_fails_for_long_is_one_entry_that_counts_and_names_the_error():
    stage = Stage()
    for attempt in range(5):
        stage.fails(StoreBusy(), attempt=attempt)
        failed = {"part": 2, "failed_attempts": attempt + 1, "error": "StoreBusy"}
        assert stage.told == [("close_campaign", "failed", failed)]
    # A process that is gone cannot say so: the next attempt does.
    stage.fails(Crash(), attempt=5)
    stage.run(attempt=6)
    retried = {"part": 2, "failed_attempts": 6}
    assert stage.told == [("close_campaign", "retried", retried)]


def test_the_same_step_entered_later_has_an_entry_of_its_own():
    stage = Stage()
    stage.fails(StoreBusy())
    stage.fails(StoreBusy(), entered_at="2026-11-28T12:00:05.900Z")
    assert len(stage.told) == 2


def test_the_first_step_says_which_part_begins_once():
    stage = Stage(first=True)
    for attempt in range(3):
        stage.run(attempt=attempt)
    begun, retried = stage.told
    assert begun == ("lifecycle_begun", "done", {"part": 2})
    assert retried[1] == "retried"


def test_what_cannot_be_noted_fails_no_step_and_hides_no_failure():
    def busy(_: str) -> None:
        raise StoreBusy

    stage = Stage(first=True)
    stage.log.before = busy
    assert stage.run(attempt=1) == {"done": ID}
    stage.fails(KeyError("its own"))


@pytest.mark.parametrize("entered_at", [None, 7, "", "yesterday"])
def test_an_execution_of_an_older_definition_is_served_and_tells_nothing(entered_at: object):
    stage = Stage(first=True)
    assert stage.run(entered_at=entered_at) == {"done": ID}
    assert stage.handler({"campaign": ID, "part": 1}) == {"done": ID}
    stage.fails(StoreBusy(), entered_at=entered_at)
    assert stage.told == []
