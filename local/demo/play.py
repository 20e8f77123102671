"""A demonstration on a running stack: a campaign by API, the evening, the books, the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.demo.audit import audit
from local.demo.evening import Evening
from local.demo.gather import gather
from local.demo.playbook import Playbook
from local.demo.screen import Screen
from local.demo.theatre import Theatre
from local.demo.verdict import Verdict
from local.shoppers.visits import plan_visits
from shared.contracts.routes import MANAGE

LEAD: Final = 12
"""Seconds from the scheduling to the start: the campaign opens by itself."""

Tell = Callable[[str], None]
"""Told of each step that takes longer than a second, when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The knobs of a demonstration."""

    seed: int
    orders: int
    """Paid orders it should end in, about."""
    seconds: int
    """From the opening to the close."""
    faults: bool
    """Whether connections break and payments lie."""
    report: Path


def play(
    theatre: Theatre,
    wishes: Wishes,
    tell: Tell,
    screen: Screen,
    *,
    wall_of: Callable[[str], str],
    began: float,
) -> Verdict:
    """One demonstration. ``wall_of``: puts a campaign on the wall, and says where that is. ``began``: ``time.monotonic``."""
    tell("warming up the functions")
    theatre.warm_up()
    tell("creating and scheduling the campaign")
    playbook = Playbook.read(starts_at=int(time.time()) + LEAD, seconds=wishes.seconds)
    campaign = _launch(theatre, playbook)
    show = playbook.show()
    visits = plan_visits(show, orders=wishes.orders, seed=wishes.seed, faults=wishes.faults)
    tell(f"playing {playbook.script['name']}: {len(visits):,} visits in {wishes.seconds} seconds")
    with Evening(theatre, campaign, playbook, wall_of(campaign)) as evening, screen:
        problems = evening.play(visits, screen)
    tell("checking the books")
    evidence = gather(theatre, campaign, show.scarce, evening.journal, evening.watch.polls)
    verdict = Verdict(
        name=playbook.script["name"],
        evidence=evidence,
        violations=[*problems, *audit(evidence)],
        seed=wishes.seed,
        show_seconds=wishes.seconds,
        elapsed=time.monotonic() - began,
        visits=len(visits),
        lag=evening.agenda.latest,
        report=wishes.report,
    )
    verdict.file()
    return verdict


def _launch(theatre: Theatre, playbook: Playbook) -> str:
    """Create the campaign and schedule it; its id. From here on it starts by itself."""
    manage = theatre.api(MANAGE)
    campaign: str = manage.post("/campaigns", playbook.request())["id"]
    manage.post(f"/campaigns/{campaign}/schedule", {})
    return campaign
