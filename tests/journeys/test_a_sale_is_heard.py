"""Whoever listens on the bus hears of a sale: each thing by its name, by its schema, as often as the books say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from local.engine import aws
from local.engine.stack import LocalStack
from shared.contracts.event_catalogue import file_name
from shared.contracts.events import EVENTS
from tests.journeys.shopfront import Json, Shopfront, an_offer, good, refusal, until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SCHEMAS = Path(__file__).parents[2] / "events" / "schemas"


class Listener:
    """A consumer of the bus: it reads the observer's queue, and puts repetitions aside by their ids."""

    def __init__(self, sqs: SQSClient, queue: str) -> None:
        self._sqs = sqs
        self._queue = queue
        self._heard: dict[str, Json] = {}

    def listen(self, campaign: str) -> list[Json]:
        """The events of a campaign so far."""
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                event = json.loads(message["Body"])
                self._heard[event["detail"]["id"]] = event
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return [event for event in self._heard.values() if event["detail"]["campaign"] == campaign]

    def names(self, campaign: str) -> Counter[str]:
        return Counter(event["detail-type"] for event in self.listen(campaign))


@pytest.fixture
def listener(stack: LocalStack) -> Iterator[Listener]:
    sqs = aws.session().client("sqs", endpoint_url=stack.engine.url, config=aws.CONFIG)
    yield Listener(sqs, stack.outputs["ObserverQueueUrl"])
    sqs.close()


def test_a_sale_is_heard_on_the_bus(listener: Listener, shopfront: Shopfront):
    campaign = shopfront.live(hold_seconds=10, offers=[an_offer("FUJI", 3)])
    order = shopfront.buy(campaign)
    unpaid = good(shopfront.check_out(shopfront.reserve(campaign)))
    assert shopfront.pay(unpaid, amount=1) == "quarantined"
    shopfront.reserve(campaign)
    assert refusal(shopfront.wish(campaign)) == (409, "sold_out")
    good(shopfront.command(campaign, "end"))
    shopfront.wait_for(campaign, "closed")
    until(lambda: "CampaignClosed" in listener.names(campaign))

    expired = shopfront.book(campaign, "totals")["reservations"]["expired"]
    names = listener.names(campaign)
    # Once at least: an offer whose units come back can sell out again.
    assert names.pop("OfferSoldOut") >= 1
    assert names == {
        "CampaignScheduled": 1,
        "CampaignOpened": 1,
        "CampaignClosed": 1,
        "OrderPaid": 1,
        "PaymentQuarantined": 1,
        "ReservationExpired": expired,
    }
    events = listener.listen(campaign)
    (paid,) = [event for event in events if event["detail-type"] == "OrderPaid"]
    assert paid["detail"]["data"]["order"] == order["id"]
    assert paid["detail"]["data"]["amount"] == order["amount"]
    for event in events:
        schema = json.loads((SCHEMAS / file_name(EVENTS[event["detail-type"]])).read_text())
        Draft202012Validator(schema).validate(event["detail"])
        assert event["source"] == "livehour"
        assert event["detail"]["merchant"] == paid["detail"]["merchant"]
