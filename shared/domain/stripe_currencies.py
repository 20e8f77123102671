"""
What Stripe takes, by currency.

Source: Stripe's page "Supported currencies" (https://docs.stripe.com/currencies): its presentment currencies, its zero- and
three-decimal currencies, its special cases, and its minimum and maximum charge amounts. As known on 1 December 2026, by
stored copies of the page (the last with a table of amounts is of 2023 or 2024) and by lists that others have drawn from it
since the Caribbean guilder came (April 2025). Where copies differ, the narrower reading is here: a plan that is refused can
be changed, a payment that is refused cannot.

What an account takes besides depends on its country and its methods, and Stripe answers for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TWO_DECIMALS: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK
DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD
LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD
SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD XCG YER ZAR ZMW
"""
"""As Stripe writes them: króna and Ugandan shilling too, which have no minor unit."""
_NO_DECIMALS: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
"""As Stripe writes them: ariary too, which have fifths."""
_THREE_DECIMALS: Final = "BHD JOD KWD OMR TND"

TAKEN: Final = frozenset(f"{_TWO_DECIMALS} {_NO_DECIMALS} {_THREE_DECIMALS}".split())
"""
Currencies in which it takes payments. Not among them, of those that people pay with: BTN, CUP, ERN, GHS, IQD, IRR, KPW, LYD,
MRU, SDG, SSP, STN, SYP, TMT, VES and ZWG.
"""

STRIPE_UNITS: Final[Mapping[str, tuple[int, int]]] = {
    "ISK": (100, 1),
    "UGX": (100, 1),
    "MGA": (1, 100),
}
"""
So many of Stripe's units are so many minor units of ISO 4217, where they are not the same. Króna and shilling end in two
zeros, always.
"""

STEPS: Final[Mapping[str, int]] = {**dict.fromkeys(_THREE_DECIMALS.split(), 10), "MGA": 100}
"""Minor units (ISO 4217) of which an amount must be a multiple; elsewhere any number will do."""

MINIMUMS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("AUD", "BRL", "CAD", "CHF", "EUR", "INR", "JPY", "NZD", "SGD", "USD"), 50),
    **dict.fromkeys(("AED", "MYR", "PLN", "RON"), 200),
    **dict.fromkeys(("NOK", "SEK"), 300),
    **dict.fromkeys(("MXN", "THB"), 1_000),
    "BGN": 100,
    "CZK": 1_500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17_500,
}
"""
Minor units that a payment must have, by the currency that the account is paid out in. Of another currency the minimum is its
worth in that one, at the rate of the moment, which only Stripe knows.
"""

_DIGITS: Final[Mapping[str, int]] = {"IDR": 12}
_MOST_DIGITS: Final = 8


def most_of(currency: str) -> int:
    """Minor units (ISO 4217) that a payment can have: eight digits in Stripe's units, and twelve of rupiah."""
    theirs, ours = STRIPE_UNITS.get(currency, (1, 1))
    largest: int = 10 ** _DIGITS.get(currency, _MOST_DIGITS) - 1
    return largest * ours // theirs
