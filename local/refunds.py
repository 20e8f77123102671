"""The command ``refund``: give back money of a paid order, and wait for its end."""

from __future__ import annotations

import json
import time
from typing import Annotated, Final

import typer
from rich.console import Console

from local.api import Api
from local.money import money
from shared.contracts.routes import MANAGE

OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="A paid order's id: ord_...")]
Amount = Annotated[
    int | None,
    typer.Option(min=1, help="Minor units; all that is left, if it is not given."),
]
Reason = Annotated[str, typer.Option(help="For your own books.")]
Restock = Annotated[
    bool, typer.Option("--restock", help="Put the units back on sale: of a whole order only.")
]
AsJson = Annotated[bool, typer.Option("--json", help="The API's answer on stdout.")]

PATIENCE: Final = 20
"""Looks, a second apart."""
ENDED: Final = ("succeeded", "failed", "needs_attention")


def refund(
    order: OrderId,
    *,
    amount: Amount = None,
    reason: Reason = "Asked for by the merchant",
    restock: Restock = False,
    as_json: AsJson = False,
) -> None:
    """Give back a paid ORDER, or some of it; 1 if that failed."""
    api = Api.of_this_machine(MANAGE)
    wish: dict[str, object] = {"reason": reason}
    wish |= {"amount": amount} if amount is not None else {}
    wish |= {"restock": True} if restock else {}
    found = api.post(f"/orders/{order}/refund", wish)
    for _ in range(PATIENCE):
        if found["state"] in ENDED and found["restocked"] is not None:
            break
        time.sleep(1.0)
        found = api.get(f"/refunds/{found['id']}")
    print(json.dumps(found, ensure_ascii=False) if as_json else found["id"])
    facts = [str(found["state"]).replace("_", " "), money(found["amount"], found["currency"])]
    facts += ["the units are on sale again"] if found["restocked"] else []
    facts += ["after the books were closed"] if found["after_close"] else []
    Console(stderr=True).print(", ".join(facts), markup=False, highlight=False, soft_wrap=True)
    if found["state"] in ("failed", "needs_attention"):
        raise typer.Exit(1)
