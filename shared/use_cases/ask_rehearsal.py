"""
Accept rehearsals, and show them. What is accepted is done by the rehearsal machine.

The id follows from the request, so the same request finds the same rehearsal for as long as it is kept. Whoever dies between
the record and the machine leaves a record that the repeated request, or the sweeper, gives its machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from shared.domain.campaign import Status
from shared.domain.errors import (
    IdempotencyKeyReused,
    RehearsalNotFound,
    RehearsalUnderWay,
    StoreBusy,
)
from shared.domain.rehearsal import MOST_BUYERS, Rehearsal, expected_buyers, rehearsal_id
from shared.use_cases.campaign_cache import CampaignReader, campaign_of_merchant
from shared.use_cases.ports import ChangedMeanwhile, Lifecycles
from shared.use_cases.rehearsal_ports import Rehearsals
from shared.use_cases.run_campaign import Ask

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Accepted:
    """A rehearsal as it began, and whether it had been asked for before."""

    rehearsal: Rehearsal
    replayed: bool


class RehearsalDesk:
    """Accepts rehearsals, and shows them."""

    def __init__(
        self, campaigns: CampaignReader, rehearsals: Rehearsals, executions: Lifecycles
    ) -> None:
        self._campaigns = campaigns
        self._rehearsals = rehearsals
        self._executions = executions

    def ask(self, ask: Ask, *, expected: int | None, seed: int | None, now: int) -> Accepted:
        """
        The rehearsal of a plan that is not on yet; ``now``: seconds. ``CampaignNotFound``, ``CampaignState``,
        ``RehearsalUnderWay``, ``IdempotencyKeyReused`` or ``StoreBusy``.
        """
        campaign = campaign_of_merchant(self._campaigns, ask.resource, ask.merchant)
        identifier = rehearsal_id(campaign, ask.id)
        standing = self._standing(identifier)
        if standing is None:
            campaign.refuse_unless(Status.DRAFT, Status.SCHEDULED, verb="rehearsed")
            expected = expected or expected_buyers(campaign)
            rehearsal = Rehearsal(
                id=identifier,
                campaign_id=campaign.id,
                merchant=campaign.merchant,
                fingerprint=ask.fingerprint,
                seed=crc32(identifier.encode()) if seed is None else seed,
                expected=expected,
                buyers=min(MOST_BUYERS, expected),
                created_at=now,
            )
            standing = self._begin_alone(rehearsal)
            if standing is None:
                self._executions.begin(identifier)
                return Accepted(rehearsal, replayed=False)
        if standing.fingerprint != ask.fingerprint:
            raise IdempotencyKeyReused
        if not standing.cleaned:
            # Whoever began it may have died before this.
            self._executions.begin(identifier)
        return Accepted(standing.as_begun(), replayed=True)

    def _begin_alone(self, rehearsal: Rehearsal) -> Rehearsal | None:
        """Unless another of the campaign has left something behind: one at a time. Else as ``Rehearsals.begin``."""
        for _ in range(_TRIES):
            last = self._rehearsals.last(rehearsal.campaign_id)
            if last is not None and last != rehearsal.id:
                other = self._standing(last)
                if other is not None and not other.cleaned:
                    raise RehearsalUnderWay(rehearsal=last)
            try:
                return self._rehearsals.begin(rehearsal, after=last)
            except ChangedMeanwhile:
                continue
        raise StoreBusy("The campaign's rehearsals are being begun by others all the time.")

    def _standing(self, identifier: str) -> Rehearsal | None:
        try:
            return self._rehearsals.get(identifier)
        except RehearsalNotFound:
            return None

    def find(self, identifier: str, merchant: str) -> Rehearsal:
        """A rehearsal as it stands; ``RehearsalNotFound`` for another merchant's too."""
        rehearsal = self._rehearsals.get(identifier)
        if rehearsal.merchant != merchant:
            raise RehearsalNotFound
        return rehearsal
