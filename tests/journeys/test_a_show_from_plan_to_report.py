"""The way of one small campaign: planned, started by itself, sold, ended, and closed with books that balance."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from shared.contracts.routes import READ, SELL
from tests.journeys.shopfront import Shopfront, an_offer, at, good, refusal, until


def test_a_campaign_starts_by_itself_sells_and_closes_with_balanced_books(shopfront: Shopfront):
    created = shopfront.create(
        starts_at=at(12),
        hold_seconds=10,
        offers=[an_offer("FUJI", 3, limit_per_buyer=2), an_offer("GIFT", 40)],
        run_of_show=[
            {"at": 0, "cue": "pin", "sku": "FUJI"},
            {"at": 0, "cue": "flash_price", "sku": "FUJI", "unit_price": 7900, "seconds": 600},
            {
                "at": 0,
                "cue": "coupon",
                "code": "Gift10",
                "percent_off": 10,
                "seconds": 600,
                "sku": "GIFT",
                "uses": 1,
                "uses_per_buyer": 1,
            },
        ],
    )
    campaign = created["id"]
    assert created["status"] == "draft"
    assert refusal(shopfront.wish(campaign)) == (409, "campaign_not_open")

    assert good(shopfront.command(campaign, "schedule"))["status"] == "scheduled"
    until(lambda: good(shopfront.ask(SELL, "GET", f"/v1/shows/{campaign}"))["open"])
    show = good(shopfront.ask(SELL, "GET", f"/v1/shows/{campaign}"))
    assert show["pinned"] == "FUJI"
    assert [offer["available"] for offer in show["offers"]] == [3, 40]

    # In the way of a buyer: reserved at the price of the moment, checked out, paid.
    reservation = shopfront.reserve(campaign, quantity=2)
    assert (reservation["unit_price"], reservation["amount"]) == (7900, 15800)
    order = good(shopfront.check_out(reservation))
    assert order["id"].removeprefix("ord_") == reservation["id"].removeprefix("rsv_")
    assert order["state"] == "awaiting_payment"
    assert shopfront.pay(order) == "paid"
    assert shopfront.order(order)["state"] == "paid"

    # With a coupon, which is used up then.
    gift = good(shopfront.wish(campaign, "GIFT", coupon="gift10"))
    assert (gift["unit_price"], gift["list_price"], gift["coupon"]) == (8910, 9900, "Gift10")
    again = shopfront.wish(campaign, "GIFT", buyer="another", coupon="GIFT10")
    assert refusal(again) == (409, "coupon_exhausted")
    assert refusal(shopfront.wish(campaign, coupon="gift10")) == (409, "coupon_not_open")
    assert shopfront.pay(good(shopfront.check_out(gift))) == "paid"

    # Of the last unit, the limit, the release, and the end of the stock.
    assert refusal(shopfront.wish(campaign)) == (409, "buyer_limit_reached")
    last = good(shopfront.wish(campaign, buyer="another"))
    sold_out = shopfront.wish(campaign, buyer="a third")
    assert refusal(sold_out) == (409, "sold_out")
    assert sold_out.body["available"] == 0
    path = f"/v1/reservations/{last['id']}"
    assert good(shopfront.ask(SELL, "DELETE", path))["state"] == "released"
    assert good(shopfront.ask(SELL, "DELETE", path))["state"] == "released"
    until(lambda: shopfront.wish(campaign, buyer="a fourth").ok, seconds=10)

    # The totals say so within seconds, and the same version is not sent twice.
    totals = until(lambda: _totals_with(shopfront, campaign, orders=2))
    assert (totals["gross"], totals["net"], totals["units"]["sold"]) == (24710, 24710, 3)
    assert totals["reservations"]["released"] == 1
    not_closed = shopfront.ask(READ, "GET", f"/v1/campaigns/{campaign}/report")
    assert refusal(not_closed) == (409, "not_closed")

    good(shopfront.command(campaign, "end"))
    until(lambda: shopfront.wish(campaign, "GIFT").code == "campaign_not_open", seconds=10)

    # The fourth buyer's hold runs out, and the books are closed.
    closed = shopfront.wait_for(campaign, "closed")
    assert closed["balanced"] is True
    totals = shopfront.book(campaign, "totals")
    assert totals["complete"]
    ends = totals["reservations"]
    assert (ends["confirmed"], ends["released"], ends["held"]) == (2, 1, 0)
    assert ends["placed"] == 3 + ends["expired"]
    unchanged = shopfront.ask(
        READ,
        "GET",
        f"/v1/campaigns/{campaign}/totals",
        headers={"If-None-Match": f'"{totals["version"]}"'},
    )
    assert (unchanged.status, unchanged.body) == (304, None)

    timeline = shopfront.book(campaign, "timeline?bucket=10")
    assert timeline["version"] == totals["version"]
    assert sum(bucket["gross"] for bucket in timeline["buckets"]) == 24710
    assert [marker["cue"] for marker in timeline["markers"]][:3] == ["opened", "pin", "flash_price"]

    report = shopfront.book(campaign, "report")
    assert report == shopfront.book(campaign, "report")
    assert report["balanced"] is True
    assert report["totals"]["gross"] == 24710
    used = {"orders": 1, "units": 1, "gross": 8910, "off": 990}
    assert report["orders"]["coupons"] == {"Gift10": used}

    bought = shopfront.book(campaign, "orders")["data"]
    assert sorted(str(each["coupon"]) for each in bought) == ["Gift10", "None"]
    [listed] = [each for each in bought if each["sku"] == "FUJI"]
    assert (listed["id"], listed["state"]) == (order["id"], "paid")
    assert "Wang Fang" not in str(listed)
    assert refusal(shopfront.command(campaign, "extend", {"ends_at": at(3600)}))[0] == 409


def _totals_with(shopfront: Shopfront, campaign: str, *, orders: int) -> dict[str, Any]:
    asked = time.time()
    totals = shopfront.book(campaign, "totals")
    assert asked - datetime.fromisoformat(totals["as_of"]).timestamp() <= 2
    return totals if totals["orders"] == orders else {}
