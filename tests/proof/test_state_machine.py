"""
Any history of one show: buyers, a provider, a merchant, the machine and the streams, in whatever order Hypothesis thinks of,
with processes that die at any call and are followed by others that do the same.

The adapters are the real ones, on the store of the simulation; its audits look at every write. What they cannot see is
asked after every step: that the books are the fold of the ledgers, that no money is in two places, that an answer stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from random import Random
from typing import Any, cast
from unittest.mock import patch

from hypothesis import Phase as Part
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from functions.publish_changes.handler import lambda_handler as publish
from local.simulation.books_audit import Bank as Paid
from local.simulation.books_audit import BooksAudit
from local.simulation.deliveries import record
from local.simulation.ledger_audit import LedgerAudit
from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine
from local.simulation.world import InTurn
from shared import table, wiring
from shared.adapters.dynamodb_log import DynamoDBLog
from shared.adapters.eventbridge import EventBridgeBus
from shared.domain import ids, stock
from shared.domain.campaign import Offer, Status
from shared.domain.errors import CampaignState, IdempotencyKeyReused, Refusal
from shared.domain.order import Order, OrderState
from shared.domain.show_control import cancel, end, extend
from shared.domain.stock import REMEMBERED
from shared.domain.totals import Sums
from shared.use_cases import side_by_side
from shared.use_cases.keep_books import Beat, Phase
from shared.use_cases.reserve import Reservation
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.settle_hold import State
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage
from tests.fakes import Crash
from tests.proof.standing import misplaced, unfinished
from tests.shop import event_body, headers
from tests.theatre import FUJI, HOLD
from tests.unit.events.fake_eventbridge import FakeEventBridge

UNITS, BLOCK_UNITS, ROOM, LIMIT = 7, 3, 8, 4
UNDER_WAY = 15
"""Seconds."""
points = st.one_of(st.none(), st.none(), st.integers(0, 9))
"""The moment, before or after a call, at which the process dies; mostly it lives."""
Wish = tuple[str, str, int]


class Mortal(QuietLine):
    """The line of a process that dies at some moment: of each call there are two, before it and after it."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    @property
    def is_dead(self) -> bool:
        return self.left is not None and self.left < 0

    def before(self, operation: str, request: Mapping[str, Any]) -> None:
        self._pass(operation)

    def after(self, operation: str, request: Mapping[str, Any]) -> None:
        self._pass(operation)

    def _pass(self, operation: str) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise Crash(operation)


