"""The log of campaigns in DynamoDB: one item an entry, at a place of its own, so that the same entry twice is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.campaign_log import Entry, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BY = "by"
_ACTION = "action"
_OUTCOME = "outcome"
_VERSION = "version"
_DETAIL = "detail"
_LAST = ":"
"""Comes after every digit, and so after every place."""


class DynamoDBLog:
    """The log table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def note(self, campaign_id: str, entry: Entry) -> None:
        with store_faults():
            self._client.put_item(TableName=self._table, Item=encode(campaign_id, entry))

    def page(
        self, campaign_id: str, *, outcome: Outcome | None, before: str | None, limit: int
    ) -> list[Entry]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#campaign = :campaign AND #at < :before",
            "ExpressionAttributeNames": {"#campaign": table.LOG_KEY, "#at": table.LOG_SORT},
            "ExpressionAttributeValues": {
                ":campaign": {"S": campaign_id}, ":before": {"S": before or _LAST},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }  # fmt: skip
        if outcome is None:
            query["Limit"] = limit
        else:
            query["FilterExpression"] = "#outcome = :outcome"
            query["ExpressionAttributeNames"]["#outcome"] = _OUTCOME
            query["ExpressionAttributeValues"][":outcome"] = {"S": outcome.value}
        found: list[Entry] = []
        while len(found) < limit:
            with store_faults():
                page = self._client.query(**query)
            found += [decode(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found[:limit]


def encode(campaign_id: str, entry: Entry) -> dict[str, Any]:
    """The item of an entry."""
    detail = json.dumps(dict(entry.detail), ensure_ascii=False, separators=(",", ":"))
    return {
        table.LOG_KEY: {"S": campaign_id},
        table.LOG_SORT: {"S": entry.place},
        _BY: {"S": entry.by},
        _ACTION: {"S": entry.action},
        _OUTCOME: {"S": entry.outcome.value},
        _DETAIL: {"S": detail},
        **({_VERSION: {"N": str(entry.version)}} if entry.version is not None else {}),
    }


def decode(item: Mapping[str, Any]) -> Entry:
    """The entry of an item."""
    at, _, name = item[table.LOG_SORT]["S"].partition("-")
    return Entry(
        at=int(at),
        name=name,
        by=item[_BY]["S"],
        action=item[_ACTION]["S"],
        outcome=Outcome(item[_OUTCOME]["S"]),
        version=int(item[_VERSION]["N"]) if _VERSION in item else None,
        detail=json.loads(item[_DETAIL]["S"]),
    )
