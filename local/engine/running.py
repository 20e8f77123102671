"""What ``livehour up`` left running: remembered in one file, so that any later command finds it."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from local.engine import deployment
from local.engine.errors import AlreadyRunning, NotRunning
from local.engine.merchant import Merchant
from local.engine.ministack import PORT, MiniStack
from local.engine.places import KEPT, kept
from local.engine.ports import free_port
from local.engine.processes import Process
from local.engine.stack import LocalStack
from local.wall import Wall
from shared.contracts.routes import READ

STATE: Final = KEPT / "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stack and its wall. ``made_from`` is the fingerprint of what was deployed."""

    stack: LocalStack
    wall: Wall
    since: datetime
    made_from: str

    @classmethod
    def now(cls, stack: LocalStack, wall: Wall, *, made_from: str) -> Self:
        """What has just been started."""
        return cls(
            stack=stack,
            wall=wall,
            since=datetime.now(UTC).replace(microsecond=0),
            made_from=made_from,
        )

    @classmethod
    def find(cls) -> Self | None:
        """What runs, or None: nothing was started, or the engine is gone (a reboot, a kill), and the rest with it now."""
        if not STATE.exists():
            return None
        found = cls._from_json(json.loads(STATE.read_text()))
        if found.stack.engine.process.runs():
            return found
        found.stop()
        return None

    @classmethod
    def require(cls) -> Self:
        """What runs, or ``NotRunning``."""
        found = cls.find()
        if found is None:
            raise NotRunning
        return found

    def remember(self) -> None:
        """Write it down. The file holds keys, so it is the owner's alone."""
        kept()
        STATE.touch(mode=0o600)
        STATE.write_text(json.dumps(self._to_json(), indent=2))

    def stop(self) -> None:
        """Stop all of it, and forget it."""
        self.wall.stop()
        self.stack.stop()
        STATE.unlink(missing_ok=True)

    def as_told(self) -> dict[str, Any]:
        """What ``livehour up --json`` prints."""
        merchant = self.stack.merchant
        return {
            "api": self.stack.api,
            "wall": self.wall.url,
            "keys": dict(merchant.keys),
            "webhook_secret": merchant.webhook_secret,
            "merchant": merchant.name,
        }

    def _to_json(self) -> dict[str, Any]:
        return {**asdict(self), "since": self.since.isoformat()}

    @classmethod
    def _from_json(cls, written: dict[str, Any]) -> Self:
        stack, wall = written["stack"], written["wall"]
        return cls(
            stack=LocalStack(
                engine=MiniStack(
                    port=stack["engine"]["port"], process=Process(**stack["engine"]["process"])
                ),
                outputs=stack["outputs"],
                merchant=Merchant(**stack["merchant"]),
            ),
            wall=Wall(port=wall["port"], process=Process(**wall["process"])),
            since=datetime.fromisoformat(written["since"]),
            made_from=written["made_from"],
        )


def bring_up(
    tell: Callable[[str], None],
    *,
    port: int | None = None,
    wall_port: int | None = None,
    lasting: bool = True,
) -> Running:
    """Whatever is missing for a running stack of the code as it is now: all of it, a fresh deployment, or nothing.

    What is started here ends with this process unless it is ``lasting``.
    """
    made_from = deployment.fingerprint()
    found = Running.find()
    if found is None:
        running = _start(tell, made_from, port, wall_port, lasting=lasting)
    elif port not in (None, found.stack.engine.port):
        raise AlreadyRunning(found.stack.engine.port)
    else:
        running = _renew(found, tell, made_from, wall_port)
    running.remember()
    return running


def _start(
    tell: Callable[[str], None],
    made_from: str,
    port: int | None,
    wall_port: int | None,
    *,
    lasting: bool,
) -> Running:
    wall = Wall.start(wall_port, lasting=lasting)
    try:
        chosen = free_port(PORT if port is None else port, strict=port is not None)
        stack = LocalStack.start(tell, port=chosen, lasting=lasting)
    except BaseException:
        wall.stop()
        raise
    wall.show(api=stack.api, key=stack.merchant.keys[READ])
    return Running.now(stack, wall, made_from=made_from)


def _renew(
    found: Running, tell: Callable[[str], None], made_from: str, wall_port: int | None
) -> Running:
    stack, wall = found.stack, found.wall
    if found.made_from != made_from:
        stack = replace(stack, outputs=deployment.deploy(stack.engine, tell))
    if not wall.process.runs():
        wall = Wall.start(wall_port, lasting=True)
        wall.show(api=stack.api, key=stack.merchant.keys[READ])
    return replace(found, stack=stack, wall=wall, made_from=made_from)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """While one command starts or stops things, another one waits."""
    with (kept() / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def stage(tell: Callable[[str], None]) -> Iterator[Running]:
    """What runs already, or an engine of one's own, which is stopped in the end."""
    with one_at_a_time():
        was_running = Running.find() is not None
        running = bring_up(tell, lasting=False)
    try:
        yield running
    finally:
        if not was_running:
            with one_at_a_time():
                running.stop()
