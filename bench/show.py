"""A show on DynamoDB Local to measure on: tables, one campaign on sale, and events as the gateway would send them."""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys
from shared import table, wiring
from shared.domain import stock
from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.ids import new_campaign_id, new_secret
from shared.settings import Setting
from shared.use_cases.stock_ports import Shelf, shelf

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MERCHANT = "mer_bench"


def connect(endpoint: str) -> DynamoDBClient:
    """Point the functions at a DynamoDB Local, whose tables are there."""
    settings: dict[str, str] = {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        Setting.STAGE: "local",
        Setting.ADDRESS_KEY_ARN: "key",
        Setting.ADDRESS_DAYS: "90",
        **{Setting[f"{role.upper()}_TABLE"]: role for role in table.TABLES},
    }
    os.environ.update(settings)
    # Who keeps the keys of addresses is asked once a campaign: nothing that is measured here.
    keys = Client("kms", Keys().serve, QuietLine())
    wiring.key_keeper = lambda: keys  # type: ignore[assignment]
    return wiring.dynamodb()


@dataclass(frozen=True)
class OnSale:
    """A live campaign."""

    campaign: Campaign
    shelf: Shelf
    """Of its first offer."""

    @property
    def skus(self) -> list[str]:
        """What it sells."""
        return [offer.sku for offer in self.campaign.offers]

    def event(
        self,
        route: str,
        path: dict[str, str],
        body: dict[str, Any] | None = None,
        scope: str = "sell",
    ) -> dict[str, Any]:
        """An event of the HTTP API, with a key of the merchant and a fresh Idempotency-Key."""
        return {
            "version": "2.0",
            "routeKey": route,
            "rawPath": route.split()[1],
            "headers": {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())},
            "pathParameters": path,
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "authorizer": {"lambda": {"merchant": MERCHANT, "scope": scope}},
            },
            "body": json.dumps(body) if body is not None else "",
            "isBase64Encoded": False,
        }

    def reservation(
        self, quantity: int = 1, buyer: str | None = None, sku: str = "FUJI-12"
    ) -> dict[str, Any]:
        """A request for units by a buyer of its own."""
        body = {"sku": sku, "quantity": quantity, "buyer_id": buyer or str(uuid.uuid4())}
        return self.event(
            "POST /v1/campaigns/{campaign_id}/reservations", {"campaign_id": self.campaign.id}, body
        )


def put_on_sale(units: int, limit_per_buyer: int | None = None, *, offers: int = 1) -> OnSale:
    """A campaign that sells ``units`` of each offer from now on."""
    now = int(time.time())
    sizes = stock.sizes(units)
    first = Offer(
        number=0,
        sku="FUJI-12",
        title={"en": "Fuji, box of 12"},
        unit_price=9900,
        allotment=units,
        limit_per_buyer=limit_per_buyer,
        home_blocks=len(sizes),
        blocks=len(sizes),
    )
    others = (replace(first, number=n, sku=f"FUJI-12-{n}") for n in range(1, offers))
    campaign = Campaign(
        id=new_campaign_id(),
        merchant=MERCHANT,
        name="Bench",
        time_zone="UTC",
        starts_at=now - 1,
        ends_at=now + 7200,
        replay_until=None,
        currency="CNY",
        hold_seconds=300,
        channel="bench",
        parties={},
        offers=(first, *others),
        run_of_show=(),
        metadata={},
        created_at=now * 1000,
        secret=new_secret(),
        status=Status.LIVE,
        prepared_at=now - 60,
    )
    wiring.campaigns().save(campaign)
    for offer in campaign.offers:
        place = shelf(campaign, offer)
        for number, size in enumerate(sizes):
            wiring.stock().lay_out(
                place, number, units=size, opens=campaign.starts_at, closes=campaign.closes_at
            )
    return OnSale(campaign, shelf(campaign, first))
