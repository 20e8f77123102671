"""Buyers with a limit, in DynamoDB: one small item a buyer and offer; each request that counts is an attribute of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.use_cases.limit_buyer import Claim, Purse
from shared.use_cases.stock_ports import Shelf

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT = 8 * 24 * 3600
"""Seconds after the last claim until the item may be deleted: longer than the longest replay."""
_OWN = frozenset({table.BUYER_KEY, table.BUYER_UNITS, table.BUYER_TTL})
_UNITS = 1_000
_SHARED = 2
_DELIVERIES = 2**24
"""A claim is one number: its deadline, whether it is shared, its units (fewer than 1,000), and its delivery."""


class DynamoDBBuyers:
    """The buyers table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def claim(
        self, shelf: Shelf, digest: str, key: str, claim: Claim, *, limit: int
    ) -> Purse | None:
        is_new = "attribute_not_exists(#claim)"
        fits = "(attribute_not_exists(#units) OR #units <= :most)"
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(shelf, digest),
                    UpdateExpression="SET #claim = :claim, #ttl = :ttl ADD #units :units",
                    ConditionExpression=f"{is_new} AND {fits}",
                    ExpressionAttributeNames={
                        "#claim": key,
                        "#units": table.BUYER_UNITS,
                        "#ttl": table.BUYER_TTL,
                    },
                    ExpressionAttributeValues={
                        ":claim": _encode(claim),
                        ":units": {"N": str(claim.units)},
                        ":most": {"N": str(limit - claim.units)},
                        ":ttl": {"N": str(claim.deadline + _KEPT)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            item: Any = refused.response.get("Item", {})
            return decode(item)
        return None

    def correct(self, shelf: Shelf, digest: str, purse: Purse, claims: Mapping[str, Claim]) -> bool:
        names = {"#units": table.BUYER_UNITS}
        values: dict[str, Any] = {
            ":old": {"N": str(purse.units)},
            ":new": {"N": str(sum(claim.units for claim in claims.values()))},
        }
        unchanged = ["#units = :old"]
        sets, removes = ["#units = :new"], []
        for place, (key, old) in enumerate(purse.claims.items()):
            new = claims.get(key)
            if new == old:
                continue
            names[f"#c{place}"] = key
            values[f":c{place}"] = _encode(old)
            unchanged.append(f"#c{place} = :c{place}")
            if new is None:
                removes.append(f"#c{place}")
            else:
                sets.append(f"#c{place} = :n{place}")
                values[f":n{place}"] = _encode(new)
        update = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(shelf, digest),
                    UpdateExpression=update,
                    ConditionExpression=" AND ".join(unchanged),
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def give_back(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        return self._remove(
            shelf, digest, key, claim, "#claim = :claim", {":claim": _encode(claim)}
        )

    def forget(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        values = {
            ":claim": _encode(replace(claim, delivery=0)),
            ":last": _encode(replace(claim, delivery=_DELIVERIES - 1)),
        }
        return self._remove(shelf, digest, key, claim, "(#claim BETWEEN :claim AND :last)", values)

    def _remove(
        self,
        shelf: Shelf,
        digest: str,
        key: str,
        claim: Claim,
        condition: str,
        values: Mapping[str, Any],
    ) -> Claim | None:
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(shelf, digest),
                    UpdateExpression="REMOVE #claim ADD #units :back",
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#claim": key, "#units": table.BUYER_UNITS},
                    ExpressionAttributeValues={**values, ":back": {"N": str(-claim.units)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            item: Any = refused.response.get("Item", {})
            return decode(item).claims.get(key)
        return None


def _key(shelf: Shelf, digest: str) -> dict[str, Any]:
    return {table.BUYER_KEY: {"S": table.buyer(shelf.campaign_id, shelf.sku, digest)}}


def _encode(claim: Claim) -> dict[str, str]:
    number = (claim.deadline * _SHARED + claim.shared) * _UNITS + claim.units
    return {"N": str(number * _DELIVERIES + claim.delivery)}


def decode(item: Mapping[str, Any]) -> Purse:
    """The purse of an item."""
    claims = {}
    for name, value in item.items():
        if name not in _OWN:
            rest, delivery = divmod(int(value["N"]), _DELIVERIES)
            rest, units = divmod(rest, _UNITS)
            deadline, shared = divmod(rest, _SHARED)
            claims[name] = Claim(units, deadline, bool(shared), delivery)
    return Purse(units=int(item.get(table.BUYER_UNITS, {"N": "0"})["N"]), claims=claims)