class Sale(RuleBasedStateMachine):
    """Seven units in three blocks with short ledgers, three buyers who may have four each."""

    holds = Bundle("holds")
    """Requests, and the reservations that they were told."""
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        room = patch.object(table, "ledger_room", lambda *_: ROOM)
        in_turn = patch.object(side_by_side, "pool", lambda _: InTurn(Random(7)))
        # The same example must be the same show.
        drawn = patch.object(ids, "draw", Random(7).randbytes)
        for each in (room, in_turn, drawn, patch.object(stock, "BLOCK_UNITS", BLOCK_UNITS)):
            self.patches.enter_context(each)
        try:
            self._open()
        except BaseException:
            # Nobody tears down what was never there, and the next test must find the world as it is.
            self.patches.close()
            raise

    def _open(self) -> None:
        self.millis = 0
        self.store = MemoryDynamoDB(lambda: self.clock() / 1000)
        self.ledger = LedgerAudit(self.clock, self.clock, tolerance=0)
        self.paid = Paid()
        self.audit = BooksAudit(self.ledger, self.paid, self.clock)
        self.store.watch = self.audit.watch
        self.line = Mortal()
        client = cast(Any, Client("dynamodb", self.store.call, self.line))
        self.log = DynamoDBLog(client, "log")
        offer = Offer(
            number=0,
            sku=FUJI,
            title={"en": "Fuji"},
            unit_price=9900,
            allotment=UNITS,
            limit_per_buyer=LIMIT,
        )
        self.show: Stage | None = None
        self.show = Stage(client, offers=(offer,), run_of_show=())
        self.show.go_live()
        self.told: dict[str, dict[str, Any]] = {}
        """Events of the streams by their ids, as they were told first."""
        self.words: list[tuple[Order, str, str]] = []
        """What the provider has said: of which order, which kind, under which event id."""
        self.numbers = 0

    def clock(self) -> int:
        return self.show.clock() if self.show is not None else 0

    @property
    def stage(self) -> Stage:
        assert self.show is not None
        return self.show

    def fresh(self, what: str) -> str:
        self.numbers += 1
        return f"{what}-{self.numbers}"

    def attempt(self, point: int | None, act: Callable[[], Any]) -> Any:
        """What is told, or the refusal. Whoever dies is followed by another process that does the same."""
        self.line.left = point
        try:
            return act()
        except Refusal as refusal:
            return refusal
        except Crash:
            pass
        finally:
            died, self.line.left = self.line.is_dead, None
            if died:
                self.stage.restart()
        return self.attempt(None, act)

    # -- buyers ----------------------------------------------------------------------------------------

    def ask(self, wish: Wish) -> Reservation:
        buyer, key, quantity = wish
        return self.stage.reserve(quantity, FUJI, buyer, key)

    @rule(
        target=holds,
        buyer=st.sampled_from(("ana", "bo", "cy")),
        quantity=st.integers(1, LIMIT),
        point=points,
    )
    def reserve(self, buyer: str, quantity: int, point: int | None):
        wish = buyer, self.fresh("r"), quantity
        told = self.attempt(point, lambda: self.ask(wish))
        if isinstance(told, Reservation):
            assert told.check.quantity == quantity
            return (wish, told)
        return multiple()

    def is_honoured(self, reservation: Reservation) -> bool:
        """Whether its key is: later it may be another reservation. Less what a request may be under way."""
        return self.stage.now < reservation.check.deadline + REMEMBERED - UNDER_WAY

    @rule(hold=holds, point=points)
    def replay(self, hold: tuple[Wish, Reservation], point: int | None):
        wish, first = hold
        if not self.is_honoured(first):
            return
        again = self.attempt(point, lambda: self.ask(wish))
        assert isinstance(again, Reservation), again
        assert (again.id, again.replayed) == (first.id, True)

    @rule(hold=holds, point=points)
    def ask_for_another_quantity_under_the_same_key(
        self, hold: tuple[Wish, Reservation], point: int | None
    ):
        (buyer, key, quantity), first = hold
        if not self.is_honoured(first):
            return
        other = quantity % LIMIT + 1
        answer = self.attempt(point, lambda: self.ask((buyer, key, other)))
        assert isinstance(answer, IdempotencyKeyReused), answer

    @rule(hold=holds, point=points)
    def release(self, hold: tuple[Wish, Reservation], point: int | None):
        _, reservation = hold
        answer = self.attempt(
            point,
            lambda: self.stage.reservations.release(reservation.id, MERCHANT, self.stage.now),
        )
        state = self.stage.state(reservation)
        if isinstance(answer, Reservation):
            assert answer.state == State.RELEASED
            assert state in (State.RELEASED, State.EXPIRED)
        else:
            assert state != State.HELD

    @rule(target=orders, hold=holds, point=points)
    def check_out(self, hold: tuple[Wish, Reservation], point: int | None):
        (buyer, _, _), reservation = hold
        answer = self.attempt(point, lambda: self.stage.check_out(reservation, buyer))
        if not isinstance(answer, Order):
            return multiple()
        assert answer.amount == reservation.check.amount
        return answer

    # -- the provider ----------------------------------------------------------------------------------

    def say(self, order: Order, kind: str, event_id: str, point: int | None = None) -> Any:
        raw = event_body(order, kind)
        return self.attempt(
            point,
            lambda: self.stage.payments.receive(
                "test", headers(raw, event_id), raw, self.stage.now
            ),
        )

    @rule(order=orders, point=points)
    def pay(self, order: Order, point: int | None):
        """In time or late, and perhaps for the second time."""
        self.paid.captured[order.id] = order.amount
        event_id = self.fresh("paid")
        self.words.append((order, "payment.succeeded", event_id))
        assert not isinstance(self.say(order, *self.words[-1][1:], point), Refusal)

    @rule(order=orders, point=points)
    def fail(self, order: Order, point: int | None):
        self.words.append((order, "payment.failed", self.fresh("failed")))
        assert not isinstance(self.say(order, *self.words[-1][1:], point), Refusal)

    @precondition(lambda self: self.words)
    @rule(number=st.integers(0, 99), point=points)
    def say_again(self, number: int, point: int | None):
        word = self.words[number % len(self.words)]
        assert not isinstance(self.say(*word, point), Refusal)

    @rule(order=consumes(orders), point=points)
    def pay_after_the_hold_is_over(self, order: Order, point: int | None):
        self.stage.wait(max(0, order.expires_at - self.stage.now))
        self.beat(None)
        self.pay(order, point)

    # -- the show --------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.4, 1, 5, HOLD - 1, HOLD, HOLD + REMEMBERED)))
    def wait(self, seconds: float):
        self.stage.wait(seconds)

    @rule(point=points)
    def beat(self, point: int | None):
        beat = self.attempt(point, self.stage.beat)
        assert isinstance(beat, Beat), beat
        assert not beat.faults
        if beat.phase is Phase.CLOSE:
            self.attempt(None, self.stage.close)

    def merchant(self, point: int | None, decide: Callable[[Any], Any]) -> None:
        def act() -> Any:
            return change_campaign(self.stage.campaigns, self.stage.id, decide, by="its merchant")

        answer = self.attempt(point, act)
        assert not isinstance(answer, Refusal) or isinstance(answer, CampaignState), answer

    @precondition(lambda self: self.stage.status() is Status.LIVE and self.numbers > 12)
    @rule(called_off=st.booleans(), point=points)
    def end_or_call_off(self, called_off: bool, point: int | None):
        now = self.stage.now
        if called_off:
            self.merchant(point, lambda campaign: cancel(campaign, reason="Storm", now=now))
        else:
            self.merchant(point, lambda campaign: end(campaign, now=now))

    @precondition(lambda self: self.stage.status() is Status.LIVE)
    @rule(point=points)
    def extend_it(self, point: int | None):
        now, later = self.stage.now, self.stage.campaign.ends_at + 60
        self.merchant(point, lambda campaign: extend(campaign, ends_at=later, now=now))

    @precondition(lambda self: self.stage.status() is not Status.LIVE)
    @rule(point=points)
    def close(self, point: int | None):
        self.attempt(point, self.stage.close)

    # -- the streams -----------------------------------------------------------------------------------

    @rule(number=st.integers(0, 10_000), size=st.integers(1, 25))
    def bring_changes_of_the_streams(self, number: int, size: int):
        """From anywhere, and again: the same change is told in the same words under the same id."""
        changes = [each for each in self.store.changes if table.TABLES[each.role].stream]
        first = number % len(changes)
        client = FakeEventBridge()
        bus = EventBridgeBus(cast(Any, client), "bus", pause=lambda _: None)
        with (
            patch.object(wiring, "bus", lambda: bus),
            patch.object(wiring, "merchant_of", lambda _: MERCHANT),
            patch.object(wiring, "campaign_log", lambda: self.log),
        ):
            answer = publish({"Records": [record(each) for each in changes[first : first + size]]})
        assert answer == {"batchItemFailures": []}
        for event in client.told:
            assert self.told.setdefault(event["id"], event) == event

    # -- always ----------------------------------------------------------------------------------------

    @invariant()
    def books_are_the_fold_of_the_ledgers(self) -> None:
        blocks = self.stage.blocks()
        assert [fault for block in blocks for fault in block.faults()] == []
        sums = Sums.of(blocks)
        assert sums.allotted == UNITS
        assert sums == self.ledger.shelves[self.stage.id, FUJI].sums
        assert min(sums.numbers) >= 0

    @invariant()
    def no_money_is_in_two_places(self):
        orders = list(self.stage.orders.all(self.stage.id))
        refunds = self.stage.bank.refunds
        assert misplaced(self.stage.campaign, self.stage.blocks(), orders, refunds) == []
        for order in orders:
            assert order.captured in (0, self.paid.captured.get(order.id, 0))

    def teardown(self):
        """Whatever happened: everything ends, all money has one place, the books balance and stay so."""
        stage = self.stage
        try:
            if stage.status() is Status.LIVE:
                stage.end()
            assert stage.run_to_the_end(200)
            for order, kind, event_id in self.words:
                self.say(order, kind, event_id)
            orders = list(stage.orders.all(stage.id))
            assert unfinished(stage.blocks(), orders) == []
            for order in orders:
                if order.id in self.paid.captured:
                    assert order.state in (OrderState.PAID, OrderState.REFUNDED)
            before = stage.report()
            assert stage.reconcile()
            assert stage.report() == before
            self.books_are_the_fold_of_the_ledgers()
        finally:
            self.patches.close()


TestAnyHistoryOfAShow = Sale.TestCase
# Without the phase that explains a failure: it traces every line, and takes many times as long.
TestAnyHistoryOfAShow.settings = settings(
    max_examples=100, stateful_step_count=40, phases=(Part.generate, Part.shrink)
)
