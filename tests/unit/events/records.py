"""Stream records as Lambda hands them over, from items as the tables keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import table
from shared.domain.board import Board
from shared.domain.stock import Block
from shared.use_cases.read_changes import BlockChange, BoardChange

AT = 1_795_867_205

COUNTERS = {
    "free": table.FREE,
    "held": table.HELD,
    "sold": table.SOLD,
    "orders": table.ORDERS,
    "gross": table.GROSS,
    "refunded": table.REFUNDED,
    "released": table.RELEASED,
    "expired": table.EXPIRED,
}
KEYS = {
    "campaigns": (table.CAMPAIGN_KEY,),
    "orders": (table.ORDER_PARTITION, table.ORDER_SORT),
    "payments": (table.PAYMENT_KEY,),
    "stock": (table.STOCK_KEY,),
    "waitlists": (table.WAITLIST_LINE, table.WAITLIST_NUMBER),
}

Item = Mapping[str, Any]


def record(
    role: str, before: Item | None, after: Item | None, *, number: int = 1, at: float = AT
) -> dict[str, Any]:
    """One write to a table. ``number`` makes its sequence number."""
    some = after or before or {}
    written: dict[str, Any] = {
        "ApproximateCreationDateTime": at,
        "Keys": {name: some[name] for name in KEYS[role]},
        "SequenceNumber": f"{4_421_584_500_000_000_017_450_439_000 + number}",
        "SizeBytes": 512,
        "StreamViewType": "NEW_IMAGE" if role == "payments" else "NEW_AND_OLD_IMAGES",
    }
    if after:
        written["NewImage"] = after
    if before:
        written["OldImage"] = before
    name = "INSERT" if not before else "MODIFY" if after else "REMOVE"
    stream = f"table/livehour-local-{role}/stream/2026-11-28T11:00:00.000"
    return {
        "eventID": f"{number:032x}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": written,
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:{stream}",
    }


def block_item(campaign_id: str, sku: str, block: Block) -> Item:
    """The item of a block."""
    return {
        table.STOCK_KEY: {"S": table.block(campaign_id, sku, block.number)},
        table.OPENS: _number(block.opens),
        table.CLOSES: _number(block.closes),
        table.EPOCH: _number(block.epoch),
        **{name: _number(getattr(block.counters, field)) for field, name in COUNTERS.items()},
        table.LEDGER: {
            "M": {key: _number(entry.encode(block.epoch)) for key, entry in block.ledger.items()}
        },
    }


def board_item(campaign_id: str, sku: str, board: Board) -> Item:
    """The item of a board, as JSON carries it."""
    return {
        table.STOCK_KEY: {"S": table.board(campaign_id, sku)},
        "v": _number(board.as_of),
        "t": _number(board.total),
        "d": {"B": ""},
    }


def stock_record(change: BlockChange | BoardChange, *, number: int = 1) -> dict[str, Any]:
    """The record of a change of stock."""
    campaign_id, sku = change.campaign_id, change.sku

    def image(state: Block | Board | None) -> Item | None:
        if isinstance(state, Block):
            return block_item(campaign_id, sku, state)
        return board_item(campaign_id, sku, state) if state else None

    images = image(change.before), image(change.after)
    return record("stock", *images, number=number, at=change.at)


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}
