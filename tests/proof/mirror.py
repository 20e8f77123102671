"""
The simulation's store with DynamoDB Local behind it: each call goes to both, and both must answer the same.

So whatever the audits see in memory is what stands in DynamoDB Local too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from local.simulation.memory_dynamodb import MemoryDynamoDB
from shared.table import TABLES
from tests.proof.twins import outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = 25
"""Items that one call deletes."""


class Mirror:
    """Stands where a world wants somebody to serve its store."""

    def __init__(self, real: DynamoDBClient) -> None:
        self.calls = 0
        self._real = real
        self._memory: MemoryDynamoDB | None = None
        self._tokens = ""

    @contextmanager
    def of(self, memory: MemoryDynamoDB) -> Iterator[None]:
        """Mirror this store, and leave nothing of it behind."""
        # DynamoDB remembers a token for ten minutes, and the next show has others of the same names.
        self._memory, self._tokens = memory, uuid.uuid4().hex[:8]
        for role in TABLES:
            for item in memory.items(role):
                self._real.put_item(TableName=role, Item=item)
        try:
            yield
        finally:
            self._clear(memory)

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What both answer."""
        memory = self._memory
        assert memory is not None
        self.calls += 1
        theirs, _ = outcome(getattr(self._real, xform_name(operation)), self._for_real(request))
        ours, fault = outcome(lambda **asked: memory.call(operation, asked), dict(request))
        assert ours == theirs, f"{operation} {request}: {ours} but {theirs}"
        if fault is not None:
            raise fault
        return ours

    def _for_real(self, request: Mapping[str, Any]) -> dict[str, Any]:
        token = request.get("ClientRequestToken")
        return {**request, **({"ClientRequestToken": self._tokens + token} if token else {})}

    def _clear(self, memory: MemoryDynamoDB) -> None:
        for role, spec in TABLES.items():
            names = [spec.key, *([spec.sort] if spec.sort else [])]
            gone: list[Any] = [
                {"DeleteRequest": {"Key": {name: item[name] for name in names}}}
                for item in memory.items(role)
            ]
            for first in range(0, len(gone), _BATCH):
                self._real.batch_write_item(RequestItems={role: gone[first : first + _BATCH]})
