"""What must be true of money, totals and their history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from local.demo.evidence import Evidence, Finding, differ

FRESH: Final = 2.0
"""Seconds that totals may be old while the show is live."""


def orders_are_the_totals(evidence: Evidence) -> Finding:
    paid, totals = evidence.paid, evidence.totals
    yield from differ("orders", totals["orders"], len(paid))
    yield from differ("gross", totals["gross"], sum(order["amount"] for order in paid))
    sold = sum(order["quantity"] for order in paid if order["id"] not in evidence.restocked)
    yield from differ("units sold", totals["units"]["sold"], sold)
    for offer in totals["offers"]:
        mine = [order for order in paid if order["sku"] == offer["sku"]]
        yield from differ(f"orders of {offer['sku']}", offer["orders"], len(mine))
        gross = sum(order["amount"] for order in mine)
        yield from differ(f"gross of {offer['sku']}", offer["gross"], gross)


def money_is_conserved(evidence: Evidence) -> Finding:
    """What the provider captured, less what went back, is what the totals call net."""
    too_late = [order for order in evidence.orders.values() if order["paid_at"] is None]
    booked = sum(refund["amount"] for refund in evidence.in_books)
    given_back = booked + sum(order["amount_refunded"] for order in too_late)
    totals = evidence.totals
    yield from differ("refunds of paid orders", totals["refunded"], booked)
    captured = sum(evidence.captured.values())
    yield from differ("captured less given back", captured - given_back, totals["net"])
    yield from differ("gross less refunded", totals["gross"] - totals["refunded"], totals["net"])


def refunds_come_to_an_end(evidence: Evidence) -> Finding:
    """Each; and an order has given back what its refunds say, in the books or after them, and no more than it took."""
    back = Counter[str]()
    for refund in evidence.journal.refunds.values():
        if refund["state"] not in ("succeeded", "failed"):
            yield f"{refund['id']} is {refund['state']}"
        if refund["state"] == "succeeded":
            back[refund["order"]] += refund["amount"]
    for order in evidence.paid:
        yield from differ(f"refunded of {order['id']}", order["amount_refunded"], back[order["id"]])
        if back[order["id"]] > order["amount"]:
            yield f"{order['id']} gave back {back[order['id']]} of {order['amount']}"


def the_timeline_tells_all(evidence: Evidence) -> Finding:
    """Each cue that came before the end, planned or not, is a marker."""
    campaign = evidence.campaign
    begins, ends = (datetime.fromisoformat(campaign[name]) for name in ("starts_at", "ends_at"))
    length = (ends - begins).total_seconds()
    told = Counter((marker["cue"], marker.get("sku")) for marker in evidence.timeline["markers"])
    cues = [*campaign["run_of_show"], *campaign["improvised"]]
    due = Counter((cue["cue"], cue.get("sku")) for cue in cues if cue["at"] < length)
    for (cue, sku), times in (due - told).items():
        yield f"{cue} of {sku or 'the show'} is missing {times} times"


def the_timeline_adds_up(evidence: Evidence) -> Finding:
    timeline, totals = evidence.timeline, evidence.totals
    yield from differ("version", timeline["version"], totals["version"])
    for name, total in (
        ("orders", totals["orders"]),
        ("units", totals["units"]["sold"]),
        ("gross", totals["gross"]),
    ):
        yield from differ(name, sum(bucket[name] for bucket in timeline["buckets"]), total)
        by_offer = sum(offer[name] for bucket in timeline["buckets"] for offer in bucket["offers"])
        yield from differ(f"{name} by offer", by_offer, total)


def versions_go_forward(evidence: Evidence) -> Finding:
    for earlier, later in pairwise(evidence.all_totals):
        if later["version"] < earlier["version"] or later["as_of"] < earlier["as_of"]:
            yield f"{_stamp(earlier)}, and then {_stamp(later)}"
        for name in ("orders", "gross"):
            if later[name] < earlier[name]:
                yield f"{name} fell from {earlier[name]} to {later[name]}"


def totals_are_fresh(evidence: Evidence) -> Finding:
    for poll in evidence.polls:
        age = poll.asked_at - datetime.fromisoformat(poll.totals["as_of"]).timestamp()
        if poll.totals["status"] == "live" and age > FRESH:
            yield f"version {poll.totals['version']} was {age:.1f} s old"


def the_books_are_closed(evidence: Evidence) -> Finding:
    yield from differ("status", evidence.campaign["status"], "closed")
    yield from differ("complete", evidence.totals["complete"], True)
    yield from differ("balanced", evidence.report["balanced"], True)
    if evidence.report != evidence.report_again:
        yield "the closing report changed between two readings"
    for name in ("orders", "gross", "refunded", "net", "units", "reservations"):
        yield from differ(
            f"{name} of the report", evidence.report["totals"][name], evidence.totals[name]
        )


def _stamp(totals: Mapping[str, Any]) -> str:
    return f"version {totals['version']} of {totals['as_of']}"
