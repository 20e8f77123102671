"""Counts what DynamoDB charges a process for, through the SDK's own events."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_METERED = (
    "BatchGetItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
)
_READS = frozenset({"BatchGetItem", "GetItem", "Query"})


@dataclass(slots=True)
class Bill:
    """What was used since the last reading."""

    calls: int = 0
    write_units: float = 0
    refused_units: float = 0
    """Of ``write_units``, those of writes whose condition failed: they are charged too."""
    read_units: float = 0


@dataclass
class Meter:
    """Meters one client."""

    client: DynamoDBClient
    bill: Bill = field(default_factory=Bill)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        events = self.client.meta.events
        for operation in _METERED:
            events.register(f"provide-client-params.dynamodb.{operation}", _ask)
            events.register(f"after-call.dynamodb.{operation}", self._count)

    def read(self) -> Bill:
        """The bill since the last reading."""
        with self._lock:
            bill, self.bill = self.bill, Bill()
        return bill

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        used = parsed.get("ConsumedCapacity")
        entries = used if isinstance(used, list) else [used] if used else []
        units = sum(entry["CapacityUnits"] for entry in entries)
        with self._lock:
            self.bill.calls += 1
            if model.name in _READS:
                self.bill.read_units += units
            elif entries:
                self.bill.write_units += units
            else:
                # DynamoDB Local does not bill a failed condition; DynamoDB does, by the item's size: one unit, as no
                # item is larger.
                self.bill.write_units += 1
                self.bill.refused_units += 1


def _ask(params: dict[str, Any], **_: Any) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"
