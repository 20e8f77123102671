"""
Reconciliation: ledgers, orders and totals, each counted by itself, must agree in every unit and in every minor unit
of money.

What is compared:

* each block: its ledger against its counters; each offer: its blocks against its allotment; nothing is held any more
* each sold reservation in a ledger: exactly one paid order, of as many units, at that seat
* each block's orders, money and refunds: the sums of its orders
* the uses of each capped deal: as many as were planned, none held any more, as many sold as paid orders have of it
* each order: what its id promised; at its end; and its money in exactly one place
* the last snapshot of the totals: what was counted just now

Refunds that came after the close are in none of it, but that they were promised and that there was money for them.

A campaign that still sells moves between one reading and the next, so there each difference must be found twice, in the
same words and numbers, before it is drift (``drift``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain.campaign import Campaign, Offer
from shared.domain.claim_check import NotAClaimCheck
from shared.domain.deals import cue_of
from shared.domain.deals import uses as uses_of
from shared.domain.order import Order, OrderState
from shared.domain.stock import GIVEN_BACK, PAID, Block, Counters
from shared.domain.totals import NAMES, Snapshot, Sums, count_offer

_LISTED = 100
"""Differences told one by one."""
_COLLECTED = 10_000


@dataclass(slots=True)
class Findings:
    """What does not agree: all counted, the first by name told."""

    count: int = 0
    told: list[str] = field(default_factory=list)

    def tell(self, difference: str) -> None:
        """Something differs."""
        self.count += 1
        if len(self.told) < _COLLECTED:
            self.told.append(difference)

    def compare(self, what: str, **sides: object) -> None:
        """Two ways of counting the same thing; told if they differ."""
        (one, first), (other, second) = sides.items()
        if first != second:
            self.tell(f"{what}: {first} by the {one}, {second} by the {other}")

    @property
    def listed(self) -> list[str]:
        """The same ones in the same order, however they were come upon."""
        return sorted(self.told)[:_LISTED]


@dataclass(slots=True)
class CouponSales:
    """What was bought with a coupon, refunds not subtracted. Minor units."""

    orders: int = 0
    units: int = 0
    gross: int = 0
    off: int = 0
    """What it would have been more at list prices."""


@dataclass(slots=True)
class OrderBook:
    """What the orders say, added up."""

    count: int = 0
    by_state: Counter[OrderState] = field(default_factory=Counter)
    captured: int = 0
    """Minor units of money that came in."""
    given_back: int = 0
    late_paid: int = 0
    """Orders whose payment came when their hold was over, and for which units were found again."""
    late_refunded: Counter[str] = field(default_factory=Counter)
    """Those for which there were none, by reason."""
    coupons: dict[str, CouponSales] = field(default_factory=dict)
    """By code."""

    def enter(self, order: Order) -> None:
        """Count an order."""
        self.count += 1
        self.by_state[order.state_in_books] += 1
        self.captured += order.captured
        self.given_back += order.refunded_in_books
        if order.refund_reason is not None:
            self.late_refunded[order.refund_reason.value] += 1
        elif order.attempt and order.paid_at is not None:
            self.late_paid += 1
        if order.coupon is not None and order.paid_at is not None:
            sales = self.coupons.setdefault(order.coupon, CouponSales())
            sales.orders += 1
            sales.units += order.quantity
            sales.gross += order.amount
            sales.off += (order.list_price or order.unit_price) * order.quantity - order.amount


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome, and what it was made from."""

    offers: Sequence[Sums]
    """By the blocks."""
    orders: OrderBook
    blocks: int
    findings: Findings

    @property
    def balanced(self) -> bool:
        """Whether everything agrees."""
        return not self.findings.count


