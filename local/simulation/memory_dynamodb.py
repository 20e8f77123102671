"""
DynamoDB in memory: a low-level client's calls, with its conditions, transactions, pages and streams, for the functions' own adapters.

Every call is atomic and takes no time. ``hook`` is called before and after each, and may raise: that is where processes die and
answers are lost. It bills nothing and limits nothing; what it answers is held against DynamoDB Local by a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol

import boto3
from botocore.exceptions import ClientError

from local.simulation.expressions import BadExpression, Item, Names, apply_update, comparable, holds
from shared import table
from shared.table import TableSpec


class Hook(Protocol):
    """Told of each call, before (``done`` false) and after it."""

    def __call__(self, operation: str, table_name: str, *, done: bool) -> None: ...


def _no_hook(_operation: str, _table: str, *, done: bool) -> None:
    del done


@dataclass
class _Table:
    spec: TableSpec
    indexes: Mapping[str, tuple[str, str]]
    items: dict[tuple[Any, ...], Item] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Stream records, oldest first."""

    def key_names(self) -> list[str]:
        return [self.spec.key, *([self.spec.sort] if self.spec.sort else [])]

    def key(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(comparable(item[name])[1] for name in self.key_names())

    def put(self, key: tuple[Any, ...], item: Item | None) -> None:
        """Replace or delete an item, and tell the stream if anything changed."""
        old = self.items.get(key)
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        if self.spec.stream and old != item:
            event = "REMOVE" if item is None else "INSERT" if old is None else "MODIFY"
            named = item if item is not None else old or {}
            record: dict[str, Any] = {
                "Keys": {name: named[name] for name in self.key_names()},
                "SequenceNumber": f"{len(self.changes) + 1:021d}",
            }
            if item is not None:
                record["NewImage"] = item
            if old is not None and "OLD" in self.spec.stream:
                record["OldImage"] = old
            self.changes.append({"eventID": record["SequenceNumber"], "eventName": event, "dynamodb": record})


@dataclass(frozen=True)
class _Write:
    table: _Table
    key: tuple[Any, ...]
    old: Item | None
    new: Item | None
    touched: set[str]


class MemoryDynamoDB:
    """A client of tables named by their roles."""

    def __init__(self, hook: Hook = _no_hook) -> None:
        self.hook = hook
        self.exceptions = _EXCEPTIONS
        self._tables = {
            role: _Table(spec, table.INDEXES.get(role, {})) for role, spec in table.TABLES.items()
        }
        self._tokens: dict[str, tuple[str, dict[str, Any]]] = {}
        self._lock = RLock()

    # -- what the simulation looks at ------------------------------------------------------------------

    def items(self, role: str) -> list[Item]:
        """All items of a table."""
        return list(self._tables[role].items.values())

    def changes(self, role: str, after: int = 0) -> list[dict[str, Any]]:
        """Stream records of a table, from the given number on."""
        return self._tables[role].changes[after:]

    # -- reads -----------------------------------------------------------------------------------------

    def get_item(self, *, TableName: str, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        with self._call("GetItem", TableName):
            found = self._tables[TableName]
            item = found.items.get(found.key(Key))
            return {} if item is None else {"Item": item}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        responses = {}
        for name, wanted in RequestItems.items():
            with self._call("BatchGetItem", name):
                where = self._tables[name]
                keys = [where.key(key) for key in wanted["Keys"]]
                if len(set(keys)) != len(keys) or not 0 < len(keys) <= 100:
                    raise _refuse("BatchGetItem", "ValidationException", "bad keys")
                responses[name] = [where.items[key] for key in keys if key in where.items]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def query(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        with self._call("Query", TableName):
            where = self._tables[TableName]
            names = _names(request)
            index = request.get("IndexName")
            sort = where.indexes[index][1] if index else where.spec.sort
            order = sort or where.spec.key
            found = [item for item in where.items.values() if holds(request["KeyConditionExpression"], item, names)]
            found.sort(
                key=lambda item: (comparable(item[order])[1], where.key(item)),
                reverse=not request.get("ScanIndexForward", True),
            )
            start = request.get("ExclusiveStartKey")
            if start is not None:
                found = found[_position(where, found, start, order, request) :]
            limit = request.get("Limit", len(found) + 1)
            page, more = found[:limit], len(found) > limit
            answer: dict[str, Any] = {"ScannedCount": len(page)}
            if more:
                last = page[-1]
                keys = {*where.key_names(), *(where.indexes[index] if index else ())}
                answer["LastEvaluatedKey"] = {name: last[name] for name in keys}
            chosen = request.get("FilterExpression")
            answer["Items"] = [item for item in page if chosen is None or holds(chosen, item, names)]
            answer["Count"] = len(answer["Items"])
            return answer

    # -- writes ----------------------------------------------------------------------------------------

    def put_item(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        with self._call("PutItem", TableName):
            self._commit(self._decide("PutItem", {"TableName": TableName, **request}))
            return {}

    def delete_item(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        with self._call("DeleteItem", TableName):
            self._commit(self._decide("DeleteItem", {"TableName": TableName, **request}))
            return {}

    def update_item(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        with self._call("UpdateItem", TableName):
            write = self._decide("UpdateItem", {"TableName": TableName, **request})
            self._commit(write)
            wanted = request.get("ReturnValues", "NONE")
            if wanted == "ALL_NEW":
                return {"Attributes": write.new}
            if wanted == "ALL_OLD":
                return {"Attributes": write.old} if write.old else {}
            if wanted == "UPDATED_NEW":
                new = write.new or {}
                return {"Attributes": {name: new[name] for name in write.touched if name in new}}
            return {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]], **request: Any) -> dict[str, Any]:
        (names,) = {tuple(sorted(part["TableName"] for action in TransactItems for part in action.values()))}
        with self._call("TransactWriteItems", "+".join(names)):
            token = request.get("ClientRequestToken")
            content = repr(TransactItems)
            if token in self._tokens:
                if self._tokens[token][0] != content:
                    raise _refuse("TransactWriteItems", "IdempotentParameterMismatchException", "other content")
                return self._tokens[token][1]
            writes = self._decide_all(TransactItems)
            for write in writes:
                self._commit(write)
            if token:
                self._tokens[token] = (content, {})
            return {}

    def _decide_all(self, actions: Sequence[Mapping[str, Any]]) -> list[_Write]:
        writes, reasons = [], []
        for action in actions:
            ((kind, part),) = action.items()
            try:
                writes.append(self._decide(f"{kind}Item" if kind != "ConditionCheck" else kind, part))
                reasons.append({"Code": "None"})
            except _EXCEPTIONS.ConditionalCheckFailedException as refused:
                reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
                if "Item" in refused.response:
                    reason["Item"] = refused.response["Item"]
                reasons.append(reason)
        if any(reason["Code"] != "None" for reason in reasons):
            raise _refuse(
                "TransactWriteItems", "TransactionCanceledException", "cancelled", CancellationReasons=reasons
            )
        places = [(id(write.table), write.key) for write in writes]
        if len(set(places)) != len(places):
            raise _refuse("TransactWriteItems", "ValidationException", "one item twice")
        return writes

    def _decide(self, operation: str, request: Mapping[str, Any]) -> _Write:
        where = self._tables[request["TableName"]]
        names = _names(request)
        key = where.key(request["Item"] if operation == "PutItem" else request["Key"])
        old = where.items.get(key)
        condition = request.get("ConditionExpression")
        try:
            if condition is not None and not holds(condition, old, names):
                facts = {}
                if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None:
                    facts["Item"] = old
                raise _refuse(operation, "ConditionalCheckFailedException", "The conditional request failed", **facts)
            if operation == "PutItem":
                return _Write(where, key, old, dict(request["Item"]), set())
            if operation == "DeleteItem":
                return _Write(where, key, old, None, set())
            if operation == "ConditionCheck":
                return _Write(where, key, old, old, set())
            new, touched = apply_update(request["UpdateExpression"], old or dict(request["Key"]), names)
        except BadExpression as fault:
            raise _refuse(operation, "ValidationException", str(fault)) from None
        return _Write(where, key, old, new, touched)

    def _commit(self, write: _Write) -> None:
        if write.new is not write.old:
            write.table.put(write.key, write.new)

    def _call(self, operation: str, name: str) -> _Call:
        return _Call(self, operation, name)


class _Call:
    """One call: the hook before it, the whole of it under the lock, the hook after it."""

    def __init__(self, client: MemoryDynamoDB, operation: str, name: str) -> None:
        self._client = client
        self._operation = operation
        self._name = name

    def __enter__(self) -> None:
        self._client.hook(self._operation, self._name, done=False)
        self._client._lock.acquire()  # noqa: SLF001

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._client._lock.release()  # noqa: SLF001
        if kind is None:
            self._client.hook(self._operation, self._name, done=True)


def _names(request: Mapping[str, Any]) -> Names:
    return Names(request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))


def _position(where: _Table, found: Sequence[Item], start: Mapping[str, Any], order: str, request: Mapping[str, Any]) -> int:
    """How many of the sorted items come before, or are, the one where the last page ended: it may be gone by now."""
    forward = request.get("ScanIndexForward", True)
    mark = (comparable(start[order])[1], where.key(start))
    places = [(comparable(item[order])[1], where.key(item)) for item in found]
    return sum(place <= mark if forward else place >= mark for place in places)


def _exceptions() -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"  # noqa: S106
    ).exceptions


_EXCEPTIONS: Any = _exceptions()


def _refuse(operation: str, code: str, message: str, **facts: Any) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        **facts,
    }
    kind: type[ClientError] = getattr(_EXCEPTIONS, code, ClientError)
    return kind(answer, operation)


