"""
The holds of buyers that a campaign's limits count, in DynamoDB: one item per buyer and campaign in the buyers table. Each
claim is an attribute of its own, named by the ledger key of its request.

The item says how many claims it has, and how many of them are not marked as ended: the limits are conditions on these two
numbers, so that a claim is one write without a read. Every write counts the version up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.hold_limits import (
    DELIVERIES,
    WINDOW,
    BuyerHolds,
    HoldClaim,
    HoldLimits,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT: Final = WINDOW + 3600
"""Seconds after the end of the last hold until the item may be deleted: longer than anything in it counts."""
_OWN: Final = frozenset(
    {
        table.BUYER_KEY,
        table.BUYER_TTL,
        table.HOLDS_COUNTED,
        table.HOLDS_OPEN,
        table.HOLDS_VERSION,
    }
)
_OFFERS: Final = 1_000
_FLAG: Final = 2
"""A claim is one number: deadline, delivery, whether it is shared, whether it has ended, and offer, which is below 1,000."""
_ONE: Final = {"N": "1"}
_LESS: Final = {"N": "-1"}
_NAMES: Final = {
    "#counted": table.HOLDS_COUNTED,
    "#open": table.HOLDS_OPEN,
    "#version": table.HOLDS_VERSION,
}


class DynamoDBHoldLimits:
    """Implements ``HoldLimitStore`` on the buyers table."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def claim(
        self, campaign_id: str, buyer: str, key: str, claim: HoldClaim, limits: HoldLimits
    ) -> BuyerHolds | None:
        conditions = ["attribute_not_exists(#claim)"]
        values = {":claim": _encode(claim), ":ttl": _ttl([claim]), ":one": _ONE}
        if limits.holds_begun is not None:
            conditions.append("(attribute_not_exists(#counted) OR #counted < :begun)")
            values[":begun"] = {"N": str(limits.holds_begun)}
        if limits.open_holds is not None:
            conditions.append("(attribute_not_exists(#open) OR #open < :open)")
            values[":open"] = {"N": str(limits.open_holds)}
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(campaign_id, buyer),
                    UpdateExpression="ADD #counted :one, #open :one, #version :one "
                    "SET #claim = :claim, #ttl = :ttl",
                    ConditionExpression=" AND ".join(conditions),
                    ExpressionAttributeNames={**_NAMES, "#claim": key, "#ttl": table.BUYER_TTL},
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            item: Any = refused.response.get("Item", {})
            return decode(item)
        return None

    def replace(
        self, campaign_id: str, buyer: str, seen: BuyerHolds, claims: Mapping[str, HoldClaim]
    ) -> bool:
        names = {**_NAMES, "#ttl": table.BUYER_TTL}
        values: dict[str, Any] = {
            ":seen": {"N": str(seen.version)},
            ":next": {"N": str(seen.version + 1)},
            ":counted": {"N": str(len(claims))},
            ":open": {"N": str(sum(not claim.ended for claim in claims.values()))},
            ":ttl": _ttl(claims.values()),
        }
        sets = ["#counted = :counted", "#open = :open", "#version = :next", "#ttl = :ttl"]
        removes = []
        for place, key in enumerate(seen.claims.keys() | claims.keys()):
            new = claims.get(key)
            if new == seen.claims.get(key):
                continue
            names[f"#c{place}"] = key
            if new is None:
                removes.append(f"#c{place}")
            else:
                sets.append(f"#c{place} = :c{place}")
                values[f":c{place}"] = _encode(new)
        update = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
        return self._changed(
            campaign_id,
            buyer,
            UpdateExpression=update,
            ConditionExpression="#version = :seen",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def share(self, campaign_id: str, buyer: str, key: str, old: HoldClaim, new: HoldClaim) -> bool:
        return self._changed(
            campaign_id,
            buyer,
            UpdateExpression="ADD #version :one SET #claim = :new, #ttl = :ttl",
            ConditionExpression="#claim = :old",
            ExpressionAttributeNames={
                "#version": table.HOLDS_VERSION,
                "#ttl": table.BUYER_TTL,
                "#claim": key,
            },
            ExpressionAttributeValues={
                ":one": _ONE,
                ":old": _encode(old),
                ":new": _encode(new),
                ":ttl": _ttl([old, new]),
            },
        )

    def release(self, campaign_id: str, buyer: str, key: str, claim: HoldClaim) -> bool:
        return self._changed(
            campaign_id,
            buyer,
            UpdateExpression="ADD #counted :less, #open :less, #version :one REMOVE #claim",
            ConditionExpression="#claim = :claim",
            ExpressionAttributeNames={**_NAMES, "#claim": key},
            ExpressionAttributeValues={":less": _LESS, ":one": _ONE, ":claim": _encode(claim)},
        )

    def _changed(self, campaign_id: str, buyer: str, **update: Any) -> bool:
        """Whether an update was done; not if its condition does not hold."""
        try:
            with store_faults():
                self._client.update_item(
                    TableName=self._table, Key=_key(campaign_id, buyer), **update
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(campaign_id: str, buyer: str) -> dict[str, Any]:
    return {table.BUYER_KEY: {"S": table.buyer_holds(campaign_id, buyer)}}


def _ttl(claims: Iterable[HoldClaim]) -> dict[str, str]:
    return {"N": str(max(claim.deadline for claim in claims) + _KEPT)}


def _encode(claim: HoldClaim) -> dict[str, str]:
    made = claim.deadline * DELIVERIES + claim.delivery
    flags = claim.shared * _FLAG + claim.ended
    return {"N": str((made * _FLAG * _FLAG + flags) * _OFFERS + claim.offer)}


def is_buyer_holds(item: Mapping[str, Any]) -> bool:
    """Whether an item of the buyers table lists holds."""
    return f"#{table.HOLDS}#" in item[table.BUYER_KEY]["S"]


def decode(item: Mapping[str, Any]) -> BuyerHolds:
    """The claims of an item."""
    claims = {}
    for name, value in item.items():
        if name not in _OWN:
            rest, offer = divmod(int(value["N"]), _OFFERS)
            rest, ended = divmod(rest, _FLAG)
            rest, shared = divmod(rest, _FLAG)
            deadline, delivery = divmod(rest, DELIVERIES)
            claims[name] = HoldClaim(deadline, offer, bool(shared), bool(ended), delivery)
    return BuyerHolds(int(item.get(table.HOLDS_VERSION, {"N": "0"})["N"]), claims)
