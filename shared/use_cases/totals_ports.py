"""What totals and their history need of a store. Every write is conditional, and a lost race is an answer, not an error."""

from __future__ import annotations

from typing import Protocol

from shared.domain.totals import Snapshot


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
        """What is kept of the spans that begin at or after ``since`` (seconds), in order of time; strongly consistent."""

    def finished_until(self, campaign_id: str) -> int | None:
        """The deadline up to which orders have been finished by a beat; seconds."""

    def set_finished_until(self, campaign_id: str, deadline: int) -> None:
        """Remember it."""

    def report(self, campaign_id: str) -> str | None:
        """The closing report as it was written."""

    def write_report(self, campaign_id: str, report: str) -> None:
        """Write the closing report, over an earlier one."""
