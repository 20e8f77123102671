"""
Records of the tables' streams, as Lambda hands them over, read as changes.

Their images are items as the tables' own adapters know them, so those decode them; but bytes are
base64 here, for it is JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from shared import table
from shared.adapters import (
    dynamodb_campaigns,
    dynamodb_order_items,
    dynamodb_payments,
    dynamodb_refund_items,
    dynamodb_stock,
    dynamodb_waitlists,
)
from shared.use_cases.read_changes import (
    BlockChange,
    BoardChange,
    CampaignChange,
    Change,
    OrderChange,
    QuarantineChange,
    RefundChange,
    TicketChange,
)

Image = Mapping[str, Any]


class UnknownStream(ValueError):
    """A record of a table that nobody reads changes of."""


def read_record(record: Mapping[str, Any]) -> Change | None:
    """The change that a record tells; ``None`` if it is about no thing of the sale, or one that is gone."""
    written = record["dynamodb"]
    after = _image(written, "NewImage")
    if after is None:
        return None
    reader = _READERS.get(role_of(record["eventSourceARN"]))
    if reader is None:
        raise UnknownStream(record["eventSourceARN"])
    return reader(float(written["ApproximateCreationDateTime"]), _image(written, "OldImage"), after)


def role_of(stream_arn: str) -> str:
    """Which of our tables a stream is of: tables are named ``livehour-<stage>-<role>``."""
    name = stream_arn.partition(":table/")[2].partition("/")[0]
    return name.rpartition("-")[2]


def _image(written: Mapping[str, Any], name: str) -> Image | None:
    image = written.get(name)
    return image and {attribute: _typed(value) for attribute, value in image.items()}


def _typed(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "B" in value:
        return {"B": base64.b64decode(value["B"])}
    # DynamoDB Local tells an empty map without its type.
    return value or {"M": {}}


def _campaign(at: float, before: Image | None, after: Image) -> Change:
    decode = dynamodb_campaigns.decode
    return CampaignChange(
        at=at,
        before=decode(before) if before else None,
        after=decode(after),
        by=dynamodb_campaigns.made_by(after),
    )


def _stock(at: float, before: Image | None, after: Image) -> Change:
    campaign_id, sku, part = table.stock_place(after[table.STOCK_KEY]["S"])
    if part == table.BOARD:
        decode_board = dynamodb_stock.decode_board
        return BoardChange(
            at=at,
            campaign_id=campaign_id,
            sku=sku,
            before=decode_board(before) if before else None,
            after=decode_board(after),
        )
    number = int(part)
    return BlockChange(
        at=at,
        campaign_id=campaign_id,
        sku=sku,
        before=dynamodb_stock.decode(number, before) if before else None,
        after=dynamodb_stock.decode(number, after),
    )


def _ticket(at: float, before: Image | None, after: Image) -> Change | None:
    ticket = dynamodb_waitlists.decode(after)
    if ticket is None:
        # What a request has drawn, a number that was given up, or how far a line has come.
        return None
    return TicketChange(
        at=at, before=dynamodb_waitlists.decode(before) if before else None, after=ticket
    )


def _order(at: float, before: Image | None, after: Image) -> Change | None:
    if table.ORDER_NOTE in after:
        return None
    if table.REFUND_ID in after:
        refund = dynamodb_refund_items.decode
        return RefundChange(at=at, before=refund(before) if before else None, after=refund(after))
    decode = dynamodb_order_items.decode
    return OrderChange(at=at, before=decode(before) if before else None, after=decode(after))


def _payment(at: float, _before: Image | None, after: Image) -> Change:
    return QuarantineChange(at=at, after=dynamodb_payments.decode(after))


_READERS: Final[Mapping[str, Callable[[float, Image | None, Image], Change | None]]] = {
    "campaigns": _campaign,
    "orders": _order,
    "payments": _payment,
    "stock": _stock,
    "waitlists": _ticket,
}
