from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

from local import check_up, cli, install
from local.check_up import Finding
from local.engine import toolchain
from local.engine.errors import ToolMissing
from local.engine.ports import HOST


def found(what: str) -> Finding:
    return next(finding for finding in check_up.check_up() if finding.what == what)


def test_a_complete_machine_lacks_nothing():
    lacking = [finding.what for finding in check_up.check_up() if not finding.fine]
    assert lacking == []


def test_a_missing_tool_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch):
    def nowhere() -> Path:
        raise ToolMissing("Node")

    monkeypatch.setattr(toolchain, "node", nowhere)
    finding = found("Node")
    assert not finding.fine
    assert finding.cure == "run `make install`"


def test_a_tool_that_does_not_run_here_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    foreign = tmp_path / "java"
    foreign.write_bytes(b"MZ")
    foreign.chmod(0o755)
    monkeypatch.setattr(toolchain, "java", lambda: foreign)
    finding = found("Java")
    assert not finding.fine
    assert "use Linux (x86-64, arm64) or macOS" in finding.cure


def test_packages_of_another_lock_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(install, "STAMP", tmp_path / "none")
    assert not found("packages").fine


def test_a_port_in_use_is_told_but_is_no_lack(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server((HOST, 0)) as server:
        monkeypatch.setattr("local.wall.PORT", server.getsockname()[1])
        finding = found("wall's port")
    assert finding.fine
    assert "in use: the next start takes a free one" in finding.found


def test_the_doctor_ends_with_1_when_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    missing = Finding(what="Node", found="missing", fine=False, cure="run `make install`")
    monkeypatch.setattr("local.check_up.check_up", lambda: [missing])
    assert cli.run(["doctor"]) == 1
    assert capsys.readouterr().out == "✗ Node               missing\n  run `make install`\n"
    assert cli.run(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"what": "Node", "found": "missing", "fine": False, "cure": "run `make install`"}
    ]


def test_the_tools_are_those_of_the_project():
    assert (
        subprocess.run(
            [toolchain.node(), "-p", "1 + 1"], capture_output=True, text=True, check=True
        ).stdout
        == "2\n"
    )
    for tool in (toolchain.node(), toolchain.java(), toolchain.cdk()):
        assert tool.is_relative_to(install.PROJECT)
