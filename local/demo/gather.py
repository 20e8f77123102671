"""Asks the shop for its closed books."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from local.api import Api, ApiRefused, ApiUnreachable
from local.demo.evidence import Evidence, Json, Poll
from local.demo.playbook import Playbook
from local.demo.theatre import Theatre
from local.shoppers.journal import Journal
from local.shoppers.wire import wait_a_little
from shared.contracts.routes import MANAGE, READ, SELL

TRIES: Final = 6
PAGE: Final = 100
HANDED_OVER_WITHIN: Final = 60
"""Seconds from the close."""


def gather(
    theatre: Theatre, campaign: str, playbook: Playbook, journal: Journal, polls: Sequence[Poll]
) -> Evidence:
    """Everything there is to see of a campaign that is over. ``ApiError`` if a book is not shown."""
    read, sell = theatre.api(READ), theatre.api(SELL)
    base = f"/campaigns/{campaign}"
    show = _get(theatre.api(MANAGE), base)
    hand_off = _hand_off(theatre.api(MANAGE), base) if show.get("fulfilment") else {}
    orders = {order["id"]: order for order in _orders(read, base)}
    ordered = {"rsv_" + order.removeprefix("ord_") for order in orders}
    return Evidence(
        journal=journal,
        campaign=show,
        hand_off=hand_off,
        scarce=playbook.show().scarce,
        prices=playbook.prices,
        polls=polls,
        totals=_get(read, f"{base}/totals"),
        timeline=_get(read, f"{base}/timeline?bucket=10"),
        report=_get(read, f"{base}/report"),
        report_again=_get(read, f"{base}/report"),
        orders=orders,
        loose={
            reservation: _get(sell, f"/reservations/{reservation}")["state"]
            for reservation in journal.reservations.keys() - ordered
        },
    )


def _hand_off(manage: Api, base: str) -> Json:
    """What the fulfiller is given, once everything that was paid is in it; or as it is after a minute."""
    deadline = time.monotonic() + HANDED_OVER_WITHIN
    while (made := _get(manage, f"{base}/hand-off/files"))["waiting"]:
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    return made


def _orders(read: Api, base: str) -> Iterator[Json]:
    after = ""
    while True:
        page = _get(read, f"{base}/orders?limit={PAGE}{after}")
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def _get(api: Api, path: str) -> Json:
    """A book, though the shop may be out of breath."""
    for attempt in range(TRIES):
        try:
            return dict(api.get(path))
        except ApiUnreachable:
            wait_a_little(attempt)
        except ApiRefused as refusal:
            if refusal.status != 503:
                raise
            wait_a_little(attempt)
    return dict(api.get(path))
