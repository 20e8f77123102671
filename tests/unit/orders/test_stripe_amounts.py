"""Amounts as Stripe writes them, and there and back again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.stripe_amounts import from_stripe, to_stripe
from shared.contracts.currencies import CURRENCIES


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (9900, "CNY", 9900),
        (500, "JPY", 500),
        (500, "KRW", 500),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (500, "MGA", 5),
        (5120, "KWD", 5120),
    ],
)
def test_minor_units_are_written_as_stripe_wants_them(amount: int, currency: str, written: int):
    assert to_stripe(amount, currency) == written
    assert from_stripe(written, currency) == amount


@given(st.integers(1, 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_there_and_back_is_the_same(amount: int, currency: str):
    amount *= 100 if currency == "MGA" else 1

    assert from_stripe(to_stripe(amount, currency), currency) == amount


def test_a_part_of_a_unit_cannot_be_written_nor_read():
    with pytest.raises(ValueError, match="cannot write 501"):
        to_stripe(501, "MGA")
    assert from_stripe(501, "ISK") is None
