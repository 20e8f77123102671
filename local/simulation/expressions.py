"""
DynamoDB's expressions, as far as livehour writes them: conditions, key conditions and updates, on items in wire format.

The grammar is that of the DynamoDB developer guide ("Comparison operator and function reference", "Update expressions"). Every attribute name
must be aliased (``#name``), because ours are. A test holds every result against DynamoDB Local.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = MutableMapping[str, Any]
"""Attributes by name, each ``{"S": …}``, ``{"N": …}``, ``{"M": …}`` and so on."""
Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What the aliases of one request stand for."""

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)


class BadExpression(ValueError):
    """DynamoDB would answer with a ValidationException."""


Operand = Callable[[Item, Names], Value | None]
Condition = Callable[[Item, Names], bool]
Path = tuple[str, ...]

_TOKEN = re.compile(r"\s*(#[\w]+|:[\w]+|<=|>=|<>|[=<>(),.+-]|[A-Za-z_]\w*)")


def holds(expression: str, item: Item | None, names: Names) -> bool:
    """Whether a condition holds for an item, or for its absence."""
    return _condition(expression)(item if item is not None else {}, names)


def apply_update(expression: str, item: Item, names: Names) -> tuple[Item, set[str]]:
    """The item after an update, and the top-level attributes that it touched. All operands are read before anything changes."""
    after: Item = _copy(item)
    touched: set[str] = set()
    for action, path, operand in _update(expression):
        where = [_name(step, names) for step in path]
        touched.add(where[0])
        if action == "SET":
            value = operand(item, names) if operand else None
            if value is None:
                raise BadExpression("The provided expression refers to an attribute that does not exist in the item")
            _put(after, where, value)
        elif action == "REMOVE":
            _drop(after, where)
        else:
            added = operand(item, names) if operand else None
            _put(after, where, _sum(_get(item, where), added))
    return after, touched


# -- values ----------------------------------------------------------------------------------------------


