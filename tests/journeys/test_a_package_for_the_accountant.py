"""After the show: the closing package is built by the machine, fetched by the command line, and verified to the byte."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import httpx
import pytest

from local import cli
from shared.contracts.routes import MANAGE, READ
from tests.journeys.shopfront import Shopfront, an_offer, good, refusal, until

PARTIES = {
    "promoter": {"name": "=Apples", "share": 333},
    "seller_of_record": {"name": "Green Valley", "share": 9_667, "reference": "acct-7"},
}


def test_a_package_is_built_at_the_end_fetched_and_a_changed_byte_is_found(
    shopfront: Shopfront,
    rival: Shopfront,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    campaign = shopfront.live(hold_seconds=10, parties=PARTIES, offers=[an_offer("FUJI", 5)])
    told = shopfront.campaign(campaign)
    assert told["parties"]["seller_of_record"] == PARTIES["seller_of_record"]
    order = good(shopfront.check_out(shopfront.reserve(campaign, quantity=3)))
    assert shopfront.pay(order) == "paid"
    path = f"/v1/campaigns/{campaign}"
    tag = f'"{told["version"]}"'
    frozen = shopfront.ask(MANAGE, "PATCH", path, {"parties": {}}, headers={"If-Match": tag})
    assert refusal(frozen) == (409, "parties_frozen")
    compared = good(shopfront.command(campaign, "reconcile"))
    assert (compared["balanced"], compared["orders"]) == (True, 1), compared
    totals = shopfront.book(campaign, "totals")
    assert totals["reconciled_at"] == totals["as_of"]
    files = f"/v1/campaigns/{campaign}/report/files"
    assert refusal(shopfront.ask(READ, "GET", files)) == (409, "package_not_built")
    good(shopfront.command(campaign, "end"))
    shopfront.wait_for(campaign, "closed")
    until(lambda: shopfront.ask(READ, "GET", files).ok)
    links = good(shopfront.ask(READ, "GET", files))
    assert refusal(rival.ask(READ, "GET", files)) == (404, "campaign_not_found")

    # As a person fetches it.
    monkeypatch.setenv("LIVEHOUR_API", shopfront.theatre.address)
    monkeypatch.setenv("LIVEHOUR_KEY", shopfront.theatre.keys[READ])
    folder = tmp_path / "package"
    assert cli.run(["report", campaign, "--out", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {file["name"] for file in links["files"]}
    assert json.loads((folder / "report.json").read_text()) == shopfront.book(campaign, "report")
    with (folder / "orders.csv").open(encoding="utf-8-sig", newline="") as source:
        (bought,) = csv.DictReader(source)
    assert (bought["order"], bought["amount"]) == (order["id"], "297.00")
    parties = json.loads((folder / "parties.json").read_text())
    assert [(party["name"], party["gross"]) for party in parties] == [
        ("=Apples", 989),
        ("Green Valley", 28_711),
    ]
    assert '"\'=Apples"' in (folder / "parties.csv").read_text(encoding="utf-8-sig")
    assert "Wang Fang" not in "".join(path.read_text(errors="ignore") for path in folder.iterdir())

    # As a partner verifies it, offline; and as somebody bends it.
    capsys.readouterr()
    assert cli.run(["report", "--verify", str(folder)]) == 0
    bent = bytearray((folder / "orders.csv").read_bytes())
    bent[-5] ^= 1
    (folder / "orders.csv").write_bytes(bent)
    assert cli.run(["report", "--verify", str(folder)]) == 1
    assert capsys.readouterr().out == "orders.csv: has other content than was signed\n"

    # A link is for this file, and nobody lists the others.
    first = httpx.get(links["files"][0]["url"])
    assert (first.status_code, first.content) == (200, (folder / "manifest.json").read_bytes())
