"""Blocks of many offers are read together: in as few calls as there are hundreds of them, each block in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.domain.errors import StoreBusy
from shared.use_cases.stock_ports import Shelf

SHELF = Shelf("cmp_" + "b" * 16, "FUJI-12", home_blocks=1, blocks=1, epoch=1_000, room=40)


class Store:
    """Shelves of so many blocks, and how they were asked for."""

    def __init__(self, *blocks: int) -> None:
        self.memory = MemoryDynamoDB(lambda: 0.0)
        self.asked: list[int] = []
        client: Any = Client("dynamodb", self.serve, QuietLine())
        self.stock = DynamoDBStock(client, "stock", lambda: "overflow")
        self.shelves = [
            replace(SHELF, sku=f"SKU-{number}", blocks=count) for number, count in enumerate(blocks)
        ]
        for place, shelf in enumerate(self.shelves):
            for number in range(shelf.blocks):
                units = 1 + (place * 1_000 + number)
                self.stock.lay_out(shelf, number, units=units, opens=0, closes=9)

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "BatchGetItem":
            self.asked.append(len(request["RequestItems"]["stock"]["Keys"]))
        return self.memory.call(operation, request)

    def read(self) -> list[list[tuple[int, int]]]:
        """Number and units of each block."""
        return [
            [(block.number, block.units) for block in blocks]
            for blocks in self.stock.read_shelves(self.shelves)
        ]


def test_each_block_is_in_its_place_and_a_call_is_for_a_hundred():
    store = Store(10, 130, 1, 59, 50)
    assert store.read() == [
        [(number, 1 + (place * 1_000 + number)) for number in range(shelf.blocks)]
        for place, shelf in enumerate(store.shelves)
    ]
    assert sorted(store.asked) == [50, 100, 100]


def test_what_is_left_unprocessed_is_asked_for_again():
    store = Store(40, 30)
    store.memory.left_over = lambda count: 30 if count > 30 else 0
    assert [len(blocks) for blocks in store.read()] == [40, 30]
    assert store.asked == [70, 30]


def test_nothing_is_told_of_a_count_that_misses_a_block():
    store = Store(40, 30)
    store.memory.left_over = lambda count: count - 1
    with pytest.raises(StoreBusy):
        store.read()


def test_no_shelf_is_no_call():
    store = Store()
    assert store.read() == []
    assert store.asked == []
