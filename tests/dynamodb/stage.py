"""The theatre on DynamoDB Local: the same show with the real adapters, and a client that can be made to die at any call."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from shared.adapters.dynamodb_buyers import DynamoDBBuyers
from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
from shared.adapters.dynamodb_hold_limits import DynamoDBHoldLimits
from shared.adapters.dynamodb_orders import DynamoDBOrders
from shared.adapters.dynamodb_packages import DynamoDBPackages
from shared.adapters.dynamodb_refunds import DynamoDBRefunds
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.adapters.dynamodb_totals import DynamoDBTotals
from shared.domain.ids import new_campaign_id
from tests.fakes import Crash
from tests.theatre import Theatre

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Stage(Theatre):
    """A campaign of its own on DynamoDB Local."""

    def __init__(self, client: DynamoDBClient, **fields: Any) -> None:
        self._client = client
        super().__init__(**{"id": new_campaign_id(), **fields})

    def use_other_stores(self) -> None:
        # The theatre knows its stores by what they promise; these keep the same promises.
        self.campaigns = cast(Any, DynamoDBCampaigns(self._client, "campaigns"))
        self.stock = cast(Any, DynamoDBStock(self._client, "stock", lambda: "overflow"))
        self.totals = cast(Any, DynamoDBTotals(self._client, "totals"))
        self.orders = cast(Any, DynamoDBOrders(self._client, "orders"))
        self.refunds = cast(Any, DynamoDBRefunds(self._client, "orders"))
        self.records = cast(Any, DynamoDBPackages(self._client, "totals"))
        self.buyers = cast(Any, DynamoDBBuyers(self._client, "buyers"))
        self.holds = cast(Any, DynamoDBHoldLimits(self._client, "buyers"))


class Watchman:
    """Counts the calls of a client and what they consume, and kills its process after one of its writes.

    After each of its writes is everywhere that it matters: a process that dies before one has done what those before it did.
    """

    def __init__(self, client: DynamoDBClient) -> None:
        self.calls: list[str] = []
        self.read_units = self.write_units = 0.0
        self.writes = 0
        self._die_after: int | None = None
        self._lock = threading.Lock()
        events = client.meta.events
        events.register("before-parameter-build.dynamodb", self._ask_for_units)
        events.register("after-call.dynamodb", self._note)

    def reset(self, die_after: int | None = None) -> None:
        """Begin to count anew. The write of that number is done, and whoever made it does not live to see its answer."""
        self.calls.clear()
        self.read_units = self.write_units = 0.0
        self.writes = 0
        self._die_after = die_after

    def _ask_for_units(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _note(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(
            part["CapacityUnits"]
            for part in (consumed if isinstance(consumed, list) else [consumed])
        )
        with self._lock:
            self.calls.append(model.name)
            if model.name in {"GetItem", "BatchGetItem", "Query"}:
                self.read_units += units
                return
            self.write_units += units
            self.writes += 1
            if self.writes - 1 != self._die_after:
                return
        raise Crash(model.name)
