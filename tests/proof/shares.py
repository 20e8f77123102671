"""Shares of a record: what several tests, perhaps in several processes, have tried of one thing."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from typing import Any

from tests.proof.record import RECORDS


def keep_share(name: str, share: str, figures: Mapping[str, Any]) -> None:
    """Put the figures of one share into a record, beside those of the others, in place of its own of an earlier run."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / f"{name}.json"
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        record = json.loads(file.read() or "{}")
        record[share] = dict(figures)
        file.truncate(0)
        file.write(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
