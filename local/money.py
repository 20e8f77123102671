"""Amounts as people read them. The API speaks in integers of minor units; nothing here is calculated with."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency

from shared.domain.money import EXPONENTS, exact


def money(amount: int, currency: str) -> str:
    """``13167000``, ``CNY`` is ``131,670.00 CNY``: with the code, because ``¥`` is yen to some and yuan to others."""
    digits = EXPONENTS.get(currency, 2)
    form = f"#,##0{'.' * bool(digits)}{'0' * digits} ¤¤"
    # By ISO 4217: Unicode's own digits are what shops of a country show, and some show no minor unit that there is.
    written: str = format_currency(
        Decimal(exact(amount, currency)), currency, form, locale="en", currency_digits=False
    )
    return written.replace("\N{NO-BREAK SPACE}", " ")
