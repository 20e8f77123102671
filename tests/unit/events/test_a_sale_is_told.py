"""Whatever happens in a sale, its events say so: each thing once, and as many as the books count."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import Refusal
from shared.domain.events import Event, EventName
from shared.domain.order import Order, OrderState
from shared.domain.stock import REMEMBERED
from shared.use_cases.read_changes import (
    BlockChange,
    BoardChange,
    Change,
    OrderChange,
    QuarantineChange,
    read_change,
)
from tests.builders import MERCHANT
from tests.shop import HOLD, Shop, event_body


class Stream:
    """Notes every write to a shop's stores as a change, like the tables' streams."""

    def __init__(self, shop: Shop) -> None:
        self.changes: list[Change] = []
        self._shop = shop
        self._seen = self._look()
        shop.watch(lambda _: self.catch_up())

    def _look(self) -> dict[str, dict[Any, Any]]:
        shop = self._shop
        return {
            "blocks": dict(shop.stock.blocks),
            "boards": dict(shop.stock.boards),
            "orders": dict(shop.orders.kept),
            "quarantine": dict(shop.quarantine.kept),
        }

    def catch_up(self) -> None:
        before, self._seen = self._seen, self._look()
        for store, items in self._seen.items():
            for key, after in items.items():
                if before[store].get(key) != after:
                    self.changes.append(self._change(store, before[store].get(key), after))

    def _change(self, store: str, before: Any, after: Any) -> Change:
        place = {"campaign_id": self._shop.campaign.id, "sku": "FUJI-12"}
        at = self._shop.now
        match store:
            case "blocks":
                return BlockChange(at=at, before=before, after=after, **place)
            case "boards":
                return BoardChange(at=at, before=before, after=after, **place)
            case "orders":
                return OrderChange(at=at, before=before, after=after)
            case _:
                return QuarantineChange(at=at, after=after)


def told(changes: Iterable[Change]) -> list[Event]:
    return [event for change in changes for event in read_change(change, lambda _: MERCHANT)]


FATES = ("pays", "pays late", "pays wrong", "never pays", "comes back")
SALES = st.lists(st.tuples(st.sampled_from(FATES), st.integers(1, 3)), min_size=1, max_size=12)

Sale = list[tuple[str, int]]


def play(sale: Sale, *, closes: bool) -> tuple[Shop, list[Change]]:
    """Buyers who come one after the other to an offer of seven units; some pay late, perhaps after the close."""
    shop = Shop(blocks=[3, 2, 2])
    stream = Stream(shop)
    late: list[Order] = []
    for number, (fate, quantity) in enumerate(sale):
        try:
            late += buy(shop, f"buyer-{number}", fate, quantity)
        except Refusal:
            continue
    shop.now += 2 * HOLD
    shop.beat()
    if closes:
        shop.close()
    for order in late:
        shop.pay(order, f"late-{order.id}")
    shop.now += 2 * HOLD
    shop.drain()
    stream.catch_up()
    return shop, stream.changes


def buy(shop: Shop, buyer: str, fate: str, quantity: int) -> list[Order]:
    """One visit. The orders that will be paid when it is too late."""
    shop.now += 1
    reservation = shop.reserve(buyer, quantity, key=buyer)
    if fate == "comes back":
        # So late that the request is a new one, and sooner than any beat.
        shop.now += HOLD + REMEMBERED + 1
        reservation = shop.reserve(buyer, quantity, key=buyer)
    order = shop.check_out(reservation, buyer).order
    if fate == "pays":
        shop.pay(order, f"msg-{buyer}")
    elif fate == "pays wrong":
        shop.deliver(event_body(order, amount=1), f"msg-{buyer}")
    return [order] if fate == "pays late" else []


@settings(max_examples=100, deadline=None)
@given(SALES, st.booleans())
def test_the_events_of_a_sale_add_up_to_its_books(sale: Sale, closes: bool):
    shop, changes = play(sale, closes=closes)
    events = told(changes)

    def of(name: EventName) -> list[Event]:
        return [event for event in events if event.name is name]

    def orders(state: OrderState) -> set[str]:
        return {order.id for order in shop.orders.kept.values() if order.state is state}

    sums = shop.sums()
    assert len({event.id for event in events}) == len(events)
    assert len(of(EventName.RESERVATION_EXPIRED)) == sums.expired
    assert len(of(EventName.ORDER_PAID)) == sums.orders
    assert sum(event.data["amount"] for event in of(EventName.ORDER_PAID)) == sums.gross
    assert {event.data["order"] for event in of(EventName.ORDER_PAID)} == orders(OrderState.PAID)
    assert {event.data["order"] for event in of(EventName.ORDER_REFUNDED)} == orders(
        OrderState.REFUNDED
    )
    assert {event.data["quarantined"] for event in of(EventName.PAYMENT_QUARANTINED)} == set(
        shop.quarantine.kept
    )


@settings(max_examples=60, deadline=None)
@given(SALES, st.randoms(use_true_random=False), st.integers(0, 20))
def test_changes_told_again_and_in_any_order_are_the_same_events(
    sale: Sale, chance: Random, repeated: int
):
    _, changes = play(sale, closes=True)
    once = {event.id: event for event in told(changes)}

    again = changes + chance.choices(changes, k=repeated)
    chance.shuffle(again)
    assert {event.id: event for event in told(again)} == once
