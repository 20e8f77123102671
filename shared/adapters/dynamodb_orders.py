"""
Orders in DynamoDB: one item of half a write unit each, under keys that its id carries, so that no index is needed.

The sort key is the end of the hold. A *note* is an item beside the orders of its partition, sorted by the deadline of a
late payment's hold, that names the order to look after; it has no id and no state.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.claim_check import ClaimCheck
from shared.domain.order import Order, OrderState, RefundReason, Seat

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FIRST_PAGE = 4
"""Orders asked of each shard at first for a list: most pages of 20 are complete with them."""


class DynamoDBOrders:
    """The orders table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    # -- one order -------------------------------------------------------------------------------------

    def find(self, check: ClaimCheck) -> Order | None:
        return self._get(_key(check.campaign_id, check.key, check.deadline))

    def place(self, order: Order) -> Order | None:
        item = {
            **_key(order.campaign_id, order.key, order.expires_at),
            **_frozen(order),
            **{name: value for name, value in _changing(order).items() if value is not None},
        }
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#p)",
                    ExpressionAttributeNames={"#p": table.ORDER_PARTITION},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            there = decode(_standing(refused))
            # Written by an attempt of this very call whose answer was lost, if nothing but the time can differ.
            return None if there == order else there
        return None

    def save(self, order: Order) -> Order | None:
        sets, removes = ["#v = :v"], []
        names = {"#v": table.ORDER_VERSION}
        values: dict[str, Any] = {
            ":v": _number(order.version),
            ":made_from": _number(order.version - 1),
        }
        for place, (name, value) in enumerate(_changing(order).items()):
            if name == table.ORDER_VERSION:
                continue
            names[f"#n{place}"] = name
            if value is None:
                removes.append(f"#n{place}")
            else:
                sets.append(f"#n{place} = :n{place}")
                values[f":n{place}"] = value
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(order.campaign_id, order.key, order.expires_at),
                    UpdateExpression=f"SET {', '.join(sets)} REMOVE {', '.join(removes)}",
                    ConditionExpression="#v = :made_from",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            # Perhaps by an attempt of this very call whose answer was lost: then it stands as it should.
            return decode(_standing(refused))
        return None

    def remind(self, order: Order, *, at: int) -> None:
        own = _key(order.campaign_id, order.key, order.expires_at)
        with store_faults():
            self._client.update_item(
                TableName=self._table,
                Key={**own, table.ORDER_SORT: {"S": f"{table.order_sort(at, order.key)}#note"}},
                UpdateExpression="SET #o = :own",
                ExpressionAttributeNames={"#o": table.ORDER_NOTE},
                ExpressionAttributeValues={":own": own[table.ORDER_SORT]},
            )

    def _get(self, key: Mapping[str, Any]) -> Order | None:
        with store_faults():
            found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return decode(found["Item"]) if "Item" in found else None

    # -- many ------------------------------------------------------------------------------------------

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        last = None if before is None else table.order_sort(before.deadline, before.key)
        shards = [
            self._newest_first(table.order_partition(campaign_id, shard), last)
            for shard in range(table.ORDER_SHARDS)
        ]
        merged = heapq.merge(*shards, key=lambda item: item[table.ORDER_SORT]["S"], reverse=True)
        return [decode(item, address=False) for item in islice(merged, limit)]

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order]:
        for item in self._unsettled(campaign_id, table.order_range(since, until)):
            if table.ORDER_NOTE not in item:
                yield decode(item)
                continue
            partition = {table.ORDER_PARTITION: item[table.ORDER_PARTITION]}
            order = self._get({**partition, table.ORDER_SORT: item[table.ORDER_NOTE]})
            if order is not None and order.is_settling:
                yield order

    def unsettled(self, campaign_id: str) -> Iterator[Order]:
        for item in self._unsettled(campaign_id, None):
            if table.ORDER_NOTE not in item:
                yield decode(item)

    def all(self, campaign_id: str) -> Iterator[Order]:
        for shard in range(table.ORDER_SHARDS):
            query = _of_shard(table.order_partition(campaign_id, shard))
            query["ConsistentRead"] = True
            for item in self._query(query):
                if table.ORDER_ID in item:
                    yield decode(item, address=False)

    def _unsettled(
        self, campaign_id: str, ends: tuple[str, str] | None
    ) -> Iterator[Mapping[str, Any]]:
        awaits = "#state = :awaiting"
        has_money_without_place = "(#state = :cancelled AND #captured > :none)"
        for shard in range(table.ORDER_SHARDS):
            query = _of_shard(table.order_partition(campaign_id, shard))
            query["ConsistentRead"] = True
            query["FilterExpression"] = (
                f"{awaits} OR {has_money_without_place} OR attribute_exists(#note)"
            )
            query["ExpressionAttributeNames"] |= {
                "#state": table.ORDER_STATE,
                "#captured": table.ORDER_CAPTURED,
                "#note": table.ORDER_NOTE,
            }
            query["ExpressionAttributeValues"] |= {
                ":awaiting": {"S": OrderState.AWAITING_PAYMENT.value},
                ":cancelled": {"S": OrderState.CANCELLED.value},
                ":none": _number(0),
            }
            if ends is not None:
                query["KeyConditionExpression"] += " AND #s BETWEEN :first AND :last"
                query["ExpressionAttributeNames"]["#s"] = table.ORDER_SORT
                query["ExpressionAttributeValues"] |= {
                    ":first": {"S": ends[0]},
                    ":last": {"S": ends[1]},
                }
            yield from self._query(query)

    def _newest_first(self, partition: str, last: str | None) -> Iterator[Mapping[str, Any]]:
        query = _of_shard(partition)
        query["ScanIndexForward"] = False
        if last is not None:
            query["KeyConditionExpression"] += " AND #s < :last"
            query["ExpressionAttributeNames"]["#s"] = table.ORDER_SORT
            query["ExpressionAttributeValues"][":last"] = {"S": last}
        query["Limit"] = _FIRST_PAGE
        for item in self._query(query):
            if table.ORDER_ID in item:
                yield item

    def _query(self, query: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        while True:
            with store_faults():
                page = self._client.query(TableName=self._table, **query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            if "Limit" in query:
                query["Limit"] *= 2


# -- items -----------------------------------------------------------------------------------------------


def _standing(refused: ClientError) -> Mapping[str, Any]:
    """The item that refused a condition, as DynamoDB returns it beside the error."""
    return cast(Mapping[str, Any], refused.response)["Item"]  # type: ignore[no-any-return]


def _key(campaign_id: str, ledger_key: str, deadline: int) -> dict[str, Any]:
    shard = table.order_shard(ledger_key)
    return {
        table.ORDER_PARTITION: {"S": table.order_partition(campaign_id, shard)},
        table.ORDER_SORT: {"S": table.order_sort(deadline, ledger_key)},
    }


def _of_shard(partition: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": table.ORDER_PARTITION},
        "ExpressionAttributeValues": {":p": {"S": partition}},
    }


def _frozen(order: Order) -> dict[str, Any]:
    """What never changes; partition and sort key say the rest."""
    item: dict[str, Any] = {
        table.ORDER_ID: {"S": order.id},
        table.MERCHANT: {"S": order.merchant},
        table.ORDER_SKU: {"S": order.sku},
        table.ORDER_QUANTITY: _number(order.quantity),
        table.ORDER_AMOUNT: _number(order.amount),
        table.ORDER_CURRENCY: {"S": order.currency},
        table.ORDER_BUYER: {"S": order.buyer},
        table.ORDER_CREATED: _number(order.created_at),
        table.ORDER_PROVIDER: {"S": order.provider},
        table.ORDER_PAYMENT: {"S": order.payment_id},
        table.ORDER_ACTION: {"S": json.dumps(dict(order.payment_action), separators=(",", ":"))},
        table.ORDER_REQUEST: {"B": bytes.fromhex(order.request)},
        table.ORDER_FINGERPRINT: {"B": bytes.fromhex(order.fingerprint)},
    }
    if order.ship_to is not None:
        item[table.ORDER_SHIP_TO] = {"S": order.ship_to}
    return item


def _changing(order: Order) -> dict[str, Any]:
    """What a new version may change. ``None``: not there."""
    seat = order.seat
    return {
        table.ORDER_STATE: {"S": order.state.value},
        table.ORDER_VERSION: _number(order.version),
        table.ORDER_CAPTURED: _number(order.captured) if order.captured else None,
        table.ORDER_REFUNDED: _number(order.refunded) if order.refunded else None,
        table.ORDER_PAID_AT: None if order.paid_at is None else _number(order.paid_at),
        table.ORDER_FAILURE: None if order.failure is None else {"S": order.failure},
        table.ORDER_REASON: None
        if order.refund_reason is None
        else {"S": order.refund_reason.value},
        table.ORDER_ATTEMPT: _number(order.attempt) if order.attempt else None,
        table.ORDER_LATE_UNTIL: None if order.late_until is None else _number(order.late_until),
        table.ORDER_SEAT: None if seat is None else {"S": f"{seat.block}#{seat.units}#{seat.key}"},
    }


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def decode(item: Mapping[str, Any], *, address: bool = True) -> Order:
    """The order of an item."""

    def text(name: str) -> str | None:
        return str(item[name]["S"]) if name in item else None

    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    deadline, _, ledger_key = item[table.ORDER_SORT]["S"].partition("#")
    reason, seat = text(table.ORDER_REASON), text(table.ORDER_SEAT)
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
        payment_action=json.loads(item[table.ORDER_ACTION]["S"]),
        request=bytes(item[table.ORDER_REQUEST]["B"]).hex(),
        fingerprint=bytes(item[table.ORDER_FINGERPRINT]["B"]).hex(),
        ship_to=text(table.ORDER_SHIP_TO) if address else None,
        state=OrderState(item[table.ORDER_STATE]["S"]),
        version=int(item[table.ORDER_VERSION]["N"]),
        captured=number(table.ORDER_CAPTURED) or 0,
        refunded=number(table.ORDER_REFUNDED) or 0,
        paid_at=number(table.ORDER_PAID_AT),
        failure=text(table.ORDER_FAILURE),
        refund_reason=None if reason is None else RefundReason(reason),
        attempt=number(table.ORDER_ATTEMPT) or 0,
        late_until=number(table.ORDER_LATE_UNTIL),
        seat=None if seat is None else _seat(seat),
    )


def _seat(text: str) -> Seat:
    block, units, key = text.split("#")
    return Seat(block=int(block), key=key, units=int(units))
