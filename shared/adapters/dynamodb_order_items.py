"""
Orders as items: half a write unit each, and never more than one; but for one with the longest address that was checked out
again and again, which may be a little longer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared import table
from shared.domain.order import (
    Attention,
    Order,
    OrderState,
    RefundReason,
    ReplacedCheckout,
    Seat,
)


def key_of(campaign_id: str, ledger_key: str, deadline: int) -> dict[str, Any]:
    """The key of the order of a reservation."""
    shard = table.order_shard(ledger_key)
    return {
        table.ORDER_PARTITION: {"S": table.order_partition(campaign_id, shard)},
        table.ORDER_SORT: {"S": table.order_sort(deadline, ledger_key)},
    }


def frozen(order: Order) -> dict[str, Any]:
    """What only another checkout changes; partition and sort key say the rest."""
    item: dict[str, Any] = {
        table.ORDER_ID: {"S": order.id},
        table.MERCHANT: {"S": order.merchant},
        table.ORDER_SKU: {"S": order.sku},
        table.ORDER_QUANTITY: number(order.quantity),
        table.ORDER_AMOUNT: number(order.amount),
        table.ORDER_CURRENCY: {"S": order.currency},
        table.ORDER_BUYER: {"S": order.buyer},
        table.ORDER_CREATED: number(order.created_at),
        table.ORDER_PROVIDER: {"S": order.provider},
        **_checkout(order),
    }
    if order.list_price is not None:
        item[table.ORDER_LIST_PRICE] = number(order.list_price)
    if order.coupon is not None:
        item[table.ORDER_COUPON] = {"S": order.coupon}
    return item


def changing(order: Order) -> dict[str, Any]:
    """What a new version may change. ``None``: not there."""
    seat = order.seat
    return {
        table.ORDER_STATE: {"S": order.state.value},
        table.ORDER_VERSION: number(order.version),
        table.ORDER_CAPTURED: number(order.captured) if order.captured else None,
        table.ORDER_REFUNDED: number(order.refunded) if order.refunded else None,
        table.ORDER_PROMISED: number(order.promised) if order.promised else None,
        table.ORDER_AFTER: number(order.refunded_after) if order.refunded_after else None,
        table.ORDER_PAID_AT: None if order.paid_at is None else number(order.paid_at),
        table.ORDER_FAILURE: None if order.failure is None else {"S": order.failure},
        table.ORDER_REASON: None
        if order.refund_reason is None
        else {"S": order.refund_reason.value},
        table.ORDER_ATTEMPT: number(order.attempt) if order.attempt else None,
        table.ORDER_LATE_UNTIL: None if order.late_until is None else number(order.late_until),
        table.ORDER_SEAT: None if seat is None else {"S": f"{seat.block}#{seat.units}#{seat.key}"},
        table.ORDER_CARRIER: None if order.carrier is None else {"S": order.carrier},
        table.ORDER_FULFILLED_AT: (
            None if order.fulfilled_at is None else number(order.fulfilled_at)
        ),
        table.ORDER_ATTENTION: None if order.attention is None else {"S": order.attention.value},
        **_in_attention(order),
        # An order that was read without its address must not lose it when it is saved.
        **({} if order.ship_to is None else {table.ORDER_SHIP_TO: {"B": order.ship_to}}),
        **({} if order.erased_at is None else _erased(order.erased_at)),
        **(_replaced(order) if order.revision else {}),
    }


def _checkout(order: Order) -> dict[str, Any]:
    """What the checkout made, apart from the address."""
    return {
        table.ORDER_PAYMENT: {"S": order.payment_id},
        table.ORDER_ACTION: {"S": _write_action(order)},
        table.ORDER_REQUEST: {"B": bytes.fromhex(order.request)},
        table.ORDER_FINGERPRINT: {"B": bytes.fromhex(order.fingerprint)},
    }


def _replaced(order: Order) -> dict[str, Any]:
    """What there is more of an order that was checked out again."""
    earlier = "".join(each.request + each.payment for each in order.earlier)
    return {
        **_checkout(order),
        table.ORDER_REVISION: number(order.revision),
        table.ORDER_REPLACED: None if order.replaced is None else {"S": order.replaced},
        table.ORDER_EARLIER: {"B": bytes.fromhex(earlier)},
    }


def next_checkout(order: Order) -> dict[str, Any]:
    """The same of an order that was checked out again: with the new address, which makes up for one that was erased."""
    ship_to = {"B": order.ship_to} if order.ship_to is not None else None
    return _over(order, {table.ORDER_SHIP_TO: ship_to, table.ORDER_ERASED_AT: None})


def next_version(order: Order) -> dict[str, Any]:
    """The update that puts an order over the version it was made from: everything of it but the table."""
    return _over(order, {})


def _over(order: Order, more: Mapping[str, Any]) -> dict[str, Any]:
    sets, removes = ["#v = :v"], []
    names = {"#v": table.ORDER_VERSION}
    values: dict[str, Any] = {
        ":v": number(order.version),
        ":made_from": number(order.version - 1),
    }
    for place, (name, value) in enumerate({**changing(order), **more}.items()):
        if name == table.ORDER_VERSION:
            continue
        names[f"#n{place}"] = name
        if value is None:
            removes.append(f"#n{place}")
        else:
            sets.append(f"#n{place} = :n{place}")
            values[f":n{place}"] = value
    return {
        "Key": key_of(order.campaign_id, order.key, order.expires_at),
        "UpdateExpression": f"SET {', '.join(sets)}"
        + (f" REMOVE {', '.join(removes)}" if removes else ""),
        "ConditionExpression": "#v = :made_from",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _in_attention(order: Order) -> dict[str, Any]:
    """Where an order is listed that waits for a person: a sparse index has nothing of all others."""
    listed = order.attention is not None
    return {
        table.UNFINISHED: {"S": table.order_attention(order.campaign_id)} if listed else None,
        table.REFUND_DUE: number(order.expires_at) if listed else None,
    }


def _erased(at: int) -> dict[str, Any]:
    return {table.ORDER_SHIP_TO: None, table.ORDER_ERASED_AT: number(at)}


_ITS_PAYMENT = "\x01"
"""Stands for the payment's id in an action, which is often built on it. JSON never holds it as it is."""


