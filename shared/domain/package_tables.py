"""
What the tables of a closing package say of a campaign and of its orders. Nothing of it tells who bought: neither the buyer's
id nor the address is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from shared.clock import rfc3339
from shared.domain.languages import title_in
from shared.domain.order import Order
from shared.domain.parties import Part
from shared.domain.payment_fee import FeeTerms
from shared.domain.refund import AskedRefund
from shared.domain.tables import Row, Table

ORDERS: Final = Table(
    "orders",
    (
        *("order", "state", "sku", "quantity", "list_price", "coupon"),
        *("unit_price", "amount", "currency"),
        *("created_at", "paid_at", "provider", "payment", "captured", "refunded", "paid_late"),
        *("created_local", "paid_local", "time_zone"),
    ),
    frozenset({"list_price", "unit_price", "amount", "captured", "refunded"}),
    frozenset({"created_local", "paid_local"}),
)
PAYMENTS: Final = Table(
    "payments",
    (
        *(
            "payment",
            "provider",
            "order",
            "amount",
            "fee",
            "currency",
            "paid_at",
            "became_an_order",
        ),
        *("paid_local", "time_zone"),
    ),
    frozenset({"amount", "fee"}),
    frozenset({"paid_local"}),
)
REFUNDS: Final = Table(
    "refunds",
    (
        *("refund", "order", "payment", "provider", "amount", "currency", "reason"),
        *("refunded_at", "was_an_order", "restocked", "refunded_local", "time_zone"),
    ),
    frozenset({"amount"}),
    frozenset({"refunded_local"}),
)
ABOUT: Final = Table("about", ("fact", "value"))
TOTALS: Final = Table("totals", ("figure", "count"))
MONEY: Final = Table("money", ("figure", "amount", "currency"), frozenset({"amount"}))
OFFERS: Final = Table(
    "offers",
    (
        *("sku", "title", "unit_price", "orders", "gross", "refunded", "net", "currency"),
        *("units_allotted", "units_sold", "units_left", "units_refunded"),
    ),
    frozenset({"unit_price", "gross", "refunded", "net"}),
)
MINUTES: Final = Table(
    "minutes",
    ("start", "local_time", "orders", "units", "gross", "currency", "time_zone"),
    frozenset({"gross"}),
    frozenset({"local_time"}),
)
PARTIES: Final = Table(
    "parties",
    (
        *("role", "name", "reference", "share_basis_points"),
        *("gross", "refunded", "fees", "net", "currency"),
    ),
    frozenset({"gross", "refunded", "fees", "net"}),
)
BY_ORDER: Final = (ORDERS, PAYMENTS, REFUNDS)


def rows_of(
    order: Order, refunds: Sequence[AskedRefund], fee: FeeTerms, zone: str
) -> Iterator[tuple[Table, Row]]:
    """
    The rows that an order makes, and those of its refunds that are in the books of its campaign. ``zone``: in which local
    times stand beside the instants.
    """
    at = rfc3339(order.paid_at) if order.paid_at is not None else None
    clock = ZoneInfo(zone)
    yield (
        ORDERS,
        (
            *(order.id, order.state_in_books.value, order.sku, order.quantity),
            *(order.list_price or order.unit_price, order.coupon),
            *(order.unit_price, order.amount, order.currency),
            *(rfc3339(order.created_at), at, order.provider, order.payment_id),
            *(order.captured, order.refunded_in_books, bool(order.attempt and at)),
            *(_local(order.created_at, clock), _local(order.paid_at, clock), zone),
        ),
    )
    if order.captured:
        yield (
            PAYMENTS,
            (
                *(order.payment_id, order.provider, order.id),
                *(order.captured, fee.of(order.captured), order.currency, at, at is not None),
                *(_local(order.paid_at, clock), zone),
            ),
        )
    if order.refunded and order.refund_reason is not None:
        # It came too late, and went back without being asked.
        yield (
            REFUNDS,
            (
                *(None, order.id, order.payment_id, order.provider, order.refunded),
                *(order.currency, order.refund_reason.value, None, at is not None, False),
                *(None, zone),
            ),
        )
    for refund in refunds:
        if refund.is_in_books:
            ended = rfc3339(refund.ended_at) if refund.ended_at is not None else None
            yield (
                REFUNDS,
                (
                    *(refund.id, order.id, order.payment_id, order.provider, refund.amount),
                    *(refund.currency, refund.reason, ended, True, refund.restocked),
                    *(_local(refund.ended_at, clock), zone),
                ),
            )


@dataclass(slots=True)
class PieceSums:
    """What the rows of some orders sum to. Minor units."""

    captured: int = 0
    """Money that came in, also for what could not become an order."""
    given_back: int = 0
    refunded: int = 0
    """Of ``given_back``: for what was an order, before the books were closed."""
    refunded_after: int = 0
    """Of ``given_back``: for what was an order, after the books were closed."""
    fees: int = 0
    """Of all that was captured."""
    sold: Counter[str] = field(default_factory=Counter)
    """Paid orders, by SKU."""
    gross: Counter[str] = field(default_factory=Counter)
    """Money of paid orders, by SKU."""

    def enter(self, order: Order, fee: FeeTerms) -> None:
        """Count an order."""
        self.captured += order.captured
        self.fees += fee.of(order.captured)
        self.given_back += order.refunded
        if order.paid_at is not None:
            self.refunded += order.refunded_in_books
            self.refunded_after += order.refunded_after
            self.sold[order.sku] += 1
            self.gross[order.sku] += order.amount

    def __iadd__(self, other: PieceSums) -> Self:
        self.captured += other.captured
        self.given_back += other.given_back
        self.refunded += other.refunded
        self.refunded_after += other.refunded_after
        self.fees += other.fees
        self.sold.update(other.sold)
        self.gross.update(other.gross)
        return self


# -- what the closing report says ----------------------------------------------------------------------


def money_rows(report: Mapping[str, Any], sums: PieceSums) -> list[Row]:
    """From the money that came in to the money that is kept, line by line: each sums to the next."""
    gross, currency = report["totals"]["gross"], report["totals"]["currency"]
    lines = {
        "captured": sums.captured,
        "never_an_order": sums.captured - gross,
        "gross": gross,
        "refunded": sums.refunded,
        "net": gross - sums.refunded,
        "fees": sums.fees,
        "net_of_fees": gross - sums.refunded - sums.fees,
        "given_back_in_all": sums.given_back,
        "refunded_after_the_report": sums.refunded_after,
        "on_its_way_back": sums.captured
        - sums.given_back
        - (gross - sums.refunded - sums.refunded_after),
    }
    return [(name, amount, currency) for name, amount in lines.items()]


def totals_rows(report: Mapping[str, Any]) -> list[Row]:
    """Counts of the whole campaign."""
    totals = report["totals"]
    groups = {"units": totals["units"], "reservations": totals["reservations"]}
    states = report["orders"]["by_state"]
    return [
        ("orders", totals["orders"]),
        *((f"{group}_{name}", count) for group, of in groups.items() for name, count in of.items()),
        *((f"orders_{state}", count) for state, count in states.items()),
    ]


def offer_rows(report: Mapping[str, Any]) -> list[Row]:
    """One row an offer, in the order of the campaign."""
    return [
        (
            *(offer["sku"], title_of(offer), offer["unit_price"], offer["orders"], offer["gross"]),
            *(offer["refunded"], offer["gross"] - offer["refunded"], report["totals"]["currency"]),
            *(offer["units"][name] for name in ("allotted", "sold", "available", "refunded")),
        )
        for offer in report["totals"]["offers"]
    ]


def title_of(offer: Mapping[str, Any]) -> str:
    """An offer's title in English, or in the first language it has."""
    return title_in(offer["title"], "en")


