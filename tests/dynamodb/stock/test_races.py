"""Races for units on DynamoDB Local, with real threads: never oversold, never stranded, each request served once."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from shared import table
from shared.adapters.dynamodb_buyers import DynamoDBBuyers
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import BuyerLimitReached, CampaignNotOpen, Refusal, SoldOut
from shared.domain.ids import ledger_key, new_campaign_id
from shared.domain.stock import Block, Counters
from shared.use_cases.hints import Hints
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.limit_buyer import Buyer, Claim, claim_units
from shared.use_cases.request_keys import keys_of
from shared.use_cases.settle_hold import State, confirm_hold, release_hold
from shared.use_cases.stock_ports import Shelf
from shared.use_cases.take_units import Taken, Wish, take_units

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECRET = "0d" * 32
Answer = TypeVar("Answer")


class Sale:
    """One offer on sale in DynamoDB Local."""

    def __init__(
        self,
        client: DynamoDBClient,
        sizes: Sequence[int],
        *,
        hold: int = 300,
        closes_in: int = 3600,
    ) -> None:
        self.client = client
        self.stock = DynamoDBStock(client, "stock")
        self.now = int(time.time())
        self.hold = hold
        self.opens, self.closes = self.now - 10, self.now + closes_in
        self.shelf = Shelf(
            new_campaign_id(),
            "FUJI-12",
            len(sizes),
            len(sizes),
            self.now - 60,
            table.ledger_room("FUJI-12", len(sizes)),
        )
        for number, units in enumerate(sizes):
            self.stock.lay_out(
                self.shelf, number, units=units, opens=self.opens, closes=self.closes
            )

    def environment(self, seed: int) -> Hints:
        return Hints(self.stock, lambda: int(time.time() * 1000), choice=random.Random(seed))

    def take(self, hints: Hints, request: str, quantity: int = 1) -> Taken:
        now = int(time.time())
        keys = keys_of(SECRET, ledger_key(SECRET, request))
        return take_units(self.stock, hints, self.shelf, Wish(keys, quantity, now + self.hold, now))

    def check_of(self, taken: Taken) -> ClaimCheck:
        return ClaimCheck(
            campaign_id=self.shelf.campaign_id,
            offer_number=0,
            block=taken.block,
            key=taken.key,
            quantity=sum(entry.quantity for _, entry in taken.parts),
            tail_quantity=taken.tail.quantity,
            unit_price=100,
            deadline=taken.tail.deadline,
            buyer="",
        )

    def blocks(self) -> list[Block]:
        return self.stock.read_all(self.shelf)

    def sums(self) -> Counters:
        return sum((block.counters for block in self.blocks()), Counters())

    def beat(self, now: int) -> None:
        keep_stock(
            self.stock, self.shelf, self.blocks(), now=now, opens=self.opens, closes=self.closes
        )

    def assert_sound(self, allotted: int) -> None:
        for block in self.blocks():
            assert block.faults() == []
        sums = self.sums()
        assert sums.free + sums.held + sums.sold == allotted


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer | Refusal]:
    """All calls, as nearly at one instant as threads can."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer | Refusal:
        barrier.wait()
        try:
            return call()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize(
    ("sizes", "buyers", "quantity"),
    [
        ([10], 200, 1),
        ([1] * 10, 200, 1),
        ([3, 3, 4], 200, 1),
        ([32, 32], 160, 1),
        ([2] * 12, 60, 3),
        ([32], 60, 5),
    ],
)
def test_the_last_unit_is_sold_once_and_none_is_stranded(
    dynamodb: DynamoDBClient, sizes: list[int], buyers: int, quantity: int
) -> None:
    sale = Sale(dynamodb, sizes)
    environments = [sale.environment(seed) for seed in range(16)]
    watched: list[Counters] = []
    over = threading.Event()

    def bank() -> None:
        """At every read during the race the units sum to the allotment."""
        while not over.is_set():
            watched.append(sale.sums())

    watcher = threading.Thread(target=bank)
    watcher.start()

    def shop(seed: int) -> int:
        got = 0
        for number in range(seed, buyers, len(environments)):
            try:
                sale.take(environments[seed], f"buyer {number}", quantity)
                got += 1
            except SoldOut:
                pass
        return got

    served = at_once([partial(shop, seed) for seed in range(16)])
    over.set()
    watcher.join()
    assert sum(got for got in served if isinstance(got, int)) == sum(sizes) // quantity
    assert all(
        sums.free + sums.held + sums.sold == sum(sizes) and sums.free >= 0 for sums in watched
    )
    sale.assert_sound(sum(sizes))


