"""Runs MiniStack in this process, with some habits changed for a small machine: ``python -m local.engine.serve_ministack``.

The changes reach into MiniStack, whose version is pinned; ``tests/local/test_serve_ministack.py`` fails if they miss.
"""

from __future__ import annotations

import re
import sys
import threading
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

PATIENCE_SECONDS = 30.0
LEAST_TIMEOUT = 25
"""Seconds that any function may take: less than whoever waits for the API waits."""
RAISED = re.compile(r"^([\w.]+)(?=:|$)", re.MULTILINE)
"""The class of what was raised, at the beginning of a traceback's last line."""


def queue_at_the_limit() -> None:
    """Let an invocation over a function's reserved concurrency wait for its turn.

    AWS answers it at once with a throttle, and has room for a thousand others. Here the limit is there to keep a burst
    from starting environments (a second of CPU each) that then only slow each other down.
    """
    acquire, release = lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot
    freed = threading.Condition()

    def wait_for_slot(
        func: dict[str, Any], config: dict[str, Any]
    ) -> tuple[str | None, str | None]:
        with freed:
            while True:
                slot, limit = acquire(func, config)
                if limit != "function" or not freed.wait(PATIENCE_SECONDS):
                    return slot, limit

    def free_slot(key: str) -> None:
        release(key)
        with freed:
            freed.notify_all()

    lambda_svc._acquire_execution_slot = wait_for_slot
    lambda_svc._release_execution_slot = free_slot


def take_logs_as_they_are() -> None:
    """Do not hold back an answer for log lines that may follow: they go with the next invocation.

    MiniStack waits 50 ms for a first line, and 5 ms after each for another.
    """

    def without_waiting(worker: lambda_runtime.Worker, **_: float) -> str:
        lines: str = worker._drain_stderr()
        return lines

    lambda_runtime.Worker._drain_stderr_bounded = without_waiting


def give_functions_time() -> None:
    """Let no function be killed for being slow while everything shares two cores.

    A killed environment is a cold start more for the next one, so on a busy machine a tight timeout never ends.
    """
    make = lambda_runtime.Worker.__init__

    def with_time(
        worker: lambda_runtime.Worker, func_name: str, config: dict[str, Any], code_zip: bytes
    ) -> None:
        timeout = max(config.get("Timeout", 3), LEAST_TIMEOUT)
        make(worker, func_name, {**config, "Timeout": timeout}, code_zip)

    lambda_runtime.Worker.__init__ = with_time


class Raised(str):
    """A function's error message that remembers the class of what was raised."""

    __slots__ = ("error_type",)
    error_type: str


def name_errors_by_their_class() -> None:
    """Answer a raised ``StoreBusy`` as ``StoreBusy``, as AWS does, so that a machine's retry finds it.

    MiniStack calls every error ``Runtime.HandlerError``.
    """
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def remembering(worker: lambda_runtime.Worker, *args: Any, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke(worker, *args, **more)
        raised = RAISED.findall(answer.get("trace", ""))
        if answer.get("status") == "error" and raised:
            message = Raised(answer["error"])
            message.error_type = raised[-1].rpartition(".")[2]
            answer["error"] = message
        return answer

    def naming(*args: Any, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = execute(*args, **more)
        body = answer.get("body")
        message = body.get("errorMessage") if isinstance(body, dict) else None
        if isinstance(message, Raised):
            answer["body"] = {"errorMessage": str(message), "errorType": message.error_type}
        return answer

    lambda_runtime.Worker.invoke = remembering
    lambda_svc._execute_function_warm = naming


if __name__ == "__main__":
    queue_at_the_limit()
    take_logs_as_they_are()
    give_functions_time()
    name_errors_by_their_class()
    sys.exit(main())
