"""
What must hold of campaigns, orders, totals and answers after every write: legal steps forward, money in one place,
totals that are true.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final
from zlib import crc32

from local.simulation.ledger_audit import LedgerAudit
from local.simulation.line_audit import LineAudit
from local.simulation.use_audit import UseAudit
from local.simulation.values import Item
from local.simulation.violations import Violation, expect
from shared import table
from shared.adapters import (
    dynamodb_buyers,
    dynamodb_campaigns,
    dynamodb_hold_limits,
    dynamodb_log,
    dynamodb_order_items,
    dynamodb_refund_items,
    dynamodb_requests,
    dynamodb_totals,
)
from shared.domain.campaign import NEXT, NOBODY, Campaign, Status
from shared.domain.campaign_log import Entry as LogEntry
from shared.domain.deals import deal_of
from shared.domain.order import Attention, Order, OrderState
from shared.domain.refund import AskedRefund, State
from shared.domain.stock import PAID, Entry, Kind
from shared.domain.totals import Snapshot, Sums

_AFTER: Final = {
    OrderState.AWAITING_PAYMENT: {OrderState.PAID, OrderState.CANCELLED, OrderState.REFUNDED},
    OrderState.CANCELLED: {OrderState.PAID, OrderState.REFUNDED},
    OrderState.PAID: {OrderState.FULFILLED, OrderState.REFUNDED},
    OrderState.FULFILLED: {OrderState.REFUNDED},
    OrderState.REFUNDED: set(),
}
_FROZEN: Final = (
    "id", "campaign_id", "merchant", "sku", "quantity", "amount", "currency", "buyer", "key",
    "created_at", "expires_at", "provider", "list_price", "coupon",
)  # fmt: skip
_OF_A_CHECKOUT: Final = ("request", "fingerprint")
_NEVER_LESS: Final = ("orders", "gross", "refunded", "released", "expired")


@dataclass(slots=True)
class Bank:
    """What the payment provider knows: which orders' money it has taken."""

    captured: dict[str, int] = field(default_factory=dict)
    """Minor units by order, from the instant at which the buyer paid."""


