from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.engine import deployment
from local.engine.errors import DeployFailed


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(deployment, "PROJECT", tmp_path)
    monkeypatch.setattr(deployment, "ASSEMBLIES", tmp_path / "assemblies")
    monkeypatch.setattr(deployment, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(deployment, "SOURCES", ("infra", "cdk.json"))
    (tmp_path / "infra" / "__pycache__").mkdir(parents=True)
    (tmp_path / "infra" / "stack.py").write_text("one table")
    (tmp_path / "cdk.json").write_text(json.dumps({"app": "true"}))
    return tmp_path


def test_another_line_of_the_stack_is_another_stack(project: Path):
    before = deployment.fingerprint()
    (project / "infra" / "stack.py").write_text("two tables")
    assert deployment.fingerprint() != before


def test_bytecode_is_no_change_of_the_stack(project: Path):
    before = deployment.fingerprint()
    (project / "infra" / "__pycache__" / "stack.pyc").write_text("...")
    assert deployment.fingerprint() == before


def test_what_was_synthesised_once_is_not_synthesised_again(project: Path):
    made = project / "assemblies" / deployment.fingerprint()[:16]
    made.mkdir(parents=True)
    steps: list[str] = []
    assert deployment.synthesise(steps.append) == made
    assert steps == []


def test_an_app_that_does_not_synthesise_is_told_with_the_end_of_its_log(project: Path):
    (project / "cdk.json").write_text(json.dumps({"app": "echo no such table >&2; exit 3"}))
    with pytest.raises(DeployFailed, match=r"(?s)cdk synth failed: .*no such table"):
        deployment.synthesise(lambda _: None)
    assert not list((project / "assemblies").glob("*"))
