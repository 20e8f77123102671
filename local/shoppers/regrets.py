"""Paid orders that are given back, by a merchant whose shoppers regret, through a provider that has moods of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from local.shoppers.agenda import Agenda
from local.shoppers.journal import Journal
from local.shoppers.payment_provider import PaymentProvider
from local.shoppers.storefront import Storefront
from local.shoppers.visits import Trouble
from local.shoppers.wire import NoAnswer

USUAL_METHOD: Final = "alipay"
OF_A_HUNDRED: Final = 8
"""Orders that are given back, of a hundred."""
LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at a refund."""
LOOKS: Final = 90
WAITS: Final = (1.0, 20.0)
"""Seconds from the payment to the regret, at least and at most; and from a refund that waits to its end."""


@dataclass(frozen=True, slots=True)
class Regret:
    """What goes back of an order, and what the provider makes of it."""

    part: bool
    restock: bool
    method: str
    """By which the provider is told, at the checkout, how refunds will go."""
    after: float
    """Seconds."""


def regret_of(suffix: str) -> Regret | None:
    """What will become of the order of a reservation, by the part of the id that they share. ``None``: it is kept."""
    dice = uuid5(NAMESPACE_URL, suffix).bytes
    if dice[0] * 100 // 256 >= OF_A_HUNDRED:
        return None
    part, methods = dice[1] % 3 == 0, (USUAL_METHOD, "refund_pending", "refund_fails", USUAL_METHOD)
    least, most = WAITS
    return Regret(
        part=part,
        restock=not part and dice[1] % 3 == 1,
        method=methods[dice[2] % 4],
        after=least + (most - least) * dice[3] / 255,
    )


class Cashier:
    """Asks for refunds with a key of the scope ``manage``, and sees that each comes to its end."""

    def __init__(
        self,
        storefront: Storefront,
        agenda: Agenda,
        journal: Journal,
        provider: PaymentProvider,
        *,
        kept: str,
    ) -> None:
        """``kept``: SKU of which nothing is given back: all of it is to be sold in the end."""
        self._storefront = storefront
        self._agenda = agenda
        self._journal = journal
        self._provider = provider
        self._kept = kept

    def method(self, reservation: Mapping[str, Any]) -> str:
        """How a reservation will be paid for."""
        regret = self._regret(reservation, "rsv_")
        return regret.method if regret is not None else USUAL_METHOD

    def consider(self, order: Mapping[str, Any]) -> None:
        """An order was paid for."""
        regret = self._regret(order, "ord_")
        if regret is not None:
            at = time.time() + regret.after
            self._agenda.add(at, lambda: self._give_back(order, regret))

    def _regret(self, thing: Mapping[str, Any], prefix: str) -> Regret | None:
        if thing["sku"] == self._kept:
            return None
        return regret_of(thing["id"].removeprefix(prefix))

    def _give_back(self, order: Mapping[str, Any], regret: Regret) -> None:
        wish: dict[str, Any] = {"reason": "The buyer thought better of it"}
        if regret.part:
            wish["amount"] = order["amount"] // 3
        if regret.restock:
            wish["restock"] = True
        path = f"/v1/orders/{order['id']}/refund"
        try:
            answer = self._storefront.post(path, wish, f"regret-{order['id']}", Trouble.ASKS_TWICE)
            if answer.code == "restock_too_late":
                self._journal.refused(answer.code)
                del wish["restock"]
                answer = self._storefront.post(
                    path, wish, f"regret-too-late-{order['id']}", Trouble.NONE
                )
        except NoAnswer as silence:
            self._journal.surprised(str(silence))
            return
        if not answer.ok:
            self._journal.surprised(f"POST {path} answered {answer.status} {answer.code}")
            return
        refund: dict[str, Any] = answer.body
        self._journal.refunded(refund)
        if regret.method == "refund_pending":
            self._provider.end_refund(order, refund, at=time.time() + regret.after)
        self._agenda.add(time.time() + LOOK_AGAIN, lambda: self._look(refund["id"], 1))

    def _look(self, refund_id: str, looks: int) -> None:
        try:
            answer = self._storefront.get(f"/v1/refunds/{refund_id}")
        except NoAnswer as silence:
            self._journal.surprised(str(silence))
            return
        if answer.ok:
            self._journal.refunded(answer.body)
        is_over = answer.ok and answer.body["state"] != "pending"
        if looks < LOOKS and not (is_over and answer.body["restocked"] is not None):
            self._agenda.add(time.time() + LOOK_AGAIN, lambda: self._look(refund_id, looks + 1))
