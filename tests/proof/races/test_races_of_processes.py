"""The same races between processes of the operating system, each with the deployed functions, clients and caches."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from bench.show import MERCHANT, OnSale, put_on_sale
from functions.checkout.handler import lambda_handler as check_out
from functions.reserve.handler import lambda_handler as reserve
from local.engine.dynamodb_local import DynamoDBLocal
from shared import wiring
from shared.domain.order import OrderState
from shared.domain.stock import sizes
from shared.domain.totals import Sums
from tests.gateway import event
from tests.proof.checkers import bank, counter, durable, one_answer
from tests.proof.history import History, Operation, Type
from tests.proof.races.conftest import Tally
from tests.proof.races.selling_process import Call, begin, work
from tests.proof.standing import reservations
from tests.shop import SHIP_TO, headers

CREW = 4
RESERVE = "POST /v1/campaigns/{campaign_id}/reservations"

pytestmark = pytest.mark.usefixtures("wired")


class Crew:
    """Processes that begin what they are given together, and a reader in this one."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def run(self, sale: OnSale, history: History, calls: list[Call]) -> None:
        """Deal the calls out in turn; whatever came of them is in the history then."""
        over = threading.Event()
        reader = threading.Thread(target=self._watch, args=(sale, history, over))
        shares = [calls[number::CREW] for number in range(CREW)]
        jobs = [self._pool.submit(work, number + 1, share) for number, share in enumerate(shares)]
        reader.start()
        try:
            done = [job.result() for job in jobs]
        finally:
            over.set()
            reader.join()
        for entries in done:
            history.join(entries)

    def _watch(self, sale: OnSale, history: History, over: threading.Event) -> None:
        while not over.is_set():
            look(sale, history)
            over.wait(0.015)


@pytest.fixture(scope="module")
def crew(dynamodb_local: DynamoDBLocal) -> Iterator[Crew]:
    """Processes of their own, started once."""
    context = multiprocessing.get_context("spawn")
    given = (dynamodb_local.url, context.Barrier(CREW))
    with ProcessPoolExecutor(CREW, context, initializer=begin, initargs=given) as pool:
        yield Crew(pool)


def look(sale: OnSale, history: History) -> Sums:
    """One consistent reading of every block."""
    blocks = history.attempt(0, "read", None, lambda: [wiring.stock().read_all(sale.shelf)])
    assert isinstance(blocks, list)
    return Sums.of(blocks[0])


def wish(sale: OnSale, buyer: str, key: str, units: int = 1) -> Call:
    """A request for units."""
    body = {"sku": "FUJI-12", "quantity": units, "buyer_id": buyer}
    return Call(
        "reserve",
        "reserve",
        (buyer, key, units),
        event(
            RESERVE,
            body,
            path={"campaign_id": sale.campaign.id},
            headers={"Idempotency-Key": key},
            merchant=MERCHANT,
            scope="sell",
        ),
    )


def an_order(sale: OnSale, history: History, buyer: str, units: int = 1) -> dict[str, Any]:
    """Reserved and checked out, in this process."""
    call = wish(sale, buyer, "key", units)
    held = history.attempt(0, "reserve", call.value, lambda: reserve(call.event), _id)
    assert isinstance(held, dict)
    made = check_out(
        event(
            "POST /v1/reservations/{reservation_id}/checkout",
            {"buyer_id": buyer, "payment_method": "card", "ship_to": SHIP_TO},
            path={"reservation_id": json.loads(held["body"])["id"]},
            headers={"Idempotency-Key": "check out"},
            merchant=MERCHANT,
            scope="sell",
        )
    )
    order: dict[str, Any] = json.loads(made["body"])
    return order


def _id(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["id"])


def payment(order: dict[str, Any], event_id: str) -> Call:
    """The provider's word that an order's money came in."""
    data = {name: order[name] for name in ("amount", "currency")}
    data |= {"order_id": order["id"], "payment_id": order["payment"]["id"], "livemode": False}
    raw = json.dumps({"type": "payment.succeeded", "data": data}).encode()
    sent = event(
        "POST /v1/webhooks/payments/{provider}",
        path={"provider": "test"},
        headers=headers(raw, event_id),
        merchant=None,
        raw=raw,
    )
    return Call("payment_webhooks", "pay", order["id"], sent)


