"""
What the use cases need of the world outside, by role. ``shared/adapters`` has one for each;
``tests/fakes.py`` has another.

The store of stock blocks has its own: ``stock_ports``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared.domain.campaign import NOBODY, Campaign, Status

if TYPE_CHECKING:
    # On the path of a reservation, that reads its campaign through here, the log is nobody's business.
    from shared.domain.campaign_log import Entry, Outcome

# -- campaigns -------------------------------------------------------------------------------------


class ChangedMeanwhile(Exception):
    """Another change of the campaign came first: read it again, and decide again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a request, kept so that its repetition gets the same."""

    id: str
    """Digest of merchant, endpoint, resource and Idempotency-Key."""
    fingerprint: str
    """Digest of the body."""
    status: int
    document: str
    """The answer as JSON."""
    expires_at: int
    """Seconds since 1970 UTC; from then on the key is new again."""


class AnsweredBefore(Exception):
    """Another attempt of the same request came first; ``answered`` is what it was told."""

    def __init__(self, answered: Answered) -> None:
        self.answered = answered
        super().__init__(answered.id)


class Campaigns(Protocol):
    """The campaigns of all merchants."""

    def get(self, campaign_id: str) -> Campaign:
        """A campaign, strongly consistent. ``CampaignNotFound``, also for what is no campaign id."""

    def save(
        self,
        campaign: Campaign,
        *,
        answered: Answered | None = None,
        now: int = 0,
        by: str = NOBODY,
    ) -> None:
        """
        Keep a campaign over the version it was made from, or as new if it is version 1. ``by``: who made the version, for
        its entry in the log.

        With ``answered``, both are kept or neither. ``ChangedMeanwhile`` or ``AnsweredBefore``
        (tried at ``now``, in seconds) if the other was first.
        """

    def of_merchant(
        self, merchant: str, *, status: Status | None, after: Campaign | None, limit: int
    ) -> list[Campaign]:
        """At most ``limit`` campaigns of a merchant, newest first, those before ``after``."""

    def unfinished(self, *, until: int) -> Iterable[str]:
        """Ids of the campaigns that start by then (seconds) and have not ended. A change may be missed for a moment."""


class Answers(Protocol):
    """What was answered to requests that carried an Idempotency-Key."""

    def recall(self, request_id: str, *, now: int) -> Answered | None:
        """The answer given before, strongly consistent, unless it has expired."""

    def keep(self, answered: Answered, *, now: int) -> None:
        """Keep an answer; ``AnsweredBefore`` if one is there."""


class StartSchedules(Protocol):
    """One-time schedules, each of which asks for the start of one campaign."""

    def arm(self, campaign: Campaign, *, at: int) -> None:
        """Have the start asked for at an instant. Nothing happens if it is armed already."""

    def disarm(self, campaign: Campaign) -> None:
        """Take back what was armed for the campaign's start. Nothing happens if there is none."""


@dataclass(frozen=True, slots=True)
class Execution:
    """How one part of what is long under way stands: a campaign's lifecycle, or a refund."""

    part: int
    ended_at: int | None
    """Seconds since 1970 UTC; ``None`` while it runs."""
    failures: int = 0
    """Parts up to this one, without a break, that ended otherwise than by themselves."""
    status: str = ""
    """As the service says it."""
    error: str | None = None
    """Name of what it failed with."""


class Lifecycles(Protocol):
    """The executions that take campaigns through their show, or see refunds through."""

    def begin(self, identifier: str, part: int = 1) -> None:
        """Begin a part of a campaign's lifecycle, or of a refund. Nothing happens if that part was begun before."""

    def last(self, identifier: str) -> Execution | None:
        """The last part that was begun; ``None`` if none was."""


class CampaignLog(Protocol):
    """What was done to campaigns, and for them."""

    def note(self, campaign_id: str, entry: Entry) -> None:
        """Keep an entry; the same one again changes nothing. A later word on the same thing takes its place."""

    def page(
        self, campaign_id: str, *, outcome: Outcome | None, before: str | None, limit: int
    ) -> list[Entry]:
        """At most ``limit`` entries, newest first, those with this outcome, from a place (``Entry.place``) on back."""


# -- keys ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is, and what it is for."""

    merchant: str
    scope: str
    id: str
    """Public: tells keys apart and opens nothing."""


class MerchantKeys(Protocol):
    """The keys of all merchants, by the digest of the whole key."""

    def holder(self, digest: str) -> KeyHolder | None:
        """Who holds a key; ``None`` if it is unknown or revoked."""
