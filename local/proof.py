"""
``docs/proof.md``: what was tried, how often, what fired and what held, from the records that a run of the tests leaves.

``python -m local.proof`` takes over the records of the last run (``build/proof``); the text is made from what was taken over,
so that it is the same for everybody until somebody measures anew.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from local.engine.places import PROJECT

FIGURES: Final = "docs/proof-figures.json"
CASES: Final = "tests/proof/cases.toml"
RECORDS: Final = "build/proof"
MUTATIONS: Final = "tests/proof/orders_of_writes.py"


def documents(project: Path) -> Mapping[str, str]:
    """The document, by its path in the project."""
    figures = json.loads((project / FIGURES).read_text(encoding="utf-8"))
    cases = tomllib.loads((project / CASES).read_text(encoding="utf-8"))["case"]
    mutations = re.findall(
        r'^        "(\w.*)",\n        \w+\.',
        (project / MUTATIONS).read_text(encoding="utf-8"),
        re.M,
    )
    lines = [
        *_head(),
        *_figures(figures),
        *_cases(cases),
        *_mutations(figures, mutations),
        *_rest(),
    ]
    return {"docs/proof.md": "\n".join(lines) + "\n"}


def take_over(project: Path) -> None:
    """Put the records of the last run in the place of those before."""
    kept = project / FIGURES
    figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for record in sorted((project / RECORDS).glob("*.json")):
        figures[record.stem] = json.loads(record.read_text(encoding="utf-8"))
    text = json.dumps(figures, indent=1, sort_keys=True, ensure_ascii=False)
    kept.write_text(text + "\n", encoding="utf-8")


def _head() -> Iterator[str]:
    yield from (
        "# Proof",
        "",
        "Nothing is oversold, lost, counted twice or stuck. This page says how that was tried, how often, and what held; it is made by",
        "`make generate` from the records of a run of the tests (`docs/proof-figures.json`). All of it runs in every `make test`, but for the long run.",
        "",
    )


def _figures(figures: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## What was tried", "")
    yield from ("| what | how often | what came of it |", "| --- | --- | --- |")
    for name, title in (("simulation", "in every run"), ("long_run", "once, by hand")):
        run = figures.get(name)
        if run:
            yield _shows(run, title)
    deaths = _sum(figures["crash_points"], "deaths")
    yield (
        f"| every function killed before and after each of its AWS calls, in {len(figures['crash_points'])} settings, then called again "
        f"| {deaths:,} deaths | the show comes to the same end |"
    )
    answers = figures["lost_answers"]
    yield (
        "| answers lost, cut, corrupt, throttled, refused (DynamoDB Local behind a failing proxy) "
        f"| {_sum(answers, 'faults'):,} faults fired on {len(answers)} paths | each write done once |"
    )
    races = figures["races"].get("races", figures["races"])
    yield (
        f"| {len(races)} races on DynamoDB Local, with threads and with processes | {_sum(races, 'rounds'):,} rounds, "
        f"{_sum(races, 'operations'):,} operations, {_sum(races, 'reads'):,} reads judged | stock conserved at every read, nothing acknowledged lost, totals within bounds |"
    )
    yield f"| hostile input, in process and on the deployed stack | {_sum(figures['hostile'], 'requests'):,} requests | never a 5xx |"
    conditions = figures["conditions"]
    yield (
        f"| each condition of each write taken away | {conditions['conditions']} conditions "
        f"| each is missed: {len(conditions['missed in shows'])} in shows, {len(conditions['missed in duels'])} where two meet |"
    )
    yield ""
    for name, title in (("simulation", "in every run"), ("long_run", "the long run")):
        if figures.get(name):
            yield from _faults(figures[name], title)


def _shows(run: Mapping[str, Any], title: str) -> str:
    checks = sum(run["checks_made"].values())
    fired = sum(run["faults_fired"].values())
    return (
        f"| seeded shows, {title} (seed {run['seed']}) | {run['shows']:,} shows: {run['answers']:,} answers, {run['orders']:,} orders, "
        f"{run['steps']:,} steps, {fired:,} faults | {checks:,} checks, {run['violations']} violations |"
    )


def _faults(run: Mapping[str, Any], title: str) -> Iterator[str]:
    fired = ", ".join(f"{name} {count:,}" for name, count in _by_count(run["faults_fired"]))
    checks = ", ".join(f"{name} {count:,}" for name, count in _by_count(run["checks_made"]))
    met = ", ".join(f"{name} {count:,}" for name, count in _by_count(run["met"]))
    yield from (f"Shows, {title}:", "", f"* faults fired: {fired};", f"* checks made: {checks};")
    yield from (f"* what happened: {met}.", "")


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _sum(record: Any, name: str) -> int:
    """All numbers under a name, however deep, with those below it."""
    if isinstance(record, Mapping):
        return sum(
            _all(value) if key == name else _sum(value, name) for key, value in record.items()
        )
    return 0


def _all(value: Any) -> int:
    return sum(map(_all, value.values())) if isinstance(value, Mapping) else int(value)


def _cases(cases: list[Mapping[str, Any]]) -> Iterator[str]:
    yield from (
        "## The cases",
        "",
        "They keep: I1 stock conserved, I2 no oversell, I3 at most once, I4 money conserved, I5 acknowledged is durable, I6 legal states, forward only, I7 replay, I8 totals are the",
        "fold of the ledgers, I9 liveness, I10 isolation, I11 price integrity, I12 hygiene, I13 bounded cost, I14 recoverable, I15 time.",
        "",
    )
    yield from ("| # | case | keeps | shown by |", "| --- | --- | --- | --- |")
    for case in cases:
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in case["tests"])
        yield f"| {case['number']} | {case['what']} | {case['keeps']} | {tests} |"
    yield ""


def _mutations(figures: Mapping[str, Any], mutations: list[str]) -> Iterator[str]:
    conditions = figures["conditions"]
    yield from (
        "## What is missed when it is gone",
        "",
        "Conditions are found by themselves, as they reach the store: table, kind of write, and what must hold. Each of them is taken away, and something breaks.",
        "",
    )
    for how in ("missed in shows", "missed in duels"):
        yield f"* {how}: {', '.join(f'`{each}`' for each in conditions[how])}"
    yield from ("", "And what is looked at first, or written first:", "")
    yield from (f"* {mutation}" for mutation in mutations)
    yield ""


def _rest() -> Iterator[str]:
    yield from (
        "## What is not proven here",
        "",
        "* **Real conflict rates and latencies.** No emulator raises `TransactionConflict`; it is injected. How often DynamoDB does, and what a hot partition does to the",
        "  last percent of requests, only an account can tell: deploy, run a show of synthetic shoppers against it, and read `ThrottledRequests`, `TransactionConflict` and the",
        "  latencies of the functions in CloudWatch.",
        "* **Real clocks.** Skew is simulated up to ten minutes; Lambda's clocks are better, and nobody promises how much.",
        "* **Real streams, schedules and machines.** Their documented behaviour (at least once, any order across items, late) is simulated and partly run on MiniStack, which knows no",
        "  partial batch answers. Send a poison record to a test account and look for it in the queue `untold`.",
        "* **Permissions** are asserted on the template and enforced in the local functions; AWS evaluates more than that.",
        "* **Recovery from a backup** is shown as far as this: a table that holds half of what happened together is found by the reconciliation, and the campaign is not settled.",
        "* **Erasure** is shown for the books: an order without its address counts as before. There is no command for it yet.",
        "",
        "To try on your own: `livehour simulate --shows 100000 --seed 7`, and `livehour simulate --seed 7 --show N` for one of them.",
    )


if __name__ == "__main__":
    take_over(PROJECT)
