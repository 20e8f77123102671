"""
Play the show of a rehearsal: its copy is made and begun as any campaign is, and its buyers come.

Whoever dies on the way is followed by somebody who finds the copy where it is, and the same buyers ask the same again. When
the last one has gone, what they met is kept with the rehearsal: then there is nothing left to play.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shared import clock
from shared.domain.campaign import Campaign
from shared.domain.crowd import crowd
from shared.domain.errors import CampaignNotFound, StoreBusy
from shared.domain.rehearsal import Outcome, Rehearsal
from shared.domain.rehearsed_plan import AtSpeed, at_speed, copy_secret
from shared.use_cases.play_visits import Crowd
from shared.use_cases.ports import Campaigns, ChangedMeanwhile, Lifecycles
from shared.use_cases.rehearsal_ports import Desks, Rehearsals, change_rehearsal

LEAD: Final = 6
"""Seconds until the curtain: the stock is laid out in them."""
LATEST: Final = 120
"""Seconds for which the buyers wait at a door that stays shut."""


def rehearse_show(
    rehearsals: Rehearsals,
    lifecycles: Lifecycles,
    desks: Desks,
    rehearsal_id: str,
    *,
    lead: int = LEAD,
    pause: Callable[[float], None] = clock.pause,
) -> Rehearsal:
    """The rehearsal, with the journal of its buyers. ``StoreBusy`` if its stock is not laid out in two minutes."""
    rehearsal = rehearsals.get(rehearsal_id)
    if rehearsal.journal is not None or rehearsal.state is not Outcome.RUNNING:
        return rehearsal
    played = _stage(desks.campaigns, rehearsal, clock.now_seconds() + lead)
    lifecycles.begin(rehearsal.copy_id)
    show = _wait_for_stock(desks.campaigns, played.campaign, pause)
    visits = crowd(show, buyers=rehearsal.buyers, seed=rehearsal.seed)
    journal = Crowd(desks, show, rehearsal.merchant).play(visits).document()

    def keep(standing: Rehearsal) -> Rehearsal:
        if standing.journal is not None or standing.state is not Outcome.RUNNING:
            return standing
        return standing.changed(
            journal=journal, speed=round(played.speed, 3), not_to_scale=played.not_to_scale
        )

    return change_rehearsal(rehearsals, rehearsal_id, keep)


def _stage(campaigns: Campaigns, rehearsal: Rehearsal, starts_at: int) -> AtSpeed:
    """The copy as somebody has made it before, or as it is made now."""
    plan = campaigns.get(rehearsal.campaign_id)
    made = at_speed(
        plan,
        copy_id=rehearsal.copy_id,
        secret=copy_secret(plan, rehearsal.id),
        starts_at=starts_at,
        buyers=rehearsal.buyers,
        expected=rehearsal.expected,
    )
    try:
        campaigns.get(rehearsal.copy_id)
    except CampaignNotFound:
        try:
            campaigns.save(made.campaign)
        except ChangedMeanwhile:
            # Somebody else has just made it, for a second that is as good.
            return made
    return made


def _wait_for_stock(
    campaigns: Campaigns, copy: Campaign, pause: Callable[[float], None]
) -> Campaign:
    """The copy with its stock laid out, at whatever second it begins."""
    ends = clock.now_seconds() + LATEST
    while (show := campaigns.get(copy.id)).prepared_at is None:
        if clock.now_seconds() >= ends:
            raise StoreBusy("The stock of the rehearsal is not laid out.")
        pause(0.5)
    return show