def _write_action(order: Order) -> str:
    text = json.dumps(dict(order.payment_action), separators=(",", ":"))
    return text.replace(order.payment_id, _ITS_PAYMENT)


def _read_action(item: Mapping[str, Any]) -> dict[str, str]:
    text = item[table.ORDER_ACTION]["S"].replace(_ITS_PAYMENT, item[table.ORDER_PAYMENT]["S"])
    action: dict[str, str] = json.loads(text)
    return action


def number(value: int) -> dict[str, str]:
    """A whole number, as an item has it."""
    return {"N": str(value)}


def decode(item: Mapping[str, Any], *, address: bool = True) -> Order:
    """The order of an item."""

    def text(name: str) -> str | None:
        return str(item[name]["S"]) if name in item else None

    def count(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    deadline, _, ledger_key = item[table.ORDER_SORT]["S"].partition("#")
    reason, seat = text(table.ORDER_REASON), text(table.ORDER_SEAT)
    attention = text(table.ORDER_ATTENTION)
    sealed = item.get(table.ORDER_SHIP_TO) if address else None
    return Order(
        id=item[table.ORDER_ID]["S"],
        campaign_id=table.order_campaign(item[table.ORDER_PARTITION]["S"]),
        merchant=item[table.MERCHANT]["S"],
        sku=item[table.ORDER_SKU]["S"],
        quantity=int(item[table.ORDER_QUANTITY]["N"]),
        amount=int(item[table.ORDER_AMOUNT]["N"]),
        currency=item[table.ORDER_CURRENCY]["S"],
        buyer=item[table.ORDER_BUYER]["S"],
        key=ledger_key,
        created_at=int(item[table.ORDER_CREATED]["N"]),
        expires_at=int(deadline),
        provider=item[table.ORDER_PROVIDER]["S"],
        payment_id=item[table.ORDER_PAYMENT]["S"],
        payment_action=_read_action(item),
        request=bytes(item[table.ORDER_REQUEST]["B"]).hex(),
        fingerprint=bytes(item[table.ORDER_FINGERPRINT]["B"]).hex(),
        ship_to=None if sealed is None else bytes(sealed["B"]),
        list_price=count(table.ORDER_LIST_PRICE),
        coupon=text(table.ORDER_COUPON),
        state=OrderState(item[table.ORDER_STATE]["S"]),
        version=int(item[table.ORDER_VERSION]["N"]),
        captured=count(table.ORDER_CAPTURED) or 0,
        refunded=count(table.ORDER_REFUNDED) or 0,
        promised=count(table.ORDER_PROMISED) or 0,
        refunded_after=count(table.ORDER_AFTER) or 0,
        paid_at=count(table.ORDER_PAID_AT),
        failure=text(table.ORDER_FAILURE),
        refund_reason=None if reason is None else RefundReason(reason),
        attempt=count(table.ORDER_ATTEMPT) or 0,
        late_until=count(table.ORDER_LATE_UNTIL),
        seat=None if seat is None else _seat(seat),
        carrier=text(table.ORDER_CARRIER),
        fulfilled_at=count(table.ORDER_FULFILLED_AT),
        attention=None if attention is None else Attention(attention),
        erased_at=count(table.ORDER_ERASED_AT),
        revision=count(table.ORDER_REVISION) or 0,
        replaced=text(table.ORDER_REPLACED),
        earlier=_earlier(item),
    )


def _earlier(item: Mapping[str, Any]) -> tuple[ReplacedCheckout, ...]:
    written = bytes(item[table.ORDER_EARLIER]["B"]).hex() if table.ORDER_EARLIER in item else ""
    half = len(ReplacedCheckout.of("0" * 18, "").payment)
    return tuple(
        ReplacedCheckout(written[at : at + half], written[at + half : at + 2 * half])
        for at in range(0, len(written), 2 * half)
    )


def _seat(text: str) -> Seat:
    block, units, key = text.split("#")
    return Seat(block=int(block), key=key, units=int(units))
