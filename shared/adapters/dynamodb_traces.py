"""
What a rehearsed campaign leaves in the tables, deleted: by the keys that follow from it, for nothing is ever searched for.

Only items whose keys begin as a rehearsal's do can be deleted at all: that is in the permissions of the one function that
may, and here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.campaign import Campaign, Offer
from shared.domain.ids import buyer_digest, is_rehearsed
from shared.use_cases.prepare_stock import block_sizes
from shared.use_cases.side_by_side import side_by_side

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Key = Mapping[str, Any]
_AT_ONCE: Final = 256
"""Keys at hand."""


class NotRehearsed(ValueError):
    """A campaign of a merchant's was to be deleted: nobody may."""


class DynamoDBTraces:
    """All tables that campaigns leave something in, by role."""

    def __init__(self, client: DynamoDBClient, tables: Mapping[str, str]) -> None:
        self._client = client
        self._tables = tables

    def clear(self, show: Campaign, counted: Iterable[tuple[Offer, str]]) -> None:
        if not is_rehearsed(show.id) or show.rehearsal_of is None:
            raise NotRehearsed(show.id)
        for number in range(table.ORDER_SHARDS):
            partition = table.order_partition(show.id, number)
            self._delete_all("orders", self._keys_of("orders", partition))
        self._delete_all("stock", list(_of_stock(show)))
        self._delete_all("buyers", list(_of_buyers(show, counted)))
        self._delete_all("totals", self._keys_of("totals", show.id))
        self._delete_all("addresses", [{table.ADDRESS_KEY: {"S": show.id}}])
        self._delete_all("campaigns", [{table.CAMPAIGN_KEY: {"S": show.id}}])

    def _keys_of(self, role: str, partition: str) -> list[Key]:
        """Of everything in one partition."""
        spec = table.TABLES[role]
        names = [name for name in (spec.key, spec.sort) if name is not None]
        query: dict[str, Any] = {
            "TableName": self._tables[role],
            "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": {"#partition": spec.key},
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "ConsistentRead": True,
        }
        found: list[Key] = []
        while True:
            with store_faults():
                page = self._client.query(**query)
            found += [{name: item[name] for name in names} for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _delete_all(self, role: str, keys: Sequence[Key]) -> None:
        def delete(key: Key) -> None:
            with store_faults():
                self._client.delete_item(TableName=self._tables[role], Key=key)

        for first in range(0, len(keys), _AT_ONCE):
            side_by_side(delete, keys[first : first + _AT_ONCE])


def _of_stock(show: Campaign) -> Iterator[Key]:
    if show.prepared_at is None:
        return
    for offer in show.offers:
        yield {table.STOCK_KEY: {"S": table.board(show.id, offer.sku)}}
        for number in range(len(block_sizes(offer))):
            yield {table.STOCK_KEY: {"S": table.block(show.id, offer.sku, number)}}


def _of_buyers(show: Campaign, counted: Iterable[tuple[Offer, str]]) -> Iterator[Key]:
    """Each once, for none may come twice in one batch."""
    digests = {(offer.sku, buyer_digest(show.secret, buyer)) for offer, buyer in counted}
    for sku, digest in sorted(digests):
        yield {table.BUYER_KEY: {"S": table.buyer(show.id, sku, digest)}}
