from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from local.engine.errors import EngineDidNotStart, PortInUse
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process


def test_a_port_with_a_listener_is_refused_when_it_was_asked_for_by_number():
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        assert listens(taken)
        with pytest.raises(PortInUse, match=f"port {taken} is in use by another program: stop"):
            free_port(taken, strict=True)


def test_a_port_with_a_listener_is_passed_over_when_it_was_only_preferred():
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        assert free_port(taken) != taken


def test_a_free_port_is_taken_as_asked_for():
    wanted = free_port()
    assert not listens(wanted)
    assert free_port(wanted, strict=True) == wanted


def test_a_child_that_ends_at_once_is_told_with_the_end_of_its_log(tmp_path: Path):
    log = tmp_path / "child.log"
    child = Process.start(
        [sys.executable, "-c", "import sys; sys.exit('no room left')"], log=log, env=os.environ
    )
    with pytest.raises(EngineDidNotStart, match=r"(?s)The child did not start: .*no room left"):
        wait_until(lambda: False, process=child, what="The child", log=log)


def test_a_child_that_never_gets_ready_is_stopped(tmp_path: Path):
    log = tmp_path / "child.log"
    child = Process.start(
        [sys.executable, "-c", "import time; time.sleep(60)"], log=log, env=os.environ
    )
    with pytest.raises(EngineDidNotStart):
        wait_until(lambda: False, process=child, what="The child", log=log, seconds=0.2)
    assert not child.runs()
