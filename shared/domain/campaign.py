"""
A campaign: one livestream sale, its offers, its run of show, and the states it goes through.

``draft → scheduled → live → closing → closed``; a live one may be ``paused``, by way of ``pausing``, and live again;
``cancelled`` from any before ``closing``. Instants are whole seconds since 1970 UTC; money is an integer of minor units of
``currency``. A campaign is a value: each change gives a new one with the next ``version``, and the store accepts it only
over the version it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import CampaignState, OfferNotFound
from shared.domain.parties import Party
from shared.domain.payment_fee import NO_FEE, FeeTerms

PAYMENT_PROVIDERS = ("test", "stripe")
"""Who may take a campaign's money."""
CARRIERS = ("file",)
"""Who may carry a campaign's parcels."""
LONGEST_SHOW = 24 * 3600
Beyond = tuple[tuple[str, Any], ...]
"""What code of another version keeps with a campaign: a deployment may come, or be taken back, in the middle of a show. This
code carries it along as it is."""
LONGEST_REPLAY = 7 * 24 * 3600
"""Seconds from the start to ``replay_until`` at most: it bounds the digits of a deadline in the ledger."""


class Status(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSING = "pausing"
    """Reservations are refused, and the blocks are being told."""
    PAUSED = "paused"
    """Every block knows: no hold can be taken."""
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SCHEDULED, Status.CANCELLED}),
    Status.SCHEDULED: frozenset({Status.LIVE, Status.CLOSING, Status.CANCELLED}),
    Status.LIVE: frozenset({Status.PAUSING, Status.CLOSING, Status.CANCELLED}),
    Status.PAUSING: frozenset({Status.PAUSED, Status.LIVE, Status.CLOSING, Status.CANCELLED}),
    Status.PAUSED: frozenset({Status.LIVE, Status.CLOSING, Status.CANCELLED}),
    Status.CLOSING: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}


