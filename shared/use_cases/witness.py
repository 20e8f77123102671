"""
Who watches the buyers of a rehearsal: what they were told goes into the journal, and what was not fair beside it.

Fair is: the price of the second in which the hold began; the units that were asked for; one reservation for one key; never
more than the limit; told 'sold out' only while nobody could have had the units; and overtaken in line by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Final

from shared import clock
from shared.domain.campaign import Campaign, Offer
from shared.domain.claim_check import ORDER, RESERVATION
from shared.domain.crowd import Visit
from shared.domain.deals import NO_DEAL, deals, floor_of
from shared.domain.errors import CouponNotOpen, Refusal
from shared.domain.journal import Journal
from shared.domain.order import Order
from shared.domain.waitlist import TicketState
from shared.use_cases.join_waitlist import TicketView
from shared.use_cases.ports import Campaigns
from shared.use_cases.rehearsal_ports import Used
from shared.use_cases.reserve import Reservation
from shared.use_cases.settle_hold import State
from shared.use_cases.stock_ports import StockBlocks, shelf

MOST_LOOKS: Final = 3
"""How often somebody asks again who was told 'sold out' while units were free. They may go in between; not so often."""
FOR_EVER: Final = float("inf")


class Witness:
    """Keeps the journal of one show. Buyers come side by side."""

    def __init__(self, show: Campaign, campaigns: Campaigns, stock: StockBlocks) -> None:
        self.journal = Journal()
        self._show = show
        self._campaigns = campaigns
        self._stock = stock
        self._lock = Lock()
        self._ids: dict[str, str] = {}
        """Of reservations, by key."""
        self._units: dict[tuple[str, str], dict[str, tuple[int, float]]] = {}
        """Of each buyer of an offer: by the end of the reservation's id, units, and until when they count (seconds)."""

        self._served_last: dict[str, tuple[int, int]] = {}
        """Of each line, the highest number that was seen to have its turn, and when (milliseconds)."""

    def count(self, what: str) -> None:
        """One answer more of that name."""
        with self._lock:
            self.journal.outcomes[what] += 1

    def enter(self, step: str, used: Used, seconds: float) -> None:
        """One request that was answered, and what it took."""
        with self._lock:
            self.journal.enter(step, writes=used.writes, reads=used.reads, seconds=seconds)

    def was_late(self, seconds: float) -> None:
        """Somebody came so much later than planned, for others took so long."""
        self.journal.latest = max(self.journal.latest, seconds)

    def heard_nothing(self, visit: Visit, step: str, busy: Refusal | None) -> None:
        """A request that nobody ever answered."""
        with self._lock:
            self.journal.unanswered.append(f"visit {visit.number} ({step}): {busy}")

    # -- reservations --------------------------------------------------------------------------------

    def served(
        self, visit: Visit, key: str, quantity: int, answer: Reservation, *, began: int
    ) -> None:
        """A reservation was told, to a request that was sent at ``began`` (seconds)."""
        check, ended = answer.check, clock.now_seconds()
        offer = self._show.offer(visit.sku)
        if not answer.replayed:
            self.count("reserved")
            if offer.limit_per_buyer is not None:
                self.count("reserved within a limit")
            prices = _prices(self._show, offer, range(began, ended + 1), visit.code)
            if check.deal != NO_DEAL:
                self.count("reserved with a deal")
            if check.unit_price not in prices:
                self._complain(visit, f"was promised {check.unit_price}; the price is {prices}")
            elif not floor_of(self._show, offer) <= check.unit_price <= answer.list_price:
                self._complain(visit, f"was promised {check.unit_price}, off floor and list price")
        if check.quantity != quantity:
            self._complain(visit, f"asked for {quantity} and holds {check.quantity}")
        with self._lock:
            first = self._ids.setdefault(key, answer.id)
            mine = self._units.setdefault((visit.sku, visit.buyer), {})
            if answer.state is State.HELD:
                mine.setdefault(_suffix(answer.id), (check.quantity, check.deadline))
            units = sum(units for units, until in mine.values() if until > ended)
        if first != answer.id:
            self._complain(visit, "got another reservation for the same key")
        limit = offer.limit_per_buyer
        if limit is not None and units > limit:
            self._complain(visit, f"has {units} units, and the limit is {limit}")

    def in_line(self, visit: Visit, view: TicketView, *, began: int) -> None:
        """What a ticket said that was asked for at ``began`` (milliseconds): nobody is overtaken."""
        with self._lock:
            last, told = self._served_last.get(visit.sku, (0, 0))
            if view.state is TicketState.OFFERED and view.ticket.number > last:
                self._served_last[visit.sku] = view.ticket.number, clock.now_millis()
        if view.state is TicketState.WAITING and view.ticket.number < last and told < began:
            self._complain(visit, f"waits as number {view.ticket.number}; {last} had their turn")

    def released(self, visit: Visit, reservation: Reservation) -> None:
        """Its units count no more."""
        with self._lock:
            self._units.get((visit.sku, visit.buyer), {}).pop(_suffix(reservation.id), None)

    def ordered(self, visit: Visit, reservation: Reservation, order: Order) -> None:
        """A reservation was checked out."""
        promised = reservation.check.amount
        if order.amount != promised:
            self._complain(visit, f"was promised {promised}, and is to pay {order.amount}")

    def paid(self, visit: Visit, order: Order) -> None:
        """Its units count for ever. Those of a late payment were counted anew, and may be more than the limit allows."""
        key = _suffix(order.id)
        with self._lock:
            mine = self._units.get((visit.sku, visit.buyer), {})
            if key in mine:
                mine[key] = mine[key][0], FOR_EVER

    def should_look_again(
        self, visit: Visit, quantity: int, refusal: Refusal, *, looks: int, began: int
    ) -> bool:
        """Whether a refusal may have been wrong: who has looked often enough was treated unfairly."""
        if not looks:
            self.count(refusal.code)
        now, show = clock.now_seconds(), self._show
        if refusal.code == "campaign_not_open" and show.starts_at <= began and now < show.closes_at:
            self._complain(visit, "was turned away in the hours of the sale")
        if refusal.code != "sold_out" or self._free(visit.sku) < quantity:
            return False
        if looks >= MOST_LOOKS:
            self._complain(visit, f"was told sold out {looks + 1} times, and units were free")
        return looks < MOST_LOOKS

    def _free(self, sku: str) -> int:
        """Units that anybody could have now."""
        show, now = self._campaigns.get(self._show.id), clock.now_seconds()
        if not show.is_selling(now):
            return 0
        blocks = self._stock.read_all(shelf(show, show.offer(sku)))
        on_sale = (block for block in blocks if block.opens <= now)
        return sum(block.counters.free for block in on_sale)

    def _complain(self, visit: Visit, what: str) -> None:
        with self._lock:
            who = f"visit {visit.number}, {visit.buyer} for {visit.sku}"
            self.journal.unfair.append(f"{who}: {what}")


def _prices(show: Campaign, offer: Offer, seconds: Iterable[int], code: str | None) -> set[int]:
    """What a unit may cost at these seconds: with the code where it is open, and without it."""
    found = set()
    for second in seconds:
        for asked in {code, None}:
            with suppress(CouponNotOpen):
                found |= {deal.unit_price for deal in deals(show, offer, second, asked)}
    return found


def _suffix(identifier: str) -> str:
    """What a reservation and its order share."""
    return identifier.removeprefix(RESERVATION).removeprefix(ORDER)
