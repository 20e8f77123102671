"""What is commanded in the middle of a show: pins, prices and words; pause and resume; a later end, or none at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from local.api import Api
from local.campaigns import AsJson, Id
from shared.contracts.routes import MANAGE

Sku = Annotated[str, typer.Argument(help="A product of the campaign.")]
Price = Annotated[
    int, typer.Argument(min=1, metavar="PRICE", help="Minor units: 7900 is 79.00 of most.")
]
Stop = Annotated[bool, typer.Option("--stop", help="End the flash price that is open.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the campaign.")]


def pin(campaign: Id, sku: Sku, *, as_json: AsJson = False) -> None:
    """Show a product on screen from the next second on."""
    _direct(campaign, {"cue": "pin", "sku": sku}, f"{sku} is pinned", as_json)


def unpin(campaign: Id, *, as_json: AsJson = False) -> None:
    """Show no product on screen."""
    _direct(campaign, {"cue": "unpin"}, "nothing is pinned", as_json)


def price(campaign: Id, sku: Sku, unit_price: Price, *, as_json: AsJson = False) -> None:
    """Change a list price. What is reserved keeps the price it was promised."""
    cue = {"cue": "price", "sku": sku, "unit_price": unit_price}
    _direct(campaign, cue, f"{sku} costs {unit_price:,}", as_json)


def flash(
    campaign: Id,
    sku: Sku,
    unit_price: Annotated[int | None, typer.Argument(min=1, metavar="[PRICE]")] = None,
    seconds: Annotated[int | None, typer.Argument(min=1, metavar="[SECONDS]")] = None,
    *,
    stop: Stop = False,
    as_json: AsJson = False,
) -> None:
    """Open a flash price for some seconds, or stop the one that is open."""
    if stop != (unit_price is None) or stop != (seconds is None):
        raise typer.BadParameter("give PRICE and SECONDS, or --stop.")
    if stop:
        _direct(campaign, {"cue": "flash_end", "sku": sku}, f"{sku} costs as listed", as_json)
        return
    cue = {"cue": "flash_price", "sku": sku, "unit_price": unit_price, "seconds": seconds}
    _direct(campaign, cue, f"{sku} costs {unit_price:,} for {seconds:,} s", as_json)


def stop_coupon(
    campaign: Id,
    code: Annotated[str, typer.Argument(help="The coupon's code.")],
    *,
    as_json: AsJson = False,
) -> None:
    """End a coupon that is open. What is reserved with it keeps its price."""
    _direct(campaign, {"cue": "coupon_end", "code": code}, f"{code} is stopped", as_json)


def say(
    campaign: Id,
    text: Annotated[str, typer.Argument(help="What viewers are to read.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Announce something to whoever watches."""
    _direct(campaign, {"cue": "announce", "text": text}, "announced", as_json)


def add_stock(
    campaign: Id,
    sku: Sku,
    units: Annotated[int, typer.Argument(min=1, help="How many more.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Put more units of a product on sale, without a pause."""
    answer = _command(campaign, "allotment", {"sku": sku, "units": units})
    said = f"{units:,} more of {sku}"
    _tell(answer, said, as_json, f"livehour watch {campaign}")


def pause(campaign: Id, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Take no reservations until `resume`."""
    paused = _command(campaign, "pause", {"reason": reason} if reason else {})
    _tell(paused, f"{campaign} is {paused['status']}", as_json, f"livehour resume {campaign}")


def resume(campaign: Id, *, as_json: AsJson = False) -> None:
    """Sell again."""
    resumed = _command(campaign, "resume", {})
    _tell(resumed, f"{campaign} is {resumed['status']}", as_json, f"livehour watch {campaign}")


def extend(
    campaign: Id,
    ends_at: Annotated[str, typer.Argument(help="Local time of the campaign, or an instant.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Move the end of a show to a later time."""
    extended = _command(campaign, "extend", {"ends_at": ends_at})
    said = f"{campaign} ends at {extended['ends_at']}"
    _tell(extended, said, as_json, f"livehour watch {campaign}")


def cancel(
    campaign: Id,
    reason: Annotated[str, typer.Argument(help="Why; kept with the campaign.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Call a campaign off: nothing more is sold, what is held is released, what is paid stays paid."""
    cancelled = _command(campaign, "cancel", {"reason": reason})
    _tell(cancelled, f"{campaign} is {cancelled['status']}", as_json, f"livehour watch {campaign}")


def _direct(campaign: str, cue: Mapping[str, Any], said: str, as_json: bool) -> None:
    _tell(_command(campaign, "cues", cue), said, as_json, f"livehour watch {campaign}")


def _command(campaign: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return Api.of_this_machine(MANAGE).post(f"/campaigns/{campaign}/{name}", body)


def _tell(answer: Mapping[str, Any], said: str, as_json: bool, next_command: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if as_json else said)
    print(f"next: {next_command}", file=sys.stderr)
