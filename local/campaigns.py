"""The commands about campaigns: ``launch``, ``watch``, ``end``, ``report``, ``reconcile``, ``handoff``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from local.api import Api, ApiError, ApiRefused, Fresh
from local.campaign_file import CampaignFile
from local.money import money
from shared.contracts.routes import MANAGE, READ

File = Annotated[Path, typer.Argument(help="A campaign, as in events/shows/.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="A campaign's id: cmp_...")]
OptionalId = Annotated[str | None, typer.Argument(metavar="[ID]", help="A campaign's id: cmp_...")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Fetch the closing package, and verify it."),
]
Parcels = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the files are put.")]
Combine = Annotated[
    bool, typer.Option("--combine", help="What one buyer has sent to one place goes together.")
]
InAWorkbook = Annotated[
    bool, typer.Option("--workbook", help="A workbook to look at, instead of files to import.")
]
Verify = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Hold a package against its signature."),
]
Key = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The public key that you were given (PEM).")
]
AsJson = Annotated[bool, typer.Option("--json", help="The API's answer on stdout.")]
Now = Annotated[bool, typer.Option("--now", help="Start at once, for as long as the file says.")]

PLAIN_EVERY: Final = 5.0
"""Seconds between two lines of ``watch`` where there is no terminal."""
OVER: Final = ("cancelled",)


def launch(file: File, *, now: Now = False, as_json: AsJson = False) -> None:
    """Create the campaign of FILE and schedule it, or start it at once."""
    written, api = CampaignFile.read(file), Api.of_this_machine(MANAGE)
    body = written.moved_to(datetime.now(UTC)) if now else written.body
    try:
        campaign = api.post("/campaigns", body)
    except ApiRefused as refusal:
        if not refusal.errors:
            raise
        raise written.broken(refusal.errors) from None
    campaign_id = campaign["id"]
    try:
        campaign = api.post(f"/campaigns/{campaign_id}/{'start' if now else 'schedule'}", {})
    except ApiRefused as refusal:
        raise ApiError(f"{refusal} The campaign is kept as the draft {campaign_id}.") from None
    _show_on_wall(campaign_id)
    print(json.dumps(campaign, ensure_ascii=False) if as_json else campaign_id)
    _say(
        f"{campaign['name']}: {campaign['status']}, {campaign['local']['starts_at']} {campaign['time_zone']}"
    )
    _next(f"livehour watch {campaign_id}")


def watch(campaign: Id, *, as_json: AsJson = False) -> None:
    """Follow a campaign until its books are closed: one live line, or a line every few seconds."""
    out = Console(highlight=False, soft_wrap=True)
    polls = _polls(Api.of_this_machine(READ), f"/campaigns/{campaign}/totals")
    if as_json:
        for totals in polls:
            print(json.dumps(totals, ensure_ascii=False), flush=True)
    elif out.is_terminal:
        with Live(console=out, auto_refresh=False) as live:
            for totals in polls:
                live.update(Text(line(totals), no_wrap=True, overflow="ellipsis"), refresh=True)
    else:
        _plainly(polls)
    _next(f"livehour report {campaign}")


def end(campaign: Id, *, as_json: AsJson = False) -> None:
    """End a live campaign now; its holds run out, then its books are closed."""
    ended = Api.of_this_machine(MANAGE).post(f"/campaigns/{campaign}/end", {})
    print(
        json.dumps(ended, ensure_ascii=False)
        if as_json
        else "\n".join([f"{campaign} ends at {ended['ends_at']}", *_missed(ended)])
    )
    _next(f"livehour watch {campaign}")


def _missed(campaign: Mapping[str, Any]) -> Iterator[str]:
    """What was planned, and will never happen."""
    for cue in campaign["missed_cues"]:
        what = " ".join(str(cue[name]) for name in ("cue", "sku", "code", "units") if cue[name])
        yield f"never happens: cue {cue['number']} ({what}) at second {cue['at']:,}"


def report(
    campaign: OptionalId = None,
    *,
    out: Out = None,
    verify: Verify = None,
    key: Key = None,
) -> None:
    """The closing report of a campaign, as JSON; its whole package; or whether a package is what was signed."""
    if (campaign is None) == (verify is None) or (verify is not None and out is not None):
        raise typer.BadParameter("give an ID, or --verify FOLDER.")
    if verify is not None:
        _verify(verify, key)
        return
    api = Api.of_this_machine(READ)
    if out is not None:
        _download(api, str(campaign), out, key)
        return
    found = api.get(f"/campaigns/{campaign}/report")
    print(json.dumps(found, ensure_ascii=False, indent=2))
    totals = found["totals"]
    _say(
        f"{'balanced' if found['balanced'] else 'NOT BALANCED'}: {totals['orders']:,} orders,"
        f" {totals['units']['sold']:,} units, {money(totals['net'], totals['currency'])} net"
    )
    _next(f"livehour report {campaign} --out FOLDER")


def reconcile(campaign: Id, *, as_json: AsJson = False) -> None:
    """Compare a campaign's books now; 1 if something differs."""
    found = Api.of_this_machine(MANAGE).post(f"/campaigns/{campaign}/reconcile", {})
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    for difference in () if as_json else found["differences"]:
        print(difference)
    finished = sum(found["finished"].values())
    _say(
        f"{'balanced' if found['balanced'] else 'NOT BALANCED'}: {found['blocks']:,} ledgers,"
        f" {found['orders']:,} orders, {found['differences_found']:,} differences;"
        f" {finished:,} orders finished, {found['waiting']:,} waiting"
    )
    if not found["balanced"]:
        raise typer.Exit(1)


