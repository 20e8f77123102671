"""
Totals: the sums over a campaign, by the written definitions of the API, and the snapshots of them.

Totals are counted, never kept up to date: the sum over the stock blocks, whose counters move in the same write as the
units. In every sum of every snapshot ``allotted = available + held + sold`` and ``placed = confirmed + released +
expired + holds``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any, Self

from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.money import exponent
from shared.domain.stock import GIVEN_BACK, Block, Counters, Kind, sizes

DEFINITIONS = "1"
"""Version of what the words of the totals mean; it grows when a meaning changes."""
STEP = 10
"""Seconds of the finest bucket of the timeline: of each such span the last snapshot is kept."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The totals of one offer, or of all. Units, except where said."""

    available: int = 0
    held: int = 0
    sold: int = 0
    """Paid for, and not put back on sale."""
    units_refunded: int = 0
    """Of refunded orders."""
    orders: int = 0
    """Paid orders, refunded ones included."""
    gross: int = 0
    """Minor units: the money of paid orders, refunds not subtracted."""
    refunded: int = 0
    """Minor units."""
    released: int = 0
    """Reservations."""
    expired: int = 0
    """Reservations."""
    holds: int = 0
    """Reservations that are held."""
    later: int = 0
    """Units that are not released yet, and not among those that are allotted. What the show ended before never is."""
    replay_orders: int = 0
    """Of the orders: those that were reserved when the show was over, in its replay. So with what follows."""
    replay_sold: int = 0
    replay_gross: int = 0
    """Minor units."""
    replay_refunded: int = 0
    """Minor units."""

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(mine + its for mine, its in zip(self.numbers, other.numbers, strict=True)))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*(mine - its for mine, its in zip(self.numbers, other.numbers, strict=True)))

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, in the order of their declaration: as they are stored."""
        numbers: tuple[int, ...] = _numbers(self)
        return numbers

    @property
    def allotted(self) -> int:
        """Units ring-fenced for the campaign, as far as they were ever on sale."""
        return self.available + self.held + self.sold

    @property
    def placed(self) -> int:
        """Reservations ever made: a paid order was one."""
        return self.orders + self.released + self.expired + self.holds

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> Self:
        """What the blocks of an offer say."""
        counters = Counters()
        refunded = holds = 0
        for block in blocks:
            counters += block.counters
            for entry in block.ledger.values():
                if entry.kind in GIVEN_BACK:
                    refunded += entry.quantity
                elif entry.kind is Kind.HELD and entry.is_tail:
                    holds += 1
        return cls(
            available=counters.free,
            held=counters.held,
            sold=counters.sold,
            units_refunded=refunded + counters.moved_refunded,
            orders=counters.orders,
            gross=counters.gross,
            refunded=counters.refunded,
            released=counters.released,
            expired=counters.expired,
            holds=holds,
            replay_orders=counters.replay_orders,
            replay_sold=counters.replay_sold,
            replay_gross=counters.replay_gross,
            replay_refunded=counters.replay_refunded,
        )

    def without(self, later: int) -> Sums:
        """The same, where so many of the units are not released yet."""
        return replace(self, available=self.available - later, later=later)


def count_offer(campaign: Campaign, offer: Offer, blocks: Sequence[Block], at: int) -> Sums:
    """The totals of an offer at an instant (seconds), by its blocks; by the plan while there are none."""
    if not blocks:
        portions = offer.portions or campaign.portions(offer)
        return Sums(available=offer.allotment).without(
            sum(each.units for each in portions if not campaign.is_released(each, at))
        )
    number = offer.home_blocks
    later = 0
    for portion in offer.portions:
        following = number + len(sizes(portion.units))
        if not campaign.is_released(portion, at):
            # A clock that is ahead may have sold of them already.
            later += sum(block.counters.free for block in blocks[number:following])
        number = following
    return Sums.of(blocks).without(later)


NAMES = tuple(field.name for field in fields(Sums))
_numbers = attrgetter(*NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The totals at an instant, with a version that never goes back."""

    version: int
    as_of: int
    """Milliseconds since 1970 UTC, before the first block was read: every movement until then is in it."""
    campaign_version: int
    """The campaign it was counted for: whose offers, names and times belong to it."""
    status: Status
    offers: tuple[Sums, ...]
    """In the order of the campaign's offers."""
    complete: bool = False
    """Closed and reconciled: nothing will change any more."""
    report: str = ""
    """Name of the closing report that it completes: whatever is written later is not the report any more."""
    reconciled_at: int | None = None
    """``as_of`` of the last snapshot in which every block's ledger agreed with its counters: its own, if nothing drifted."""

    @property
    def total(self) -> Sums:
        """Over all offers."""
        return sum(self.offers, Sums())

    @property
    def is_history(self) -> bool:
        """Whether anything was reserved by then. Before that, nothing is worth keeping, and offers may be edited."""
        return any(sums.placed for sums in self.offers)

    @property
    def bucket(self) -> int:
        """Beginning of the span of ``STEP`` seconds it belongs to; seconds since 1970 UTC."""
        return self.as_of // 1000 // STEP * STEP


