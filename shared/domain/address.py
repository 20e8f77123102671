"""
Addresses: how they are written down, and what a carrier cannot do without.

What a country's addresses need beyond a name, a line and a town, and what its postal codes look like, is Google's public
address metadata (https://chromium-i18n.appspot.com/ssl-address), for the countries that most parcels of such sales go to. A
country that is not listed is asked for no more than every country: a rule that is not known refuses nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

FIELDS: Final = (
    *("name", "line1", "line2", "city", "region", "postal_code", "country", "phone", "email"),
)
"""In this order an address is written down: a field may be added at the end, and none taken away."""
ALWAYS: Final = ("name", "line1", "city", "country")


@dataclass(frozen=True, slots=True)
class Rule:
    """What addresses of one country have."""

    needs: tuple[str, ...] = ()
    postal_code: str = ""
    """As a regular expression, over the code without spaces in capitals."""


_CODE: Final = ("postal_code",)
_REGION: Final = ("region", "postal_code")
RULES: Final[Mapping[str, Rule]] = {
    "AT": Rule(_CODE, r"\d{4}"),
    "AU": Rule(_REGION, r"\d{4}"),
    "BE": Rule(_CODE, r"\d{4}"),
    "BR": Rule(_REGION, r"\d{5}-?\d{3}"),
    "CA": Rule(_REGION, r"[ABCEGHJKLMNPRSTVXY]\d[A-Z]\d[A-Z]\d"),
    "CH": Rule(_CODE, r"\d{4}"),
    # Parcels find their way there by telephone; of the postal code, carriers make no use.
    "CN": Rule(("phone",), r"\d{6}"),
    "CZ": Rule(_CODE, r"\d{5}"),
    "DE": Rule(_CODE, r"\d{5}"),
    "DK": Rule(_CODE, r"\d{4}"),
    "ES": Rule(_REGION, r"\d{5}"),
    "FI": Rule(_CODE, r"\d{5}"),
    "FR": Rule(_CODE, r"\d{5}"),
    "GB": Rule(_CODE, r"GIR0AA|[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}"),
    "GR": Rule(_CODE, r"\d{5}"),
    "HU": Rule(_CODE, r"\d{4}"),
    "IN": Rule(_REGION, r"\d{6}"),
    "IT": Rule(_REGION, r"\d{5}"),
    "JP": Rule(_REGION, r"\d{3}-?\d{4}"),
    "KR": Rule(_REGION, r"\d{5}"),
    "MX": Rule(_REGION, r"\d{5}"),
    "MY": Rule(_CODE, r"\d{5}"),
    "NL": Rule(_CODE, r"[1-9]\d{3}[A-Z]{2}"),
    "NO": Rule(_CODE, r"\d{4}"),
    "NZ": Rule(_CODE, r"\d{4}"),
    "PL": Rule(_CODE, r"\d{2}-?\d{3}"),
    "PT": Rule(_CODE, r"\d{4}-?\d{3}"),
    "SE": Rule(_CODE, r"\d{5}"),
    "SG": Rule(_CODE, r"\d{6}"),
    "TR": Rule(_CODE, r"\d{5}"),
    "TW": Rule(_REGION, r"\d{3}(\d{2,3})?"),
    "US": Rule(_REGION, r"\d{5}(-\d{4})?"),
    "ZA": Rule(_CODE, r"\d{4}"),
}


def missing(address: Mapping[str, str]) -> list[str]:
    """The fields that a carrier would ask for, or could make nothing of: none for an address that is good."""
    rule = RULES.get(address.get("country", ""), Rule())
    found = [name for name in (*ALWAYS, *rule.needs) if not address.get(name, "").strip()]
    code = address.get("postal_code", "").replace(" ", "").upper()
    if code and rule.postal_code and not re.fullmatch(rule.postal_code, code, re.ASCII):
        found.append("postal_code")
    return found


def write(address: Mapping[str, str]) -> bytes:
    """An address, without the names of its fields, for an order has no room for them. ``ValueError``: one too many."""
    strange = set(address) - set(FIELDS)
    if strange:
        raise ValueError(f"an address has no {', '.join(sorted(strange))}")
    values = [address.get(name, "") for name in FIELDS]
    while values and not values[-1]:
        values.pop()
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def read(written: bytes) -> dict[str, str]:
    """What ``write`` has written."""
    return dict(_filled(json.loads(written)))


def _filled(values: list[str]) -> Iterator[tuple[str, str]]:
    for name, value in zip(FIELDS, values, strict=False):
        if value:
            yield name, value
