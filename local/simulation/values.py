"""DynamoDB's values in wire format (``{"N": "12"}``), compared, counted and put where a path leads."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.simulation.tokens import BadExpression

Value = Mapping[str, Any]
Item = Mapping[str, Any]
"""Attributes by name. An item in the store is never changed, only replaced."""

_INVALID_PATH = "The document path provided in the update expression is invalid for update"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


def comparable(value: Value) -> tuple[str, Any]:
    """A value as type and content, numbers by what they are worth."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, _number(content)
    if kind == "B":
        return kind, bytes(content)
    if kind == "M":
        return kind, {name: comparable(member) for name, member in content.items()}
    if kind == "L":
        return kind, [comparable(member) for member in content]
    return kind, content


def _number(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def add(old: Value | None, change: Value, *, negative: bool = False) -> Value:
    """The sum, or difference, of two numbers; what is absent counts as nothing."""
    if "N" not in change or (old is not None and "N" not in old):
        raise BadExpression(_WRONG_TYPE)
    before = _number(old["N"]) if old is not None else 0
    by = _number(change["N"])
    return {"N": str(before - by if negative else before + by)}


def size(value: Value | None) -> Value | None:
    """What the function ``size`` says of a value; nothing of what has no size."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind not in {"S", "B", "M", "L"}:
        return None
    return {"N": str(len(content.encode()) if kind == "S" else len(content))}


def value_at(item: Item, path: tuple[str, ...]) -> Value | None:
    """What stands at the end of a path, if anything does."""
    found: Any = item.get(path[0])
    for step in path[1:]:
        if found is None or "M" not in found:
            return None
        found = found["M"].get(step)
    return found  # type: ignore[no-any-return]


def put(item: dict[str, Any], path: tuple[str, ...], value: Value, own: set[str]) -> None:
    """Place a value. ``own``: top-level maps of this item that are nobody else's yet; grows."""
    _parent(item, path, own)[path[-1]] = value


def remove(item: dict[str, Any], path: tuple[str, ...], own: set[str]) -> None:
    """Take away what stands at the end of a path."""
    _parent(item, path, own).pop(path[-1], None)


def _parent(item: dict[str, Any], path: tuple[str, ...], own: set[str]) -> dict[str, Any]:
    if len(path) == 1:
        return item
    top = path[0]
    if top not in own and top in item:
        item[top] = _copy(item[top])
        own.add(top)
    holder = value_at(item, path[:-1])
    if holder is None or "M" not in holder:
        raise BadExpression(_INVALID_PATH)
    parent: dict[str, Any] = holder["M"]
    return parent


def _copy(value: Value) -> Value:
    """A copy that shares scalars: only maps are changed in place."""
    if "M" not in value:
        return value
    return {
        "M": {
            name: _copy(member) if "M" in member else member for name, member in value["M"].items()
        }
    }


def bytes_of(item: Item) -> int:
    """Bytes that an item counts for, by AWS's rule."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Value) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(bytes(content))
    if kind == "N":
        digits = content.lstrip("-").rstrip("0") or "0"
        size: int = (len(digits) + 1) // 2 + 1 + content.startswith("-")
        return size
    if kind == "M":
        return 3 + sum(len(name.encode()) + 1 + _bytes(member) for name, member in content.items())
    return 1
