"""An order as the API shows it, to those who deal with its buyer and to those who only count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.clock import rfc3339
from shared.contracts import buying
from shared.domain.money import exponent
from shared.domain.order import Order
from shared.domain.parcel import parcel_id


def order_document(
    order: Order, *, at: int, for_buyer: bool = False, ship_to: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """
    ``shared.contracts.buying.Order``. ``at``: the instant it is shown for; past the hold's end, nobody is asked to pay.

    Not ``for_buyer``: without the address, and without what the buyer needs to pay.
    """
    may_pay = for_buyer and order.is_payable(at)
    document = buying.Order(
        id=order.id,
        campaign=order.campaign_id,
        reservation=order.reservation_id,
        state=order.state.value,
        sku=order.sku,
        quantity=order.quantity,
        unit_price=order.unit_price,
        list_price=order.list_price or order.unit_price,
        coupon=order.coupon,
        amount=order.amount,
        currency=order.currency,
        currency_exponent=exponent(order.currency),
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
        parcel=_parcel(order),
        needs_attention=None if order.attention is None else order.attention.value,
        personal_data="kept" if order.erased_at is None else "erased",
    ).model_dump(mode="json", exclude={"ship_to"})
    if for_buyer and ship_to is not None:
        document["ship_to"] = dict(ship_to)
    return document


def _parcel(order: Order) -> buying.Parcel | None:
    if order.carrier is None or order.fulfilled_at is None:
        return None
    return buying.Parcel(
        id=parcel_id(order.id),
        carrier=order.carrier,
        requested_at=rfc3339(order.fulfilled_at),
    )
