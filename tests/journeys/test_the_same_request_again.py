"""A key is honoured: the same request has one effect and one answer, also when both come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from local.shoppers.wire import Answer
from shared.contracts.routes import MANAGE, SELL
from tests.journeys.shopfront import OpenShow, Shopfront, a_payment, a_plan, good, refusal, until


def is_replay_of(first: Answer, again: Answer) -> bool:
    return (first.status, first.body) == (again.status, again.body) and again.headers.get(
        "idempotent-replayed"
    ) == "true"


def test_a_campaign_is_created_once(shopfront: Shopfront):
    key, plan = str(uuid4()), a_plan()
    first = shopfront.ask(MANAGE, "POST", "/v1/campaigns", plan, key=key)
    again = shopfront.ask(MANAGE, "POST", "/v1/campaigns", plan, key=key)
    other = shopfront.ask(MANAGE, "POST", "/v1/campaigns", {**plan, "name": "Other"}, key=key)

    assert "idempotent-replayed" not in first.headers
    assert is_replay_of(first, again)
    assert refusal(other) == (422, "idempotency_key_reused")


def test_a_command_is_obeyed_once(shopfront: Shopfront):
    campaign, key = (
        shopfront.create(starts_at="2090-01-01T20:00:00", ends_at="2090-01-01T21:00:00")["id"],
        str(uuid4()),
    )
    path = f"/v1/campaigns/{campaign}/cancel"
    first = shopfront.ask(MANAGE, "POST", path, {"reason": "Storm"}, key=key)

    assert is_replay_of(first, shopfront.ask(MANAGE, "POST", path, {"reason": "Storm"}, key=key))
    assert refusal(shopfront.command(campaign, "cancel", {"reason": "Storm"})) == (
        409,
        "campaign_state",
    )


def test_a_reservation_is_made_once_and_belongs_to_its_buyer_and_offer(
    shopfront: Shopfront, open_show: OpenShow
):
    key = str(uuid4())
    first = shopfront.wish(open_show.campaign, buyer="a", key=key)
    again = shopfront.wish(open_show.campaign, buyer="a", key=key)
    more = shopfront.wish(open_show.campaign, quantity=2, buyer="a", key=key)
    other = shopfront.wish(open_show.campaign, buyer="b", key=key)

    assert is_replay_of(first, again)
    assert refusal(more) == (422, "idempotency_key_reused")
    assert good(other)["id"] != good(first)["id"]


def test_an_order_is_made_once(shopfront: Shopfront, open_show: OpenShow):
    reservation, key = shopfront.reserve(open_show.campaign), str(uuid4())
    first = shopfront.check_out(reservation, key=key)

    assert is_replay_of(first, shopfront.check_out(reservation, key=key))
    assert good(shopfront.check_out(reservation))["id"] == good(first)["id"]


def test_requests_that_come_at_once_make_one_reservation_and_one_order(
    shopfront: Shopfront, open_show: OpenShow
):
    key = str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        wishes = list(pool.map(lambda _: shopfront.wish(open_show.campaign, key=key), range(8)))
        assert len({good(wish)["id"] for wish in wishes}) == 1
        reservation = good(wishes[0])
        orders = list(pool.map(lambda _: shopfront.check_out(reservation, key=key), range(8)))
    assert len({good(order)["payment"]["id"] for order in orders}) == 1


def test_another_merchants_key_never_meets_mine(shopfront: Shopfront, rival: Shopfront):
    key, plan = str(uuid4()), a_plan()

    mine = good(shopfront.ask(MANAGE, "POST", "/v1/campaigns", plan, key=key))
    theirs = good(rival.ask(MANAGE, "POST", "/v1/campaigns", {**plan, "name": "B"}, key=key))

    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        (" ", "idempotency_key_missing"),
        ("k" * 256, "idempotency_key_invalid"),
        ("apfel-\xe4", "idempotency_key_invalid"),
    ],
)
def test_a_post_without_a_usable_key_is_refused(
    shopfront: Shopfront, open_show: OpenShow, key: str | None, code: str
):
    wish = {"sku": "FUJI", "quantity": 1, "buyer_id": "buyer"}
    base = f"/v1/campaigns/{open_show.campaign}"
    for scope, path, body in (
        (MANAGE, "/v1/campaigns", a_plan()),
        (MANAGE, f"{base}/end", {}),
        (SELL, f"{base}/reservations", wish),
    ):
        assert refusal(shopfront.ask(scope, "POST", path, body, key=key)) == (400, code)


def test_a_webhook_that_is_delivered_again_does_nothing_more(
    shopfront: Shopfront, open_show: OpenShow
):
    order = good(shopfront.check_out(shopfront.reserve(open_show.campaign)))
    event = a_payment(order)
    failed = {**event, "type": "payment.failed"}

    assert good(shopfront.tell(failed, "msg_f"))["outcome"] == "noted"
    assert good(shopfront.tell(event, "msg_s"))["outcome"] == "paid"
    assert good(shopfront.tell(event, "msg_s"))["outcome"] == "known"
    assert good(shopfront.tell(failed, "msg_f"))["outcome"] == "known"

    assert shopfront.order(order)["state"] == "paid"


def test_an_edit_over_a_stale_version_is_refused(shopfront: Shopfront):
    campaign = shopfront.create()
    path = f"/v1/campaigns/{campaign['id']}"
    etag = shopfront.ask(MANAGE, "GET", path).headers["etag"]
    edit = {"name": "A better name"}

    assert refusal(shopfront.ask(MANAGE, "PATCH", path, edit)) == (428, "precondition_required")
    edited = shopfront.ask(MANAGE, "PATCH", path, edit, headers={"If-Match": etag})
    assert good(edited)["name"] == "A better name"
    stale = shopfront.ask(MANAGE, "PATCH", path, {"name": "Worse"}, headers={"If-Match": etag})
    assert refusal(stale) == (412, "precondition_failed")
    until(lambda: shopfront.campaign(campaign["id"])["name"] == "A better name", seconds=3)
