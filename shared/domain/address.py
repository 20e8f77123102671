"""
Addresses: how they are written down, and what a fault in one is.

What the addresses of a country must have is known to an adapter (``AddressRules``), which asks the libraries of the field.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

FIELDS: Final = (
    *("name", "line1", "line2", "city", "region", "postal_code", "country", "phone", "email"),
)
"""In this order an address is written down: a field may be added at the end, and none taken away."""
MOST_CHARACTERS: Final = 500
"""Of an address, over all its fields."""
_DEFLATED: Final = b"\x01"
"""Begins an address that is written compressed. What is not compressed begins with a bracket."""


@dataclass(frozen=True, slots=True)
class AddressFault:
    """What is wrong with one field."""

    field: str
    detail: str
    """What to do about it."""
    suggestion: str | None = None
    """What would be right, if there is no doubt about it."""


def write(address: Mapping[str, str]) -> bytes:
    """
    An address, without the names of its fields and compressed where that is shorter, for an order has little room.

    ``ValueError``: a field that no address has.
    """
    strange = set(address) - set(FIELDS)
    if strange:
        raise ValueError(f"an address has no {', '.join(sorted(strange))}")
    values = [address.get(name, "") for name in FIELDS]
    while values and not values[-1]:
        values.pop()
    plain = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = _DEFLATED + packer.compress(plain) + packer.flush()
    return min(plain, packed, key=len)


def read(written: bytes) -> dict[str, str]:
    """What ``write`` has written."""
    plain = zlib.decompress(written[1:], -15) if written[:1] == _DEFLATED else written
    return dict(_filled(json.loads(plain)))


def _filled(values: list[str]) -> Iterator[tuple[str, str]]:
    for name, value in zip(FIELDS, values, strict=False):
        if value:
            yield name, value
