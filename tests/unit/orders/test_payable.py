"""What a payment provider takes: judged before units are held, with the quantity that could be paid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.stripe_amounts import from_stripe, to_stripe
from shared.contracts.currencies import CURRENCIES
from shared.domain.campaign import Cue
from shared.domain.errors import AmountNotPayable
from shared.domain.money import exponent
from shared.domain.payable import (
    LARGEST_QUANTITY,
    bounds,
    max_quantity,
    price_faults,
    refuse_unless_payable,
)
from shared.domain.stripe_currencies import MINIMUMS, STEPS, STRIPE_UNITS, TAKEN, most_of
from tests.shop import HOLD, Shop


def priced(unit_price: int, currency: str = "USD", **fields: Any) -> Shop:
    """A shop that takes cards, with one offer at this price."""
    shop = Shop(units=200)
    offer = replace(shop.campaign.offers[0], unit_price=unit_price)
    shop.show(
        shop.campaign.changed(
            payment_provider="stripe", currency=currency, offers=(offer,), **fields
        )
    )
    return shop


@pytest.mark.parametrize(
    ("currency", "unit_price", "quantity", "largest", "smallest"),
    [
        ("USD", 60_000_000, 2, 1, 1),
        ("USD", 1_000_000, 100, 99, 1),
        ("JPY", 50_000_000, 2, 1, 1),
        ("ISK", 400_000, 3, 2, 1),
        ("UGX", 999_999, 2, 1, 1),
        ("KWD", 50_000_000, 2, 1, 1),
        ("IDR", 400_000_000_000, 3, 2, 1),
        ("MGA", 5_000_000_000, 2, 1, 1),
        # Changed since it was planned.
        ("EUR", 20, 2, 100, 3),
        ("USD", 100_000_000, 1, 0, 0),
        ("KWD", 5_124, 1, 0, 0),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_before_units_are_held(
    currency: str, unit_price: int, quantity: int, largest: int, smallest: int
):
    shop = priced(unit_price, currency)

    with pytest.raises(AmountNotPayable) as refused:
        shop.reserve(quantity=quantity)

    takes = bounds("stripe", currency)
    assert refused.value.facts == {
        "largest_payable_quantity": largest,
        "smallest_payable_quantity": smallest,
        "minimum": takes.minimum,
        "maximum": takes.maximum,
        "currency": currency,
    }
    assert shop.stock.writes == 0
    if largest:
        held = shop.reserve(quantity=min(largest, max(smallest, 1)), key="less")
        assert takes.takes(held.check.amount)


def test_a_repeated_request_gets_what_it_was_promised_whatever_the_price_is_now():
    shop = priced(1_000_000)
    held = shop.reserve(quantity=50, key="once")
    at = shop.now + 1 - shop.campaign.starts_at
    dearer = Cue(at=at, cue="price", sku="FUJI-12", unit_price=90_000_000)
    shop.show(shop.campaign.changed(improvised=(dearer,)))
    shop.now += 1

    assert shop.reserve(quantity=50, key="once").id == held.id
    with pytest.raises(AmountNotPayable):
        shop.reserve(quantity=50, key="another")


def test_a_discount_makes_a_quantity_payable():
    cue = Cue(at=0, cue="coupon", code="HALF", percent_off=50, seconds=3600)
    shop = priced(2_000_000, run_of_show=(cue,))

    with pytest.raises(AmountNotPayable):
        shop.reserve(quantity=60)
    assert shop.reserve(quantity=60, coupon="HALF").check.amount == 60_000_000


def test_what_became_unpayable_while_units_were_held_is_refused_at_checkout():
    shop = Shop(units=200)
    held = shop.reserve()
    shop.show(shop.campaign.changed(payment_provider="stripe", currency="HUF"))
    shop.now += HOLD // 2

    with pytest.raises(AmountNotPayable):
        shop.check_out(held)
    assert not shop.bank.payments


def test_the_provider_that_moves_no_money_takes_any_amount():
    shop = Shop(units=200)
    offer = replace(shop.campaign.offers[0], unit_price=10**12)
    shop.show(shop.campaign.changed(currency="CUP", offers=(offer,)))

    assert shop.reserve(quantity=100).check.amount == 10**14
    assert not list(price_faults(shop.campaign))


@given(
    currency=st.sampled_from(sorted(TAKEN & CURRENCIES)),
    unit_price=st.integers(1, 10**12),
    quantity=st.integers(1, LARGEST_QUANTITY),
)
def test_what_is_said_to_be_payable_is_payable(currency: str, unit_price: int, quantity: int):
    campaign = priced(unit_price, currency).campaign
    takes = bounds("stripe", currency)
    assert max_quantity(campaign, unit_price) * unit_price <= takes.maximum
    try:
        refuse_unless_payable(campaign, unit_price, quantity)
    except AmountNotPayable as refused:
        assert not takes.takes(unit_price * quantity)
        for name in ("smallest_payable_quantity", "largest_payable_quantity"):
            if units := refused.facts[name]:
                refuse_unless_payable(campaign, unit_price, units)
        if refused.facts["largest_payable_quantity"] not in (0, LARGEST_QUANTITY):
            more = refused.facts["largest_payable_quantity"] + 1
            assert not takes.takes(unit_price * more)
    else:
        written = to_stripe(unit_price * quantity, currency)
        assert from_stripe(written, currency) == unit_price * quantity
        assert len(str(written)) <= (12 if currency == "IDR" else 8)


@pytest.mark.parametrize("currency", sorted(TAKEN & CURRENCIES))
def test_the_data_fit_together(currency: str):
    takes = bounds("stripe", currency)
    assert 0 < takes.minimum < takes.maximum == most_of(currency)
    assert takes.minimum % takes.step == 0
    if exponent(currency) == 3:
        assert STEPS[currency] == 10
    if currency in ("ISK", "UGX"):
        assert to_stripe(5, currency) == 500


def test_the_data_name_no_currency_that_is_not_taken():
    assert set(MINIMUMS) | set(STEPS) | set(STRIPE_UNITS) <= TAKEN
    for currency in ("CUP", "IRR", "KPW", "SYP", "VES", "GHS", "IQD", "LYD"):
        assert currency in CURRENCIES - TAKEN
