"""The page that says what a unit costs names, for every case, a test that there is; and every such test has its row."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "prices.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<what>.+?) \| (?P<rule>.+?) \| `(?P<file>\S+)::(?P<test>\S+)` \|$", re.MULTILINE
)
OF_THE_PAGE = ("test_price_rule.py", "test_prices_of_turns.py", "test_price_refusals.py")


def names_in(file: str) -> set[str]:
    (path,) = (ROOT / "tests").rglob(file)
    return set(re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_row_names_a_test_that_there_is():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.startswith("| --- ") and "| test |" not in line]
    found = list(ROW.finditer(PAGE))

    assert len(found) == len(rows) > 50
    for row in found:
        assert row["test"] in names_in(row["file"]), row["what"]


def test_every_test_of_the_page_has_its_row():
    named = {(row["file"], row["test"]) for row in ROW.finditer(PAGE)}
    for file in OF_THE_PAGE:
        assert {(file, test) for test in names_in(file)} - named == set()
