"""Nothing is stuck: every hold ends, every payment finds its place, and what is poisoned holds up nobody but itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from random import Random
from typing import Any, cast
from unittest.mock import patch

import pytest

from functions.publish_changes.handler import lambda_handler as publish
from local.simulation.deliveries import record
from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine
from shared import table, wiring
from shared.adapters.dynamodb_order_items import key_of
from shared.adapters.eventbridge import EventBridgeBus
from shared.domain import stock
from shared.domain.campaign import Status
from shared.domain.errors import Busy, SoldOut
from shared.domain.order import Order, OrderState
from shared.domain.payment import ParkedEvent, PaymentEvent, PaymentKind
from shared.domain.stock import Kind
from shared.domain.totals import Sums
from shared.use_cases.finish_orders import UNDER_WAY
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.keep_books import BEAT, LOOK_BACK, Phase
from shared.use_cases.settle_hold import State
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage
from tests.fakes import MemoryLog
from tests.proof.standing import unfinished
from tests.theatre import FUJI, HOLD, an_offer
from tests.unit.events.fake_eventbridge import FakeEventBridge


class MemoryStage(Stage):
    """The show on the simulation's store, with the real adapters."""

    def __init__(self, units: int, **fields: Any) -> None:
        self.store = MemoryDynamoDB(lambda: 0.0)
        client = cast(Any, Client("dynamodb", self.store.call, QuietLine()))
        super().__init__(client, offers=(an_offer(allotment=units),), run_of_show=(), **fields)

    def orders_now(self) -> list[Order]:
        return list(self.orders.all(self.id))


def a_show(units: int = 40, **fields: Any) -> MemoryStage:
    show = MemoryStage(units, **fields)
    show.go_live()
    return show


# -- holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_every_hold_has_ended_one_beat_after_its_deadline_and_its_units_are_free(seed: int):
    """Of one block and of several; with beats that come late, and some that die after their first step."""
    random = Random(seed)
    with patch.object(stock, "BLOCK_UNITS", 1 + seed % 4):
        show = a_show(24)
        ends: dict[str, int] = {}
        latest = show.now
        for _ in range(60):
            try:
                hold = show.reserve(random.randint(1, 5), buyer=f"{random.random()}")
                ends[hold.id] = hold.check.deadline
            except SoldOut:
                pass
            if random.random() < 0.3:
                show.wait(random.choice((1, BEAT, 30)))
            if random.random() < 0.5:
                show.beat()
                latest = show.now
            overdue = [
                entry
                for block in show.blocks()
                for entry in block.ledger.values()
                if entry.kind is Kind.HELD and entry.deadline <= latest
            ]
            assert overdue == []
        show.wait(HOLD)
        show.beat()
        sums = Sums.of(show.blocks())
        assert (sums.available, sums.held, sums.expired) == (24, 0, len(ends))


def test_a_hold_of_several_blocks_whose_taker_died_half_way_gives_its_units_back():
    with patch.object(stock, "BLOCK_UNITS", 2):
        show = a_show(6)
        amend, show.stock.amend = show.stock.amend, _dies_after(show.stock.amend, 2)  # type: ignore[method-assign]
        with pytest.raises(Gone):
            show.reserve(5)
        show.stock.amend = amend  # type: ignore[method-assign]
        assert Sums.of(show.blocks()).available < 6
        show.wait(HOLD)
        # The void that ends the path, then the parts by it.
        for _ in range(2):
            show.beat()
            show.wait(BEAT)
        assert Sums.of(show.blocks()).available == 6


class Gone(BaseException):
    """The process is no more."""


def _dies_after(amend: Any, times: int) -> Any:
    left = times

    def mortal(*args: Any) -> Any:
        nonlocal left
        answer = amend(*args)
        left -= 1
        if not left:
            raise Gone
        return answer

    return mortal