ON_AIR = (Status.LIVE, Status.PAUSING, Status.PAUSED)
"""The show has begun and is not over, whether it sells at the moment or not."""
OVER = (Status.CLOSING, Status.CLOSED, Status.CANCELLED)
"""It never sells again."""
HALTED = (Status.PAUSING, Status.PAUSED)
NOBODY = "unknown"
"""Who made a version of which nothing else is known."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Units of an allotment that are on sale from a later second of the show on."""

    at: int
    """Seconds from the start."""
    units: int
    wall: int | None = None
    """The instant, where a time of day was planned."""

    def anchored(self, starts_at: int) -> Portion:
        """The same in a show that starts at another time."""
        at = self.at if self.wall is None else max(0, self.wall - starts_at)
        return replace(self, at=at)


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
    """Units ring-fenced for the campaign, in the blocks that count; what is released later is among them."""
    limit_per_buyer: int | None = None
    """Units over all reservations of one buyer, unpaid ones included."""
    home_blocks: int = 0
    """Stock blocks the offer opened with; a home never moves when more are added. 0 before the stock is prepared."""
    blocks: int = 0
    """Stock blocks that count: whoever reads the offer reads these."""
    portions: tuple[Portion, ...] = ()
    """What of the allotment is released later, in the order of the show: each has blocks of its own, after the homes."""
    added: tuple[int, ...] = ()
    """Units of each addition to the allotment, in order: each is cut into blocks by itself."""
    coming: tuple[int, ...] = ()
    """Units of additions whose blocks are being laid out, beyond those that count."""
    min_unit_price: int | None = None
    """Minor units below which no deal may bring the price; ``None``: a tenth of ``unit_price`` (``shared.domain.deals``)."""
    waitlist_hold: int | None = None
    """Seconds for which units that come back are held for who waited; ``None``: nobody can wait."""
    queued_in: int = 0
    """Version in which buyers began to wait: units that come back are for them from then on. 0: nobody waits."""
    queue_firm: bool = False
    """Whether every block knows that, and nobody is about to change it."""
    beyond: Beyond = ()

    @property
    def at_first(self) -> int:
        """Units that are on sale when the show opens."""
        return self.allotment - sum(self.added) - sum(portion.units for portion in self.portions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One entry of the run of show."""

    at: int
    """Seconds from the start."""
    cue: str
    """
    ``pin``, ``unpin``, ``flash_price``, ``coupon``, ``announce``, ``release_stock``; of those that were improvised also
    ``flash_end``, ``coupon_end``, ``price`` (the list price from then on), ``stock``, ``extended``, ``paused``, ``resumed``,
    ``waitlist_opened`` and ``waitlist_closed``.
    """
    sku: str | None = None
    unit_price: int | None = None
    seconds: int | None = None
    """Length of a flash price, or of a coupon."""
    units: int | None = None
    """
    How many were added to the allotment, or are released of it; of a planned flash price: how many it is for, if not all.
    """
    text: str | None = None
    """What is announced, or why it was paused."""
    code: str | None = None
    """Name of a coupon, as it was written; capitals make no difference."""
    automatic: bool | None = None
    """Of a coupon: whether every reservation gets it, asked for or not."""
    percent_off: int | None = None
    amount_off: int | None = None
    """Minor units of each unit's price. A coupon has the one or the other."""
    uses: int | None = None
    """Of a coupon: reservations that it is for, if not for all."""
    uses_per_buyer: int | None = None
    """Of a coupon: reservations of one buyer of one offer that it is for."""
    wall: int | None = None
    """The instant, where a time of day was planned: ``at`` follows from it, wherever the start is moved."""
    deal: int | None = None
    """Number of the deal that it is, given when the stock is laid out: reservations are promised deals by it."""

    beyond: Beyond = ()

    @property
    def is_deal(self) -> bool:
        """Whether a reservation can be promised it by its number: not everybody gets it."""
        return self.cue == "coupon" or (self.cue == "flash_price" and self.units is not None)

    @property
    def cap(self) -> int | None:
        """How often it can be had: units of a flash price, reservations of a coupon. ``None``: as often as one likes."""
        return {"flash_price": self.units, "coupon": self.uses}.get(self.cue)

    def facts(self) -> dict[str, Any]:
        """What it says, without what it has not."""
        found = {name: value for name, value in asdict(self).items() if value is not None}
        del found["beyond"]
        return found


def anchored(cues: Iterable[Cue], starts_at: int) -> tuple[Cue, ...]:
    """The cues of a show that starts at another time. Those of a time of day that is over by then come first."""
    moved = (
        cue if cue.wall is None else replace(cue, at=max(0, cue.wall - starts_at)) for cue in cues
    )
    return tuple(sorted(moved, key=lambda cue: cue.at))


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
    """As planned, in the order of their seconds."""
    metadata: Mapping[str, str]
    created_at: int
    """Milliseconds since 1970 UTC."""
    secret: str
    """64 hexadecimal digits known to livehour only: signs reservation ids and derives ledger keys."""
    payment_provider: str = "test"
    payment_fee: FeeTerms = NO_FEE
    """What the provider keeps of each payment, as far as the merchant told."""
    """One of ``PAYMENT_PROVIDERS``. Fixed with the rest of the plan before the first order can be made."""
    carrier: str | None = None
    """One of ``CARRIERS``; ``None``: paid orders are handed to nobody. Fixed with the rest of the plan."""
    status: Status = Status.DRAFT
    version: int = 1
    prepared_at: int | None = None
    """When the stock blocks were laid out. Deadlines in the ledger count from here; what is on sale is frozen from here."""
    improvised: tuple[Cue, ...] = ()
    """What was done in the middle of the show, each from its second on: only ever added to, so that the price of a second
    that has begun never becomes another."""
    shut: bool = False
    """Its end has been seen, and its blocks are being closed for good: there is no way back, and it cannot be extended."""
    halted_in: int = 0
    """Version in which the last pause began: a block that was stamped for an older one does not know of it."""
    cancel_reason: str | None = None
    cancelled_at: int | None = None
    balanced: bool | None = None
    """Outcome of the reconciliation; ``None`` before it ran."""
    finished: bool = False
    """Whether its totals are complete and its closing package is whole: its lifecycle has nothing left to do."""
    rehearsal_of: str | None = None
    """The campaign whose plan is rehearsed in this one, which its merchant never sees, and which goes when it is over."""
    max_open_holds_per_buyer: int | None = None
    """Reservations of one buyer that may be held at once, over all offers. May change at any time."""
    max_holds_per_ten_minutes: int | None = None
    """Reservations of one buyer that may begin within ten minutes, over all offers. May change at any time."""
    beyond: Beyond = ()

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

    def reserved_at(self, check: ClaimCheck) -> int:
        """The second in which a reservation began, by the end of its hold: seconds since 1970 UTC."""
        waited = self.offers[check.offer_number].waitlist_hold if check.waited else None
        return check.deadline - (self.hold_seconds if waited is None else waited)

    def is_of_replay(self, check: ClaimCheck) -> bool:
        """Whether a reservation was made when the show was over."""
        return bool(self.replay_until) and self.reserved_at(check) >= self.ends_at

    def units_of_replay(self, check: ClaimCheck) -> int:
        """Units of a reservation, if it was made when the show was over."""
        return check.quantity if self.is_of_replay(check) else 0

    @property
    def longest_hold(self) -> int:
        """Seconds that any hold lasts at most."""
        return max(self.hold_seconds, *(offer.waitlist_hold or 0 for offer in self.offers))

    @property
    def is_unfinished(self) -> bool:
        """Whether its lifecycle has something to do, now or when its time comes."""
        if self.finished or self.status is Status.DRAFT:
            return False
        # Called off before it had any stock, it leaves nothing to be settled.
        return self.status is not Status.CANCELLED or self.prepared_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it never sells again, whatever the clock says."""
        return self.shut or self.status in OVER

    def is_selling(self, now: int) -> bool:
        """Whether the clock and the status allow a reservation. The write on the block decides again."""
        open_status = self.status in (Status.SCHEDULED, Status.LIVE) and not self.shut
        return (
            open_status and self.prepared_at is not None and self.starts_at <= now < self.closes_at
        )

    def flash_prices(self, offer: Offer, now: int) -> list[Cue]:
        """The flash prices of an offer that are open at an instant, in the order in which they began."""
        found: list[Cue] = []
        sku, second = offer.sku, now - self.starts_at
        for cue in self.cues(until=now):
            if cue.sku != sku:
                continue
            if cue.cue == "flash_end":
                found.clear()
            elif cue.cue == "flash_price" and second < cue.at + (cue.seconds or 0):
                found.append(cue)
        return found

    def list_price(self, offer: Offer, now: int | None = None) -> int:
        """Unit price of an offer at an instant, flash prices aside; by default what was decided last."""
        price = offer.unit_price
        for cue in self.improvised:
            if now is not None and self.starts_at + cue.at > now:
                break
            if cue.cue == "price" and cue.sku == offer.sku and cue.unit_price is not None:
                price = cue.unit_price
        return price

    def cues(self, *, until: int | None = None) -> Iterator[Cue]:
        """Planned and improvised, in the order of time, up to an instant."""
        cues: Iterable[Cue] = self.run_of_show
        if self.improvised:
            cues = sorted((*self.run_of_show, *self.improvised), key=lambda cue: cue.at)
        for cue in cues:
            if until is not None and self.starts_at + cue.at > until:
                return
            yield cue

    def pinned(self, now: int) -> str | None:
        """SKU of the product shown on screen at an instant."""
        pinned = None
        for cue in self.cues(until=now):
            if cue.cue in ("pin", "unpin"):
                pinned = cue.sku if cue.cue == "pin" else None
        return pinned

    def announced(self, now: int) -> str | None:
        """What was announced last, at an instant."""
        said = [cue.text for cue in self.cues(until=now) if cue.cue == "announce"]
        return said[-1] if said else None

    @property
    def missed_cues(self) -> Iterator[tuple[int, Cue]]:
        """Planned cues that will never happen, by their positions: the campaign ends, or was cancelled, before them."""
        over = self.closes_at
        if self.cancelled_at is not None:
            over = min(over, self.cancelled_at)
        for number, cue in enumerate(self.run_of_show):
            if self.starts_at + cue.at >= over:
                yield number, cue

    def portions(self, offer: Offer) -> tuple[Portion, ...]:
        """What of an offer's allotment is released later, by the run of show."""
        return tuple(
            Portion(cue.at, cue.units or 0, cue.wall)
            for cue in self.run_of_show
            if cue.cue == "release_stock" and cue.sku == offer.sku
        )

    def is_released(self, portion: Portion, now: int) -> bool:
        """Whether a portion of an allotment was on sale at an instant, or before. What comes after the end never is."""
        released = self.starts_at + portion.at
        called_off = self.cancelled_at is not None and self.cancelled_at <= released
        return released <= now and released < self.closes_at and not called_off

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
