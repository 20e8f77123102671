"""
The tables' streams, brought to ``publish_changes``: in batches, in order within a shard, at least once, and again
where it says so.

Items of one shard keep their order; shards know nothing of each other, so changes of one transaction arrive apart.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from zlib import crc32

from local.simulation.faults import Killed
from local.simulation.memory_dynamodb import Change
from local.simulation.world import NeverEnds, World
from shared.table import TABLES

SHARDS: Final = 2
LARGEST_BATCH: Final = 25
PATIENCE: Final = 40
"""Times that a batch is brought again."""


class Deliveries:
    """Every shard of every stream, each brought by an actor of its own until nobody else is left."""

    def __init__(self, world: World, *, repeating: float) -> None:
        """``repeating``: how likely a batch, or all since the beginning, is brought once more."""
        self._world = world
        self._repeating = repeating
        self._brought: dict[tuple[str, int], list[Change]] = {}
        self._read = 0
        self._shards_left = 0
        for role, spec in TABLES.items():
            for shard in range(SHARDS) if spec.stream else ():
                self._brought[role, shard] = []
                self._shards_left += 1
                world.stage.enter(f"stream {role} {shard}", partial(self._bring, role, shard))

    def _bring(self, role: str, shard: int) -> None:
        at = 0
        while True:
            # Looked at before the records: what is written while it is over is still brought.
            last = self._world.stage.left == self._shards_left
            records = self._sort_out(role, shard)
            while at < len(records):
                batch = records[at : at + self._world.random.randint(1, LARGEST_BATCH)]
                self._deliver(batch)
                at += len(batch)
                if self._world.random.random() < self._repeating:
                    self._world.faults.fired["stream replayed"] += 1
                    at = self._world.random.randrange(at)
            if last:
                self._shards_left -= 1
                return
            self._world.stage.wait(self._world.random.choice((0.5, 2.0, 5.0, 20.0)))

    def _sort_out(self, role: str, shard: int) -> list[Change]:
        """The changes of one shard so far; new ones are dealt to all of them."""
        for change in self._world.store.changes[self._read :]:
            place = crc32(repr(change.key).encode()) % SHARDS
            self._brought[change.role, place].append(change)
        self._read = len(self._world.store.changes)
        return self._brought[role, shard]

    def _deliver(self, batch: list[Change]) -> None:
        """Until all of it is taken: again from the first record that was not."""
        for _ in range(PATIENCE):
            try:
                answer = self._world.invoke(
                    "publish_changes", {"Records": list(map(record, batch))}
                )
            except Killed:
                self._world.stage.wait(1.0)
                continue
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            if not failed:
                return
            first = min(place for place, one in enumerate(batch) if _number(one) in failed)
            batch = batch[first:]
            self._world.stage.wait(1.0)
        raise NeverEnds(f"{len(batch)} changes of {batch[0].role} are told by nobody")


def record(change: Change) -> dict[str, Any]:
    """A change as Lambda hands it over: JSON, with bytes in base64."""
    told: dict[str, Any] = {
        "ApproximateCreationDateTime": change.at,
        "Keys": dict(change.key),
        "SequenceNumber": _number(change),
    }
    if change.new is not None:
        told["NewImage"] = image(change.new)
    if change.old is not None:
        told["OldImage"] = image(change.old)
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/livehour-simulated-{change.role}/stream/1"
    return {"eventSourceARN": arn, "dynamodb": told}


def image(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item in JSON."""
    return {
        name: {"B": base64.b64encode(bytes(value["B"])).decode()} if "B" in value else value
        for name, value in item.items()
    }


def _number(change: Change) -> str:
    return f"{change.number:021d}"
