"""The commands about this machine: ``up``, ``down``, ``status``, ``doctor``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from local.steps import Steps

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Port = Annotated[int | None, typer.Option(help="The engine's port; else 4599, or any free one.")]
WallPort = Annotated[int | None, typer.Option(help="The wall's port; else 8787, or any free one.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing if nothing runs.")]


def up(*, as_json: AsJson = False, port: Port = None, wall_port: WallPort = None) -> None:
    """Start the engine, deploy the stack, seed one merchant, serve the wall; all left running."""
    from local.engine.running import bring_up, one_at_a_time

    with one_at_a_time(), Steps() as tell:
        running = bring_up(tell, port=port, wall_port=wall_port)
    told = running.as_told()
    if as_json:
        print(json.dumps(told))
        return
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"api       {told['api']}")
    out.print(f"wall      {told['wall']}")
    out.print(f"merchant  {told['merchant']}")
    for scope, key in told["keys"].items():
        out.print(f"{scope:<9} {key}")
    out.print(f"webhooks  {told['webhook_secret']}")
    _next("livehour launch events/shows/washington-apple-hour.json --now")


def down(*, quiet: Quiet = False) -> None:
    """Stop everything that ``up`` started; what was in it is gone."""
    from local.engine.running import Running, one_at_a_time

    with one_at_a_time():
        running = Running.find()
        if running is not None:
            running.stop()
    if running is not None:
        _say("stopped.")
    elif not quiet:
        _say("nothing was running.")


def status(*, as_json: AsJson = False) -> None:
    """What runs here, and since when."""
    from local.engine.running import Running

    running = Running.find()
    if as_json:
        since = running.since.isoformat().replace("+00:00", "Z") if running else None
        told = running.as_told() if running else {}
        shown = {name: told[name] for name in ("api", "wall", "merchant") if name in told}
        print(json.dumps({"running": running is not None, "since": since, **shown}))
        return
    if running is None:
        print("nothing is running")
        _next("livehour up")
        return
    engine, wall = running.stack.engine, running.wall
    minutes = (datetime.now(UTC) - running.since).total_seconds() / 60
    local = running.since.astimezone()
    print(f"running since {local:%Y-%m-%d %H:%M:%S %Z} ({minutes:.0f} minutes)")
    print(f"engine    MiniStack at {engine.url}, process {engine.process.pid}")
    print(f"api       {running.stack.api}")
    print(
        f"wall      {wall.url}, process {wall.process.pid}"
        + ("" if wall.process.runs() else " (gone)")
    )
    _next("livehour down")


def doctor(*, as_json: AsJson = False) -> None:
    """What is missing on this machine, and how to get it."""
    from local.check_up import check_up

    findings = check_up()
    if as_json:
        print(json.dumps([finding.as_told() for finding in findings]))
    else:
        out = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            out.print(
                f"{'[green]✓[/]' if finding.fine else '[red]✗[/]'} {finding.what:<18} {finding.found}"
            )
            if not finding.fine:
                out.print(f"  {finding.cure}", markup=False)
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


def _say(message: str) -> None:
    Console(stderr=True).print(message, highlight=False)


def _next(command: str) -> None:
    Console(stderr=True).print(f"next: {command}", highlight=False, soft_wrap=True)
