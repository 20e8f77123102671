"""What checkout and payments need of the world outside: a store of orders, one of quarantined events, payment providers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared import table
from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.order import Order
from shared.domain.payment import (
    ParkedEvent,
    Payment,
    PaymentEvent,
    QuarantinedPayment,
    Refund,
    RefundState,
    UnreadableEvent,
)
from shared.use_cases.hints import Hints
from shared.use_cases.limit_buyer import Buyers
from shared.use_cases.stock_ports import StockBlocks

EVERY_SHARD = range(table.ORDER_SHARDS)


class Orders(Protocol):
    """The orders of all campaigns."""

    def find(self, check: ClaimCheck) -> Order | None:
        """The order made of a reservation, strongly consistent."""

    def place(self, order: Order) -> Order | None:
        """Keep a new order, unless there is one of this reservation. ``None``: done; else the one that is there."""

    def save(self, order: Order) -> Order | None:
        """Keep an order over the version it was made from. ``None``: done; else the order as it stands."""

    def remind(self, order: Order, *, at: int) -> None:
        """Have ``ended`` yield the order once more, when holds that end at ``at`` are asked for."""

    def park(self, check: ClaimCheck, parked: ParkedEvent) -> None:
        """Have ``ended`` yield an event of an order that is not there yet, from a second after it came."""

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        """At most ``limit`` orders, newest hold first, those older than ``before``. Without addresses."""

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order | ParkedEvent]:
        """
        Orders not settled, nor cancelled without money, whose hold or reminder ended after ``since`` and by ``until``;
        and events parked in that time.
        """

    def unsettled(self, campaign_id: str) -> Iterator[Order | ParkedEvent]:
        """All orders that await payment, or whose money has no place yet; and all events that were ever parked."""

    def all(
        self, campaign_id: str, shards: Iterable[int] = EVERY_SHARD, *, address: bool = False
    ) -> Iterator[Order]:
        """Every order of a campaign, or of some of its shards, strongly consistent. Without addresses, if not asked for.

        In the order of shards, ends of holds and ledger keys: the same each time.
        """


class Quarantine(Protocol):
    """Payment events put aside for a person."""

    def keep(self, payment: QuarantinedPayment) -> bool:
        """Put an event aside. False: it was delivered and put aside before."""


class PaymentProvider(Protocol):
    """
    A company that takes buyers' money. ``ProviderSilent`` if it does not answer: nothing is known of what was asked.

    Everything asked of it carries an id: asked twice, it is done once.
    """

    def create_payment(
        self, campaign: Campaign, order_id: str, amount: int, method: str
    ) -> Payment:
        """A payment that waits for the buyer. The same order has the same payment. ``PaymentRefused``."""

    def cancel_payment(self, order: Order) -> PaymentEvent | None:
        """
        Let nobody pay it any more. If it was paid already: the event that tells, which may be late or lost.

        One that is under way, and cannot be stopped, ends in an event of its own.
        """

    def refund(self, refund: Refund) -> RefundState:
        """Give money back, once for each refund's id, however often and however long after it is asked again."""

    def refund_state(self, refund: Refund) -> RefundState | None:
        """How far a refund is; ``None`` if the provider was never asked for it."""

    def read_event(
        self, headers: Mapping[str, str], raw: bytes
    ) -> PaymentEvent | UnreadableEvent | None:
        """
        The event of a webhook; ``None`` for one that moves nothing, such as a payment that is under way.

        ``SignatureInvalid`` if it is not signed by the provider, just now, to these bytes.
        """


@dataclass(frozen=True, slots=True)
class Books:
    """What is at hand where orders are settled."""

    orders: Orders
    stock: StockBlocks
    hints: Hints
    buyers: Buyers
    providers: Mapping[str, PaymentProvider]
    """By the name that stands in their webhooks' path, and in campaigns."""
    quarantine: Quarantine
    livemode: bool
    """Whether real money is expected here."""
