"""The totals table in memory: the same conditions, without the network."""

from __future__ import annotations

from threading import Lock

from shared.domain.report import name_of
from shared.domain.totals import Snapshot
from shared.use_cases.totals_ports import Bookmark
from tests.fakes import Watched


class MemoryTotals(Watched):
    """Implements ``TotalsStore``."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots: dict[str, Snapshot] = {}
        self.leases: dict[str, int] = {}
        self.spans: dict[tuple[str, int], Snapshot] = {}
        self.bookmarks: dict[str, Bookmark] = {}
        self.reports: dict[str, str] = {}
        """Written last."""
        self.written: dict[str, str] = {}
        """By name."""
        self.reads = 0
        self._lock = Lock()

    def current(self, campaign_id: str) -> Snapshot | None:
        self.reads += 1
        return self.snapshots.get(campaign_id)

    def advance(self, campaign_id: str, snapshot: Snapshot) -> bool:
        return bool(self._effect("advance", lambda: self._advance(campaign_id, snapshot)))

    def _advance(self, campaign_id: str, snapshot: Snapshot) -> bool:
        with self._lock:
            before = self.snapshots.get(campaign_id)
            if (before.version if before else 0) != snapshot.version - 1:
                return False
            self.snapshots[campaign_id] = snapshot
            self.leases.pop(campaign_id, None)
            return True

    def claim(self, campaign_id: str, version: int, *, now: int, until: int) -> bool:
        with self._lock:
            current = self.snapshots.get(campaign_id)
            is_current = (current.version if current else 0) == version
            if not is_current or self.leases.get(campaign_id, 0) > now:
                return False
            self.leases[campaign_id] = until
            return True

    def keep(self, campaign_id: str, snapshot: Snapshot) -> None:
        self._effect("keep", lambda: self._keep(campaign_id, snapshot))

    def _keep(self, campaign_id: str, snapshot: Snapshot) -> None:
        with self._lock:
            kept = self.spans.get((campaign_id, snapshot.bucket))
            if kept is None or kept.version < snapshot.version:
                self.spans[campaign_id, snapshot.bucket] = snapshot

    def kept(self, campaign_id: str, since: int = 0) -> list[Snapshot]:
        self.reads += 1
        found = sorted(
            (start, snapshot)
            for (campaign, start), snapshot in self.spans.items()
            if campaign == campaign_id and start >= since
        )
        return [snapshot for _, snapshot in found]

    def bookmark(self, campaign_id: str) -> Bookmark:
        return self.bookmarks.get(campaign_id, Bookmark())

    def set_bookmark(self, campaign_id: str, bookmark: Bookmark) -> None:
        self._effect("bookmark", lambda: self.bookmarks.__setitem__(campaign_id, bookmark))

    def report(self, campaign_id: str) -> str | None:
        last = self.snapshots.get(campaign_id)
        if last is not None and last.report:
            return self.written[last.report]
        return self.reports.get(campaign_id)

    def write_report(self, campaign_id: str, report: str) -> None:
        self.written[name_of(report)] = report
        self._effect("report", lambda: self.reports.__setitem__(campaign_id, report))
