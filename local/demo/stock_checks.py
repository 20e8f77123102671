"""What must be true of units and reservations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from local.demo.evidence import PAID, Evidence, Finding, differ


def stock_is_conserved(evidence: Evidence) -> Finding:
    for totals in evidence.all_totals:
        for name, units in _units(totals):
            if units["allotted"] != units["available"] + units["held"] + units["sold"]:
                yield f"version {totals['version']}, {name}: {units}"


def reservations_are_conserved(evidence: Evidence) -> Finding:
    for totals in evidence.all_totals:
        placed = totals["reservations"]
        ends = placed["confirmed"] + placed["released"] + placed["expired"] + placed["held"]
        if placed["placed"] != ends:
            yield f"version {totals['version']}: {placed}"


def offers_add_up(evidence: Evidence) -> Finding:
    for totals in evidence.all_totals:
        for name in ("orders", "gross", "refunded"):
            yield from differ(
                f"version {totals['version']}, {name}",
                totals[name],
                sum(offer[name] for offer in totals["offers"]),
            )


def nothing_is_oversold(evidence: Evidence) -> Finding:
    sold = Counter[str]()
    for order in evidence.paid:
        if order["id"] not in evidence.restocked:
            sold[order["sku"]] += order["quantity"]
    for offer in evidence.campaign["offers"]:
        if sold[offer["sku"]] > offer["allotment"]:
            yield f"{sold[offer['sku']]} of {offer['allotment']} {offer['sku']} are in paid orders"
    for offer in evidence.totals["offers"]:
        if offer["units"]["sold"] > offer["units"]["allotted"]:
            yield f"{offer['sku']} sold {offer['units']['sold']} of {offer['units']['allotted']}"


def the_scarce_is_sold(evidence: Evidence) -> Finding:
    (offer,) = [one for one in evidence.campaign["offers"] if one["sku"] == evidence.scarce]
    in_orders = sum(
        order["quantity"]
        for order in evidence.orders.values()
        if order["sku"] == evidence.scarce and order["state"] in PAID
    )
    yield from differ(f"{evidence.scarce} in paid orders", in_orders, offer["allotment"])


def limits_hold(evidence: Evidence) -> Finding:
    limits = {offer["sku"]: offer["limit_per_buyer"] for offer in evidence.campaign["offers"]}
    bought = Counter[tuple[str, str]]()
    for order in evidence.paid:
        bought[evidence.buyer_of(order["id"]), order["sku"]] += order["quantity"]
    for (buyer, sku), quantity in bought.items():
        if limits[sku] is not None and quantity > limits[sku]:
            yield f"{buyer} bought {quantity} of {sku}, where {limits[sku]} is the limit"


def _units(totals: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, int]]]:
    yield "all offers", totals["units"]
    for offer in totals["offers"]:
        yield offer["sku"], offer["units"]
