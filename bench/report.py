"""Rows of the report, as a table for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement."""

    what: str
    measured: float
    budget: float | None = None
    """At most; ``None``: only for comparison."""
    note: str = ""

    @property
    def within(self) -> bool:
        """Whether the budget is kept."""
        return self.budget is None or self.measured <= self.budget + 1e-9


def show(rows: Iterable[Row]) -> bool:
    """Print the rows, write them down, and say whether every budget is kept."""
    rows = list(rows)
    results = [{**asdict(row), "within": row.within} for row in rows]
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return tell(rows)


def tell(rows: Iterable[Row]) -> bool:
    """Print the rows, and say whether every budget is kept."""
    rows = list(rows)
    sheet = Table(title="Budgets", title_justify="left")
    for name, side in (
        ("what", "left"),
        ("measured", "right"),
        ("budget", "right"),
        ("", "left"),
        ("note", "left"),
    ):
        sheet.add_column(name, justify=side)  # type: ignore[arg-type]
    for row in rows:
        budget = "" if row.budget is None else f"≤ {row.budget:g}"
        mark = "" if row.budget is None else "kept" if row.within else "MISSED"
        sheet.add_row(row.what, f"{row.measured:.3g}", budget, mark, row.note)
    Console().print(sheet)
    return all(row.within for row in rows)
