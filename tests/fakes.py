"""
The ports in memory: the same promises, without the network.

Each calls ``before(what)`` and ``after(what)`` around every effect. A test may put a rival there, or
a ``Crash``: what the process did until then has happened, and the rest has not.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from shared.domain.campaign import NOBODY, Campaign, Status
from shared.domain.campaign_log import Entry, Outcome
from shared.domain.errors import CampaignNotFound
from shared.domain.ids import is_campaign_id
from shared.use_cases.ports import (
    Answered,
    AnsweredBefore,
    ChangedMeanwhile,
    Execution,
    KeyHolder,
)


class Crash(BaseException):
    """The process is gone. Not an ``Exception``, so that nothing tidies up after it."""


class Watched:
    """Something whose effects can be counted, raced and cut short."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.calls: list[str] = []

    def _effect(self, what: str, act: Callable[[], Any]) -> Any:
        self.before(what)
        self.calls.append(what)
        result = act()
        self.after(what)
        return result


# -- campaigns -------------------------------------------------------------------------------------


class MemoryAnswers(Watched):
    """Implements ``Answers``."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Answered] = {}

    def recall(self, request_id: str, *, now: int) -> Answered | None:
        answered = self.kept.get(request_id)
        return answered if answered and answered.expires_at > now else None

    def keep(self, answered: Answered, *, now: int) -> None:
        self._effect("keep", lambda: self.put(answered, now))

    def put(self, answered: Answered, now: int) -> None:
        first = self.recall(answered.id, now=now)
        if first is not None:
            raise AnsweredBefore(first)
        self.kept[answered.id] = answered


class MemoryCampaigns(Watched):
    """Implements ``Campaigns``."""

    def __init__(self, answers: MemoryAnswers | None = None) -> None:
        super().__init__()
        self.answers = answers or MemoryAnswers()
        self.kept: dict[str, Campaign] = {}
        self.makers: dict[tuple[str, int], str] = {}
        """Who made it, by campaign and version."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.kept)

    def get(self, campaign_id: str) -> Campaign:
        if not is_campaign_id(campaign_id) or campaign_id not in self.kept:
            raise CampaignNotFound
        return self.kept[campaign_id]

    def save(
        self,
        campaign: Campaign,
        *,
        answered: Answered | None = None,
        now: int = 0,
        by: str = NOBODY,
    ) -> None:
        self._effect("save", lambda: self._put(campaign, answered, now))
        self.makers[campaign.id, campaign.version] = by

    def _put(self, campaign: Campaign, answered: Answered | None, now: int) -> None:
        with self._lock:
            first = self.answers.recall(answered.id, now=now) if answered else None
            if first is not None:
                raise AnsweredBefore(first)
            stands = self.kept.get(campaign.id)
            if (stands.version if stands else 0) != campaign.version - 1:
                raise ChangedMeanwhile
            self.kept[campaign.id] = campaign
            if answered is not None:
                self.answers.put(answered, now)

    def unfinished(self, *, until: int) -> list[str]:
        return [
            campaign.id
            for campaign in self.kept.values()
            if campaign.is_unfinished and campaign.starts_at <= until
        ]

    def of_merchant(
        self, merchant: str, *, status: Status | None, after: Campaign | None, limit: int
    ) -> list[Campaign]:
        newest_first = sorted(self.kept.values(), key=_age, reverse=True)
        return [
            campaign
            for campaign in newest_first
            if campaign.merchant == merchant
            and (status is None or campaign.status is status)
            and (after is None or _age(campaign) < _age(after))
        ][:limit]


def _age(campaign: Campaign) -> tuple[int, str]:
    return campaign.created_at, campaign.id


class MemorySchedules(Watched):
    """Implements ``StartSchedules``: what is armed, by campaign and start."""

    def __init__(self) -> None:
        super().__init__()
        self.armed: dict[tuple[str, int], int] = {}

    def arm(self, campaign: Campaign, *, at: int) -> None:
        key = (campaign.id, campaign.starts_at)
        self._effect("arm", lambda: self.armed.setdefault(key, at))

    def disarm(self, campaign: Campaign) -> None:
        key = (campaign.id, campaign.starts_at)
        self._effect("disarm", lambda: self.armed.pop(key, None))


class MemoryLifecycles(Watched):
    """Implements ``Lifecycles``."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, list[Execution]] = {}

    @property
    def begun(self) -> list[str]:
        return list(self.parts)

    def begin(self, identifier: str, part: int = 1) -> None:
        self._effect("begin", lambda: self._begin(identifier, part))

    def _begin(self, campaign_id: str, part: int) -> None:
        parts = self.parts.setdefault(campaign_id, [])
        if part == len(parts) + 1:
            parts.append(Execution(part, None))

    def last(self, identifier: str) -> Execution | None:
        found: Execution | None = self._effect("last", lambda: self._last(identifier))
        return found

    def _last(self, campaign_id: str) -> Execution | None:
        parts = self.parts.get(campaign_id)
        return parts[-1] if parts else None

    def fail(self, campaign_id: str, *, at: int) -> None:
        parts = self.parts[campaign_id]
        before = parts[-2].failures if len(parts) > 1 else 0
        parts[-1] = Execution(len(parts), at, before + 1, "ABORTED")


class MemoryLog(Watched):
    """Implements ``CampaignLog``."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Entry]] = {}

    def note(self, campaign_id: str, entry: Entry) -> None:
        entries = self.kept.setdefault(campaign_id, {})
        self._effect("note", lambda: entries.update({entry.place: entry}))

    def page(
        self, campaign_id: str, *, outcome: Outcome | None, before: str | None, limit: int
    ) -> list[Entry]:
        return [
            entry
            for place, entry in sorted(self.kept.get(campaign_id, {}).items(), reverse=True)
            if (outcome is None or entry.outcome is outcome) and (before is None or place < before)
        ][:limit]

    def told(self, campaign_id: str) -> list[tuple[str, str]]:
        """Actions and what came of them, oldest first."""
        page = self.page(campaign_id, outcome=None, before=None, limit=1000)
        return [(entry.action, entry.outcome.value) for entry in reversed(page)]


class MemoryErrands(Watched):
    """Implements ``Errands``: what was asked for."""

    def arrange(self, campaign_id: str) -> None:
        self._effect("arrange", lambda: campaign_id)


# -- keys ------------------------------------------------------------------------------------------


class MemoryKeys(Watched):
    """Implements ``MerchantKeys``."""

    def __init__(self, holders: dict[str, KeyHolder] | None = None) -> None:
        super().__init__()
        self.holders = holders or {}

    def holder(self, digest: str) -> KeyHolder | None:
        found: KeyHolder | None = self._effect("holder", lambda: self.holders.get(digest))
        return found
