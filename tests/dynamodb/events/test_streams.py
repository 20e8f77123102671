"""A sale on DynamoDB Local, and the streams of its tables told on a bus: images as a store writes them."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import boto3
import pytest
from standardwebhooks.webhooks import Webhook

from functions.publish_changes.handler import lambda_handler
from local.engine.dynamodb_local import DynamoDBLocal
from shared import clock, table, wiring
from shared.adapters.eventbridge import EventBridgeBus
from shared.adapters.payment_test_provider import TestProvider
from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.errors import SoldOut
from shared.domain.ids import new_campaign_id
from shared.domain.order import Order
from shared.use_cases.arrange_stock import gate_of
from shared.use_cases.check_out import Checkout
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.reserve import ReservationRequest
from shared.use_cases.stock_ports import Shelf, shelf
from tests.builders import MERCHANT, a_campaign
from tests.shop import SECRET, SHIP_TO, event_body, headers
from tests.unit.events.fake_eventbridge import FakeEventBridge

HOLD = 300


class Streams:
    """What the tables' streams tell from now on, in the form in which Lambda gets it."""

    def __init__(self, engine: DynamoDBLocal) -> None:
        self._client = boto3.client("dynamodbstreams", endpoint_url=engine.url)
        dynamodb = engine.client()
        self._arns = [
            dynamodb.describe_table(TableName=role)["Table"]["LatestStreamArn"]
            for role, spec in table.TABLES.items()
            if spec.stream
        ]
        self._told_before = {record["eventID"] for record in self._all()}

    def batches(self) -> list[list[dict[str, Any]]]:
        """One of each stream."""
        news = [record for record in self._all() if record["eventID"] not in self._told_before]
        return [
            [record for record in news if record["eventSourceARN"] == arn] for arn in self._arns
        ]

    def _all(self) -> Iterator[dict[str, Any]]:
        for arn in self._arns:
            for shard in self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
                for record in self._of_shard(arn, shard["ShardId"]):
                    yield _as_lambda_gets_it(record, arn)

    def _of_shard(self, arn: str, shard: str) -> Iterator[Any]:
        # From the beginning each time: DynamoDB Local cannot go on from the end of an empty shard.
        place: str | None = self._client.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while place:
            page = self._client.get_records(ShardIterator=place)
            yield from page["Records"]
            place = page.get("NextShardIterator") if page["Records"] else None


def _as_lambda_gets_it(record: Any, arn: str) -> dict[str, Any]:
    written: dict[str, Any] = _plain(record["dynamodb"])
    return {**record, "dynamodb": written, "eventSourceARN": arn}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value


class Sale:
    """Three units, at the instants that a test says."""

    def __init__(self) -> None:
        self.now = clock.now_seconds()
        offer = Offer(number=0, sku="FUJI-12", title={"en": "Fuji"}, unit_price=9900, allotment=3)
        draft = a_campaign(
            id=new_campaign_id(),
            starts_at=self.now - 60,
            ends_at=self.now + 3600,
            hold_seconds=HOLD,
            offers=(offer,),
        )
        wiring.campaigns().save(draft)
        self.campaign = draft
        self.become(
            Status.SCHEDULED,
            prepared_at=self.now - 60,
            offers=(replace(offer, home_blocks=1, blocks=1),),
        )
        wiring.stock().lay_out(
            self.shelf, 0, units=3, opens=draft.starts_at, closes=self.campaign.closes_at
        )
        self.become(Status.LIVE)

    @property
    def shelf(self) -> Shelf:
        return shelf(self.campaign, self.campaign.offers[0])

    def become(self, status: Status, **changes: Any) -> Campaign:
        self.campaign = self.campaign.become(status, **changes)
        wiring.campaigns().save(self.campaign)
        return self.campaign

    def order(self, buyer: str) -> Order:
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self.campaign.id,
            sku="FUJI-12",
            quantity=1,
            buyer_id=buyer,
            idempotency_key=buyer,
        )
        reservation = wiring.reservation_desk().reserve(request, self.now)
        checkout = Checkout(
            merchant=MERCHANT,
            reservation_id=reservation.id,
            buyer_id=buyer,
            payment_method="card",
            ship_to=SHIP_TO,
            idempotency_key=buyer,
        )
        return wiring.checkout_desk().check_out(checkout, self.now).order

    def pay(self, order: Order, **claims: Any) -> None:
        raw = event_body(order, **claims)
        event_id = f"msg_{order.key}_{len(claims)}"
        wiring.payment_desk().receive("test", headers(raw, event_id), raw, self.now)

    def beat(self) -> None:
        keep_stock(
            wiring.stock(),
            self.shelf,
            wiring.stock().read_all(self.shelf),
            now=self.now,
            gate=gate_of(self.campaign, self.campaign.offers[0]),
        )


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> FakeEventBridge:
    client = FakeEventBridge()
    told = EventBridgeBus(cast(Any, client), "livehour-local")
    providers = {"test": TestProvider(lambda: [Webhook(SECRET)])}
    monkeypatch.setattr(wiring, "bus", lambda: told)
    monkeypatch.setattr(wiring, "payment_providers", lambda: providers)
    return client


@pytest.mark.usefixtures("wired")
def test_a_sale_is_told_from_the_streams_of_its_tables(
    dynamodb_local: DynamoDBLocal, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
):
    streams = Streams(dynamodb_local)
    sale = Sale()
    monkeypatch.setattr(clock, "now_millis", lambda: sale.now * 1000)
    ana, ben, _ = (sale.order(buyer) for buyer in ("ana", "ben", "cy"))
    with pytest.raises(SoldOut):
        sale.order("dee")
    sale.pay(ana)
    sale.pay(ben, amount=1)
    sale.now += HOLD + 1
    sale.beat()
    for buyer in ("dee", "eve"):
        sale.order(buyer)
    sale.pay(ben)
    sale.become(Status.CLOSING)
    sale.become(Status.CLOSED, balanced=True)

    for batch in streams.batches():
        assert lambda_handler({"Records": batch}) == {"batchItemFailures": []}
    mine = [detail for detail in bus.told if detail["campaign"] == sale.campaign.id]
    names = Counter(
        entry["DetailType"]
        for entry, detail in zip(bus.taken, bus.told, strict=True)
        if detail in mine
    )
    # Once at least: an offer whose units come back can sell out again.
    assert names.pop("OfferSoldOut") >= 1
    assert names == {
        "CampaignScheduled": 1,
        "CampaignOpened": 1,
        "CampaignClosed": 1,
        "OrderPaid": 1,
        "OrderRefunded": 1,
        "PaymentQuarantined": 1,
        "ReservationExpired": 2,
    }
    assert {detail["merchant"] for detail in mine} == {MERCHANT}
    (reason,) = [detail["data"]["reason"] for detail in mine if "reason" in detail["data"]]
    assert reason == "sold_out"
