"""Every field of every body, with every value that somebody might send in it; and fields that nobody may send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.hostile.corpus import NEVER_TAKEN, STRANGERS, VALUES, written
from tests.hostile.front import Answer
from tests.hostile.house import House
from tests.hostile.premises import Premises
from tests.hostile.reference import DOCUMENT, Endpoint, endpoints, places, put, resolved, without
from tests.hostile.tally import tally

WITH_BODY = [endpoint for endpoint in endpoints() if endpoint.schema]
KEYED = [endpoint for endpoint in WITH_BODY if endpoint.scopes]

pytestmark = pytest.mark.usefixtures("log")


def named(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda endpoint: endpoint.name)


TAKEN_OUT = {"a direction isolate"}
"""Of addresses, which are kept normalised: phones put such marks around what they copy."""


def spoilt(body: Any) -> Iterator[tuple[str, str, Any]]:
    """The body with each of its places taken by each value in turn, and each left out; before it, what and where."""
    for place, member in places(body):
        where = "/".join(map(str, place))
        yield "left out", where, without(body, place)
        for name, value in VALUES.items():
            if not (isinstance(member, bool) and isinstance(value, bool)):
                yield name, where, put(body, place, value)


def estranged(body: Any) -> Iterator[tuple[str, Any, str]]:
    """The body with a field too many in each of its objects, and where that is."""
    for place, value in [((), body), *places(body)]:
        if isinstance(value, dict) and place[-1:] not in (("title",), ("metadata",)):
            for name, stranger in STRANGERS.items():
                if name not in value:
                    steps = "".join(f"/{step}" for step in place)
                    pointer = name.replace("~", "~0").replace("/", "~1")
                    changed = put(body, (*place, name), stranger)
                    yield f"{steps}/{name[:20]}", changed, f"{steps}/{pointer}"


class Subject:
    """Things of the victim, renewed when somebody got at them: a field is judged only while the thing is as it was."""

    def __init__(self, victim: Premises, endpoint: Endpoint) -> None:
        self._victim = victim
        self._endpoint = endpoint
        self._ids: dict[str, str] | None = None

    def prepare(self) -> None:
        """So that nothing but the request writes anything."""
        if self._ids is None:
            self._ids = self._victim.renewed(self._endpoint)

    def send(self, body: Any) -> Answer:
        victim, endpoint = self._victim, self._endpoint
        self.prepare()
        # The version of a fresh draft.
        headers = [("If-Match", '"1"')] if endpoint.needs("If-Match") else []
        target = victim.target(endpoint, **(self._ids or {}))
        key = endpoint.scopes[0]
        answer = victim.ask(endpoint.method, target, written(body), key=key, headers=headers)
        if answer.ok:
            self._ids = None
        return answer


@named(WITH_BODY)
def test_every_field_that_the_reference_knows_is_spoilt(endpoint: Endpoint):
    """Or the tests below would prove less than they say."""

    def known(schema: Any) -> set[str]:
        schema = resolved(schema)
        inside = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        inside += schema.get("properties", {}).values()
        inside += [schema[part] for part in ("items",) if part in schema]
        return set(schema.get("properties", ())).union(*map(known, inside))

    met = {step for place, _ in places(endpoint.full) for step in place}
    assert known(endpoint.schema) <= met


@named(KEYED)
def test_a_body_with_everything_is_taken(victim: Premises, endpoint: Endpoint):
    answer = Subject(victim, endpoint).send(victim.fitted(endpoint.full))

    assert answer.ok, answer.raw


@named(KEYED)
def test_whatever_stands_in_a_field_is_refused_by_name_or_taken_for_what_it_is(
    house: House, victim: Premises, endpoint: Endpoint
):
    subject = Subject(victim, endpoint)
    fits = Draft202012Validator({**(endpoint.schema or {}), "components": DOCUMENT["components"]})
    cases = taken = 0
    for name, where, body in spoilt(victim.fitted(endpoint.full)):
        subject.prepare()
        before = len(house.writes)
        answer = subject.send(body)
        cases += 1
        if answer.ok:
            taken += 1
            assert fits.is_valid(json.loads(written(body))), (where, name)
            taken_out = TAKEN_OUT if where.startswith("ship_to/") else set()
            assert name not in NEVER_TAKEN - taken_out, (where, name)
        else:
            assert answer.status in (400, 404, 409, 413, 422), (where, name)
            assert answer.code in endpoint.codes(answer.status), (where, name)
            assert answer.status != 422 or answer.body["errors"], (where, name)
            assert len(house.writes) == before, (where, name)
    tally("fields", endpoint.name, {"cases": cases, "taken": taken})


@named(KEYED)
def test_a_field_that_nobody_may_send_is_refused_and_named(
    house: House, victim: Premises, endpoint: Endpoint
):
    subject = Subject(victim, endpoint)
    cases = 0
    for name, body, pointer in estranged(victim.fitted(endpoint.full)):
        subject.prepare()
        before = len(house.writes)
        answer = subject.send(body)
        assert len(house.writes) == before
        assert answer.refusal == (422, "invalid_request"), name
        assert pointer in [error["pointer"] for error in answer.body["errors"]] or len(pointer) > 64
        cases += 1
    tally("strangers", endpoint.name, {"cases": cases})
