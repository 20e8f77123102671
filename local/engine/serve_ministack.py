"""Runs MiniStack in this process, with two habits changed for a small machine: ``python -m local.engine.serve_ministack``.

Both changes reach into MiniStack, whose version is pinned; ``tests/local/test_serve_ministack.py`` fails if they miss.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

PATIENCE_SECONDS = 30.0


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


if __name__ == "__main__":
    queue_at_the_limit()
    take_logs_as_they_are()
    sys.exit(main())
