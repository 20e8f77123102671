"""
Refunds in DynamoDB, in the table and the partitions of their orders: what must agree between the two is one transaction.

A sparse index holds those that somebody has to look at; it costs nothing for any other item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import refused_parts, store_faults
from shared.adapters.dynamodb_order_items import key_of, next_version, number
from shared.adapters.dynamodb_refund_items import decode, encode, place_of, refund_key
from shared.domain.order import Order
from shared.domain.refund import AskedRefund, RefundPlace
from shared.use_cases.ports import ChangedMeanwhile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBRefunds:
    """The refunds in the orders table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def find(self, place: RefundPlace) -> AskedRefund | None:
        with store_faults():
            found = self._client.get_item(
                TableName=self._table, Key=refund_key(place), ConsistentRead=True
            )
        return decode(found["Item"]) if "Item" in found else None

    def of_order(self, order: Order) -> list[AskedRefund]:
        own = key_of(order.campaign_id, order.key, order.expires_at)
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#p = :p AND #s BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#p": table.ORDER_PARTITION, "#s": table.ORDER_SORT},
            "ExpressionAttributeValues": {
                ":p": own[table.ORDER_PARTITION],
                ":first": {"S": table.refund_sort(own[table.ORDER_SORT]["S"], "")},
                # After every character that a digest has.
                ":last": {"S": table.refund_sort(own[table.ORDER_SORT]["S"], "~")},
            },
            "ConsistentRead": True,
        }
        found = [decode(item) for item in self._query(query)]
        return sorted(found, key=lambda refund: (refund.created_at, refund.id))

    def promise(self, order: Order, refund: AskedRefund) -> AskedRefund | None:
        put = {
            **self._put(refund),
            "ConditionExpression": "attribute_not_exists(#p)",
            "ExpressionAttributeNames": {"#p": table.ORDER_PARTITION},
        }
        standing = self._both(order, put)
        return decode(standing) if standing is not None else None

    def end(self, order: Order, refund: AskedRefund) -> None:
        if self._both(order, self._over_its_version(refund)) is not None:
            raise ChangedMeanwhile(refund.id)

    def save(self, refund: AskedRefund) -> None:
        try:
            with store_faults():
                self._client.put_item(**self._over_its_version(refund))
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            standing: Any = refused.response
            # The very same was written by an attempt of this call whose answer was lost.
            if standing.get("Item") != encode(refund):
                raise ChangedMeanwhile(refund.id) from None

    def under_way(self, *, until: int) -> Iterator[RefundPlace]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": table.UNFINISHED,
            "KeyConditionExpression": "#unfinished = :yes AND #due <= :until",
            "ExpressionAttributeNames": {
                "#unfinished": table.UNFINISHED,
                "#due": table.REFUND_DUE,
            },
            "ExpressionAttributeValues": {":yes": {"S": "yes"}, ":until": number(until)},
        }
        for item in self._query(query):
            yield place_of(item)

    # -- writes ------------------------------------------------------------------------------------

    def _put(self, refund: AskedRefund) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Item": encode(refund),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _over_its_version(self, refund: AskedRefund) -> dict[str, Any]:
        return {
            **self._put(refund),
            "ConditionExpression": "#v = :made_from",
            "ExpressionAttributeNames": {"#v": table.ORDER_VERSION},
            "ExpressionAttributeValues": {":made_from": number(refund.version - 1)},
        }

    def _both(self, order: Order, put: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """
        Order and refund, or neither: then the refund as it stands, or ``ChangedMeanwhile``. The SDK marks all its tries of
        one call with one token, so that a try after a lost answer is the same transaction.
        """
        update = {"TableName": self._table, **next_version(order)}
        writes: Any = [{"Update": update}, {"Put": put}]
        try:
            with store_faults():
                self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            _, standing = refused_parts(cancelled)
            if not standing:
                raise ChangedMeanwhile(order.id) from None
            return standing
        return None

    def _query(self, query: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        while True:
            with store_faults():
                page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
