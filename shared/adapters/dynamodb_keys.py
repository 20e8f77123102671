"""Merchants' keys in DynamoDB: only the digest of a key is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.ids import KEY_PREFIX
from shared.use_cases.ports import KeyHolder

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SCOPE = "scope"
_REVOKED = "revoked"
_ID = "id"
_DIGITS = 16
"""Of the digest, in the id of a key that was given none: enough to tell keys apart and to find the row, and no way to the
key, which has more random bits than anybody can try."""


_KEY_ID = re.compile(f"{KEY_PREFIX}[A-Za-z0-9_-]{{1,60}}", re.ASCII)
"""A speaking id that an operator may give a key, as ``key_backoffice``."""


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
        given = item.get(_ID, {}).get("S", "")
        return KeyHolder(
            merchant=item[table.MERCHANT]["S"],
            scope=item[_SCOPE]["S"],
            id=given if _KEY_ID.fullmatch(given) else KEY_PREFIX + digest[:_DIGITS],
        )
