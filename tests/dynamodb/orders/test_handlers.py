"""Checkout, orders and webhooks as the gateway calls them, on DynamoDB Local."""

from __future__ import annotations

import hashlib
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from bench.show import MERCHANT, OnSale, put_on_sale
from functions.checkout import handler as checkout
from functions.payment_webhooks import handler as webhooks
from functions.reserve.handler import lambda_handler as reserve
from shared import table, wiring
from shared.contracts import buying
from shared.contracts.payments import Received
from shared.contracts.routes import ROUTES
from shared.domain.order import Attention
from shared.http_api import Api
from tests import gateway
from tests.gateway import Answer
from tests.old_rules import rules_of_before
from tests.shop import SECRET, SHIP_TO, headers

CHECKOUT = "POST /v1/reservations/{reservation_id}/checkout"
ORDER = "GET /v1/orders/{order_id}"
ORDERS = "GET /v1/campaigns/{campaign_id}/orders"
WEBHOOK = "POST /v1/webhooks/payments/{provider}"

pytestmark = pytest.mark.usefixtures("wired", "secret")


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    store = SimpleNamespace(value=lambda: [Webhook(SECRET)])
    monkeypatch.setattr(wiring, "payment_secret", lambda: store)


@pytest.fixture
def sale() -> OnSale:
    return put_on_sale(64)


def body_of(buyer: str = "ana", **changes: Any) -> dict[str, Any]:
    return {"buyer_id": buyer, "payment_method": "card", "ship_to": SHIP_TO, **changes}


def reservation(sale: OnSale, buyer: str = "ana", quantity: int = 1) -> str:
    made = json.loads(reserve(sale.reservation(quantity, buyer))["body"])
    return str(made["id"])


def check_out(identifier: str, body: Any, *, key: str | None = "key-1", **request: Any) -> Answer:
    return gateway.call(
        checkout.lambda_handler,
        CHECKOUT,
        body,
        path={"reservation_id": identifier},
        headers={"Idempotency-Key": key} if key is not None else {},
        **{"merchant": MERCHANT, "scope": "sell", **request},
    )


def read(identifier: str, **request: Any) -> Answer:
    return gateway.call(
        checkout.lambda_handler,
        ORDER,
        path={"order_id": identifier},
        **{"merchant": MERCHANT, "scope": "sell", **request},
    )


def orders_of(sale: OnSale, query: dict[str, str] | None = None, **request: Any) -> Answer:
    return gateway.call(
        checkout.lambda_handler,
        ORDERS,
        path={"campaign_id": sale.campaign.id},
        query=query or {},
        **{"merchant": MERCHANT, "scope": "read", **request},
    )


def tell(raw: bytes, event_id: str = "msg_1", provider: str = "test", **changed: str) -> Answer:
    return gateway.call(
        webhooks.lambda_handler,
        WEBHOOK,
        path={"provider": provider},
        headers={**headers(raw, event_id), **changed},
        merchant=None,
        raw=raw,
    )


def paid(order: dict[str, Any], **lies: Any) -> bytes:
    true = {
        "payment_id": order["payment"]["id"],
        "order_id": order["id"],
        "amount": order["amount"],
        "currency": order["currency"],
        "livemode": False,
    }
    return json.dumps({"type": "payment.succeeded", "data": {**true, **lies}}).encode()


@pytest.mark.parametrize(
    ("function", "api"), [("checkout", checkout.api), ("payment_webhooks", webhooks.api)]
)
def test_a_function_serves_the_routes_it_is_listed_for(function: str, api: Api):
    listed = {spec.key: frozenset(spec.scopes) for spec in ROUTES if spec.function == function}
    assert api.keys == listed


def test_check_out_pay_read(sale: OnSale):
    held = reservation(sale, quantity=2)
    made = check_out(held, body_of())

    order = made.body
    assert (made.status, order["state"], order["amount"]) == (201, "awaiting_payment", 19800)
    assert (order["id"], order["reservation"]) == (held.replace("rsv_", "ord_"), held)
    assert (order["payment"]["provider"], order["payment"]["action"]) == (
        "test",
        {"type": "signed_webhook"},
    )
    assert order["ship_to"] == SHIP_TO
    buying.Order.model_validate_json(made.text)

    told = tell(paid(order))
    assert (told.status, told.body) == (200, {"received": True, "outcome": "paid"})
    Received.model_validate_json(told.text)

    found = read(order["id"])
    assert (found.status, found.body["state"]) == (200, "paid")
    assert found.body["paid_at"].endswith("Z")
    assert found.body["payment"]["action"] is None
    buying.Order.model_validate_json(found.text)


