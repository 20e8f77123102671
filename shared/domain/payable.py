"""
Amounts that a payment provider can take: not every number of minor units is one to it.

Judged when a campaign is planned, by its prices: what is refused there would else be refused to its first buyer. And again
before units are held, by price and quantity, for a quantity that cannot be paid at once should not wait for its hold to end.
The provider ``test`` takes any amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.domain import stripe_currencies
from shared.domain.campaign import Campaign
from shared.domain.errors import AmountNotPayable
from shared.domain.money import legible

STRIPE: Final = "stripe"
TEST: Final = "test"
"""The provider that moves no money: refused where real money is taken."""
LARGEST_QUANTITY: Final = 100
"""Units of one reservation."""
_ANY: Final = 10**18
"""More than any price times any quantity."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a provider takes in one payment of a currency, in minor units of it (ISO 4217)."""

    minimum: int = 1
    maximum: int = _ANY
    step: int = 1
    """Of which every amount must be a multiple."""

    def takes(self, amount: int) -> bool:
        """Whether it takes this amount."""
        return self.minimum <= amount <= self.maximum and amount % self.step == 0


_NONE: Final = Bounds()


def bounds(provider: str, currency: str) -> Bounds:
    """What a provider takes in one payment of a currency that it takes."""
    if provider != STRIPE:
        return _NONE
    step = stripe_currencies.STEPS.get(currency, 1)
    minimum = stripe_currencies.MINIMUMS.get(currency, step)
    return Bounds(minimum, stripe_currencies.most_of(currency), step)


def step_of(provider: str, currency: str) -> int:
    """Minor units of which every price must be a multiple."""
    return stripe_currencies.STEPS.get(currency, 1) if provider == STRIPE else 1


def max_quantity(campaign: Campaign, unit_price: int, limit: int | None = None) -> int:
    """The most units at a price that one reservation can have. ``limit``: units of one buyer, if there is one."""
    at_once = min(LARGEST_QUANTITY, limit or LARGEST_QUANTITY)
    most = bounds(campaign.payment_provider, campaign.currency).maximum
    return min(at_once, most // unit_price) if unit_price else at_once


def refuse_unless_payable(campaign: Campaign, unit_price: int, quantity: int) -> None:
    """Raise ``AmountNotPayable`` unless so many units at a price can be paid in one payment."""
    if campaign.payment_provider != STRIPE:
        return
    currency = campaign.currency
    takes = bounds(STRIPE, currency)
    amount = unit_price * quantity
    if takes.takes(amount):
        return
    largest = max_quantity(campaign, unit_price)
    smallest = -(-takes.minimum // unit_price) if unit_price else 0
    is_any = 0 < smallest <= largest and unit_price % takes.step == 0
    if amount > takes.maximum and is_any:
        said = f"{quantity} units cost {legible(amount, currency)}: ask for at most {largest}."
    elif is_any:
        said = f"{quantity} units cost {legible(amount, currency)}: ask for at least {smallest}."
    else:
        said = f"At {legible(unit_price, currency)} a unit, no number of units can be paid."
    raise AmountNotPayable(
        said,
        largest_payable_quantity=largest if is_any else 0,
        smallest_payable_quantity=smallest if is_any else 0,
        minimum=takes.minimum,
        maximum=takes.maximum,
        currency=currency,
    )


def refund_fault(provider: str, currency: str, amount: int) -> str | None:
    """Why the provider could not give exactly this back; ``None`` if it can."""
    step = step_of(provider, currency)
    if not amount % step:
        return None
    return f"Stripe moves {currency} in steps of {step} minor units."


def price_faults(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """
    What the campaign's provider could not charge, not even for one unit: JSON pointer, and the sentence that says what would
    be right. What coupons leave of a price is not judged here (``show_plan``).
    """
    if campaign.payment_provider != STRIPE:
        return
    if campaign.currency not in stripe_currencies.TAKEN:
        yield "/currency", f"Stripe does not take {campaign.currency}."
        return
    takes = bounds(STRIPE, campaign.currency)
    prices = [
        (f"/offers/{number}/unit_price", offer.unit_price)
        for number, offer in enumerate(campaign.offers)
    ]
    for place, cues in (("run_of_show", campaign.run_of_show), ("improvised", campaign.improvised)):
        prices += [
            (f"/{place}/{number}/unit_price", cue.unit_price)
            for number, cue in enumerate(cues)
            if cue.unit_price is not None
        ]
    for pointer, price in prices:
        yield from ((pointer, said) for said in _faults_of(takes, price, campaign.currency))
    for number, cue in enumerate(campaign.run_of_show):
        if cue.amount_off is not None and cue.amount_off % takes.step:
            yield f"/run_of_show/{number}/amount_off", _in_steps(takes, campaign.currency)


def price_fault(campaign: Campaign, price: int) -> str | None:
    """Why the campaign's provider could not charge one unit at a price; ``None`` if it can."""
    takes = bounds(campaign.payment_provider, campaign.currency)
    return next(_faults_of(takes, price, campaign.currency), None)


def _faults_of(takes: Bounds, price: int, currency: str) -> Iterator[str]:
    if price % takes.step:
        yield _in_steps(takes, currency)
    if price < takes.minimum:
        yield f"Stripe takes no payment of less than {legible(takes.minimum, currency)}."
    if price > takes.maximum:
        yield f"Stripe takes no payment of more than {legible(takes.maximum, currency)}."


def _in_steps(takes: Bounds, currency: str) -> str:
    return f"Stripe charges {currency} in steps of {takes.step} minor units."
