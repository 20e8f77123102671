"""The wall of a stack on this machine: its page, served by a child process, and what it is to show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.engine.places import LOGS, PYTHON, kept
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process
from local.engine.toolchain import environment

PORT: Final = 8787


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A running server of ``dashboard/``."""

    port: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/"

    @classmethod
    def start(cls, port: int | None = None, *, lasting: bool = False) -> Wall:
        """Serve on ``port`` (``PortInUse`` if it is taken), else on the usual one or any free one.

        It ends with this process unless it is ``lasting``.
        """
        chosen = free_port(PORT if port is None else port, strict=port is not None)
        log, connection = LOGS / f"wall-{chosen}.log", _connection(chosen)
        connection.write_text("{}")
        process = Process.start(
            [str(PYTHON), "-m", "local.serve_wall", str(chosen), str(connection)],
            log=log,
            lasting=lasting,
            env=environment(),
        )
        wait_until(lambda: listens(chosen), process=process, what="the wall", log=log)
        return cls(port=chosen, process=process)

    def show(self, *, api: str, key: str, campaign: str | None = None) -> None:
        """From now on a page that is opened shows this campaign; without one, it asks which."""
        connection = {"api": api, "key": key, "campaign": campaign}
        told = {name: value for name, value in connection.items() if value is not None}
        file = _connection(self.port)
        file.touch(mode=0o600)
        file.write_text(json.dumps(told))

    def stop(self) -> None:
        """Stop serving."""
        self.process.stop()
        _connection(self.port).unlink(missing_ok=True)


def _connection(port: int) -> Path:
    return kept() / f"wall-{port}.json"
