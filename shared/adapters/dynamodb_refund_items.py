"""Refunds as items: behind their order, in its partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared import table
from shared.adapters.dynamodb_order_items import key_of, number
from shared.domain.refund import AskedRefund, RefundPlace, State

_YES: Final = {"S": "yes"}
_SO_FAR: Final = "so_far"
_ENDED: Final = "ended_at"
_RESTOCKED: Final = "restocked"


def refund_key(place: RefundPlace) -> dict[str, Any]:
    """The key of a refund."""
    own = key_of(place.campaign_id, place.key, place.deadline)
    sort = table.refund_sort(own[table.ORDER_SORT]["S"], place.digest)
    return {**own, table.ORDER_SORT: {"S": sort}}


def place_of(item: Mapping[str, Any]) -> RefundPlace:
    """Where a refund is kept, by its key."""
    sort = item[table.ORDER_SORT]["S"]
    deadline, key = table.refund_place(sort)
    campaign_id = table.order_campaign(item[table.ORDER_PARTITION]["S"])
    return RefundPlace(campaign_id, key, deadline, sort.rpartition("#")[2])


def encode(refund: AskedRefund) -> dict[str, Any]:
    """The item of a refund."""
    item: dict[str, Any] = {
        **refund_key(refund.place),
        table.REFUND_ID: {"S": refund.id},
        table.REFUND_ORDER: {"S": refund.order_id},
        table.MERCHANT: {"S": refund.merchant},
        table.ORDER_SKU: {"S": refund.sku},
        table.ORDER_QUANTITY: number(refund.quantity),
        table.REFUND_PAID: number(refund.paid),
        table.ORDER_AMOUNT: number(refund.amount),
        table.ORDER_CURRENCY: {"S": refund.currency},
        table.ORDER_REASON: {"S": refund.reason},
        table.REFUND_RESTOCK: {"BOOL": refund.restock},
        table.ORDER_FINGERPRINT: {"S": refund.fingerprint},
        table.ORDER_CREATED: number(refund.created_at),
        table.ORDER_STATE: {"S": refund.state.value},
        table.ORDER_VERSION: number(refund.version),
        table.REFUND_AFTER: {"BOOL": refund.after_close},
        _RESTOCKED: {"BOOL": refund.restocked},
        _SO_FAR: number(refund.refunded_so_far),
        table.REFUND_DUE: number(refund.due),
    }
    if refund.unbooked:
        item[table.REFUND_UNBOOKED] = _YES
    if refund.is_under_way:
        item[table.UNFINISHED] = _YES
    if refund.ended_at is not None:
        item[_ENDED] = number(refund.ended_at)
    return item


def decode(item: Mapping[str, Any]) -> AskedRefund:
    """The refund of an item."""

    def count(name: str) -> int:
        return int(item[name]["N"])

    return AskedRefund(
        place=place_of(item),
        order_id=item[table.REFUND_ORDER]["S"],
        merchant=item[table.MERCHANT]["S"],
        sku=item[table.ORDER_SKU]["S"],
        quantity=count(table.ORDER_QUANTITY),
        paid=count(table.REFUND_PAID),
        amount=count(table.ORDER_AMOUNT),
        currency=item[table.ORDER_CURRENCY]["S"],
        reason=item[table.ORDER_REASON]["S"],
        restock=item[table.REFUND_RESTOCK]["BOOL"],
        fingerprint=item[table.ORDER_FINGERPRINT]["S"],
        created_at=count(table.ORDER_CREATED),
        state=State(item[table.ORDER_STATE]["S"]),
        version=count(table.ORDER_VERSION),
        due=count(table.REFUND_DUE),
        after_close=item[table.REFUND_AFTER]["BOOL"],
        unbooked=table.REFUND_UNBOOKED in item,
        restocked=item[_RESTOCKED]["BOOL"],
        refunded_so_far=count(_SO_FAR),
        ended_at=count(_ENDED) if _ENDED in item else None,
    )
