"""Races as tests ask for them; and how many were run, written down for the document of proofs."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from botocore.config import Config

from local.engine.dynamodb_local import DynamoDBLocal
from shared import table
from shared.domain import stock
from shared.domain.campaign import Offer
from tests.proof.history import History, Type
from tests.proof.races.arena import Race
from tests.theatre import FUJI

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WRITTEN = Path(__file__).parents[3] / "build" / "proof" / "races.json"
PRICE = 9900

MakeRace = Callable[..., Race]
Tally = Callable[[History], None]


@pytest.fixture(scope="session")
def crowd(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client for as many threads as a race has."""
    return dynamodb_local.client(Config(max_pool_connections=80))


@pytest.fixture
def tally(request: pytest.FixtureRequest, testrun_uid: str) -> Iterator[Tally]:
    """Told of each round that was judged; what a test that failed was told does not count."""
    rounds: list[History] = []
    failed_before = request.session.testsfailed
    yield rounds.append
    if rounds and request.session.testsfailed == failed_before:
        entries = [entry for history in rounds for entry in history.entries]
        asked = [entry for entry in entries if entry.type is Type.INVOKE]
        ends = [entry.type for entry in entries if entry.type is not Type.INVOKE]
        write_down(
            request.node.originalname,
            testrun_uid,
            {
                "rounds": len(rounds),
                "operations": sum(entry.f != "read" for entry in asked),
                "reads": sum(entry.f == "read" for entry in asked),
                **{type_.value: ends.count(type_) for type_ in (Type.OK, Type.FAIL, Type.INFO)},
            },
        )


@pytest.fixture
def race(crowd: DynamoDBClient, tally: Tally) -> Iterator[MakeRace]:
    """
    Makes races, each about a campaign of its own. ``block_units`` and ``room`` (entries of a ledger) make blocks as small as
    a race wants them. ``turn``: seconds for which units are held for who stood in line; else nobody can.
    """
    made: list[Race] = []
    with ExitStack() as patches:

        def make(
            seed: int,
            units: int = 10,
            *,
            block_units: int = table.BLOCK_UNITS,
            room: int | None = None,
            limit: int | None = None,
            turn: int | None = None,
            live: bool = True,
            **fields: Any,
        ) -> Race:
            patches.enter_context(patch.object(stock, "BLOCK_UNITS", block_units))
            if room is not None:
                patches.enter_context(patch.object(table, "ledger_room", lambda *_: room))
            offer = Offer(
                number=0,
                sku=FUJI,
                title={"en": FUJI},
                unit_price=PRICE,
                allotment=units,
                limit_per_buyer=limit,
                waitlist_hold=turn,
            )
            made.append(Race(crowd, seed, offer, **fields))
            if live:
                made[-1].go_live()
            return made[-1]

        yield make
    for each in made:
        if each.judged:
            tally(each.history)


def write_down(race: str, run: str, counts: dict[str, int]) -> None:
    """Add to what this run (of several workers, perhaps) has written of a race so far."""
    WRITTEN.parent.mkdir(parents=True, exist_ok=True)
    with WRITTEN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = json.loads(file.read() or "{}")
        if known.get("run") != run:
            known = {"run": run, "races": {}}
        before = known["races"].get(race, {})
        known["races"][race] = {name: count + before.get(name, 0) for name, count in counts.items()}
        file.truncate(0)
        json.dump(known, file, indent=1, sort_keys=True)
