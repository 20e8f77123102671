"""
A campaign: one livestream sale, its offers, its run of show, and the states it goes through.

``draft → scheduled → live → closing → closed``; ``cancelled`` from any of the first three. Instants are whole seconds since
1970 UTC; money is an integer of minor units of ``currency``. A campaign is a value: each change gives a new one with
the next ``version``, and the store accepts it only over the version it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shared.domain.errors import CampaignState, OfferNotFound
from shared.domain.parties import Party

PAYMENT_PROVIDERS = ("test", "stripe")
"""Who may take a campaign's money."""
CARRIERS = ("file",)
"""Who may carry a campaign's parcels."""
LONGEST_SHOW = 24 * 3600
LONGEST_REPLAY = 7 * 24 * 3600
"""Seconds from the start to ``replay_until`` at most: it bounds the digits of a deadline in the ledger."""


class Status(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SCHEDULED, Status.CANCELLED}),
    Status.SCHEDULED: frozenset({Status.LIVE, Status.CLOSING, Status.CANCELLED}),
    Status.LIVE: frozenset({Status.CLOSING, Status.CANCELLED}),
    Status.CLOSING: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product on sale in a campaign."""

    number: int
    """Position in the campaign's list, from 0: what a reservation id carries instead of the SKU."""
    sku: str
    title: Mapping[str, str]
    """By language tag."""
    unit_price: int
    """Minor units, before any flash price."""
    allotment: int
    """Units ring-fenced for the campaign."""
    limit_per_buyer: int | None = None
    """Units over all reservations of one buyer, unpaid ones included."""
    home_blocks: int = 0
    """Stock blocks the offer opened with; a home never moves when more are added. 0 before the stock is prepared."""
    blocks: int = 0
    """Stock blocks it has now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One entry of the run of show."""

    at: int
    """Seconds from the start."""
    cue: str
    """``pin``, ``unpin`` or ``flash_price``."""
    sku: str | None = None
    unit_price: int | None = None
    seconds: int | None = None
    """Length of a flash price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One livestream sale of one merchant."""

    id: str
    merchant: str
    name: str
    time_zone: str
    starts_at: int
    ends_at: int
    replay_until: int | None
    currency: str
    hold_seconds: int
    channel: str
    parties: Mapping[str, Party]
    """By role. Like everything that buyers and money depend on, fixed when the stock is laid out."""
    offers: tuple[Offer, ...]
    run_of_show: tuple[Cue, ...]
    metadata: Mapping[str, str]
    created_at: int
    """Milliseconds since 1970 UTC."""
    secret: str
    """64 hexadecimal digits known to livehour only: signs reservation ids and derives ledger keys."""
    payment_provider: str = "test"
    """One of ``PAYMENT_PROVIDERS``. Fixed with the rest of the plan before the first order can be made."""
    carrier: str | None = None
    """One of ``CARRIERS``; ``None``: paid orders are handed to nobody. Fixed with the rest of the plan."""
    status: Status = Status.DRAFT
    version: int = 1
    prepared_at: int | None = None
    """When the stock blocks were laid out. Deadlines in the ledger count from here; what is on sale is frozen from here."""
    cancel_reason: str | None = None
    balanced: bool | None = None
    """Outcome of the reconciliation; ``None`` before it ran."""
    finished: bool = False
    """Whether its totals are complete and its closing package is whole: its lifecycle has nothing left to do."""

    # -- questions ---------------------------------------------------------------------------------

    def offer(self, sku: str) -> Offer:
        """The offer of a SKU, or ``OfferNotFound``."""
        for offer in self.offers:
            if offer.sku == sku:
                return offer
        raise OfferNotFound(
            f"This campaign has no offer with the SKU {sku!r}: {OfferNotFound.advice}"
        )

    @property
    def closes_at(self) -> int:
        """The instant from which no unit can be reserved."""
        return max(self.ends_at, self.replay_until or 0)

    @property
    def is_unfinished(self) -> bool:
        """Whether its lifecycle has something to do, now or when its time comes."""
        if self.finished or self.status is Status.DRAFT:
            return False
        # Called off before it had any stock, it leaves nothing to be settled.
        return self.status is not Status.CANCELLED or self.prepared_at is not None

    def is_selling(self, now: int) -> bool:
        """Whether the clock and the status allow a reservation. The write on the block decides again."""
        open_status = self.status in (Status.SCHEDULED, Status.LIVE)
        return (
            open_status and self.prepared_at is not None and self.starts_at <= now < self.closes_at
        )

    def price_of(self, offer: Offer, now: int) -> int:
        """Unit price of an offer at an instant: the flash price whose window holds it, else the list price.

        Pure in the campaign and the second, so that a repeated request finds the price it was promised.
        """
        for cue in reversed(self.run_of_show):
            if cue.cue == "flash_price" and cue.sku == offer.sku and cue.unit_price is not None:
                begins = self.starts_at + cue.at
                if begins <= now < begins + (cue.seconds or 0):
                    return cue.unit_price
        return offer.unit_price

    def pinned(self, now: int) -> str | None:
        """SKU of the product shown on screen at an instant."""
        pinned = None
        for cue in self.run_of_show:
            if self.starts_at + cue.at > now:
                break
            if cue.cue in ("pin", "unpin"):
                pinned = cue.sku if cue.cue == "pin" else None
        return pinned

    # -- changes -----------------------------------------------------------------------------------

    def refuse_unless(self, *allowed: Status, verb: str) -> None:
        """Raise ``CampaignState`` unless the status is one of ``allowed``."""
        if self.status not in allowed:
            raise CampaignState(
                f"A campaign that is {self.status} cannot be {verb}; "
                f"it must be {' or '.join(allowed)}.",
                status=self.status.value,
            )

    def become(self, status: Status, **changes: Any) -> Campaign:
        """The campaign in its next status. ``CampaignState`` if there is no such step from here."""
        if status not in NEXT[self.status]:
            raise CampaignState(
                f"A campaign that is {self.status} cannot become {status}.",
                status=self.status.value,
            )
        return self.changed(status=status, **changes)

    def changed(self, **changes: Any) -> Campaign:
        """The campaign with other values and the next version."""
        return replace(self, version=self.version + 1, **changes)
