"""What a provider keeps of a payment."""

from __future__ import annotations

import pytest

from shared.domain.payment_fee import NO_FEE, FeeTerms


@pytest.mark.parametrize(
    ("terms", "payment", "fee"),
    [
        (NO_FEE, 9900, 0),
        (FeeTerms(290, 30), 9900, 317),
        (FeeTerms(50), 100, 1),  # half a unit
        (FeeTerms(49), 100, 0),
        (FeeTerms(10_000), 1, 1),
        (FeeTerms(0, 30), 9900, 30),
        (FeeTerms(290, 30), 0, 0),
        (FeeTerms(1), 10**15, 10**11),
    ],
)
def test_a_fee_is_a_share_rounded_and_a_fixed_amount(terms: FeeTerms, payment: int, fee: int):
    assert terms.of(payment) == fee
