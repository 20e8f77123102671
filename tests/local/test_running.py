from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine import running
from local.engine.errors import AlreadyRunning, NotRunning, PortInUse
from local.engine.merchant import Merchant
from local.engine.ministack import MiniStack
from local.engine.processes import Process
from local.engine.running import Running
from local.engine.stack import LocalStack
from local.wall import Wall

KEYS = {"manage": "lh_manage_x", "sell": "lh_sell_x", "read": "lh_read_x"}


@pytest.fixture(autouse=True)
def _kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests remember things apart from what may be running here."""
    monkeypatch.setattr(running, "STATE", tmp_path / "running.json")
    monkeypatch.setattr("local.engine.places.KEPT", tmp_path)
    monkeypatch.setattr("local.engine.ministack.KEPT", tmp_path)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Running]:
    """Two processes that stand for an engine and a wall."""
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    engine, wall = (
        Process.start(sleep, log=tmp_path / f"{name}.log", env=os.environ, lasting=True)
        for name in ("engine", "wall")
    )
    stack = LocalStack(
        engine=MiniStack(port=4599, process=engine),
        outputs={"ApiUrl": "http://abcdef01.execute-api.localhost:4599", "KeysTable": "keys"},
        merchant=Merchant(name="washington-apples", keys=KEYS, webhook_secret="whsec_x"),
    )
    yield Running.now(stack, Wall(port=8787, process=wall), made_from="a fingerprint")
    engine.stop()
    wall.stop()


def test_before_anything_is_started_nothing_runs():
    assert Running.find() is None
    with pytest.raises(NotRunning, match="start it with `livehour up`"):
        Running.require()


def test_what_is_remembered_is_found_again(found: Running):
    found.remember()
    assert Running.find() == found


def test_what_is_remembered_is_for_its_owner_only(found: Running, tmp_path: Path):
    found.remember()
    assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0


def test_what_is_told_is_what_a_client_needs(found: Running):
    assert found.as_told() == {
        "api": "http://127.0.0.1:4599/_aws/execute-api/abcdef01",
        "wall": "http://127.0.0.1:8787/",
        "keys": KEYS,
        "webhook_secret": "whsec_x",
        "merchant": "washington-apples",
    }


def test_when_the_engine_is_gone_the_wall_goes_too(found: Running, tmp_path: Path):
    found.remember()
    found.stack.engine.process.stop()
    assert Running.find() is None
    assert not found.wall.process.runs()
    assert not (tmp_path / "running.json").exists()


def test_what_is_stopped_is_forgotten(found: Running):
    found.remember()
    found.stop()
    assert Running.find() is None
    assert not found.stack.engine.process.runs()


def test_the_same_code_is_not_deployed_again(found: Running, monkeypatch: pytest.MonkeyPatch):
    found.remember()
    monkeypatch.setattr("local.engine.deployment.fingerprint", lambda: "a fingerprint")
    monkeypatch.setattr("local.engine.deployment.deploy", lambda *_: pytest.fail("it is there"))
    assert running.bring_up(lambda _: None) == found


def test_other_code_is_deployed_into_the_same_engine(
    found: Running, monkeypatch: pytest.MonkeyPatch
):
    found.remember()
    monkeypatch.setattr("local.engine.deployment.fingerprint", lambda: "another")
    monkeypatch.setattr("local.engine.deployment.deploy", lambda *_: {"ApiUrl": "http://new.x"})
    renewed = running.bring_up(lambda _: None)
    assert renewed.stack.outputs == {"ApiUrl": "http://new.x"}
    assert renewed.stack.merchant == found.stack.merchant
    assert Running.find() == renewed


def test_an_engine_elsewhere_than_asked_for_is_told(
    found: Running, monkeypatch: pytest.MonkeyPatch
):
    found.remember()
    monkeypatch.setattr("local.engine.deployment.fingerprint", lambda: "a fingerprint")
    with pytest.raises(AlreadyRunning, match="already running, on port 4599"):
        running.bring_up(lambda _: None, port=4600)


def test_a_wall_port_in_use_starts_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("local.engine.deployment.fingerprint", lambda: "a fingerprint")
    monkeypatch.setattr("local.engine.ports.listens", lambda _: True)
    with pytest.raises(PortInUse):
        running.bring_up(lambda _: None, wall_port=8787)
    assert Running.find() is None
