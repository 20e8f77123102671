"""Child processes that outlive the command that started them, and are stopped by another one.

A process is remembered by its id *and* its birth, because ids are used again: what we did not start is never stopped.
Each is the leader of its own session, so that Ctrl-C in the terminal reaches the command and not the engine under it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.engine.places import PROJECT, PYTHON

GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that we started: ``birth`` tells it from a later one with the same id."""

    pid: int
    birth: str

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path = PROJECT,
        lasting: bool = False,
    ) -> Self:
        """Start ``command`` in a session of its own, with everything it prints in ``log``.

        It ends with this process, however this one ends; unless it is ``lasting``.
        """
        if not lasting:
            command = [str(PYTHON), "-m", "local.engine.guard", str(os.getpid()), *command]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as sink:
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = cls(pid=child.pid, birth=_birth(child.pid) or "stillborn")
        _children[process] = child
        return process

    def runs(self) -> bool:
        """Whether this very process still runs."""
        child = _children.get(self)
        if child is not None and child.poll() is not None:
            return False
        return _birth(self.pid) == self.birth

    def stop(self) -> None:
        """Ask it to end, and after a grace period make it; its own children go with it."""
        if self.runs():
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS
            while self.runs() and time.monotonic() < deadline:
                time.sleep(0.05)
        if self.runs():
            self._signal(signal.SIGKILL)
        child = _children.pop(self, None)
        if child is not None:
            child.wait(GRACE_SECONDS)

    def _signal(self, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, what)


#: Those that this very process started must also be waited for, or they stay as zombies.
_children: dict[Process, subprocess.Popen[bytes]] = {}


def _birth(pid: int) -> str | None:
    """When the process was born, in the system's own words; None if there is none, or only its zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None
