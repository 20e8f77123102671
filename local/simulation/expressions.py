"""
DynamoDB's expressions, as far as livehour writes them: conditions, key conditions and updates, on items in wire format.

The grammar is that of the DynamoDB developer guide ("Comparison operator and function reference", "Update expressions").
Every attribute name must be aliased (``#name``), because ours are. A test holds every result against DynamoDB Local.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from local.simulation.tokens import BadExpression, Path, Tokens, aliases
from local.simulation.values import Item, Value, add, comparable, put, remove, size, value_at

_ORDERED = frozenset("NSB")
"""Types of which one value can be less than another."""
_MISSING_OPERAND = "The provided expression refers to an attribute that does not exist in the item"


@dataclass(frozen=True, slots=True)
class Names:
    """What the aliases of one request stand for."""

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)

    def of(self, path: Path) -> tuple[str, ...]:
        """A path by its attributes' own names."""
        try:
            return tuple(self.names[step] for step in path)
        except KeyError as missing:
            raise BadExpression(f"an attribute name is not defined: {missing}") from None

    def check(self, *expressions: str | None) -> None:
        """``BadExpression`` unless exactly what is given is used."""
        used = aliases(expressions)
        if len(used) != len(self.names) + len(self.values) or not (
            used.issuperset(self.names) and used.issuperset(self.values)
        ):
            given = self.names.keys() | self.values.keys()
            raise BadExpression(f"unused or undefined in expressions: {sorted(used ^ given)}")


Operand = Callable[[Item, Names], Value | None]
Condition = Callable[[Item, Names], bool]


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The partition's value of a query, and what its sort key must be."""

    partition_name: str
    partition_value: str
    of_sort_key: Condition | None


def check_paths(expression: str, names: Names) -> None:
    """``BadExpression`` if an update writes one place twice. That is found before any condition is looked at."""
    paths = [names.of(aliased) for _, aliased, _ in _update(expression)]
    for place, path in enumerate(paths):
        if any(path[: len(other)] == other[: len(path)] for other in paths[:place]):
            raise BadExpression("Two document paths overlap with each other")


def holds(expression: str, item: Item | None, names: Names) -> bool:
    """Whether a condition holds for an item, or for its absence."""
    return _condition(expression)(item if item is not None else {}, names)


@lru_cache(maxsize=256)
def key_condition(expression: str) -> KeyCondition:
    """A query's key condition: the partition first, then perhaps the sort key."""
    tokens = Tokens(expression)
    name = tokens.take()
    tokens.take("=")
    value = tokens.take()
    of_sort_key = _all_of(tokens) if tokens.accept("AND") else None
    tokens.end()
    return KeyCondition(name, value, of_sort_key)


def apply_update(
    expression: str, item: Item, names: Names
) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """The item after an update, and the paths it set. All operands are read before anything changes."""
    after = dict(item)
    own: set[str] = set()
    """Top-level maps that were copied, so that the old item stays as it is."""
    paths: list[tuple[str, ...]] = []
    for action, aliased, operand in _update(expression):
        path = names.of(aliased)
        value = operand(item, names) if operand is not None else None
        if action == "REMOVE":
            remove(after, path, own)
        elif value is None:
            raise BadExpression(_MISSING_OPERAND)
        else:
            put(after, path, add(value_at(item, path), value) if action == "ADD" else value, own)
            paths.append(path)
    return after, paths


# -- conditions ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _condition(expression: str) -> Condition:
    tokens = Tokens(expression)
    condition = _any_of(tokens)
    tokens.end()
    return condition


def _any_of(tokens: Tokens) -> Condition:
    terms = [_all_of(tokens)]
    while tokens.accept("OR"):
        terms.append(_all_of(tokens))
    return terms[0] if len(terms) == 1 else lambda item, names: any(t(item, names) for t in terms)


