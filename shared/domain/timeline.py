"""
The totals over time: the differences of successive snapshots, so that they always add up to the totals.

Snapshots are cumulative. Whatever is kept of them, and however irregularly they were taken, the differences from the
first to the current one sum to the current one: a missing snapshot moves sales into a later bucket, and loses none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import ON_AIR, Campaign, Status
from shared.domain.totals import STEP, Snapshot, Sums

LONGEST_BUCKET = 3600
_FACTS = (
    *("sku", "unit_price", "seconds", "text", "units"),
    *("code", "percent_off", "amount_off"),
)
"""What a marker says of its cue."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What changed in a span of time. A refund can make a number negative."""

    start: int
    """Seconds since 1970 UTC; a multiple of the bucket's length."""
    offers: tuple[Sums, ...]
    """Changes, in the order of the campaign's offers."""

    @property
    def total(self) -> Sums:
        """Over all offers."""
        return sum(self.offers, Sums())


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened in the show."""

    at: int
    """Seconds since 1970 UTC."""
    cue: str
    """``opened``, ``replay``, ``closed``, ``sold_out``, or a cue of the run of show, planned or improvised."""
    sku: str | None = None
    unit_price: int | None = None
    seconds: int | None = None
    text: str | None = None
    units: int | None = None
    code: str | None = None
    percent_off: int | None = None
    amount_off: int | None = None


def is_bucket(seconds: int) -> bool:
    """Whether a timeline can be cut in buckets of this length."""
    return STEP <= seconds <= LONGEST_BUCKET and seconds % STEP == 0


def history(kept: Iterable[Snapshot], current: Snapshot) -> list[Snapshot]:
    """The last snapshot of each span until ``current``, in order: what was kept, and ``current`` for its own span."""
    return [
        row for row in kept if row.bucket < current.bucket and row.version < current.version
    ] + [current]


def buckets(rows: Sequence[Snapshot], length: int, since: int | None = None) -> list[Bucket]:
    """
    Sales in buckets of ``length`` seconds, from a history.

    Buckets in which nothing was sold are left out, and those that start before ``since``.
    """
    nothing = tuple(Sums() for _ in rows[-1].offers)
    last_of = {row.bucket // length * length: row.offers for row in rows}
    found = []
    for (_, before), (start, after) in pairwise([(0, nothing), *last_of.items()]):
        change = tuple(_sales(late - early) for early, late in zip(before, after, strict=True))
        if change != nothing and (since is None or start >= since):
            found.append(Bucket(start, change))
    return found


def _sales(change: Sums) -> Sums:
    return Sums(
        orders=change.orders,
        sold=change.sold,
        gross=change.gross,
        replay_orders=change.replay_orders,
        replay_sold=change.replay_sold,
        replay_gross=change.replay_gross,
    )


def markers(campaign: Campaign, rows: Sequence[Snapshot], since: int | None = None) -> list[Marker]:
    """What is due or has happened by the last snapshot of a history, in order of time."""
    now = rows[-1].as_of // 1000
    found = [
        *_doors(campaign, rows[-1].status, now),
        *_cues(campaign, now),
        *_sold_out(campaign, rows),
    ]
    return sorted(
        (marker for marker in found if since is None or marker.at >= since),
        key=lambda marker: marker.at,
    )


def _doors(campaign: Campaign, status: Status, now: int) -> Iterator[Marker]:
    if status in (*ON_AIR, Status.CLOSING, Status.CLOSED):
        yield Marker(campaign.starts_at, "opened")
        if campaign.replay_until and campaign.ends_at <= now:
            yield Marker(campaign.ends_at, "replay")
    if status in (Status.CLOSING, Status.CLOSED) and campaign.closes_at <= now:
        yield Marker(campaign.closes_at, "closed")


def _cues(campaign: Campaign, now: int) -> Iterator[Marker]:
    for cue in campaign.cues(until=now):
        at = campaign.starts_at + cue.at
        if at < campaign.closes_at and campaign.prepared_at is not None:
            yield Marker(at, cue.cue, **{name: getattr(cue, name) for name in _FACTS})


def _sold_out(campaign: Campaign, rows: Sequence[Snapshot]) -> Iterator[Marker]:
    """When nothing of an offer was left for the first time, to the span. Units of holds that end may come back."""
    for number, offer in enumerate(campaign.offers):
        first = next((row for row in rows if not row.offers[number].available), None)
        if first is not None:
            # The span of the opening began before it.
            yield Marker(max(first.bucket, campaign.starts_at), "sold_out", offer.sku)


# -- documents -------------------------------------------------------------------------------------------


def bucket_document(campaign: Campaign, bucket: Bucket) -> Mapping[str, Any]:
    """A bucket of the timeline; of its offers, those that were sold in it."""
    total = bucket.total
    replay = {
        "orders": total.replay_orders,
        "units": total.replay_sold,
        "gross": total.replay_gross,
    }
    return {
        "start": rfc3339(bucket.start),
        "orders": total.orders,
        "units": total.sold,
        "gross": total.gross,
        **({"replay": replay} if any(replay.values()) else {}),
        "offers": [
            {"sku": offer.sku, "orders": change.orders, "units": change.sold, "gross": change.gross}
            for offer, change in zip(campaign.offers, bucket.offers, strict=True)
            if any(change.numbers)
        ],
    }


def marker_document(marker: Marker) -> Mapping[str, Any]:
    """A marker, without what it has not."""
    facts = {name: getattr(marker, name) for name in _FACTS}
    return {
        "at": rfc3339(marker.at),
        "cue": marker.cue,
        **{name: value for name, value in facts.items() if value is not None},
    }
