"""What counts as text that a wall, a log and a spreadsheet can show in one line."""

from __future__ import annotations

import unicodedata

_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_legible(text: str) -> bool:
    """Whether the text has no control characters, line breaks or direction overrides.

    Joiners may stand, for emoji and many scripts need them; so may characters newer than this Python's tables.
    """
    return (text.isascii() and text.isprintable()) or not any(map(_is_control, text))


def _is_control(character: str) -> bool:
    code = ord(character)
    never_a_character = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return (
        never_a_character
        or character in _DIRECTION_OVERRIDES
        or unicodedata.category(character) in _CONTROLS
    )