def _copy(item: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that shares scalars: only maps are changed in place."""
    return {name: {"M": _copy(value["M"])} if "M" in value else value for name, value in item.items()}


def number(value: Value) -> Decimal:
    """A number of the wire."""
    return Decimal(value["N"])


def comparable(value: Value) -> tuple[str, Any]:
    """A value as type and content, numbers by what they are worth."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "B":
        return kind, bytes(content)
    if kind == "M":
        return kind, {name: comparable(member) for name, member in content.items()}
    if kind == "L":
        return kind, [comparable(member) for member in content]
    return kind, content


def _sum(old: Value | None, added: Value | None) -> Value:
    if added is None or "N" not in added or (old is not None and "N" not in old):
        raise BadExpression("An operand in the update expression has an incorrect data type")
    return {"N": str((number(old) if old else Decimal(0)) + number(added))}


def _name(step: str, names: Names) -> str:
    if step not in names.names:
        raise BadExpression(f"An expression attribute name used in the document path is not defined: {step}")
    return names.names[step]


def _get(item: Mapping[str, Any], where: list[str]) -> Value | None:
    value: Any = {"M": item}
    for step in where:
        if not isinstance(value, Mapping) or "M" not in value or step not in value["M"]:
            return None
        value = value["M"][step]
    found: Value = value
    return found


def _parent(item: Item, where: list[str]) -> Item:
    holder: Any = _get(item, where[:-1]) if len(where) > 1 else {"M": item}
    if holder is None or "M" not in holder:
        raise BadExpression("The document path provided in the update expression is invalid for update")
    parent: Item = holder["M"]
    return parent


def _put(item: Item, where: list[str], value: Value) -> None:
    _parent(item, where)[where[-1]] = value


def _drop(item: Item, where: list[str]) -> None:
    _parent(item, where).pop(where[-1], None)


# -- parsing ---------------------------------------------------------------------------------------------


class _Tokens:
    def __init__(self, expression: str) -> None:
        self._all = list(_split(expression))
        self._at = 0

    def peek(self) -> str:
        return self._all[self._at] if self._at < len(self._all) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if expected is not None and token.upper() != expected:
            raise BadExpression(f"Syntax error; token: {token!r}, expected {expected!r}")
        self._at += 1
        return token

    def accept(self, token: str) -> bool:
        if self.peek().upper() == token:
            self._at += 1
            return True
        return False


def _split(expression: str) -> Iterator[str]:
    at = 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(f"Syntax error at {text[at : at + 10]!r}")
        yield match.group(1)
        at = match.end()


@lru_cache(maxsize=4096)
def _condition(expression: str) -> Condition:
    tokens = _Tokens(expression)
    condition = _any_of(tokens)
    if tokens.peek():
        raise BadExpression(f"Syntax error; token: {tokens.peek()!r}")
    return condition


def _any_of(tokens: _Tokens) -> Condition:
    terms = [_all_of(tokens)]
    while tokens.accept("OR"):
        terms.append(_all_of(tokens))
    return terms[0] if len(terms) == 1 else lambda item, names: any(term(item, names) for term in terms)


def _all_of(tokens: _Tokens) -> Condition:
    terms = [_one(tokens)]
    while tokens.accept("AND"):
        terms.append(_one(tokens))
    return terms[0] if len(terms) == 1 else lambda item, names: all(term(item, names) for term in terms)


def _one(tokens: _Tokens) -> Condition:
    if tokens.accept("NOT"):
        inner = _one(tokens)
        return lambda item, names: not inner(item, names)
    if tokens.accept("("):
        inside = _any_of(tokens)
        tokens.take(")")
        return inside
    word = tokens.peek().lower()
    if word in {"attribute_exists", "attribute_not_exists"}:
        tokens.take()
        tokens.take("(")
        path = _path(tokens)
        tokens.take(")")
        wanted = word == "attribute_exists"
        return lambda item, names: (_at(item, path, names) is not None) == wanted
    if word == "begins_with":
        tokens.take()
        tokens.take("(")
        whole = _operand(tokens)
        tokens.take(",")
        start = _operand(tokens)
        tokens.take(")")
        return lambda item, names: _begins(whole(item, names), start(item, names))
    return _comparison(tokens)


def _begins(whole: Value | None, start: Value | None) -> bool:
    return whole is not None and start is not None and str(whole.get("S", "\0")).startswith(start["S"])


def _comparison(tokens: _Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.accept("BETWEEN"):
        low = _operand(tokens)
        tokens.take("AND")
        high = _operand(tokens)
        return lambda item, names: (
            _compare(left(item, names), ">=", low(item, names)) and _compare(left(item, names), "<=", high(item, names))
        )
    if tokens.accept("IN"):
        tokens.take("(")
        options = [_operand(tokens)]
        while tokens.accept(","):
            options.append(_operand(tokens))
        tokens.take(")")
        return lambda item, names: any(_compare(left(item, names), "=", option(item, names)) for option in options)
    sign = tokens.take()
    right = _operand(tokens)
    return lambda item, names: _compare(left(item, names), sign, right(item, names))


def _compare(left: Value | None, sign: str, right: Value | None) -> bool:
    if left is None or right is None:
        # What is absent equals nothing and is on no side of anything, but it is different from every value.
        return sign == "<>" and (left is not None or right is not None)
    (kind, one), (other_kind, other) = comparable(left), comparable(right)
    if sign == "=":
        return kind == other_kind and bool(one == other)
    if sign == "<>":
        return kind != other_kind or bool(one != other)
    if kind != other_kind:
        return False
    outcome: bool = {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign]
    return outcome


def _path(tokens: _Tokens) -> Path:
    steps = [tokens.take()]
    while tokens.accept("."):
        steps.append(tokens.take())
    if not all(step.startswith("#") for step in steps):
        raise BadExpression(f"an attribute name is not aliased: {'.'.join(steps)}")
    return tuple(steps)


def _at(item: Item, path: Path, names: Names) -> Value | None:
    return _get(item, [_name(step, names) for step in path])


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.peek()
    if token.startswith(":"):
        tokens.take()
        return lambda _, names: _value(token, names)
    if token.lower() == "size":
        tokens.take()
        tokens.take("(")
        path = _path(tokens)
        tokens.take(")")
        return lambda item, names: _size(_at(item, path, names))
    if token.lower() == "if_not_exists":
        tokens.take()
        tokens.take("(")
        path = _path(tokens)
        tokens.take(",")
        otherwise = _operand(tokens)
        tokens.take(")")
        return lambda item, names: found if (found := _at(item, path, names)) is not None else otherwise(item, names)
    path = _path(tokens)
    return lambda item, names: _at(item, path, names)


def _value(token: str, names: Names) -> Value:
    if token not in names.values:
        raise BadExpression(f"An expression attribute value used in expression is not defined: {token}")
    return names.values[token]


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    return {"N": str(len(content.encode()) if kind == "S" else len(content))}


@lru_cache(maxsize=4096)
def _update(expression: str) -> tuple[tuple[str, Path, Operand | None], ...]:
    tokens = _Tokens(expression)
    actions: list[tuple[str, Path, Operand | None]] = []
    while tokens.peek():
        clause = tokens.take().upper()
        if clause not in {"SET", "REMOVE", "ADD"}:
            raise BadExpression(f"Syntax error; token: {clause!r}")
        while True:
            path = _path(tokens)
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


def _arithmetic(tokens: _Tokens) -> Operand:
    left = _operand(tokens)
    sign = tokens.peek()
    if sign not in {"+", "-"}:
        return left
    tokens.take()
    right = _operand(tokens)

    def result(item: Item, names: Names) -> Value:
        one, other = left(item, names), right(item, names)
        if one is None or other is None:
            raise BadExpression("The provided expression refers to an attribute that does not exist in the item")
        change = number(other) if sign == "+" else -number(other)
        return {"N": str(number(one) + change)}

    return result
