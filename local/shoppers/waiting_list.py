"""Those who found the scarce product sold out stand in line, until their turn comes or the show is over."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from local.shoppers.shopper import FAIR_REFUSALS, Hall, Shopper, come
from local.shoppers.visits import Habit, Trouble, Visit
from local.shoppers.wire import Answer, NoAnswer

LOOKS_EVERY: Final = 4.0
"""Seconds from one look at a ticket to the next."""
SPACING: Final = 0.02
"""Seconds between two who were told."""


@dataclass
class WaitingList:
    """Waits for units of one offer: its line at the shop, and who would come if there were none."""

    sku: str
    wanted: bool = False
    """Whether anybody was ever turned away: until then there is nothing to wait for."""
    _standing: list[int] = field(default_factory=list)
    """What those who stand in line, or are about to, want of it: units each."""
    _fans: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, hall: Hall, visit: Visit) -> None:
        """Told of everybody who was turned away, whatever they wanted."""
        if visit.sku != self.sku:
            return
        with self._lock:
            self.wanted = True
            self._standing.append(visit.quantity)
        # They have learned: nothing but paying gets them anywhere.
        learned = replace(visit, habit=Habit.PAYS, trouble=Trouble.NONE)
        hall.agenda.add(time.time(), _InLine(hall, learned, self).join)

    def call(self, hall: Hall, available: int) -> int:
        """Units are free, and if nobody stands in line for them, others have heard of it. How many come."""
        told = 0
        with self._lock:
            while self.wanted and not self._standing and told < available:
                self._fans += 1
                told += 1
                at = time.time() - hall.begins + SPACING * told
                fan = Visit(at=at, buyer=f"fan-{self._fans:05}", sku=self.sku, quantity=1)
                come(hall, fan, keen=True)
        return told

    def left(self, units: int) -> None:
        """Somebody who wanted so many stands in line no more."""
        with self._lock:
            self._standing.remove(units)

    @property
    def units(self) -> int:
        """How many are waited for."""
        with self._lock:
            return sum(self._standing)


class _InLine:
    """One who waits: looks at the ticket, and buys when it is their turn."""

    def __init__(self, hall: Hall, visit: Visit, line: WaitingList) -> None:
        self._hall = hall
        self._visit = visit
        self._line = line
        self._ticket = ""

    def join(self) -> None:
        hall, visit = self._hall, self._visit
        wish = {"sku": visit.sku, "quantity": visit.quantity, "buyer_id": visit.buyer}
        path = f"/v1/campaigns/{hall.campaign}/waitlist"
        key = str(uuid5(NAMESPACE_URL, f"{hall.campaign}/line/{visit}"))
        try:
            answer = hall.storefront.post(path, wish, key, Trouble.NONE)
        except NoAnswer as silence:
            self._leave(str(silence))
            return
        if answer.ok:
            hall.journal.stood_in_line(answer.body["id"])
            self._hear(answer.body)
        elif answer.status == 409 and answer.code in FAIR_REFUSALS:
            hall.journal.refused(answer.code)
            self._leave()
            if answer.code == "units_available":
                come(hall, replace(visit, at=time.time() - hall.begins), keen=True)
        else:
            self._leave(f"POST {path} answered {answer.status} {answer.code}")

    def look(self) -> None:
        path = f"/v1/waitlist/{self._ticket}"
        try:
            answer: Answer = self._hall.storefront.get(path)
        except NoAnswer as silence:
            self._leave(str(silence))
            return
        if answer.ok:
            self._hear(answer.body)
        else:
            self._leave(f"GET {path} answered {answer.status} {answer.code}")

    def _hear(self, ticket: dict[str, Any]) -> None:
        self._ticket = ticket["id"]
        self._hall.journal.heard_in_line(ticket["id"], ticket["state"])
        if ticket["state"] == "waiting":
            self._hall.agenda.add(time.time() + LOOKS_EVERY, self.look)
            return
        self._leave()
        if ticket["reservation"] is not None:
            shopper = Shopper(self._hall, self._visit)
            if ticket["state"] == "offered":
                shopper.buy(ticket["reservation"])
            else:
                self._hall.journal.reserved(ticket["reservation"], self._visit.buyer)

    def _leave(self, surprise: str = "") -> None:
        self._line.left(self._visit.quantity)
        if surprise:
            self._hall.journal.surprised(surprise)
