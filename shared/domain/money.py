"""Amounts as exact decimals. Everywhere else money is an integer of minor units."""

from __future__ import annotations

from typing import Final

_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS: Final = {**dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_THREE.split(), 3)}
"""Digits of the minor unit by ISO 4217, where they are not two."""


def exponent(currency: str) -> int:
    """Digits of the minor unit: so many decimals an amount has."""
    return EXPONENTS.get(currency, 2)


def exact(minor: int, currency: str) -> str:
    """``13167000``, ``CNY`` is ``131670.00``."""
    digits = exponent(currency)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).zfill(digits + 1)
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def legible(minor: int, currency: str) -> str:
    """``13167000``, ``CNY`` is ``131,670.00 CNY``: with the code, because ``¥`` is yen to some and yuan to others."""
    whole, dot, fraction = exact(abs(minor), currency).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{dot}{fraction} {currency}"
