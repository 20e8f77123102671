"""What checkout and payments need of the world outside: a store of orders, one of quarantined events, payment providers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared import table
from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.order import Order
from shared.domain.payment import Payment, PaymentEvent, QuarantinedPayment, UnreadableEvent
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

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        """At most ``limit`` orders, newest hold first, those older than ``before``. Without addresses."""

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order]:
        """Orders not settled, nor cancelled without money, whose hold or reminder ended after ``since`` and by ``until``."""

    def unsettled(self, campaign_id: str) -> Iterator[Order]:
        """All orders that await payment, or whose money has no place yet."""

    def all(self, campaign_id: str, shards: Iterable[int] = EVERY_SHARD) -> Iterator[Order]:
        """Every order of a campaign, or of some of its shards, strongly consistent. Without addresses.

        In the order of shards, ends of holds and ledger keys: the same each time.
        """


class Quarantine(Protocol):
    """Payment events put aside for a person."""

    def keep(self, payment: QuarantinedPayment) -> bool:
        """Put an event aside. False: it was delivered and put aside before."""


class PaymentProvider(Protocol):
    """
    A company that takes buyers' money. ``Busy`` if it does not answer: then nothing is known of what was asked.

    Everything asked of it carries the order id as its idempotency key: asked twice, it is done once.
    """

    def create_payment(
        self, campaign: Campaign, order_id: str, amount: int, method: str
    ) -> Payment:
        """A payment that waits for the buyer. The same order has the same payment."""

    def cancel_payment(self, order: Order) -> None:
        """Let nobody pay it any more. Nothing happens if it is paid or cancelled already: its event will tell."""

    def refund(self, order: Order) -> None:
        """Give all the money back."""

    def read_event(self, headers: Mapping[str, str], raw: bytes) -> PaymentEvent | UnreadableEvent:
        """The event of a webhook. ``SignatureInvalid`` if it is not signed by the provider, just now, to these bytes."""


@dataclass(frozen=True, slots=True)
class Books:
    """What is at hand where orders are settled."""

    orders: Orders
    stock: StockBlocks
    hints: Hints
    buyers: Buyers
    providers: Mapping[str, PaymentProvider]
    """By the name that stands in their webhooks' path, and in campaigns."""
