"""
Stock blocks in DynamoDB: one item a block, one conditional ``UpdateItem`` an amendment.

The low-level client is used as it is: a reservation spends its time here, and the resource layer would double it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.clock import now_seconds
from shared.domain.board import Board
from shared.domain.errors import StoreBusy
from shared.domain.ids import draw
from shared.domain.stock import (
    ALWAYS,
    FOR_GOOD,
    Amendment,
    Block,
    Counters,
    Entry,
    Gate,
    OverflowMark,
)
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import Amended, Shelf

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_COUNTERS = (
    ("free", table.FREE),
    ("held", table.HELD),
    ("sold", table.SOLD),
    ("orders", table.ORDERS),
    ("gross", table.GROSS),
    ("refunded", table.REFUNDED),
    ("released", table.RELEASED),
    ("expired", table.EXPIRED),
    ("replay_orders", table.REPLAY_ORDERS),
    ("replay_sold", table.REPLAY_SOLD),
    ("replay_gross", table.REPLAY_GROSS),
    ("replay_refunded", table.REPLAY_REFUNDED),
    ("moved_orders", table.MOVED_ORDERS),
    ("moved_refunded", table.MOVED_REFUNDED),
)
_OPTIONAL = frozenset(
    attribute for field, attribute in _COUNTERS if field.startswith(("replay", "moved"))
)
"""Counters that a block may lack: it has none of what they count."""
_PAGE_KEPT = 7 * 24 * 3600
"""Seconds for which a page of entries is kept that no request asks for any more."""
_BATCH = 100
"""Items in one BatchGetItem."""
_BATCH_TRIES = 6

_AS_OF = "v"
_TOTAL = "t"
_FREE = "d"
_SEEN = "b"
_QUEUED = "q"
_MOVED_UNTIL = "w"
_LEASE = "u"


class DynamoDBStock:
    """The stock table, and the overflow table of its ledgers."""

    def __init__(
        self, client: DynamoDBClient, table_name: str, overflow_table: Callable[[], str]
    ) -> None:
        """``overflow_table``: name of the table, asked for where it is needed: not every function may use it."""
        self._client = client
        self._table = table_name
        self._overflow = overflow_table

    # -- blocks ----------------------------------------------------------------------------------------

    def amend(self, shelf: Shelf, number: int, amendment: Amendment) -> Amended:
        """One conditional write. A repetition by the SDK after a lost answer fails the condition and finds its own entry."""
        request = amend_request(amendment, shelf.epoch)
        try:
            with store_faults():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key={table.STOCK_KEY: {"S": table.block(shelf.campaign_id, shelf.sku, number)}},
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **request,
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            item: Any = refused.response.get("Item")
            return Amended(done=False, block=decode(number, item) if item else None)
        free = answer.get("Attributes", {}).get(table.FREE)
        return Amended(done=True, free=int(free["N"]) if free else None)

    def read(self, shelf: Shelf, number: int) -> Block | None:
        with store_faults():
            answer = self._client.get_item(
                TableName=self._table,
                Key={table.STOCK_KEY: {"S": table.block(shelf.campaign_id, shelf.sku, number)}},
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return decode(number, item) if item else None

    def read_all(self, shelf: Shelf) -> list[Block]:
        return self.read_shelves([shelf])[0]

    def read_shelves(self, shelves: Sequence[Shelf]) -> list[list[Block]]:
        names = [
            [table.block(shelf.campaign_id, shelf.sku, number) for number in range(shelf.blocks)]
            for shelf in shelves
        ]
        every = [*chain.from_iterable(names)]
        batches = [every[first : first + _BATCH] for first in range(0, len(every), _BATCH)]
        found = dict(chain.from_iterable(side_by_side(self._read_batch, batches)))
        if len(found) != len(every):
            raise StoreBusy("Part of the stock could not be read.")
        return [
            [decode(number, found[name]) for number, name in enumerate(of_shelf)]
            for of_shelf in names
        ]

    def _read_batch(self, names: Sequence[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
        wanted: Any = {
            self._table: {
                "Keys": [{table.STOCK_KEY: {"S": name}} for name in names],
                "ConsistentRead": True,
            }
        }
        found: list[tuple[str, Mapping[str, Any]]] = []
        for _ in range(_BATCH_TRIES):
            with store_faults():
                answer = self._client.batch_get_item(RequestItems=wanted)
            found += [
                (item[table.STOCK_KEY]["S"], item)
                for item in answer["Responses"].get(self._table, [])
            ]
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                break
        return found

    def lay_out(self, shelf: Shelf, number: int, *, units: int, opens: int, closes: int) -> None:
        numbers = {
            **dict.fromkeys((attribute for _, attribute in _COUNTERS), 0),
            table.FREE: units,
            table.OPENS: opens,
            table.CLOSES: closes,
            table.EPOCH: shelf.epoch,
        }
        item: dict[str, Any] = {name: {"N": str(value)} for name, value in numbers.items()}
        item[table.STOCK_KEY] = {"S": table.block(shelf.campaign_id, shelf.sku, number)}
        item[table.LEDGER] = {"M": {}}
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#k)",
                    ExpressionAttributeNames={"#k": table.STOCK_KEY},
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            # Laid out before, by a run that was repeated: what has happened in the block since then stays.
            return

    def stamp(self, shelf: Shelf, number: int, gate: Gate) -> bool:
        may_open_again = "#c > :for_good"
        is_news = "(attribute_not_exists(#m) OR #m <= :m)"
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key={table.STOCK_KEY: {"S": table.block(shelf.campaign_id, shelf.sku, number)}},
                    UpdateExpression="SET #o = :o, #c = :c, #m = :m",
                    ConditionExpression=f"{may_open_again} AND {is_news}",
                    ExpressionAttributeNames={
                        "#o": table.OPENS,
                        "#c": table.CLOSES,
                        "#m": table.STAMPED,
                    },
                    ExpressionAttributeValues={
                        ":o": _number(gate.opens),
                        ":c": _number(gate.closes),
                        ":m": _number(gate.version),
                        ":for_good": _number(FOR_GOOD),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            return bool(refused.response.get("Item"))
        return True

    # -- entries that were moved out of their block --------------------------------------------------------

    def read_moved(self, shelf: Shelf, number: int, key: str) -> Entry | None:
        pages = self._pages(shelf, number, since=now_seconds(), key=key)
        found = [
            Entry.decode(int(value["N"]), shelf.epoch)
            for page in pages
            if (value := page.get(key)) is not None
        ]
        # A page of an older life of the key may still be there.
        return max(found, key=lambda entry: entry.deadline, default=None)

    def all_moved(self, shelf: Shelf, number: int) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for page in self._pages(shelf, number, since=shelf.epoch + ALWAYS):
            for key, value in page.items():
                entry = Entry.decode(int(value["N"]), shelf.epoch)
                if key not in found or found[key].deadline < entry.deadline:
                    found[key] = entry
        return found

    def _pages(
        self, shelf: Shelf, number: int, *, since: int, key: str | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """The entries of all pages that are kept until an instant or longer; if a key is given, perhaps of that alone."""
        request: Any = {
            "TableName": self._overflow(),
            "KeyConditionExpression": "#b = :b AND #p >= :p",
            "ExpressionAttributeNames": {"#b": table.OVERFLOW_BLOCK, "#p": table.OVERFLOW_PAGE},
            "ExpressionAttributeValues": {
                ":b": {"S": table.block(shelf.campaign_id, shelf.sku, number)},
                ":p": {"S": table.overflow_page(since, "")},
            },
            "ConsistentRead": True,
        }
        if key is not None:
            request["ProjectionExpression"] = "#e.#k"
            request["ExpressionAttributeNames"] |= {"#e": table.OVERFLOW_ENTRIES, "#k": key}
        while True:
            with store_faults():
                answer = self._client.query(**request)
            for item in answer["Items"]:
                yield item.get(table.OVERFLOW_ENTRIES, {"M": {}})["M"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def copy_out(self, shelf: Shelf, number: int, entries: Mapping[str, Entry]) -> None:
        for always in (False, True):
            page = {
                key: entry
                for key, entry in entries.items()
                if (entry.found_until(shelf.epoch) == shelf.epoch + ALWAYS) is always
            }
            if page:
                self._put_page(shelf, number, page)

    def _put_page(self, shelf: Shelf, number: int, page: Mapping[str, Entry]) -> None:
        until = max(entry.found_until(shelf.epoch) for entry in page.values())
        with store_faults():
            self._client.put_item(
                TableName=self._overflow(),
                Item={
                    table.OVERFLOW_BLOCK: {"S": table.block(shelf.campaign_id, shelf.sku, number)},
                    # A number of its own: no page replaces that of another process, nor what a lost answer has left.
                    table.OVERFLOW_PAGE: {"S": table.overflow_page(until, draw(6).hex())},
                    table.OVERFLOW_ENTRIES: {
                        "M": {
                            key: _number(entry.encode(shelf.epoch)) for key, entry in page.items()
                        }
                    },
                    table.OVERFLOW_TTL: _number(until + _PAGE_KEPT),
                },
            )

    # -- boards ----------------------------------------------------------------------------------------

    def read_board(self, shelf: Shelf) -> Board | None:
        with store_faults():
            answer = self._client.get_item(TableName=self._table, Key=self._board_key(shelf))
        return decode_board(answer.get("Item", {}))

    def claim_board(self, shelf: Shelf, *, now: int, until: int) -> bool:
        nobody_counts = "attribute_not_exists(#u) OR #u < :now"
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=self._board_key(shelf),
                    UpdateExpression="SET #u = :until",
                    ConditionExpression=nobody_counts,
                    ExpressionAttributeNames={"#u": _LEASE},
                    ExpressionAttributeValues={
                        ":now": {"N": str(now)},
                        ":until": {"N": str(until)},
                    },
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def post_board(self, shelf: Shelf, board: Board) -> None:
        item: dict[str, Any] = {
            **self._board_key(shelf),
            _AS_OF: {"N": str(board.as_of)},
            _TOTAL: {"N": str(board.total)},
            _FREE: {"B": board.free},
        }
        if board.seen:
            item[_SEEN] = {"B": board.seen}
        if board.queued:
            item[_QUEUED] = {"BOOL": True}
        if board.moved_until:
            item[_MOVED_UNTIL] = _number(board.moved_until)
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#v) OR #v < :v",
                    ExpressionAttributeNames={"#v": _AS_OF},
                    ExpressionAttributeValues={":v": {"N": str(board.as_of)}},
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            # A newer count hangs there: ours would only be older news.
            return

    def _board_key(self, shelf: Shelf) -> dict[str, Any]:
        return {table.STOCK_KEY: {"S": table.board(shelf.campaign_id, shelf.sku)}}


# -- expressions -----------------------------------------------------------------------------------------


def amend_request(amendment: Amendment, epoch: int) -> dict[str, Any]:
    """The expressions of an amendment: named conditions, joined; every attribute aliased."""
    request = _Request()
    request.entries(amendment, epoch)
    request.gates(amendment, epoch)
    request.counters(amendment)
    request.overflow(amendment, epoch)
    return request.parameters()


class _Request:
    """One conditional update, as it is put together."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def entries(self, amendment: Amendment, epoch: int) -> None:
        """What must stand in the ledger, and what will."""
        for place, (key, expected) in enumerate(amendment.expect.items()):
            path = f"{self._name(table.LEDGER)}.#e{place}"
            self._names[f"#e{place}"] = key
            if expected is None:
                self._conditions.append(f"attribute_not_exists({path})")
            else:
                stands = self._number(f":e{place}", expected.encode(epoch))
                self._conditions.append(f"{path} = {stands}")
            left = amendment.write[key]
            if left is None:
                self._removes.append(path)
            else:
                self._sets.append(f"{path} = {self._number(f':w{place}', left.encode(epoch))}")

    def gates(self, amendment: Amendment, epoch: int) -> None:
        """What must hold of the block besides."""
        if amendment.open_at is None and not amendment.unmark:
            # Else an expectation of absence alone would make a block out of nothing.
            self._conditions.append(f"attribute_exists({self._name(table.STOCK_KEY)})")
        elif amendment.open_at is not None:
            now = self._number(":now", amendment.open_at)
            if not amendment.admitted:
                self._conditions.append(f"{self._name(table.OPENS)} <= {now}")
            self._conditions.append(f"{self._name(table.CLOSES)} > {now}")
        if amendment.room is not None:
            room = self._number(":room", amendment.room)
            self._conditions.append(f"size({self._name(table.LEDGER)}) < {room}")
        if amendment.places:
            mark = self._name(table.OVERFLOW_MARK)
            if amendment.overflow is None:
                self._conditions.append(f"attribute_not_exists({mark})")
            else:
                seen = self._number(":seen", amendment.overflow.encode(epoch))
                self._conditions.append(f"{mark} = {seen}")
        if amendment.needs_free:
            need = self._number(":need", amendment.needs_free)
            self._conditions.append(f"{self._name(table.FREE)} >= {need}")

    def counters(self, amendment: Amendment) -> None:
        """What moves."""
        for field, attribute in _COUNTERS:
            delta = getattr(amendment.change, field)
            if delta:
                name = self._name(attribute)
                stands = name
                if attribute in _OPTIONAL:
                    stands = f"if_not_exists({name}, {self._number(':none', 0)})"
                self._sets.append(f"{name} = {stands} + {self._number(f':{attribute}', delta)}")

    def overflow(self, amendment: Amendment, epoch: int) -> None:
        """The mark it leaves."""
        if amendment.mark is not None:
            mark = self._number(":mark", amendment.mark.encode(epoch))
            self._sets.append(f"{self._name(table.OVERFLOW_MARK)} = {mark}")
        elif amendment.unmark:
            self._removes.append(self._name(table.OVERFLOW_MARK))

    def parameters(self) -> dict[str, Any]:
        """The request."""
        update = []
        if self._sets:
            update.append("SET " + ", ".join(self._sets))
        if self._removes:
            update.append("REMOVE " + ", ".join(self._removes))
        parameters: dict[str, Any] = {
            "UpdateExpression": " ".join(update),
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
        }
        if self._values:
            parameters["ExpressionAttributeValues"] = self._values
        return parameters

    def _name(self, attribute: str) -> str:
        self._names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def _number(self, alias: str, value: int) -> str:
        self._values[alias] = _number(value)
        return alias


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def decode(number: int, item: Mapping[str, Any]) -> Block:
    """The block of an item."""
    epoch = int(item[table.EPOCH]["N"])
    ledger, unreadable = {}, set()
    for key, value in item[table.LEDGER]["M"].items():
        try:
            ledger[key] = Entry.decode(int(value["N"]), epoch)
        except (KeyError, ValueError):
            unreadable.add(key)
    return Block(
        number=number,
        opens=int(item[table.OPENS]["N"]),
        closes=int(item[table.CLOSES]["N"]),
        epoch=epoch,
        counters=Counters(
            **{
                field: int(item[attribute]["N"])
                for field, attribute in _COUNTERS
                if attribute in item or attribute not in _OPTIONAL
            }
        ),
        ledger=ledger,
        overflow=OverflowMark.decode(int(item[table.OVERFLOW_MARK]["N"]), epoch)
        if table.OVERFLOW_MARK in item
        else None,
        stamped_for=int(item[table.STAMPED]["N"]) if table.STAMPED in item else 0,
        unreadable=frozenset(unreadable),
    )


def decode_board(item: Mapping[str, Any]) -> Board | None:
    """The board of an item; ``None`` if it has only been claimed so far."""
    if _AS_OF not in item:
        return None
    return Board(
        as_of=int(item[_AS_OF]["N"]),
        total=int(item[_TOTAL]["N"]),
        free=bytes(item[_FREE]["B"]),
        seen=bytes(item[_SEEN]["B"]) if _SEEN in item else b"",
        queued=_QUEUED in item,
        moved_until=int(item[_MOVED_UNTIL]["N"]) if _MOVED_UNTIL in item else 0,
    )
