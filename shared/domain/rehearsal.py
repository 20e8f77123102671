"""
A rehearsal: a campaign's plan played at speed with synthetic buyers, judged, and swept away.

``running → passed | failed``. The record outlives what was rehearsed, for some days; ``cleaned``: nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.campaign import Campaign
from shared.domain.ids import derive, rehearsed_id
from shared.table import CAMPAIGN_PREFIX

PREFIX: Final = "rhs_"
KEPT: Final = 7 * 24 * 3600
"""Seconds that a verdict is kept."""
PATIENCE: Final = 900
"""Seconds from its beginning after which a rehearsal is judged as it stands, and a sweeper looks after it."""
MOST_BUYERS: Final = 360
"""Who come: as many as one process can serve in half a minute beside everything else, on two cores."""
DEMAND: Final = 2
"""Buyers expected for each unit, unless the merchant says how many."""


class Outcome(StrEnum):
    """How far a rehearsal is."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One rehearsal."""

    id: str
    campaign_id: str
    """Whose plan it is."""
    merchant: str
    fingerprint: str
    """Digest of the request that asked for it."""
    seed: int
    expected: int
    """Buyers that the merchant, or ``DEMAND``, reckons with."""
    buyers: int
    """That come to the rehearsal."""
    created_at: int
    """Seconds since 1970 UTC."""
    state: Outcome = Outcome.RUNNING
    journal: Mapping[str, Any] | None = None
    """What the buyers met, from when they have gone until it is judged."""
    speed: float = 1.0
    not_to_scale: Sequence[str] = ()
    objectives: Sequence[Mapping[str, Any]] = ()
    limits: Sequence[Mapping[str, Any]] = ()
    cost: Mapping[str, Any] | None = None
    ended_at: int | None = None
    cleaned: bool = False
    version: int = 1

    @property
    def copy_id(self) -> str:
        """Of the campaign that is played: it shares what follows the prefix."""
        return CAMPAIGN_PREFIX + self.id.removeprefix(PREFIX)

    @property
    def expires_at(self) -> int:
        """Seconds since 1970 UTC: then the verdict goes too."""
        return self.created_at + KEPT

    @property
    def due(self) -> int | None:
        """When somebody must look whether it was left alone; ``None`` once nothing is left of it."""
        return None if self.cleaned else self.created_at + PATIENCE

    def as_begun(self) -> Rehearsal:
        """As whoever asked for it was told."""
        return replace(
            self,
            state=Outcome.RUNNING,
            journal=None,
            speed=1.0,
            not_to_scale=(),
            objectives=(),
            limits=(),
            cost=None,
            ended_at=None,
            cleaned=False,
        )

    def changed(self, **changes: Any) -> Rehearsal:
        """With other values and the next version."""
        return replace(self, version=self.version + 1, **changes)


def rehearsal_id(campaign: Campaign, request: str) -> str:
    """The same for the same request about a campaign, and nobody can guess it."""
    copy = rehearsed_id(derive(campaign.secret, "rehearse", request))
    return PREFIX + copy.removeprefix(CAMPAIGN_PREFIX)


def expected_buyers(campaign: Campaign) -> int:
    """What is reckoned with if nobody says: demand twice the allotment."""
    return DEMAND * sum(offer.allotment for offer in campaign.offers)
