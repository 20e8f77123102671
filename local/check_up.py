"""``livehour doctor``: what this machine lacks, and how to get it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from local import install, wall
from local.engine import browser, ministack, toolchain
from local.engine.errors import ToolMissing
from local.engine.places import PROJECT
from local.engine.ports import listens

INSTALL: Final = "run `make install`"
ROOM: Final = 2 * 1024**3
"""Bytes on the disk: packages, an unpacked browser, and what functions unpack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``cure`` is said when it is not fine."""

    what: str
    found: str
    fine: bool = True
    cure: str = ""

    def as_told(self) -> dict[str, Any]:
        """As one entry of ``livehour doctor --json``."""
        told = asdict(self)
        return told if not self.fine else {name: told[name] for name in ("what", "found", "fine")}


def check_up() -> list[Finding]:
    """Everything that has to be there, and a word on what would be in the way."""
    return [
        _python(),
        _packages(),
        _tool("Node", lambda: _version(toolchain.node(), "--version")),
        _tool("CDK command line", _cdk),
        _tool("Java", lambda: _version(toolchain.java(), "--version")),
        _tool("DynamoDB Local", lambda: toolchain.dynamodb_local_folder().name),
        _tool("browser (tests)", _browser),
        _port("engine's port", ministack.PORT),
        _port("wall's port", wall.PORT),
        _disk(),
    ]


def _python() -> Finding:
    version = sys.version.split()[0]
    fine = sys.version_info[:2] >= install.OLDEST_PYTHON
    return Finding(
        what="Python",
        found=version,
        fine=fine,
        cure="install Python 3.11 or newer, then " + INSTALL,
    )


def _packages() -> Finding:
    stamp = install.STAMP
    if stamp.exists() and stamp.read_text() == install.fingerprint():
        return Finding(what="packages", found="as the lock files say")
    return Finding(what="packages", found="not what the lock files say", fine=False, cure=INSTALL)


def _tool(what: str, version: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, found=version())
    except ToolMissing:
        return Finding(what=what, found="missing", fine=False, cure=INSTALL)
    except (OSError, subprocess.SubprocessError) as fault:
        return Finding(
            what=what,
            found=f"does not run here ({fault})",
            fine=False,
            cure="its package has none for this kind of machine: use Linux (x86-64, arm64) or macOS",
        )


def _version(program: Path, option: str) -> str:
    said = subprocess.run([str(program), option], capture_output=True, text=True, check=True)
    return said.stdout.splitlines()[0]


def _cdk() -> str:
    manifest = toolchain.cdk().parents[1] / "package.json"
    version: str = json.loads(manifest.read_text())["version"]
    return version


def _browser() -> str:
    if not browser.packaged():
        return str(browser.installed())
    return f"Chromium of {toolchain.chromium_folder().relative_to(PROJECT)}"


def _port(what: str, port: int) -> Finding:
    taken = listens(port)
    return Finding(
        what=what, found=f"{port} {'in use: the next start takes a free one' if taken else 'free'}"
    )


def _disk() -> Finding:
    free = shutil.disk_usage(PROJECT).free
    return Finding(
        what="disk",
        found=f"{free / 1024**3:.1f} GB free",
        fine=free >= ROOM,
        cure=f"make {ROOM // 1024**3} GB of room for the packages",
    )
