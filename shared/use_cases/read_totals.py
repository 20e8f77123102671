"""
Totals for whoever asks, at any rate, at the cost of one reader.

What a process read less than a second ago it answers without a call. Else it reads the current snapshot; if that is
more than a second old, one of all who find it so counts, by a lease, and the others are served what is there while it
is less than two seconds old. So the store sees one count a second, and from each process one look a second, however
many are polling.

A client that waits for the ``max-age`` of a second, or sends the version it has, never sees a version go back:
whoever served it had read the current version less than a second before, and a version that is asked for by ``If-
None-Match`` is looked up if it is news.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from shared.clock import pause, rfc3339, rfc3339_millis
from shared.domain.campaign import ON_AIR, OVER, Campaign
from shared.domain.deals import common_price
from shared.domain.errors import CampaignNotFound, NotClosed, StoreBusy
from shared.domain.ids import is_campaign_id
from shared.domain.money import exponent
from shared.domain.timeline import bucket_document, buckets, history, marker_document, markers
from shared.domain.totals import Snapshot, figures, is_moving
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.stock_ports import StockBlocks
from shared.use_cases.take_snapshot import take_snapshot
from shared.use_cases.totals_ports import TotalsStore

FRESH = 1_000
"""Milliseconds for which a snapshot, and what this process read, is served without asking further."""
BEARABLE = 1_700
"""Milliseconds of age up to which a snapshot is served while another counts the next: under the two seconds that are
promised."""
_COUNTING = 1_500
"""Milliseconds that one process may take to count before another takes over."""
_WAIT = 0.05
_PATIENCE = 40
"""Waits: longer than one process may count."""
_MOST = 200
"""Campaigns remembered. Beyond that all are forgotten: it is a cache."""
_QUICK, _SLOW = 2, 5
"""Seconds between two polls, as clients are advised: while live, and otherwise."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign and its totals, as this process read them."""

    campaign: Campaign
    snapshot: Snapshot
    read_at: int
    """Milliseconds since 1970 UTC, before they were read."""

    @property
    def is_of_one_piece(self) -> bool:
        """Whether the snapshot was counted for this very campaign: then the two always make the same answer."""
        return self.snapshot.complete or self.snapshot.campaign_version == self.campaign.version

    def is_good(self, now: int, age: int) -> bool:
        """Whether the totals are less than ``age`` milliseconds old, or cannot have changed since."""
        if self.snapshot.complete or not self.is_of_one_piece:
            return self.snapshot.complete
        return now - self.snapshot.as_of < age or not is_moving(self.campaign, now // 1000)

    def serves(self, now: int) -> bool:
        """Whether to answer from memory."""
        return 0 <= now - self.read_at < FRESH and self.is_good(now, BEARABLE)

    @property
    def poll_interval(self) -> int:
        """Seconds after which to ask again."""
        return _QUICK if self.snapshot.status in ON_AIR else _SLOW


class TotalsDesk:
    """Reads totals, timelines and closing reports. For one request at a time, as a function is asked."""

    def __init__(
        self,
        campaigns: CampaignReader,
        totals: TotalsStore,
        stock: StockBlocks,
        clock: Callable[[], int],
        *,
        pause: Callable[[float], None] = pause,
    ) -> None:
        """``campaigns`` must be strongly consistent, ``clock`` in milliseconds."""
        self._campaigns = campaigns
        self._totals = totals
        self._stock = stock
        self._clock = clock
        self._pause = pause
        self._seen: dict[str, Seen] = {}
        self._kept: dict[str, tuple[int, list[Snapshot]]] = {}

    def look(self, campaign_id: str, merchant: str, known: Collection[int] = ()) -> Seen:
        """
        The totals of a merchant's campaign. ``known``: versions the client has, none of which is newer than the answer.

        ``CampaignNotFound``, also for anybody else's campaign.
        """
        if not is_campaign_id(campaign_id):
            # The store would refuse a longer key than it can have, and that would be a fault of ours.
            raise CampaignNotFound
        seen = self._seen.get(campaign_id)
        newest = max(known, default=0)
        if seen is None or newest > seen.snapshot.version or not seen.serves(self._clock()):
            seen = self._renew(campaign_id, merchant)
        if seen.campaign.merchant != merchant:
            raise CampaignNotFound
        return seen

    def timeline(self, seen: Seen, bucket: int, since: int | None) -> dict[str, Any]:
        """The timeline up to the totals that were seen, in buckets of ``bucket`` seconds."""
        rows = history(self._history(seen), seen.snapshot)
        return {
            "object": "timeline",
            "campaign": seen.campaign.id,
            "version": seen.snapshot.version,
            "as_of": rfc3339_millis(seen.snapshot.as_of),
            "bucket": bucket,
            "currency": seen.campaign.currency,
            "currency_exponent": exponent(seen.campaign.currency),
            "buckets": [
                bucket_document(seen.campaign, each) for each in buckets(rows, bucket, since)
            ],
            "markers": [marker_document(each) for each in markers(seen.campaign, rows, since)],
        }

    def report(self, campaign_id: str, merchant: str) -> str:
        """The closing report as it was written, byte for byte. ``NotClosed`` before the books are reconciled."""
        campaign = self._campaigns.get(campaign_id)
        if campaign.merchant != merchant:
            raise CampaignNotFound
        report = self._totals.report(campaign_id) if campaign.balanced is not None else None
        if report is None:
            raise NotClosed(status=campaign.status.value)
        return report

    # -- one reader a second -------------------------------------------------------------------------

    def _renew(self, campaign_id: str, merchant: str) -> Seen:
        for _ in range(_PATIENCE):
            now = self._clock()
            # The snapshot first: then the campaign is never older than the one it was counted for.
            snapshot = self._totals.current(campaign_id)
            campaign = self._campaigns.get(campaign_id)
            if campaign.merchant != merchant:
                raise CampaignNotFound
            if snapshot is not None:
                seen = Seen(campaign, snapshot, now)
                if seen.is_good(self._clock(), FRESH):
                    return self._remember(seen)
            if self._totals.claim(
                campaign_id, snapshot.version if snapshot else 0, now=now, until=now + _COUNTING
            ):
                counted = take_snapshot(
                    self._totals, self._stock, campaign, self._clock, read_at=now
                )
                seen = Seen(campaign, counted.snapshot, now)
                if seen.is_of_one_piece:
                    return self._remember(seen)
            elif snapshot is not None and seen.is_good(self._clock(), BEARABLE):
                return self._remember(seen)
            self._pause(_WAIT)
        if snapshot is None or not seen.is_of_one_piece:
            raise StoreBusy
        # Counting takes longer than we may wait. Its ``as_of`` says how old it is.
        return seen

    def _remember(self, seen: Seen) -> Seen:
        if len(self._seen) >= _MOST:
            self._seen.clear()
            self._kept.clear()
        self._seen[seen.campaign.id] = seen
        return seen

    def _history(self, seen: Seen) -> list[Snapshot]:
        """What was kept before the snapshot seen. Of what is known of it, only the last can have been replaced."""
        version, known = self._kept.get(seen.campaign.id, (0, []))
        if version != seen.snapshot.version and seen.snapshot.is_history:
            since = known[-1].bucket if known else 0
            known = known[:-1] + self._totals.kept(seen.campaign.id, since)
            self._kept[seen.campaign.id] = seen.snapshot.version, known
        return known


# -- documents -------------------------------------------------------------------------------------------


def totals_document(seen: Seen) -> dict[str, Any]:
    """Totals as ``shared.contracts.totals.Totals`` describes them: of one version, always the same."""
    campaign, snapshot = seen.campaign, seen.snapshot
    as_of = snapshot.as_of // 1000
    sums = figures(campaign, snapshot.offers)
    is_for_sale = snapshot.status not in OVER
    return {
        "object": "totals",
        "campaign": campaign.id,
        "name": campaign.name,
        "status": snapshot.status.value,
        "version": snapshot.version,
        "as_of": rfc3339_millis(snapshot.as_of),
        "complete": snapshot.complete,
        "reconciled_at": rfc3339_millis(snapshot.reconciled_at) if snapshot.reconciled_at else None,
        "time_zone": campaign.time_zone,
        "starts_at": rfc3339(campaign.starts_at),
        "ends_at": rfc3339(campaign.ends_at),
        **sums,
        "offers": [
            {**told, "price_now": common_price(campaign, offer, as_of) if is_for_sale else None}
            for told, offer in zip(sums["offers"], campaign.offers, strict=True)
        ],
        "pinned": campaign.pinned(as_of) if campaign.is_selling(as_of) else None,
    }
