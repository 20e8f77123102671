"""
DynamoDB in memory: its tables, conditions, transactions, pages and streams, for the functions' own adapters.

Every call is atomic and takes no time; what lies between a process and the store (delays, faults, deaths, the SDK's own
retries) is ``sdk``'s. It bills nothing and limits nothing. What it answers is held against DynamoDB Local by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from local.simulation.expressions import Names, apply_update, check_paths, holds, key_condition
from local.simulation.refusals import refuse, refused_condition
from local.simulation.tokens import BadExpression
from local.simulation.values import Item, bytes_of, comparable
from shared import table
from shared.table import IndexSpec, TableSpec

LARGEST_ITEM = 400 * 1024
LARGEST_KEY = (2048, 1024)
"""Bytes of a partition key, and of a sort key."""
MOST_KEYS = 100
"""In one batch."""
TOKENS_LAST = 600
"""Seconds for which a transaction's token is remembered."""

Watch = Callable[[str, Item | None, Item | None], None]
"""Told of every change: the table's role, the item as it was and as it is."""
Key = tuple[Any, Any]
"""Of an item: partition, and sort key or ``None``."""
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a stream tells of one change."""

    role: str
    number: int
    at: float
    key: Mapping[str, Any]
    old: Item | None
    new: Item | None


@dataclass(slots=True)
class _Table:
    role: str
    spec: TableSpec
    indexes: Mapping[str, IndexSpec]
    partitions: dict[Any, dict[Any, Item]] = field(default_factory=dict)
    before: dict[Key, Item | None] = field(default_factory=dict)
    """What each item was before its last change: what a reader who does not insist may still see."""

    @property
    def key_names(self) -> list[str]:
        return [self.spec.key, *([self.spec.sort] if self.spec.sort else [])]

    def key(self, item: Mapping[str, Any]) -> Key:
        try:
            parts = [comparable(item[name])[1] for name in self.key_names]
        except KeyError as missing:
            raise BadExpression(
                f"One of the required keys was not given a value: {missing}"
            ) from None
        if "" in parts:
            raise BadExpression("A key attribute may not be an empty string")
        for part, most in zip(parts, LARGEST_KEY, strict=False):
            # Counted only where it can matter: this is asked at every call.
            if isinstance(part, str) and len(part) * 4 > most and len(part.encode()) > most:
                raise BadExpression(f"A key attribute may not have more than {most} bytes")
        return parts[0], parts[1] if len(parts) > 1 else None

    def get(self, key: Key) -> Item | None:
        return self.partitions.get(key[0], {}).get(key[1])

    def put(self, key: Key, item: Item | None) -> None:
        self.before[key] = self.get(key)
        if item is None:
            self.partitions.get(key[0], {}).pop(key[1], None)
        else:
            self.partitions.setdefault(key[0], {})[key[1]] = item


@dataclass(frozen=True, slots=True)
class _Write:
    table: _Table
    key: Key
    old: Item | None
    new: Item | None
    paths: list[tuple[str, ...]]


class MemoryDynamoDB:
    """The tables of ``shared.table`` under the names of their roles."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds since 1970 UTC."""
        self.watch: Watch = lambda _role, _old, _new: None
        self.is_stale: Callable[[], bool] = lambda: False
        """Whether a read that does not insist on consistency misses the last change."""
        self.left_over: Callable[[int], int] = lambda _: 0
        """How many of so many keys a batch leaves unprocessed; how many of so many items of a query lie on a next page."""
        self.changes: list[Change] = []
        self._clock = clock
        self._tables = {
            role: _Table(role, spec, table.INDEXES.get(role, {}))
            for role, spec in table.TABLES.items()
        }
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = RLock()
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
            "GetItem": self._get_item,
            "BatchGetItem": self._batch_get_item,
            "Query": self._query,
            "PutItem": self._put_item,
            "DeleteItem": self._delete_item,
            "UpdateItem": self._update_item,
            "TransactWriteItems": self._transact_write_items,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """What DynamoDB answers to a call; ``ClientError`` if it refuses."""
        with self._lock:
            try:
                return self._operations[operation](request)
            except BadExpression as fault:
                raise refuse(operation, "ValidationException", str(fault)) from None

    def items(self, role: str) -> list[Item]:
        """All items of a table."""
        return [item for part in self._tables[role].partitions.values() for item in part.values()]

    # -- reads -------------------------------------------------------------------------------------

    def _get_item(self, request: Mapping[str, Any]) -> Answer:
        where = self._tables[request["TableName"]]
        key = where.key(request["Key"])
        item = where.get(key)
        if not request.get("ConsistentRead") and key in where.before and self.is_stale():
            item = where.before[key]
        return {} if item is None else {"Item": item}

    def _batch_get_item(self, request: Mapping[str, Any]) -> Answer:
        ((role, wanted),) = request["RequestItems"].items()
        where = self._tables[role]
        keys = [where.key(key) for key in wanted["Keys"]]
        if len(set(keys)) != len(keys):
            raise BadExpression("Provided list of item keys contains duplicates")
        if not 0 < len(keys) <= MOST_KEYS:
            raise BadExpression("Too many items requested for the BatchGetItem call")
        done = len(keys) - self.left_over(len(keys))
        found = [item for key in keys[:done] if (item := where.get(key)) is not None]
        left = {role: {**wanted, "Keys": wanted["Keys"][done:]}} if done < len(keys) else {}
        return {"Responses": {role: found}, "UnprocessedKeys": left}

    def _query(self, request: Mapping[str, Any]) -> Answer:
        where = self._tables[request["TableName"]]
        names = _names(
            request, "KeyConditionExpression", "FilterExpression", "ProjectionExpression"
        )
        wanted = key_condition(request["KeyConditionExpression"])
        index = request.get("IndexName")
        shape = where.indexes[index] if index else where.spec
        hash_name, sort_name = shape.key, shape.sort
        if names.names[wanted.partition_name] != hash_name:
            raise BadExpression("Query condition missed key schema element")
        value = comparable(names.values[wanted.partition_value])[1]
        there = _partition(where, index, hash_name, value)
        if not there:
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        found = [
            item for item in there if wanted.of_sort_key is None or wanted.of_sort_key(item, names)
        ]
        forward = request.get("ScanIndexForward", True)
        order = _order(where, sort_name)
        found.sort(key=order, reverse=not forward)
        start = request.get("ExclusiveStartKey")
        if start is not None:
            mark = order(start)
            found = [
                item for item in found if (order(item) > mark if forward else order(item) < mark)
            ]
        limit = request.get("Limit", len(found) + 1)
        page = found[: min(limit, len(found) - self.left_over(len(found)))]
        chosen = request.get("FilterExpression")
        items = [item for item in page if chosen is None or holds(chosen, item, names)]
        keys = {*where.key_names, hash_name, *([sort_name] if sort_name else ())}
        if isinstance(shape, IndexSpec) and not shape.whole:
            items = [{name: item[name] for name in keys} for item in items]
        if "ProjectionExpression" in request:
            items = [_project(item, request["ProjectionExpression"], names) for item in items]
        answer: Answer = {"Items": items, "Count": len(items), "ScannedCount": len(page)}
        # A full page does not know whether anything follows.
        if page and (len(page) < len(found) or len(page) == limit):
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in keys}
        return answer

    # -- writes ------------------------------------------------------------------------------------

    def _put_item(self, request: Mapping[str, Any]) -> Answer:
        self._commit([self._decide("PutItem", request)])
        return {}

    def _delete_item(self, request: Mapping[str, Any]) -> Answer:
        self._commit([self._decide("DeleteItem", request)])
        return {}

    def _update_item(self, request: Mapping[str, Any]) -> Answer:
        write = self._decide("UpdateItem", request)
        self._commit([write])
        match request.get("ReturnValues", "NONE"):
            case "ALL_NEW":
                return {"Attributes": write.new}
            case "UPDATED_NEW":
                written = write.new or {}
                new = {path[0]: written[path[0]] for path in write.paths if path[0] in written}
                return {"Attributes": new} if new else {}
        return {}

    def _transact_write_items(self, request: Mapping[str, Any]) -> Answer:
        token, content = request.get("ClientRequestToken"), repr(request["TransactItems"])
        told_at, told = self._tokens.get(token or "", (0.0, ""))
        if token and told and self._clock() - told_at < TOKENS_LAST:
            if told != content:
                raise refuse(
                    "TransactWriteItems",
                    "IdempotentParameterMismatchException",
                    "The same token was used with other content",
                )
            return {}
        self._commit(self._decide_all(request["TransactItems"]))
        if token:
            self._tokens[token] = (self._clock(), content)
        return {}

    def _decide_all(self, actions: Sequence[Mapping[str, Any]]) -> list[_Write]:
        parts = [(kind, part) for action in actions for kind, part in action.items()]
        places = {
            (
                part["TableName"],
                self._tables[part["TableName"]].key(part.get("Key", part.get("Item"))),
            )
            for _, part in parts
        }
        if len(places) != len(parts) or not 0 < len(parts) <= MOST_KEYS:
            raise BadExpression(
                "Transaction request cannot include multiple operations on one item"
            )
        writes: list[_Write] = []
        reasons: list[dict[str, Any]] = []
        for kind, part in parts:
            try:
                writes.append(
                    self._decide(kind if kind == "ConditionCheck" else f"{kind}Item", part)
                )
                reasons.append({"Code": "None"})
            except refused_condition() as refused:
                item = refused.response.get("Item")
                reasons.append(
                    {
                        "Code": "ConditionalCheckFailed",
                        "Message": "The conditional request failed",
                        **({"Item": item} if item else {}),
                    }
                )
        if len(writes) < len(parts):
            raise refuse(
                "TransactWriteItems",
                "TransactionCanceledException",
                f"Transaction cancelled: {[reason['Code'] for reason in reasons]}",
                CancellationReasons=reasons,
            )
        return writes

    def _decide(self, operation: str, request: Mapping[str, Any]) -> _Write:
        where = self._tables[request["TableName"]]
        names = _names(request, "ConditionExpression", "UpdateExpression")
        update = request.get("UpdateExpression", "")
        check_paths(update, names)
        key = where.key(request["Item"] if operation == "PutItem" else request["Key"])
        old = where.get(key)
        condition = request.get("ConditionExpression")
        if condition is not None and not holds(condition, old, names):
            told = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old
            facts: dict[str, Any] = {"Item": old} if told else {}
            raise refuse(
                operation,
                "ConditionalCheckFailedException",
                "The conditional request failed",
                **facts,
            )
        match operation:
            case "PutItem":
                return _Write(where, key, old, _checked(dict(request["Item"])), [])
            case "DeleteItem":
                return _Write(where, key, old, None, [])
            case "ConditionCheck":
                return _Write(where, key, old, old, [])
        new, paths = apply_update(update, old or request["Key"], names)
        if any(path[0] in where.key_names for path in paths):
            raise BadExpression("Cannot update attribute: this attribute is part of the key")
        return _Write(where, key, old, _checked(new), paths)

    def _commit(self, writes: Sequence[_Write]) -> None:
        for write in writes:
            if write.new == write.old:
                continue
            write.table.put(write.key, write.new)
            self.watch(write.table.role, write.old, write.new)
            if write.table.spec.stream:
                self._tell(write)

    def _tell(self, write: _Write) -> None:
        spec = write.table.spec
        named = write.new or write.old or {}
        old = write.old if "OLD" in (spec.stream or "") else None
        key = {name: named[name] for name in write.table.key_names}
        number = len(self.changes) + 1
        self.changes.append(Change(write.table.role, number, self._clock(), key, old, write.new))


