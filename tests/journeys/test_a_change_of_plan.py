"""Shows that are called off or go on longer, and what a second word does to a first."""

from __future__ import annotations

import time
from datetime import datetime

from tests.journeys.shopfront import Json, Shopfront, at, good, refusal, until


def test_a_scheduled_campaign_that_is_called_off_never_opens(shopfront: Shopfront):
    campaign = shopfront.create(starts_at=at(5))["id"]
    good(shopfront.command(campaign, "schedule"))

    cancelled = good(shopfront.command(campaign, "cancel", {"reason": "Storm at the harbour"}))

    assert (cancelled["status"], cancelled["cancel_reason"]) == (
        "cancelled",
        "Storm at the harbour",
    )
    time.sleep(6)
    assert shopfront.campaign(campaign)["status"] == "cancelled"
    assert refusal(shopfront.wish(campaign)) == (409, "campaign_not_open")
    assert refusal(shopfront.command(campaign, "schedule")) == (409, "campaign_state")


def test_a_live_campaign_that_is_called_off_keeps_what_is_paid_and_gives_back_the_rest(
    shopfront: Shopfront,
):
    campaign = shopfront.live(hold_seconds=10)
    paid = shopfront.buy(campaign)
    waiting = good(shopfront.check_out(shopfront.reserve(campaign)))
    held = shopfront.reserve(campaign)

    good(shopfront.command(campaign, "cancel", {"reason": "The host is ill"}))
    # From the answer on, and not when a beat comes by.
    assert refusal(shopfront.wish(campaign)) == (409, "campaign_not_open")

    # What is held may be checked out by a copy of the campaign, half a second old; its money would go back.
    time.sleep(1)
    assert refusal(shopfront.check_out(held)) == (409, "campaign_closed")
    assert shopfront.pay(waiting) == "refunded"
    assert shopfront.order(waiting)["state"] == "refunded"
    assert shopfront.order(waiting)["amount_refunded"] == waiting["amount"]
    assert shopfront.order(paid)["state"] == "paid"
    totals = until(lambda: _complete(shopfront, campaign))
    assert (totals["orders"], totals["units"]["held"]) == (1, 0)
    assert shopfront.campaign(campaign)["status"] == "cancelled"


def test_a_paused_show_takes_no_reservation_until_it_is_resumed(shopfront: Shopfront):
    campaign = shopfront.live()
    held = shopfront.reserve(campaign)

    paused = good(shopfront.command(campaign, "pause", {"reason": "The picture is lost"}))

    assert paused["status"] == "paused"
    assert refusal(shopfront.wish(campaign)) == (409, "campaign_not_open")
    order = good(shopfront.check_out(held))
    assert shopfront.pay(order) == "paid"
    assert good(shopfront.command(campaign, "resume"))["status"] == "live"
    until(lambda: shopfront.wish(campaign).ok, seconds=5)
    marked = [cue["cue"] for cue in shopfront.campaign(campaign)["improvised"]]
    assert marked == ["paused", "resumed"]


def test_a_price_is_changed_in_the_middle_of_a_show(shopfront: Shopfront):
    campaign = shopfront.live()
    before = shopfront.reserve(campaign)
    cue = {"cue": "price", "sku": before["sku"], "unit_price": before["unit_price"] - 100}

    directed = good(shopfront.command(campaign, "cues", cue))

    assert directed["improvised"][-1]["unit_price"] == cue["unit_price"]
    time.sleep(1)
    assert shopfront.reserve(campaign)["unit_price"] == cue["unit_price"]
    assert good(shopfront.check_out(before))["amount"] == before["amount"]

    offers = [{**offer, "unit_price": 1000} for offer in directed["offers"]]
    changed = good(shopfront.patch(campaign, {"offers": offers}, version=directed["version"]))
    assert [offer["unit_price"] for offer in changed["offers"]] == [1000] * len(offers)
    assert refusal(shopfront.patch(campaign, {"name": "Late"}, version=directed["version"])) == (
        412,
        "precondition_failed",
    )
    time.sleep(1)
    assert shopfront.reserve(campaign)["unit_price"] == 1000


def test_units_are_added_in_the_middle_of_a_show(shopfront: Shopfront):
    campaign = shopfront.live()
    [offer, *_] = shopfront.campaign(campaign)["offers"]

    more = good(shopfront.command(campaign, "allotment", {"sku": offer["sku"], "units": 5}))

    assert more["offers"][0]["allotment"] == offer["allotment"] + 5
    until(lambda: _allotted(shopfront, campaign) == offer["allotment"] + 5, seconds=10)


def _allotted(shopfront: Shopfront, campaign: str) -> int:
    units: int = shopfront.book(campaign, "totals")["offers"][0]["units"]["allotted"]
    return units


def test_an_extended_show_sells_on_after_the_end_it_had(shopfront: Shopfront):
    campaign = shopfront.live(starts_at=at(1), ends_at=at(9))
    first_end = datetime.fromisoformat(shopfront.campaign(campaign)["ends_at"]).timestamp()

    extended = good(shopfront.command(campaign, "extend", {"ends_at": at(600)}))

    assert datetime.fromisoformat(extended["ends_at"]).timestamp() > first_end
    assert refusal(shopfront.command(campaign, "extend", {"ends_at": at(300)})) == (
        422,
        "invalid_request",
    )
    time.sleep(max(0.0, first_end + 1 - time.time()))
    assert shopfront.reserve(campaign)["state"] == "held"
    assert shopfront.campaign(campaign)["status"] == "live"


def test_a_second_start_changes_nothing(shopfront: Shopfront):
    campaign = shopfront.live()
    before = shopfront.campaign(campaign)

    good(shopfront.command(campaign, "start"))

    assert shopfront.campaign(campaign) == before


def _complete(shopfront: Shopfront, campaign: str) -> Json:
    totals = shopfront.book(campaign, "totals")
    return totals if totals["complete"] else {}
