"""What the shoppers and their payment provider remember: the other side of the shop's books.

Only what the shop has acknowledged is a promise of the shop's; everything else is counted too, but promises nothing.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Money that the provider took, or says that it took, for an order."""

    webhook: str
    order: str
    amount: int
    currency: str
    wrong: bool
    """The amount is not the order's."""
    late: bool
    """Sent when the hold had ended."""
    outcome: str
    """What the shop says it did with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The same request under the same key, answered twice."""

    what: str
    first: Json
    again: Json


@dataclass
class Journal:
    """Written by many threads, read when they are done (or, for a live line, at any time)."""

    reservations: dict[str, Json] = field(default_factory=dict)
    """Acknowledged, by id: as first answered."""
    buyers: dict[str, str] = field(default_factory=dict)
    """Who asked, by reservation id."""
    released: set[str] = field(default_factory=set)
    """Reservations whose release was acknowledged."""
    orders: dict[str, Json] = field(default_factory=dict)
    """Acknowledged checkouts, by order id."""
    captures: list[Capture] = field(default_factory=list)
    """Payments whose webhook the shop took."""
    refunds: dict[str, Json] = field(default_factory=dict)
    """What was given back of paid orders, by id: as last seen."""
    line: dict[str, str] = field(default_factory=dict)
    """Tickets of those who stood in line, by id: the state they were last told."""
    under_way: int = 0
    """Webhooks that the shop has not taken yet."""
    replays: list[Replay] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    """Problem documents, by code."""
    faults: Counter[str] = field(default_factory=Counter)
    """What went wrong on purpose, by kind."""
    surprises: list[str] = field(default_factory=list)
    """Answers that the contract does not know."""
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def asked(self) -> None:
        """One request was sent."""
        with self._lock:
            self.requests += 1

    def reserved(self, reservation: Json, buyer: str) -> None:
        with self._lock:
            self.reservations.setdefault(reservation["id"], reservation)
            self.buyers[reservation["id"]] = buyer

    def gave_back(self, reservation: str) -> None:
        with self._lock:
            self.released.add(reservation)

    def ordered(self, order: Json) -> None:
        with self._lock:
            self.orders.setdefault(order["id"], order)

    def webhook_sent(self) -> None:
        with self._lock:
            self.under_way += 1

    def webhook_taken(self) -> None:
        with self._lock:
            self.under_way -= 1

    def captured(self, capture: Capture) -> None:
        with self._lock:
            self.captures.append(capture)

    def refunded(self, refund: Json) -> None:
        with self._lock:
            self.refunds[refund["id"]] = refund

    def stood_in_line(self, ticket: str) -> None:
        with self._lock:
            self.line.setdefault(ticket, "waiting")

    def heard_in_line(self, ticket: str, state: str) -> None:
        with self._lock:
            self.line[ticket] = state

    def answered_twice(self, replay: Replay) -> None:
        with self._lock:
            self.replays.append(replay)

    def refused(self, code: str) -> None:
        with self._lock:
            self.refusals[code] += 1

    def fired(self, fault: str) -> None:
        with self._lock:
            self.faults[fault] += 1

    def surprised(self, what: str) -> None:
        with self._lock:
            self.surprises.append(what)
