"""A campaign on sale in memory: buyers who check out, a bank that tells what they paid, and a clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from standardwebhooks.webhooks import Webhook

from shared.adapters.address_rules import CountryAddressRules
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.claim_check import verify
from shared.domain.order import Order, OrderState
from shared.domain.payment import PaymentEvent, PaymentKind
from shared.domain.refund import State
from shared.domain.stock import FOR_GOOD, PAID, Counters, Gate, sizes
from shared.use_cases.check_out import CheckedOut, Checkout, CheckoutDesk
from shared.use_cases.finish_orders import Finished, finish_all, finish_orders
from shared.use_cases.hints import Hints
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.keep_uses import keep_uses, read_uses
from shared.use_cases.order_ports import Books
from shared.use_cases.parcel_ports import Dispatch
from shared.use_cases.prepare_stock import places_of_uses
from shared.use_cases.receive_payment import PaymentDesk
from shared.use_cases.reserve import Reservation, ReservationDesk, ReservationRequest
from shared.use_cases.stock_ports import Shelf, shelf
from tests.builders import MERCHANT, a_campaign
from tests.fakes import Crash, MemoryCampaigns
from tests.memory_buyers import MemoryBuyers
from tests.memory_hold_limits import MemoryHoldLimits
from tests.memory_orders import Bank, MemoryOrders, MemoryQuarantine, MemoryRefunds
from tests.memory_parcels import MemoryCarrier, OpenAddresses
from tests.memory_stock import MemoryStock

SECRET = "whsec_" + "c2hvcHBpbmc" * 4
SHIP_TO = {
    "name": "Li Wei",
    "line1": "1 Nanjing Road",
    "city": "Shanghai",
    "country": "CN",
    "phone": "+862155550100",
}
RULES = CountryAddressRules()
HOLD = 300


def headers(
    raw: bytes, event_id: str, *, secret: str = SECRET, at: float | None = None
) -> dict[str, str]:
    """What a provider sends with a body: signed now, by the clock that its receiver checks with."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, moment, raw.decode()),
    }


def event_body(order: Order, kind: str = "payment.succeeded", /, **data: Any) -> bytes:
    """A true event about an order, but for the fields that a test bends."""
    true = {
        "payment_id": order.payment_id,
        "order_id": order.id,
        "amount": order.amount,
        "currency": order.currency,
        "livemode": False,
    }
    return json.dumps({"type": kind, "data": {**true, **data}}).encode()


def paid_event(order: Order) -> PaymentEvent:
    """What a provider says when it is asked about a payment that was made."""
    return PaymentEvent(
        id=f"{order.payment_id}-asked",
        kind=PaymentKind.SUCCEEDED,
        payment_id=order.payment_id,
        order_id=order.id,
        amount=order.amount,
        currency=order.currency,
        livemode=False,
        merchant=order.merchant,
    )


@dataclass
class Stores:
    """Where a shop keeps its things: in memory, unless a test says otherwise."""

    stock: Any = field(default_factory=MemoryStock)
    buyers: Any = field(default_factory=MemoryBuyers)
    holds: Any = field(default_factory=MemoryHoldLimits)
    orders: Any = field(default_factory=MemoryOrders)
    refunds: Any = None
    quarantine: Any = field(default_factory=MemoryQuarantine)
    addresses: Any = field(default_factory=OpenAddresses)
    carrier: Any = field(default_factory=MemoryCarrier)
    campaign_id: str = "cmp_" + "b" * 16


