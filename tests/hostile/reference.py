"""The committed reference, as strangers read it: every endpoint with a request that it takes; nothing is listed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Place = tuple[str | int, ...]
"""Where in a body: names and numbers from the top."""

DOCUMENT: Json = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
USUAL = [
    "FUJI-12",
    "en",
    "CN",
    "CNY",
    "card",
    "+86 21 5555",
    "a@b.cn",
    "2026-11-28T20:00:00",
    "something",
]
"""Texts of which one fits any form that a text may have to have."""

RUN_OF_SHOW = [
    {"at": 0, "cue": "pin", "sku": "FUJI-12"},
    {"at": 0, "cue": "unpin"},
    {"at": 0, "cue": "flash_price", "sku": "FUJI-12", "unit_price": 1, "seconds": 1, "units": 1},
    {
        "at": 0,
        "cue": "coupon",
        "code": "APPLE10",
        "automatic": False,
        "sku": "FUJI-12",
        "percent_off": 1,
        "amount_off": None,
        "seconds": 1,
        "uses": 1,
        "uses_per_buyer": 1,
    },
    {"at": 1, "cue": "release_stock", "sku": "FUJI-12", "units": 1},
    {"at": 1, "cue": "announce", "text": "something"},
]
"""One of each cue, with everything that it may have."""
APART: dict[str, Json] = {
    "POST /v1/campaigns": {"run_of_show": RUN_OF_SHOW},
    "PATCH /v1/campaigns/{campaign_id}": {"run_of_show": RUN_OF_SHOW},
    "POST /v1/campaigns/{campaign_id}/cues": {"text": None, "code": None},
    "POST /v1/campaigns/{campaign_id}/reservations": {"coupon": None},
    "POST /v1/campaigns/{campaign_id}/waitlist": {"coupon": None},
}
"""Of endpoints whose words say so: what does not go with the rest of the example, and is null beside it."""


@dataclass(frozen=True)
class Endpoint:
    """One operation of the reference."""

    method: str
    path: str
    operation: Json

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> list[str]:
        """Which keys may ask; none: nobody is asked for a key."""
        return list(self.operation["security"][0]["key"]) if self.operation["security"] else []

    @property
    def ids(self) -> list[str]:
        """Names of what the path takes."""
        return re.findall(r"\{(\w+)\}", self.path)

    def takes(self, header: str) -> bool:
        return any(
            one["name"] == header and one["in"] == "header" for one in self.operation["parameters"]
        )

    def needs(self, header: str) -> bool:
        """Whether nothing is done without it."""
        return any(
            one["name"] == header and one["required"] for one in self.operation["parameters"]
        )

    @property
    def queries(self) -> list[str]:
        return [one["name"] for one in self.operation["parameters"] if one["in"] == "query"]

    @property
    def schema(self) -> Json | None:
        """Of the body."""
        content = self.operation.get("requestBody", {}).get("content", {})
        schema: Json | None = content.get("application/json", {}).get("schema")
        return schema

    @property
    def example(self) -> Any:
        """The body that the reference shows."""
        if self.schema is None:
            return None
        return deepcopy(self.operation["requestBody"]["content"]["application/json"]["example"])

    @property
    def full(self) -> Any:
        """The same, with everything that may be sent beside it."""
        if self.schema is None:
            return None
        return {**filled(self.schema, self.example), **APART.get(self.name, {})}

    def codes(self, status: int) -> set[str]:
        """What the endpoint says that it refuses with, by status."""
        answer = resolved(self.operation["responses"].get(str(status), {}))
        return set(
            answer.get("content", {}).get("application/problem+json", {}).get("examples", ())
        )


def endpoints() -> list[Endpoint]:
    """All of them."""
    return [
        Endpoint(method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def resolved(schema: Json) -> Json:
    """A part of the reference, where it stands."""
    if "$ref" not in schema:
        return schema
    found: Any = DOCUMENT
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found)


def filled(schema: Json, example: Any = None) -> Any:
    """A value that fits: the example, with every further member that the schema knows."""
    schema = resolved(schema)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _chosen(schema[choice], example)
    if "properties" in schema:
        given = example if isinstance(example, dict) else {}
        members = {
            name: filled(member, given.get(name)) for name, member in schema["properties"].items()
        }
        return {**given, **members}
    if isinstance(example, list):
        return [filled(schema["items"], member) for member in example]
    return _made_up(schema) if example is None else example


def _chosen(choices: list[Json], example: Any) -> Any:
    fitting = [one for one in map(resolved, choices) if one.get("type") != "null"]
    if isinstance(example, dict):
        fitting = [one for one in fitting if _may_be(one.get("properties", {}), example)] or fitting
    # Of a name and an object, the object has more to spoil.
    fitting.sort(key=lambda one: one.get("type") != "object")
    return filled(
        fitting[0], example if isinstance(example, dict) or not _is_object(fitting[0]) else None
    )


def _may_be(properties: Json, example: Json) -> bool:
    return all(
        name in properties and properties[name].get("const", value) == value
        for name, value in example.items()
    )


def _is_object(schema: Json) -> bool:
    return schema.get("type") == "object"


def _made_up(schema: Json) -> Any:
    match schema.get("type"):
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "array":
            return [filled(one) for one in schema["items"].get("oneOf", [schema["items"]])]
        case "object":
            patterns = list(schema.get("patternProperties", {}).values())
            value = schema.get("additionalProperties") or (patterns or [None])[0]
            return {"en": filled(value)} if isinstance(value, dict) else {}
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    pattern = schema.get("pattern", "")
    return next(text for text in USUAL if re.search(pattern, text))


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of a body, and what stands there."""
    inside = value.items() if isinstance(value, Mapping) else enumerate(value)
    for step, member in inside:
        yield (*at, step), member
        if isinstance(member, dict | list):
            yield from places(member, (*at, step))


def put(body: Any, at: Place, value: Any) -> Any:
    """A copy of a body with another value at a place."""
    changed = deepcopy(body)
    inside = changed
    for step in at[:-1]:
        inside = inside[step]
    inside[at[-1]] = value
    return changed


def without(body: Any, at: Place) -> Any:
    """A copy of a body that lacks what stands at a place."""
    changed = deepcopy(body)
    inside = changed
    for step in at[:-1]:
        inside = inside[step]
    del inside[at[-1]]
    return changed
