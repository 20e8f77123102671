"""Orders, quarantine and a bank in memory: the same promises, without the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock

from standardwebhooks.webhooks import Webhook

from shared import table
from shared.adapters.payment_test_provider import TestProvider
from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import PaymentUnderWay, ProviderSilent
from shared.domain.order import Order
from shared.domain.payment import (
    ParkedEvent,
    Payment,
    PaymentEvent,
    QuarantinedPayment,
    Refund,
    RefundState,
)
from shared.domain.refund import AskedRefund, RefundPlace
from shared.use_cases.order_ports import EVERY_SHARD, Unsettled
from shared.use_cases.ports import ChangedMeanwhile
from tests.fakes import Watched


class MemoryOrders(Watched):
    """Implements ``Orders``."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str, int], Order] = {}
        self.notes: set[tuple[int, tuple[str, str, int]]] = set()
        self.parked: dict[tuple[str, str, int], tuple[str, ParkedEvent]] = {}
        self.refunds: dict[RefundPlace, AskedRefund] = {}
        self.lock = Lock()

    def __len__(self) -> int:
        return len(self.kept)

    def find(self, check: ClaimCheck) -> Order | None:
        return self.kept.get((check.campaign_id, check.key, check.deadline))

    def place(self, order: Order) -> Order | None:
        return self._effect("place", lambda: self._place(order))  # type: ignore[no-any-return]

    def _place(self, order: Order) -> Order | None:
        with self.lock:
            there = self.kept.setdefault(_key(order), order)
        return None if there is order else there

    def save(self, order: Order) -> Order | None:
        return self._effect("save", lambda: self._save(order))  # type: ignore[no-any-return]

    def _save(self, order: Order) -> Order | None:
        with self.lock:
            stands = self.kept[_key(order)]
            if stands.version != order.version - 1:
                return stands
            self.kept[_key(order)] = order
        return None

    def save_checkout(self, order: Order) -> Order | None:
        return self._effect("save_checkout", lambda: self._save(order))  # type: ignore[no-any-return]

    def remind(self, order: Order, *, at: int) -> None:
        self._effect("remind", lambda: self.notes.add((at, _key(order))))

    def park(self, check: ClaimCheck, parked: ParkedEvent) -> None:
        key = (parked.provider, parked.event.id, parked.since)
        self._effect("park", lambda: self.parked.setdefault(key, (check.campaign_id, parked)))

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        newest_first = sorted(
            self.all(campaign_id), key=lambda order: (order.expires_at, order.key), reverse=True
        )
        older = [
            order
            for order in newest_first
            if before is None or (order.expires_at, order.key) < (before.deadline, before.key)
        ]
        return older[:limit]

    def needing_attention(
        self, campaign_id: str, *, before: ClaimCheck | None, limit: int
    ) -> list[Order]:
        newest_first = self.page(campaign_id, before=before, limit=len(self.kept))
        return [order for order in newest_first if order.attention is not None][:limit]

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order | ParkedEvent]:
        reminded = {key for at, key in self.notes if since < at <= until}
        for order in self.unsettled(campaign_id):
            if isinstance(order, AskedRefund):
                continue
            if isinstance(order, ParkedEvent):
                if since < order.since + 1 <= until:
                    yield order
            elif since < order.expires_at <= until or (
                _key(order) in reminded and order.is_settling
            ):
                yield order

    def unsettled(self, campaign_id: str) -> Iterator[Unsettled]:
        for refund in list(self.refunds.values()):
            if refund.campaign_id == campaign_id and refund.unbooked:
                yield refund
        for campaign, parked in list(self.parked.values()):
            if campaign == campaign_id:
                yield parked
        for order in list(self.kept.values()):
            if order.campaign_id == campaign_id and (order.awaits_payment or order.is_settling):
                yield order

    def all(
        self, campaign_id: str, shards: Iterable[int] = EVERY_SHARD, *, address: bool = False
    ) -> Iterator[Order]:
        wanted = set(shards)
        of_campaign = (order for order in self.kept.values() if order.campaign_id == campaign_id)
        for order in sorted(of_campaign, key=_place):
            if table.order_shard(order.key) in wanted:
                yield order if address else replace(order, ship_to=None)

    def with_refunds(
        self, campaign_id: str, shards: Iterable[int]
    ) -> Iterator[tuple[Order, list[AskedRefund]]]:
        for order in self.all(campaign_id, shards):
            yield order, MemoryRefunds(self).of_order(order)


