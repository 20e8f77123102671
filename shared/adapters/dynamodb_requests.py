"""What was answered to requests, in DynamoDB: one item a request, gone by itself when the key is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.use_cases.ports import Answered, AnsweredBefore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FINGERPRINT = "fingerprint"
_STATUS = "status"
_DOCUMENT = "document"


class DynamoDBAnswers:
    """The requests table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def recall(self, request_id: str, *, now: int) -> Answered | None:
        with store_faults():
            found = self._client.get_item(
                TableName=self._table,
                Key={table.REQUEST_KEY: {"S": request_id}},
                ConsistentRead=True,
            )
        answered = decode(found["Item"]) if "Item" in found else None
        # DynamoDB deletes an expired item some time later, so the clock decides.
        return answered if answered and answered.expires_at > now else None

    def keep(self, answered: Answered, *, now: int) -> None:
        try:
            with store_faults():
                self._client.put_item(**put_once(self._table, answered, now))
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            first: Any = refused.response
            raise AnsweredBefore(decode(first["Item"])) from None


def put_once(table_name: str, answered: Answered, now: int) -> dict[str, Any]:
    """A put that succeeds for the first of all attempts of a request; alone or in a transaction."""
    is_new = "attribute_not_exists(#id)"
    is_expired = "#expires_at <= :now"
    return {
        "TableName": table_name,
        "Item": {
            table.REQUEST_KEY: {"S": answered.id},
            _FINGERPRINT: {"S": answered.fingerprint},
            _STATUS: {"N": str(answered.status)},
            _DOCUMENT: {"S": answered.document},
            table.REQUEST_TTL: {"N": str(answered.expires_at)},
        },
        "ConditionExpression": f"{is_new} OR {is_expired}",
        "ExpressionAttributeNames": {"#id": table.REQUEST_KEY, "#expires_at": table.REQUEST_TTL},
        "ExpressionAttributeValues": {":now": {"N": str(now)}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def decode(item: Mapping[str, Any]) -> Answered:
    """The answer kept in an item."""
    return Answered(
        id=item[table.REQUEST_KEY]["S"],
        fingerprint=item[_FINGERPRINT]["S"],
        status=int(item[_STATUS]["N"]),
        document=item[_DOCUMENT]["S"],
        expires_at=int(item[table.REQUEST_TTL]["N"]),
    )
