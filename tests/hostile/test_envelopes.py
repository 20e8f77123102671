"""
What is around the fields: bodies that are none, ids of nothing, queries, headers, methods and paths of no endpoint.

Everything is asked twice: all of it of the functions in this process, where nothing may be written, and a spread of it of
the deployed stack, over HTTP.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.routes import methods
from tests.hostile.corpus import (
    BODIES,
    ENDS_OF_TIME,
    FORWARDED,
    IDEMPOTENCY_KEYS,
    IDS,
    QUERIES,
    TAGS,
    TYPES,
)
from tests.hostile.place import Place
from tests.hostile.premises import SIGNED
from tests.hostile.reference import Endpoint, endpoints

pytestmark = pytest.mark.usefixtures("log")

ALL = endpoints()
WITH_BODY = [one for one in ALL if one.schema]
WITH_ID = [one for one in ALL if one.ids]
WITH_QUERY = [one for one in ALL if one.queries]
# A slash too many is not among them: gateways judge it each in its own way.
NOWHERE = [
    "/",
    "/v1",
    "/v1/",
    "/v2/campaigns",
    "/v1/CAMPAIGNS",
    "/v1/campaigns;x=1",
    "/v1/campaigns%00",
    "/v1/%2e%2e/keys",
    "/v1/keys",
    "/v1/campaigns/../../etc/passwd",
    "/.env",
    "/.git/config",
    "/index.php",
    "/metrics",
    "/$default",
    "/" + "a" * 6000,
    "/" + "a/" * 500,
    "/%F0%9F%8D%8E",
    "/%FF%FE",
    "/%0d%0aX-Injected:%20yes",
]
VERBS = ["GET", "PUT", "PATCH", "POST", "DELETE", "TRACE", "BREW"]


def key_of(endpoint: Endpoint) -> str | None:
    return endpoint.scopes[0] if endpoint.scopes else None


def headers_of(endpoint: Endpoint) -> list[tuple[str, str]]:
    return [("If-Match", '"1"')] if endpoint.takes("If-Match") else []


def a_body(place: Place, endpoint: Endpoint) -> Any:
    return place.premises.fitted(endpoint.example)


def test_a_body_that_cannot_be_read_is_refused_before_anything_else_is_done(place: Place):
    for endpoint in WITH_BODY:
        for status, raw in place.chosen(BODIES.values(), endpoint):
            # Bytes that are no text come in base64: the gateway would mend a text.
            kind = "application/json" if _is_text(raw) else "application/octet-stream"
            answer = place.refused(
                endpoint.method,
                place.premises.target(endpoint),
                raw,
                key=key_of(endpoint),
                headers=[*headers_of(endpoint), ("Content-Type", kind)],
            )
            # What is not signed is not read.
            expected = {401} if not endpoint.scopes and status == 400 else {status}
            assert answer.status in expected, (endpoint.name, raw[:40], answer.raw)


def test_an_id_of_nothing_is_not_found_whatever_it_looks_like(place: Place):
    for endpoint in WITH_ID:
        for written in place.chosen(IDS, endpoint):
            answer = place.refused(
                endpoint.method,
                place.premises.target(endpoint, **dict.fromkeys(endpoint.ids, written)),
                a_body(place, endpoint),
                key=key_of(endpoint),
                headers=headers_of(endpoint),
            )
            # With dots in it, it may be another path, and that may have other methods.
            assert answer.status in ((404, 405) if "." in written else (404,)), (
                endpoint.name,
                written,
            )


def test_a_query_that_makes_no_sense_is_refused_by_name(place: Place):
    for endpoint in WITH_QUERY:
        target = place.premises.target(endpoint)
        for query in place.chosen(QUERIES, endpoint):
            answer = place.refused("GET", f"{target}?{query}", key=key_of(endpoint))
            assert answer.status in (400, 422), (endpoint.name, query)
            assert answer.code in endpoint.codes(answer.status), (endpoint.name, query)


def test_the_ends_of_time_are_instants_like_others(place: Place):
    for since in ENDS_OF_TIME:
        target = f"/v1/campaigns/{place.premises.show}/timeline?since={since}"
        assert place.ask("GET", target, key="read").status == 200


def test_headers_that_gateways_believe_change_nothing(place: Place):
    premises = place.premises
    path = f"/v1/reservations/{premises.reservation}"
    for header in FORWARDED:
        assert place.refused("GET", path, headers=[header]).refusal == (401, "key_missing"), header
        refused = place.refused("GET", path, key="read", headers=[header])
        assert refused.refusal == (403, "wrong_scope"), header
        assert place.ask("GET", path, key="sell", headers=[header]).body["state"] == "held", header


def test_a_body_is_what_it_is_whatever_type_it_claims(place: Place):
    for endpoint in WITH_BODY:
        if "campaigns" in endpoint.operation["tags"] or not endpoint.scopes:
            continue
        for kind in place.chosen(TYPES, endpoint):
            premises = place.premises
            answer = place.ask(
                endpoint.method,
                premises.target(endpoint, **premises.renewed(endpoint)),
                a_body(place, endpoint) | {"sku": "FUJI-12"}
                if "sku" in endpoint.example
                else a_body(place, endpoint),
                key=key_of(endpoint),
                headers=[("Content-Type", kind)] if kind is not None else [("Accept", "*/*")],
            )
            assert answer.ok or answer.refusal == (400, "invalid_json"), (endpoint.name, kind)


def test_an_idempotency_key_is_usable_or_refused(place: Place):
    for endpoint in WITH_BODY:
        if not endpoint.takes("Idempotency-Key"):
            continue
        for name, written in place.chosen(IDEMPOTENCY_KEYS.items(), endpoint):
            sent = [("Idempotency-Key", written)] if written is not None else []
            target = place.premises.target(
                endpoint, campaign_id="cmp_aaaaaaaaaaaaaaaa", refund_id="ref_" + "a" * 40
            )
            body = b"{}" if endpoint.ids else b'{"name": ""}'
            headers = [*sent, ("Content-Type", "application/json")]
            key = place.premises.keys[endpoint.scopes[0]]
            headers.append(("Authorization", f"Bearer {key}"))
            place.asked += 1
            answer = place.premises.front.ask("POST", target, body, headers)
            usable = name in ("255 characters", "quotes", "a key of the store")
            assert answer.code.startswith("idempotency_key_") != usable, (endpoint.name, name)


def test_a_tag_that_is_not_the_versions_changes_nothing(place: Place):
    target = f"/v1/campaigns/{place.premises.draft}"
    for tag in TAGS:
        sent = [("If-Match", tag)] if tag else []
        answer = place.refused("PATCH", target, {"name": "Mine"}, key="manage", headers=sent)
        missing, failed = (428, "precondition_required"), (412, "precondition_failed")
        assert answer.refusal == (failed if tag else missing), tag


def test_a_method_that_a_path_has_not_is_answered_with_those_that_it_has(place: Place):
    for endpoint in ALL:
        target = place.premises.target(endpoint)
        for verb in VERBS:
            if verb in methods(target):
                continue
            answer = place.refused(verb, target, key="manage")
            assert answer.refusal == (405, "method_not_allowed"), (endpoint.name, verb)
            assert answer.headers["allow"] == ", ".join(methods(target))


def test_a_path_of_nothing_is_a_problem_document_too(place: Place):
    for path in NOWHERE:
        for verb in ("GET", "POST"):
            answer = place.refused(verb, path, b"{}" if verb == "POST" else None, key="manage")
            assert answer.refusal == (404, "route_not_found"), path


def test_a_signed_body_of_any_kind_reaches_nobody_else(place: Place):
    """Where no key is asked for, a key does not help."""
    for scope in ("manage", "sell", "read"):
        answer = place.refused("POST", SIGNED, b"{}", key=scope)
        assert answer.refusal == (401, "signature_invalid")
    assert place.refused("POST", SIGNED, b"{}").refusal == (401, "signature_invalid")


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
