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
from shared.domain.deals import number_of
from shared.domain.hold_limits import limits_of
from shared.domain.ids import buyer_digest, is_rehearsed
from shared.use_cases.prepare_stock import places, places_of_uses
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
        for block in _blocks(show):
            self._delete_all("overflow", self._keys_of("overflow", block))
        self._delete_all("stock", list(_of_stock(show)))
        self._delete_all("buyers", list(_of_buyers(show, counted)))
        for offer in show.offers:
            self._clear_line(show, offer)
        self._delete_all("totals", self._keys_of("totals", show.id))
        self._delete_all("addresses", [{table.ADDRESS_KEY: {"S": show.id}}])
        self._delete_all("campaigns", [{table.CAMPAIGN_KEY: {"S": show.id}}])

    def _clear_line(self, show: Campaign, offer: Offer) -> None:
        """Which number a request has drawn is kept under the request's key, which its ticket has: so that goes first."""
        line = table.line(show.id, offer.sku)
        tickets = self._keys_of("waitlists", line, also=table.TICKET_KEY)
        drawn = [
            {
                table.WAITLIST_LINE: {"S": table.line_request(show.id, offer.sku, key["S"])},
                table.WAITLIST_NUMBER: {"N": str(table.LINE_HEAD)},
            }
            for ticket in tickets
            if (key := ticket.get(table.TICKET_KEY))
        ]
        self._delete_all("waitlists", drawn)
        names = (table.WAITLIST_LINE, table.WAITLIST_NUMBER)
        self._delete_all("waitlists", [{name: item[name] for name in names} for item in tickets])

    def _keys_of(self, role: str, partition: str, *, also: str | None = None) -> list[Key]:
        """Of everything in one partition. ``also``: another attribute, where there is one."""
        spec = table.TABLES[role]
        names = [name for name in (spec.key, spec.sort, also) if name is not None]
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
            found += [
                {name: item[name] for name in names if name in item} for item in page["Items"]
            ]
            if "LastEvaluatedKey" not in page:
                return found
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _delete_all(self, role: str, keys: Sequence[Key]) -> None:
        def delete(key: Key) -> None:
            with store_faults():
                self._client.delete_item(TableName=self._tables[role], Key=key)

        for first in range(0, len(keys), _AT_ONCE):
            side_by_side(delete, keys[first : first + _AT_ONCE])


def _blocks(show: Campaign) -> Iterator[str]:
    if show.prepared_at is not None:
        for place in (*places(show), *places_of_uses(show)):
            yield table.block(show.id, place.shelf.sku, place.number)


def _of_stock(show: Campaign) -> Iterator[Key]:
    if show.prepared_at is None:
        return
    for place in (*places(show), *places_of_uses(show)):
        sku, number = place.shelf.sku, place.number
        yield {table.STOCK_KEY: {"S": table.block(show.id, sku, number)}}
        if number == 0:
            yield {table.STOCK_KEY: {"S": table.board(show.id, sku)}}


def _of_buyers(show: Campaign, counted: Iterable[tuple[Offer, str]]) -> Iterator[Key]:
    """Each once, for none may come twice in one batch: holds, the purse of an offer, those of coupons that count buyers."""
    coupons = [
        table.uses_of(number_of(show, cue))
        for cue in show.run_of_show
        if cue.uses_per_buyer is not None
    ]
    counted = list(counted)
    if limits_of(show) is not None:
        for digest in sorted({buyer_digest(show.secret, buyer) for _, buyer in counted}):
            yield {table.BUYER_KEY: {"S": table.buyer_holds(show.id, digest)}}
    for sku, buyer in sorted({(offer.sku, buyer) for offer, buyer in counted}):
        digest = buyer_digest(show.secret, buyer)
        limited = [""] if show.offer(sku).limit_per_buyer is not None else []
        for purse in (*limited, *coupons):
            yield {table.BUYER_KEY: {"S": table.buyer(show.id, sku, digest + purse)}}