# -- payments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("silence", [30, LOOK_BACK - 60, LOOK_BACK + 120])
def test_every_payment_finds_its_place_after_a_provider_that_was_silent_for_long(silence: int):
    """Nothing can be cancelled or given back; the others go on. What beats no longer look at, the drain does."""
    show = a_show(2)
    late = [show.check_out(show.reserve(buyer=f"late {n}"), f"late {n}") for n in range(2)]
    show.wait(HOLD)
    show.beat()
    taken = [show.sell() for _ in range(2)]

    def silent(what: str) -> None:
        if what in ("refund", "cancel_payment"):
            raise Busy

    show.bank.before = silent
    assert Outcome.PAID not in [_deliver(show, order) for order in late]
    for _ in range(silence // BEAT):
        show.beat()
        show.wait(BEAT)
    assert {order.state for order in show.orders_now()} != {OrderState.PAID}
    assert Sums.of(show.blocks()).orders == len(taken)
    show.bank.before = lambda _: None
    assert show.run_to_the_end()
    assert unfinished(show.blocks(), show.orders_now()) == []
    assert dict(show.bank.refunds) == {order.id: order.amount for order in late}


def _deliver(show: MemoryStage, order: Order) -> Outcome | None:
    """Told once, and by nobody again."""
    try:
        return show.pay(order)
    except Busy:
        return None


@pytest.mark.parametrize("seed", range(6))
def test_every_order_comes_to_an_end_whenever_it_is_paid_or_not(seed: int):
    random = Random(seed)
    with patch.object(stock, "BLOCK_UNITS", 3):
        show = a_show(12)
        waiting: list[Order] = []
        for number in range(25):
            try:
                hold = show.reserve(random.randint(1, 4), buyer=f"b{number}")
                waiting.append(show.check_out(hold, f"b{number}"))
            except SoldOut:
                pass
            for order in list(waiting):
                if random.random() < 0.15:
                    show.pay(order)
                    waiting.remove(order)
            show.wait(random.choice((1, 5, 20)))
            if random.random() < 0.6:
                show.beat()
        show.end()
        assert show.run_to_the_end()
        for order in waiting[::2]:
            # After the books are closed: it goes back.
            assert show.pay(order) is Outcome.REFUNDED
        ended = {order.id: order.state for order in show.orders_now()}
        assert set(ended.values()) <= {OrderState.PAID, OrderState.REFUNDED, OrderState.CANCELLED}
        assert unfinished(show.blocks(), show.orders_now()) == []
        assert show.status() is Status.CLOSED


# -- poison in the tables ------------------------------------------------------------------------------


def _write(show: MemoryStage, order: Order, update: str, **values: Any) -> None:
    names = {"#state": table.ORDER_STATE, "#sku": table.ORDER_SKU}
    show.store.call(
        "UpdateItem",
        {
            "TableName": "orders",
            "Key": key_of(order.campaign_id, order.key, order.expires_at),
            "UpdateExpression": update,
            "ExpressionAttributeNames": {
                name: attribute for name, attribute in names.items() if name in update
            },
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
        },
    )


@pytest.mark.parametrize("place", range(3))
def test_an_order_that_cannot_be_read_does_not_stop_the_beat_for_the_others(
    place: int, caplog: pytest.LogCaptureFixture
):
    show = a_show()
    orders = [show.check_out(show.reserve(buyer=f"b{n}"), f"b{n}") for n in range(3)]
    poisoned = orders.pop(place)
    _write(show, poisoned, "SET #sku = :much", much={"N": "7"})
    show.wait(HOLD)
    beat = show.beat()
    assert (beat.expired, beat.held) == (3, 0)
    assert {show.orders.find(order.claim(show.campaign.secret)).state for order in orders} == {  # type: ignore[union-attr]
        OrderState.CANCELLED
    }
    assert f"{poisoned.expires_at}#{poisoned.key} cannot be read" in caplog.text
    assert "Nanjing" not in caplog.text
    # Its money has no place that anybody could name: the books are not closed over it.
    show.end()
    show.close()
    show.wait(UNDER_WAY)
    assert show.beat().phase is Phase.DRAINED
    with pytest.raises(KeyError):
        show.reconcile()
    assert show.status() is Status.CLOSING


def test_an_order_that_cannot_be_finished_does_not_stop_the_beat_and_is_finished_once_it_can(
    caplog: pytest.LogCaptureFixture,
):
    show = a_show()
    orders = [show.check_out(show.reserve(buyer=f"b{n}"), f"b{n}") for n in range(3)]
    _write(show, orders[1], "SET #sku = :other", other={"S": "NOT-OURS"})
    show.wait(HOLD)
    with caplog.at_level(logging.ERROR):
        beat = show.beat()
    assert beat.waiting == 1
    assert f"{orders[1].id} cannot be finished" in caplog.text
    states = {order.id: order.state for order in show.orders_now()}
    assert states[orders[0].id] is states[orders[2].id] is OrderState.CANCELLED
    _write(show, orders[1], "SET #sku = :own", own={"S": FUJI})
    show.wait(BEAT)
    assert show.beat().waiting == 0
    assert {order.state for order in show.orders_now()} == {OrderState.CANCELLED}
    show.end()
    assert show.run_to_the_end()


def test_an_event_that_waits_and_cannot_be_read_stops_neither_the_beat_nor_the_drain(
    caplog: pytest.LogCaptureFixture,
):
    show = a_show()
    orders = [show.check_out(show.reserve(buyer=f"b{n}"), f"b{n}") for n in range(3)]
    said = PaymentEvent(
        id="msg_1",
        kind=PaymentKind.SUCCEEDED,
        payment_id="pay_1",
        order_id=orders[0].id,
        amount=1,
        currency="CNY",
        livemode=False,
    )
    show.orders.park(
        orders[0].claim(show.campaign.secret),
        ParkedEvent(provider="test", event=said, since=show.now),
    )
    [item] = [item for item in show.store.items("orders") if table.ORDER_EVENT in item]
    spoilt = {**item, table.ORDER_EVENT: {"S": '{"since": 1}'}}
    show.store.call("PutItem", {"TableName": "orders", "Item": spoilt})
    show.wait(HOLD)
    show.beat()
    assert {order.state for order in show.orders_now()} == {OrderState.CANCELLED}
    assert f"{item[table.ORDER_SORT]['S']} cannot be read" in caplog.text
    show.end()
    assert show.run_to_the_end()


@pytest.mark.parametrize("value", [{"N": "120901"}, {"S": "what"}])
def test_a_ledger_entry_that_cannot_be_read_is_told_and_the_others_end_all_the_same(
    value: Mapping[str, Any],
):
    with patch.object(stock, "BLOCK_UNITS", 4):
        show = a_show(8)
        holds = [show.reserve(buyer=f"b{n}") for n in range(6)]
        poisoned = holds[2].check
        show.store.call(
            "UpdateItem",
            {
                "TableName": "stock",
                "Key": {table.STOCK_KEY: {"S": table.block(show.id, FUJI, poisoned.block)}},
                "UpdateExpression": "SET #ledger.#key = :value",
                "ExpressionAttributeNames": {"#ledger": table.LEDGER, "#key": poisoned.key},
                "ExpressionAttributeValues": {":value": value},
            },
        )
        show.wait(HOLD)
        beat = show.beat()
        assert beat.expired == 5
        said = f"block {poisoned.block}: entry {poisoned.key} cannot be read"
        assert said in beat.faults
        # The counters moved with the units: the totals are what they were.
        assert (beat.snapshot.total.allotted, Sums.of(show.blocks()).held) == (8, 1)
        others = [hold for hold in holds if hold.check.key != poisoned.key]
        assert {show.state(hold) for hold in others} == {State.EXPIRED.value}
        show.sell(3)
        assert Sums.of(show.blocks()).sold == 3
        assert said in show.beat().faults


# -- poison in the streams -----------------------------------------------------------------------------


def _told(records: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """The events of a batch by their ids, and the records that must come again."""
    client = FakeEventBridge()
    bus = EventBridgeBus(cast(Any, client), "bus", pause=lambda _: None)
    with (
        patch.object(wiring, "bus", lambda: bus),
        patch.object(wiring, "merchant_of", lambda _: MERCHANT),
        patch.object(wiring, "campaign_log", MemoryLog),
    ):
        answer = publish({"Records": records})
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    return {event["id"]: event for event in client.told}, failed


def test_a_poison_record_fails_alone_and_redriven_it_tells_what_it_would_have_told():
    """Each record of a show in turn: what the others tell now and it tells later is what all would have told."""
    show = a_show(3)
    show.sell()
    late = show.check_out(show.reserve(buyer="late"), "late")
    show.wait(HOLD)
    show.beat()
    show.sell(2)
    show.pay(late)
    show.end()
    assert show.run_to_the_end()
    streams = [change for change in show.store.changes if table.TABLES[change.role].stream]
    batch = [record(change) for change in streams]
    whole, failed = _told(batch)
    assert failed == []
    assert len(whole) >= 6
    poisoned = 0
    for place, change in enumerate(batch):
        number = change["dynamodb"]["SequenceNumber"]
        spoilt = {**change, "dynamodb": {**change["dynamodb"], "NewImage": {"?": {"S": "?"}}}}
        neighbours, failed = _told([*batch[:place], spoilt, *batch[place + 1 :]])
        assert failed == [number]
        redriven, failed = _told([change])
        assert failed == []
        assert neighbours | redriven == whole
        poisoned += 1
    assert poisoned == len(batch) > 20