class BooksAudit:
    """Watches every table."""

    def __init__(self, ledger: LedgerAudit, bank: Bank, clock: Callable[[], int]) -> None:
        """``clock``: milliseconds, true."""
        self.ledger = ledger
        self.uses = UseAudit(ledger)
        self.campaigns: dict[str, Campaign] = {}
        self.lines = LineAudit(ledger, self.campaigns)
        self.orders: dict[str, Order] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.truth: dict[str, list[tuple[int, Sums]]] = {}
        """The totals of each campaign since each instant."""
        self.skewed = False
        self.digest = 0
        """Of every write, in its order."""
        self._paused = 0
        self._allotted: dict[tuple[str, int], int] = {}
        """Units that count, by campaign and version."""
        self._bank = bank
        self._clock = clock
        self.traces: set[tuple[str, str, str]] = set()
        """What is there of rehearsals: table, key and sort key."""
        self.refunds: dict[str, AskedRefund] = {}
        """That merchants asked for, by id."""
        self.booked: dict[str, int] = {}
        """Refunded by the ledgers, by order."""
        self.given_up = 0
        """How often a refund was left to a person."""
        self.log: dict[tuple[str, str], LogEntry] = {}
        """By campaign and place."""
        self._logged: dict[tuple[str, int], str] = {}
        """Places of versions."""
        self._by_key: dict[tuple[str, str], Order] = {}
        self.corrected: Counter[str] = Counter()
        """How often an order that waited for a better address got one, by order."""
        self._watchers: Mapping[str, Callable[[Item | None, Item | None], None]] = {
            "stock": self._stock,
            "overflow": ledger.watch_overflow,
            "campaigns": self._campaign,
            "orders": self._order,
            "totals": self._totals,
            "requests": self._request,
            "buyers": self._buyer,
            "payments": self._payment,
            "log": self._log,
            "waitlists": self.lines.watch,
        }
        ledger.sold = self._sold
        ledger.refunded = self._refunded
        ledger.home_blocks = lambda campaign, sku: self.campaigns[campaign].offer(sku).home_blocks

    def watch(self, role: str, old: Item | None, new: Item | None) -> None:
        """Check one write."""
        self.digest = crc32(repr((role, new)).encode(), self.digest)
        if self._is_of_a_rehearsal(role, old, new):
            return
        watcher = self._watchers.get(role)
        if watcher is not None:
            watcher(old, new)

    # -- rehearsals ----------------------------------------------------------------------------------

    def _is_of_a_rehearsal(self, role: str, old: Item | None, new: Item | None) -> bool:
        """Such items come and go; a rehearsal judges itself, and what is left of it is in ``traces``."""
        spec, item = table.TABLES[role], new or old or {}
        key = item[spec.key].get("S", "")
        if not key.removeprefix(table.CAMPAIGN_PREFIX).startswith(table.REHEARSED):
            return False
        place = role, key, str(item.get(spec.sort or ""))
        if new is None:
            self.traces.discard(place)
        else:
            self.traces.add(place)
        return True

    # -- stock ---------------------------------------------------------------------------------------

    def _stock(self, old: Item | None, new: Item | None) -> None:
        self.ledger.watch(old, new)
        campaign_id, _, part = table.stock_place((new or {})[table.STOCK_KEY]["S"])
        campaign = self.campaigns[campaign_id]
        if part == table.BOARD:
            return
        self.uses.watch(campaign)
        total = Sums()
        for offer in campaign.offers:
            shelf = self.ledger.shelves.get((campaign_id, offer.sku))
            if shelf is not None:
                total += shelf.sums
        self.truth.setdefault(campaign_id, []).append((self._clock(), total))

    def _sold(self, campaign_id: str, sku: str, key: str, entry: Entry, gross: int) -> None:
        """Only a payment sells, for exactly its order's money."""
        order = self._by_key.get((campaign_id, key))
        if order is None:
            raise Violation(f"{sku} {key}: {entry} was sold without an order")
        self.ledger.checks["money"] += 1
        expect(order.sku == sku, order.id, f"took {sku}")
        expect(gross == order.amount, order.id, f"is {order.amount}, and {gross} was counted")
        expect(order.id in self._bank.captured, order.id, "its units were sold before anybody paid")

    def _refunded(self, campaign_id: str, sku: str, key: str, money: int) -> None:
        """Only what went back in time is booked, once."""
        order = self._by_key.get((campaign_id, key))
        if order is None:
            raise Violation(f"{sku} {key}: {money} was given back of no order")
        self.ledger.checks["money"] += 1
        booked = self.booked.get(order.id, 0) + money
        self.booked[order.id] = booked
        due = order.refunded_in_books
        expect(booked <= due, order.id, f"{booked} of {due} is booked as refunded")
        snapshot = self.snapshots.get(campaign_id)
        is_complete = snapshot is not None and snapshot.complete
        expect(not is_complete, order.id, "was booked after the books were closed")

    # -- campaigns -----------------------------------------------------------------------------------

    def _campaign(self, old: Item | None, new: Item | None) -> None:
        if new is None:
            raise Violation("a campaign was deleted")
        after = dynamodb_campaigns.decode(new)
        if old is not None:
            before = dynamodb_campaigns.decode(old)
            self.ledger.checks["campaign steps legal"] += 1
            expect(after.version == before.version + 1, after.id, "a version was skipped")
            legal = after.status is before.status or after.status in NEXT[before.status]
            expect(legal, after.id, f"went from {before.status} to {after.status}")
            expect(after.shut or not before.shut, after.id, "was opened after its end was seen")
            self._paused += after.status is Status.PAUSED is not before.status
            if before.prepared_at is not None:
                expect(after.prepared_at == before.prepared_at, after.id, "was prepared twice")
                for was, now in zip(before.offers, after.offers, strict=True):
                    expect(now.home_blocks == was.home_blocks, after.id, "a home moved")
                    expect(now.blocks >= was.blocks, after.id, "a block was lost")
                    expect(now.unit_price == was.unit_price, after.id, "a price was overwritten")
                    grew = sum(now.added) - sum(was.added)
                    expect(now.allotment == was.allotment + grew, after.id, "units from nowhere")
            if after.status is Status.CLOSED:
                expect(after.balanced, after.id, "was closed with books that do not balance")
            expect(after.secret == before.secret, after.id, "its secret changed")
        expect(dynamodb_campaigns.made_by(new) != NOBODY, after.id, "was changed by nobody")
        self.campaigns[after.id] = after
        allotted = sum(offer.allotment for offer in after.offers)
        self._allotted[after.id, after.version] = allotted

    def _log(self, old: Item | None, new: Item | None) -> None:
        """A version has one entry, which never becomes another; nothing is logged that was not done."""
        if new is None:
            raise Violation("an entry of a log was deleted")
        campaign_id, entry = new[table.LOG_KEY]["S"], dynamodb_log.decode(new)
        self.ledger.checks["entries of logs"] += 1
        if entry.version is not None:
            expect(old is None or old == new, entry.place, f"was {old}, and is {new}")
            place = self._logged.setdefault((campaign_id, entry.version), entry.place)
            expect(place == entry.place, campaign_id, f"{entry.version} is logged twice")
            written = entry.version <= self.campaigns[campaign_id].version
            expect(written, campaign_id, f"{entry.version} is logged and was never written")
        self.log[campaign_id, entry.place] = entry

    # -- orders --------------------------------------------------------------------------------------

    def _order(self, old: Item | None, new: Item | None) -> None:
        if new is None:
            raise Violation("an order was deleted")
        if table.ORDER_NOTE in new:
            return
        if table.REFUND_ID in new:
            self._refund(old, new)
            return
        after = dynamodb_order_items.decode(new)
        before = dynamodb_order_items.decode(old) if old is not None else None
        self.ledger.checks["order steps legal"] += 1
        if before is None:
            expect(after.version == 1, after.id, f"began in version {after.version}")
            self._placed(after)
        else:
            self._moved(before, after)
        self.orders[after.id] = after
        self._by_key[after.campaign_id, after.key] = after
        if after.attempt:
            secret = self.campaigns[after.campaign_id].secret
            self._by_key[after.campaign_id, after.late_key(secret)] = after
        if after.seat is not None:
            self._by_key[after.campaign_id, after.seat.key] = after

    def _placed(self, order: Order) -> None:
        campaign = self.campaigns[order.campaign_id]
        check = order.claim(campaign.secret)
        offer = campaign.offer(order.sku)
        hold = offer.waitlist_hold if order.key in self.lines.keys else campaign.hold_seconds
        began = check.deadline - (hold or 0)
        promised = deal_of(campaign, offer, check.deal, began).unit_price
        self.ledger.checks["price"] += 1
        expect(order.amount == promised * order.quantity, order.id, "has another price")
        life = self.ledger.lives.get((order.campaign_id, order.sku, order.key, order.expires_at))
        if life is None:
            raise Violation(f"{order.id}: no units were ever held for it")
        expect(life.units == order.quantity, order.id, f"holds {life.units} of {order.quantity}")

    def _moved(self, before: Order, after: Order) -> None:
        name = after.id
        expect(after.version == before.version + 1, name, "a version was skipped")
        for fact in _FROZEN:
            expect(getattr(after, fact) == getattr(before, fact), name, f"its {fact} changed")
        _checked_out(before, after)
        _handed_over(before, after)
        was_waiting = before.attention is not None and after.attention is None
        self.corrected[after.id] += was_waiting and after.state is before.state
        if after.state is not before.state:
            legal = after.state in _AFTER[before.state]
            expect(legal, name, f"went from {before.state} to {after.state}")
        expect(after.captured in (0, after.amount), name, f"captured {after.captured}")
        expect(after.captured >= before.captured, name, "forgot money")
        if after.captured:
            expect(name in self._bank.captured, name, "has money that nobody paid")
        if before.refund_reason is not None:
            expect(
                after.refund_reason is before.refund_reason, name, "changed its mind on a refund"
            )
        entry = self._entry_of(after)
        if after.state is OrderState.PAID and before.state is not OrderState.PAID:
            self.ledger.checks["money"] += 1
            sold = entry is not None and entry.kind is Kind.SOLD
            expect(sold, name, f"is paid, and its units are {entry}")
            expect(after.refund_reason is None, name, "is paid and refunded")
        if after.refund_reason is not None and before.refund_reason is None:
            self.ledger.checks["money"] += 1
            expect(not self._is_sold(after), name, "is refunded, and its units are sold")
        in_order = after.refunded_after <= after.refunded <= after.promised <= after.captured
        expect(in_order or after.paid_at is None, name, f"gives back more than it has: {after}")
        expect(after.refunded >= before.refunded, name, "took back a refund")
        if after.state is OrderState.REFUNDED:
            expect(after.refunded == after.captured == after.amount, name, "lost money in a refund")
            is_late = after.refund_reason is not None
            expect(is_late is (after.paid_at is None), name, "is refunded without a reason")
        if after.state is OrderState.CANCELLED and before.state is not OrderState.CANCELLED:
            gone = entry is None or entry.kind not in (Kind.SOLD, Kind.HELD)
            expect(gone, name, f"is cancelled, and its units are {entry}")

    def _refund(self, old: Item | None, new: Item) -> None:
        """Forward only; with its order, in the same write; in its books or in none, once and for all."""
        after = dynamodb_refund_items.decode(new)
        before = dynamodb_refund_items.decode(old) if old is not None else None
        self.ledger.checks["refund steps legal"] += 1
        name = after.id
        expect(after.version == (before.version + 1 if before else 1), name, "skipped a version")
        if before is None:
            expect(after.state is State.PENDING, name, f"began as {after.state}")
        else:
            legal = after.state is before.state or before.is_open
            expect(legal, name, f"went from {before.state} to {after.state}")
            expect(after.amount == before.amount, name, "changed its amount")
            expect(after.after_close or not before.after_close, name, "came back into the books")
            has_to = after.state is State.NEEDS_ATTENTION is not before.state
            self.given_up += has_to
            late = before.state is State.SUCCEEDED and after.after_close != before.after_close
            expect(not late, name, "left the books that it is in")
        self.refunds[name] = after
        order = self.orders[after.order_id]
        mine = [each for each in self.refunds.values() if each.order_id == order.id]
        promised = sum(each.amount for each in mine if each.state is not State.FAILED)
        expect(promised <= order.captured, name, f"{promised} of {order.captured} is promised")

    def _entry_of(self, order: Order) -> Entry | None:
        check = order.claim(self.campaigns[order.campaign_id].secret)
        entry = self.ledger.entry(order.campaign_id, order.sku, check.block, check.key)
        return entry if entry is not None and entry.deadline == check.deadline else None

    def _is_sold(self, order: Order) -> bool:
        keys = {key for (_, key), other in self._by_key.items() if other.id == order.id}
        return any(
            entry.kind in PAID
            for _, key, entry in self.ledger.entries(order.campaign_id, order.sku)
            if key in keys
        )

    # -- totals --------------------------------------------------------------------------------------

    def _totals(self, old: Item | None, new: Item | None) -> None:
        if new is None:
            raise Violation("totals were deleted")
        campaign_id, at = new[table.TOTALS_KEY]["S"], new[table.TOTALS_SORT]["S"]
        if at.startswith("t#") and old is not None:
            grew = int(new["version"]["N"]) >= int(old["version"]["N"])
            expect(grew, campaign_id, "an older snapshot replaced a newer one")
        if at != "now":
            return
        if old is not None and "version" in old and old.get("version") == new.get("version"):
            self._claimed(campaign_id, old, new)
        if "version" not in new:
            return
        after = dynamodb_totals.decode(new)
        before = self.snapshots.get(campaign_id)
        if before is not None:
            if before.version == after.version:
                expect(before == after, campaign_id, f"two snapshots of version {after.version}")
                return
            expect(after.version == before.version + 1, campaign_id, "a snapshot was skipped")
            expect(not before.complete, campaign_id, "complete totals were replaced")
            expect(after.as_of >= before.as_of, campaign_id, "as_of went back")
        self.ledger.checks["totals true"] += 1
        self._bounded(campaign_id, before, after)
        self.snapshots[campaign_id] = after

    def _claimed(self, campaign_id: str, old: Item, new: Item) -> None:
        """One process counts for the next snapshot at a time."""
        was, lease = old.get("lease"), new.get("lease")
        if was is not None and lease is not None and was != lease:
            latest = self._clock() + self.ledger.skew
            expect(int(was["N"]) <= latest, campaign_id, "two count its totals at once")

    def _bounded(self, campaign_id: str, before: Snapshot | None, after: Snapshot) -> None:
        """What can only grow lies between the truth when the counting began and the truth now."""
        counted, known = after.total, self.truth.get(campaign_id, [])
        least = before.total if before is not None else Sums()
        if not self.skewed:
            place = bisect_right(known, after.as_of, key=itemgetter(0))
            least = known[place - 1][1] if place else Sums()
        now = known[-1][1] if known else Sums()
        for what in _NEVER_LESS:
            low, value, high = (getattr(sums, what) for sums in (least, counted, now))
            expect(low <= value <= high, campaign_id, f"{what} {value} is not in {low}..{high}")
        # The last snapshot is of the campaign as it is about to be saved.
        version = min(after.campaign_version, self.campaigns[campaign_id].version)
        allotted = self._allotted[campaign_id, version]
        units = counted.allotted + counted.later
        expect(units == allotted, campaign_id, f"{units} units of {allotted}")

    # -- what was seen -------------------------------------------------------------------------------

    def met(self) -> Counter[str]:
        """What happened, by name: to tell whether a simulation has seen what it is about."""
        met = self.uses.met()
        for life in self.ledger.lives.values():
            name = (
                "never completed" if life.tail is None else str(life.outcome and life.outcome.name)
            )
            met[f"reservation {name.lower()}"] += 1
            met["reservation over several blocks"] += len(life.parts) > 1 and life.tail is not None
        for order in self.orders.values():
            met[f"order {order.state.value}"] += 1
            met["order checked out again"] += order.revision > 0
            met["order paid by the payment that was replaced"] += bool(
                order.captured and order.had_payment(order.payment_id)
            )
            met["order with a coupon"] += order.coupon is not None
            met["order refunded in part"] += 0 < order.refunded < order.captured
            met["order refunded after the close"] += order.refunded_after > 0
            met["parcel requested"] += order.fulfilled_at is not None
            met[f"order needs attention: {order.attention}"] += order.attention is not None
            met["personal data erased"] += order.erased_at is not None
            met["address corrected"] += self.corrected[order.id]
            met["late payment found units"] += bool(order.attempt and order.paid_at)
            if order.refund_reason is not None:
                met[f"late payment refunded: {order.refund_reason.value}"] += 1
        met["overflow mark set"] = self.ledger.marks_set
        met["overflow mark removed"] = self.ledger.marks_removed
        met["sale beyond a moved forward"] = self.ledger.sales_beyond_moved_forwards()
        for shelf in self.ledger.shelves.values():
            met["sold out to the last unit"] += shelf.sums.available == 0
            opening = min(shelf.opens.values())
            for block in shelf.blocks.values():
                met["sale in the overflow table"] += block.has_moved_sales
                kinds = [entry.kind for entry in block.ledger.values()]
                met["forward"] += kinds.count(Kind.FORWARD)
                met["units of a later portion sold"] += shelf.opens[
                    block.number
                ] > opening and bool(block.counters.sold)
                met["units restocked"] += kinds.count(Kind.RESTOCKED)
        for refund in self.refunds.values():
            met[f"refund {refund.state.value}"] += 1
            met["refund left out of the books"] += refund.after_close
        for ticket in (each for line in self.lines.lines.values() for each in line.values()):
            met["number given up" if ticket is None else f"ticket {ticket.state.value}"] += 1
            met["ticket tried anew"] += ticket is not None and ticket.attempt > 0
        for campaign in self.campaigns.values():
            met[f"campaign {campaign.status.value}"] += 1
        met["campaign paused"] += self._paused
        return +met

    # -- the rest ------------------------------------------------------------------------------------

    def _request(self, old: Item | None, new: Item | None) -> None:
        if old is None or new is None:
            return
        before = dynamodb_requests.decode(old)
        over = before.expires_at <= self._clock() // 1000 + self.ledger.tolerance
        expect(over, before.id, "the answer to a request was replaced")

    def _buyer(self, _old: Item | None, new: Item | None) -> None:
        if new is None:
            return
        if dynamodb_hold_limits.is_buyer_holds(new):
            self._buyer_holds(new)
            return
        purse = dynamodb_buyers.decode(new)
        counted = sum(claim.units for claim in purse.claims.values())
        who = new[table.BUYER_KEY]["S"]
        expect(counted == purse.units, who, f"counts {purse.units} units of {counted}")

    def _buyer_holds(self, new: Item) -> None:
        """The numbers that the limits are conditions on are those of the claims beside them."""
        self.ledger.checks["holds counted"] += 1
        claims = dynamodb_hold_limits.decode(new).claims.values()
        told = tuple(int(new[name]["N"]) for name in (table.HOLDS_COUNTED, table.HOLDS_OPEN))
        counted = (len(claims), sum(not claim.ended for claim in claims))
        expect(told == counted, new[table.BUYER_KEY]["S"], f"says {told}, and has {counted}")

    def _payment(self, old: Item | None, _new: Item | None) -> None:
        expect(old is None, "a quarantined payment was replaced")


