"""
Each write of each path, with its answer lost, broken or refused: nothing happens twice, and nothing is left half done.

A path is walked twice, as by a caller who tries again. Undisturbed, it leaves certain items behind; with a fault at any of
its writes it must leave the very same. A fault that did not fire proves nothing, so the proxy is asked what it did.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as Folder
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff

from local.engine.dynamodb_local import DynamoDBLocal
from local.simulation.faults import WRITES
from local.simulation.gateway import Answer
from local.simulation.show import quiet
from shared import table, wiring
from shared.adapters import dynamodb_buyers
from shared.domain.errors import Refusal, StoreBusy
from tests.proof.failing_store import FAULTS, Fault, Proxy, Saboteur, Write
from tests.proof.paths import PATHS, Act, Path, Rig
from tests.proof.shares import keep_share
from tests.proof.twins import normal

SDK_TRIES = 3
_BATCH = 25
_DRAWN = {"number", "id", "drawn"}
_OF_SNAPSHOTS = {"lease", "as_of", "version", "reconciled_at"}


@dataclass(slots=True)
class Walk:
    """A path that was walked twice."""

    first: Any
    second: Any
    left: Mapping[str, Any]
    """The items that stand there afterwards."""
    writes: list[Write]
    """Of the first time."""


class Store:
    """DynamoDB Local, the functions' own client of it, and the faults that can be between them."""

    def __init__(self, engine: DynamoDBLocal, proxy: Proxy) -> None:
        self.proxy = proxy
        self._direct = engine.client()
        self._client = wiring.connect("dynamodb")
        self._saboteur = Saboteur(self._client, proxy.url)

    def walk(self, path: Path, strike: tuple[int, Fault] | None = None) -> Walk:
        """Walk a path twice, the first time with a fault."""
        rig = Rig()
        complaints: list[str] = []
        with quiet(complaints), rig.entered():
            act = path(rig)
            self._bring(rig)
            rig.real = self._client
            self._saboteur.watch(strike)
            try:
                first = _told(act)
                writes = list(self._saboteur.writes)
                if _is_busy(first):
                    _told(act)
                second = _told(act)
                left = self._standing(rig)
            finally:
                self._clear(rig)
        assert complaints == []
        return Walk(first, second, left, writes)

    def _bring(self, rig: Rig) -> None:
        self._batch(
            [
                (role, {"PutRequest": {"Item": item}})
                for role in table.TABLES
                for item in rig.store.items(role)
            ]
        )

    def _clear(self, rig: Rig) -> None:
        self._batch([(role, {"DeleteRequest": {"Key": key}}) for role, key in self._keys(rig)])

    def _batch(self, requests: list[tuple[str, Any]]) -> None:
        for first in range(0, len(requests), _BATCH):
            self._direct.batch_write_item(RequestItems=_by_table(requests[first : first + _BATCH]))

    def _keys(self, rig: Rig) -> list[tuple[str, Mapping[str, Any]]]:
        """Of all that there is, and all that was written, each once."""
        items = [(role, item) for role in table.TABLES for item in rig.store.items(role)]
        found: list[tuple[str, Mapping[str, Any]]] = []
        for role, item in [*items, *self._saboteur.keys]:
            spec = table.TABLES[role]
            key = role, {name: item[name] for name in (spec.key, spec.sort) if name}
            if key not in found:
                found.append(key)
        return found

    def _standing(self, rig: Rig) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            role: {"Keys": keys, "ConsistentRead": True}
            for role, keys in _by_table(self._keys(rig)).items()
        }
        answer = self._direct.batch_get_item(RequestItems=wanted)
        assert not answer["UnprocessedKeys"]
        standing: dict[str, Any] = {}
        for role, items in answer["Responses"].items():
            for item in items:
                standing |= _essence(role, item)
        return standing