def test_the_same_checkout_again_gets_the_same_bytes(sale: OnSale):
    held = reservation(sale)
    first = check_out(held, body_of())
    tell(paid(first.body))

    again = check_out(held, body_of())

    assert (again.status, again.text) == (201, first.text)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_another_body_under_the_same_key_and_another_key_with_another_body(sale: OnSale):
    held = reservation(sale)
    order = check_out(held, body_of()).body

    assert check_out(held, body_of(payment_method="alipay")).code == "idempotency_key_reused"
    second = check_out(held, body_of(payment_method="alipay"), key="key-2")
    assert (second.status, second.body["id"]) == (201, order["id"])
    assert second.body["payment"]["id"] != order["payment"]["id"]
    replaced = check_out(held, body_of())
    assert (replaced.code, replaced.body["order"]) == ("checkout_replaced", order["id"])


def test_an_order_that_was_paid_is_answered_as_it_is(sale: OnSale):
    held = reservation(sale)
    order = check_out(held, body_of()).body
    tell(paid(order))
    moved = body_of(ship_to={**SHIP_TO, "line1": "2 Nanjing Road"})

    again = check_out(held, moved, key="key-2")

    assert (again.status, again.body["state"], again.body["ship_to"]) == (200, "paid", SHIP_TO)
    assert again.body["payment"] == {**order["payment"], "action": None}
    buying.Order.model_validate_json(again.text)


def test_an_order_whose_hold_is_over_is_not_shown_as_payable(
    sale: OnSale, monkeypatch: pytest.MonkeyPatch
):
    order = check_out(reservation(sale), body_of()).body
    assert read(order["id"]).body["payment"]["action"]
    later = int(time.time()) + 301
    monkeypatch.setattr(checkout, "now_seconds", lambda: later)

    found = read(order["id"]).body

    assert (found["state"], found["payment"]["action"]) == ("awaiting_payment", None)


def test_who_only_reads_sees_no_personal_data_and_nothing_to_pay_with(sale: OnSale):
    order = check_out(reservation(sale), body_of()).body

    found = read(order["id"], scope="read")

    assert "ship_to" not in found.body
    assert found.body["payment"]["action"] is None
    assert SHIP_TO["name"] not in found.text
    assert "ana" not in found.text.replace(order["id"], "").replace(order["reservation"], "")


def test_orders_are_listed_newest_first_page_by_page_without_addresses(sale: OnSale):
    made = [check_out(reservation(sale, f"b{n}"), body_of(f"b{n}")).body["id"] for n in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        page = orders_of(sale, query)
        buying.OrderList.model_validate_json(page.text)
        assert "Nanjing" not in page.text
        seen += [order["id"] for order in page.body["data"]]
        if not page.body["has_more"]:
            break
        query = {"limit": "2", "starting_after": seen[-1]}

    assert sorted(seen) == sorted(made)
    assert orders_of(sale, scope="manage").status == 200


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": "0"}, 422, "invalid_request"),
        ({"limit": "101"}, 422, "invalid_request"),
        ({"limit": "a"}, 422, "invalid_request"),
        ({"state": "paid"}, 422, "invalid_request"),
        ({"starting_after": "ord_富士"}, 400, "invalid_cursor"),
        ({"starting_after": ""}, 400, "invalid_cursor"),
    ],
)
def test_a_bad_query_is_refused_by_name(
    sale: OnSale, query: dict[str, str], status: int, code: str
):
    answer = orders_of(sale, query)
    assert (answer.status, answer.code) == (status, code)


STRANGE = ["rsv_", "x", "rsv_" + "A" * 74, "rsv_" + "A" * 5000, "rsv_富士", "rsv_%00", "\ud800"]


