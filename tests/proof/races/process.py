"""A process of a function in a race: its caches, hints and clock are its own, the stores are everybody's."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any

from shared.adapters.address_rules import CountryAddressRules
from shared.adapters.dynamodb_payments import DynamoDBQuarantine
from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
from shared.domain.campaign import Campaign
from shared.domain.errors import Refusal
from shared.domain.order import Order
from shared.domain.totals import Snapshot
from shared.domain.waitlist import Ticket
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.campaign_cache import CampaignCache
from shared.use_cases.change_address import AddressChange, AddressDesk
from shared.use_cases.check_out import CheckedOut, Checkout, CheckoutDesk
from shared.use_cases.hand_over import HandOver, hand_over_by_id
from shared.use_cases.hints import Hints
from shared.use_cases.join_waitlist import TicketView, WaitlistDesk
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.keep_books import Beat, keep_books
from shared.use_cases.order_ports import Books
from shared.use_cases.parcel_ports import Carrier, Dispatch
from shared.use_cases.read_line import LineReader
from shared.use_cases.receive_payment import PaymentDesk
from shared.use_cases.reserve import Reservation, ReservationDesk, ReservationRequest
from shared.use_cases.serve_line import LineKeeper
from shared.use_cases.take_snapshot import take_snapshot
from tests.builders import MERCHANT
from tests.dynamodb.stage import Stage
from tests.fakes import MemoryErrands
from tests.memory_parcels import OpenAddresses
from tests.proof.history import History, Told
from tests.shop import SHIP_TO, event_body, headers
from tests.theatre import FUJI


class _OldCopy:
    """A ``CampaignReader`` that never looks again."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def get(self, campaign_id: str) -> Campaign:
        assert campaign_id == self._campaign.id
        return self._campaign


class Process:
    """What one process does is written down under its number. ``slow``: seconds by which its clock is behind."""

    def __init__(
        self, show: Stage, history: History, number: int, *, choice: Random, slow: int
    ) -> None:
        self.number = number
        self._show, self._history, self._slow = show, history, slow
        self._began = time.monotonic()
        providers = {"test": show.bank}
        campaigns = CampaignCache(show.campaigns)
        hints = Hints(show.stock, self.millis, choice=choice)
        quarantine = DynamoDBQuarantine(show._client, "payments")
        self.books = Books(
            show.orders,
            show.stock,
            hints,
            show.buyers,
            providers,
            quarantine,
            show.refunds,
            show.campaigns,
            livemode=False,
        )
        self.reservations = ReservationDesk(campaigns, show.stock, hints, show.buyers, show.holds)
        self._hints = hints
        self._checkouts = CheckoutDesk(
            campaigns, show.stock, show.orders, providers, OpenAddresses(), CountryAddressRules()
        )
        self._addresses = AddressDesk(
            campaigns, show.orders, OpenAddresses(), CountryAddressRules()
        )
        self._payments = PaymentDesk(campaigns, self.books)
        stores: dict[str, Any] = {
            "campaigns": show.campaigns,
            "copies": campaigns,
            "stock": show.stock,
            "hints": hints,
            "buyers": show.buyers,
            "waitlists": DynamoDBWaitlists(show._client, "waitlists"),
        }
        lines = LineReader(stores["waitlists"])
        stockroom = Stockroom(show.campaigns, show.stock, MemoryErrands())
        self._line = WaitlistDesk(**stores, lines=lines, stockroom=stockroom)
        self._keeper = LineKeeper(**stores, clock=self.millis)

    def believe(self, campaign: Campaign) -> None:
        """Reserve by this copy of the campaign from now on, however old it gets."""
        self.reservations = ReservationDesk(
            _OldCopy(campaign), self._show.stock, self._hints, self._show.buyers, self._show.holds
        )

    def millis(self) -> int:
        """The time of the show, which runs on as the machine's does."""
        ran = time.monotonic() - self._began
        return self._show.millis + int(ran * 1000) - self._slow * 1000

    @property
    def now(self) -> int:
        """Seconds, as the test has set them: deadlines are met exactly, or not at all."""
        return self._show.now - self._slow

    def reserve(
        self,
        buyer: str,
        key: str = "key",
        units: int = 1,
        *,
        now: int | None = None,
        coupon: str | None = None,
    ) -> Reservation | Refusal | None:
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self._show.id,
            sku=FUJI,
            quantity=units,
            buyer_id=buyer,
            idempotency_key=key,
            coupon=coupon,
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

    def move(self, order: Order, line: str) -> tuple[Order, dict[str, str]] | Refusal | None:
        """Another address."""
        asked = AddressChange(
            merchant=MERCHANT,
            order_id=order.id,
            buyer_id=None,
            ship_to={**SHIP_TO, "name": line, "line1": line},
        )
        return self._attempt(
            "move", order.id, lambda: self._addresses.change(asked), lambda told: told[1]
        )

    def hand_over(self, order: Order, carrier: Carrier) -> HandOver | Refusal | None:
        """What the event of a payment begins."""
        show = self._show
        dispatch = Dispatch(show.orders, OpenAddresses(), CountryAddressRules(), {"file": carrier})
        return self._attempt(
            "hand over",
            order.id,
            lambda: hand_over_by_id(dispatch, show.campaigns, order.id, self.now),
        )

    def tell(self, raw: bytes, event_id: str) -> Outcome | Refusal | None:
        """Whatever else a provider says."""
        return self._attempt(
            "tell",
            event_id,
            lambda: self._payments.receive("test", headers(raw, event_id), raw, self.now),
        )

    def join(
        self, buyer: str, units: int = 1, key: str = "join", coupon: str | None = None
    ) -> TicketView | Refusal | None:
        """Stand in line."""
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self._show.id,
            sku=FUJI,
            quantity=units,
            buyer_id=buyer,
            idempotency_key=key,
            coupon=coupon,
        )
        return self._attempt(
            "join",
            (buyer, key, units),
            lambda: self._line.join(request, self.now),
            lambda view: view.ticket.id,
        )

    def leave(self, ticket: Ticket) -> TicketView | Refusal | None:
        """Stand in line no more."""
        return self._attempt(
            "leave",
            ticket.id,
            lambda: self._line.leave(ticket.id, MERCHANT, self.now),
            lambda view: view.state,
        )

    def look(self, ticket: Ticket) -> TicketView:
        """A ticket as it stands."""
        return self._line.find(ticket.id, MERCHANT, self.now)

    def serve(self) -> int | Refusal | None:
        """Offer what is free to those in line, as every beat does."""
        return self._attempt("serve", None, lambda: self._keeper.keep(self._show.id))

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
        return take_snapshot(
            show.totals, show.stock, show.campaign, self.millis, read_at=self.millis()
        ).snapshot

    def _attempt(
        self,
        f: str,
        value: Any,
        act: Callable[[], Told],
        tell: Callable[[Told], Any] = lambda told: told,
    ) -> Told | Refusal | None:
        return self._history.attempt(self.number, f, value, act, tell)