def next_snapshot(
    before: Snapshot | None,
    campaign: Campaign,
    offers: Sequence[Sums],
    *,
    as_of: int,
    complete: bool = False,
    report: str = "",
    sound: bool = False,
) -> Snapshot:
    """
    The snapshot after ``before``. A clock that is behind the one that made ``before`` does not turn time back.

    ``sound``: the ledgers that were counted agree with their counters.
    """
    at = max(as_of, before.as_of) if before else as_of
    held = before.reconciled_at if before else None
    return Snapshot(
        version=before.version + 1 if before else 1,
        as_of=at,
        reconciled_at=at if sound else held,
        campaign_version=campaign.version,
        status=campaign.status,
        offers=tuple(offers),
        # Called off before it had any stock: there is nothing to close and nothing to reconcile.
        complete=complete or (campaign.status is Status.CANCELLED and campaign.prepared_at is None),
        report=report,
    )


def is_moving(campaign: Campaign, now: int) -> bool:
    """Whether time (``now``: seconds) may have changed the totals: there is stock, and its sale has begun."""
    if campaign.prepared_at is None or now < campaign.starts_at:
        return False
    return campaign.status not in (Status.DRAFT, Status.CLOSED)


def figures(campaign: Campaign, offers: Sequence[Sums]) -> Mapping[str, Any]:
    """The numbers as the API and the closing report write them."""
    total = sum(offers, Sums())
    return {
        "currency": campaign.currency,
        "currency_exponent": exponent(campaign.currency),
        "orders": total.orders,
        "gross": total.gross,
        "refunded": total.refunded,
        "net": total.gross - total.refunded,
        "units": _units(total),
        "reservations": {
            "placed": total.placed,
            "confirmed": total.orders,
            "released": total.released,
            "expired": total.expired,
            "held": total.holds,
        },
        "replay": _replay(campaign, total),
        "offers": [
            {
                "sku": offer.sku,
                "title": dict(offer.title),
                "unit_price": campaign.list_price(offer),
                "orders": sums.orders,
                "gross": sums.gross,
                "refunded": sums.refunded,
                "units": _units(sums),
                "replay": _replay(campaign, sums),
            }
            for offer, sums in zip(campaign.offers, offers, strict=True)
        ],
    }


def _replay(campaign: Campaign, sums: Sums) -> dict[str, int] | None:
    """What of it was sold when the show was over: the rest is the live hour's."""
    if campaign.replay_until is None:
        return None
    return {
        "orders": sums.replay_orders,
        "units": sums.replay_sold,
        "gross": sums.replay_gross,
        "refunded": sums.replay_refunded,
        "net": sums.replay_gross - sums.replay_refunded,
    }


def _units(sums: Sums) -> dict[str, int]:
    return {
        "allotted": sums.allotted,
        "available": sums.available,
        "held": sums.held,
        "sold": sums.sold,
        "refunded": sums.units_refunded,
        "later": sums.later,
    }
