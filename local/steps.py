"""Progress of what takes longer than a second: a spinner in a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status


class Steps:
    """Steps one after the other; each is told when it begins, and ticked off with its time when the next one does.

    ``with Steps() as tell: tell("starting the engine"); ...``
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._status: Status | None = None
        self._step: str | None = None
        self._began = 0.0

    def __call__(self, step: str) -> None:
        """The next step begins."""
        self._tick("[green]✓[/]")
        self._step, self._began = step, time.monotonic()
        if self._console.is_terminal:
            self._status = self._console.status(f"{step} ...")
            self._status.start()
        else:
            self._console.print(f"  {step} ...", highlight=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tick("[red]✗[/]" if kind else "[green]✓[/]")

    def _tick(self, mark: str) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._step is not None and self._console.is_terminal:
            took = time.monotonic() - self._began
            self._console.print(f"  {mark} {self._step:<34} {took:5.1f} s", highlight=False)
        self._step = None
