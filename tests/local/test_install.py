from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import install
from local.engine.places import PROJECT

LOCKS = ("requirements.lock", "requirements-lambda.lock", "package-lock.json")


@pytest.mark.parametrize("version", [(2, 7), (3, 10)])
def test_an_old_python_is_told_what_to_do(version: tuple[int, int]):
    with pytest.raises(install.Incomplete, match=r"too old: install Python 3\.11 or newer"):
        install.require_python(version)


def test_an_old_python_can_read_the_installer():
    ast.parse(Path(install.__file__).read_text(), feature_version=(3, 7))


def test_the_installer_needs_the_standard_library_only():
    isolated = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import runpy; runpy.run_path({install.__file__!r})",
    ]
    subprocess.run(isolated, check=True)


def test_what_is_installed_already_is_not_installed_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    (tmp_path / "stamp").write_text(install.fingerprint())
    monkeypatch.setattr(install, "make_venv", lambda: pytest.fail("it is all there"))
    assert install.main() == 0


def test_another_lock_is_another_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(install, "PROJECT", tmp_path)
    for name in install.LOCKS:
        (tmp_path / name).write_text("boto3==1")
    before = install.fingerprint()
    (tmp_path / install.LOCKS[0]).write_text("boto3==2")
    assert install.fingerprint() != before


def test_without_a_registry_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(install, "make_venv", lambda: None)
    failed = subprocess.CompletedProcess[bytes]([], 1)
    monkeypatch.setattr(install, "run", lambda *_, **__: failed)
    assert install.main() == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith(
        "livehour: Python packages could not be downloaded: connect to the network"
    )
    assert not (tmp_path / "stamp").exists()


def test_one_package_is_taken_from_the_lock_with_all_its_hashes():
    lock = "uv==1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n    # via x\nuvloop==2 \\\n    --hash=sha256:c\n"
    assert install.locked("uv", lock) == "uv==1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n"
    assert install.locked("uvloop", lock) == "uvloop==2 \\\n    --hash=sha256:c\n"
    with pytest.raises(install.Incomplete, match="run `make lock`"):
        install.locked("node", lock)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name: str):
    text = (PROJECT / name).read_text()
    assert not re.search(
        r"--(extra-)?index-url|\"resolved\"|files\.pythonhosted|registry\.npmjs", text
    )


def test_the_layer_holds_the_versions_that_are_tested():
    tested = versions("requirements.lock")
    layer = versions("requirements-lambda.lock")
    assert layer.items() <= tested.items()
    assert {"pydantic", "aws-lambda-powertools", "standardwebhooks"} <= layer.keys()


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", (PROJECT / lock).read_text()))
