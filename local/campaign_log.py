"""The command ``log``: who or what did something to a campaign, when, and what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from local.api import Api
from local.campaigns import AsJson, Id
from shared.contracts.routes import MANAGE

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Entries at most, the newest.")]
Outcome = Annotated[
    str | None, typer.Option(help="Only what was `done`, `failed` or `retried`.", metavar="OUTCOME")
]
_PAGE: Final = 100
_WIDEST: Final = 20


def log(
    campaign: Id, *, limit: Limit = 50, outcome: Outcome = None, as_json: AsJson = False
) -> None:
    """Who or what did something to a campaign, when, and what came of it; newest first."""
    found = list(_entries(Api.of_this_machine(MANAGE), campaign, limit, outcome))
    for entry in found:
        print(json.dumps(entry, ensure_ascii=False) if as_json else line(entry))
    if not found:
        print("there is no such entry (yet: it takes a second or two).", file=sys.stderr)
    print(f"next: livehour watch {campaign}", file=sys.stderr)


def _entries(
    api: Api, campaign: str, limit: int, outcome: str | None
) -> Iterator[Mapping[str, Any]]:
    """Page by page, as many as are asked for."""
    after = ""
    while limit > 0:
        query = f"limit={min(limit, _PAGE)}{f'&outcome={outcome}' if outcome else ''}{after}"
        page = api.get(f"/campaigns/{campaign}/log?{query}")
        yield from page["data"]
        limit -= len(page["data"])
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def line(entry: Mapping[str, Any]) -> str:
    """An entry for a person: when, what and whether it was well, who, and the facts."""
    outcome = "" if entry["outcome"] == "done" else f" ({entry['outcome']})"
    what = f"{entry['action'].replace('_', ' ')}{outcome}"
    version = f"v{entry['version']}" if entry["version"] else ""
    facts = ", ".join(_facts(entry["detail"]))
    told = (
        f"{entry['at']:<24}  {version:<5}  {what:<28}  {entry['actor']['id']:<{_WIDEST}}  {facts}"
    )
    return told.rstrip()


def _facts(detail: Mapping[str, Any]) -> Iterator[str]:
    for name, value in detail.items():
        if name != "changes":
            yield f"{name.replace('_', ' ')} {value}"
            continue
        for change in value:
            of = f" of {change['sku']}" if "sku" in change else ""
            became = f" {change['from']} → {change['to']}" if "to" in change else ""
            yield f"{change['field']}{of}{became}{' ' + change['is'] if 'is' in change else ''}"