@pytest.mark.parametrize(("sizes", "quantity"), [([20], 2), ([1] * 8, 1), ([2] * 8, 5)])
def test_one_key_fifty_times_at_once_takes_units_once(
    dynamodb: DynamoDBClient, sizes: list[int], quantity: int
) -> None:
    sale = Sale(dynamodb, sizes)
    for number in range(sum(sizes) // 3 if quantity == 1 else 0):
        sale.take(sale.environment(99), f"other {number}")
    before = sale.sums().held
    calls = [partial(sale.take, sale.environment(seed), "one", quantity) for seed in range(50)]
    answers = at_once(calls)
    assert [answer for answer in answers if isinstance(answer, Refusal)] == []
    assert len({answer.parts for answer in answers if isinstance(answer, Taken)}) == 1
    assert sale.sums().held - before == quantity
    sale.assert_sound(sum(sizes))


@pytest.mark.parametrize("attempt", range(20))
def test_expiry_against_payment_in_the_same_instant_has_one_winner(
    dynamodb: DynamoDBClient, attempt: int
) -> None:
    sale = Sale(dynamodb, [4], hold=100)
    check = sale.check_of(sale.take(sale.environment(1), "one", 2))

    def pay() -> tuple[bool, State | None]:
        # The payer's clock is a second before the deadline, the beat's is at it: both believe they may.
        return confirm_hold(sale.stock, sale.shelf, check, amount=200, now=check.deadline - 1)

    def expire() -> None:
        sale.beat(check.deadline)

    calls: list[Callable[[], Any]] = [pay, expire] if attempt % 2 else [expire, pay]
    (paid, state) = next(answer for answer in at_once(calls) if isinstance(answer, tuple))
    sums = sale.sums()
    assert (sums.sold, sums.gross) == ((2, 200) if paid else (0, 0))
    assert state is (State.CONFIRMED if paid else State.EXPIRED)
    sale.assert_sound(4)


@pytest.mark.parametrize("_attempt", range(12))
def test_release_against_payment_has_one_winner(dynamodb: DynamoDBClient, _attempt: int) -> None:
    sale = Sale(dynamodb, [2, 2])
    check = sale.check_of(sale.take(sale.environment(1), "one", 3))
    paid, released = at_once(
        [
            partial(confirm_hold, sale.stock, sale.shelf, check, amount=300, now=sale.now),
            partial(release_hold, sale.stock, sale.shelf, check, now=sale.now),
        ]
    )
    assert isinstance(paid, tuple)
    assert isinstance(released, tuple)
    assert paid[0] != released[0]
    assert paid[1] == released[1]
    sale.beat(sale.now)
    assert sale.sums().sold == (3 if paid[0] else 0)
    assert sale.sums().held == 0
    sale.assert_sound(4)


def test_once_every_block_is_stamped_closed_no_hold_is_taken(dynamodb: DynamoDBClient) -> None:
    sale = Sale(dynamodb, [8] * 6)
    closed = threading.Event()
    late: list[str] = []

    def buy(seed: int) -> None:
        hints = sale.environment(seed)
        for number in range(40):
            began_after = closed.is_set()
            try:
                sale.take(hints, f"{seed} {number}")
            except (CampaignNotOpen, SoldOut):
                continue
            if began_after:
                late.append(f"{seed} {number}")

    def close() -> None:
        time.sleep(0.05)
        for block in sale.blocks():
            sale.stock.stamp(sale.shelf, block.number, opens=sale.opens, closes=int(time.time()))
        held = sale.sums().held
        closed.set()
        time.sleep(0.2)
        assert sale.sums().held == held

    calls: list[Callable[[], None]] = [close, *(partial(buy, seed) for seed in range(8))]
    at_once(calls)
    assert closed.is_set()
    assert late == []
    sale.assert_sound(48)


@pytest.mark.parametrize(("limit", "quantity"), [(5, 1), (5, 2), (3, 3)])
def test_two_devices_of_one_buyer_stay_within_the_limit(
    dynamodb: DynamoDBClient, limit: int, quantity: int
) -> None:
    buyers = DynamoDBBuyers(dynamodb, "buyers")
    sale = Sale(dynamodb, [16] * 4)
    buyer = Buyer("digest", limit, SECRET)

    def reserve(seed: int) -> Taken:
        request = str(uuid.uuid4())
        key = ledger_key(SECRET, request)
        claim = Claim(quantity, sale.now + sale.hold)
        claim_units(buyers, sale.stock, sale.shelf, buyer, key, claim, now=sale.now, hold=sale.hold)
        return sale.take(sale.environment(seed), request, quantity)

    answers = at_once([partial(reserve, seed) for seed in range(24)])
    refused = [answer for answer in answers if isinstance(answer, BuyerLimitReached)]
    served = [answer for answer in answers if isinstance(answer, Taken)]
    assert len(served) == limit // quantity
    assert len(served) + len(refused) == 24
    assert sale.sums().held == len(served) * quantity


def test_an_item_in_the_store_costs_one_write_unit_however_full(dynamodb: DynamoDBClient) -> None:
    sale = Sale(dynamodb, [table.BLOCK_UNITS, 32])
    hints = sale.environment(3)
    while True:
        try:
            sale.take(hints, str(uuid.uuid4()))
        except SoldOut:
            break
    assert max(len(block.ledger) for block in sale.blocks()) > table.BLOCK_UNITS
    for block in sale.blocks():
        key = {
            table.STOCK_KEY: {
                "S": table.block(sale.shelf.campaign_id, sale.shelf.sku, block.number)
            }
        }
        answer = dynamodb.update_item(
            TableName="stock",
            Key=key,
            UpdateExpression="SET #o = #o",
            ExpressionAttributeNames={"#o": table.OPENS},
            ReturnConsumedCapacity="TOTAL",
        )
        assert answer["ConsumedCapacity"]["CapacityUnits"] == 1.0
