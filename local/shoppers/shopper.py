"""One visit, step by step: reserve, then leave, release or check out, then pay or not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from local.shoppers.agenda import Agenda
from local.shoppers.journal import Journal
from local.shoppers.payment_provider import PaymentProvider
from local.shoppers.regrets import USUAL_METHOD
from local.shoppers.storefront import Storefront
from local.shoppers.visits import Habit, Trouble, Visit
from local.shoppers.wire import Answer, NoAnswer

SHIP_TO: Final = {
    "name": "Wang Fang",
    "line1": "1 Nanjing Road",
    "city": "Shanghai",
    "postal_code": "200001",
    "country": "CN",
    "phone": "+862155550101",
}
FAIR_REFUSALS: Final = frozenset(
    {
        "sold_out",
        "buyer_limit_reached",
        "too_many_holds",
        "campaign_not_open",
        "campaign_closed",
        "reservation_expired",
        "reservation_released",
        "coupon_not_open",
        "coupon_exhausted",
        "coupon_limit_reached",
        "units_available",
        "waitlist_not_open",
    }
)
"""What the contract may answer a well-formed wish with."""
SPOILT: Final = 0.3
"""Seconds until they go on for whom units are held without their asking."""
PAYS: Final = frozenset(
    {
        Habit.PAYS,
        Habit.PAYS_TWICE,
        Habit.PAYS_AT_SECOND_TRY,
        Habit.PAYS_LATE,
        Habit.WANTS_TOO_MANY,
        Habit.PAYS_WRONGLY,
    }
)


@dataclass(frozen=True, kw_only=True)
class Hall:
    """Where the shoppers are: one show, its storefront, its payment provider."""

    campaign: str
    begins: float
    """Start of the show, seconds since 1970 UTC."""
    agenda: Agenda
    storefront: Storefront
    provider: PaymentProvider
    journal: Journal
    turned_away: Callable[[Hall, Visit], None] = lambda _hall, _visit: None
    """Told of whoever found an offer sold out."""
    method: Callable[[dict[str, Any]], str] = lambda _reservation: USUAL_METHOD
    """How a reservation is paid for."""


def come(hall: Hall, visit: Visit, *, keen: bool = False) -> None:
    """Put a visit on the agenda. Who is ``keen`` does not queue at the door, however full the shop is."""
    hall.agenda.add(hall.begins + visit.at, Shopper(hall, visit).reserve, arrival=not keen)


class Shopper:
    """Walks one visit. Each step is short, and puts the next one on the agenda."""

    def __init__(self, hall: Hall, visit: Visit) -> None:
        self._hall = hall
        self._visit = visit
        # The same visit has the same keys in every run of the same campaign.
        self._key = str(uuid5(NAMESPACE_URL, f"{hall.campaign}/{visit}"))

    def reserve(self) -> None:
        hall, visit = self._hall, self._visit
        wish = {"sku": visit.sku, "quantity": visit.quantity, "buyer_id": visit.buyer}
        if visit.coupon is not None:
            wish["coupon"] = visit.coupon
        path = f"/v1/campaigns/{hall.campaign}/reservations"
        reservation = self._post(path, wish, visit.trouble)
        if reservation is None:
            return
        hall.journal.reserved(reservation, visit.buyer)
        if visit.habit is Habit.LEAVES_THE_CART:
            return
        following = self._release if visit.habit is Habit.RELEASES else self._check_out
        hall.agenda.add(time.time() + visit.thinks, lambda: following(reservation))

    def buy(self, reservation: dict[str, Any]) -> None:
        """Go on with units that are held already."""
        self._hall.journal.reserved(reservation, self._visit.buyer)
        self._hall.agenda.add(time.time() + SPOILT, lambda: self._check_out(reservation))

    def _release(self, reservation: dict[str, Any]) -> None:
        try:
            answer = self._hall.storefront.delete(f"/v1/reservations/{reservation['id']}")
        except NoAnswer as silence:
            self._hall.journal.surprised(str(silence))
            return
        if self._accepted("DELETE /v1/reservations/…", answer):
            self._hall.journal.gave_back(reservation["id"])

    def _check_out(self, reservation: dict[str, Any]) -> None:
        hall, visit = self._hall, self._visit
        method = hall.method(reservation)
        form = {"buyer_id": visit.buyer, "payment_method": method, "ship_to": SHIP_TO}
        order = self._post(f"/v1/reservations/{reservation['id']}/checkout", form, visit.trouble)
        if order is None:
            return
        hall.journal.ordered(order)
        if visit.habit is Habit.FORGES:
            hall.agenda.add(time.time() + visit.pays_after, lambda: hall.provider.forge(order))
        if visit.habit in PAYS:
            begins = time.time()
            if visit.habit is Habit.PAYS_LATE:
                begins = max(begins, _instant(order["expires_at"]))
            hall.provider.pay(order, at=begins + visit.pays_after, habit=visit.habit)

    def _post(self, path: str, body: dict[str, Any], trouble: Trouble) -> dict[str, Any] | None:
        """What was created; ``None`` if it was refused, or worse."""
        try:
            answer = self._hall.storefront.post(path, body, self._key, trouble)
        except NoAnswer as silence:
            self._hall.journal.surprised(str(silence))
            return None
        if not self._accepted(f"POST {path}", answer):
            return None
        created: dict[str, Any] = answer.body
        return created

    def _accepted(self, what: str, answer: Answer) -> bool:
        if answer.ok and isinstance(answer.body, dict):
            return True
        if answer.status == 409 and answer.code in FAIR_REFUSALS:
            self._hall.journal.refused(answer.code)
            if answer.code == "sold_out":
                self._hall.turned_away(self._hall, self._visit)
            elif answer.code.startswith("coupon_"):
                now = time.time() - self._hall.begins
                come(self._hall, replace(self._visit, at=now, coupon=None), keen=True)
        else:
            self._hall.journal.surprised(f"{what} answered {answer.status} {answer.code}".rstrip())
        return False


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
