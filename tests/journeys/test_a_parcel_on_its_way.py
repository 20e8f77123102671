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


def test_an_address_that_no_carrier_can_use_is_not_paid_for_and_a_wrong_one_is_changed_in_time(
    shopfront: Shopfront,
):
    campaign = shopfront.live(offers=[an_offer("FUJI", 5)])
    held = shopfront.reserve(campaign)
    form = {
        "buyer_id": "buyer",
        "payment_method": "alipay",
        "ship_to": {**SHIP_TO, "country": "US"},
    }
    path = f"/v1/reservations/{held['id']}/checkout"
    refused = shopfront.ask("sell", "POST", path, form)
    assert refusal(refused) == (422, "invalid_request")
    pointers = {error["pointer"] for error in refused.body["errors"]}
    assert pointers == {"/ship_to/region", "/ship_to/postal_code"}
    british = {**form, "ship_to": {**SHIP_TO, "country": "UK"}}
    (error,) = shopfront.ask("sell", "POST", path, british).body["errors"]
    assert (error["pointer"], error["suggestion"]) == ("/ship_to/country", "GB")

    order = good(shopfront.ask("sell", "POST", path, {**form, "ship_to": SHIP_TO}))
    assert shopfront.pay(order) == "paid"
    address = f"/v1/orders/{order['id']}/address"
    moved = {**SHIP_TO, "line1": "\uff12 New Road", "phone": "021 5555 0101"}
    body = {"buyer_id": "buyer", "ship_to": moved}
    assert refusal(shopfront.ask("sell", "PATCH", address, {"ship_to": moved})) == (
        422,
        "invalid_request",
    )
    assert refusal(shopfront.ask("sell", "PATCH", address, {**body, "buyer_id": "other"})) == (
        404,
        "order_not_found",
    )
    for key, sent in (("sell", body), (MANAGE, {"ship_to": moved})):
        changed = good(shopfront.ask(key, "PATCH", address, sent))
        assert changed["ship_to"] == {**SHIP_TO, "line1": "2 New Road", "phone": "+862155550101"}
    assert shopfront.order(order)["ship_to"] == changed["ship_to"]
    orders = f"/v1/campaigns/{campaign}/orders?needs_attention=true"
    assert good(shopfront.ask(READ, "GET", orders))["data"] == []


def test_once_its_parcel_is_requested_an_order_keeps_its_address(shopfront: Shopfront):
    campaign = shopfront.live(offers=[an_offer("FUJI", 5)], fulfilment={"carrier": "file"})
    order = shopfront.buy(campaign)
    until(lambda: shopfront.order(order)["state"] == "fulfilled")
    body = {"ship_to": {**SHIP_TO, "line1": "2 New Road"}}
    refused = shopfront.ask(MANAGE, "PATCH", f"/v1/orders/{order['id']}/address", body)
    assert refusal(refused) == (409, "shipment_requested")
    assert refused.body["parcel"] == shopfront.order(order)["parcel"]["id"]
    files = f"/v1/campaigns/{campaign}/hand-off/files"
    made = good(shopfront.ask(MANAGE, "GET", f"{files}?combine=buyer&format=xlsx"))
    assert [each["name"] for each in made["files"]] == ["combined-parcels.xlsx"]
