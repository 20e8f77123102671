"""
The committed reference against the deployed stack, by schemathesis: requests made from it, right and wrong ones, in all its
phases, and every answer held against it.

The keys are those that the routes ask for, webhooks are signed, and there are things to find: a show that is open, a
reservation, orders, refunds. What a phase makes, the next finds again; links lead from what is made to what can be done
with it.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import pytest
import requests
import schemathesis
from schemathesis import AuthContext, Case, GenerationMode, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema

from local.engine.stack import LocalStack
from shared.contracts import identifiers
from shared.contracts.routes import MANAGE
from tests.hostile.front import Answer
from tests.hostile.premises import Premises, fresh
from tests.hostile.reference import DOCUMENT, Endpoint, endpoints
from tests.hostile.tally import tally

# All phases are gone through in the setup of the first test: two minutes when nothing else is going on.
pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

EXAMPLES = 15
"""Of each operation, in the phase that draws them by chance."""
COURSES = 12
"""Of several requests each, in the phase that follows links."""
NAMED = {
    "sku",
    "buyer_id",
    "time_zone",
    "currency",
    "payments",
    "parties",
    "amount",
    "starts_at",
    "ends_at",
    "replay_until",
    "offers",
    "run_of_show",
}
"""Fields of bodies that speak of something else, or of each other."""
SIGNED = "/v1/webhooks/payments/{provider}"
GIVEN_BACK = "/v1/reservations/{reservation_id}"
BY_LABEL = {endpoint.name: endpoint for endpoint in endpoints()}
CONFIG: dict[str, Any] = {
    "seed": 1,
    "generation": {
        "deterministic": True,
        "no-shrink": True,
        "database": "none",
        "mode": "all",
        "max-examples": EXAMPLES,
    },
    "continue-on-failure": True,
    "request-timeout": 60,
    "phases": {
        "stateful": {"max-steps": 10, "generation": {"max-examples": COURSES}},
    },
    "checks": {
        # What has the right form may still break a rule of the sale: an end before the start, an old version.
        "positive_data_acceptance": {"enabled": False},
        # Refused, with other numbers than the check thinks of: too large, another version, none named.
        "negative_data_rejection": {
            "expected-statuses": [
                "400",
                "401",
                "403",
                "404",
                "405",
                "409",
                "412",
                "413",
                "422",
                "428",
            ]
        },
        "missing_required_header": {"expected-statuses": ["400", "401", "428"]},
    },
    "operations": [
        # A signed event is received, whatever it says: that is what keeps a provider from sending it for ever.
        {"include-path": SIGNED, "checks": {"negative_data_rejection": {"enabled": False}}},
        # What was given back is not gone: who looks is told "released", and when.
        {"include-path": GIVEN_BACK, "checks": {"use_after_free": {"enabled": False}}},
    ],
}


def keys_of(owner: Premises) -> type:
    """The key that each operation asks for."""

    class Keys:
        def get(self, case: Case[Any], _context: AuthContext) -> str | None:
            scopes = BY_LABEL[case.operation.label].scopes
            return owner.keys[scopes[0]] if scopes else None

        def set(self, case: Case[Any], key: str, _context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {key}"

    return Keys


class Bank(requests.auth.AuthBase):
    """Signs every webhook that has all it takes to be signed."""

    def __init__(self, owner: Premises) -> None:
        self._owner = owner

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body
        raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        signed = self._owner.signature(raw, fresh("msg"))
        if all(name in request.headers for name, _ in signed):
            request.headers.update(dict(signed))
        return request


class Finds:
    """Has requests of the right form speak of things that are there: examples always, others three times in four."""

    def __init__(self, owner: Premises) -> None:
        self._owner = owner
        self._commanded: dict[str, str] = {}
        """By operation: a campaign of its own to change or to end, for the show must go on."""
        self._known = {
            # The show twice as often: whatever is drawn, somebody should get a reservation.
            "campaign_id": [owner.show, owner.show, owner.draft],
            "reservation_id": [owner.reservation, owner.a_reservation()],
            "ticket_id": [owner.ticket, owner.a_ticket()],
            "order_id": [owner.order["id"], owner.paid["id"]],
            # One that has come to its end, and one that may be tried again.
            "refund_id": [owner.refund, owner.a_pending_refund()],
            "rehearsal_id": [owner.rehearsal],
        }

    def put(self, case: Case[Any]) -> None:
        endpoint = BY_LABEL[case.operation.label]
        for name, value in dict(case.path_parameters or {}).items():
            chance = crc32(f"{endpoint.name} {value}".encode()) % 4
            known = self._known.get(name)
            if known and chance and re.fullmatch(identifiers.PATH[name]["pattern"], str(value)):
                commands = name == "campaign_id" and endpoint.scopes == [MANAGE]
                found = self._campaign(endpoint, case) if commands else known[chance % len(known)]
                # A rehearsal keeps both cores busy for a minute: one is enough, and a show that is on is not rehearsed.
                is_too_much = endpoint.path.endswith("/rehearse")
                case.path_parameters[name] = self._owner.show if is_too_much else found
        if _is_right(case) and crc32(repr(case.body).encode()) % 4:
            _fit(case, self._owner.fitted(endpoint.example))

    def put_what_is_wanted(self, case: Case[Any]) -> None:
        """Things that the endpoint can do something with, so that each says yes at least once."""
        endpoint = BY_LABEL[case.operation.label]
        if endpoint.ids == ["campaign_id"] and endpoint.scopes == [MANAGE]:
            wanted = {"campaign_id": self._campaign(endpoint, case)}
        else:
            wanted = self._owner.ids(endpoint) | self._owner.renewed(endpoint)
        case.path_parameters = {name: wanted[name] for name in case.path_parameters or {}}
        _fit(case, self._owner.fitted(endpoint.example))

    def _campaign(self, endpoint: Endpoint, case: Case[Any]) -> str:
        if endpoint.name not in self._commanded:
            self._commanded[endpoint.name] = self._owner.a_campaign_for(endpoint)
        campaign = self._commanded[endpoint.name]
        if "If-Match" in case.headers and _is_right(case):
            now = self._owner.ask("GET", f"/v1/campaigns/{campaign}", key=MANAGE)
            case.headers["If-Match"] = now.headers["etag"]
        return campaign


def _fit(case: Case[Any], example: Any) -> None:
    """Has a body name what is there, as the example does."""
    if isinstance(case.body, dict):
        case.body.update({name: example[name] for name in NAMED & set(case.body) & set(example)})


def _is_right(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def the_reference(base: str, owner: Premises) -> BaseSchema:
    """As schemathesis reads it, with what it takes to get in."""
    schema = schemathesis.openapi.from_dict(
        DOCUMENT, config=SchemathesisConfig.from_dict({**CONFIG, "base-url": base})
    )
    schema.auth(refresh_interval=None).skip_for(path=SIGNED)(keys_of(owner))
    schema.auth.set_from_requests(Bank(owner)).apply_to(path=SIGNED)
    finds = Finds(owner)

    @schema.hook
    def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
        finds.put(case)
        return case

    @schema.hook
    def before_add_examples(_context: HookContext, examples: list[Case[Any]]) -> None:
        for case in filter(_is_right, examples):
            finds.put_what_is_wanted(case)

    return schema


@dataclass
class Course:
    """What was sent, and what came back."""

    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Operations that said yes at least once."""
    seconds: float = 0

    def note(self, scenario: events.ScenarioFinished) -> None:
        """What one operation, or one walk along the links, came to."""
        recorder = scenario.recorder
        for case_id, interaction in recorder.interactions.items():
            case, response = recorder.cases[case_id].value, interaction.response
            if response is None:
                self.faults[f"no answer, {case.operation.label}"] = case.as_curl_command()
                continue
            self.phases[scenario.phase.value] += 1
            self.statuses[response.status_code] += 1
            if response.status_code < 300 and case.method == case.operation.method.upper():
                self.taken.add(case.operation.label)
            self._judge(case, response)
        for made in (check for checks in recorder.checks.values() for check in checks):
            self.checks[made.name] += 1
            if made.failure_info is not None:
                said = made.failure_info.failure.message
                self.faults.setdefault(f"{made.name}, {recorder.label}", said)

    def _judge(self, case: Case[Any], response: schemathesis.Response) -> None:
        """What schemathesis does not know of: a refusal is a whole one, and one of those that the reference names."""
        if response.status_code < 400 or case.method == "HEAD":
            return
        headers = {name.lower(): values[0] for name, values in response.headers.items()}
        endpoint = BY_LABEL[case.operation.label]
        known = endpoint.codes(response.status_code) | {"method_not_allowed"}
        try:
            answer = Answer(response.status_code, headers, response.content)
            assert answer.code in known, answer.code
        except AssertionError as fault:
            self.faults.setdefault(f"refusal, {endpoint.name}", f"{fault} {case.as_curl_command()}")


