"""
Tables, as CSV for people and their spreadsheets, as CSV for programs that import it, and as JSON.

CSV follows RFC 4180. A spreadsheet takes text that begins like a formula for one, whoever wrote it, and so does one that
splits by another separator with what follows that in the middle of a cell; for people, such text gets an apostrophe in front
of each such place (OWASP, "CSV Injection"). A table that a program imports (``exact``) has its text as it is. Text is always
quoted and numbers never, so a reader can tell them apart; amounts are exact decimals of the currency. In JSON amounts are
integers of minor units, as everywhere in the API, and nothing is changed for anybody's spreadsheet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.money import exact

FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide ones for the narrow
"""What a cell of text must not begin with."""
_SIGNS: Final = re.escape("".join(sorted(FORMULA - frozenset("\t\r\n"))))
_ARMED: Final = re.compile(rf"(^|[;,\t])([\s\"]*)(?=[{_SIGNS}])")
"""A place where a cell may be taken to begin: of the file, or of one that is split by another separator."""
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
    clocks: frozenset[str] = frozenset()
    """Columns of local times, each an ISO 8601 text with its offset: a workbook shows them as dates."""
    exact: bool = False
    """Whether its CSV is imported by programs: text is in it as it is."""

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
                text = value if self.exact else harmless(value)
                yield f'"{text.replace(chr(34), chr(34) * 2)}"'
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
    """Text of which no spreadsheet takes anything for a formula, whatever it splits cells by."""
    if text[:1] in FORMULA:
        text = f"'{text}"
    return _ARMED.sub(r"\1\2'", text)


def document(value: Any) -> str:
    """A JSON file that people may read too."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
