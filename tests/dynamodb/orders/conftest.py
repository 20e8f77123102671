"""A shop whose stores are DynamoDB's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb_buyers import DynamoDBBuyers
from shared.adapters.dynamodb_orders import DynamoDBOrders
from shared.adapters.dynamodb_payments import DynamoDBQuarantine
from shared.adapters.dynamodb_refunds import DynamoDBRefunds
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.domain.ids import new_campaign_id
from tests.shop import Shop, Stores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MakeShop = Callable[..., Shop]


@pytest.fixture
def make_shop(dynamodb: DynamoDBClient) -> MakeShop:
    """Makes shops, each with a campaign of its own."""

    def make(units: int = 10, client: DynamoDBClient = dynamodb, **options: Any) -> Shop:
        stores = Stores(
            stock=DynamoDBStock(client, "stock", lambda: "overflow"),
            buyers=DynamoDBBuyers(client, "buyers"),
            orders=DynamoDBOrders(client, "orders"),
            refunds=DynamoDBRefunds(client, "orders"),
            quarantine=DynamoDBQuarantine(client, "payments"),
            campaign_id=new_campaign_id(),
        )
        return Shop(units, stores=stores, **options)

    return make
