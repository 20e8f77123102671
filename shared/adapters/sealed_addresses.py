"""
Addresses sealed with a data key of their campaign, which only KMS can open, and which goes when its time is over.

The key is drawn once, kept wrapped in an item of its own with a time to live, and remembered by each process. AES-SIV (RFC
5297) needs no nonce, so that the same address of the same order gives the same bytes: what a lost answer had written is
known again. An address sealed for one order opens for no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared import table
from shared.adapters.dynamodb_faults import store_faults
from shared.domain import address as addresses
from shared.domain.campaign import Campaign
from shared.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

log = logging.getLogger("livehour")

KEY_BYTES: Final = 64
"""AES-256 twice: SIV takes one to make the tag, and one to encrypt."""
DAY: Final = 86_400
_MOST: Final = 500
"""Campaigns' keys remembered. Beyond that all are forgotten: they are a question to KMS away."""


class SealedAddresses:
    """Implements ``Addresses``."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        kms: Callable[[], KMSClient],
        key: str,
        *,
        days: int,
        clock: Callable[[], int],
    ) -> None:
        """``key``: of KMS; ``days``: after a campaign for which its addresses can be read; ``clock``: seconds."""
        self._dynamodb = dynamodb
        self._table = table_name
        self._kms = kms
        self._key = key
        self._days = days
        self._clock = clock
        self._known: dict[str, AESSIV] = {}

    def seal(self, campaign: Campaign, order_id: str, address: Mapping[str, str]) -> bytes:
        seal = self._seal_of(campaign) or self._make(campaign)
        return seal.encrypt(addresses.write(address), [order_id.encode()])

    def open(self, campaign: Campaign, order: Order) -> dict[str, str] | None:
        if order.ship_to is None or self._is_over(campaign):
            return None
        seal = self._seal_of(campaign)
        if seal is None:
            return None
        try:
            return addresses.read(seal.decrypt(order.ship_to, [order.id.encode()]))
        except InvalidTag:
            # Sealed under a key that went before its time, or changed by a hand: nobody will ever read it.
            log.exception("the address of %s cannot be opened", order.id)
            return None

    def _ends(self, campaign: Campaign) -> int:
        return campaign.closes_at + self._days * DAY

    def _is_over(self, campaign: Campaign) -> bool:
        """DynamoDB takes its time to delete; we do not."""
        return self._clock() >= self._ends(campaign)

    def _seal_of(self, campaign: Campaign) -> AESSIV | None:
        known = self._known.get(campaign.id)
        if known is not None:
            return known
        with store_faults():
            found = self._dynamodb.get_item(
                TableName=self._table,
                Key={table.ADDRESS_KEY: {"S": campaign.id}},
                ConsistentRead=True,
            )
        if "Item" not in found:
            return None
        wrapped = bytes(found["Item"][table.ADDRESS_KEY_SEALED]["B"])
        with store_faults():
            opened = self._kms().decrypt(
                CiphertextBlob=wrapped, KeyId=self._key, EncryptionContext=_context(campaign)
            )
        return self._remember(campaign, opened["Plaintext"])

    def _make(self, campaign: Campaign) -> AESSIV:
        """Draw the campaign's key, unless somebody was first: his is everybody's."""
        with store_faults():
            drawn = self._kms().generate_data_key(
                KeyId=self._key, NumberOfBytes=KEY_BYTES, EncryptionContext=_context(campaign)
            )
        try:
            with store_faults():
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={
                        table.ADDRESS_KEY: {"S": campaign.id},
                        table.ADDRESS_KEY_SEALED: {"B": drawn["CiphertextBlob"]},
                        table.ADDRESS_KEY_TTL: {"N": str(self._ends(campaign))},
                    },
                    ConditionExpression="attribute_not_exists(#campaign)",
                    ExpressionAttributeNames={"#campaign": table.ADDRESS_KEY},
                )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            # Or by an attempt of this call whose answer was lost: what stands is read in any case.
            standing = self._seal_of(campaign)
            if standing is None:
                raise
            return standing
        return self._remember(campaign, drawn["Plaintext"])

    def _remember(self, campaign: Campaign, key: bytes) -> AESSIV:
        if len(self._known) >= _MOST:
            self._known.clear()
        return self._known.setdefault(campaign.id, AESSIV(key))


def _context(campaign: Campaign) -> dict[str, str]:
    """What KMS has to be told again to open a key: it stands in the trail of who opened what."""
    return {"campaign": campaign.id}
