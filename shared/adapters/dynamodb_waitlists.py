"""
Waitlists in DynamoDB: a partition for each line, its tickets by their numbers, and at number 0 how far it has come.

A ticket and what its request has drawn are one transaction; all else is one conditional write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import refused_parts, store_faults
from shared.domain.deals import NO_DEAL
from shared.domain.waitlist import Held, Ticket, TicketState
from shared.use_cases.waitlist_ports import Drawn, Line, NumberGone, Progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ID = "id"
_QUANTITY = "quantity"
_BUYER = "buyer"
_CREATED = "created_at"
_HELD_KEY = "held_key"
_BLOCK = "block"
_TAIL = "tail"
_DEADLINE = "deadline"
_PRICE = "unit_price"
_DEAL = "deal"
_COUPON = "coupon"
_NOT_THERE = "attribute_not_exists(#line)"
_REFUSED = "ConditionalCheckFailed"
_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoDBWaitlists:
    """The waitlists table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def of_request(self, line: Line, key: str) -> Drawn | None:
        item = self._get(_request(line, key))
        return _drawn(item) if item else None

    def draw(self, line: Line) -> int:
        with store_faults():
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(line, table.LINE_HEAD),
                UpdateExpression="ADD #drawn :one",
                ExpressionAttributeNames={"#drawn": table.LINE_DRAWN},
                ExpressionAttributeValues={":one": _number(1)},
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"][table.LINE_DRAWN]["N"])

    def put(self, line: Line, ticket: Ticket, *, until: int) -> Drawn:
        ttl = {table.WAITLIST_TTL: _number(until)}
        own = Drawn(ticket.number, ticket.quantity)
        pointer = {
            **_request(line, ticket.key),
            table.LINE_DRAWN: _number(own.number),
            _QUANTITY: _number(own.quantity),
            **ttl,
        }
        puts: Any = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": item,
                    "ConditionExpression": _NOT_THERE,
                    "ExpressionAttributeNames": {"#line": table.WAITLIST_LINE},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for item in (pointer, {**encode(line, ticket), **ttl})
        ]
        try:
            with store_faults():
                self._client.transact_write_items(TransactItems=puts)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            drawn_before, _ = refused_parts(cancelled)
            if drawn_before:
                return _drawn(drawn_before)
            raise NumberGone from None
        return own

    def get(self, line: Line, number: int) -> Ticket | None:
        item = self._get(_key(line, number))
        return decode(item) if item else None

    def mark(
        self, line: Line, ticket: Ticket, state: TicketState, held: Held | None = None
    ) -> Ticket:
        values = {
            ":state": {"S": state.value},
            ":was": {"S": ticket.state.value},
            ":attempt": _number(ticket.attempt),
        }
        names = {"#state": table.TICKET_STATE, "#attempt": table.TICKET_ATTEMPT}
        sets = ["#state = :state"]
        for place, (name, value) in enumerate((_held(held) if held else {}).items()):
            names[f"#h{place}"], values[f":h{place}"] = name, value
            sets.append(f"#h{place} = :h{place}")
        try:
            with store_faults():
                answer: Any = self._client.update_item(
                    TableName=self._table,
                    Key=_key(line, ticket.number),
                    UpdateExpression="SET " + ", ".join(sets),
                    ConditionExpression="#state = :was AND #attempt = :attempt",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            stands: Any = refused.response
            return decode(stands["Item"]) or ticket
        return decode(answer["Attributes"]) or ticket

    def try_anew(self, line: Line, ticket: Ticket) -> bool:
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(line, ticket.number),
                    UpdateExpression="SET #attempt = :next",
                    ConditionExpression="#state = :waiting AND #attempt = :attempt",
                    ExpressionAttributeNames={
                        "#state": table.TICKET_STATE,
                        "#attempt": table.TICKET_ATTEMPT,
                    },
                    ExpressionAttributeValues={
                        ":waiting": {"S": TicketState.WAITING.value},
                        ":attempt": _number(ticket.attempt),
                        ":next": _number(ticket.attempt + 1),
                    },
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            # Another has done it, or it waits no more.
            return False
        return True

    def give_up(self, line: Line, number: int) -> bool:
        item = {**_key(line, number), table.TICKET_STATE: {"S": TicketState.VOID.value}}
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression=_NOT_THERE,
                    ExpressionAttributeNames={"#line": table.WAITLIST_LINE},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            stands: Any = refused.response
            return decode(stands["Item"]) is None
        return True

    def progress(self, line: Line) -> Progress:
        item = self._get(_key(line, table.LINE_HEAD)) or {}
        return Progress(
            *(
                int(item[name]["N"]) if name in item else 1
                for name in (table.LINE_FIRST, table.LINE_SETTLED)
            )
        )

    def advance(self, line: Line, progress: Progress) -> None:
        for name, number in (
            (table.LINE_FIRST, progress.first),
            (table.LINE_SETTLED, progress.settled),
        ):
            if number > 1:
                self._raise(line, name, number)

    def _raise(self, line: Line, name: str, number: int) -> None:
        is_news = "attribute_not_exists(#name) OR #name < :number"
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(line, table.LINE_HEAD),
                    UpdateExpression="SET #name = :number",
                    ConditionExpression=is_news,
                    ExpressionAttributeNames={"#name": name},
                    ExpressionAttributeValues={":number": _number(number)},
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            # Known to have come as far, or farther.
            return

    def tickets(self, line: Line, *, since: int, most: int) -> Sequence[tuple[int, Ticket | None]]:
        found: list[tuple[int, Ticket | None]] = []
        query: dict[str, Any] = {**self._from(line, since), "ConsistentRead": True, "Limit": most}
        while len(found) < most:
            with store_faults():
                page = self._client.query(**query)
            found += [(_number_of(item), decode(item)) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found[:most]

    def waiting(self, line: Line, *, since: int) -> tuple[Sequence[int], int]:
        found: list[int] = []
        last = since - 1
        query = self._from(line, since)
        while True:
            with store_faults():
                page = self._client.query(**query)
            for item in page["Items"]:
                last = _number_of(item)
                if item[table.TICKET_STATE]["S"] == TicketState.WAITING:
                    found.append(last)
            if "LastEvaluatedKey" not in page:
                return found, last
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _from(self, line: Line, since: int) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "#line = :line AND #number >= :since",
            "ExpressionAttributeNames": {
                "#line": table.WAITLIST_LINE,
                "#number": table.WAITLIST_NUMBER,
            },
            "ExpressionAttributeValues": {
                ":line": _key(line, 0)[table.WAITLIST_LINE],
                # The first item of a line is no ticket.
                ":since": _number(max(since, table.LINE_HEAD + 1)),
            },
        }

    def _get(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        with store_faults():
            found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return found.get("Item")


def _key(line: Line, number: int) -> dict[str, Any]:
    return {
        table.WAITLIST_LINE: {"S": table.line(line.campaign_id, line.sku)},
        table.WAITLIST_NUMBER: _number(number),
    }


def _request(line: Line, key: str) -> dict[str, Any]:
    return {
        table.WAITLIST_LINE: {"S": table.line_request(line.campaign_id, line.sku, key)},
        table.WAITLIST_NUMBER: _number(table.LINE_HEAD),
    }


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _number_of(item: Mapping[str, Any]) -> int:
    return int(item[table.WAITLIST_NUMBER]["N"])


def _drawn(item: Mapping[str, Any]) -> Drawn:
    return Drawn(int(item[table.LINE_DRAWN]["N"]), int(item[_QUANTITY]["N"]))


def _held(held: Held) -> dict[str, Any]:
    return {
        _HELD_KEY: {"S": held.key},
        _BLOCK: _number(held.block),
        _TAIL: _number(held.tail_quantity),
        _DEADLINE: _number(held.deadline),
        _PRICE: _number(held.unit_price),
        **({_DEAL: _number(held.deal)} if held.deal else {}),
    }


def encode(line: Line, ticket: Ticket) -> dict[str, Any]:
    """The item of a new ticket."""
    return {
        **_key(line, ticket.number),
        _ID: {"S": ticket.id},
        table.TICKET_KEY: {"S": ticket.key},
        _QUANTITY: _number(ticket.quantity),
        _BUYER: {"S": ticket.buyer},
        _CREATED: _number(ticket.created_at),
        table.TICKET_STATE: {"S": ticket.state.value},
        table.TICKET_ATTEMPT: _number(ticket.attempt),
        **({_COUPON: {"S": ticket.coupon}} if ticket.coupon is not None else {}),
    }


def decode(item: Mapping[str, Any]) -> Ticket | None:
    """The ticket of an item; ``None`` if it is none: a number that was given up, or no number at all."""
    if _ID not in item:
        return None
    campaign_id, sku = table.line_place(item[table.WAITLIST_LINE]["S"])
    held = None
    if _HELD_KEY in item:
        held = Held(
            key=item[_HELD_KEY]["S"],
            block=int(item[_BLOCK]["N"]),
            tail_quantity=int(item[_TAIL]["N"]),
            deadline=int(item[_DEADLINE]["N"]),
            unit_price=int(item[_PRICE]["N"]),
            deal=int(item[_DEAL]["N"]) if _DEAL in item else NO_DEAL,
        )
    return Ticket(
        id=item[_ID]["S"],
        campaign_id=campaign_id,
        sku=sku,
        number=_number_of(item),
        key=item[table.TICKET_KEY]["S"],
        quantity=int(item[_QUANTITY]["N"]),
        buyer=item[_BUYER]["S"],
        created_at=int(item[_CREATED]["N"]),
        coupon=item[_COUPON]["S"] if _COUPON in item else None,
        state=TicketState(item[table.TICKET_STATE]["S"]),
        attempt=int(item[table.TICKET_ATTEMPT]["N"]),
        held=held,
    )
