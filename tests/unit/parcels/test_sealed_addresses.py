"""Sealed addresses and the carrier of files, on the simulation's services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys, Objects
from shared.adapters.file_carrier import FileCarrier
from shared.adapters.sealed_addresses import DAY, SealedAddresses
from shared.domain.campaign import Campaign
from shared.domain.order import Order
from shared.domain.parcel import Parcel, ParcelKey, ParcelState, parcel_of
from tests.builders import a_campaign
from tests.shop import Shop

ADDRESS = {"name": "Li Wei", "line1": "1 Nanjing Road", "city": "Shanghai", "country": "CN"}


class Deployment:
    """One table of keys, one KMS, and as many processes as are wanted."""

    def __init__(self) -> None:
        self.now = 0
        self.asked: list[str] = []
        self.store = MemoryDynamoDB(lambda: self.now)
        self._kms = Keys()

    def process(self) -> SealedAddresses:
        dynamodb: Any = Client("dynamodb", self.store.call, QuietLine())
        kms: Any = Client("kms", self._serve, QuietLine())
        return SealedAddresses(
            dynamodb, "addresses", lambda: kms, "key", days=90, clock=lambda: self.now
        )

    def _serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(operation)
        return self._kms.serve(operation, request)


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


def an_order(sealed: bytes | None, identifier: str = "ord_a") -> Order:
    return replace(Shop().order(), id=identifier, ship_to=sealed)


CAMPAIGN: Campaign = a_campaign()


def test_what_one_process_seals_another_opens_and_kms_is_asked_once_by_each(
    deployment: Deployment,
):
    first, second = deployment.process(), deployment.process()
    sealed = [first.seal(CAMPAIGN, f"ord_{letter}", ADDRESS) for letter in "abc"]
    for letter, one in zip("abc", sealed, strict=True):
        assert second.open(CAMPAIGN, an_order(one, f"ord_{letter}")) == ADDRESS
    assert deployment.asked == ["GenerateDataKey", "Decrypt"]


def test_nothing_of_the_address_is_in_what_is_kept(deployment: Deployment):
    sealed = deployment.process().seal(CAMPAIGN, "ord_a", ADDRESS)
    for value in ADDRESS.values():
        assert value.encode() not in sealed
    (item,) = deployment.store.items("addresses")
    assert int(item["expires_at"]["N"]) == CAMPAIGN.closes_at + 90 * DAY


def test_the_same_address_of_the_same_order_has_the_same_seal_and_of_another_another(
    deployment: Deployment,
):
    seals = deployment.process()
    assert seals.seal(CAMPAIGN, "ord_a", ADDRESS) == seals.seal(CAMPAIGN, "ord_a", ADDRESS)
    assert seals.seal(CAMPAIGN, "ord_a", ADDRESS) != seals.seal(CAMPAIGN, "ord_b", ADDRESS)


def test_a_seal_opens_for_its_own_order_and_campaign_only(deployment: Deployment):
    seals = deployment.process()
    sealed = seals.seal(CAMPAIGN, "ord_a", ADDRESS)
    other = a_campaign(id="cmp_" + "c" * 16)
    seals.seal(other, "ord_a", ADDRESS)
    assert seals.open(CAMPAIGN, an_order(sealed, "ord_b")) is None
    assert seals.open(other, an_order(sealed)) is None
    assert seals.open(CAMPAIGN, an_order(sealed[:-1] + bytes([sealed[-1] ^ 1]))) is None


def test_an_erased_address_is_none(deployment: Deployment):
    seals = deployment.process()
    seals.seal(CAMPAIGN, "ord_a", ADDRESS)
    assert seals.open(CAMPAIGN, an_order(None)) is None


def test_when_its_time_is_over_an_address_is_not_read_though_its_key_is_still_there(
    deployment: Deployment,
):
    seals = deployment.process()
    sealed = seals.seal(CAMPAIGN, "ord_a", ADDRESS)
    deployment.now = CAMPAIGN.closes_at + 90 * DAY - 1
    assert seals.open(CAMPAIGN, an_order(sealed)) == ADDRESS
    deployment.now += 1
    assert seals.open(CAMPAIGN, an_order(sealed)) is None


def test_once_the_key_is_gone_nobody_opens_anything(deployment: Deployment):
    sealed = deployment.process().seal(CAMPAIGN, "ord_a", ADDRESS)
    key = {"campaign": {"S": CAMPAIGN.id}}
    deployment.store.call("DeleteItem", {"TableName": "addresses", "Key": key})
    assert deployment.process().open(CAMPAIGN, an_order(sealed)) is None


# -- the carrier of files ------------------------------------------------------------------------------


def a_parcel() -> Parcel:
    shop = Shop()
    return parcel_of(shop.campaign, shop.order(), ADDRESS)


def test_a_parcel_is_one_object_however_often_it_is_requested_and_goes_when_it_is_withdrawn():
    bucket = Objects()
    carrier = FileCarrier(Client("s3", bucket.serve, QuietLine()), "parcels")  # type: ignore[arg-type]
    parcel = a_parcel()
    key = ParcelKey(parcel.id, parcel.campaign_id)
    assert carrier.parcel_state(key) is None
    carrier.withdraw(key)

    receipts = {carrier.request_parcel(parcel) for _ in range(2)}

    ((place, body),) = bucket.kept.items()
    assert {receipt.reference for receipt in receipts} == {place}
    assert place == f"parcels/{parcel.campaign_id}/{parcel.id}.json"
    told = json.loads(body)
    assert (told["id"], told["order_id"], told["address"]) == (parcel.id, parcel.order_id, ADDRESS)
    assert carrier.parcel_state(key) is ParcelState.REQUESTED
    carrier.forget(key)
    assert bucket.kept == {}
