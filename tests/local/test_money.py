import pytest

from local.money import money


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (13_167_000, "CNY", "131,670.00 CNY"),
        (0, "USD", "0.00 USD"),
        (1_234, "JPY", "1,234 JPY"),
        (12_345, "KWD", "12.345 KWD"),
        (-5, "EUR", "-0.05 EUR"),
        (12_345, "ALL", "123.45 ALL"),
        (10**18 + 1, "CNY", "10,000,000,000,000,000.01 CNY"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(amount: int, currency: str, written: str):
    assert money(amount, currency) == written
