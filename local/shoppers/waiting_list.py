"""Those who found the scarce product sold out come back as soon as units are given back, until the last one is paid for."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from local.shoppers.shopper import Hall, come
from local.shoppers.visits import Habit, Trouble, Visit

SPACING: Final = 0.02
"""Seconds between two who were told."""


@dataclass
class WaitingList:
    """Waits for units of one offer."""

    sku: str
    wanted: bool = False
    """Whether anybody was ever turned away: until then there is nothing to wait for."""
    _waiting: deque[Visit] = field(default_factory=deque)
    _fans: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, visit: Visit) -> None:
        """Told of everybody who was turned away, whatever they wanted."""
        if visit.sku == self.sku:
            with self._lock:
                self.wanted = True
                self._waiting.append(visit)

    def call(self, hall: Hall, available: int) -> int:
        """Tell as many as can be served that there are ``available`` units. How many were told."""
        told = 0
        with self._lock:
            while self.wanted and available > 0:
                visit = self._next(available)
                available -= visit.quantity
                told += 1
                at = time.time() - hall.begins + SPACING * told
                come(hall, replace(visit, at=at), keen=True)
        return told

    def _next(self, available: int) -> Visit:
        """Who has waited longest; a new fan if nobody does. They have learned, and pay at once."""
        if self._waiting:
            wish = self._waiting.popleft()
            quantity = min(wish.quantity, available)
            return replace(wish, quantity=quantity, habit=Habit.PAYS, trouble=Trouble.NONE)
        self._fans += 1
        return Visit(at=0, buyer=f"fan-{self._fans:05}", sku=self.sku, quantity=1)
