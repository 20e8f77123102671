"""The reserve function, as the gateway calls it, on DynamoDB Local."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bench.show import OnSale, put_on_sale
from functions.reserve.handler import api, lambda_handler
from shared import wiring
from shared.contracts.routes import ROUTES
from tests.dynamodb.stage import Watchman

pytestmark = pytest.mark.usefixtures("wired")

RESERVE = "POST /v1/campaigns/{campaign_id}/reservations"


@pytest.fixture
def sale() -> OnSale:
    return put_on_sale(64)


def call(event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    answer = lambda_handler(event)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_it_serves_the_routes_it_is_listed_for() -> None:
    listed = {spec.key: frozenset(spec.scopes) for spec in ROUTES if spec.function == "reserve"}
    assert api.keys == listed


def test_reserve_read_release(sale: OnSale) -> None:
    event = sale.reservation(3)
    status, made, headers = call(event)
    assert status == 201
    assert (made["state"], made["amount"], made["currency"]) == ("held", 29700, "CNY")
    assert "idempotent-replayed" not in headers
    status, again, headers = call(event)
    assert (status, again, headers["idempotent-replayed"]) == (201, made, "true")
    path = {"reservation_id": made["id"]}
    assert call(sale.event("GET /v1/reservations/{reservation_id}", path))[1]["state"] == "held"
    for _ in range(2):
        status, released, _ = call(sale.event("DELETE /v1/reservations/{reservation_id}", path))
        assert (status, released["state"]) == (200, "released")


def test_the_show_says_what_is_left(sale: OnSale) -> None:
    call(sale.reservation(4))
    status, show, _ = call(
        sale.event("GET /v1/shows/{campaign_id}", {"campaign_id": sale.campaign.id})
    )
    assert status == 200
    assert show["open"] is True
    assert show["offers"][0]["available"] == 60


@pytest.mark.parametrize(
    ("limit", "rule"),
    [("max_open_holds_per_buyer", "open_holds"), ("max_holds_per_ten_minutes", "holds_begun")],
)
def test_one_hold_too_many_says_which_limit_it_is_and_when_to_come_again(
    sale: OnSale, limit: str, rule: str
) -> None:
    wiring.campaigns().save(sale.campaign.changed(**{limit: 2}))
    first = sale.reservation(1, "ana")
    made = [call(event)[0] for event in (first, sale.reservation(1, "ana"), first)]
    assert made == [201, 201, 201]
    status, refused, headers = call(sale.reservation(1, "ana"))
    assert (status, refused["code"]) == (409, "too_many_holds")
    assert (refused["rule"], refused["limit"]) == (rule, 2)
    longest = 300 if rule == "open_holds" else 600
    assert longest - 10 <= refused["retry_after"] <= longest
    assert headers["retry-after"] == str(refused["retry_after"])
    assert call(sale.reservation(1, "ben"))[0] == 201


@pytest.mark.parametrize(("limits", "writes"), [({}, 1.0), ({"max_open_holds_per_buyer": 2}, 2.0)])
def test_a_limit_of_holds_costs_one_write_unit_more_and_no_read(
    sale: OnSale, limits: dict[str, int], writes: float
) -> None:
    if limits:
        wiring.campaigns().save(sale.campaign.changed(**limits))
    # The campaign is read first by what is not measured.
    call(sale.event("GET /v1/shows/{campaign_id}", {"campaign_id": sale.campaign.id}))
    watchman = Watchman(wiring.dynamodb())
    assert call(sale.reservation(1, "ana"))[0] == 201
    assert (watchman.write_units, watchman.read_units) == (writes, 0.0)


def test_sold_out_says_how_many_are_left(sale: OnSale) -> None:
    for _ in range(3):
        assert call(sale.reservation(20))[0] == 201
    status, problem, headers = call(sale.reservation(5))
    assert (status, problem["code"], problem["available"]) == (409, "sold_out", 4)
    assert headers["content-type"] == "application/problem+json"
    assert call(sale.reservation(4))[0] == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 422, "invalid_request"),
        ("[]", 400, "invalid_json"),
        ("nonsense", 400, "invalid_json"),
        ('{"sku":"FUJI-12","sku":"FUJI-12"}', 400, "invalid_json"),
        ('{"sku":"FUJI-12","quantity":NaN,"buyer_id":"a"}', 400, "invalid_json"),
        ('{"sku":"FUJI-12","quantity":1e999,"buyer_id":"a"}', 400, "invalid_json"),
        ('{"sku":"FUJI-12","quantity":' + "9" * 5000 + ',"buyer_id":"a"}', 400, "invalid_json"),
        ('{"sku":"FUJI-12","quantity":-1,"buyer_id":"a"}', 422, "invalid_request"),
        ('{"sku":"FUJI-12","quantity":1.5,"buyer_id":"a"}', 422, "invalid_request"),
        ('{"sku":"FUJI-12","quantity":"1","buyer_id":"a"}', 422, "invalid_request"),
        ('{"sku":"FUJI-12","quantity":true,"buyer_id":"a"}', 422, "invalid_request"),
        ('{"sku":"FUJI-12","quantity":1,"buyer_id":"\\ud800"}', 400, "invalid_json"),
        ('{"sku":"FUJI-12","quantity":1,"buyer_id":"a","unit_price":1}', 422, "invalid_request"),
        ('{"sku":"NONE","quantity":1,"buyer_id":"a"}', 404, "offer_not_found"),
        ('{"a":' * 500 + "1" + "}" * 500, 400, "invalid_json"),
        ('{"a":"' + "x" * 17_000 + '"}', 413, "body_too_large"),
    ],
)
def test_a_bad_body_is_refused_by_name(sale: OnSale, body: str, status: int, code: str) -> None:
    got, problem, headers = call({**sale.reservation(), "body": body})
    assert (got, problem["code"]) == (status, code)
    assert problem["detail"]
    assert headers["content-type"] == "application/problem+json"


def test_bytes_that_are_no_text_are_refused(sale: OnSale) -> None:
    raw = base64.b64encode(b'{"sku":"\xff\xfe"}').decode()
    assert (
        call({**sale.reservation(), "body": raw, "isBase64Encoded": True})[1]["code"]
        == "invalid_json"
    )
    assert (
        call({**sale.reservation(), "body": "%%%", "isBase64Encoded": True})[1]["code"]
        == "invalid_json"
    )


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb"])
def test_a_bad_idempotency_key_is_refused(sale: OnSale, key: str) -> None:
    event = sale.reservation()
    event["headers"]["idempotency-key"] = key
    assert call(event)[1]["code"] in {"idempotency_key_missing", "idempotency_key_invalid"}


@pytest.mark.parametrize(
    "campaign",
    ["cmp_" + "a" * 16, "cmp_", "", "x", "cmp_" + "a" * 5000, "cmp_富士", "cmp_\x00", "../../etc"],
)
def test_an_unknown_campaign_is_a_404(sale: OnSale, campaign: str) -> None:
    event = {**sale.reservation(), "pathParameters": {"campaign_id": campaign}}
    assert call(event)[:2][0] == 404


@pytest.mark.parametrize(
    "identifier", ["rsv_", "x", "rsv_" + "A" * 74, "rsv_" + "A" * 5000, "rsv_富士", "rsv_%00"]
)
def test_an_unknown_reservation_is_a_404(sale: OnSale, identifier: str) -> None:
    for route in (
        "GET /v1/reservations/{reservation_id}",
        "DELETE /v1/reservations/{reservation_id}",
    ):
        status, problem, _ = call(sale.event(route, {"reservation_id": identifier}))
        assert (status, problem["code"]) == (404, "reservation_not_found")


def test_keys_are_asked_for(sale: OnSale) -> None:
    event = sale.reservation()
    for caller, status, code in (
        ({"key_problem": "key_missing"}, 401, "key_missing"),
        ({"key_problem": "key_invalid"}, 401, "key_invalid"),
        ({}, 401, "key_invalid"),
        ({"merchant": "mer_bench", "scope": "read"}, 403, "wrong_scope"),
        ({"merchant": "mer_other", "scope": "sell"}, 404, "campaign_not_found"),
    ):
        event["requestContext"]["authorizer"] = {"lambda": caller}
        got, problem, _ = call(event)
        assert (got, problem["code"]) == (status, code)
