"""
Amounts as Stripe writes them: minor units of ISO 4217, but for three currencies.

Króna and Ugandan shilling have no minor unit and are written with two decimals, always zero; ariary are written whole.
https://docs.stripe.com/currencies#special-cases
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

_STRIPE_UNITS: Final = {"ISK": Fraction(100), "UGX": Fraction(100), "MGA": Fraction(1, 100)}
"""Stripe's units in one minor unit of ours."""


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units in Stripe's. ``ValueError`` for what it cannot write."""
    written = amount * _STRIPE_UNITS.get(currency, Fraction(1))
    if written.denominator != 1:
        raise ValueError(f"Stripe cannot write {amount} minor units of {currency}")
    return int(written)


def from_stripe(amount: int, currency: str) -> int | None:
    """Stripe's units in our minor units; ``None`` if it is no whole number of them."""
    ours = amount / _STRIPE_UNITS.get(currency, Fraction(1))
    return int(ours) if ours.denominator == 1 else None
