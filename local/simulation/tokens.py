"""The words of DynamoDB's expressions."""

from __future__ import annotations

import re
from functools import lru_cache

Path = tuple[str, ...]
"""Aliases (``#name``), outermost first."""

_TOKEN = re.compile(r"\s*(#\w+|:\w+|<=|>=|<>|[=<>(),.+-]|[A-Za-z_]\w*)")
_ALIAS = re.compile(r"[#:]\w+")


class BadExpression(ValueError):
    """DynamoDB would answer with a ValidationException."""


@lru_cache(maxsize=4096)
def aliases(expressions: tuple[str | None, ...]) -> frozenset[str]:
    """All aliases of names and values in some expressions."""
    return frozenset(alias for text in expressions if text for alias in _ALIAS.findall(text))


class Tokens:
    """An expression, read from left to right. Words are taken in upper case or as they are."""

    def __init__(self, expression: str) -> None:
        self._all = _split(expression)
        self._at = 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self._all[self._at] if self._at < len(self._all) else ""

    def take(self, expected: str | None = None) -> str:
        """The next token, which must be the expected one, if one is."""
        token = self.peek()
        if not token or (expected is not None and token.upper() != expected):
            raise BadExpression(f"Syntax error; token: {token!r}, expected {expected!r}")
        self._at += 1
        return token

    def accept(self, token: str) -> bool:
        """Take the next token if it is this one."""
        if self.peek().upper() != token:
            return False
        self._at += 1
        return True

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise BadExpression(f"Syntax error; token: {self.peek()!r}")

    def path(self) -> Path:
        """An attribute's aliased path."""
        steps = [self.take()]
        while self.accept("."):
            steps.append(self.take())
        if not all(step.startswith("#") for step in steps):
            raise BadExpression(f"an attribute name is not aliased: {'.'.join(steps)}")
        return tuple(steps)

    def argument(self) -> Path:
        """A path in parentheses."""
        self.take("(")
        path = self.path()
        self.take(")")
        return path


def _split(expression: str) -> list[str]:
    found = []
    at = 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(f"Syntax error at {text[at : at + 10]!r}")
        found.append(match.group(1))
        at = match.end()
    return found
