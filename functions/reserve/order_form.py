"""
Reads the body of a reservation request with the standard library only: importing pydantic would cost this function
half of what boto3 does, on every cold start of a sale's first second.

A test holds it against ``shared.contracts.buying.ReservationRequest``: both accept and refuse the same bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.board import LARGEST_QUANTITY
from shared.domain.errors import InvalidRequest
from shared.domain.text import is_legible

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_COUPON = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,31}")
_LONGEST_BUYER_ID = 128
_MOST_STRANGERS = 20


def read_form(body: Mapping[str, Any]) -> tuple[str, int, str, str | None]:
    """SKU, quantity, buyer id and coupon of a request, or ``InvalidRequest`` naming each field at fault."""
    errors = [
        {"pointer": f"/{name}", "detail": fault}
        for name, check in _FIELDS.items()
        if (fault := check(body[name]) if name in body else "This field is required.")
    ]
    if fault := _coupon(body.get("coupon")):
        errors.append({"pointer": "/coupon", "detail": fault})
    strangers = [name for name in body if name not in _FIELDS and name != "coupon"]
    errors += [
        {"pointer": _pointer(name), "detail": "There is no such field."}
        for name in strangers[:_MOST_STRANGERS]
    ]
    if errors:
        raise InvalidRequest(errors=errors)
    return body["sku"], body["quantity"], body["buyer_id"], body.get("coupon")


def _sku(value: Any) -> str | None:
    if isinstance(value, str) and _SKU.fullmatch(value):
        return None
    return "Use 1 to 32 letters, digits, dots, underscores and hyphens, beginning with a letter or digit."


def _quantity(value: Any) -> str | None:
    if type(value) is int and 1 <= value <= LARGEST_QUANTITY:
        return None
    return f"Send a whole number from 1 to {LARGEST_QUANTITY}: no quotes, no fraction."


def _buyer_id(value: Any) -> str | None:
    if (
        isinstance(value, str)
        and len(value) <= _LONGEST_BUYER_ID
        and value.strip()
        and is_legible(value)
    ):
        return None
    return f"Send your own id of the buyer: 1 to {_LONGEST_BUYER_ID} characters, no control characters."


def _coupon(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and _COUPON.fullmatch(value)):
        return None
    return "Use 3 to 32 letters, digits, underscores and hyphens, beginning with a letter or digit."


_FIELDS: Mapping[str, Callable[[Any], str | None]] = {
    "sku": _sku,
    "quantity": _quantity,
    "buyer_id": _buyer_id,
}


def _pointer(name: str) -> str:
    return "/" + name[:64].replace("~", "~0").replace("/", "~1")
