"""Any history of buyers, payments, crashes and clocks: stock and money add up at every step, and everything ends."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.campaign import Status
from shared.domain.errors import Refusal
from shared.domain.order import Order
from shared.domain.stock import Kind
from shared.use_cases.reserve import Reservation
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.shop import HOLD, Shop, event_body

BUYERS = ("ana", "bo", "cy")
points = st.one_of(st.none(), st.integers(0, 12))
"""The moment at which the process dies, or ``None`` if it lives."""
picks = st.integers(0, 1000)


class Sale(RuleBasedStateMachine):
    """Four units in three blocks, three buyers, a bank that tells the truth late, twice, or a lie."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(blocks=[2, 1, 1], limit=3)
        self.held: list[tuple[str, Reservation]] = []
        self.orders: list[Order] = []
        self.said_paid: set[str] = set()
        self.events = 0

    def attempt(self, point: int | None, act: Callable[[], object]) -> None:
        """Act, in a process that may die; whatever is refused is refused by name."""
        if point is not None:
            self.shop.crash_at(point)
        try:
            act()
        except (Crash, Refusal):
            pass
        finally:
            self.shop.recover()

    def pick(self, number: int) -> Order:
        return self.orders[number % len(self.orders)]

    # -- buyers ------------------------------------------------------------------------------------

    @rule(buyer=st.sampled_from(BUYERS), quantity=st.integers(1, 3), point=points)
    def reserve(self, buyer: str, quantity: int, point: int | None):
        self.events += 1
        key = f"r{self.events}"
        self.attempt(
            point,
            lambda: self.held.append((buyer, self.shop.reserve(buyer, quantity, key))),
        )

    @precondition(lambda self: self.held)
    @rule(number=picks, point=points)
    def check_out(self, number: int, point: int | None):
        buyer, reservation = self.held[number % len(self.held)]

        def act() -> None:
            order = self.shop.check_out(reservation, buyer).order
            if order.id not in {known.id for known in self.orders}:
                self.orders.append(order)

        self.attempt(point, act)

    @precondition(lambda self: self.held)
    @rule(number=picks, point=points)
    def release(self, number: int, point: int | None):
        _, reservation = self.held[number % len(self.held)]
        self.attempt(
            point,
            lambda: self.shop.reservations.release(reservation.id, MERCHANT, self.shop.now),
        )

    # -- the bank ----------------------------------------------------------------------------------

    @precondition(lambda self: self.orders)
    @rule(number=picks, point=points, again=st.booleans())
    def pay(self, number: int, point: int | None, again: bool):
        order = self.pick(number)
        self.said_paid.add(order.id)
        event_id = f"paid-{order.key}" if again else f"paid-{order.key}-{self.events}"
        self.attempt(point, lambda: self.shop.pay(order, event_id))

    @precondition(lambda self: self.orders)
    @rule(number=picks, point=points)
    def fail(self, number: int, point: int | None):
        order = self.pick(number)
        body = event_body(order, "payment.failed")
        self.attempt(point, lambda: self.shop.deliver(body, f"failed-{self.events}"))

    @precondition(lambda self: self.orders)
    @rule(number=picks, point=points, lie=st.sampled_from(["amount", "payment_id", "order_id"]))
    def lie(self, number: int, point: int | None, lie: str):
        order = self.pick(number)
        body = event_body(order, **{lie: 1 if lie == "amount" else "other"})
        self.attempt(point, lambda: self.shop.deliver(body, f"lie-{self.events}"))

    # -- the show ----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 60, 61, HOLD - 1, HOLD]))
    def wait(self, seconds: int):
        self.shop.now += seconds

    @rule(point=points)
    def beat(self, point: int | None):
        self.attempt(point, self.shop.beat)

    @precondition(lambda self: self.shop.campaign.status is Status.LIVE)
    @rule(called_off=st.booleans(), among=st.integers(0, 9))
    def end(self, called_off: bool, among: int):
        if among:
            return
        self.shop.close()
        if called_off:
            self.shop.become(Status.CANCELLED)

    # -- always ------------------------------------------------------------------------------------

    @invariant()
    def stock_and_money_add_up(self):
        self.shop.check()
        for block in self.shop.stock.read_all(self.shop.shelf):
            assert all(
                entry.kind is not Kind.SOLD or entry.quantity > 0 for entry in block.ledger.values()
            )

    def teardown(self):
        """Whatever happened, the drain brings everything to its end, and a last delivery finds nothing to do."""
        shop = self.shop
        shop.recover()
        shop.close()
        for _ in range(6):
            shop.now += HOLD
            shop.drain()
        for order in self.orders:
            if order.id in self.said_paid:
                shop.pay(order, f"last-{order.key}")
                assert shop.read(order).is_settled
        shop.check(settled=True)


TestAnyHistory = Sale.TestCase
TestAnyHistory.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
