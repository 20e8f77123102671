"""
Workbooks (Office Open XML) by ``XlsxWriter``: tables with types, so that a spreadsheet has nothing to guess.

Text is text, whatever it looks like: a SKU with leading zeros, one that reads like a date, a name that begins like a
formula. Amounts are numbers with the decimals of their currency; local times are dates. The same rows give the same bytes:
the date of creation is given, and nothing in the file is drawn at random.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from shared.domain.money import EXPONENTS, exact
from shared.domain.tables import Row, Table

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_DIGITS: Final = 10**15
"""From here on a number is written as text: a spreadsheet would round it."""
_WIDTH: Final = 18
"""Characters of a column."""
MOST_ROWS: Final = 1_048_575
"""Of a sheet, beside its head. A piece of a package has some 50,000."""


class XlsxWorkbooks:
    """Implements ``Workbooks``."""

    def begin(self, file: IO[bytes], *, title: str, currency: str, created: int) -> XlsxWorkbook:
        return XlsxWorkbook(file, title=title, currency=currency, created=created)


class XlsxWorkbook:
    """Implements ``Workbook``: one row of each sheet is in memory."""

    def __init__(self, file: IO[bytes], *, title: str, currency: str, created: int) -> None:
        # Only the packages' builder has use of it, and the other steps of the machine share its code.
        from xlsxwriter import Workbook  # noqa: PLC0415

        self._book = Workbook(file, {"constant_memory": True})
        at = datetime.fromtimestamp(created, UTC).replace(tzinfo=None)
        self._book.set_properties({"title": title, "author": "livehour", "created": at})
        self._currency = currency
        digits = EXPONENTS.get(currency, 2)
        money = "#,##0" + ("." + "0" * digits if digits else "")
        self._head = self._book.add_format({"bold": True})
        self._text = self._book.add_format({"num_format": "@"})
        self._money = self._book.add_format({"num_format": money})
        self._clock = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheets: dict[str, tuple[Worksheet, int]] = {}
        self._finished = False

    def sheet(self, table: Table) -> None:
        """Begin a table's sheet, named after it."""
        sheet = self._book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, _WIDTH)
        for column, name in enumerate(table.columns):
            sheet.write_string(0, column, name, self._head)
        self._sheets[table.name] = sheet, 1

    def add(self, table: Table, row: Row) -> None:
        """One row more of a table whose sheet was begun."""
        sheet, at = self._sheets[table.name]
        for column, (name, value) in enumerate(zip(table.columns, row, strict=True)):
            self._cell(sheet, at, column, value, table, name)
        self._sheets[table.name] = sheet, at + 1

    def finish(self) -> None:
        """Write the file."""
        self._finished = True
        self._book.close()

    def discard(self) -> None:
        """Close the files of a workbook that will not be finished. Nothing happens to one that is finished."""
        if not self._finished:
            for sheet, _ in self._sheets.values():
                sheet.row_data_fh.close()
                Path(sheet.row_data_filename).unlink(missing_ok=True)
            self._book.fileclosed = True

    def _cell(
        self, sheet: Worksheet, row: int, column: int, value: Any, table: Table, name: str
    ) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, str):
            if name in table.clocks:
                wall = datetime.fromisoformat(value).replace(tzinfo=None)
                sheet.write_datetime(row, column, wall, self._clock)
            else:
                sheet.write_string(row, column, value, self._text)
        elif abs(value) >= _DIGITS:
            text = exact(value, self._currency) if name in table.money else str(value)
            sheet.write_string(row, column, text, self._text)
        elif name in table.money:
            amount = float(Decimal(exact(value, self._currency)))
            sheet.write_number(row, column, amount, self._money)
        else:
            sheet.write_number(row, column, value)