@pytest.mark.parametrize("identifier", STRANGE)
def test_an_id_we_never_gave_out_is_a_404(identifier: str):
    assert check_out(identifier, body_of()).code == "reservation_not_found"
    assert read(identifier).code == "order_not_found"
    assert read(identifier.replace("rsv_", "ord_")).code == "order_not_found"


def test_what_is_anothers_is_a_404_of_the_same_shape(sale: OnSale):
    held = reservation(sale)
    order = check_out(held, body_of()).body
    unknown = read("ord_" + "A" * 74).body

    assert check_out(held, body_of(), merchant="mer_other").code == "reservation_not_found"
    assert check_out(held, body_of("bo")).code == "reservation_not_found"
    foreign = read(order["id"], merchant="mer_other").body
    assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
    assert orders_of(sale, merchant="mer_other").code == "campaign_not_found"


@pytest.mark.parametrize("scope", ["read", "manage", "", "SELL"])
def test_another_scope_may_not_check_out(sale: OnSale, scope: str):
    assert check_out(reservation(sale), body_of(), scope=scope).code == "wrong_scope"
    assert check_out(reservation(sale), body_of(), merchant=None).code == "key_missing"


@pytest.mark.parametrize("key", [None, "", "x" * 256, "é", "a\tb"])
def test_a_checkout_needs_an_idempotency_key(sale: OnSale, key: str | None):
    refused = check_out(reservation(sale), body_of(), key=key)
    assert refused.code in {"idempotency_key_missing", "idempotency_key_invalid"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"buyer_id": 1}, "/buyer_id"),
        ({"buyer_id": ""}, "/buyer_id"),
        ({"payment_method": "Card!"}, "/payment_method"),
        ({"amount": 1}, "/amount"),
        ({"currency": "USD"}, "/currency"),
        ({"state": "paid"}, "/state"),
        ({"ship_to": None}, "/ship_to"),
        ({"ship_to": []}, "/ship_to"),
        ({"ship_to": {**SHIP_TO, "country": "china"}}, "/ship_to/country"),
        ({"ship_to": {**SHIP_TO, "paid": True}}, "/ship_to/paid"),
        ({"ship_to": {**SHIP_TO, "phone": "call me"}}, "/ship_to/phone"),
        (
            {"ship_to": {**SHIP_TO, "line2": "富" * 200, "region": "富" * 200, "name": "x" * 99}},
            "/ship_to",
        ),
        ({"ship_to": {**SHIP_TO, "name": "Li\r\nWei"}}, "/ship_to/name"),
        ({"ship_to": {**SHIP_TO, "email": "a\x07@b.cn"}}, "/ship_to/email"),
        ({"ship_to": {**SHIP_TO, "country": "UK"}}, "/ship_to/country"),
        ({"ship_to": {**SHIP_TO, "country": "XX"}}, "/ship_to/country"),
        ({"ship_to": {**SHIP_TO, "country": "ES", "postal_code": "28039"}}, "/ship_to/region"),
        ({"ship_to": {**SHIP_TO, "phone": None}}, "/ship_to/phone"),
        ({"ship_to": {**SHIP_TO, "phone": "5555"}}, "/ship_to/phone"),
    ],
)
def test_a_bad_field_is_named(sale: OnSale, changes: dict[str, Any], pointer: str):
    refused = check_out(reservation(sale), body_of(**changes))

    assert (refused.status, refused.code) == (422, "invalid_request")
    assert refused.pointers == [pointer]
    assert "Nanjing" not in refused.text


def test_what_is_surely_meant_is_suggested(sale: OnSale):
    refused = check_out(reservation(sale), body_of(ship_to={**SHIP_TO, "country": "UK"}))
    (error,) = refused.body["errors"]
    assert error["suggestion"] == "GB"


@pytest.mark.parametrize(
    "address",
    [
        {
            "name": "李伟",
            "line1": "南京路 1 号",
            "city": "上海",
            "country": "CN",
            "phone": "+862155550100",
        },
        {
            "name": "👩\u200d👩\u200d👧 Zoë",
            "line1": "x" * 200,
            "city": "'; DROP",
            "region": "WA",
            "postal_code": "98101",
            "country": "US",
        },
        {**SHIP_TO, "line2": "2nd", "region": "SH", "postal_code": "200000", "email": "a@b.cn"},
    ],
)
def test_an_address_comes_back_as_it_was_sent(sale: OnSale, address: dict[str, str]):
    order = check_out(reservation(sale), body_of(ship_to=address)).body

    assert read(order["id"]).body["ship_to"] == address


