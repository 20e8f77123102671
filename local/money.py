"""Amounts as people read them. The API speaks in integers of minor units; nothing here is calculated with."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision


def money(amount: int, currency: str) -> str:
    """``13167000``, ``CNY`` is ``131,670.00 CNY``: with the code, because ``¥`` is yen to some and yuan to others."""
    exact = Decimal(amount).scaleb(-get_currency_precision(currency))
    written: str = format_currency(exact, currency, "#,##0.00 ¤¤", locale="en")
    return written.replace("\N{NO-BREAK SPACE}", " ")
