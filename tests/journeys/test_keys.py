"""Every route asks for a key of its scope and its merchant, and says no to all others in the same words."""

from __future__ import annotations

import secrets
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from local.engine.aws import dynamodb
from local.engine.stack import LocalStack
from local.shoppers.shopper import SHIP_TO
from local.shoppers.wire import Wire
from shared import table
from shared.contracts.routes import MANAGE, READ, ROUTES, SELL, RouteSpec
from tests.journeys.shopfront import OpenShow, Shopfront, a_plan, at, refusal

GUARDED = [route for route in ROUTES if route.scopes]
OF_ONE = [route for route in GUARDED if "{" in route.path]

EACH_GUARDED = pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.key)
EACH_OF_ONE = pytest.mark.parametrize("route", OF_ONE, ids=lambda route: route.key)

BODIES: dict[str, Any] = {
    "extend": {"ends_at": at(7200)},
    "cancel": {"reason": "None of your business"},
    "reservations": {"sku": "FUJI", "quantity": 1, "buyer_id": "buyer"},
    "checkout": {"buyer_id": "buyer", "payment_method": "alipay", "ship_to": SHIP_TO},
    "campaigns": a_plan(),
}


def body_of(route: RouteSpec) -> Any:
    """A body that would be taken."""
    if route.method == "PATCH":
        return {"name": "Another name"}
    return BODIES.get(route.path.rpartition("/")[2], {}) if route.method == "POST" else None


@EACH_GUARDED
def test_without_a_key_there_is_no_answer(
    shopfront: Shopfront, open_show: OpenShow, route: RouteSpec
):
    answer = shopfront.ask(None, route.method, open_show.path(route.path), body_of(route))

    assert refusal(answer) == (401, "key_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@EACH_GUARDED
def test_a_key_of_another_scope_is_not_enough(
    shopfront: Shopfront, open_show: OpenShow, route: RouteSpec
):
    for scope in {MANAGE, SELL, READ} - set(route.scopes):
        answer = shopfront.ask(scope, route.method, open_show.path(route.path), body_of(route))
        assert refusal(answer) == (403, "wrong_scope")


@EACH_OF_ONE
def test_what_belongs_to_another_merchant_does_not_exist(
    rival: Shopfront, open_show: OpenShow, route: RouteSpec
):
    for scope in route.scopes:
        answer = rival.ask(
            scope,
            route.method,
            open_show.path(route.path),
            body_of(route),
            headers={"If-Match": '"1"'},
        )
        status, code = refusal(answer)
        assert status == 404
        assert code.endswith("_not_found")


@EACH_OF_ONE
def test_what_does_not_exist_is_refused_in_the_same_words(
    shopfront: Shopfront, rival: Shopfront, open_show: OpenShow, route: RouteSpec
):
    suffix = open_show.reservation["id"].removeprefix("rsv_")
    altered = suffix[:-1] + ("A" if suffix[-1] != "A" else "Q")
    unknown = route.path.format(
        campaign_id="cmp_aaaaaaaaaaaaaaaa",
        reservation_id=f"rsv_{altered}",
        order_id=f"ord_{altered}",
    )
    if_match = {"If-Match": '"1"'}
    scope, method, body = route.scopes[0], route.method, body_of(route)

    mine = shopfront.ask(scope, method, unknown, body, headers=if_match)
    foreign = rival.ask(scope, method, open_show.path(route.path), body, headers=if_match)

    told = [{**answer.body, "request_id": ""} for answer in (mine, foreign)]
    assert told[0] == told[1]


def test_nobody_sees_another_merchants_campaigns_in_a_list(rival: Shopfront, open_show: OpenShow):
    answer = rival.ask(MANAGE, "GET", "/v1/campaigns?limit=100")

    assert open_show.campaign not in str(answer.body)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer lh_manage_unknown", "Basic bGg6eA==", "Bearer 🍎", "lh_manage_x"],
)
def test_a_bad_key_is_refused(shopfront: Shopfront, header: str):
    written = header.encode().decode("latin-1")
    with closing(Wire(shopfront.theatre.address, {"Authorization": written})) as wire:
        status, code = refusal(wire.ask("GET", "/v1/campaigns"))

    assert status == 401
    assert code in ("key_invalid", "key_missing")


def test_a_revoked_key_is_refused(stack: LocalStack):
    key = f"lh_manage_{secrets.token_urlsafe(24)}"
    dynamodb(stack.engine.url).put_item(
        TableName=stack.outputs["KeysTable"],
        Item={
            table.KEY_HASH: {"S": sha256(key.encode()).hexdigest()},
            table.MERCHANT: {"S": stack.merchant.name},
            "scope": {"S": "manage"},
            "revoked": {"BOOL": True},
        },
    )
    with closing(Wire(stack.api, {"Authorization": f"Bearer {key}"})) as wire:
        assert refusal(wire.ask("GET", "/v1/campaigns")) == (401, "key_invalid")
