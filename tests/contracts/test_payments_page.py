"""The pages whose tables are rules name, for every row, a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.domain.payment import Doubt

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "payments.md").read_text(encoding="utf-8")
CONVENTIONS = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<what>.+?) \| (?P<rule>.+?) \| `(?P<file>\S+)::(?P<test>\S+)` \|$", re.MULTILINE
)


def sources_of(file: str) -> str:
    paths = (ROOT / "tests").rglob(file)
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize(("page", "least"), [(PAGE, 60), (CONVENTIONS, 8)])
def test_every_row_names_a_test_that_there_is(page: str, least: int):
    heads = ("| what |", "| what happens |", "| what happens to a refund |", "| --- ")
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.startswith(heads)]
    found = list(ROW.finditer(page))

    assert len(found) == len(rows) > least
    for row in found:
        assert re.search(rf"^def {row['test']}\(", sources_of(row["file"]), re.MULTILINE), row[
            "what"
        ]


def test_no_ending_is_told_twice():
    endings = [row["what"] for row in ROW.finditer(PAGE)]
    assert len(set(endings)) == len(endings)


def test_every_doubt_has_its_row():
    told = {word for row in ROW.finditer(PAGE) for word in re.findall(r"`([a-z_]+)`", row["rule"])}
    # The order keeps its payment, and this one is of neither kind that moves money.
    assert {doubt.value for doubt in Doubt} - told == {Doubt.WRONG_PAYMENT.value}