# -- another address ---------------------------------------------------------------------------------


def move(identifier: str, body: Any, **request: Any) -> Answer:
    return gateway.call(
        checkout.lambda_handler,
        "PATCH /v1/orders/{order_id}/address",
        body,
        path={"order_id": identifier},
        **{"merchant": MERCHANT, "scope": "sell", **request},
    )


def test_an_address_is_changed_by_its_buyer_or_by_the_team(sale: OnSale):
    order = check_out(reservation(sale), body_of()).body
    moved = {**SHIP_TO, "line1": "２ New Road"}  # noqa: RUF001
    kept = {**SHIP_TO, "line1": "2 New Road"}

    changed = move(order["id"], {"ship_to": moved, "buyer_id": "ana"})

    assert (changed.status, changed.body["ship_to"]) == (200, kept)
    buying.Order.model_validate_json(changed.text)
    assert read(order["id"]).body["ship_to"] == kept
    back = move(order["id"], {"ship_to": SHIP_TO}, scope="manage")
    assert (back.status, back.body["ship_to"]) == (200, SHIP_TO)
    assert read(order["id"]).body["ship_to"] == SHIP_TO


@pytest.mark.parametrize(
    ("body", "request_", "told"),
    [
        ({"ship_to": SHIP_TO}, {}, (422, "invalid_request")),
        ({"ship_to": SHIP_TO, "buyer_id": "bo"}, {}, (404, "order_not_found")),
        ({"ship_to": SHIP_TO}, {"scope": "read"}, (403, "wrong_scope")),
        ({"ship_to": SHIP_TO}, {"scope": "manage", "merchant": "mer_x"}, (404, "order_not_found")),
        ({"ship_to": {**SHIP_TO, "country": "UK"}}, {"scope": "manage"}, (422, "invalid_request")),
        ({"ship_to": None}, {"scope": "manage"}, (422, "invalid_request")),
        ({"city": "Berlin"}, {"scope": "manage"}, (422, "invalid_request")),
    ],
)
def test_an_address_is_changed_by_nobody_else_and_to_nothing_else(
    body: Any, request_: dict[str, str], told: tuple[int, str], sale: OnSale
):
    order = check_out(reservation(sale), body_of()).body
    refused = move(order["id"], body, **request_)
    assert (refused.status, refused.code) == told
    assert read(order["id"]).body["ship_to"] == SHIP_TO


def test_orders_that_wait_for_a_person_are_a_list_of_their_own(sale: OnSale):
    held = reservation(sale)
    with rules_of_before():
        order = check_out(held, body_of(ship_to={**SHIP_TO, "postal_code": "1"})).body
    tell(paid(order))
    assert orders_of(sale, {"needs_attention": "true"}).body["data"] == []
    book, campaign = wiring.orders(), wiring.campaigns().get(sale.campaign.id)
    (stands,) = book.all(campaign.id)
    assert book.save(stands.needing_attention(Attention.ADDRESS_INCOMPLETE)) is None

    (listed,) = orders_of(sale, {"needs_attention": "true"}).body["data"]

    assert (listed["id"], listed["needs_attention"]) == (order["id"], "address_incomplete")
    assert "ship_to" not in listed
    assert orders_of(sale, {"needs_attention": "yes"}).code == "invalid_request"
    assert move(order["id"], {"ship_to": SHIP_TO}, scope="manage").body["needs_attention"] is None
    assert orders_of(sale, {"needs_attention": "true"}).body["data"] == []


# -- webhooks ----------------------------------------------------------------------------------------


def test_a_webhook_needs_no_key_but_a_signature(sale: OnSale):
    order = check_out(reservation(sale), body_of()).body
    raw = paid(order)

    assert tell(raw, **{"webhook-signature": "v1,AAAA"}).code == "signature_invalid"
    assert tell(raw, **{"webhook-timestamp": str(int(time.time()) + 3600)}).status == 401
    assert read(order["id"]).body["state"] == "awaiting_payment"
    assert tell(raw).body["outcome"] == "paid"
    assert tell(raw).body["outcome"] == "known"


