"""Steps are done in order of their instants, by few threads, and a broken one is not swallowed."""

from __future__ import annotations

import threading
import time

import pytest

from local.shoppers.agenda import Agenda


def work_off(agenda: Agenda, threads: int = 2) -> None:
    agenda.work(threads)
    deadline = time.monotonic() + 5
    while not agenda.idle and time.monotonic() < deadline:
        time.sleep(0.005)
    agenda.close()


def test_steps_are_done_in_order_of_their_instants():
    agenda, done = Agenda(), list[str]()
    now = time.time()
    agenda.add(now + 0.06, lambda: done.append("late"))
    agenda.add(now - 5, lambda: done.append("overdue"))
    agenda.add(now + 0.03, lambda: done.append("soon"))

    work_off(agenda, threads=1)

    assert done == ["overdue", "soon", "late"]
    assert agenda.latest >= 5


def test_who_is_inside_goes_before_those_at_the_door():
    agenda, done = Agenda(), list[str]()
    agenda.add(1, lambda: done.append("at the door"), arrival=True)
    agenda.add(2, lambda: done.append("inside"))

    work_off(agenda, threads=1)

    assert done == ["inside", "at the door"]


def test_a_step_is_never_done_before_its_instant():
    agenda, done = Agenda(), list[float]()
    due = time.time() + 0.05
    agenda.add(due, lambda: done.append(time.time()))

    work_off(agenda)

    assert done[0] >= due


def test_a_step_may_put_others_on_the_agenda():
    agenda, done = Agenda(), list[int]()

    def again(number: int) -> None:
        done.append(number)
        if number < 3:
            agenda.add(time.time(), lambda: again(number + 1))

    agenda.add(0, lambda: again(1))
    work_off(agenda)

    assert done == [1, 2, 3]


def test_no_more_steps_are_at_work_than_there_are_threads():
    agenda, lock = Agenda(), threading.Lock()
    at_once, most = 0, 0

    def step() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.005)
        with lock:
            at_once -= 1

    for _ in range(20):
        agenda.add(0, step)
    work_off(agenda, threads=3)

    assert most == 3


def test_what_breaks_a_step_is_told_to_whoever_waits():
    agenda = Agenda()

    def broken() -> None:
        raise KeyError("oh")

    agenda.add(0, broken)
    with pytest.raises(KeyError):
        work_off(agenda)
    agenda.close()


def test_what_is_to_come_is_dropped_when_the_agenda_is_closed():
    agenda, done = Agenda(), list[int]()
    agenda.add(time.time() + 60, lambda: done.append(1))
    agenda.work(1)

    agenda.close()

    assert done == []
