"""A demonstration on a running stack: a campaign by API, the evening, the books, the verdict."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.demo.audit import audit
from local.demo.evening import Evening
from local.demo.gather import gather
from local.demo.host import Host
from local.demo.overtime import Overtime
from local.demo.playbook import Playbook
from local.demo.screen import Screen
from local.demo.theatre import Theatre
from local.demo.verdict import Verdict
from local.shoppers.visits import plan_visits
from shared.contracts.routes import MANAGE

LEAD: Final = 12
"""Seconds from the scheduling to the start: the campaign opens by itself."""

USUAL: Final = 120
"""Seconds of a show on a machine that is fast enough."""
LONGEST: Final = 300
ANSWERS_AN_ORDER: Final = 7
"""What a paid order costs in requests that are refused at the door: three real ones, somebody who left, the watching, and
some air, for viewers come in waves."""

Tell = Callable[[str], None]
"""Told of each step that takes longer than a second, when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The knobs of a demonstration."""

    seed: int
    orders: int
    """Paid orders it should end in, about."""
    seconds: int | None
    """From the opening to the close; ``None``: as many as this machine needs, and no fewer than ``USUAL``."""
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
    pace = theatre.warm_up()
    seconds = wishes.seconds or _long_enough(wishes.orders, pace)
    tell("creating and scheduling the campaign")
    playbook = Playbook.read(starts_at=int(time.time()) + LEAD, seconds=seconds)
    campaign = _launch(theatre, playbook)
    show = playbook.show()
    visits = plan_visits(show, orders=wishes.orders, seed=wishes.seed, faults=wishes.faults)
    tell(f"playing {playbook.script['name']}: {len(visits):,} visits in {seconds} seconds")
    # A length that was asked for is kept; else a machine that turned out slower than it seemed gets more time.
    longest = LONGEST if wishes.seconds is None else 0
    overtime = Overtime(theatre.api(MANAGE), campaign, playbook, longest)
    host = Host(theatre.api(MANAGE), campaign, playbook, overtime)
    evening_of = Evening(theatre, campaign, playbook, wall_of(campaign), regrets=wishes.faults)
    with evening_of as evening, screen:
        problems = evening.play(visits, screen, overtime, host)
    tell("checking the books")
    evidence = gather(theatre, campaign, playbook, evening.journal, evening.watch.polls)
    verdict = Verdict(
        name=playbook.script["name"],
        evidence=evidence,
        violations=[*problems, *audit(evidence)],
        seed=wishes.seed,
        show_seconds=seconds,
        overtime_seconds=overtime.seconds,
        elapsed=time.monotonic() - began,
        visits=len(visits),
        lag=evening.agenda.latest,
        report=wishes.report,
    )
    verdict.file()
    return verdict


def _long_enough(orders: int, pace: float) -> int:
    """Seconds for a show of ``orders``, by the answers a second that this machine gives to refused requests."""
    needed = orders * ANSWERS_AN_ORDER / pace
    return max(USUAL, min(LONGEST, math.ceil(needed)))


def _launch(theatre: Theatre, playbook: Playbook) -> str:
    """Create the campaign and schedule it; its id. From here on it starts by itself."""
    manage = theatre.api(MANAGE)
    campaign: str = manage.post("/campaigns", playbook.request())["id"]
    manage.post(f"/campaigns/{campaign}/schedule", {})
    return campaign
