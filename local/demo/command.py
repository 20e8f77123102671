"""The command ``livehour demo``."""

from __future__ import annotations

import json
import random
import time
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console

from local.steps import Steps

SHORTEST: Final = 60
"""Seconds: with less, a hold is half of the show."""


class Faults(StrEnum):
    """Which faults are made on purpose, beyond late, doubled and missing payments."""

    NONE = "none"
    MIXED = "mixed"


Seed = Annotated[
    int | None, typer.Option(min=0, help="Repeats the crowd of another run; else a new one.")
]
Orders = Annotated[int, typer.Option(min=60, max=20_000, help="Paid orders to aim at.")]
Seconds = Annotated[
    int | None,
    typer.Option(
        min=SHORTEST, max=3600, help="Length of the show; else what this machine needs, some 120."
    ),
]
Mixed = Annotated[
    Faults, typer.Option(help="mixed: connections are cut, answers time out, payments lie.")
]
AsJson = Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")]


def demo(
    *,
    seed: Seed = None,
    orders: Orders = 1100,
    seconds: Seconds = None,
    faults: Mixed = Faults.NONE,
    as_json: AsJson = False,
) -> None:
    """Play the Washington Apple hour in two minutes: synthetic viewers, a live line, a verdict."""
    from local.demo.play import Wishes, play
    from local.demo.screen import Screen
    from local.demo.theatre import Theatre
    from local.engine.places import KEPT
    from local.engine.running import stage

    began = time.monotonic()
    seed = random.randrange(1_000_000) if seed is None else seed  # noqa: S311 - it is told
    wishes = Wishes(
        seed=seed,
        orders=orders,
        seconds=seconds,
        faults=faults is Faults.MIXED,
        report=KEPT / f"demo-{seed}.json",
    )
    with Steps() as tell, stage(tell) as running:
        told = running.as_told()
        theatre = Theatre(
            address=told["api"], keys=told["keys"], webhook_secret=told["webhook_secret"]
        )

        def on_the_wall(campaign: str) -> str:
            running.wall.show(api=theatre.address, key=theatre.keys["read"], campaign=campaign)
            return running.wall.url

        verdict = play(theatre, wishes, tell, Screen(), wall_of=on_the_wall, began=began)
    out = Console(stderr=as_json, highlight=False, soft_wrap=True)
    for line in verdict.lines():
        out.print(line)
    if as_json:
        print(json.dumps(verdict.summary(), ensure_ascii=False))
    if not verdict.passed:
        raise typer.Exit(1)
