"""
Where races are run: one campaign on DynamoDB Local with the real adapters, processes that know only what they have read
themselves, a reader who looks at all blocks all the while, and the judges afterwards.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb_payments import DynamoDBQuarantine
from shared.domain.campaign import Campaign, Offer
from shared.domain.errors import Refusal
from shared.domain.ids import ledger_key
from shared.domain.order import Order, OrderState
from shared.domain.show_control import cancel
from shared.domain.stock import Block, Kind, sizes
from shared.domain.totals import Snapshot, Sums
from shared.use_cases.campaign_cache import CampaignCache
from shared.use_cases.check_out import CheckedOut, Checkout, CheckoutDesk
from shared.use_cases.hints import Hints
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.keep_books import Beat, Phase, keep_books
from shared.use_cases.order_ports import Books
from shared.use_cases.receive_payment import PaymentDesk
from shared.use_cases.request_keys import keys_of
from shared.use_cases.reserve import Reservation, ReservationDesk, ReservationRequest
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.take_snapshot import count_blocks, take_snapshot
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage
from tests.proof.checkers import Blocks, bank, counter, durable, one_answer
from tests.proof.history import History
from tests.shop import SHIP_TO, event_body, headers
from tests.theatre import FUJI, HOLD

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Wish = tuple[str, str, int]
"""Buyer, Idempotency-Key and units."""


class Race:
    """One show of one offer, live for a minute, and everything that is done to it."""

    def __init__(self, client: DynamoDBClient, seed: int, offer: Offer, **fields: Any) -> None:
        self.client = client
        self.random = Random(seed)
        self.show = Stage(client, **{"offers": (offer,), "run_of_show": (), **fields})
        self.history = History()
        self.judged = False
        self._processes = 0

    def go_live(self) -> None:
        """On sale, since a minute ago."""
        self.show.go_live()
        self.show.wait(60)

    def process(self, *, slow: int = 0) -> Process:
        """Another process. ``slow``: seconds by which its clock is behind."""
        self._processes += 1
        return Process(self, self._processes, slow)

    def processes(self, count: int, *, slow: int = 0) -> list[Process]:
        """Some more."""
        return [self.process(slow=slow) for _ in range(count)]

    def at_once(self, *acts: Callable[[], Any], watched: bool = True) -> list[Any]:
        """All of them, as nearly at one instant as threads can, and a reader beside them."""
        over = threading.Event()
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], Any]) -> Any:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(len(acts) + 1) as pool:
            reading = pool.submit(self._watch, over) if watched else None
            try:
                # Whoever is first in this list begins a little before the others; so nobody always is.
                order = self.random.sample(range(len(acts)), len(acts))
                running = {place: pool.submit(run, acts[place]) for place in order}
                told = [running[place].result() for place in range(len(acts))]
            finally:
                over.set()
            if reading is not None:
                reading.result()
        return told

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            self.look()
            over.wait(0.005)
        self.look()

    def look(self) -> Blocks:
        """One consistent reading of every block."""
        show = self.show
        read = self.history.attempt(
            0, "read", None, lambda: count_blocks(show.stock, show.campaign)
        )
        assert isinstance(read, list), "the store did not answer"
        return read

    # -- what stands at the end ------------------------------------------------------------------------

    def placed(self) -> int:
        """Reservations that were ever made, as somebody else counts them."""
        [blocks] = count_blocks(self.show.stock, self.show.campaign)
        return Sums.of(blocks).placed

    def cancel(self) -> None:
        """The merchant calls the show off, whoever changes it at the same time."""
        change_campaign(self.show.campaigns, self.show.id, partial(cancel, reason="Storm"))

    def orders(self) -> list[Order]:
        """All of them, as they stand."""
        return list(self.show.orders.all(self.show.id))

    def judge(self, *, settled: bool = False, pruned: bool = False) -> Sums:
        """
        Nothing was lost, made up or counted twice, at any read. ``settled``: and everything has come to its end; ``pruned``:
        entries of the ledger may be forgotten by now. The totals at the end.
        """
        history, show = self.history, self.show
        campaign, [blocks], orders = show.campaign, self.look(), self.orders()
        of_offer = enumerate(sizes(campaign.offers[0].allotment))
        found = bank(history, {(0, number): units for number, units in of_offer})
        done = {entry.f for entry in history.entries}
        if "reserve" in done:
            # A late payment takes units again, by itself or when a beat goes on with it: one more reservation.
            found += counter(
                history, "reserve", lambda read: Sums.of(read[0]).placed, perhaps=("pay", "beat")
            )
            found += one_answer(history, "reserve")
            if not pruned:
                found += durable(
                    history, "reserve", reservations(history, campaign, blocks, orders)
                )
        if "check out" in done:
            found += durable(history, "check out", [order.reservation_id for order in orders])
        if "pay" in done:
            found += durable(history, "pay", [order.id for order in orders if order.captured])
        found += misplaced(campaign, blocks, orders, show.bank.refunds)
        if settled:
            found += unfinished(blocks, orders)
        assert not found, found[:10]
        self.judged = True
        return Sums.of(blocks)

    def settle(self) -> Sums:
        """The show is over: its books drain and balance, and everything has come to its end."""
        show = self.show
        show.close()
        for _ in range(4):
            show.wait(HOLD)
            if show.beat().phase is Phase.DRAINED:
                break
        assert show.reconcile(), show.report()["reconciliation"]
        return self.judge(settled=True)


class Process:
    """A process of a function: its caches, hints and clock are its own, the stores are everybody's."""

    def __init__(self, race: Race, number: int, slow: int) -> None:
        show = race.show
        self.number = number
        self._show, self._history, self._slow = show, race.history, slow
        self._began = time.monotonic()
        providers = {"test": show.bank}
        campaigns = CampaignCache(show.campaigns)
        hints = Hints(show.stock, self.millis, choice=Random(race.random.random()))
        quarantine = DynamoDBQuarantine(race.client, "payments")
        self.books = Books(
            show.orders, show.stock, hints, show.buyers, providers, quarantine, livemode=False
        )
        self.reservations = ReservationDesk(campaigns, show.stock, hints, show.buyers)
        self._checkouts = CheckoutDesk(campaigns, show.stock, show.orders, providers)
        self._payments = PaymentDesk(campaigns, self.books)

    def millis(self) -> int:
        """The time of the show, which runs on as the machine's does."""
        ran = time.monotonic() - self._began
        return self._show.millis + int(ran * 1000) - self._slow * 1000

    @property
    def now(self) -> int:
        """Seconds, as the test has set them: deadlines are met exactly, or not at all."""
        return self._show.now - self._slow

    def reserve(
        self, buyer: str, key: str = "key", units: int = 1, *, now: int | None = None
    ) -> Reservation | Refusal | None:
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self._show.id,
            sku=FUJI,
            quantity=units,
            buyer_id=buyer,
            idempotency_key=key,
        )
        at = self.now if now is None else now
        return self._attempt(
            "reserve",
            (buyer, key, units),
            lambda: self.reservations.reserve(request, at),
            lambda reservation: reservation.id,
        )

    def hold(self, buyer: str, key: str = "key", units: int = 1) -> Reservation:
        """Reserve, which must come through."""
        reservation = self.reserve(buyer, key, units)
        assert isinstance(reservation, Reservation), reservation
        return reservation

    def release(self, reservation: Reservation) -> Reservation | Refusal | None:
        return self._attempt(
            "release",
            reservation.id,
            lambda: self.reservations.release(reservation.id, MERCHANT, self.now),
            lambda released: released.state,
        )

    def check_out(
        self, reservation: Reservation, buyer: str, key: str = "check out", method: str = "card"
    ) -> CheckedOut | Refusal | None:
        checkout = Checkout(
            merchant=MERCHANT,
            reservation_id=reservation.id,
            buyer_id=buyer,
            payment_method=method,
            ship_to=SHIP_TO,
            idempotency_key=key,
        )
        return self._attempt(
            "check out",
            reservation.id,
            lambda: self._checkouts.check_out(checkout, self.now),
            lambda done: done.order.id,
        )

    def order(self, buyer: str, key: str = "key", units: int = 1) -> Order:
        """A reservation, checked out."""
        done = self.check_out(self.hold(buyer, key, units), buyer)
        assert isinstance(done, CheckedOut), done
        return done.order

    def pay(
        self, order: Order, event_id: str = "", *, now: int | None = None
    ) -> Outcome | Refusal | None:
        """The provider's word that the money came in."""
        at = self.now if now is None else now
        raw, event_id = event_body(order), event_id or f"msg_{order.id}"
        return self._attempt(
            "pay",
            order.id,
            lambda: self._payments.receive("test", headers(raw, event_id), raw, at),
        )

    def tell(self, raw: bytes, event_id: str) -> Outcome | Refusal | None:
        """Whatever else a provider says."""
        return self._attempt(
            "tell",
            event_id,
            lambda: self._payments.receive("test", headers(raw, event_id), raw, self.now),
        )

    def beat(self, *, now: int | None = None) -> Beat | Refusal | None:
        """One beat of the show."""
        show = self._show
        clock = self.millis if now is None else (lambda: now * 1000)
        return self._attempt(
            "beat",
            None,
            lambda: keep_books(show.campaigns, show.totals, self.books, show.id, clock),
            lambda beat: beat.snapshot.version,
        )

    def snapshot(self) -> Snapshot:
        """The totals, counted now."""
        show = self._show
        return take_snapshot(show.totals, show.stock, show.campaign, self.millis).snapshot

    def _attempt(
        self,
        f: str,
        value: Any,
        act: Callable[[], Any],
        tell: Callable[[Any], Any] = lambda told: told,
    ) -> Any:
        return self._history.attempt(self.number, f, value, act, tell)