class Shop:
    """One offer of ``units`` in blocks of at most 32, on sale for an hour from ``start``."""

    def __init__(
        self,
        units: int = 10,
        *,
        limit: int | None = None,
        blocks: list[int] | None = None,
        stores: Stores | None = None,
        cues: tuple[Cue, ...] = (),
    ) -> None:
        stores = stores or Stores()
        laid = blocks or sizes(units)
        offer = Offer(
            number=0,
            sku="FUJI-12",
            title={"en": "Fuji"},
            unit_price=9900,
            allotment=sum(laid),
            limit_per_buyer=limit,
            home_blocks=len(laid),
            blocks=len(laid),
        )
        plain = a_campaign()
        self.start = plain.starts_at
        self.now = self.start + 10
        self.campaigns = MemoryCampaigns()
        self.show(
            a_campaign(
                id=stores.campaign_id,
                offers=(offer,),
                status=Status.LIVE,
                prepared_at=self.start - 60,
                hold_seconds=HOLD,
                run_of_show=cues,
            )
        )
        self.stock = stores.stock
        self.buyers = stores.buyers
        self.holds = stores.holds
        self.orders = stores.orders
        self.refunds = stores.refunds or MemoryRefunds(self.orders)
        self.quarantine = stores.quarantine
        self.bank = Bank(lambda: [Webhook(SECRET)])
        for number, count in enumerate(laid):
            self.stock.lay_out(
                self.shelf, number, units=count, opens=self.start, closes=self.campaign.closes_at
            )
        for place in places_of_uses(self.campaign):
            closes = self.campaign.closes_at
            self.stock.lay_out(
                place.shelf, place.number, units=place.units, opens=self.start, closes=closes
            )
        hints = Hints(self.stock, lambda: self.now * 1000, choice=Random(1), pause=lambda _: None)
        self.providers: dict[str, Any] = {"test": self.bank}
        providers = self.providers
        self.reservations = ReservationDesk(
            self.campaigns, self.stock, hints, self.buyers, self.holds
        )
        self.addresses = stores.addresses
        self.carrier = stores.carrier
        self.checkouts = CheckoutDesk(
            self.campaigns, self.stock, self.orders, providers, self.addresses, RULES
        )
        self.dispatch = Dispatch(self.orders, self.addresses, RULES, {"file": self.carrier})
        self.books = Books(
            self.orders,
            self.stock,
            hints,
            self.buyers,
            providers,
            self.quarantine,
            self.refunds,
            self.campaigns,
            livemode=False,
        )
        self.payments = PaymentDesk(self.campaigns, self.books)

    # -- the campaign ------------------------------------------------------------------------------

    @property
    def campaign(self) -> Campaign:
        return next(iter(self.campaigns.kept.values()))

    def show(self, campaign: Campaign) -> None:
        """Keep a campaign as it is, whatever its version."""
        self.campaigns.kept[campaign.id] = campaign

    def become(self, status: Status) -> None:
        self.show(self.campaign.changed(status=status))

    def take_money_with(self, name: str, provider: Any) -> None:
        """Another payment provider for whoever checks out from now on."""
        self.providers[name] = provider
        self.show(self.campaign.changed(payment_provider=name))

    def close(self) -> None:
        """The show is over for good: no block can be reserved from."""
        self.become(Status.CLOSING)
        for number in range(self.shelf.blocks):
            self.stock.stamp(self.shelf, number, Gate(self.start, FOR_GOOD))

    @property
    def shelf(self) -> Shelf:
        return shelf(self.campaign, self.campaign.offers[0])

    # -- what people do ----------------------------------------------------------------------------

    def reserve(
        self,
        buyer: str = "ana",
        quantity: int = 1,
        key: str | None = None,
        coupon: str | None = None,
    ) -> Reservation:
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self.campaign.id,
            sku="FUJI-12",
            quantity=quantity,
            buyer_id=buyer,
            idempotency_key=key or f"reserve-{buyer}-{self.now}",
            coupon=coupon,
        )
        return self.reservations.reserve(request, self.now)

    def check_out(self, reservation: Reservation, buyer: str = "ana", **changes: Any) -> CheckedOut:
        asked = {
            "merchant": MERCHANT,
            "reservation_id": reservation.id,
            "buyer_id": buyer,
            "payment_method": "card",
            "ship_to": SHIP_TO,
            "idempotency_key": "checkout-1",
            **changes,
        }
        return self.checkouts.check_out(Checkout(**asked), self.now)

    def order(self, buyer: str = "ana", quantity: int = 1, coupon: str | None = None) -> Order:
        """A reservation, checked out."""
        return self.check_out(self.reserve(buyer, quantity, coupon=coupon), buyer).order

    def deliver(self, raw: bytes, event_id: str = "msg_1") -> Outcome:
        return self.payments.receive("test", headers(raw, event_id), raw, self.now)

    def pay(self, order: Order, event_id: str = "msg_1") -> Outcome:
        return self.deliver(event_body(order), event_id)

    def beat(self) -> Finished:
        """What the lifecycle does every five seconds, with an hour to look back on."""
        self.keep_stock()
        return self.finish(since=self.now - 3600)

    def finish(self, since: int) -> Finished:
        """The part of a beat that is about orders."""
        return finish_orders(self.books, self.campaign, since=since, until=self.now, now=self.now)

    def drain(self) -> Finished:
        self.keep_stock()
        return finish_all(self.books, self.campaign, now=self.now)

    def keep_stock(self) -> None:
        """The beat of the stock alone."""
        uses = read_uses(self.stock, self.campaign)
        blocks = self.stock.read_all(self.shelf)
        closes = blocks[0].closes
        kept = keep_stock(
            self.stock, self.shelf, blocks, now=self.now, gate=Gate(self.start, closes)
        )
        assert not kept.faults
        assert not keep_uses(self.stock, self.campaign, uses, [blocks], now=self.now).faults

    # -- what stands -------------------------------------------------------------------------------

    def read(self, order: Order) -> Order:
        found: Order | None = self.orders.find(
            verify(order.id.removeprefix("ord_"), self.campaign.secret)
        )
        assert found is not None
        return found

    def uses(self, deal: int) -> tuple[int, int, int]:
        """Uses of a deal that are free, held and sold."""
        read = next(each for each in read_uses(self.stock, self.campaign) if each.number == deal)
        sums = sum((block.counters for block in read.blocks), Counters())
        return sums.free, sums.held, sums.sold

    def sums(self) -> Counters:
        return sum((block.counters for block in self.stock.read_all(self.shelf)), Counters())

    def check(self, *, settled: bool = False) -> None:
        """Stock and money add up. ``settled``: and everything has come to its end."""
        blocks = self.stock.read_all(self.shelf)
        sums = self.sums()
        assert [fault for block in blocks for fault in block.faults()] == []
        assert sums.free + sums.held + sums.sold == self.campaign.offers[0].allotment
        sold = {
            (block.number, key)
            for block in blocks
            for key, entry in {
                **self.stock.all_moved(self.shelf, block.number),
                **block.ledger,
            }.items()
            if entry.kind in PAID and entry.is_tail
        }
        assert sums.orders == len(sold)
        orders = list(self.orders.all(self.campaign.id))
        for order in orders:
            claim = order.claim(self.campaign.secret)
            has_units = (claim.block, claim.key) in sold
            was_refunded = self.bank.refunds[order.id]
            assert not (has_units and was_refunded), "both the units and the money"
            assert was_refunded in (0, order.amount)
            refunds = self.refunds.of_order(order)
            given_back = [each for each in refunds if each.state is State.SUCCEEDED]
            promised = [each for each in refunds if each.state is not State.FAILED]
            assert sum(each.amount for each in promised) == order.promised <= order.captured
            assert all(self.bank.asked[each.id] in (0, each.amount) for each in refunds)
            if order.state in (OrderState.PAID, OrderState.FULFILLED):
                assert has_units
                assert order.captured == order.amount
                assert order.refunded == sum(each.amount for each in given_back)
            if order.state is OrderState.REFUNDED:
                assert was_refunded or given_back
                assert (order.captured, order.refunded) == (order.amount, order.amount)
        if settled:
            paid = [order for order in orders if order.paid_at is not None]
            assert sums.refunded == sum(order.refunded_in_books for order in paid)
            claims = [order.claim(self.campaign.secret) for order in paid]
            assert {(claim.block, claim.key) for claim in claims} == sold
            assert sums.gross == sum(order.amount for order in paid)
            assert sums.held == 0
            unsettled = self.orders.unsettled(self.campaign.id)
            assert not [order for order in unsettled if isinstance(order, Order)]

    # -- what goes wrong ---------------------------------------------------------------------------

    def watch(self, notice: Callable[[str], None]) -> None:
        """Call ``notice`` before and after every effect on any store or the bank."""
        for part in (self.stock, self.orders, self.quarantine, self.bank, self.carrier):
            part.before = lambda what: notice(f"before {what}")
            part.after = lambda what: notice(f"after {what}")

    def crash_at(self, point: int) -> list[str]:
        """Die at the ``point``-th moment from now, counting from 0. The moments that pass, as they do."""
        passed: list[str] = []

        def notice(what: str) -> None:
            passed.append(what)
            if len(passed) == point + 1:
                raise Crash(what)

        self.watch(notice)
        return passed

    def recover(self) -> None:
        """Another process, which does not die."""
        self.watch(lambda _: None)
