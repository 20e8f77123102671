"""
Records of closing packages, beside the totals they belong to: ``package#<piece>`` and ``package``. A few KB each; put once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.closing_package import Package, PackageFile, Piece
from shared.domain.package_tables import PieceSums

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PACKAGE = "package"
_FILES = "files"
_SUMS = "sums"
_MANIFEST = "manifest"
_SIGNATURE = "signature"
_PUBLIC_KEY = "public_key"

Item = Mapping[str, Any]


class DynamoDBPackages:
    """The packages' rows of the totals table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def piece(self, campaign_id: str, number: int) -> Piece | None:
        item = self._get(_key(campaign_id, number))
        return _piece(item) if item is not None else None

    def keep_piece(self, campaign_id: str, number: int, piece: Piece) -> Piece:
        sums = piece.sums
        files = [[file.name, file.sha256, file.size, file.rows] for file in piece.files]
        moved = [sums.captured, sums.given_back, sums.refunded, sums.refunded_after, sums.fees]
        said = [moved, sums.sold, sums.gross]
        item = {_FILES: {"S": json.dumps(files)}, _SUMS: {"S": json.dumps(said)}}
        standing = self._put({**_key(campaign_id, number), **item})
        return piece if standing is None else _piece(standing)

    def package(self, campaign_id: str) -> Package | None:
        item = self._get(_key(campaign_id))
        return _package(item) if item is not None else None

    def keep_package(self, campaign_id: str, package: Package) -> Package:
        item = {
            _MANIFEST: {"S": package.manifest},
            _SIGNATURE: {"B": package.signature},
            _PUBLIC_KEY: {"S": package.public_key},
        }
        standing = self._put({**_key(campaign_id), **item})
        return package if standing is None else _package(standing)

    def _get(self, key: Mapping[str, Any]) -> Item | None:
        with store_faults():
            return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get(
                "Item"
            )

    def _put(self, item: Mapping[str, Any]) -> Item | None:
        """Put it where none is. ``None``: done; else the one that stands, which may be ours."""
        try:
            with store_faults():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#campaign)",
                    ExpressionAttributeNames={"#campaign": table.TOTALS_KEY},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            return cast(Mapping[str, Any], refused.response)["Item"]  # type: ignore[no-any-return]
        return None


def _key(campaign_id: str, piece: int | None = None) -> dict[str, Any]:
    at = _PACKAGE if piece is None else f"{_PACKAGE}#{piece:04d}"
    return {table.TOTALS_KEY: {"S": campaign_id}, table.TOTALS_SORT: {"S": at}}


def _piece(item: Item) -> Piece:
    files = tuple(PackageFile(*facts) for facts in json.loads(item[_FILES]["S"]))
    (captured, given_back, refunded, after, fees), sold, gross = json.loads(item[_SUMS]["S"])
    sums = PieceSums(captured, given_back, refunded, after, fees, Counter(sold), Counter(gross))
    return Piece(files, sums)


def _package(item: Item) -> Package:
    return Package(item[_MANIFEST]["S"], bytes(item[_SIGNATURE]["B"]), item[_PUBLIC_KEY]["S"])
