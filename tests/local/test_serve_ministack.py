from __future__ import annotations

import threading
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.engine import serve_ministack

FUNCTION = {"concurrency": 1}
CONFIG = {
    "FunctionName": "reserve",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:reserve",
}


@pytest.fixture(autouse=True)
def _habits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the module changes in MiniStack is as it was after each test."""
    for owner, name in (
        (lambda_svc, "_acquire_execution_slot"),
        (lambda_svc, "_release_execution_slot"),
        (lambda_svc, "_execute_function_warm"),
        (lambda_runtime.Worker, "_drain_stderr_bounded"),
        (lambda_runtime.Worker, "__init__"),
        (lambda_runtime.Worker, "invoke"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))


def acquire() -> Any:
    return lambda_svc._acquire_execution_slot(FUNCTION, CONFIG)


def test_ministack_itself_throttles_at_the_limit():
    slot, _ = acquire()
    assert acquire() == (None, "function")
    lambda_svc._release_execution_slot(slot)


def test_an_invocation_over_the_limit_waits_for_its_turn():
    serve_ministack.queue_at_the_limit()
    slot, _ = acquire()
    second: list[Any] = []
    waiting = threading.Thread(target=lambda: second.append(acquire()))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    lambda_svc._release_execution_slot(slot)
    waiting.join(5)
    assert second == [(slot, None)]
    lambda_svc._release_execution_slot(slot)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve_ministack, "PATIENCE_SECONDS", 0.1)
    serve_ministack.queue_at_the_limit()
    slot, _ = acquire()
    assert acquire() == (None, "function")
    lambda_svc._release_execution_slot(slot)


def test_an_answer_is_not_held_back_for_log_lines():
    serve_ministack.take_logs_as_they_are()
    worker = lambda_runtime.Worker("reserve", CONFIG, b"")
    worker._stderr_queue.put("a line that was there")
    assert worker._drain_stderr_bounded(first_line_wait=60) == "a line that was there"
    assert worker._drain_stderr_bounded(first_line_wait=60) == ""


@pytest.mark.parametrize(("asked", "given"), [(5, serve_ministack.LEAST_TIMEOUT), (310, 310)])
def test_a_function_is_not_killed_for_being_slow(asked: int, given: int):
    serve_ministack.give_functions_time()
    worker = lambda_runtime.Worker("authorize", {**CONFIG, "Timeout": asked}, b"")
    assert worker.config["Timeout"] == given


def test_an_error_has_the_name_of_its_class(monkeypatch: pytest.MonkeyPatch):
    trace = "Traceback (most recent call last):\n  File x\nshared.domain.errors.StoreBusy: later\n"
    raised = {"status": "error", "error": "later", "trace": trace}
    monkeypatch.setattr(lambda_runtime.Worker, "invoke", lambda *_, **__: dict(raised))
    worker = lambda_runtime.Worker("keep_books", CONFIG, b"")
    monkeypatch.setattr(
        lambda_svc,
        "_execute_function_warm",
        lambda *_: {"body": {"errorMessage": worker.invoke({}, "")["error"]}, "error": True},
    )
    serve_ministack.name_errors_by_their_class()

    answer = lambda_svc._execute_function_warm({}, {}, "")

    body = {"errorMessage": "later", "errorType": "StoreBusy"}
    assert answer == {"body": body, "error": True}
