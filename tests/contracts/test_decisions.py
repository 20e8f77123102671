"""The index of decisions lists those there are, by their own titles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("0*.md"))
ROW = re.compile(r"^\| \[(?P<title>.+)\]\((?P<file>\S+)\) \| (?P<status>.+) \|$", re.MULTILINE)


def index() -> dict[str, tuple[str, str]]:
    rows = ROW.finditer((FOLDER / "README.md").read_text(encoding="utf-8"))
    return {row["file"]: (row["title"], row["status"]) for row in rows}


def test_the_index_lists_every_decision_in_order():
    assert list(index()) == [path.name for path in DECISIONS]


def test_no_number_is_used_twice():
    numbers = [path.name[:4] for path in DECISIONS]
    assert sorted(set(numbers)) == numbers


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_title_date_and_status(path: Path):
    heading, _, dated = path.read_text(encoding="utf-8").splitlines()[:3]
    date, _, status = dated.partition(" · ")

    assert heading.startswith(f"# {path.name[:4]} — ")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", date)
    assert index()[path.name] == (heading.removeprefix("# "), status)
