"""
Tables of the closing package, as CSV for people and their spreadsheets, and as JSON for programs.

CSV follows RFC 4180. A spreadsheet takes text that begins like a formula for one, whoever wrote it; such text gets an
apostrophe in front (OWASP, "CSV Injection"). Text is always quoted and numbers never, so a reader can tell them apart;
amounts are exact decimals of the currency. In JSON amounts are integers of minor units, as everywhere in the API.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.money import exact

FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide ones for the narrow
"""What a cell of text must not begin with."""
MARK: Final = "\ufeff"
"""Begins a CSV file: without it, spreadsheets do not take it for UTF-8."""
_LINE: Final = "\r\n"

Value = str | int | bool | None
Row = Sequence[Value]
"""Values in the order of the columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """A name, columns, and which of them are money."""

    name: str
    columns: tuple[str, ...]
    money: frozenset[str] = frozenset()

    @property
    def csv_head(self) -> str:
        """What a CSV file begins with."""
        return MARK + ",".join(self.columns) + _LINE

    def csv_line(self, row: Row, currency: str) -> str:
        """A row of the CSV file."""
        return ",".join(self._cells(row, currency)) + _LINE

    def json_row(self, row: Row) -> str:
        """A row as a JSON object, on one line."""
        named = dict(zip(self.columns, row, strict=True))
        return json.dumps(named, ensure_ascii=False, separators=(",", ":"))

    def csv(self, rows: Iterable[Row], currency: str) -> str:
        """A whole file."""
        return self.csv_head + "".join(self.csv_line(row, currency) for row in rows)

    def json(self, rows: Iterable[Row]) -> str:
        """A whole file: one array, one row a line."""
        return json_array(map(self.json_row, rows))

    def _cells(self, row: Row, currency: str) -> Iterable[str]:
        for column, value in zip(self.columns, row, strict=True):
            if isinstance(value, str):
                yield f'"{harmless(value).replace(chr(34), chr(34) * 2)}"'
            elif isinstance(value, bool):
                yield "true" if value else "false"
            elif value is None:
                yield ""
            else:
                yield exact(value, currency) if column in self.money else str(value)


def json_array(rows: Iterable[str]) -> str:
    """Rows that are JSON already, as one array."""
    return "[\n" + ",\n".join(rows) + "\n]\n"


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in FORMULA else text


def document(value: Any) -> str:
    """A JSON file that people may read too."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
