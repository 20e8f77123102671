"""
Orders in DynamoDB: one item of half a write unit each, under keys that its id carries, so that no index is needed.

The sort key is the end of the hold. A *note* is an item beside the orders of its partition, sorted by the deadline of a
late payment's hold, that names the order to look after; it has no id and no state. With an event in it, it is one that came
before that order was written.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shared import table
from shared.adapters import dynamodb_refund_items
from shared.adapters.dynamodb_faults import store_faults
from shared.adapters.dynamodb_order_items import (
    changing,
    decode,
    frozen,
    key_of,
    next_checkout,
    next_version,
    number,
)
from shared.adapters.parked_events import read_parked, write_parked
from shared.domain.claim_check import ClaimCheck
from shared.domain.order import Order, OrderState
from shared.domain.payment import ParkedEvent
from shared.domain.refund import AskedRefund
from shared.use_cases.order_ports import EVERY_SHARD, Unsettled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

log = logging.getLogger("livehour")

_OWN_KEY = (table.ORDER_PARTITION, table.ORDER_SORT)
_FIRST_PAGE = 4
"""Orders asked of each shard at first for a list: most pages of 20 are complete with them."""


class DynamoDBOrders:
    """The orders table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    # -- one order -------------------------------------------------------------------------------------

    def find(self, check: ClaimCheck) -> Order | None:
        return self._get(key_of(check.campaign_id, check.key, check.deadline))

    def place(self, order: Order) -> Order | None:
        item = {
            **key_of(order.campaign_id, order.key, order.expires_at),
            **frozen(order),
            **{name: value for name, value in changing(order).items() if value is not None},
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
            # The very same: written by an attempt of this call whose answer was lost.
            return None if there == order else there
        return None

    def save(self, order: Order) -> Order | None:
        return self._put_over(next_version(order))

    def save_checkout(self, order: Order) -> Order | None:
        there = self._put_over(next_checkout(order))
        # The very same: written by an attempt of this call whose answer was lost.
        return None if there == order else there

    def _put_over(self, update: Mapping[str, Any]) -> Order | None:
        try:
            with store_faults():
                self._client.update_item(TableName=self._table, **update)
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            # Perhaps by an attempt of this very call whose answer was lost: then it stands as it should.
            return decode(_standing(refused))
        return None

    def remind(self, order: Order, *, at: int) -> None:
        own = key_of(order.campaign_id, order.key, order.expires_at)
        with store_faults():
            self._client.update_item(
                TableName=self._table,
                Key={**own, table.ORDER_SORT: {"S": f"{table.order_sort(at, order.key)}#note"}},
                UpdateExpression="SET #o = :own",
                ExpressionAttributeNames={"#o": table.ORDER_NOTE},
                ExpressionAttributeValues={":own": own[table.ORDER_SORT]},
            )

    def park(self, check: ClaimCheck, parked: ParkedEvent) -> None:
        own = key_of(check.campaign_id, check.key, check.deadline)
        event = hashlib.sha256(f"{parked.provider}#{parked.event.id}".encode()).hexdigest()[:16]
        place = f"{table.order_sort(parked.since + 1, check.key)}#event#{event}"
        with store_faults():
            self._client.update_item(
                TableName=self._table,
                Key={**own, table.ORDER_SORT: {"S": place}},
                UpdateExpression="SET #o = :own, #w = :event",
                ExpressionAttributeNames={"#o": table.ORDER_NOTE, "#w": table.ORDER_EVENT},
                ExpressionAttributeValues={
                    ":own": own[table.ORDER_SORT],
                    ":event": {"S": write_parked(parked)},
                },
            )

    def _noted(self, note: Mapping[str, Any]) -> Order | None:
        """The order that a note is about, if its money has no place yet."""
        partition = {table.ORDER_PARTITION: note[table.ORDER_PARTITION]}
        item = self._item({**partition, table.ORDER_SORT: note[table.ORDER_NOTE]})
        order = _readable(item) if item is not None else None
        return order if isinstance(order, Order) and order.is_settling else None

    def _get(self, key: Mapping[str, Any]) -> Order | None:
        item = self._item(key)
        return decode(item) if item is not None else None

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        with store_faults():
            found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return found.get("Item")

    # -- many ------------------------------------------------------------------------------------------

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        last = None if before is None else table.order_sort(before.deadline, before.key)
        shards = [
            self._newest_first(table.order_partition(campaign_id, shard), last)
            for shard in range(table.ORDER_SHARDS)
        ]
        merged = heapq.merge(*shards, key=lambda item: item[table.ORDER_SORT]["S"], reverse=True)
        return [decode(item, address=False) for item in islice(merged, limit)]

    def needing_attention(
        self, campaign_id: str, *, before: ClaimCheck | None, limit: int
    ) -> list[Order]:
        query: dict[str, Any] = {
            "IndexName": table.UNFINISHED,
            "KeyConditionExpression": "#unfinished = :attention",
            "ExpressionAttributeNames": {"#unfinished": table.UNFINISHED},
            "ExpressionAttributeValues": {
                ":attention": {"S": table.order_attention(campaign_id)},
            },
            "ScanIndexForward": False,
        }
        if before is not None:
            query["KeyConditionExpression"] += " AND #due <= :due"
            query["ExpressionAttributeNames"]["#due"] = table.REFUND_DUE
            query["ExpressionAttributeValues"][":due"] = number(before.deadline)
        last = None if before is None else table.order_sort(before.deadline, before.key)
        found: list[Order] = []
        for place in _newest_first_of_each_second(self._query(query)):
            if last is not None and place[table.ORDER_SORT]["S"] >= last:
                continue
            if len(found) == limit:
                break
            # The index has keys alone, and may be a moment behind.
            order = self._get({name: place[name] for name in _OWN_KEY})
            if order is not None and order.attention is not None:
                found.append(replace(order, ship_to=None))
        return found

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order | ParkedEvent]:
        for item in self._unsettled(campaign_id, table.order_range(since, until)):
            found = self._noted(item) if _is_note(item) else _readable(item)
            if found is not None and not isinstance(found, AskedRefund):
                yield found

    def unsettled(self, campaign_id: str) -> Iterator[Unsettled]:
        for item in self._unsettled(campaign_id, None):
            # What a note is about is among them itself.
            found = None if _is_note(item) else _readable(item)
            if found is not None:
                yield found

    def all(
        self, campaign_id: str, shards: Iterable[int] = EVERY_SHARD, *, address: bool = False
    ) -> Iterator[Order]:
        for shard in shards:
            query = _of_shard(table.order_partition(campaign_id, shard))
            query["ConsistentRead"] = True
            for item in self._query(query):
                if table.ORDER_ID in item:
                    yield decode(item, address=address)

    def with_refunds(
        self, campaign_id: str, shards: Iterable[int]
    ) -> Iterator[tuple[Order, list[AskedRefund]]]:
        for shard in shards:
            query = _of_shard(table.order_partition(campaign_id, shard))
            query["ConsistentRead"] = True
            order: Order | None = None
            refunds: list[AskedRefund] = []
            for item in self._query(query):
                if table.REFUND_ID in item:
                    # Each stands behind its order.
                    refunds.append(dynamodb_refund_items.decode(item))
                elif table.ORDER_ID in item:
                    if order is not None:
                        yield order, refunds
                    order, refunds = decode(item, address=False), []
            if order is not None:
                yield order, refunds

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
                " OR attribute_exists(#unbooked)"
            )
            query["ExpressionAttributeNames"] |= {
                "#state": table.ORDER_STATE,
                "#captured": table.ORDER_CAPTURED,
                "#note": table.ORDER_NOTE,
                "#unbooked": table.REFUND_UNBOOKED,
            }
            query["ExpressionAttributeValues"] |= {
                ":awaiting": {"S": OrderState.AWAITING_PAYMENT.value},
                ":cancelled": {"S": OrderState.CANCELLED.value},
                ":none": number(0),
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


def _newest_first_of_each_second(
    places: Iterable[Mapping[str, Any]],
) -> Iterator[Mapping[str, Any]]:
    """The index sorts by seconds alone: those of one second by their keys."""
    for _, of_second in groupby(places, key=lambda place: place[table.REFUND_DUE]["N"]):
        yield from sorted(
            of_second, key=lambda place: str(place[table.ORDER_SORT]["S"]), reverse=True
        )


def _is_note(item: Mapping[str, Any]) -> bool:
    return table.ORDER_NOTE in item and table.ORDER_EVENT not in item


def _readable(item: Mapping[str, Any]) -> Unsettled | None:
    """
    The order, the parked event, or the refund of an item that others stand beside. One that makes no sense is a matter
    for the log, and an order for the reconciliation, which stops at it; until then nobody waits for it.
    """
    try:
        if table.ORDER_EVENT in item:
            return read_parked(item[table.ORDER_EVENT]["S"])
        if table.REFUND_ID in item:
            return dynamodb_refund_items.decode(item)
        return decode(item)
    except (KeyError, TypeError, ValueError):
        log.exception("what stands at %s cannot be read", item[table.ORDER_SORT]["S"])
        return None


def _standing(refused: ClientError) -> Mapping[str, Any]:
    """The item that refused a condition, as DynamoDB returns it beside the error."""
    return cast(Mapping[str, Any], refused.response)["Item"]  # type: ignore[no-any-return]


def _of_shard(partition: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": table.ORDER_PARTITION},
        "ExpressionAttributeValues": {":p": {"S": partition}},
    }