def _by_table(things: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for role, thing in things:
        found.setdefault(role, []).append(thing)
    return found


def _told(act: Act) -> Any:
    """What a caller is told: the answer, or why there is none."""
    try:
        return act()
    except Refusal as refusal:
        return refusal


def _essence(role: str, item: Mapping[str, Any]) -> dict[str, str]:
    """An item by its key, without what may differ: boards, leases, numbers of snapshots, and what is drawn by chance."""
    spec = table.TABLES[role]
    if role == "stock" and item[spec.key]["S"].endswith(f"#{table.BOARD}"):
        return {}
    if role == "totals":
        item = {name: item[name] for name in item if name not in _OF_SNAPSHOTS}
    if role == "buyers" and table.HOLDS_VERSION not in item:
        # The units of each claim, whichever deliveries of its request have made it or joined in it.
        claims = dynamodb_buyers.decode(item).claims
        units = {name: {"N": str(claim.units)} for name, claim in claims.items()}
        item = {**units, **{name: item[name] for name in (spec.key, table.BUYER_UNITS)}}
    if role == "buyers" and table.HOLDS_VERSION in item:
        item = {
            name: {"N": value["N"][-3:]} if "N" in value else value
            for name, value in item.items()
            # How often it was written depends on how often the request was sent.
            if name != table.HOLDS_VERSION
        }
    if role == "rehearsals":
        # What its buyers have waited and used depends on what was in their way.
        item = {name: item[name] for name in item if name not in ("doc", "version")}
    if role == "orders" and item[spec.key]["S"].startswith(table.REHEARSED):
        # Its buyer, to whom nobody answered, waits a moment before asking again.
        times = (table.ORDER_CREATED, table.ORDER_PAID_AT)
        item = {name: item[name] for name in item if name not in times}
    if role == "stock" and f"#{table.USES}" in item[spec.key]["S"]:
        # The uses of each request, likewise.
        ledger = {name: {"N": value["N"][-9:]} for name, value in item[table.LEDGER]["M"].items()}
        item = {**item, table.LEDGER: {"M": ledger}}
    if role == "waitlists":
        # A number whose drawing nobody heard of stays a gap, and the next is used.
        is_ticket = item[table.WAITLIST_NUMBER] != {"N": str(table.LINE_HEAD)}
        item = {name: item[name] for name in item if name not in _DRAWN}
        item[table.WAITLIST_NUMBER] = {"BOOL": is_ticket}
    key = json.dumps([role, item[spec.key], item.get(spec.sort or "")])
    return {_mask(key): _mask(json.dumps(normal(item), default=repr))}


def _mask(text: str) -> str:
    """
    Ids and secrets are drawn anew for a campaign that is made again because nobody heard of the first; and books that
    are compared again are compared later.
    """
    drawn = r"cmp_[a-z2-7]{16}|(?<=secret)\W+\w+|(?<=created_at)\W+(N\W+)?[\dTZ:.-]+|(?<=as_of)\W+[\dTZ:.-]+"
    return re.sub(drawn, "…", text)


@pytest.fixture(scope="module")
def store(own_dynamodb: DynamoDBLocal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Folder = tmp_path_factory.mktemp("microburst")
    with (
        pytest.MonkeyPatch.context() as patch,
        Proxy.before(own_dynamodb.url, folder) as proxy,
    ):
        settings = {
            "AWS_ENDPOINT_URL_DYNAMODB": own_dynamodb.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        # The SDK waits up to seconds before it tries again, and nothing here depends on how long.
        patch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
        yield Store(own_dynamodb, proxy)


@cache
def writes_of(path: Path) -> tuple[Write, ...]:
    """What a path writes, in memory."""
    rig, found = Rig(), []

    def note(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation in WRITES:
            found.append(Write.of(operation, request))
        return rig.store.call(operation, request)

    with quiet([]), rig.entered():
        act = path(rig)
        rig.serve_store = note
        act()
    return tuple(found)


def faults_of(path: Path, write: Write) -> Iterator[Fault]:
    """All for the first path that does this very write; for the others those that end as the path goes on."""
    first = next(one for one in PATHS if write in writes_of(one))
    for fault in FAULTS:
        if fault.transactions and write.operation != "TransactWriteItems":
            continue
        if path is first or fault.on_every_path:
            yield fault


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_a_write_whose_answer_is_lost_or_broken_is_done_once(path: Path, store: Store) -> None:
    undisturbed = store.walk(path)
    assert tuple(undisturbed.writes) == writes_of(path)
    assert undisturbed.writes
    told: Counter[str] = Counter()
    for place, write in enumerate(undisturbed.writes):
        if write in undisturbed.writes[:place]:
            # The same with another block.
            continue
        for fault in faults_of(path, write):
            case = f"{path.__name__}: {fault.name} at write {place}, {write}"
            since = time.time()
            walk = store.walk(path, (place, fault))
            fired = store.proxy.fired(since)
            assert fired == [write.operation] * min(fault.tries, SDK_TRIES), case
            assert walk.left == undisturbed.left, case
            _judge(walk.first, undisturbed.first, fault, case)
            assert _kind(walk.second) in (_kind(undisturbed.first), _kind(undisturbed.second)), case
            told[fault.name] += 1
    keep_share("lost_answers", path.__name__, {"writes": len(undisturbed.writes), "faults": told})


def _judge(told: Any, undisturbed: Any, fault: Fault, case: str) -> None:
    """Either the caller notices nothing, or hears that nothing is known and that it is to try again."""
    if _is_busy(told):
        assert fault.busy is not False, (case, told)
        assert not isinstance(told, Answer) or int(told.headers["retry-after"]) >= 1, case
    else:
        assert fault.busy is not True, (case, told)
        assert _kind(told) == _kind(undisturbed), (case, told)


def _is_busy(told: Any) -> bool:
    return isinstance(told, StoreBusy) or (isinstance(told, Answer) and told.status == 503)


def _kind(told: Any) -> Any:
    if isinstance(told, Answer):
        return told.status, told.code
    return type(told) if isinstance(told, Refusal) else told
