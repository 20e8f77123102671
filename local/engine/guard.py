"""Runs a command for as long as the process that asked for it lives: ``python -m local.engine.guard PID COMMAND...``.

An engine that a test or a demonstration has started must not outlive it, however that ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Final

LOOK_EVERY: Final = 0.5
GRACE_SECONDS: Final = 5.0


def main(parent: int, command: list[str]) -> int:
    """The command's own exit code."""
    child = subprocess.Popen(command)
    # Whoever stops us tells the whole group; we only see the child off.
    signal.signal(signal.SIGTERM, lambda *_: None)
    while child.poll() is None:
        if os.getppid() != parent:
            child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        time.sleep(LOOK_EVERY if child.poll() is None else 0)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
