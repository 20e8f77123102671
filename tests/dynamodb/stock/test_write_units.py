"""What a stock block costs on DynamoDB Local: one write unit, however full."""

from __future__ import annotations

import time
from itertools import count
from random import Random
from typing import TYPE_CHECKING

import pytest

from shared import table
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.domain.errors import SoldOut
from shared.domain.ids import ledger_key, new_campaign_id
from shared.use_cases.hints import Hints
from shared.use_cases.request_keys import keys_of
from shared.use_cases.stock_ports import Shelf
from shared.use_cases.take_units import Wish, take_units

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECRET = "0d" * 32


def test_an_item_in_the_store_costs_one_write_unit_however_full(dynamodb: DynamoDBClient) -> None:
    stock, now, sizes = (
        DynamoDBStock(dynamodb, "stock", lambda: "overflow"),
        int(time.time()),
        [table.BLOCK_UNITS, 32],
    )
    shelf = Shelf(
        new_campaign_id(),
        "FUJI-12",
        len(sizes),
        len(sizes),
        now - 60,
        table.ledger_room("FUJI-12", 2),
    )
    for number, units in enumerate(sizes):
        stock.lay_out(shelf, number, units=units, opens=now - 10, closes=now + 3600)
    hints = Hints(stock, lambda: int(time.time() * 1000), choice=Random(3))

    def sell_out() -> None:
        # The same in every run: where requests begin decides how full a ledger gets.
        for number in count():
            keys = keys_of(SECRET, ledger_key(SECRET, f"request {number}"))
            take_units(stock, hints, shelf, Wish(keys, 1, now + 300, now))

    with pytest.raises(SoldOut):
        sell_out()
    blocks = stock.read_all(shelf)
    assert max(len(block.ledger) for block in blocks) > table.BLOCK_UNITS
    for block in blocks:
        answer = dynamodb.update_item(
            TableName="stock",
            Key={table.STOCK_KEY: {"S": table.block(shelf.campaign_id, shelf.sku, block.number)}},
            UpdateExpression="SET #o = #o",
            ExpressionAttributeNames={"#o": table.OPENS},
            ReturnConsumedCapacity="TOTAL",
        )
        assert answer["ConsumedCapacity"]["CapacityUnits"] == 1.0
