"""
A client of DynamoDB that counts what it is charged for, request by request.

What the store says it has used is believed. Where it says nothing, as of a write whose condition failed, the known prices
hold: one unit a write, for no item of a sale is larger than a unit, two in a transaction, and one unit for each item read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any, Final

from shared.use_cases.rehearsal_ports import Used

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READS: Final = frozenset({"batch_get_item", "get_item", "query"})
_WRITES: Final = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})


class MeteredDynamoDB:
    """Passes everything on, and counts. It is the meter, too."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.exceptions = client.exceptions
        self._client = client
        self._thread = local()

    @contextmanager
    def one_request(self) -> Iterator[Used]:
        self._thread.used = used = Used()
        try:
            yield used
        finally:
            self._thread.used = Used()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._client, method)
        if method not in _READS | _WRITES:
            return call  # type: ignore[no-any-return]

        def metered(**request: Any) -> Any:
            answer: Mapping[str, Any] = {}
            try:
                answer = call(**request, ReturnConsumedCapacity="TOTAL")
            finally:
                self._count(method, request, answer.get("ConsumedCapacity"))
            return answer

        return metered

    def _count(self, method: str, request: Mapping[str, Any], told: Any) -> None:
        entries = told if isinstance(told, list) else [told] if told else []
        units = sum(float(entry["CapacityUnits"]) for entry in entries) or _known(method, request)
        used: Used = getattr(self._thread, "used", Used())
        if method in _READS:
            used.reads += units
        else:
            used.writes += units


def _known(method: str, request: Mapping[str, Any]) -> float:
    """By the price list."""
    if method == "transact_write_items":
        return 2.0 * len(request["TransactItems"])
    if method == "batch_get_item":
        return float(sum(len(wanted["Keys"]) for wanted in request["RequestItems"].values()))
    return 1.0
