"""Payment events in quarantine, in DynamoDB: one item each, written once however often the event is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.payment import Doubt, QuarantinedPayment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBQuarantine:
    """The payments table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def keep(self, payment: QuarantinedPayment) -> bool:
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=encode(payment),
                    ConditionExpression="attribute_not_exists(#id)",
                    ExpressionAttributeNames={"#id": table.PAYMENT_KEY},
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def encode(payment: QuarantinedPayment) -> dict[str, Any]:
    """The item of an event: its fields by their own names, as far as they are known."""
    item: dict[str, Any] = {}
    for name in (field.name for field in fields(payment)):
        value = getattr(payment, name)
        if isinstance(value, bool):
            item[name] = {"BOOL": value}
        elif isinstance(value, int):
            item[name] = {"N": str(value)}
        elif value is not None:
            item[name] = {"S": str(value)}
    return item


def decode(item: Mapping[str, Any]) -> QuarantinedPayment:
    """The event of an item."""
    known: dict[str, Any] = {
        name: value for name, typed in item.items() for value in typed.values()
    }
    return QuarantinedPayment(
        **{**known, "doubt": Doubt(known["doubt"]), "received_at": int(known["received_at"])}
    )