@pytest.fixture(scope="module")
def course(stack: LocalStack, deployed_playground: Premises) -> Course:
    """All phases, once."""
    run, began = Course(), time.monotonic()
    for event in from_schema(the_reference(stack.api, deployed_playground)).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            run.faults[f"error {event.id}"] = repr(
                vars(event) if hasattr(event, "__dict__") else event
            )
        elif isinstance(event, events.ScenarioFinished):
            run.note(event)
    run.seconds = round(time.monotonic() - began, 1)
    tally("reference", "cases by phase", run.phases)
    tally("reference", "answers by status", {str(status): n for status, n in run.statuses.items()})
    tally("reference", "checks", run.checks)
    tally("reference", "all phases", {"seconds": run.seconds})
    return run


def test_every_answer_is_what_the_reference_says(course: Course):
    assert not course.faults, json.dumps(course.faults, indent=1)


def test_no_input_is_a_fault_of_ours(course: Course):
    assert not [status for status in course.statuses if status >= 500]


def test_every_phase_was_gone_through(course: Course):
    assert {"examples", "coverage", "fuzzing", "stateful"} <= set(course.phases)
    assert {"not_a_server_error", "response_schema_conformance", "ignored_auth"} <= set(
        course.checks
    )
    assert {"status_code_conformance", "response_headers_conformance"} <= set(course.checks)
    assert "negative_data_rejection" in course.checks


def test_every_operation_was_taken_at_least_once(course: Course):
    # The show goes on, so nobody reads its report, nor the files of it; the journeys do.
    assert set(BY_LABEL) - course.taken <= {
        "GET /v1/campaigns/{campaign_id}/report",
        "GET /v1/campaigns/{campaign_id}/report/files",
    }
