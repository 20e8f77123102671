"""Where in a JSON text a value stands: from the API's JSON pointers to the lines of the file that a person wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

WHITE: Final = re.compile(r"\s*")
SCALAR: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')
#: Python reads these, and JSON does not have them.
NOT_JSON: Final = frozenset({"NaN", "Infinity", "-Infinity"})


class BrokenJson(Exception):
    """The text is not the JSON object that it should be; ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column of a text, counted from 1."""

    line: int
    column: int


class LocatedJson:
    """A JSON object that knows where in its text each of its values begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: dict[str, int] = {}
        try:
            value = json.loads(text)
            self._walk(self._skip(0), "")
        except json.JSONDecodeError as fault:
            raise BrokenJson(fault.msg, line=fault.lineno, column=fault.colno) from None
        except RecursionError:
            raise BrokenJson("this is nested too deep", line=1, column=1) from None
        if not isinstance(value, dict):
            raise self._broken("a JSON object is wanted here: {...}", self._skip(0))
        self.value: Mapping[str, Any] = value

    def place(self, pointer: str) -> Place:
        """Where the value of a JSON pointer begins; if it is not there, where the nearest value around it does."""
        while pointer not in self._starts:
            pointer = pointer.rpartition("/")[0]
        return self._place(self._starts[pointer])

    def _walk(self, at: int, pointer: str) -> int:
        """Note where the value at ``at`` begins and what is in it; where it ends. The text is known to be JSON."""
        self._starts[pointer] = at
        if self._text[at] not in "{[":
            written = self._scalar(at)
            if written in NOT_JSON:
                raise self._broken(f"{written} is no number of JSON", at)
            return at + len(written)
        named, number = self._text[at] == "{", 0
        at = self._skip(at + 1)
        while self._text[at] not in "}]":
            step, at = self._member(at, pointer) if named else (str(number), at)
            at = self._skip(self._walk(at, f"{pointer}/{step}"))
            if self._text[at] == ",":
                at = self._skip(at + 1)
            number += 1
        return at + 1

    def _member(self, at: int, pointer: str) -> tuple[str, int]:
        """The name of a member, as a step of a pointer, and where its value begins."""
        written = self._scalar(at)
        step = str(json.loads(written)).replace("~", "~0").replace("/", "~1")
        if f"{pointer}/{step}" in self._starts:
            raise self._broken(f"{written} is here a second time", at)
        return step, self._skip(self._skip(at + len(written)) + 1)

    def _scalar(self, at: int) -> str:
        found = SCALAR.match(self._text, at)
        return found.group() if found else ""

    def _skip(self, at: int) -> int:
        found = WHITE.match(self._text, at)
        return found.end() if found else at

    def _place(self, at: int) -> Place:
        line = self._text.count("\n", 0, at) + 1
        return Place(line, at - self._text.rfind("\n", 0, at))

    def _broken(self, message: str, at: int) -> BrokenJson:
        place = self._place(at)
        return BrokenJson(message, line=place.line, column=place.column)
