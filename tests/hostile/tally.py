"""What was tried, counted: ``build/proof/hostile.json``, which the document of the proof is made from."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path

KEPT = Path(__file__).parents[2] / "build" / "proof" / "hostile.json"


def tally(kind: str, part: str, counts: Mapping[str, float]) -> None:
    """Note the counts of one part of a kind of test, in place of those of an earlier run."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        kept = json.loads(text) if text else {}
        kept.setdefault(kind, {})[part] = dict(counts)
        file.truncate(0)
        file.write(json.dumps(kept, indent=1, sort_keys=True) + "\n")
