"""What a run has tried and found, kept for ``docs/proof.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parents[2] / "build" / "proof"


def keep_record(name: str, figures: Mapping[str, Any]) -> None:
    RECORDS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=2, sort_keys=True, ensure_ascii=False)
    (RECORDS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
