"""The currencies of the world, against the Unicode consortium's list."""

from __future__ import annotations

from datetime import date

from babel.core import get_global
from babel.numbers import get_territory_currencies

from shared.contracts.currencies import CURRENCIES

NOVEMBER_2026 = date(2026, 11, 22)
# Bulgaria has paid in euros since January 2026, which older lists do not know.
WITHDRAWN = {"BGN"}


def test_they_are_what_people_pay_with_somewhere():
    legal_tender = {
        currency
        for territory in get_global("territory_currencies")
        for currency in get_territory_currencies(territory, start_date=NOVEMBER_2026, tender=True)
    }
    assert legal_tender - WITHDRAWN == CURRENCIES
