"""
Limits of holds per buyer and campaign: how many may be open at once, and how many may begin within ten minutes.

Each request that counts is a ``HoldClaim``. A claim does not say whether units were allocated for it: the ledger does. All
instants are whole seconds since 1970 UTC. ``hold``: the campaign's ``hold_seconds``, which are fixed before the first claim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from shared.domain.campaign import Campaign

WINDOW: Final = 600
"""Seconds in which the holds that begin are counted."""
DELIVERIES: Final = 1 << 24
MOST_OPEN: Final = 100
MOST_BEGUN: Final = 1_000
"""The largest limits a campaign may set. They bound the size of a buyer's item."""


class HoldRule(StrEnum):
    """A limit of holds, as the API names it."""

    OPEN = "open_holds"
    BEGUN = "holds_begun"


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """The limits of a campaign, at least one of them set. ``None``: no such limit."""

    open_holds: int | None
    holds_begun: int | None


def limits_of(campaign: Campaign) -> HoldLimits | None:
    """The limits of a campaign. ``None``: it sets none."""
    open_holds, begun = campaign.max_open_holds_per_buyer, campaign.max_holds_per_ten_minutes
    if open_holds is None and begun is None:
        return None
    return HoldLimits(open_holds, begun)


@dataclass(frozen=True, slots=True)
class HoldClaim:
    """One request that counts."""

    deadline: int
    """End of the hold that the latest delivery of the request asks for, or of its hold once the ledger was asked."""
    offer: int
    """Number of the offer, which says in which stock pool the request is looked up."""
    shared: bool = False
    """More than one delivery counts on the claim: none of them alone may release it."""
    ended: bool = False
    """Its hold was released, expired or paid. Begun it still has."""
    delivery: int = 0
    """Random number below ``DELIVERIES`` of the delivery that made the claim: so a delivery whose write was done, and whose
    answer was lost, knows the claim for its own."""

    def began(self, hold: int) -> int:
        """When the hold began."""
        return self.deadline - hold

    def is_open(self, now: int) -> bool:
        """Whether the hold may be open."""
        return not self.ended and now < self.deadline

    def leaves_window_at(self, hold: int) -> int:
        """The instant from which the hold is no longer counted as begun."""
        return self.began(hold) + WINDOW


@dataclass(frozen=True, slots=True)
class BuyerHolds:
    """The claims of one buyer, as they were read."""

    version: int = 0
    claims: Mapping[str, HoldClaim] = field(default_factory=dict)
    """By ledger key; what is left of an earlier attempt with the same key has a name of its own (``name_of_earlier``)."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Why a buyer may not begin another hold now."""

    rule: HoldRule
    limit: int
    retry_after: int
    """Seconds after which the limit allows one more, if nothing else changes."""


def name_of_earlier(key: str, claim: HoldClaim) -> str:
    """What the claim of an earlier attempt is kept under when its key is used again."""
    return f"{key}.{claim.deadline}"


def still_counted(
    limits: HoldLimits, claims: Mapping[str, HoldClaim], *, now: int, hold: int
) -> dict[str, HoldClaim]:
    """
    The claims that a limit still counts at an instant. A claim that is past its deadline and within the window is marked as
    ended; all others that are not open are dropped.
    """
    counted = {}
    for name, claim in claims.items():
        if claim.is_open(now):
            counted[name] = claim
        elif limits.holds_begun is not None and now < claim.leaves_window_at(hold):
            counted[name] = replace(claim, ended=True)
    return counted


def excess(
    limits: HoldLimits, claims: Collection[HoldClaim], *, now: int, hold: int
) -> Excess | None:
    """What one more hold would exceed; of two limits, the one that allows it later. ``None``: it may begin."""
    found = []
    if limits.open_holds is not None:
        ends = [claim.deadline for claim in claims if claim.is_open(now)]
        found.append((HoldRule.OPEN, limits.open_holds, ends))
    if limits.holds_begun is not None:
        leaves = [claim.leaves_window_at(hold) for claim in claims]
        begun = [instant for instant in leaves if now < instant]
        found.append((HoldRule.BEGUN, limits.holds_begun, begun))
    exceeded = [
        # A limit that was lowered may be exceeded by several: one more is allowed when enough of them are over.
        Excess(rule, limit, max(1, sorted(instants)[len(instants) - limit] - now))
        for rule, limit, instants in found
        if len(instants) >= limit
    ]
    return max(exceeded, key=lambda each: each.retry_after, default=None)
