"""Merchants' keys in DynamoDB: only the digest of a key is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.use_cases.ports import KeyHolder

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SCOPE = "scope"
_REVOKED = "revoked"


class DynamoDBKeys:
    """The keys table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def holder(self, digest: str) -> KeyHolder | None:
        # Strongly consistent: a new key works at once, and a revoked one stops.
        with store_faults():
            found = self._client.get_item(
                TableName=self._table, Key={table.KEY_HASH: {"S": digest}}, ConsistentRead=True
            )
        item = found.get("Item")
        if item is None or item.get(_REVOKED, {}).get("BOOL", False):
            return None
        return KeyHolder(merchant=item[table.MERCHANT]["S"], scope=item[_SCOPE]["S"])