def judge(sale: OnSale, history: History) -> Sums:
    """As the races between threads are judged."""
    sums, offer = look(sale, history), sale.campaign.offers[0]
    blocks = wiring.stock().read_all(sale.shelf)
    orders = list(wiring.orders().all(sale.campaign.id))
    laid_out = {(0, number): units for number, units in enumerate(sizes(offer.allotment))}
    standing = list(reservations(history, sale.campaign, blocks, orders))
    found = bank(history, laid_out)
    found += counter(history, "reserve", lambda read: Sums.of(read[0]).placed, perhaps=["pay"])
    found += one_answer(history, "reserve")
    found += durable(history, "reserve", standing)
    if any(entry.f == "pay" for entry in history.entries):
        found += durable(history, "pay", [order.id for order in orders if order.captured])
    assert not found, found[:10]
    return sums


def told(history: History, f: str) -> Counter[Any]:
    """How operations ended: what was told, or the code of the refusal."""

    def end(operation: Operation) -> Any:
        return operation.told if operation.type is not Type.INFO else Type.INFO

    return Counter(end(operation) for operation in history.operations(f))


@pytest.mark.parametrize("units", [10, 40, 70])
def test_many_buyers_at_several_processes_get_every_unit_once(crew: Crew, tally: Tally, units: int):
    sale, history = put_on_sale(units), History()
    crew.run(sale, history, [wish(sale, f"b{number}", "key") for number in range(240)])
    ends = told(history, "reserve")
    assert ends["sold_out"] == 240 - units
    assert judge(sale, history).held == units
    tally(history)


@pytest.mark.parametrize("units", [1, 3, 35])
def test_one_key_at_several_processes_is_one_reservation(crew: Crew, tally: Tally, units: int):
    sale, history = put_on_sale(96), History()
    crew.run(sale, history, [wish(sale, "ana", "one", units) for _ in range(48)])
    assert len(told(history, "reserve")) == 1
    assert judge(sale, history).held == units
    tally(history)


@pytest.mark.parametrize("limit", [1, 3, 5])
def test_devices_at_several_processes_stay_within_the_limit(crew: Crew, tally: Tally, limit: int):
    sale, history = put_on_sale(64, limit_per_buyer=limit), History()
    wishes = [wish(sale, "ana", f"device {number % 16}") for number in range(48)]
    crew.run(sale, history, wishes)
    assert told(history, "reserve")["buyer_limit_reached"] > 0
    assert judge(sale, history).held == limit
    tally(history)


@pytest.mark.parametrize("copies", [12, 24, 48])
def test_a_webhook_at_several_processes_pays_its_order_once(crew: Crew, tally: Tally, copies: int):
    sale, history = put_on_sale(40), History()
    orders = [an_order(sale, history, "ana", units=35)]
    orders += [an_order(sale, history, f"b{number}") for number in range(3)]
    calls = [payment(order, f"msg {order['id']}") for order in orders] * (copies // 4)
    crew.run(sale, history, calls)
    assert set(told(history, "pay")) <= {"paid", "known"}
    sums = judge(sale, history)
    assert (sums.sold, sums.orders, sums.held) == (38, 4, 0)
    standing = list(wiring.orders().all(sale.campaign.id))
    assert {order.state for order in standing} == {OrderState.PAID}
    assert sums.gross == sum(order.captured for order in standing)
    tally(history)


@pytest.mark.parametrize("seed", range(3))
def test_releases_at_several_processes_against_payments_leave_one_outcome(
    crew: Crew, tally: Tally, seed: int
):
    sale, history = put_on_sale(36), History()
    orders = [an_order(sale, history, f"b{number}", 1 + seed) for number in range(8)]
    calls = []
    for order in orders:
        path = {"reservation_id": order["reservation"]}
        give_back = sale.event("DELETE /v1/reservations/{reservation_id}", path)
        calls += [
            payment(order, f"msg {order['id']}"),
            Call("reserve", "release", order["reservation"], give_back),
        ]
    crew.run(sale, history, calls)
    # A release that came first makes the payment late: it takes units again, which are there.
    assert told(history, "pay")["paid"] == 8
    sums = judge(sale, history)
    assert (sums.orders, sums.sold, sums.held) == (8, 8 * (1 + seed), 0)
    assert sums.released == sum(each.type is Type.OK for each in history.operations("release"))
    tally(history)
