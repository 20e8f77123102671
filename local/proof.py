"""
The tables of ``docs/proof.md``: what was tried, how often, what fired and what held.

``python -m local.proof`` takes over the records that the last run of the tests left in ``build/proof``. The tables are made
from what was taken over, so that they are the same for everybody until somebody measures anew.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from local.engine.places import PROJECT

DOCUMENT: Final = "docs/proof.md"
FIGURES: Final = "docs/proof-figures.json"
CASES: Final = "tests/proof/cases.toml"
RECORDS: Final = "build/proof"
HOSTILE: Final = ("requests", "cases", "not_a_server_error")
"""What is one request in the records of hostile input; schemathesis counts its checks."""
MUTATIONS: Final = "tests/proof/orders_of_writes.py"


def documents(project: Path) -> Mapping[str, str]:
    """The page with its tables made anew, by its path in the project. Its prose is written by hand."""
    figures = json.loads((project / FIGURES).read_text(encoding="utf-8"))
    cases = tomllib.loads((project / CASES).read_text(encoding="utf-8"))["case"]
    mutations = re.findall(
        r'^        "(\w.*)",\n        \w+\.',
        (project / MUTATIONS).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    text = (project / DOCUMENT).read_text(encoding="utf-8")
    for name, lines in (
        ("figures", _figures(figures)),
        ("cases", _cases(cases)),
        ("mutations", _mutations(figures, mutations)),
    ):
        text = _with_block(text, name, "\n".join(lines))
    return {DOCUMENT: text}


def _with_block(text: str, name: str, block: str) -> str:
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = text.partition(first)
    _, _, after = rest.partition(last)
    return f"{before}{first}{block}\n{last}{after}"


def take_over(project: Path) -> None:
    """Put the records of the last run in the place of those before."""
    kept = project / FIGURES
    figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for record in sorted((project / RECORDS).glob("*.json")):
        figures[record.stem] = json.loads(record.read_text(encoding="utf-8"))
    text = json.dumps(figures, indent=1, sort_keys=True, ensure_ascii=False)
    kept.write_text(text + "\n", encoding="utf-8")


def _figures(figures: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| what | how often | what came of it |", "| --- | --- | --- |")
    for name, title in (("simulation", "in every run"), ("long_run", "once, by hand")):
        run = figures.get(name)
        if run:
            yield _shows(run, title)
    points = figures["crash_points"]
    yield (
        f"| every function killed before and after each of its AWS calls, in {len(points)} settings "
        f"| {_sum(points, 'deaths'):,} deaths | called again, it comes to the same end |"
    )
    answers = figures["lost_answers"]
    yield (
        "| answers lost, cut, corrupt, throttled, refused (DynamoDB Local behind a proxy) "
        f"| {_sum(answers, 'faults'):,} faults on {len(answers)} paths | each write done once |"
    )
    races = figures["races"].get("races", figures["races"])
    yield (
        f"| {len(races)} races on DynamoDB Local, of threads and of processes "
        f"| {_sum(races, 'rounds'):,} rounds, {_sum(races, 'operations'):,} operations, "
        f"{_sum(races, 'reads'):,} reads judged "
        "| stock conserved at every read, nothing acknowledged lost, totals within bounds |"
    )
    requests = sum(_sum(figures["hostile"], counted) for counted in HOSTILE)
    yield (
        "| hostile input, in process and on the deployed stack "
        f"| {requests:,} requests | never a 5xx |"
    )
    conditions = figures["conditions"]
    shows, duels = (len(conditions[f"missed in {where}"]) for where in ("shows", "duels"))
    yield (
        f"| each condition of each write taken away | {conditions['conditions']} conditions "
        f"| each is missed: {shows} in shows, {duels} where two meet |"
    )
    yield ""
    for name, title in (("simulation", "in every run"), ("long_run", "the long run")):
        if figures.get(name):
            yield from _faults(figures[name], title)


def _shows(run: Mapping[str, Any], title: str) -> str:
    checks = sum(run["checks_made"].values())
    fired = sum(run["faults_fired"].values())
    return (
        f"| seeded shows, {title} (seed {run['seed']}) "
        f"| {run['shows']:,} shows: {run['answers']:,} answers, {run['orders']:,} orders, "
        f"{run['steps']:,} steps, {fired:,} faults "
        f"| {checks:,} checks, {run['violations']} violations |"
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
    yield from ("| # | case | keeps | shown by |", "| --- | --- | --- | --- |")
    for case in cases:
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in case["tests"])
        yield f"| {case['number']} | {case['what']} | {case['keeps']} | {tests} |"
    yield ""


def _mutations(figures: Mapping[str, Any], mutations: list[str]) -> Iterator[str]:
    conditions = figures["conditions"]
    for how in ("missed in shows", "missed in duels"):
        yield f"* {how}: {', '.join(f'`{each}`' for each in conditions[how])}"
    yield from ("", "And what is looked at first, or written first:", "")
    yield from (f"* {mutation}" for mutation in mutations)
    yield ""


if __name__ == "__main__":
    take_over(PROJECT)