def handoff(
    campaign: Id, *, out: Parcels, combine: Combine = False, workbook: InAWorkbook = False
) -> None:
    """The parcels of a campaign as files that a fulfiller or a carrier imports. They hold addresses."""
    from local.closing_package import download

    api = Api.of_this_machine(MANAGE)
    tell = _say if sys.stderr.isatty() else lambda _: None
    piece, pieces, parcels, waiting, attention = 1, 1, 0, 0, 0
    while piece <= pieces:
        options = ("&combine=buyer" if combine else "") + ("&format=xlsx" if workbook else "")
        made = api.get(f"/campaigns/{campaign}/hand-off/files?piece={piece}{options}")
        download(made, out, tell, transport=api.transport)
        parcels += made["files"][0]["rows"]
        waiting += made["waiting"]
        attention += made["needs_attention_found"]
        for trouble in made["needs_attention"]:
            _say(f"{trouble['order']}: {trouble['reason']}")
        piece, pieces = piece + 1, made["pieces"]
    print(out)
    _say(f"{parcels:,} parcels; {waiting:,} orders waiting, {attention:,} need a person")
    name = made["files"][0]["name"]
    _next(f"{'open' if workbook else 'import'} {name} at the fulfiller's, and then delete it here")


def _download(api: Api, campaign: str, folder: Path, key: Path | None) -> None:
    from local.closing_package import download

    links = api.get(f"/campaigns/{campaign}/report/files")
    tell = _say if sys.stderr.isatty() else lambda _: None
    size = download(links, folder, tell, transport=api.transport)
    _say(f"{len(links['files'])} files, {size:,} bytes")
    _verify(folder, key, links["public_key_sha256"])
    print(folder)
    _next(f"open {folder / 'report.html'}, or livehour report --verify {folder}")


def _verify(folder: Path, key: Path | None, key_sha256: str | None = None) -> None:
    from local.closing_package import verify

    found = verify(folder, key, key_sha256)
    for wrong in found.wrong:
        print(wrong)
    if found.wrong:
        _say(f"NOT what was signed: {len(found.wrong)} differences.")
        raise typer.Exit(1)
    _say(f"{found.files} files are what was signed by the key {found.key}.")
    if key is None and key_sha256 is None:
        _say("It is the key beside them: compare its digest, or give the key you know by --key.")


def line(totals: Mapping[str, Any]) -> str:
    """The totals of an instant in one line."""
    units = totals["units"]
    parts = [
        totals["as_of"][11:19],
        f"{totals['status']}{', complete' if totals['complete'] else ''}",
        f"{totals['orders']:,} orders",
        money(totals["gross"], totals["currency"]),
        f"left {units['available']:,}",
        f"held {units['held']:,}",
        f"sold {units['sold']:,}",
    ]
    if totals["refunded"]:
        parts.insert(4, f"refunded {money(totals['refunded'], totals['currency'])}")
    if totals.get("pinned"):
        parts.append(f"pinned {totals['pinned']}")
    return "  ".join(parts)


def _polls(api: Api, path: str) -> Iterator[Mapping[str, Any]]:
    """The totals whenever they have changed, until they never will again."""
    latest: Fresh | None = None
    while latest is None or not (latest.body["complete"] or latest.body["status"] in OVER):
        if latest is not None:
            time.sleep(latest.poll_after)
        changed = api.poll(path, latest.etag if latest else "")
        if changed is not None:
            latest = changed
            yield latest.body


def _plainly(polls: Iterator[Mapping[str, Any]]) -> None:
    told, last = -PLAIN_EVERY, ""
    for totals in polls:
        last = line(totals)
        if time.monotonic() - told >= PLAIN_EVERY:
            print(last, flush=True)
            told, last = time.monotonic(), ""
    if last:
        print(last, flush=True)


def _show_on_wall(campaign_id: str) -> None:
    """A wall of this machine shows what was launched last."""
    from local.engine.running import Running

    running = Running.find()
    if running is not None:
        stack = running.stack
        running.wall.show(api=stack.api, key=stack.merchant.keys[READ], campaign=campaign_id)
        _say(f"wall: {running.wall.url}")


def _say(message: str) -> None:
    Console(stderr=True).print(message, markup=False, highlight=False, soft_wrap=True)


def _next(command: str) -> None:
    _say(f"next: {command}")
