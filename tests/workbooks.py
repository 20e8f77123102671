"""What stands in a workbook, cell by cell, as a spreadsheet would take it: read without the library that wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone


@dataclass(frozen=True)
class Cell:
    """``kind``: text, number, boolean, date, empty or formula."""

    kind: str
    value: str | float | bool | datetime | None = None
    format: str = ""


def read_workbook(data: bytes) -> dict[str, list[list[Cell]]]:
    """The rows of each sheet, by its name, as wide as its first row."""
    with ZipFile(BytesIO(data)) as parts:
        book = ET.fromstring(parts.read("xl/workbook.xml"))
        formats = _formats(ET.fromstring(parts.read("xl/styles.xml")))
        names = [sheet.attrib["name"] for sheet in book.iter(f"{_MAIN}sheet")]
        return {
            name: _rows(ET.fromstring(parts.read(f"xl/worksheets/sheet{at}.xml")), formats)
            for at, name in enumerate(names, 1)
        }


def _formats(styles: ET.Element) -> list[str]:
    own = {
        each.attrib["numFmtId"]: each.attrib["formatCode"] for each in styles.iter(f"{_MAIN}numFmt")
    }
    (cells,) = styles.iter(f"{_MAIN}cellXfs")
    return [own.get(each.attrib["numFmtId"], each.attrib["numFmtId"]) for each in cells]


def _rows(sheet: ET.Element, formats: list[str]) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    for row in sheet.iter(f"{_MAIN}row"):
        cells = {_column(each.attrib["r"]): _cell(each, formats) for each in row}
        width = len(found[0]) if found else max(cells) + 1
        assert all(column < width for column in cells)
        found.append([cells.get(column, Cell("empty")) for column in range(width)])
    return found


def _column(reference: str) -> int:
    at = 0
    for letter in re.match("[A-Z]+", reference)[0]:  # type: ignore[index]
        at = at * 26 + ord(letter) - 64
    return at - 1


def _cell(cell: ET.Element, formats: list[str]) -> Cell:
    shown = formats[int(cell.attrib.get("s", "0"))]
    if cell.find(f"{_MAIN}f") is not None:
        return Cell("formula")
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return Cell("text", "".join(part.text or "" for part in cell.iter(f"{_MAIN}t")), shown)
    value = cell.findtext(f"{_MAIN}v")
    if value is None:
        return Cell("empty")
    if kind == "b":
        return Cell("boolean", value == "1")
    assert kind == "n", kind
    if "yyyy" in shown:
        return Cell("date", _EPOCH + timedelta(seconds=round(float(value) * 86_400)), shown)
    return Cell("number", float(value), shown)
