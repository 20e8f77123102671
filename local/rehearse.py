"""The command ``livehour rehearse``: the campaign of a file at speed, and whether it meets its objectives."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from local.api import Api, ApiError, ApiRefused
from local.campaign_file import CampaignFile
from local.campaigns import File
from local.steps import Steps

POLL_SECONDS: Final = 2.0
PATIENCE: Final = 1200.0
"""Seconds until a verdict must be there, and every trace gone."""
MARKS: Final = {
    True: "[green]✓[/]",
    False: "[bold red]✗[/]",
    None: "[dim]·[/]",
}

Seed = Annotated[
    int | None, typer.Option(min=0, help="Repeats the crowd of another rehearsal; else a new one.")
]
Buyers = Annotated[
    int | None,
    typer.Option("--buyers", min=1, help="Buyers you expect; else twice the units of all offers."),
]
AsJson = Annotated[bool, typer.Option("--json", help="The verdict as one JSON object on stdout.")]


def rehearse(
    file: File, *, seed: Seed = None, buyers: Buyers = None, as_json: AsJson = False
) -> None:
    """Play the show of FILE in half a minute with synthetic buyers, and judge it. 1 if an objective is missed."""
    from local.engine.running import stage
    from shared.contracts.routes import MANAGE

    written = CampaignFile.read(file)
    began = time.monotonic()
    wish: dict[str, Any] = {
        "seed": random.randrange(1_000_000) if seed is None else seed  # noqa: S311 - it is told
    }
    if buyers is not None:
        wish["expected_buyers"] = buyers
    with Steps() as tell, stage(tell) as running:
        told = running.as_told()
        verdict = _verdict(Api(told["api"], told["keys"][MANAGE]), written, wish, tell)
    out = Console(stderr=as_json, highlight=False, soft_wrap=True)
    for line in lines(verdict, str(written.body.get("name", file.name)), time.monotonic() - began):
        out.print(line)
    if as_json:
        print(json.dumps(verdict, ensure_ascii=False))
    if verdict["state"] != "passed" or not verdict["cleaned"]:
        raise typer.Exit(1)


def _verdict(
    api: Api, written: CampaignFile, wish: Mapping[str, Any], tell: Steps
) -> Mapping[str, Any]:
    """Of a draft that is made for it, and called off again."""
    try:
        draft = api.post("/campaigns", written.body)
    except ApiRefused as refusal:
        if not refusal.errors:
            raise
        raise written.broken(refusal.errors) from None
    try:
        tell(f"rehearsing {draft['name']}")
        rehearsal = api.post(f"/campaigns/{draft['id']}/rehearse", wish)
        return _wait_for(api, rehearsal, tell)
    finally:
        # Whoever interrupts a rehearsal leaves it to itself: it is swept away all the same.
        with suppress(ApiError):
            api.post(f"/campaigns/{draft['id']}/cancel", {"reason": "Made for a rehearsal."})


def _wait_for(api: Api, rehearsal: Mapping[str, Any], tell: Steps) -> Mapping[str, Any]:
    ends, told = time.monotonic() + PATIENCE, ""
    while not rehearsal["cleaned"]:
        if time.monotonic() > ends:
            raise ApiError(f"the rehearsal {rehearsal['id']} has come to no end.")
        if rehearsal["state"] != told:
            told = rehearsal["state"]
            tell("the show is on" if told == "running" else f"{told}; clearing up")
        time.sleep(POLL_SECONDS)
        rehearsal = api.get(f"/rehearsals/{rehearsal['id']}")
    return rehearsal


def lines(verdict: Mapping[str, Any], name: str, elapsed: float) -> Iterator[str]:
    """The verdict for people."""
    yield f"{name}: rehearsed at {verdict['speed']:.0f} times its speed"
    for objective in verdict["objectives"]:
        mark = MARKS[objective["passed"]]
        said = (
            f"{objective['name']:<29}{objective['measured']} [dim](asked: {objective['asked']})[/]"
        )
        yield f"  {mark} {said}"
        for detail in objective["details"]:
            yield f"      {detail}".replace("[", "\\[")
    yield "  what the busiest second wants of AWS"
    for limit in sorted(verdict["limits"], key=lambda limit: -limit["plan"] / limit["limit"]):
        share = 100 * limit["plan"] / limit["limit"]
        yield f"  {MARKS[limit['within']]} {limit['name']:<51}{limit['plan']:>7,} of {limit['limit']:,} ({share:.0f} %)"
        yield f"      [dim]{limit['source']}[/]"
        if limit["advice"]:
            yield f"      {limit['advice']}"
    yield from _bill(verdict["cost"])
    for said in verdict["not_to_scale"]:
        yield f"  [dim]not to scale: {said}[/]"
    crowd = f"{verdict['buyers']:,} buyers for {verdict['expected_buyers']:,} that are expected"
    left = "nothing of it is left" if verdict["cleaned"] else "[bold red]not cleaned[/]"
    yield f"  [bold]{verdict['state']}[/] · seed {verdict['seed']} · {crowd} · {left} · {elapsed:.0f} s in all"


def _bill(cost: Mapping[str, Any] | None) -> Iterator[str]:
    if cost is None:
        return
    yield f"  the show will cost USD {cost['whole_show']:.2f} at list prices, {cost['per_hour']:.2f} an hour"
    for line in cost["lines"]:
        each = f"{line['count']:>10,} x USD {line['usd_per_million']:g} a million"
        yield f"    {line['what']:<28}{each} = {line['usd']:.4f}"
