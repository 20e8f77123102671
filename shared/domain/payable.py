"""
Prices that a payment provider can charge: not every number of minor units is an amount to it.

Stripe takes amounts of three-decimal currencies in steps of ten minor units, and ariary without their fifths; and no
amount of nine digits or more in its smallest unit. What is refused here when a campaign is planned would else be refused
to its first buyer. https://docs.stripe.com/currencies
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shared.domain.campaign import Campaign

STRIPE: Final = "stripe"
STEPS: Final[Mapping[str, int]] = {
    "BHD": 10,
    "JOD": 10,
    "KWD": 10,
    "OMR": 10,
    "TND": 10,
    "MGA": 100,
}
"""Minor units (ISO 4217) of which a price must be a multiple; elsewhere any number will do."""
UNCHARGED: Final = frozenset({"IQD", "LYD"})
"""Three-decimal currencies that Stripe does not take."""
HIGHEST: Final = 99_999_999
"""Minor units of a price at most: eight digits, but for the currency below."""
HIGHEST_RUPIAH: Final = 999_999_999_999


def step_of(provider: str, currency: str) -> int:
    """Minor units of which every price must be a multiple."""
    return STEPS.get(currency, 1) if provider == STRIPE else 1


def refund_fault(provider: str, currency: str, amount: int) -> str | None:
    """Why the provider could not give exactly this back; ``None`` if it can."""
    step = step_of(provider, currency)
    if not amount % step:
        return None
    return f"Stripe moves {currency} in steps of {step} minor units."


def price_faults(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """What the campaign's provider could not charge: JSON pointer, and the sentence that says what would be right."""
    if campaign.payment_provider != STRIPE:
        return
    if campaign.currency in UNCHARGED:
        yield "/currency", f"Stripe does not take {campaign.currency}."
        return
    step = step_of(campaign.payment_provider, campaign.currency)
    highest = HIGHEST_RUPIAH if campaign.currency == "IDR" else HIGHEST
    prices = [
        (f"/offers/{number}/unit_price", offer.unit_price)
        for number, offer in enumerate(campaign.offers)
    ]
    prices += [
        (f"/run_of_show/{number}/unit_price", cue.unit_price)
        for number, cue in enumerate(campaign.run_of_show)
        if cue.unit_price is not None
    ]
    prices += [
        (f"/run_of_show/{number}/amount_off", cue.amount_off)
        for number, cue in enumerate(campaign.run_of_show)
        if cue.amount_off is not None
    ]
    prices += [
        (f"/improvised/{number}/unit_price", cue.unit_price)
        for number, cue in enumerate(campaign.improvised)
        if cue.unit_price is not None
    ]
    for pointer, price in prices:
        if price % step:
            yield pointer, f"Stripe charges {campaign.currency} in steps of {step} minor units."
        if price > highest:
            yield pointer, f"Stripe charges at most {highest:,} minor units."
