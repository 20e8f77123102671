"""What an auditor gets to see: the shoppers' own notes, and every book that the shop shows over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from local.shoppers.journal import Journal

Json = dict[str, Any]
Finding = Iterator[str]
"""What contradicts an invariant, in words."""

PAID: Final = frozenset({"paid", "fulfilled"})
"""States of an order whose units are the buyer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One answer of ``GET …/totals`` with a body."""

    asked_at: float
    """Seconds since 1970 UTC, when the request was sent."""
    totals: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it, after the show. Money in minor units."""

    journal: Journal
    campaign: Json
    """As it was answered at the end."""
    scarce: str
    """SKU of which more was wanted than there was."""
    polls: Sequence[Poll]
    totals: Json
    timeline: Json
    report: Json
    report_again: Json
    """Read a second time."""
    prices: Mapping[str, int] = field(default_factory=dict)
    """List prices as they were planned, by SKU."""
    hand_off: Json = field(default_factory=dict)
    """What a fulfiller is given; empty if nobody carries the parcels."""
    orders: Mapping[str, Json] = field(default_factory=dict)
    """Every order that the campaign lists, by id."""
    loose: Mapping[str, str] = field(default_factory=dict)
    """State of each acknowledged reservation that became no order, by id."""

    @property
    def all_totals(self) -> list[Json]:
        """Every version of the totals that was seen, the last one included, in order of time."""
        return [*(poll.totals for poll in self.polls), self.totals]

    @property
    def paid(self) -> list[Json]:
        """Orders that were ever paid: those that the totals call orders."""
        return [order for order in self.orders.values() if order["paid_at"] is not None]

    @property
    def captured(self) -> Counter[str]:
        """Money of the right amount that the provider took, by order: once, however often it told."""
        captured = Counter[str]()
        for capture in self.journal.captures:
            if not capture.wrong:
                captured[capture.order] += capture.amount
        return captured

    @property
    def in_books(self) -> list[Json]:
        """Refunds of paid orders that succeeded before the books were closed."""
        return [
            refund
            for refund in self.journal.refunds.values()
            if refund["state"] == "succeeded" and not refund["after_close"]
        ]

    @property
    def restocked(self) -> set[str]:
        """Orders whose units are on sale again."""
        return {refund["order"] for refund in self.in_books if refund["restocked"]}

    def buyer_of(self, order_id: str) -> str:
        """Who reserved what the order is of. A reservation and its order share the part after the prefix."""
        return self.journal.buyers.get("rsv_" + order_id.removeprefix("ord_"), "a stranger")


def differ(what: str, is_: object, should_be: object) -> Finding:
    """A finding, if the two are not the same."""
    if is_ != should_be:
        yield f"{what}: {is_}, not {should_be}"
