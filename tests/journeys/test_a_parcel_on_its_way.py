"""From a paid order to the file that a fulfiller imports, on the deployed stack; and then nothing is known of the buyer."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from local import cli
from local.shoppers.shopper import SHIP_TO
from shared.contracts.routes import MANAGE, READ
from tests.journeys.shopfront import Shopfront, an_offer, good, refusal, until


def test_a_paid_order_becomes_a_parcel_and_is_erased_with_the_books_unchanged(
    shopfront: Shopfront,
    rival: Shopfront,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    campaign = shopfront.live(
        hold_seconds=10, offers=[an_offer("FUJI", 5)], fulfilment={"carrier": "file"}
    )
    order = shopfront.buy(campaign, quantity=2)
    assert order["ship_to"] == SHIP_TO
    # The event, the rule and the machine: nobody has to do anything.
    until(lambda: shopfront.order(order)["state"] == "fulfilled")
    told = shopfront.order(order)
    assert (told["parcel"]["carrier"], told["personal_data"]) == ("file", "kept")
    assert told["ship_to"] == SHIP_TO

    # As the team gives it to a fulfiller.
    monkeypatch.setenv("LIVEHOUR_API", shopfront.theatre.address)
    monkeypatch.setenv("LIVEHOUR_KEY", shopfront.theatre.keys[MANAGE])
    folder = tmp_path / "parcels"
    assert cli.run(["handoff", campaign, "--out", str(folder)]) == 0
    with (folder / "parcels.csv").open(encoding="utf-8-sig", newline="") as source:
        (row,) = csv.DictReader(source)
    assert (row["parcel"], row["order"]) == (told["parcel"]["id"], order["id"])
    assert (row["name"], row["quantity"], row["value"]) == (SHIP_TO["name"], "2", "198.00")

    good(shopfront.command(campaign, "end"))
    shopfront.wait_for(campaign, "closed")
    totals = shopfront.book(campaign, "totals")
    assert (totals["orders"], totals["complete"]) == (1, True)

    path = f"/v1/orders/{order['id']}/personal-data"
    assert refusal(rival.ask(MANAGE, "DELETE", path)) == (404, "order_not_found")
    assert refusal(shopfront.ask(READ, "DELETE", path)) == (403, "wrong_scope")
    for _ in range(2):
        erased = good(shopfront.ask(MANAGE, "DELETE", path))
        assert (erased["state"], erased["personal_data"]) == ("fulfilled", "erased")
    assert "ship_to" not in shopfront.order(order)
    files = f"/v1/campaigns/{campaign}/hand-off/files"
    assert [each["rows"] for each in good(shopfront.ask(MANAGE, "GET", files))["files"]] == [0, 0]
    assert shopfront.book(campaign, "totals") == totals
    assert good(shopfront.command(campaign, "reconcile"))["balanced"]


def test_an_address_that_no_carrier_can_use_is_seen_by_the_team(shopfront: Shopfront):
    campaign = shopfront.live(offers=[an_offer("FUJI", 5)], fulfilment={"carrier": "file"})
    held = shopfront.reserve(campaign)
    form = {
        "buyer_id": "buyer",
        "payment_method": "alipay",
        "ship_to": {**SHIP_TO, "country": "US"},
    }
    asked = shopfront.ask("sell", "POST", f"/v1/reservations/{held['id']}/checkout", form)
    order = good(asked)
    assert shopfront.pay(order) == "paid"
    until(lambda: shopfront.order(order)["needs_attention"] == "address_incomplete")
    made = good(shopfront.ask(MANAGE, "GET", f"/v1/campaigns/{campaign}/hand-off/files"))
    assert made["needs_attention"] == [{"order": order["id"], "reason": "address_incomplete"}]
    assert shopfront.order(order)["state"] == "paid"
