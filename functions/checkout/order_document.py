"""An order as the API shows it, to those who deal with its buyer and to those who only count."""

from __future__ import annotations

import json
from typing import Any

from shared.clock import rfc3339
from shared.contracts import buying
from shared.domain.order import Order


def order_document(order: Order, *, at: int, personal: bool) -> dict[str, Any]:
    """
    ``shared.contracts.buying.Order``. ``at``: the instant it is shown for; past the hold's end, nobody is asked to pay.

    Not ``personal``: without the address, and without what the buyer needs to pay.
    """
    may_pay = personal and order.is_payable(at)
    document = buying.Order(
        id=order.id,
        campaign=order.campaign_id,
        reservation=order.reservation_id,
        state=order.state.value,
        sku=order.sku,
        quantity=order.quantity,
        unit_price=order.unit_price,
        amount=order.amount,
        currency=order.currency,
        created_at=rfc3339(order.created_at),
        expires_at=rfc3339(order.expires_at),
        paid_at=None if order.paid_at is None else rfc3339(order.paid_at),
        amount_refunded=order.refunded,
        refund_reason=None if order.refund_reason is None else order.refund_reason.value,
        payment=buying.Payment(
            id=order.payment_id,
            provider=order.provider,
            action=dict(order.payment_action) if may_pay else None,
        ),
    ).model_dump(mode="json", exclude={"ship_to"})
    if personal and order.ship_to is not None:
        document["ship_to"] = json.loads(order.ship_to)
    return document
