from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from local import generate
from local.engine.places import PROJECT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def make(_: Path) -> Mapping[str, str]:
        return {"docs/a.json": "new\n", "events/b.json": "苹果\n"}

    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    monkeypatch.setattr(generate, "MAKERS", (make,))
    monkeypatch.setattr(generate, "WHOLLY_MADE", ("events",))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.json").write_text("old\n")
    (tmp_path / "events").mkdir()
    (tmp_path / "events/stale.json").write_text("{}")
    return tmp_path


def test_a_check_names_what_differs_and_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    assert generate.main(["--check"]) == 1
    told = capsys.readouterr().err
    for path in ("docs/a.json", "events/b.json", "events/stale.json"):
        assert f"{path} is not what the code says: run `make generate`." in told
    assert (project / "docs/a.json").read_text() == "old\n"


def test_after_writing_there_is_nothing_to_name(project: Path, capsys: pytest.CaptureFixture[str]):
    assert generate.main([]) == 0
    assert (project / "events/b.json").read_text(encoding="utf-8") == "苹果\n"
    assert not (project / "events/stale.json").exists()
    capsys.readouterr()
    assert generate.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_the_generated_files_of_this_project_are_what_the_code_says():
    assert dict(generate.differences(PROJECT)) == {}
