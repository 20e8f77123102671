"""A payment after the end of its hold gets units again if there are any, and goes back once if there are none."""

from __future__ import annotations

import time
from datetime import datetime

from tests.journeys.shopfront import Json, Shopfront, a_payment, an_offer, good, until


def test_late_money_buys_what_is_left_or_goes_back_once(shopfront: Shopfront):
    offers = [an_offer("PLENTY"), an_offer("LAST", 1)]
    campaign = shopfront.live(hold_seconds=10, offers=offers)
    lucky = good(shopfront.check_out(shopfront.reserve(campaign, "PLENTY", 2)))
    unlucky = good(shopfront.check_out(shopfront.reserve(campaign, "LAST")))
    ends = datetime.fromisoformat(unlucky["expires_at"]).timestamp()
    time.sleep(max(0.0, ends + 0.2 - time.time()))

    # The hold ran out, so the last unit is somebody else's, beat or no beat.
    faster = until(lambda: _bought_the_last(shopfront, campaign) or {}, seconds=10)
    assert shopfront.pay(lucky) == "paid"
    assert good(shopfront.tell(a_payment(unlucky), "msg_late"))["outcome"] == "refunded"
    assert good(shopfront.tell(a_payment(unlucky), "msg_late"))["outcome"] == "known"
    assert shopfront.pay(unlucky) == "known"
    refunded = shopfront.order(unlucky)
    assert (refunded["state"], refunded["refund_reason"]) == ("refunded", "sold_out")
    assert refunded["amount_refunded"] == unlucky["amount"]
    assert shopfront.order(lucky)["state"] == "paid"
    assert shopfront.order(faster)["state"] == "paid"

    # Who pays when everything is over gets it back too.
    too_late = good(shopfront.check_out(shopfront.reserve(campaign, "PLENTY")))
    good(shopfront.command(campaign, "end"))
    closed = shopfront.wait_for(campaign, "closed")
    assert shopfront.order(too_late)["state"] == "cancelled"
    assert shopfront.pay(too_late) == "refunded"
    assert shopfront.order(too_late)["refund_reason"] == "campaign_closed"

    assert closed["balanced"] is True
    totals = shopfront.book(campaign, "totals")
    assert totals["complete"]
    assert (totals["orders"], totals["gross"], totals["net"]) == (2, 29700, 29700)
    assert totals["units"]["sold"] == 3
    assert shopfront.book(campaign, "report")["balanced"] is True


def test_a_wrong_payment_moves_nothing_and_the_right_one_still_can(shopfront: Shopfront):
    campaign = shopfront.live()
    order = good(shopfront.check_out(shopfront.reserve(campaign)))

    for lie in (
        {"amount": order["amount"] - 1},
        {"amount": -order["amount"]},
        {"currency": "USD"},
        {"livemode": True},
        {"order_id": order["id"][:-1] + "_"},
    ):
        assert shopfront.pay(order, **lie) == "quarantined", lie
    assert shopfront.pay(order, payment_id="pay_from_another_tab") == "refunded"
    assert shopfront.order(order)["state"] == "awaiting_payment"

    assert shopfront.pay(order) == "paid"


def _bought_the_last(shopfront: Shopfront, campaign: str) -> Json | None:
    wish = shopfront.wish(campaign, "LAST", buyer="buyer")
    if not wish.ok:
        return None
    order = good(shopfront.check_out(good(wish)))
    assert shopfront.pay(order) == "paid"
    return order
