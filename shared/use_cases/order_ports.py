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
from shared.domain.refund import AskedRefund, RefundPlace
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.hints import Hints
from shared.use_cases.limit_buyer import Buyers
from shared.use_cases.stock_ports import StockBlocks

EVERY_SHARD = range(table.ORDER_SHARDS)
Unsettled = Order | ParkedEvent | AskedRefund
"""What keeps a campaign's books from being closed."""


class Orders(Protocol):
    """The orders of all campaigns."""

    def find(self, check: ClaimCheck) -> Order | None:
        """The order made of a reservation, strongly consistent."""

    def place(self, order: Order) -> Order | None:
        """Keep a new order, unless there is one of this reservation. ``None``: done; else the one that is there."""

    def save(self, order: Order) -> Order | None:
        """Keep an order over the version it was made from. ``None``: done; else the order as it stands."""

    def save_checkout(self, order: Order) -> Order | None:
        """The same of an order that was checked out again: with its new address."""

    def remind(self, order: Order, *, at: int) -> None:
        """Have ``ended`` yield the order once more, when holds that end at ``at`` are asked for."""

    def park(self, check: ClaimCheck, parked: ParkedEvent) -> None:
        """Have ``ended`` yield an event of an order that is not there yet, from a second after it came."""

    def page(self, campaign_id: str, *, before: ClaimCheck | None, limit: int) -> list[Order]:
        """At most ``limit`` orders, newest hold first, those older than ``before``. Without addresses."""

    def needing_attention(
        self, campaign_id: str, *, before: ClaimCheck | None, limit: int
    ) -> list[Order]:
        """
        At most ``limit`` orders that wait for a person, newest hold first, those older than ``before``. Without addresses.

        A change may be missed for a moment.
        """

    def ended(self, campaign_id: str, *, since: int, until: int) -> Iterator[Order | ParkedEvent]:
        """
        Orders not settled, nor cancelled without money, whose hold or reminder ended after ``since`` and by ``until``;
        and events parked in that time.
        """

    def unsettled(self, campaign_id: str) -> Iterator[Unsettled]:
        """
        All orders that await payment, or whose money has no place yet; all events that were ever parked; and all refunds
        that the books wait for.
        """

    def all(
        self, campaign_id: str, shards: Iterable[int] = EVERY_SHARD, *, address: bool = False
    ) -> Iterator[Order]:
        """Every order of a campaign, or of some of its shards, strongly consistent. Without addresses, if not asked for.

        In the order of shards, ends of holds and ledger keys: the same each time.
        """

    def with_refunds(
        self, campaign_id: str, shards: Iterable[int]
    ) -> Iterator[tuple[Order, list[AskedRefund]]]:
        """The same, each with the refunds that were asked for of it."""


class Refunds(Protocol):
    """The refunds that merchants asked for: kept with their orders, and changed with them."""

    def find(self, place: RefundPlace) -> AskedRefund | None:
        """A refund, strongly consistent."""

    def of_order(self, order: Order) -> list[AskedRefund]:
        """All refunds of an order, oldest first, strongly consistent."""

    def promise(self, order: Order, refund: AskedRefund) -> AskedRefund | None:
        """
        Keep a new refund, and its order over the version that it was made from: both or neither. ``None``: done; else
        the refund that is there already. ``ChangedMeanwhile`` if the order changed.
        """

    def end(self, order: Order, refund: AskedRefund) -> None:
        """Keep both over the versions they were made from, or neither: ``ChangedMeanwhile``."""

    def save(self, refund: AskedRefund) -> None:
        """Keep a refund over the version it was made from, or ``ChangedMeanwhile``."""

    def under_way(self, *, until: int) -> Iterable[RefundPlace]:
        """Refunds that should have been looked at by then. A change may be missed for a moment."""


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
        self, campaign: Campaign, order_id: str, amount: int, method: str, *, revision: int = 0
    ) -> Payment:
        """
        A payment that waits for the buyer. The same order has the same payment, until its buyer checks out again: then it
        has another one for each ``revision``. ``PaymentRefused``.
        """

    def cancel_payment(self, order: Order) -> PaymentEvent | None:
        """
        Let nobody pay it any more. If it was paid already: the event that tells, which may be late or lost.

        One that is under way, and cannot be stopped, ends in an event of its own.
        """

    def withdraw_payment(self, order: Order) -> PaymentEvent | None:
        """The same, for another payment is to take its place: ``PaymentUnderWay`` if it cannot be stopped."""

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
    refunds: Refunds
    campaigns: CampaignReader
    """As they are: never a moment old."""
    livemode: bool
    """Whether real money is expected here."""


class SaleBooks(Protocol):
    """What is needed of it where a hold is sold."""

    @property
    def orders(self) -> Orders: ...

    @property
    def stock(self) -> StockBlocks: ...

    @property
    def providers(self) -> Mapping[str, PaymentProvider]: ...


@dataclass(frozen=True, slots=True)
class SalesOnly:
    """Implements ``SaleBooks``, for those who do nothing else."""

    orders: Orders
    stock: StockBlocks
    providers: Mapping[str, PaymentProvider]


class RefundBooks(Protocol):
    """What is needed of it where money goes back."""

    @property
    def orders(self) -> Orders: ...

    @property
    def stock(self) -> StockBlocks: ...

    @property
    def providers(self) -> Mapping[str, PaymentProvider]: ...

    @property
    def refunds(self) -> Refunds: ...

    @property
    def campaigns(self) -> CampaignReader: ...


@dataclass(frozen=True, slots=True)
class RefundsOnly:
    """Implements ``RefundBooks``, for those who do nothing else."""

    orders: Orders
    stock: StockBlocks
    providers: Mapping[str, PaymentProvider]
    refunds: Refunds
    campaigns: CampaignReader