def misplaced(
    campaign: Campaign,
    blocks: Iterable[Block],
    orders: Iterable[Order],
    refunds: Mapping[str, int],
) -> list[str]:
    """Orders whose money or units are not where they say. ``refunds``: what the bank sent back, by order."""
    sold = {
        (block.number, key)
        for block in blocks
        for key, entry in block.ledger.items()
        if entry.kind is Kind.SOLD and entry.is_tail
    }
    found = []
    for order in orders:
        claim, refunded = order.claim(campaign.secret), refunds.get(order.id, 0)
        has_units = (claim.block, claim.key) in sold
        if has_units and refunded:
            found.append(f"{order.id} has both the units and the money")
        if order.state is OrderState.REFUNDED and refunded != order.amount:
            found.append(f"{order.id} is refunded, and {refunded} went back")
        if order.state is OrderState.PAID and (refunded or not has_units):
            found.append(f"{order.id} is paid, and has no units")
    return found


def unfinished(blocks: Sequence[Block], orders: Iterable[Order]) -> list[str]:
    """What has not come to its end when everything should have; and money that is not the paid orders'."""
    found, paid = [], []
    for order in orders:
        if order.awaits_payment or order.is_settling:
            found.append(f"{order.id} is still {order.state}")
        if order.state is OrderState.PAID:
            paid.append(order)
    sums = Sums.of(blocks)
    told = (sums.held, sums.orders, sums.sold, sums.gross)
    due = (0, len(paid), sum(each.quantity for each in paid), sum(each.amount for each in paid))
    if told != due:
        found.append(f"held, orders, sold and gross are {told}, by the orders {due}")
    return found


def reservations(
    history: History, campaign: Campaign, blocks: Iterable[Block], orders: Iterable[Order] = ()
) -> Iterator[Wish]:
    """
    Every reservation that stands in the ledgers, as it was asked for; one that nobody asked for by its ledger key. What
    late payments of ``orders`` took is none.
    """
    secret = campaign.secret
    known = {
        key: (buyer, request, units)
        for buyer, request, units in {each.asked for each in history.operations("reserve")}
        for key in _paths(secret, campaign.merchant, campaign.id, FUJI, buyer, request)
    }
    late = {
        key
        for order in orders
        for attempt in range(order.attempt)
        for key in _paths(secret, "late", order.id, str(attempt + 1))
    }
    held: Counter[tuple[str, int]] = Counter()
    tails = []
    for block in blocks:
        for key, entry in block.ledger.items():
            held[key, entry.deadline] += entry.quantity
            if entry.is_tail and entry.kind is not Kind.VOID and key not in late:
                tails.append((key, entry.deadline))
    for key, deadline in tails:
        buyer, request, _ = known.get(key, ("nobody", key, 0))
        yield buyer, request, held[key, deadline]


def _paths(secret: str, *parts: str) -> list[str]:
    return keys_of(secret, ledger_key(secret, *parts))
