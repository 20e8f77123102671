"""Ports of this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local.engine.errors import EngineDidNotStart, PortInUse
from local.engine.processes import Process

HOST: Final = "127.0.0.1"


def free_port(wanted: int | None = None, *, strict: bool = False) -> int:
    """``wanted`` if nobody listens there, else any free one; with ``strict`` a ``PortInUse`` instead."""
    if wanted is not None:
        if not listens(wanted):
            return wanted
        if strict:
            raise PortInUse(wanted)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def wait_until(
    ready: Callable[[], bool], *, process: Process, what: str, log: Path, seconds: float = 30.0
) -> None:
    """Wait for a child to be ready; if it ends or does not become so, stop it and say where its log is."""
    deadline = time.monotonic() + seconds
    while process.runs() and time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.05)
    process.stop()
    raise EngineDidNotStart(what, log)
