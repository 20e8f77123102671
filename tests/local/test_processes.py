from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.engine.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: None)
print("ready", flush=True)
while True:
    time.sleep(60)
""",
]

Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def start(command: list[str], *, lasting: bool = True) -> Process:
        process = Process.start(
            command, log=tmp_path / "log", env=os.environ, lasting=lasting, cwd=Path.cwd()
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_process_runs_until_it_is_stopped(start: Start):
    process = start(SLEEP)
    assert process.runs()
    process.stop()
    assert not process.runs()


def test_a_process_that_ended_by_itself_does_not_run(start: Start):
    process = start([sys.executable, "-c", "pass"])
    assert until(lambda: not process.runs())


def test_a_process_that_does_not_listen_is_made_to_end(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("local.engine.processes.GRACE_SECONDS", 0.5)
    process = start(STUBBORN)
    assert until(lambda: "ready" in (tmp_path / "log").read_text())
    process.stop()
    assert not process.runs()


def test_another_process_under_the_same_id_is_left_alone(start: Start):
    process = start(SLEEP)
    namesake = Process(pid=process.pid, birth="another time")
    assert not namesake.runs()
    namesake.stop()
    assert process.runs()


def test_what_it_prints_is_in_its_log(start: Start, tmp_path: Path):
    process = start([sys.executable, "-c", "print('hello'); import sys; sys.exit('no')"])
    assert until(lambda: not process.runs())
    assert (tmp_path / "log").read_text() == "hello\nno\n"


def test_a_guarded_process_is_stopped_with_its_guard(start: Start):
    process = start([sys.executable, "-c", ANNOUNCE], lasting=False)
    child = announced(process)
    process.stop()
    assert until(lambda: not there(child))


def test_a_guarded_process_ends_with_whoever_started_it(tmp_path: Path):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(announce=ANNOUNCE, log=tmp_path / "log")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    guard = int(starter.stdout.readline())
    assert until(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child = int((tmp_path / "log").read_text())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    assert until(lambda: not there(child))
    assert until(lambda: not there(guard))


ANNOUNCE = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
STARTER = """
import os, sys, time
from pathlib import Path
from local.engine.processes import Process
process = Process.start([sys.executable, "-c", "{announce}"], log=Path("{log}"), env=os.environ)
print(process.pid, flush=True)
time.sleep(60)
"""


def announced(process: Process) -> int:
    """The id of the child of a guard, as the child itself has told."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        found = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        )
        return int(found.stdout.split()[0])
    assert until(lambda: bool(children.read_text().split()))
    return int(children.read_text().split()[0])


def there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
