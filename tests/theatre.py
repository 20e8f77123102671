"""
A campaign from its schedule to its settled books, in memory: the steps of its lifecycle as the machine takes them,
buyers, a bank that tells what they paid, and a clock that only a test moves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from standardwebhooks.webhooks import Webhook

from shared.adapters.address_rules import CountryAddressRules
from shared.adapters.xlsx_workbooks import XlsxWorkbooks
from shared.domain import show_control
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.order import Order
from shared.domain.stock import Block
from shared.domain.totals import Snapshot
from shared.use_cases.check_books import BooksChecker
from shared.use_cases.check_out import Checkout, CheckoutDesk
from shared.use_cases.close_campaign import close_campaign
from shared.use_cases.hints import Hints
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.keep_books import Beat, Phase, keep_books
from shared.use_cases.open_campaign import Doors, open_campaign
from shared.use_cases.order_ports import Books
from shared.use_cases.package_campaign import PackageBuilder, Progress
from shared.use_cases.package_ports import Workbooks
from shared.use_cases.prepare_stock import is_abandoned, prepare_stock
from shared.use_cases.read_totals import Seen, TotalsDesk
from shared.use_cases.receive_payment import PaymentDesk
from shared.use_cases.reconcile import reconcile_campaign, settle_campaign
from shared.use_cases.reserve import Reservation, ReservationDesk, ReservationRequest
from shared.use_cases.run_campaign import Ask, Told
from shared.use_cases.settle_hold import look
from shared.use_cases.stock_ports import shelf
from shared.use_cases.take_snapshot import count_blocks, take_snapshot
from tests.builders import MERCHANT, a_campaign
from tests.fakes import MemoryAnswers, MemoryCampaigns
from tests.memory_buyers import MemoryBuyers
from tests.memory_hold_limits import MemoryHoldLimits
from tests.memory_orders import Bank, MemoryOrders, MemoryQuarantine, MemoryRefunds
from tests.memory_packages import MemoryFiles, MemoryRecords, ToySigner
from tests.memory_parcels import OpenAddresses
from tests.memory_stock import MemoryStock
from tests.memory_totals import MemoryTotals
from tests.shop import SECRET, SHIP_TO, event_body, headers

HOLD, SHOW = 60, 900
FUJI, GALA = "FUJI-12", "GALA-6"


def an_offer(sku: str = FUJI, allotment: int = 40, unit_price: int = 9900) -> Offer:
    return Offer(number=0, sku=sku, title={"en": sku}, unit_price=unit_price, allotment=allotment)


class Theatre:
    """One scheduled campaign of two offers, a minute before its start."""

    def __init__(self, **fields: Any) -> None:
        plan = {
            "status": Status.SCHEDULED,
            "ends_at": a_campaign().starts_at + SHOW,
            "hold_seconds": HOLD,
            "offers": (an_offer(), an_offer(GALA, 5, 5000)),
            "run_of_show": (
                Cue(at=0, cue="pin", sku=FUJI),
                Cue(at=600, cue="flash_price", sku=GALA, unit_price=4000, seconds=200),
            ),
            **fields,
        }
        self.campaigns = MemoryCampaigns()
        self.stock = MemoryStock()
        self.totals = MemoryTotals()
        self.orders = MemoryOrders()
        self.refunds = MemoryRefunds(self.orders)
        self.buyers = MemoryBuyers()
        self.holds = MemoryHoldLimits()
        self.answers = MemoryAnswers()
        self.records = MemoryRecords()
        self.files = MemoryFiles()
        self.signer = ToySigner()
        self.workbooks: Workbooks = XlsxWorkbooks()
        self.bank = Bank(lambda: [Webhook(SECRET)])
        self.use_other_stores()
        campaign = a_campaign(**plan)
        self._save(campaign)
        self.id = campaign.id
        self.millis = (campaign.starts_at - 60) * 1000
        self._served = 0
        self.restart()

    def use_other_stores(self) -> None:
        """For those who play on another stage."""

    def restart(self) -> None:
        """Other processes: what they knew is forgotten."""
        providers = {"test": self.bank}
        hints = Hints(self.stock, self.clock, choice=Random(1), pause=lambda _: None)
        self.books = Books(
            self.orders,
            self.stock,
            hints,
            self.buyers,
            providers,
            MemoryQuarantine(),
            self.refunds,
            self.campaigns,
            livemode=False,
        )
        self.reservations = ReservationDesk(
            self.campaigns, self.stock, hints, self.buyers, self.holds
        )
        self._checkouts = CheckoutDesk(
            self.campaigns,
            self.stock,
            self.orders,
            providers,
            OpenAddresses(),
            CountryAddressRules(),
        )
        self.payments = PaymentDesk(self.campaigns, self.books)

    # -- time ----------------------------------------------------------------------------------------

    def clock(self) -> int:
        return self.millis

    @property
    def now(self) -> int:
        return self.millis // 1000

    def wait(self, seconds: float) -> None:
        self.millis += round(seconds * 1000)

    # -- the campaign --------------------------------------------------------------------------------

    @property
    def campaign(self) -> Campaign:
        return self.campaigns.get(self.id)

    def status(self) -> Status:
        return self.campaign.status

    def change(self, **changes: Any) -> None:
        self._save(self.campaign.changed(**changes))

    def cancel(self) -> None:
        reason = "Storm at the harbour"
        self._save(show_control.cancel(self.campaign, reason=reason, now=self.now))

    def end(self) -> None:
        self.change(ends_at=self.now)

    def _save(self, campaign: Campaign) -> None:
        self.campaigns.save(campaign, by="its merchant")

    def blocks(self) -> list[Block]:
        return [block for offer in count_blocks(self.stock, self.campaign) for block in offer]

    # -- the steps of the machine ----------------------------------------------------------------------

    def prepare(self) -> None:
        prepare_stock(self.campaigns, self.stock, self.id, self.now)

    def open(self) -> Doors:
        return open_campaign(self.campaigns, self.id, self.now).phase

    def go_live(self) -> None:
        """Prepared, opened, and on sale."""
        self.prepare()
        self.millis = max(self.millis, self.campaign.starts_at * 1000)
        self.open()

    def beat(self) -> Beat:
        return keep_books(self.campaigns, self.totals, self.books, self.id, self.clock)

    def close(self) -> None:
        """When it is over, or as if it were."""
        over = max(self.now, self.campaign.closes_at)
        close_campaign(self.campaigns, self.stock, self.id, over)

    def reconcile(self) -> bool:
        return reconcile_campaign(
            self.campaigns, self.totals, self.stock, self.orders, self.id, self.clock
        ).balanced

    def settle(self) -> None:
        settle_campaign(self.campaigns, self.totals, self.id, self.clock)

    def check_books(self, key: str = "now", body: Mapping[str, Any] | None = None) -> Told:
        checker = BooksChecker(
            self.campaigns, self.totals, self.books, self.answers, self.clock, pause=self.between
        )
        ask = Ask(MERCHANT, "reconcile", self.id, key, body or {})
        return checker.check(ask)

    def between(self, seconds: float) -> None:
        """What happens between two readings of the books: a test may put a buyer there."""
        self.wait(seconds)

    def package(self, seconds: float = 120) -> Progress:
        builder = PackageBuilder(
            campaigns=self.campaigns,
            totals=self.totals,
            orders=self.orders,
            records=self.records,
            files=self.files,
            signer=self.signer,
            workbooks=self.workbooks,
            elapsed=lambda: self.millis / 1000,
        )
        return builder.build(self.id, seconds=seconds)

    def run_to_the_end(self, beats: int = 2000) -> bool:
        """What the machine does from its first state on, whatever was done before. Whether the books balance."""
        self.prepare()
        if is_abandoned(self.campaign):
            self.close()
        else:
            while (doors := self.open()) is Doors.WAIT:
                self.wait(5)
            if doors is Doors.CLOSE:
                self.close()
        for _ in range(beats):
            beat = self.beat()
            assert not beat.faults
            if beat.phase is Phase.DRAINED:
                break
            if beat.phase is Phase.CLOSE:
                self.close()
            self.wait(beat.wait_seconds)
        else:
            raise AssertionError("the show never ends")
        if not self.reconcile():
            return False
        self.settle()
        assert self.package().complete
        return True

    # -- what people do --------------------------------------------------------------------------------

    def reserve(
        self,
        quantity: int = 1,
        sku: str = FUJI,
        buyer: str = "ana",
        key: str = "",
        coupon: str | None = None,
    ) -> Reservation:
        self._served += 1
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self.id,
            sku=sku,
            quantity=quantity,
            buyer_id=buyer,
            idempotency_key=key or f"key-{self._served}",
            coupon=coupon,
        )
        return self.reservations.reserve(request, self.now)

    def check_out(self, reservation: Reservation, buyer: str = "ana") -> Order:
        checkout = Checkout(
            merchant=MERCHANT,
            reservation_id=reservation.id,
            buyer_id=buyer,
            payment_method="card",
            ship_to=SHIP_TO,
            idempotency_key=f"check out {reservation.id}",
        )
        return self._checkouts.check_out(checkout, self.now).order

    def pay(self, order: Order) -> Outcome:
        raw = event_body(order)
        return self.payments.receive("test", headers(raw, f"msg_{order.id}"), raw, self.now)

    def sell(self, quantity: int = 1, sku: str = FUJI) -> Order:
        order = self.check_out(self.reserve(quantity, sku))
        assert self.pay(order) is Outcome.PAID
        return order

    def release(self, reservation: Reservation) -> None:
        self.reservations.release(reservation.id, MERCHANT, self.now)

    def state(self, reservation: Reservation) -> str | None:
        check = reservation.check
        place = shelf(self.campaign, self.campaign.offers[check.offer_number])
        state = look(self.stock, place, check, self.now)
        return state.value if state else None

    # -- totals ----------------------------------------------------------------------------------------

    def desk(self, pause: Callable[[float], None] | None = None) -> TotalsDesk:
        """A process that serves totals."""
        return TotalsDesk(
            self.campaigns, self.totals, self.stock, self.clock, pause=pause or self.wait
        )

    def snapshot(self) -> Snapshot:
        return take_snapshot(
            self.totals, self.stock, self.campaign, self.clock, read_at=self.clock()
        ).snapshot

    def seen(self) -> Seen:
        return self.desk().look(self.id, MERCHANT)

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.totals.report(self.id) or "null")
        return report

    # -- what goes wrong -------------------------------------------------------------------------------

    def watch(self, notice: Callable[[str], None]) -> None:
        """Call ``notice`` before and after every effect on any store or the bank."""
        stores = (self.campaigns, self.stock, self.totals, self.orders, self.records, self.files)
        for part in (*stores, self.bank):
            part.before = lambda what: notice(f"before {what}")
            part.after = lambda what: notice(f"after {what}")
