"""The edge of every HTTP function."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import InvalidJson, InvalidRequest, SoldOut, StoreBusy
from shared.http_api import LARGEST_BODY, Api, Request, Response, parse_object
from tests.gateway import call, event

ECHO = "POST /v1/echo"


@pytest.fixture
def api():
    api = Api()

    @api.route(ECHO, "sell", "manage")
    def echo(request: Request) -> Response:
        return Response(
            201,
            {"body": request.body, "merchant": request.merchant, "key": request.idempotency_key},
        )

    @api.route("GET /v1/open")
    def open_to_all(request: Request) -> Response:
        return Response(200, "hello", {"content-type": "text/plain"})

    @api.route("GET /v1/sold_out", "sell")
    def sold_out(request: Request) -> Response:
        raise SoldOut(available=3)

    @api.route("GET /v1/busy", "sell")
    def busy(request: Request) -> Response:
        raise StoreBusy(retry_after=7)

    @api.route("GET /v1/broken", "sell")
    def broken(request: Request) -> Response:
        raise RuntimeError("the secret is 42")

    return api


def echo(api: Api, body: Any = None, **request: Any):
    headers = {"Idempotency-Key": "k", **request.pop("headers", {})}
    return call(api, ECHO, body, headers=headers, scope="sell", **request)


def test_a_request_is_handed_over_and_its_answer_names_the_request(api):
    answer = echo(api, {"a": "富士"})
    assert answer.status == 201
    assert answer.body == {"body": {"a": "富士"}, "merchant": "mer_washington", "key": "k"}
    assert answer.headers["x-request-id"] == "req-1"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def test_no_body_is_an_empty_object(api):
    assert echo(api).body["body"] == {}


def test_a_route_without_scopes_asks_for_no_key(api):
    answer = call(api, "GET /v1/open", merchant=None)
    assert (answer.status, answer.text) == (200, "hello")
    assert answer.headers["content-type"] == "text/plain"


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "status", "code"),
    [
        ({"key_problem": "key_missing"}, 401, "key_missing"),
        ({"key_problem": "key_invalid"}, 401, "key_invalid"),
        ({"key_problem": "store_busy"}, 503, "store_busy"),
        ({"key_problem": "?"}, 401, "key_invalid"),
        ({"merchant": "", "scope": "sell"}, 401, "key_invalid"),
        ({"merchant": "mer_1", "scope": "read"}, 403, "wrong_scope"),
        ({"merchant": "mer_1"}, 403, "wrong_scope"),
        ({}, 401, "key_invalid"),
        (None, 401, "key_invalid"),
    ],
)
def test_what_is_wrong_with_a_key_is_said(api, context, status, code):
    sent = event(ECHO, {}, headers={"idempotency-key": "k"})
    sent["requestContext"]["authorizer"] = {"lambda": context}
    answer = api(sent)
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (status, code)
    assert ("www-authenticate" in answer["headers"]) == (status == 401)


def test_a_gateway_without_an_authorizer_lets_nobody_in(api):
    sent = event(ECHO, {})
    del sent["requestContext"]["authorizer"]
    assert api(sent)["statusCode"] == 401


# -- bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nothing",
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"true",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"\xff\xfe",
        b'{"a": "\xe5\xaf"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b"{} {}",
        b"{'a': 1}",
    ],
)
def test_what_is_no_json_object_in_utf_8_is_refused(api, raw):
    answer = echo(api, raw=raw)
    assert (answer.status, answer.code) == (400, "invalid_json")
    assert len(answer.text) < 1_000


def test_a_body_in_base64_that_is_none_is_refused(api):
    sent = event(ECHO, headers={"idempotency-key": "k"}, scope="sell")
    sent |= {"isBase64Encoded": True, "body": "%%%"}
    assert json.loads(api(sent)["body"])["code"] == "invalid_json"


def test_a_body_has_at_most_16_kb(api):
    fits = b'{"a":"' + b"x" * (LARGEST_BODY - 8) + b'"}'
    assert len(fits) == LARGEST_BODY
    assert echo(api, raw=fits).status == 201
    for raw in (fits + b" ", fits * 100):
        answer = echo(api, raw=raw)
        assert (answer.status, answer.code) == (413, "body_too_large")


def test_a_large_body_that_was_sent_as_text_is_measured_in_bytes(api):
    sent = event(ECHO, {"a": "x"}, headers={"idempotency-key": "k"}, scope="sell")
    sent["body"] = json.dumps({"a": "富" * 6000}, ensure_ascii=False)
    assert api(sent)["statusCode"] == 413


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(raw):
    with suppress(InvalidJson):
        assert isinstance(parse_object(raw), dict)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_every_well_formed_object_is_read_as_it_was_written(value):
    assert parse_object(json.dumps(value).encode()) == value


# -- idempotency keys ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "idempotency_key_missing"),
        ("   ", "idempotency_key_missing"),
        ("x" * 256, "idempotency_key_invalid"),
        ("鍵", "idempotency_key_invalid"),
        ("a\tb", "idempotency_key_invalid"),
        ("a\x00b", "idempotency_key_invalid"),
    ],
)
def test_an_idempotency_key_is_short_printable_ascii(api, key, code):
    answer = echo(api, {}, headers={"Idempotency-Key": key})
    assert (answer.status, answer.code) == (400, code)


def test_an_idempotency_key_of_255_characters_is_one(api):
    assert echo(api, {}, headers={"Idempotency-Key": "x" * 255}).status == 201


# -- refusals --------------------------------------------------------------------------------------


def test_a_refusal_is_a_problem_document_with_the_facts_that_help(api):
    answer = call(api, "GET /v1/sold_out", scope="sell")
    assert (answer.status, answer.code) == (409, "sold_out")
    assert answer.body["available"] == 3


def test_a_busy_store_says_when_to_come_back(api):
    answer = call(api, "GET /v1/busy", scope="sell")
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")


def test_an_unknown_route_is_a_problem_too(api):
    answer = call(api, "GET /v1/elsewhere")
    assert (answer.status, answer.code) == (404, "route_not_found")


def test_a_fault_of_ours_is_logged_and_tells_nothing(api, caplog):
    with caplog.at_level(logging.ERROR):
        answer = call(api, "GET /v1/broken", scope="sell")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "42" not in answer.text
    assert "the secret is 42" in caplog.text


def test_the_least_event_that_can_be_is_answered(api):
    answer = api({})
    assert answer["statusCode"] == 404


def test_each_refusal_says_what_to_do_next():
    refusal = InvalidRequest(errors=[])
    assert refusal.detail == InvalidRequest.advice