def minute_rows(report: Mapping[str, Any]) -> list[Row]:
    """One row for each minute in which something was sold."""
    zone, currency = ZoneInfo(report["time_zone"]), report["totals"]["currency"]
    return [
        (
            *(bucket["start"], local_time(bucket["start"], zone)),
            *(bucket["orders"], bucket["units"], bucket["gross"], currency, zone.key),
        )
        for bucket in report["timeline"]["buckets"]
    ]


def _local(at: int | None, zone: ZoneInfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")


def about_rows(report: Mapping[str, Any], version: int) -> list[Row]:
    """What a person should know before the first number."""
    zone = ZoneInfo(report["time_zone"])
    times = {name: report[name] for name in ("starts_at", "ends_at")}
    return [
        ("campaign", report["campaign"]),
        ("name", report["name"]),
        ("currency", report["totals"]["currency"]),
        ("time_zone", report["time_zone"]),
        *((name, at) for name, at in times.items()),
        *(
            (f"{name.removesuffix('_at')}_local", local_time(at, zone))
            for name, at in times.items()
        ),
        ("totals_version", version),
    ]


def local_time(instant: str, zone: ZoneInfo) -> str:
    """An instant as the audience's clocks showed it."""
    return datetime.fromisoformat(instant).astimezone(zone).isoformat(timespec="seconds")


def party_rows(parts: Sequence[Part], currency: str) -> list[Row]:
    """One row a party; each column of money sums to its whole."""
    return [
        (
            *(part.role, part.party.name, part.party.reference, part.share),
            *(part.gross, part.refunded, part.fees, part.net, currency),
        )
        for part in parts
    ]
