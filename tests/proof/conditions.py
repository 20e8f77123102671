"""
The conditions of conditional writes, as the store sees them: collected while shows are played, and taken away one by one.

Nothing here knows the adapters. Whatever condition reaches the store is found, also one that is written tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from local.simulation.expressions import Names, holds
from local.simulation.memory_dynamodb import MemoryDynamoDB
from shared import table

_ALIAS = re.compile(r"[#:]\w+")
_VERB = re.compile(r"\b(?:SET|ADD|REMOVE|DELETE)\b")
_OF_A_REQUEST = re.compile(r"[A-Za-z0-9_-]{8}")
"""A ledger key, which is another for each request."""
_KEYS = {name for spec in table.TABLES.values() for name in (spec.key, spec.sort)}
"""Attributes of all items of a table, of whatever length their names are."""

Term = tuple[str, str, str]
"""Table, the kind of write, and what must hold for it, by the attributes' own names."""


def writes(operation: str, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The conditional writes of a call."""
    if operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            yield from (part for part in action.values() if "ConditionExpression" in part)
    elif "ConditionExpression" in request:
        yield request


def terms(write: Mapping[str, Any]) -> list[str]:
    """What all must hold of a condition: its parts between the outermost ANDs."""
    text = write["ConditionExpression"]
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"[()]| AND | OR ", text):
        match match.group():
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case " OR " if depth == 0:
                return [text]
            case " AND " if depth == 0:
                parts.append(text[start : match.start()])
                start = match.end()
    return [*parts, text[start:]]


def term_of(write: Mapping[str, Any], text: str) -> Term:
    """A part of a condition by what it means, not by its aliases."""
    return write["TableName"], _kind(write), _meaning(write, text)


def _kind(write: Mapping[str, Any]) -> str:
    """``Put``, or what an update does. Whatever moves entries of a ledger is one kind."""
    if "UpdateExpression" not in write:
        return "Put"
    said = _meaning(write, write["UpdateExpression"])
    if f"{table.LEDGER}.*" in said:
        return "ledger"
    return " ".join(dict.fromkeys(_VERB.findall(said)))


def _meaning(write: Mapping[str, Any], text: str) -> str:
    names = write.get("ExpressionAttributeNames", {})

    def meaning(match: re.Match[str]) -> str:
        alias = match.group()
        if alias.startswith(":"):
            return "?"
        name = str(names[alias])
        return "*" if _OF_A_REQUEST.fullmatch(name) and name not in _KEYS else name

    return _ALIAS.sub(meaning, text)


def without(write: Mapping[str, Any], term: Term) -> Mapping[str, Any]:
    """The write with this part of its condition taken away, and the names and values that nothing needs any more."""
    kept = [text for text in terms(write) if term_of(write, text) != term]
    if len(kept) == len(terms(write)):
        return write
    changed = {name: value for name, value in write.items() if name != "ConditionExpression"}
    if kept:
        changed["ConditionExpression"] = " AND ".join(kept)
    said = " ".join([*kept, changed.get("UpdateExpression", "")])
    used = set(_ALIAS.findall(said))
    for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if name in changed:
            changed[name] = {
                alias: value for alias, value in changed[name].items() if alias in used
            }
            if not changed[name]:
                del changed[name]
    return changed


@dataclass(slots=True)
class Collector:
    """Stands before a store, and notes which conditions were asked and which decided."""

    store: MemoryDynamoDB
    asked: set[Term] = field(default_factory=set)
    decided: set[Term] = field(default_factory=set)
    """Those without which a write would have been done that was refused."""

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        failed = [term for write in writes(operation, request) for term in self._failed(write)]
        if len(failed) == 1:
            self.decided.update(failed)
        return self.store.call(operation, request)

    def _failed(self, write: Mapping[str, Any]) -> Iterator[Term]:
        where = self.store._tables[write["TableName"]]
        item = where.get(where.key(write.get("Key", write.get("Item"))))
        names = Names(
            write.get("ExpressionAttributeNames", {}), write.get("ExpressionAttributeValues", {})
        )
        for text in terms(write):
            self.asked.add(term_of(write, text))
            if not holds(text, item, names):
                yield term_of(write, text)


@dataclass(slots=True)
class Without:
    """Stands before a store, and takes one term from every condition that has it."""

    store: MemoryDynamoDB
    term: Term

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            actions = [
                {kind: self._loosen(part) for kind, part in action.items()}
                for action in request["TransactItems"]
            ]
            return self.store.call(operation, {**request, "TransactItems": actions})
        return self.store.call(operation, self._loosen(request))

    def _loosen(self, write: Mapping[str, Any]) -> Mapping[str, Any]:
        return without(write, self.term) if "ConditionExpression" in write else copy(write)