def _all_of(tokens: Tokens) -> Condition:
    terms = [_one(tokens)]
    while tokens.accept("AND"):
        terms.append(_one(tokens))
    return terms[0] if len(terms) == 1 else lambda item, names: all(t(item, names) for t in terms)


def _one(tokens: Tokens) -> Condition:
    if tokens.accept("NOT"):
        inner = _one(tokens)
        return lambda item, names: not inner(item, names)
    if tokens.accept("("):
        inside = _any_of(tokens)
        tokens.take(")")
        return inside
    if tokens.accept("ATTRIBUTE_EXISTS"):
        path = tokens.argument()
        return lambda item, names: value_at(item, names.of(path)) is not None
    if tokens.accept("ATTRIBUTE_NOT_EXISTS"):
        path = tokens.argument()
        return lambda item, names: value_at(item, names.of(path)) is None
    return _comparison(tokens)


def _comparison(tokens: Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.accept("BETWEEN"):
        low = _operand(tokens)
        tokens.take("AND")
        high = _operand(tokens)
        return lambda item, names: (
            _compare(left(item, names), ">=", low(item, names))
            and _compare(left(item, names), "<=", high(item, names))
        )
    sign = tokens.take()
    right = _operand(tokens)
    return lambda item, names: _compare(left(item, names), sign, right(item, names))


def _compare(left: Value | None, sign: str, right: Value | None) -> bool:  # noqa: PLR0911 - one for each sign
    if left is None or right is None:
        # What is absent equals nothing and is on no side of anything, but it is different from everything.
        return sign == "<>"
    (kind, one), (other_kind, other) = comparable(left), comparable(right)
    if sign in ("=", "<>"):
        return (kind == other_kind and bool(one == other)) is (sign == "=")
    if kind != other_kind or kind not in _ORDERED:
        return False
    match sign:
        case "<":
            return bool(one < other)
        case "<=":
            return bool(one <= other)
        case ">":
            return bool(one > other)
        case ">=":
            return bool(one >= other)
    raise BadExpression(f"Syntax error; token: {sign!r}")


def _operand(tokens: Tokens) -> Operand:
    token = tokens.peek()
    if token.startswith(":"):
        tokens.take()
        return lambda _, names: names.values[token]
    if tokens.accept("SIZE"):
        measured = tokens.argument()
        return lambda item, names: size(value_at(item, names.of(measured)))
    if tokens.accept("IF_NOT_EXISTS"):
        tokens.take("(")
        wanted = tokens.path()
        tokens.take(",")
        otherwise = _operand(tokens)
        tokens.take(")")

        def first_there(item: Item, names: Names) -> Value | None:
            found = value_at(item, names.of(wanted))
            return found if found is not None else otherwise(item, names)

        return first_there
    path = tokens.path()
    return lambda item, names: value_at(item, names.of(path))


# -- updates ---------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _update(expression: str) -> tuple[tuple[str, Path, Operand | None], ...]:
    tokens = Tokens(expression)
    actions: list[tuple[str, Path, Operand | None]] = []
    while tokens.peek():
        clause = tokens.take().upper()
        if clause not in {"SET", "REMOVE", "ADD"}:
            raise BadExpression(f"Syntax error; token: {clause!r}")
        while True:
            path = tokens.path()
            operand: Operand | None = None
            if clause == "SET":
                tokens.take("=")
                operand = _arithmetic(tokens)
            elif clause == "ADD":
                operand = _operand(tokens)
            actions.append((clause, path, operand))
            if not tokens.accept(","):
                break
    return tuple(actions)


def _arithmetic(tokens: Tokens) -> Operand:
    left = _operand(tokens)
    sign = tokens.peek()
    if sign not in {"+", "-"}:
        return left
    tokens.take()
    right = _operand(tokens)

    def result(item: Item, names: Names) -> Value | None:
        one, other = left(item, names), right(item, names)
        if one is None or other is None:
            return None
        return add(one, other, negative=sign == "-")

    return result
