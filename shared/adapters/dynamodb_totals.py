"""
Totals in DynamoDB: of each campaign one current snapshot, the last of each span of time, and what the end leaves.

=====================  ===========================================================
sort key               item
=====================  ===========================================================
``now``                the current snapshot, and the lease of who counts the next
``t#<second>``         the last snapshot of the span that begins at that second
``beat``               where the beat is
``report``             the closing report as it was written last: its name
``report#<name>#n``    part n of it
``package``, ``…#n``   the closing package and its pieces: ``dynamodb_packages``
=====================  ===========================================================

A snapshot is numbers only (ten an offer), so that reading it costs one read unit; names and titles are the campaign's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.campaign import Status
from shared.domain.report import name_of
from shared.domain.totals import Snapshot, Sums
from shared.use_cases.totals_ports import Bookmark

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NOW = "now"
_SPAN = "t#"
_BEAT = "beat"
_REPORT = "report"

_VERSION = "version"
_AS_OF = "as_of"
_CAMPAIGN_VERSION = "campaign_version"
_STATUS = "status"
_OFFERS = "offers"
_COMPLETE = "complete"
_RECONCILED_AT = "reconciled_at"
_LEASE = "lease"
_FINISHED_UNTIL = "finished_until"
_DRAINS_UNTIL = "drains_until"
_BEAT_AT = "beat_at"
_QUIET_SINCE = "quiet_since"
_NAME = "name"
_TEXT = "text"

_LARGEST_PART = 350 * 1024
"""Bytes. An item holds 400 KB."""


class DynamoDBTotals:
    """The totals table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    # -- snapshots -------------------------------------------------------------------------------------

    def current(self, campaign_id: str) -> Snapshot | None:
        item = self._get(campaign_id, _NOW)
        return decode(item) if item and _VERSION in item else None

    def advance(self, campaign_id: str, snapshot: Snapshot) -> bool:
        is_next = "#version = :before" if snapshot.version > 1 else "attribute_not_exists(#version)"
        put: dict[str, Any] = {
            "Item": {**_key(campaign_id, _NOW), **_item(snapshot)},
            "ConditionExpression": is_next,
            "ExpressionAttributeNames": {"#version": _VERSION},
        }
        if snapshot.version > 1:
            put["ExpressionAttributeValues"] = {":before": _number(snapshot.version - 1)}
        return self._put(put)

    def claim(self, campaign_id: str, version: int, *, now: int, until: int) -> bool:
        is_current = "#version = :version" if version else "attribute_not_exists(#version)"
        nobody_counts = "(attribute_not_exists(#lease) OR #lease <= :now)"
        values = {":now": _number(now), ":until": _number(until)}
        if version:
            values[":version"] = _number(version)
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(campaign_id, _NOW),
                    UpdateExpression="SET #lease = :until",
                    ConditionExpression=f"{is_current} AND {nobody_counts}",
                    ExpressionAttributeNames={"#version": _VERSION, "#lease": _LEASE},
                    ExpressionAttributeValues=values,
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def keep(self, campaign_id: str, snapshot: Snapshot) -> None:
        # Refused: a newer snapshot of that span, or this one, is kept already.
        self._put(
            {
                "Item": {**_key(campaign_id, _span(snapshot.bucket)), **_item(snapshot)},
                "ConditionExpression": "attribute_not_exists(#version) OR #version < :version",
                "ExpressionAttributeNames": {"#version": _VERSION},
                "ExpressionAttributeValues": {":version": _number(snapshot.version)},
            }
        )

    def kept(self, campaign_id: str, since: int = 0) -> list[Snapshot]:
        return [decode(item) for item in self._range(campaign_id, _span(since), _SPAN + "~")]

    # -- the beat's place ------------------------------------------------------------------------------

    def bookmark(self, campaign_id: str) -> Bookmark:
        item = self._get(campaign_id, _BEAT)
        if item is None:
            return Bookmark()
        return Bookmark(
            finished_until=int(item[_FINISHED_UNTIL]["N"]),
            drains_until=_number_in(item, _DRAINS_UNTIL),
            beat_at=int(item[_BEAT_AT]["N"]),
            quiet_since=_number_in(item, _QUIET_SINCE),
        )

    def set_bookmark(self, campaign_id: str, bookmark: Bookmark) -> None:
        item = {
            **_key(campaign_id, _BEAT),
            _FINISHED_UNTIL: _number(bookmark.finished_until),
            _BEAT_AT: _number(bookmark.beat_at),
        }
        for name, instant in (
            (_DRAINS_UNTIL, bookmark.drains_until),
            (_QUIET_SINCE, bookmark.quiet_since),
        ):
            if instant is not None:
                item[name] = _number(instant)
        with store_faults():
            self._client.put_item(TableName=self._table, Item=item)

    # -- the closing report ----------------------------------------------------------------------------

    def report(self, campaign_id: str) -> str | None:
        last = self.current(campaign_id)
        name = last.report if last is not None else ""
        if not name:
            head = self._get(campaign_id, _REPORT)
            if head is None:
                return None
            name = head[_NAME]["S"]
        prefix = f"{_REPORT}#{name}#"
        parts = [item[_TEXT]["B"] for item in self._range(campaign_id, prefix, prefix + "~")]
        return b"".join(parts).decode()

    def write_report(self, campaign_id: str, report: str) -> None:
        # The parts first, under a name of their own, and then the one item that makes them the report.
        data, name = report.encode(), name_of(report)
        parts = [data[at : at + _LARGEST_PART] for at in range(0, len(data), _LARGEST_PART)]
        items: list[dict[str, Any]] = [
            {**_key(campaign_id, f"{_REPORT}#{name}#{number:04d}"), _TEXT: {"B": part}}
            for number, part in enumerate(parts)
        ]
        items.append({**_key(campaign_id, _REPORT), _NAME: {"S": name}})
        for item in items:
            with store_faults():
                self._client.put_item(TableName=self._table, Item=item)

    # -- calls -----------------------------------------------------------------------------------------

    def _get(self, campaign_id: str, at: str) -> Mapping[str, Any] | None:
        with store_faults():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(campaign_id, at), ConsistentRead=True
            )
        return answer.get("Item")

    def _put(self, put: dict[str, Any]) -> bool:
        """Whether the condition held. A repetition by the SDK after a lost answer is refused; the item tells."""
        try:
            with store_faults():
                self._client.put_item(TableName=self._table, **put)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _range(self, campaign_id: str, first: str, last: str) -> Iterator[Mapping[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#campaign = :campaign AND #at BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#campaign": table.TOTALS_KEY, "#at": table.TOTALS_SORT},
            "ExpressionAttributeValues": {
                ":campaign": {"S": campaign_id}, ":first": {"S": first}, ":last": {"S": last},
            },
            "ConsistentRead": True,
        }  # fmt: skip
        while True:
            with store_faults():
                page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


# -- items -----------------------------------------------------------------------------------------------


def _key(campaign_id: str, at: str) -> dict[str, Any]:
    return {table.TOTALS_KEY: {"S": campaign_id}, table.TOTALS_SORT: {"S": at}}


def _span(start: int) -> str:
    return f"{_SPAN}{start:010d}"


def _number_in(item: Mapping[str, Any], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _item(snapshot: Snapshot) -> dict[str, Any]:
    numbers = [sums.numbers for sums in snapshot.offers]
    item: dict[str, Any] = {
        _VERSION: _number(snapshot.version),
        _AS_OF: _number(snapshot.as_of),
        _CAMPAIGN_VERSION: _number(snapshot.campaign_version),
        _STATUS: {"S": snapshot.status.value},
        _OFFERS: {"S": json.dumps(numbers, separators=(",", ":"))},
        _COMPLETE: {"BOOL": snapshot.complete},
        **({_REPORT: {"S": snapshot.report}} if snapshot.report else {}),
    }
    if snapshot.reconciled_at is not None:
        item[_RECONCILED_AT] = _number(snapshot.reconciled_at)
    return item


def decode(item: Mapping[str, Any]) -> Snapshot:
    """The snapshot of an item."""
    return Snapshot(
        version=int(item[_VERSION]["N"]),
        as_of=int(item[_AS_OF]["N"]),
        campaign_version=int(item[_CAMPAIGN_VERSION]["N"]),
        status=Status(item[_STATUS]["S"]),
        offers=tuple(Sums(*numbers) for numbers in json.loads(item[_OFFERS]["S"])),
        complete=item[_COMPLETE]["BOOL"],
        report=item.get(_REPORT, {"S": ""})["S"],
        reconciled_at=int(item[_RECONCILED_AT]["N"]) if _RECONCILED_AT in item else None,
    )
