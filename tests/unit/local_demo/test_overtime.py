"""A show goes on for viewers who still stand at the door, as long as that takes, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from local.api import Api, ApiUnreachable
from local.demo.overtime import Overtime
from local.demo.playbook import Playbook

BEGINS = 1_795_867_200
ENDS = BEGINS + 120


class Asked(Api):
    def __init__(self, *, fails: bool = False) -> None:
        super().__init__("http://asked", "")
        self.bodies: list[Any] = []
        self._fails = fails

    def post(self, path: str, body: Any) -> dict[str, Any]:
        assert path == "/campaigns/cmp_a/extend"
        if self._fails:
            raise ApiUnreachable
        self.bodies.append(body)
        return {}


def an_overtime(api: Api, longest: int = 300) -> Overtime:
    playbook = Playbook(script={}, starts_at=BEGINS, seconds=120)
    return Overtime(api, "cmp_a", playbook, longest)


def test_a_show_is_prolonged_by_what_those_at_the_door_need_at_the_pace_so_far():
    api = Asked()
    overtime = an_overtime(api)

    overtime.consider(ENDS - 5, waiting=200, admitted=1150)  # 10 a second

    assert overtime.seconds == 15
    assert overtime.ends_at == ENDS + 15
    assert api.bodies == [{"ends_at": "2026-11-28T12:02:15Z"}]


@pytest.mark.parametrize(
    ("now", "waiting"), [(ENDS - 60, 500), (ENDS - 5, 3), (ENDS + 1, 500)], ids=str
)
def test_it_is_not_when_it_is_too_early_too_late_or_nobody_waits(now: float, waiting: int):
    api = Asked()

    an_overtime(api).consider(now, waiting=waiting, admitted=100)

    assert api.bodies == []


def test_it_goes_on_in_steps_and_never_beyond_the_longest_show():
    api = Asked()
    overtime = an_overtime(api, longest=200)

    for _ in range(5):
        overtime.consider(overtime.ends_at - 1, waiting=10_000, admitted=10)

    assert overtime.seconds == 80
    assert len(api.bodies) == 2


def test_a_prolongation_that_nobody_answered_is_not_counted():
    overtime = an_overtime(Asked(fails=True))

    overtime.consider(ENDS - 5, waiting=200, admitted=1000)

    assert overtime.seconds == 0
