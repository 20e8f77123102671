"""A merchant gives money back: whole, in part, restocked; through a provider that refuses, waits, or never answers."""

from __future__ import annotations

from shared.contracts.routes import MANAGE, READ
from tests.journeys.shopfront import Shopfront, a_payment, an_offer, good, refusal, until

PRICE = 9900


def test_refunds_come_to_their_end_and_the_books_to_theirs(shopfront: Shopfront):
    campaign = shopfront.live(hold_seconds=10, offers=[an_offer("FUJI", 40)])
    whole, part = shopfront.buy(campaign, quantity=2), shopfront.buy(campaign, quantity=3)
    back = shopfront.buy(campaign, quantity=35)

    # All of it, and the same request again.
    asked = shopfront.refund(whole, "one-key")
    again = shopfront.refund(whole, "one-key")
    assert (asked.status, asked.body["state"], asked.body["amount"]) == (201, "pending", 2 * PRICE)
    assert (again.body, again.headers["idempotent-replayed"]) == (asked.body, "true")
    assert refusal(shopfront.refund(whole, "one-key", amount=1)) == (422, "idempotency_key_reused")
    assert shopfront.end_of(asked.body)["state"] == "succeeded"
    assert shopfront.order(whole)["state"] == "refunded"
    assert refusal(shopfront.refund(whole)) == (409, "refund_exceeds_paid")

    # A part, and no more than is left.
    some = good(shopfront.refund(part, amount=1000))
    assert shopfront.end_of(some)["state"] == "succeeded"
    too_much = shopfront.refund(part, amount=3 * PRICE)
    assert refusal(too_much) == (409, "refund_exceeds_paid")
    assert too_much.body["refundable"] == 3 * PRICE - 1000
    assert shopfront.order(part)["amount_refunded"] == 1000

    # On sale again, and bought again.
    restocked = shopfront.end_of(good(shopfront.refund(back, restock=True)))
    assert (restocked["state"], restocked["restocked"]) == ("succeeded", True)
    until(lambda: shopfront.wish(campaign, quantity=30, buyer="next").ok, seconds=10)

    # One that the provider refuses, and one that the books do not wait for.
    fails = shopfront.buy(campaign, method="refund_fails")
    assert shopfront.end_of(good(shopfront.refund(fails)))["state"] == "failed"
    waits = shopfront.buy(campaign, method="refund_pending")
    pending = good(shopfront.refund(waits))
    good(shopfront.command(campaign, "end"))
    closed = shopfront.wait_for(campaign, "closed")
    assert closed["balanced"] is True
    until(lambda: shopfront.book(campaign, "totals")["complete"])
    totals = shopfront.book(campaign, "totals")
    booked = (2 + 35) * PRICE + 1000
    assert (totals["refunded"], totals["net"]) == (booked, totals["gross"] - booked)
    assert (totals["units"]["sold"], totals["units"]["refunded"]) == (2 + 3 + 1 + 1, 2 + 35)

    told = a_payment(waits, refund_id=pending["id"], amount=PRICE) | {"type": "refund.succeeded"}
    assert good(shopfront.tell(told))["outcome"] == "refunded"
    late = shopfront.end_of(pending)
    assert (late["state"], late["after_close"]) == ("succeeded", True)
    assert shopfront.book(campaign, "totals") == totals
    listed = good(shopfront.ask(READ, "GET", f"/v1/orders/{waits['id']}/refunds"))
    assert [each["id"] for each in listed["data"]] == [pending["id"]]
    retried = shopfront.ask(MANAGE, "POST", f"/v1/refunds/{late['id']}/retry", {})
    assert refusal(retried) == (409, "refund_state")


def test_what_is_not_paid_or_not_ours_is_not_given_back(shopfront: Shopfront):
    campaign = shopfront.live()
    unpaid = good(shopfront.check_out(shopfront.reserve(campaign)))
    assert refusal(shopfront.refund(unpaid)) == (409, "order_not_paid")
    nobody = {"id": unpaid["id"][:-1] + ("A" if unpaid["id"][-1] != "A" else "B")}
    assert refusal(shopfront.refund(nobody)) == (404, "order_not_found")
    found = shopfront.ask(READ, "GET", "/v1/refunds/ref_" + "A" * 40)
    assert refusal(found) == (404, "refund_not_found")
    order = shopfront.buy(campaign)
    assert refusal(shopfront.refund(order, amount=0)) == (422, "invalid_request")
    assert refusal(shopfront.refund(order, amount=1, restock=True)) == (409, "restock_of_part")
