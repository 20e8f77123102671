"""
The invariants of a sale, checked from outside.

Each one is a sentence that must be true, and a function that finds in the evidence what contradicts it. The shop's books
are held against each other, and against what the shop has promised its shoppers and their payment provider.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from local.demo import money_checks, promise_checks, stock_checks
from local.demo.evidence import Evidence, Finding

LISTED: Final = 5
"""Contradictions told of each invariant; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must be true, and how to find out that it is not."""

    sentence: str
    contradictions: Callable[[Evidence], Finding]

    def violations(self, evidence: Evidence) -> list[str]:
        """At most ``LISTED`` of the contradictions, and how many more there are."""
        found = list(self.contradictions(evidence))
        shown = [f"{self.sentence}: {what}" for what in found[:LISTED]]
        if len(found) > LISTED:
            shown.append(f"{self.sentence}: … and {len(found) - LISTED} more")
        return shown


INVARIANTS: Final = (
    Invariant("Units are available, held or sold, and no others", stock_checks.stock_is_conserved),
    Invariant("Every reservation placed has one state", stock_checks.reservations_are_conserved),
    Invariant("The offers add up to the campaign", stock_checks.offers_add_up),
    Invariant("Nothing is oversold", stock_checks.nothing_is_oversold),
    Invariant("Every unit of the scarce product is sold", stock_checks.the_scarce_is_sold),
    Invariant("Nobody got more than the limit", stock_checks.limits_hold),
    Invariant(
        "Every acknowledged reservation is in the books", promise_checks.reservations_are_kept
    ),
    Invariant("Every acknowledged checkout is in the books", promise_checks.checkouts_are_kept),
    Invariant("Nobody was asked another price than the show's", promise_checks.prices_are_promised),
    Invariant(
        "Every payment was kept, given back or put aside", promise_checks.payments_end_somewhere
    ),
    Invariant("No coupon was had more often than it is for", promise_checks.coupons_are_kept_to),
    Invariant("Nobody was left standing in line", promise_checks.nobody_is_left_in_line),
    Invariant("Everything that happened is on the timeline", money_checks.the_timeline_tells_all),
    Invariant("Every paid order was paid for", promise_checks.orders_are_paid_for),
    Invariant("Every paid order has its parcel", promise_checks.parcels_are_requested),
    Invariant("Every webhook was taken in the end", promise_checks.webhooks_arrive),
    Invariant("The same request got the same answer", promise_checks.repetitions_agree),
    Invariant("Every answer was one of the contract's", promise_checks.answers_are_known),
    Invariant("The orders are the totals", money_checks.orders_are_the_totals),
    Invariant("Captured money less refunds is net", money_checks.money_is_conserved),
    Invariant(
        "Every refund ended, and no order gave back more", money_checks.refunds_come_to_an_end
    ),
    Invariant("The timeline adds up to the totals", money_checks.the_timeline_adds_up),
    Invariant("Versions and sums never went back", money_checks.versions_go_forward),
    Invariant("Live totals were at most 2 s old", money_checks.totals_are_fresh),
    Invariant("The campaign closed, balanced and complete", money_checks.the_books_are_closed),
)


def audit(evidence: Evidence) -> list[str]:
    """Every contradiction of every invariant. Empty: the books are sound."""
    return [what for invariant in INVARIANTS for what in invariant.violations(evidence)]
