"""
Amounts as Stripe writes them: minor units of ISO 4217, but for three currencies.

Króna and Ugandan shilling have no minor unit and are written with two decimals, always zero; ariary are written whole.
https://docs.stripe.com/currencies#special-cases
"""

from __future__ import annotations

from shared.domain.stripe_currencies import STRIPE_UNITS

_THE_SAME = (1, 1)


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units in Stripe's. ``ValueError`` for what it cannot write."""
    theirs, ours = STRIPE_UNITS.get(currency, _THE_SAME)
    written, rest = divmod(amount * theirs, ours)
    if rest:
        raise ValueError(f"Stripe cannot write {amount} minor units of {currency}")
    return written


def from_stripe(amount: int, currency: str) -> int | None:
    """Stripe's units in our minor units; ``None`` if it is no whole number of them."""
    theirs, ours = STRIPE_UNITS.get(currency, _THE_SAME)
    units, rest = divmod(amount * ours, theirs)
    return None if rest else units
