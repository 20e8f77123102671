"""The command ``livehour simulate``: whole shows in this process, with faults, each repeatable from its seed."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from local.steps import Steps

if TYPE_CHECKING:
    from local.simulation.many import Summary
    from local.simulation.show import Outcome

Shows = Annotated[int, typer.Option(min=1, max=10_000_000, help="How many shows to play.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed plays the same shows.")]
Number = Annotated[
    int | None, typer.Option("--show", min=0, help="Play only this one, and tell how it went.")
]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes; else one a core.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def simulate(
    *,
    shows: Shows = 200,
    seed: Seed = 1,
    show: Number = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Play whole shows under faults, in memory, and check every invariant after every step."""
    from local.simulation.many import simulate as play_many

    numbers = range(shows) if show is None else [show]
    with Steps() as tell:
        tell(f"playing {len(numbers):,} {'shows' if len(numbers) > 1 else 'show'}")
        told = 0

        def progress(summary: Summary) -> None:
            nonlocal told
            if summary.shows >= told + max(100, len(numbers) // 20):
                told = summary.shows
                speed = summary.shows / max(summary.took, 0.001)
                tell(f"{summary.shows:,} shows, {speed:.1f} a second, {len(summary.broken)} broken")

        summary = play_many(numbers, seed, workers=workers, tell=progress)
    if as_json:
        print(json.dumps(summary.figures(seed), indent=2))
    else:
        _print(summary, seed)
    if summary.broken:
        for outcome in summary.broken[:5]:
            _explain(outcome, whole=show is not None)
        raise typer.Exit(1)


def _print(summary: Summary, seed: int) -> None:
    out = Console()
    rows: list[tuple[str, str]] = [
        ("shows", f"{summary.shows:,} of seed {seed}, {_list(summary.kinds)}"),
        ("in them", f"{summary.seconds / 3600:,.1f} hours of sale, {summary.turns:,} steps"),
        ("requests answered", f"{summary.answers:,}"),
        ("orders", f"{summary.orders:,}; {summary.units:,} units sold"),
        ("faults fired", f"{summary.fired.total():,}: {_list(summary.fired)}"),
        ("checks made", f"{summary.checks.total():,}: {_list(summary.checks)}"),
        ("took", f"{summary.took:,.1f} s"),
        ("violations", f"{len(summary.broken)}"),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table, highlight=False)


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


def _explain(outcome: Outcome, *, whole: bool) -> None:
    """What did not hold, and how to see it again."""
    err = Console(stderr=True)
    seed, number = outcome.seed.split("/")
    err.print(f"[red]✗[/] {outcome.kind}: {outcome.violation}", highlight=False, soft_wrap=True)
    if whole:
        err.print(outcome.trace, markup=False, highlight=False, soft_wrap=True)
    else:
        again = f"livehour simulate --seed {seed} --show {number}"
        err.print(f"  see it again: {again}", highlight=False)
