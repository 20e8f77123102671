"""
What can go wrong on this machine. Every message is one sentence that says what to do.

* EngineError
  x ToolMissing          a package of the lock files is not installed
  x PortInUse            somebody else listens where we were told to
  x EngineDidNotStart    a child process ended, or never answered
  x DeployFailed         the CDK command line refused
  x NotRunning           there is no engine to talk to
  x AlreadyRunning       there is one, elsewhere than asked for
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class EngineError(Exception):
    """The local engine cannot do what was asked."""

    exit_code: ClassVar[int] = 2
    """Of a command that ends with it: 2 where the person can put it right, 1 where something broke."""


class ToolMissing(EngineError):
    """A package of the lock files is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not installed here: run `make install`, then try again.")


class PortInUse(EngineError):
    """Somebody else listens on a port that was asked for by number."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use by another program: stop that program, or choose another port."
        )


class EngineDidNotStart(EngineError):
    """A child process ended, or never answered."""

    exit_code = 1

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"{what} did not start: the last lines of {log} say why.{_tail(log)}")


class DeployFailed(EngineError):
    """The CDK command line refused."""

    exit_code = 1

    def __init__(self, step: str, log: Path) -> None:
        super().__init__(f"cdk {step} failed: the last lines of {log} say why.{_tail(log)}")


class NotRunning(EngineError):
    """There is no engine to talk to."""

    def __init__(self) -> None:
        super().__init__("nothing is running here: start it with `livehour up`.")


class AlreadyRunning(EngineError):
    """There is an engine, elsewhere than asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"it is already running, on port {port}: stop it first with `livehour down`."
        )


def _tail(log: Path, lines: int = 12) -> str:
    try:
        last = log.read_text(errors="replace").rstrip().splitlines()[-lines:]
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in last)
