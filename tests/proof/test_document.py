"""The page about the proof says what there is: every case names tests that exist."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CASES = tomllib.loads((PROJECT / "tests/proof/cases.toml").read_text(encoding="utf-8"))["case"]


def test_every_case_is_there() -> None:
    assert [case["number"] for case in CASES] == list(range(1, 42))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["number"]))
def test_the_tests_of_a_case_exist(case: dict[str, list[str]]) -> None:
    assert case["tests"]
    for name in case["tests"]:
        file, _, function = name.partition("::")
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert function in found, name