def reconcile(
    campaign: Campaign,
    blocks: Sequence[Sequence[Block]],
    orders: Iterable[Order],
    snapshot: Snapshot,
    *,
    uses: Mapping[int, Sequence[Block]] | None = None,
    drained: bool = True,
) -> Reconciliation:
    """
    Compare a campaign's blocks (by offer), its orders, and its last snapshot. ``uses``: the blocks of its capped deals, by
    number.

    ``drained``: nothing may be held or under way any more. Otherwise orders on their way are left out.
    """
    findings = Findings()
    ledgers = [
        _Ledger(
            offer,
            of_offer,
            count_offer(campaign, offer, of_offer, snapshot.as_of // 1000),
            findings,
            drained=drained,
        )
        for offer, of_offer in zip(campaign.offers, blocks, strict=True)
    ]
    by_sku = {ledger.sku: ledger for ledger in ledgers}
    book = OrderBook()
    used: Counter[int] = Counter()
    for order in orders:
        if order.is_settling and not drained:
            continue
        book.enter(order)
        if order.awaits_payment and not drained:
            continue
        used += _check(campaign, order, by_sku.get(order.sku), findings)
    for ledger in ledgers:
        ledger.close()
    for number, of_deal in (uses or {}).items():
        _check_uses(campaign, number, of_deal, used[number], findings, drained=drained)
    sums = [ledger.sums for ledger in ledgers]
    for ledger, mine, its in zip(ledgers, sums, snapshot.offers, strict=True):
        for name in NAMES:
            compared = {"ledgers": getattr(mine, name), "snapshot": getattr(its, name)}
            findings.compare(f"{ledger.sku} {name}", **compared)
    total = sum(sums, Sums())
    findings.compare(
        "money kept", ledgers=total.gross - total.refunded, orders=book.captured - book.given_back
    )
    return Reconciliation(sums, book, sum(map(len, blocks)), findings)


def drift(one: Reconciliation, other: Reconciliation) -> Findings:
    """What two readings of a moving campaign both say: what had only moved in between says another number now."""
    again = set(other.findings.told)
    found = Findings()
    for difference in one.findings.told:
        if difference in again:
            found.tell(difference)
    return found


# -- orders ----------------------------------------------------------------------------------------------


def _check(
    campaign: Campaign, order: Order, ledger: _Ledger | None, findings: Findings
) -> Counter[int]:
    """The uses that it has, by deal."""
    name = f"order {order.id}"
    if order.state is OrderState.AWAITING_PAYMENT or order.is_settling:
        findings.tell(
            f"{name}: {order.state.value}, with {order.captured} captured, is not at its end"
        )
    _check_money(order, name, findings)
    try:
        check = order.claim(campaign.secret)
    except NotAClaimCheck:
        findings.tell(f"{name}: its id was not given out by this campaign")
        return Counter()
    promised = (check.amount, check.quantity, campaign.currency)
    findings.compare(name, order=(order.amount, order.quantity, order.currency), promise=promised)
    if ledger is None or ledger.number != check.offer_number:
        findings.tell(f"{name}: this campaign sold no {order.sku} under it")
    elif order.paid_at is not None:
        ledger.claim(order, check.key, (check.block, check.tail_quantity))
        if check.deal:
            return Counter({check.deal: uses_of(campaign, check.deal, order.quantity)})
    return Counter()


def _check_uses(
    campaign: Campaign,
    number: int,
    blocks: Sequence[Block],
    used: int,
    findings: Findings,
    *,
    drained: bool,
) -> None:
    name = f"deal {number}"
    sums = sum((block.counters for block in blocks), Counters())
    for block in blocks:
        for fault in block.faults():
            findings.tell(f"{name} {fault}")
    planned = cue_of(campaign, number).cap
    findings.compare(f"{name} uses", plan=planned, blocks=sums.free + sums.held + sums.sold)
    if drained:
        findings.compare(f"{name} uses held", ledgers=sums.held, end=0)
        findings.compare(f"{name} uses sold", ledgers=sums.sold, orders=used)


def _check_money(order: Order, name: str, findings: Findings) -> None:
    """What came in is kept as its state says; what went back was promised, and what is promised came in."""
    if order.paid_at is None:
        kept = order.captured - order.refunded
        findings.compare(f"{name} money kept", order=kept, state=0)
        return
    findings.compare(f"{name} captured", order=order.captured, amount=order.amount)
    is_all_back = order.refunded == order.captured
    findings.compare(
        f"{name} refunded", order=is_all_back, state=order.state is OrderState.REFUNDED
    )
    if not 0 <= order.refunded_after <= order.refunded <= order.promised <= order.captured:
        findings.tell(
            f"{name}: {order.refunded} went back ({order.refunded_after} after the close), {order.promised} was promised"
        )


# -- ledgers ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sale:
    """A sold reservation, as the blocks tell it."""

    units: int = 0
    seat: tuple[int, int] | None = None
    """Block and units of its tail."""
    refunded: bool = False


class _Ledger:
    """The blocks of one offer, and the orders that claim what they sold."""

    def __init__(
        self,
        offer: Offer,
        blocks: Sequence[Block],
        sums: Sums,
        findings: Findings,
        *,
        drained: bool,
    ) -> None:
        self.sku = offer.sku
        self.number = offer.number
        self.sums = sums
        self._findings = findings
        self._sales: dict[str, _Sale] = {}
        self._of_orders: dict[int, list[int]] = {block.number: [0, 0, 0] for block in blocks}
        self._blocks = blocks
        units = self.sums.allotted + self.sums.later
        findings.compare(f"{self.sku} units", allotment=offer.allotment, blocks=units)
        if drained:
            findings.compare(f"{self.sku} units held", ledgers=self.sums.held, end=0)
        for block in blocks:
            for fault in block.faults():
                findings.tell(f"{self.sku} {fault}")
            self._enter(block)

    def _enter(self, block: Block) -> None:
        for key, entry in block.ledger.items():
            if entry.kind in PAID:
                sale = self._sales.setdefault(key, _Sale())
                sale.units += entry.quantity
                if entry.is_tail:
                    if sale.seat is not None:
                        self._findings.tell(f"{self.sku} reservation {key}: sold twice")
                    sale.seat = block.number, entry.quantity
                    sale.refunded = entry.kind in GIVEN_BACK

    def claim(self, order: Order, key: str, seat: tuple[int, int]) -> None:
        """A paid order says that its units were sold under this key, and where."""
        sale = self._sales.pop(key, None)
        if sale is None:
            self._findings.tell(
                f"order {order.id}: paid, and its units are not sold, or to another"
            )
            return
        is_refunded = order.state_in_books is OrderState.REFUNDED
        wanted = (order.quantity, seat, is_refunded)
        self._findings.compare(
            f"order {order.id} units, seat, refund",
            order=wanted,
            ledger=(sale.units, sale.seat, sale.refunded),
        )
        if seat[0] in self._of_orders:
            for place, number in enumerate((1, order.amount, order.refunded_in_books)):
                self._of_orders[seat[0]][place] += number

    def close(self) -> None:
        """All orders were entered: what is sold and unclaimed, and the money of each block."""
        for key, sale in self._sales.items():
            self._findings.tell(
                f"{self.sku} reservation {key}: {sale.units} sold without a paid order"
            )
        for block in self._blocks:
            counters = block.counters
            self._findings.compare(
                f"{self.sku} block {block.number} orders, gross, refunded",
                counters=(counters.orders, counters.gross, counters.refunded),
                orders=tuple(self._of_orders[block.number]),
            )
