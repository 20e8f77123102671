"""
Campaigns in DynamoDB: one item each, the whole campaign as one JSON text beside what is queried.

Standard library and the client only: a reservation reads its campaign through this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from shared import table
from shared.adapters import dynamodb_requests
from shared.adapters.dynamodb_faults import refused_parts, store_faults
from shared.domain.campaign import NOBODY, Campaign, Cue, Offer, Portion, Status
from shared.domain.errors import CampaignNotFound
from shared.domain.ids import is_campaign_id
from shared.domain.parties import Party
from shared.domain.payment_fee import FeeTerms
from shared.use_cases.ports import Answered, AnsweredBefore, ChangedMeanwhile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_STATUS = "status"
_VERSION = "version"
_DOCUMENT = "doc"
_BY = "by"
_YES = {"S": "yes"}
_SELDOM = ("max_open_holds_per_buyer", "max_holds_per_ten_minutes")
"""Left out of the document of a campaign that does not set them."""


class DynamoDBCampaigns:
    """The campaigns table, and the requests table for what is kept together with a campaign."""

    def __init__(self, client: DynamoDBClient, campaigns: str, requests: str | None = None) -> None:
        self._client = client
        self._campaigns = campaigns
        self._requests = requests

    def get(self, campaign_id: str) -> Campaign:
        if not is_campaign_id(campaign_id):
            raise CampaignNotFound
        with store_faults():
            found = self._client.get_item(
                TableName=self._campaigns,
                Key={table.CAMPAIGN_KEY: {"S": campaign_id}},
                ConsistentRead=True,
            )
        if "Item" not in found:
            raise CampaignNotFound
        return decode(found["Item"])

    def save(
        self,
        campaign: Campaign,
        *,
        answered: Answered | None = None,
        now: int = 0,
        by: str = NOBODY,
    ) -> None:
        put = self._put(campaign, by)
        if answered is not None:
            self._save_with_answer(campaign.id, put, answered, now)
            return
        try:
            with store_faults():
                self._client.put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            standing: Any = refused.response
            # The very same was written by an attempt of this call whose answer was lost.
            if standing.get("Item") != put["Item"]:
                raise ChangedMeanwhile(campaign.id) from None

    def of_merchant(
        self, merchant: str, *, status: Status | None, after: Campaign | None, limit: int
    ) -> list[Campaign]:
        query: dict[str, Any] = {
            "TableName": self._campaigns,
            "IndexName": table.BY_MERCHANT,
            "KeyConditionExpression": "#merchant = :merchant",
            "ExpressionAttributeNames": {"#merchant": table.MERCHANT},
            "ExpressionAttributeValues": {":merchant": {"S": merchant}},
            "ScanIndexForward": False,
        }
        if status is not None:
            query["FilterExpression"] = "#status = :status"
            query["ExpressionAttributeNames"]["#status"] = _STATUS
            query["ExpressionAttributeValues"][":status"] = {"S": status.value}
        else:
            query["Limit"] = limit
        if after is not None:
            query["ExclusiveStartKey"] = _index_key(after)
        found: list[Campaign] = []
        while len(found) < limit:
            with store_faults():
                page = self._client.query(**query)
            found += [decode(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found[:limit]

    def unfinished(self, *, until: int) -> Iterator[str]:
        query: dict[str, Any] = {
            "TableName": self._campaigns,
            "IndexName": table.UNFINISHED,
            "KeyConditionExpression": "#unfinished = :yes AND #starts_at <= :until",
            "ExpressionAttributeNames": {
                "#unfinished": table.UNFINISHED,
                "#starts_at": table.STARTS_AT,
            },
            "ExpressionAttributeValues": {":yes": _YES, ":until": {"N": str(until)}},
        }
        while True:
            with store_faults():
                page = self._client.query(**query)
            yield from (item[table.CAMPAIGN_KEY]["S"] for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _put(self, campaign: Campaign, by: str) -> dict[str, Any]:
        # Beside the document and not in it: sellers who read it have no use for it.
        item = {**encode(campaign), _BY: {"S": by or NOBODY}}
        put: dict[str, Any] = {"TableName": self._campaigns, "Item": item}
        if campaign.version == 1:
            put["ConditionExpression"] = "attribute_not_exists(#id)"
            put["ExpressionAttributeNames"] = {"#id": table.CAMPAIGN_KEY}
        else:
            put["ConditionExpression"] = "#version = :expected"
            put["ExpressionAttributeNames"] = {"#version": _VERSION}
            put["ExpressionAttributeValues"] = {":expected": {"N": str(campaign.version - 1)}}
        return put

    def _save_with_answer(
        self, campaign_id: str, put: dict[str, Any], answered: Answered, now: int
    ) -> None:
        """
        Both puts or neither.

        The SDK sends one ClientRequestToken with all its tries of this call, so that a try after a
        lost answer is the same transaction to DynamoDB and succeeds again.
        """
        if self._requests is None:
            raise TypeError("made without a requests table, it cannot keep answers")
        once = dynamodb_requests.put_once(self._requests, answered, now)
        puts: Any = [{"Put": put}, {"Put": once}]
        try:
            with store_faults():
                self._client.transact_write_items(TransactItems=puts)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            # A repeated request comes before a changed campaign: where both conditions fail, it was most likely this very
            # request that changed it.
            _, before = refused_parts(cancelled)
            if before:
                raise AnsweredBefore(dynamodb_requests.decode(before)) from None
            raise ChangedMeanwhile(campaign_id) from None


def _index_key(campaign: Campaign) -> dict[str, Any]:
    item = encode(campaign)
    return {name: item[name] for name in (table.CAMPAIGN_KEY, table.MERCHANT, table.CREATED_AT)}


def encode(campaign: Campaign) -> dict[str, Any]:
    """The item of a campaign."""
    plain = _whole(asdict(campaign))
    plain["offers"] = [_whole(offer) for offer in plain["offers"]]
    for cues in ("run_of_show", "improvised"):
        # Every seller reads them twice a second: what a cue has not is left out.
        plain[cues] = [
            {name: value for name, value in _whole(cue).items() if value is not None}
            for cue in plain[cues]
        ]
    for name in _SELDOM:
        if plain[name] is None:
            del plain[name]
    document = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    unfinished: dict[str, Any] = {
        table.UNFINISHED: _YES,
        table.STARTS_AT: {"N": str(campaign.starts_at)},
    }
    listed: dict[str, Any] = {
        table.MERCHANT: {"S": campaign.merchant},
        table.CREATED_AT: {"N": str(campaign.created_at)},
    }
    return {
        table.CAMPAIGN_KEY: {"S": campaign.id},
        # What is only rehearsed is in no list of its merchant's.
        **(listed if campaign.rehearsal_of is None else {}),
        **(unfinished if campaign.is_unfinished else {}),
        _STATUS: {"S": campaign.status.value},
        _VERSION: {"N": str(campaign.version)},
        _DOCUMENT: {"S": document},
    }


def made_by(item: Mapping[str, Any]) -> str:
    """Who made the version in an item."""
    return str(item.get(_BY, {}).get("S", NOBODY))


def decode(item: Mapping[str, Any]) -> Campaign:
    """The campaign of an item."""
    document = json.loads(item[_DOCUMENT]["S"])
    document["status"] = Status(document["status"])
    document["offers"] = tuple(_offer(offer) for offer in document["offers"])
    document["parties"] = {role: _party(kept) for role, kept in document["parties"].items()}
    for cues in ("run_of_show", "improvised"):
        document[cues] = tuple(_read(Cue, cue) for cue in document.get(cues, ()))
    # Before fees were known, nobody had told any.
    document["payment_fee"] = _read(FeeTerms, document.get("payment_fee", {}))
    return _read(Campaign, document)


_NAMES: Mapping[type[Any], frozenset[str]] = {
    kind: frozenset(each.name for each in fields(kind))
    for kind in (Campaign, Offer, Portion, Cue, Party, FeeTerms)
}
_BEYOND = "beyond"
Kind = TypeVar("Kind")


def _read(kind: type[Kind], kept: Mapping[str, Any]) -> Kind:
    """What was kept, by the names that this code has; others are carried along where there is room for them."""
    names = _NAMES[kind]
    known = {name: value for name, value in kept.items() if name in names}
    if _BEYOND in names and len(known) < len(kept):
        known[_BEYOND] = tuple((name, kept[name]) for name in kept if name not in names)
    return kind(**known)


def _whole(plain: dict[str, Any]) -> dict[str, Any]:
    """What is kept: with what was carried along."""
    return {**dict(plain.pop(_BEYOND)), **plain}


def _offer(kept: dict[str, Any]) -> Offer:
    lists = {name: tuple(kept.get(name, ())) for name in ("added", "coming")}
    portions = tuple(_read(Portion, portion) for portion in kept.get("portions", ()))
    return _read(Offer, {**kept, **lists, "portions": portions})


def _party(kept: str | Mapping[str, Any]) -> Party:
    """A party. Before parties had shares, its name was all that was kept."""
    return Party(kept) if isinstance(kept, str) else _read(Party, kept)
