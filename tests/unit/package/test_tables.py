"""Tables as CSV and JSON: nothing that a spreadsheet runs, and nothing that reads differently than it was meant."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.currencies import CURRENCIES
from shared.domain.money import EXPONENTS, exact, legible
from shared.domain.tables import FORMULA, MARK, Table, harmless

SALES = Table("sales", ("name", "count", "amount", "late"), frozenset({"amount"}))
amounts = st.integers(-(10**20), 10**20)
legible_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"],  # noqa: RUF001
)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(text: str):
    assert harmless(text) == f"'{text}"
    (line,) = csv.reader(io.StringIO(SALES.csv_line((text, 1, 1, False), "CNY"), newline=""))
    assert line[0] == f"'{text}"


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_cell_of_text_ever_begins_like_a_formula_and_nothing_of_it_is_lost(text: str):
    (line,) = csv.reader(io.StringIO(SALES.csv_line((text, 0, 0, True), "CNY"), newline=""))
    assert line[0][:1] not in FORMULA or not line[0]
    # However it is split, and whatever blanks and quotes are dropped, no part begins like a formula.
    for part in re.split("[;,\t]", line[0]):
        assert part.lstrip(' \n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85"')[:1] not in FORMULA
    assert line[0].replace("'", "") == text.replace("'", "")
    assert line[1:] == ["0", "0.00", "true"]


@given(rows=st.lists(st.tuples(legible_text, st.integers(), amounts, st.booleans())))
def test_a_table_reads_back_as_it_was_written(rows: list[tuple[str, int, int, bool]]):
    read = json.loads(SALES.json(rows))
    assert [tuple(row.values()) for row in read] == rows
    text = SALES.csv(rows, "KWD")
    assert text.startswith(MARK)
    found = list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))
    assert [int(row["count"]) for row in found] == [row[1] for row in rows]
    assert [Decimal(row["amount"]) * 1000 for row in found] == [row[2] for row in rows]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\t=1+1", "'\t'=1+1"),
        ("\tx", "'\tx"),
        ("a;=1+1", "a;'=1+1"),
        ("a,=1+1", "a,'=1+1"),
        ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
        ('a;"=1+1"', 'a;"\'=1+1"'),
        ("a; =1+1", "a; '=1+1"),
        (" =1+1", " '=1+1"),
        ('"=1', "\"'=1"),
        ("a;b", "a;b"),
        ("a - b", "a - b"),
        ("50% off; 2+1", "50% off; 2+1"),
        ("00123", "00123"),
    ],
)
def test_text_that_another_separator_would_split_into_a_formula_is_disarmed(text: str, safe: str):
    assert harmless(text) == safe


@given(st.text(max_size=30))
def test_what_is_disarmed_stays_so(text: str):
    assert harmless(harmless(text)) == harmless(text)


@given(text=legible_text)
def test_what_a_program_imports_is_exact(text: str):
    table = replace(SALES, exact=True)
    (line,) = csv.reader(io.StringIO(table.csv_line((text, 0, 0, True), "CNY"), newline=""))
    assert line == [text, "0", "0.00", "true"]


def test_numbers_are_numbers_though_they_are_negative_and_nothing_is_empty():
    assert SALES.csv_line(("a", -3, -150, True), "CNY") == '"a",-3,-1.50,true\r\n'
    assert SALES.csv_line(('say "a"', None, None, None), "CNY") == '"say ""a""",,,\r\n'


@pytest.mark.parametrize(
    ("minor", "currency", "decimal", "people"),
    [
        (13_167_000, "CNY", "131670.00", "131,670.00 CNY"),
        (5, "CNY", "0.05", "0.05 CNY"),
        (-5, "CNY", "-0.05", "-0.05 CNY"),
        (0, "USD", "0.00", "0.00 USD"),
        (1_234_567, "JPY", "1234567", "1,234,567 JPY"),
        (-1_234, "KWD", "-1.234", "-1.234 KWD"),
    ],
)
def test_amounts_are_exact_decimals_of_their_currency(minor, currency, decimal, people):
    assert exact(minor, currency) == decimal
    assert legible(minor, currency) == people


def test_minor_units_are_those_of_iso_4217():
    assert set(EXPONENTS) <= CURRENCIES
    # Unicode's digits are what shops in a country show; where they are fewer, the currency still has its minor unit.
    fewer = {code for code in CURRENCIES if get_currency_precision(code) < EXPONENTS.get(code, 2)}
    more = {code for code in CURRENCIES if get_currency_precision(code) > EXPONENTS.get(code, 2)}
    assert not more
    assert {"CNY", "USD", "EUR", "JPY", "KRW", "KWD"}.isdisjoint(fewer)
