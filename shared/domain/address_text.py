"""
Spelling of addresses: one form for what phones, browsers and input methods write in many.

What is normalised is how a text is coded, and never what it says. NFKC alone would change more: it makes ``12½`` the number
121/2, takes the vowel of Thai words apart, and puts a blank in front of accents that stand alone; those it leaves be.
Applied twice, the result is the same as applied once.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u200b\u2060\ufeff\u00ad"
)
"""Direction marks, which address books of phones put around what they copy, and characters of no width. Joiners are not
among them: words of Persian and of many Indian languages need those. Overrides are neither, for they show another text than
the one that is there: they are refused, as in all text, but around a telephone number."""
_OVERRIDES: Final = str.maketrans(dict.fromkeys("\u202d\u202e"))
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_FRACTIONS: Final = {
    character: unicodedata.normalize("NFKC", character).replace("\u2044", "/")
    for character in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
}
_APOSTROPHES: Final = {"\u00b4": "'", "`": "'", "\u02b9": "'"}
_TRANSLATED: Final = str.maketrans(
    {
        **dict.fromkeys(_INVISIBLE, None),
        **dict.fromkeys(_DASHES, "-"),
        **_APOSTROPHES,
    }
)
_AS_WRITTEN: Final = frozenset({"<super>", "<sub>", "<fraction>"})
_LONG_VOWEL_MARK: Final = re.compile(r"(?<=[0-9])ー(?=[0-9])")
"""Written for a dash between numbers where a Japanese keyboard is on: 1ー2ー3."""
_BLANKS: Final = re.compile(r" {2,}")


def normal(text: str) -> str:
    """A text in its normal form: no invisible marks, plain dashes and digits, single blanks, NFC."""
    if text.isascii():
        return _BLANKS.sub(" ", text.replace("`", "'")).strip(" ")
    text = "".join(map(_compatible, text.translate(_TRANSLATED)))
    text = unicodedata.normalize("NFC", _mixed_numbers(text))
    # What was decomposed may have brought more of it: the wide hyphen and the wide accent, for instance.
    text = text.translate(_TRANSLATED)
    text = _LONG_VOWEL_MARK.sub("-", text)
    return _BLANKS.sub(" ", text).strip(" ")


def _compatible(character: str) -> str:
    if character.isascii() or character in _FRACTIONS:
        return character
    kind, _, _ = unicodedata.decomposition(character).partition(" ")
    if not kind.startswith("<") or kind in _AS_WRITTEN:
        return character
    if "\u0e00" <= character <= "\u0fff":
        # Thai, Lao and Tibetan: vowels that are one key and one sign.
        return character
    plain = unicodedata.normalize("NFKC", character)
    # NFKC puts a blank before an accent that has no letter.
    return character if plain[:1] == " " and len(plain) > 1 else plain


def _mixed_numbers(text: str) -> str:
    for character, plain in _FRACTIONS.items():
        if character in text:
            text = re.sub(rf"(?<=[0-9]){character}", f" {plain}", text).replace(character, plain)
    return text


def normal_country(text: str) -> str:
    """A country's code in capitals; a name stays a name, in capitals."""
    return normal(text).upper()


def normal_code(text: str) -> str:
    """A postal code in capitals, without the Japanese postal mark."""
    return normal(text).upper().lstrip("〒").strip(" ")


def normal_phone(text: str) -> str:
    """A telephone number as text, without the overrides that phones put around what they copy: digits read one way only."""
    return normal(text.translate(_OVERRIDES))