def _project(item: Item, expression: str, names: Names) -> Item:
    """The paths of an item that an expression asks for, as far as they are there."""
    projected: dict[str, Any] = {}
    for path in expression.split(","):
        first, *rest = [names.names.get(part, part) for part in path.strip().split(".")]
        found: Any = item.get(first)
        for part in rest:
            found = found.get("M", {}).get(part) if found is not None else None
        if found is not None:
            for part in reversed(rest):
                found = {"M": {part: found}}
            projected[first] = found
    return projected


def _names(request: Mapping[str, Any], *expressions: str) -> Names:
    names = Names(
        request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    )
    names.check(*map(request.get, expressions))
    return names


def _partition(where: _Table, index: str | None, hash_name: str, value: Any) -> list[Item]:
    if index is None:
        part = where.partitions.get(value)
        return list(part.values()) if part else []
    return [
        item
        for part in where.partitions.values()
        for item in part.values()
        if all(name in item for name in (where.indexes[index].key, where.indexes[index].sort))
        and comparable(item[hash_name])[1] == value
    ]


def _order(where: _Table, sort_name: str | None) -> Callable[[Mapping[str, Any]], Any]:
    """By sort key; in an index, where it is not unique, by the item's own key after it."""

    def place(item: Mapping[str, Any]) -> Any:
        own = where.key(item)
        return (comparable(item[sort_name])[1] if sort_name else "", own[0], own[1] or "")

    return place


def _checked(item: dict[str, Any]) -> dict[str, Any]:
    longest = max(len(value.get("S", value.get("B", ""))) for value in item.values())
    if longest > LARGEST_ITEM // 8 and bytes_of(item) > LARGEST_ITEM:
        raise BadExpression("Item size has exceeded the maximum allowed size")
    return item
