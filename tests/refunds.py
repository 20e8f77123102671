"""Somebody who gives money back in a shop, and somebody who sees to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from functions.refunds.refund_document import refund_document
from shared.domain.order import Order
from shared.domain.refund import AskedRefund, State
from shared.use_cases.ask_refund import Accepted, RefundDesk, RefundWish
from shared.use_cases.give_back import Step, give_up, go_on
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.read_orders import OrderReader
from shared.use_cases.run_campaign import Ask, Told
from shared.use_cases.sweep_refunds import sweep_refunds
from tests.builders import MERCHANT
from tests.fakes import MemoryAnswers, MemoryLifecycles
from tests.shop import Shop, event_body


class Till:
    """The refunds of a shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.executions = MemoryLifecycles()
        self.desk = RefundDesk(
            shop.campaigns,
            OrderReader(shop.campaigns, shop.orders),
            shop.refunds,
            self.executions,
            MemoryAnswers(),
            pause=lambda _: None,
        )

    def paid(self, buyer: str = "ana", quantity: int = 1, method: str = "card") -> Order:
        """An order, checked out and paid."""
        shop = self.shop
        reservation = shop.reserve(buyer, quantity)
        order = shop.check_out(reservation, buyer, payment_method=method).order
        shop.pay(order, f"msg_{buyer}_{order.key}")
        return shop.read(order)

    def ask(self, order: Order, key: str = "refund-1", **wish: Any) -> Accepted:
        """A merchant asks for a refund: of all that is left, unless said otherwise."""
        given = {"amount": None, "reason": "bruised", "restock": False, **wish}
        return self.desk.ask(
            RefundWish(merchant=MERCHANT, order_id=order.id, idempotency_key=key, **given),
            self.shop.now,
        )

    def go_on(self, refund: AskedRefund, looks: int = 0) -> Step:
        """The step of the machine."""
        return go_on(self.shop.books, refund.id, looks=looks, now=self.shop.now)

    def give_back(self, order: Order, key: str = "refund-1", **wish: Any) -> AskedRefund:
        """Ask, and see it through."""
        refund = self.ask(order, key, **wish).refund
        self.go_on(refund)
        return self.read(refund)

    def give_up(self, refund: AskedRefund) -> None:
        give_up(self.shop.books, self.read(refund), now=self.shop.now)

    def retry(self, refund: AskedRefund, key: str = "retry-1") -> Told:
        ask = Ask(MERCHANT, "retry_refund", refund.id, key, {})
        return self.desk.retry(ask, refund_document, self.shop.now)

    def sweep(self) -> dict[str, str]:
        found = sweep_refunds(self.shop.refunds, self.executions, now=self.shop.now)
        return {identifier: finding.value for identifier, finding in found.items()}

    def read(self, refund: AskedRefund) -> AskedRefund:
        found: AskedRefund | None = self.shop.refunds.find(refund.place)
        assert found is not None
        return found

    def tell(
        self, refund: AskedRefund, kind: str, event_id: str = "msg_r", **wrong: Any
    ) -> Outcome:
        """The provider tells the end of a refund."""
        order = self.shop.read(self.shop_order(refund))
        data = {"amount": refund.amount, "refund_id": refund.id, **wrong}
        return self.shop.deliver(event_body(order, kind, **data), event_id)

    def shop_order(self, refund: AskedRefund) -> Order:
        orders: Iterator[Order] = self.shop.orders.all(self.shop.campaign.id)
        return next(order for order in orders if order.id == refund.order_id)

    def is_settled(self, refund: AskedRefund) -> bool:
        found = self.read(refund)
        return found.state is not State.PENDING and not found.is_under_way


def document(refund: AskedRefund) -> dict[str, Any]:
    """As the API shows it."""
    shown: dict[str, Any] = json.loads(json.dumps(refund_document(refund)))
    return shown
