"""After the last curtain: the books are reconciled again, and everything that was told is told again from the beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast

from local.simulation.books_audit import BooksAudit
from local.simulation.deliveries import record
from local.simulation.gateway import Ask, Gateway
from local.simulation.services import Bus
from local.simulation.violations import expect
from local.simulation.world import World
from shared.adapters.dynamodb_totals import DynamoDBTotals
from shared.domain.campaign import Campaign
from shared.domain.order import OrderState
from shared.domain.refund import State

_BATCH = 100


def reconcile_again(world: World, gateway: Gateway, campaign: Campaign) -> None:
    """The report stays as it was settled, byte for byte, whoever counts again; and the totals agree with it."""
    path = {"campaign_id": campaign.id}
    totals = gateway.ask(Ask("GET /v1/campaigns/{campaign_id}/totals", path, key="read"))
    expect(totals.status == 200 and totals.body["complete"], campaign.id, totals)
    if campaign.prepared_at is None:
        return
    told = gateway.ask(Ask("GET /v1/campaigns/{campaign_id}/report", path, key="read"))
    expect(told.status == 200, campaign.id, told)
    report = told.body
    expect(report["balanced"], campaign.id, report["reconciliation"])
    for name in ("orders", "gross", "refunded", "net", "units", "reservations"):
        expect(report["totals"][name] == totals.body[name], campaign.id, name)
    outcome = world.invoke("reconcile_campaign", {"campaign": campaign.id})
    expect(outcome["balanced"], campaign.id, "does not balance when it is counted again")
    # Somebody who has been counting since before the end writes what he found; it is not the report.
    DynamoDBTotals(cast(Any, world.connect("dynamodb")), "totals").write_report(campaign.id, "{}")
    again = gateway.ask(Ask("GET /v1/campaigns/{campaign_id}/report", path, key="read"))
    expect(again.body == report, campaign.id, "the report changed")
    _package(world, gateway, campaign, report)


def _package(world: World, gateway: Gateway, campaign: Campaign, report: Mapping[str, Any]) -> None:
    """It is whole, its files are what the manifest says, its money is the report's; and it is never built anew."""
    ask = Ask(
        "GET /v1/campaigns/{campaign_id}/report/files", {"campaign_id": campaign.id}, key="read"
    )
    package = gateway.ask(ask)
    expect(package.status == 200, campaign.id, package)
    found = {}
    for file in package.body["files"]:
        data = world.objects.kept.get(f"{campaign.id}/{file['sha256']}/{file['name']}", b"")
        expect(sha256(data).hexdigest() == file["sha256"], campaign.id, f"{file['name']} differs")
        found[file["name"]] = data
    orders = json.loads(found["orders.json"])
    expect(len(orders) == report["orders"]["placed"], campaign.id, "not every order is in it")
    gross = sum(order["amount"] for order in orders if order["paid_at"])
    expect(gross == report["totals"]["gross"], campaign.id, "its orders are not the gross")
    parties = json.loads(found["parties.json"])
    expect(sum(party["gross"] for party in parties) == gross, campaign.id, "its parts are not all")
    kept = dict(world.objects.kept)
    outcome = world.invoke("package_campaign", {"campaign": campaign.id})
    expect(outcome["complete"], campaign.id, "is not whole when it is built again")
    expect(world.objects.kept == kept, campaign.id, "another package was built")


def read_log(gateway: Gateway, audit: BooksAudit, campaign: Campaign, *, told: bool) -> None:
    """Page by page it is what was written, newest first; and every version has its entry, by whoever made it."""
    found: list[dict[str, Any]] = []
    more = True
    while more:
        query = {"limit": "7", **({"starting_after": found[-1]["id"]} if found else {})}
        path = {"campaign_id": campaign.id}
        ask = Ask("GET /v1/campaigns/{campaign_id}/log", path, key="manage", query=query)
        page = gateway.ask(ask)
        expect(page.status == 200, campaign.id, page)
        found += page.body["data"]
        more = page.body["has_more"]
    written = sorted((place for _, place in audit.log), reverse=True)
    expect([entry["id"] for entry in found] == [f"log_{place}" for place in written], "log", found)
    if not told:
        return
    by_version = {entry["version"]: entry for entry in found if entry["version"]}
    expect(sorted(by_version) == list(range(1, campaign.version + 1)), "log", "lacks a version")
    expect(by_version[1]["action"] == "created", "log", by_version[1])
    expect(by_version[1]["actor"]["type"] == "key", "log", by_version[1])


def audit_events(world: World, audit: BooksAudit, *, told: bool) -> None:
    """Every stream read once more gives the events that were told, and no other; each id has one content."""
    if not told:
        return
    events = _by_id(world.bus.told)
    bus, world.bus = world.bus, Bus(world.random)
    try:
        changes = world.store.changes
        for first in range(0, len(changes), _BATCH):
            batch = list(map(record, changes[first : first + _BATCH]))
            answer = world.invoke("publish_changes", {"Records": batch})
            expect(not answer["batchItemFailures"], "events", answer)
        again = _by_id(world.bus.told)
    finally:
        world.bus = bus
    expect(events == again, "events", sorted(set(events) ^ set(again)))
    _complete(again, audit)


def _late_refunds(audit: BooksAudit) -> int:
    """Orders that were never paid in time, and whose money went back by itself."""
    return sum(
        order.state is OrderState.REFUNDED and order.refund_reason is not None
        for order in audit.orders.values()
    )


def _by_id(told: list[dict[str, Any]]) -> Mapping[str, str]:
    """Each event once, by its id; a repetition must be the same to the letter."""
    found: dict[str, str] = {}
    for event in told:
        if event["type"] == "CampaignNeedsAttention":
            continue
        text = json.dumps(event, sort_keys=True)
        same = found.setdefault(event["detail"]["id"], text)
        expect(same == text, event["detail"]["id"], f"was told as {same} and as {text}")
    return found


def _complete(events: Mapping[str, str], audit: BooksAudit) -> None:
    """Each paid order was told as paid, and so on: nothing evaporates."""
    types = [json.loads(text)["type"] for text in events.values()]
    expired = sum(shelf.sums.expired for shelf in audit.ledger.shelves.values())
    given_back = sum(refund.state is State.SUCCEEDED for refund in audit.refunds.values())
    wanted = {
        # What is fulfilled was paid; and what was paid, and went back later, was told as paid too.
        "OrderPaid": sum(order.paid_at is not None for order in audit.orders.values()),
        "ParcelRequested": sum(order.fulfilled_at is not None for order in audit.orders.values()),
        "OrderAddressCorrected": audit.corrected.total(),
        "OrderRefunded": _late_refunds(audit) + given_back,
        "RefundNeedsAttention": audit.given_up,
        "ReservationExpired": expired,
    }
    for name, count in wanted.items():
        expect(types.count(name) == count, name, f"told {types.count(name)} times of {count}")