class MemoryRefunds(Watched):
    """Implements ``Refunds``, beside the orders."""

    def __init__(self, orders: MemoryOrders) -> None:
        super().__init__()
        self._orders = orders

    @property
    def kept(self) -> dict[RefundPlace, AskedRefund]:
        return self._orders.refunds

    def find(self, place: RefundPlace) -> AskedRefund | None:
        return self.kept.get(place)

    def of_order(self, order: Order) -> list[AskedRefund]:
        found = [refund for refund in self.kept.values() if refund.order_id == order.id]
        return sorted(found, key=lambda refund: (refund.created_at, refund.id))

    def promise(self, order: Order, refund: AskedRefund) -> AskedRefund | None:
        return self._effect("promise", lambda: self._promise(order, refund))  # type: ignore[no-any-return]

    def _promise(self, order: Order, refund: AskedRefund) -> AskedRefund | None:
        with self._orders.lock:
            if refund.place in self.kept:
                return self.kept[refund.place]
            self._put(order)
            self.kept[refund.place] = refund
        return None

    def end(self, order: Order, refund: AskedRefund) -> None:
        def both() -> None:
            with self._orders.lock:
                self._check(refund)
                self._put(order)
                self.kept[refund.place] = refund

        self._effect("end", both)

    def save(self, refund: AskedRefund) -> None:
        def one() -> None:
            with self._orders.lock:
                self._check(refund)
                self.kept[refund.place] = refund

        self._effect("save refund", one)

    def under_way(self, *, until: int) -> Iterator[RefundPlace]:
        found = [each for each in self.kept.values() if each.is_under_way and each.due <= until]
        for refund in sorted(found, key=lambda each: each.due):
            yield refund.place

    def _check(self, refund: AskedRefund) -> None:
        if self.kept[refund.place].version != refund.version - 1:
            raise ChangedMeanwhile

    def _put(self, order: Order) -> None:
        if self._orders.kept[_key(order)].version != order.version - 1:
            raise ChangedMeanwhile
        self._orders.kept[_key(order)] = order


def _place(order: Order) -> tuple[int, int, str]:
    return table.order_shard(order.key), order.expires_at, order.key


def _key(order: Order) -> tuple[str, str, int]:
    return order.campaign_id, order.key, order.expires_at


class MemoryQuarantine(Watched):
    """Implements ``Quarantine``."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, QuarantinedPayment] = {}

    def __len__(self) -> int:
        return len(self.kept)

    def keep(self, payment: QuarantinedPayment) -> bool:
        return self._effect("quarantine", lambda: self._keep(payment))  # type: ignore[no-any-return]

    def _keep(self, payment: QuarantinedPayment) -> bool:
        return self.kept.setdefault(payment.id, payment) is payment


class Bank(Watched, TestProvider):
    """The provider ``test`` with a memory: what it was asked to do, once for each idempotency key."""

    def __init__(self, webhooks: Callable[[], Sequence[Webhook]]) -> None:
        Watched.__init__(self)
        TestProvider.__init__(self, webhooks)
        self.payments: dict[str, Payment] = {}
        self.refunds: Counter[str] = Counter()
        """Money sent back, by order."""
        self.seconds: Counter[str] = Counter()
        """Money of second payments sent back, by payment."""
        self.asked: Counter[str] = Counter()
        """Money that a merchant gave back, by refund: once for each, however often it was asked."""
        self.refunding = RefundState.SUCCEEDED
        self.silent = False
        self.paid: dict[str, PaymentEvent] = {}
        """What it says when it is to cancel a payment that was made, by order."""
        self.cancelled: set[str] = set()
        self.withdrawn: list[str] = []
        """Payments that nobody can pay any more, in the order in which they were cancelled."""
        self.under_way: set[str] = set()
        """Payments that cannot be cancelled, and are not paid yet."""

    def create_payment(
        self, campaign: Campaign, order_id: str, amount: int, method: str, *, revision: int = 0
    ) -> Payment:
        def create() -> Payment:
            payment = TestProvider.create_payment(
                self, campaign, order_id, amount, method, revision=revision
            )
            # Under the order's id there is one payment, and one more for each time it is checked out again.
            key = f"{order_id}.{revision}" if revision else order_id
            return self.payments.setdefault(key, payment)

        return self._effect("create_payment", create)  # type: ignore[no-any-return]

    def cancel_payment(self, order: Order) -> PaymentEvent | None:
        return self._effect("cancel_payment", lambda: self._cancel(order))  # type: ignore[no-any-return]

    def _cancel(self, order: Order) -> PaymentEvent | None:
        paid = self.paid.get(order.id)
        if paid is not None and paid.payment_id != order.payment_id:
            paid = None
        if paid is None:
            self.cancelled.add(order.id)
            self.withdrawn.append(order.payment_id)
        return paid

    def withdraw_payment(self, order: Order) -> PaymentEvent | None:
        if order.payment_id in self.under_way:
            raise PaymentUnderWay(order=order.id)
        return self.cancel_payment(order)

    def refund(self, refund: Refund) -> RefundState:
        return self._effect("refund", lambda: self._refund(refund))  # type: ignore[no-any-return]

    def _refund(self, refund: Refund) -> RefundState:
        if self.silent:
            raise ProviderSilent
        if refund.id.startswith("ref_"):
            state = TestProvider.refund(self, refund)
            state = self.refunding if state is RefundState.SUCCEEDED else state
            if state is RefundState.SUCCEEDED:
                self.asked[refund.id] = refund.amount
            return state
        back = self.refunds if refund.id.startswith("late-") else self.seconds
        back[refund.order_id if back is self.refunds else refund.payment_id] = refund.amount
        return self.refunding

    def refund_state(self, refund: Refund) -> RefundState | None:
        asked = refund.order_id in self.refunds or refund.payment_id in self.seconds
        return self.refunding if asked else None
