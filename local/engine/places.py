"""Where things are: everything the engine makes is inside the project's folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
NODE_MODULES: Final = PROJECT / "node_modules"
#: What the engine keeps: state, logs, unpacked tools. Safe to delete when nothing runs.
KEPT: Final = PROJECT / ".livehour"
LOGS: Final = KEPT / "logs"
PYTHON: Final = Path(sys.executable)


def kept(*parts: str | Path) -> Path:
    """A folder of the engine's own, made if it is not there."""
    folder = KEPT.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