@pytest.mark.parametrize("provider", ["paypal", "", "TEST", "%00", "富士", "\ud800"])
def test_an_unknown_provider_is_a_404(provider: str):
    assert tell(b"{}", provider=provider).code == "provider_not_found"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"\x00" * 1000,
        b'{"a":' * 3000,
        b"9" * 16_000,
        b"\x1f\x8b\x08",
    ],
)
def test_no_body_makes_a_fault_of_ours(raw: bytes):
    unsigned = tell(b"{}", **{"webhook-id": "other"})
    assert unsigned.code == "signature_invalid"
    try:
        answer = tell(raw, f"msg_{time.time_ns()}")
    except UnicodeDecodeError:
        # No provider can sign what is no text; an attacker can send it.
        event = gateway.event(
            WEBHOOK, path={"provider": "test"}, headers=headers(b"", "m"), raw=raw
        )
        assert webhooks.lambda_handler(event)["statusCode"] == 401
    else:
        assert (answer.status, answer.body["outcome"]) == (200, "quarantined")


@pytest.mark.parametrize(
    ("size", "doubt"),
    [(16_385, "malformed"), (1024 * 1024, "malformed"), (1024 * 1024 + 1, "too_large")],
)
def test_a_signed_body_of_any_size_is_dealt_with(size: int, doubt: str):
    raw = b" " * size
    event_id = f"msg_{time.time_ns()}"

    told = tell(raw, event_id)

    assert (told.status, told.body["outcome"]) == (200, "quarantined")
    key = event_id if doubt == "malformed" else f"body-{hashlib.sha256(raw).hexdigest()}"
    found = wiring.dynamodb().get_item(
        TableName="payments", Key={table.PAYMENT_KEY: {"S": f"test#{key}"}}
    )
    assert found["Item"]["doubt"] == {"S": doubt}


def test_a_large_event_that_is_true_pays_its_order(sale: OnSale):
    order = check_out(reservation(sale), body_of()).body
    raw = paid(order)
    padded = raw[:-1] + b" " * 900_000 + raw[-1:]

    assert tell(padded).body["outcome"] == "paid"


def test_limits_are_for_those_who_do_not_sign():
    def unsigned(size: int) -> gateway.Answer:
        return gateway.call(
            webhooks.lambda_handler, WEBHOOK, path={"provider": "test"}, raw=b" " * size
        )

    assert unsigned(16_384).code == "signature_invalid"
    assert unsigned(16_385).code == "body_too_large"


@pytest.mark.parametrize(
    "lie",
    [
        {"amount": 1},
        {"amount": 10**100},
        {"currency": "USD"},
        {"livemode": True},
        {"order_id": "ord_" + "A" * 74},
        {"order_id": "cmp_" + "a" * 16},
    ],
)
def test_what_does_not_fit_is_put_aside_and_says_so(sale: OnSale, lie: dict[str, Any]):
    order = check_out(reservation(sale), body_of()).body
    event_id = f"msg_{sale.campaign.id}"

    told = tell(paid(order, **lie), event_id)

    assert (told.status, told.body["outcome"]) == (200, "quarantined")
    found = wiring.dynamodb().get_item(
        TableName="payments", Key={table.PAYMENT_KEY: {"S": f"test#{event_id}"}}
    )
    assert found["Item"]["provider"] == {"S": "test"}
    assert read(order["id"]).body["state"] == "awaiting_payment"


def test_a_second_payment_goes_back_and_is_recorded_once(sale: OnSale):
    order = check_out(reservation(sale), body_of()).body
    tell(paid(order))
    second = f"pay_{sale.campaign.id}_second"

    told = [tell(paid(order, payment_id=second), f"msg_{number}") for number in range(3)]

    assert [answer.body["outcome"] for answer in told] == ["refunded", "known", "known"]
    kept = wiring.dynamodb().get_item(
        TableName="payments", Key={table.PAYMENT_KEY: {"S": f"test#second#{second}"}}
    )["Item"]
    assert (kept["doubt"]["S"], kept["order_id"]["S"]) == ("second_payment", order["id"])
    assert read(order["id"]).body["state"] == "paid"
