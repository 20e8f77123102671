"""What a broken invariant is told as."""

from __future__ import annotations


class Violation(BaseException):
    """Something that must always hold does not. Not an ``Exception``, so that nothing takes it for trouble of its own."""


def expect(holds: object, *what: object) -> None:
    """``Violation``, with what was found, unless it holds."""
    if not holds:
        raise Violation(": ".join(map(str, what)))