def _checked_out(before: Order, after: Order) -> None:
    """Only another checkout changes what one asked for, and it remembers the payment before until that is dead or paid."""
    name = after.id
    if after.revision != before.revision:
        expect(after.revision == before.revision + 1, name, "was checked out twice in one write")
        expect(before.awaits_payment and after.awaits_payment, name, "was paid, and checked out")
        expect(before.replaced is None, name, "forgot a payment that could be paid")
        expect(after.replaced == before.payment_id, name, f"does not remember {before.payment_id}")
        expect(after.had_payment(before.payment_id), name, f"forgot {before.payment_id}")
        return
    for fact in _OF_A_CHECKOUT:
        expect(getattr(after, fact) == getattr(before, fact), name, f"its {fact} changed")
    if after.payment_id != before.payment_id:
        expect(not before.captured and after.captured > 0, name, "changed its payment for nothing")
        expect(before.had_payment(after.payment_id), name, "was paid by a payment of no checkout")
        expect(after.replaced == before.payment_id, name, "forgot the payment that was not paid")


def _handed_over(before: Order, after: Order) -> None:
    """Only what is paid is handed over, to one carrier and one address; and what is erased stays so."""
    name = after.id
    if after.erased_at is not None:
        expect(after.ship_to is None, name, "is erased, and has an address")
    elif after.ship_to != before.ship_to:
        is_new = after.revision != before.revision
        expect(before.erased_at is None or is_new, name, "has an address again")
        expect(not before.is_shipping, name, "its address changed when its carrier was asked")
        expect(after.state is before.state, name, "its address changed with its state")
    refused = before.attention is Attention.CARRIER_REFUSED
    expect(before.carrier in (None, after.carrier) or refused, name, "changed its carrier")
    if after.carrier is not None and before.carrier is None:
        paid = before.state is after.state is OrderState.PAID
        expect(paid, name, f"is handed over, and was {before.state}")
    if after.state is OrderState.FULFILLED:
        expect(before.carrier is not None, name, "is fulfilled, and nobody was asked")
