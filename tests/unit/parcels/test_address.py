"""Addresses: written small, read back as they were, and looked at as a carrier would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.buying import ShipTo
from shared.domain.address import FIELDS, RULES, missing, read, write
from shared.table import LARGEST_SHIP_TO

PLAIN = {"name": "Li Wei", "line1": "1 Nanjing Road", "city": "Shanghai", "country": "CN"}
SIV = 16
"""Bytes that a seal adds."""

words = st.text(min_size=1, max_size=40)


def test_the_fields_are_those_of_a_checkout():
    assert set(FIELDS) == set(ShipTo.model_fields)


@given(st.dictionaries(st.sampled_from(FIELDS), words))
def test_what_is_written_is_read_back(address: dict[str, str]):
    assert read(write(address)) == address


def test_a_field_that_nobody_knows_is_not_lost_in_silence():
    with pytest.raises(ValueError, match="planet"):
        write({**PLAIN, "planet": "Mars"})


@pytest.mark.parametrize("letter", ["x", "富"])
def test_the_longest_address_fits_into_an_order_when_it_is_sealed(letter: str):
    """As long as a checkout takes it."""
    longest: dict[str, str] = {}
    for count in range(1, 400):
        address = {
            **PLAIN,
            "line1": letter * min(count, 200),
            "line2": letter * max(1, count - 200),
        }
        try:
            body = ShipTo.model_validate(address)
        except ValueError:
            break
        longest = body.model_dump(exclude_none=True)
    assert len(write(longest)) + SIV <= LARGEST_SHIP_TO


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ({**PLAIN, "phone": "+86 21 5555"}, []),
        (PLAIN, ["phone"]),
        ({**PLAIN, "phone": "1", "postal_code": "20012"}, ["postal_code"]),
        ({**PLAIN, "phone": "1", "postal_code": "200 120"}, []),
        ({**PLAIN, "country": "US"}, ["region", "postal_code"]),
        ({**PLAIN, "country": "US", "region": "WA", "postal_code": "98101-1234"}, []),
        ({**PLAIN, "country": "GB", "postal_code": "sw1a 1aa"}, []),
        ({**PLAIN, "country": "GB", "postal_code": "12345"}, ["postal_code"]),
        (
            {**PLAIN, "country": "FR", "postal_code": "\u0667\u0665\u0660\u0660\u0661"},
            ["postal_code"],
        ),
        ({**PLAIN, "country": "HK"}, []),
        ({**PLAIN, "country": "XX"}, []),
        ({}, ["name", "line1", "city", "country"]),
    ],
)
def test_what_a_carrier_would_ask_for_is_named(address: dict[str, str], wanted: list[str]):
    assert missing(address) == wanted


def test_rules_name_fields_that_there_are():
    assert {name for rule in RULES.values() for name in rule.needs} <= set(FIELDS)
