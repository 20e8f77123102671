"""What totals and their history need of a store. Writes are conditional, and a lost race is an answer, no error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.totals import Snapshot


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where the beat is. Instants in seconds since 1970 UTC. If it is lost or turned back, work is looked at twice."""

    finished_until: int = 0
    """Deadline up to which orders were finished."""
    drains_until: int | None = None
    """When the drain of a closing campaign ends at the latest; ``None`` before the close."""
    beat_at: int = 0
    """When the last beat was: whether the lifecycle is alive."""
    quiet_since: int | None = None
    """Since when the drain knows of nothing that is held or waits."""


class TotalsStore(Protocol):
    """The snapshots of all campaigns, one current each, and what is derived from them at the end."""

    def current(self, campaign_id: str) -> Snapshot | None:
        """The newest snapshot, strongly consistent: whoever asks later never gets an older one."""

    def advance(self, campaign_id: str, snapshot: Snapshot) -> bool:
        """Make it the current one over the version before it; whether nobody else was first."""

    def claim(self, campaign_id: str, version: int, *, now: int, until: int) -> bool:
        """Become the one who counts for the version after ``version``, unless another is at it. Milliseconds."""

    def keep(self, campaign_id: str, snapshot: Snapshot) -> None:
        """Keep it as the last of its span of time, unless a newer one of that span is kept."""

    def kept(self, campaign_id: str, since: int = 0) -> list[Snapshot]:
        """The kept of spans that begin at or after ``since`` (seconds), in order of time, strongly consistent."""

    def bookmark(self, campaign_id: str) -> Bookmark:
        """Where the last beat stopped."""

    def set_bookmark(self, campaign_id: str, bookmark: Bookmark) -> None:
        """Remember where this beat stopped."""

    def report(self, campaign_id: str) -> str | None:
        """The closing report: the one that complete totals name, else the one written last."""

    def write_report(self, campaign_id: str, report: str) -> None:
        """Write the closing report. Once the totals are complete, it is too late for another."""
