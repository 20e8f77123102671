"""
Rehearsals in DynamoDB: one item each, the whole of it as one JSON text beside what is queried.

A sparse index holds those that have left something behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from shared import table
from shared.adapters.dynamodb_faults import refused_parts, store_faults
from shared.domain.errors import RehearsalNotFound
from shared.domain.rehearsal import PREFIX, Outcome, Rehearsal
from shared.use_cases.ports import ChangedMeanwhile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_VERSION: Final = "version"
_DOCUMENT: Final = "doc"
_LAST: Final = "last"
_YES: Final = {"S": "yes"}
_ID: Final = re.compile(rf"{PREFIX}{table.REHEARSED}[a-z2-7]{{8}}")


class DynamoDBRehearsals:
    """The rehearsals table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def get(self, rehearsal_id: str) -> Rehearsal:
        if _ID.fullmatch(rehearsal_id) is None:
            raise RehearsalNotFound
        with store_faults():
            found = self._client.get_item(
                TableName=self._table,
                Key={table.REHEARSAL_KEY: {"S": rehearsal_id}},
                ConsistentRead=True,
            )
        if "Item" not in found:
            raise RehearsalNotFound
        return decode(found["Item"])

    def last(self, campaign_id: str) -> str | None:
        with store_faults():
            found = self._client.get_item(
                TableName=self._table,
                Key={table.REHEARSAL_KEY: {"S": table.last_rehearsal(campaign_id)}},
                ConsistentRead=True,
            )
        return found["Item"][_LAST]["S"] if "Item" in found else None

    def begin(self, rehearsal: Rehearsal, *, after: str | None) -> Rehearsal | None:
        """
        Both puts or neither. The SDK marks all its tries of one call with one token, so that a try after a lost answer is
        the same transaction.
        """
        is_new: dict[str, Any] = {
            "TableName": self._table,
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": table.REHEARSAL_KEY},
        }
        still_last: dict[str, Any] = {
            "TableName": self._table,
            "ConditionExpression": "#last = :after",
            "ExpressionAttributeNames": {"#last": _LAST},
            "ExpressionAttributeValues": {":after": {"S": after}},
        }
        last = {
            table.REHEARSAL_KEY: {"S": table.last_rehearsal(rehearsal.campaign_id)},
            _LAST: {"S": rehearsal.id},
            table.REHEARSAL_TTL: {"N": str(rehearsal.expires_at)},
        }
        puts: Any = [
            {
                "Put": {
                    **is_new,
                    "Item": encode(rehearsal),
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {"Put": {**(is_new if after is None else still_last), "Item": last}},
        ]
        try:
            with store_faults():
                self._client.transact_write_items(TransactItems=puts)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            standing, _ = refused_parts(cancelled)
            if standing:
                return decode(standing)
            raise ChangedMeanwhile(rehearsal.id) from None
        return None

    def save(self, rehearsal: Rehearsal) -> None:
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=encode(rehearsal),
                    ConditionExpression="#version = :made_from",
                    ExpressionAttributeNames={"#version": _VERSION},
                    ExpressionAttributeValues={":made_from": {"N": str(rehearsal.version - 1)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            standing: Any = refused.response
            # The very same was written by an attempt of this call whose answer was lost.
            if standing.get("Item") != encode(rehearsal):
                raise ChangedMeanwhile(rehearsal.id) from None

    def left_alone(self, *, until: int) -> Iterator[str]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": table.UNFINISHED,
            "KeyConditionExpression": "#unfinished = :yes AND #due <= :until",
            "ExpressionAttributeNames": {
                "#unfinished": table.UNFINISHED,
                "#due": table.REHEARSAL_DUE,
            },
            "ExpressionAttributeValues": {":yes": _YES, ":until": {"N": str(until)}},
        }
        while True:
            with store_faults():
                page = self._client.query(**query)
            yield from (item[table.REHEARSAL_KEY]["S"] for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def encode(rehearsal: Rehearsal) -> dict[str, Any]:
    """The item of a rehearsal."""
    document = json.dumps(asdict(rehearsal), ensure_ascii=False, separators=(",", ":"))
    item: dict[str, Any] = {
        table.REHEARSAL_KEY: {"S": rehearsal.id},
        _VERSION: {"N": str(rehearsal.version)},
        _DOCUMENT: {"S": document},
        table.REHEARSAL_TTL: {"N": str(rehearsal.expires_at)},
    }
    if rehearsal.due is not None:
        item |= {table.UNFINISHED: _YES, table.REHEARSAL_DUE: {"N": str(rehearsal.due)}}
    return item


def decode(item: Mapping[str, Any]) -> Rehearsal:
    """The rehearsal of an item."""
    document = json.loads(item[_DOCUMENT]["S"])
    lists = {name: tuple(document[name]) for name in ("not_to_scale", "objectives", "limits")}
    return Rehearsal(**{**document, **lists, "state": Outcome(document["state"])})
