"""
Many campaigns on the deployed stack at once, in real time, while all of them sell: ``python -m bench on_air [CAMPAIGNS]``.

What a beat takes is read from the histories of their machines: from the step's beginning until its answer was there.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import httpx

from bench.report import Row
from local.engine.aws import machines
from local.engine.stack import LocalStack
from shared.use_cases.keep_books import BEAT

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

CAMPAIGNS: Final = 50
OFFERS: Final = 20
UNITS: Final = 320
"""Of an offer: ten blocks."""
_SECONDS: Final = 60
"""For which beats are watched, once all campaigns are on."""
_PACE: Final = 0.1
"""Seconds between two reservations."""
_PATIENCE: Final = 300
_STEP: Final = "Keep the books"


class Merchant:
    """Who runs all of them, and whose storefront sells."""

    def __init__(self, stack: LocalStack) -> None:
        self._keys = stack.merchant.keys
        self._http = httpx.Client(base_url=f"{stack.api}/v1", timeout=30)

    def put_on_air(self, number: int) -> str:
        """The id of a campaign that was told to begin at once."""
        starts = datetime.now(UTC) + timedelta(hours=1)
        body = {
            "name": f"Show {number}",
            "time_zone": "UTC",
            "starts_at": starts.isoformat(timespec="seconds"),
            "ends_at": (starts + timedelta(hours=1)).isoformat(timespec="seconds"),
            "currency": "CNY",
            "offers": [
                {
                    "sku": _sku(offer),
                    "title": {"en": f"Apple {offer}"},
                    "unit_price": 9900,
                    "allotment": UNITS,
                }
                for offer in range(OFFERS)
            ],
        }
        campaign_id: str = self._post("manage", "/campaigns", body)["id"]
        self._post("manage", f"/campaigns/{campaign_id}/start", None)
        return campaign_id

    def is_on(self, campaign_id: str) -> bool:
        """Whether it is live."""
        headers = self._headers("manage")
        told = self._http.get(f"/campaigns/{campaign_id}", headers=headers).json()
        return bool(told["status"] == "live")

    def sell(self, campaign_id: str, offer: int) -> None:
        """A reservation."""
        body = {"sku": _sku(offer), "quantity": 1, "buyer_id": str(uuid4())}
        self._post("sell", f"/campaigns/{campaign_id}/reservations", body)

    def _post(self, scope: str, path: str, body: Any) -> dict[str, Any]:
        headers = {**self._headers(scope), "idempotency-key": str(uuid4())}
        answer = self._http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def _headers(self, scope: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._keys[scope]}"}


def beats_on_air(campaigns: int = CAMPAIGNS) -> list[Row]:
    """Beats of so many campaigns, all live."""
    stack = LocalStack.start(lambda step: print(f"  {step} ...", file=sys.stderr))
    try:
        merchant = Merchant(stack)
        print(f"  putting {campaigns} campaigns on air ...", file=sys.stderr)
        shows = [merchant.put_on_air(number) for number in range(campaigns)]
        _wait_until_all_are_on(merchant, shows)
        since = datetime.now(UTC)
        _sell(merchant, shows)
        beats = [list(_beats_of(_history(stack, show), since)) for show in shows]
    finally:
        stack.stop()
    return _rows(beats)


def _wait_until_all_are_on(merchant: Merchant, shows: list[str]) -> None:
    until = time.monotonic() + _PATIENCE
    waiting = shows
    while waiting := [show for show in waiting if not merchant.is_on(show)]:
        assert time.monotonic() < until, f"{len(waiting)} campaigns did not open"
        time.sleep(1)


def _sell(merchant: Merchant, shows: list[str]) -> None:
    """In one show after the other, for as long as beats are watched."""
    until = time.monotonic() + _SECONDS
    turns = ((show, offer) for offer in cycle(range(OFFERS)) for show in shows)
    for show, offer in turns:
        if time.monotonic() >= until:
            return
        merchant.sell(show, offer)
        time.sleep(_PACE)


def _history(stack: LocalStack, campaign_id: str) -> Iterator[HistoryEventTypeDef]:
    pages = machines(stack.engine.url).get_paginator("get_execution_history")
    execution = stack.outputs["LifecycleArn"].replace(":stateMachine:", ":execution:")
    for page in pages.paginate(executionArn=f"{execution}:{campaign_id}"):
        yield from page["events"]


Beat = tuple[datetime, datetime]
"""When it began, and when it had ended."""


def _beats_of(history: Iterator[HistoryEventTypeDef], since: datetime) -> Iterator[Beat]:
    """Those that began since an instant, and have ended."""
    began: datetime | None = None
    for event in history:
        if event.get("stateEnteredEventDetails", {}).get("name") == _STEP:
            began = event["timestamp"]
        elif event.get("stateExitedEventDetails", {}).get("name") == _STEP and began is not None:
            if began >= since:
                yield began, event["timestamp"]
            began = None


def _rows(shows: list[list[Beat]]) -> list[Row]:
    took = sorted((ended - began).total_seconds() for beats in shows for began, ended in beats)
    apart = [(b[0] - a[0]).total_seconds() for beats in shows for a, b in pairwise(beats)]
    what = f"{len(shows)} live campaigns of {OFFERS} offers"
    note = (
        f"{len(took):,} beats on the deployed stack; half of them {statistics.median(took):.2f} s,"
        f" 99 of 100 {took[int(0.99 * len(took))]:.2f} s"
    )
    return [
        Row(f"seconds of a beat, the slowest of {what}", took[-1], budget=BEAT, note=note),
        Row(
            "seconds from a beat to the next, the longest of them",
            max(apart),
            note=f"half of them {statistics.median(apart):.2f} s; {BEAT} s are waited",
        ),
    ]


def _sku(offer: int) -> str:
    return f"APPLE-{offer}"
