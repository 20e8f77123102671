"""What ours is compared with: the usual ways to take a unit of stock, written as their documents advise."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bench.report import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TABLE = "rival"


def make_table(client: DynamoDBClient) -> None:
    """The rivals' table: one, with a string key, as the idempotency layer wants it."""
    client.create_table(
        TableName=_TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName=_TABLE, Item={"id": {"S": "stock"}, "left": {"N": str(10**9)}})


def transactions(client: DynamoDBClient) -> list[Row]:
    """Stock and order in one transaction, without and with a durable idempotency record.

    Run to show that they work, counted by AWS's rule (two units an item): DynamoDB Local bills one item of each transaction.
    """
    rows = []
    for name, puts in (("stock and order in a transaction", 1), ("and an idempotency record", 2)):
        actions = [_take_one(), *(_put_new() for _ in range(puts))]
        client.transact_write_items(TransactItems=actions)
        rows.append(
            Row(f"write units per reservation: {name}", 2 * len(actions), note="by AWS's rule")
        )
    return rows


def _take_one() -> Any:
    return {
        "Update": {
            "TableName": _TABLE,
            "Key": {"id": {"S": "stock"}},
            "UpdateExpression": "SET #left = #left - :one",
            "ConditionExpression": "#left >= :one",
            "ExpressionAttributeNames": {"#left": "left"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def _put_new() -> Any:
    return {
        "Put": {
            "TableName": _TABLE,
            "Item": {"id": {"S": str(uuid.uuid4())}, "at": {"N": str(int(time.time()))}},
            "ConditionExpression": "attribute_not_exists(id)",
        }
    }


def bare_call(client: DynamoDBClient) -> Callable[[], None]:
    """The SDK call that a reservation cannot do without: one conditional update that writes an entry of its own."""
    client.put_item(
        TableName=_TABLE,
        Item={
            "id": {"S": "block"},
            "a": {"N": str(10**9)},
            "o": {"N": "0"},
            "c": {"N": "9"},
            "h": {"M": {}},
        },
    )

    def call() -> None:
        client.update_item(
            TableName=_TABLE,
            Key={"id": {"S": "block"}},
            UpdateExpression="SET #h = :h, #a = #a - :q",
            ConditionExpression="#o <= :now AND #c > :now AND #a >= :q",
            ExpressionAttributeNames={"#h": "e", "#a": "a", "#o": "o", "#c": "c"},
            ExpressionAttributeValues={":h": {"N": "1"}, ":q": {"N": "1"}, ":now": {"N": "5"}},
            ReturnValues="UPDATED_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    return call


def powertools_handler(
    client: DynamoDBClient,
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The handler of the blueprints: Powertools' resolver with pydantic bodies, and its idempotency layer around one
    update.
    """
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "rival")
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "WARNING")
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver  # noqa: PLC0415
    from aws_lambda_powertools.utilities.idempotency import (  # noqa: PLC0415
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent,
    )
    from pydantic import BaseModel, Field  # noqa: PLC0415

    class Wish(BaseModel):
        sku: str = Field(min_length=1, max_length=32)
        quantity: int = Field(ge=1, le=100)
        buyer_id: str = Field(min_length=1, max_length=128)

    app = APIGatewayHttpResolver(enable_validation=True)

    @app.post("/v1/campaigns/<campaign_id>/reservations")
    def reserve(campaign_id: str, wish: Wish) -> dict[str, Any]:
        client.update_item(
            TableName=_TABLE,
            Key={"id": {"S": "stock"}},
            UpdateExpression="SET #left = #left - :q",
            ConditionExpression="#left >= :q",
            ExpressionAttributeNames={"#left": "left"},
            ExpressionAttributeValues={":q": {"N": str(wish.quantity)}},
        )
        return {
            "id": str(uuid.uuid4()),
            "campaign": campaign_id,
            "state": "held",
            "quantity": wish.quantity,
        }

    layer = DynamoDBPersistenceLayer(table_name=_TABLE, boto3_client=client)
    config = IdempotencyConfig(
        event_key_jmespath='headers."idempotency-key"', raise_on_no_idempotency_key=True
    )

    @idempotent(persistence_store=layer, config=config)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return app.resolve(event, context)

    return handler


def rival_event(body: dict[str, Any]) -> dict[str, Any]:
    """An event for the rival's resolver, which routes by path."""
    return {
        "version": "2.0",
        "rawPath": "/v1/campaigns/cmp_1/reservations",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())},
        "requestContext": {
            "http": {"method": "POST", "path": "/v1/campaigns/cmp_1/reservations"},
            "requestId": str(uuid.uuid4()),
            "stage": "$default",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


class Context:
    """What the idempotency layer asks of a Lambda context."""

    function_name = "rival"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:rival"
    aws_request_id = "rival"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000
