"""
The bus, in EventBridge.

``PutEvents`` takes ten entries and 256 KB at once, and answers each of them: a call that succeeds
may still have refused some. To put an event twice does no harm, for its id tells that it is the
same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from shared.adapters.dynamodb_faults import store_faults
from shared.clock import pause
from shared.contracts.events import SOURCE, Published
from shared.domain.errors import StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

MOST_ENTRIES: Final = 10
MOST_BYTES: Final = 256 * 1024
"""In one call. What lies over it goes alone, and fails alone."""
_TIME_BYTES: Final = 14
"""What an entry's time counts for, by AWS's rule; its other members count as their UTF-8."""
_TRIES: Final = 3
_PAUSE: Final = 0.2
"""Seconds before the second try at most, twice that before the third."""


class EventBridgeBus:
    """The bus on which livehour tells others what happened."""

    def __init__(
        self,
        client: EventBridgeClient,
        bus_name: str,
        pause: Callable[[float], None] = pause,
    ) -> None:
        self._client = client
        self._bus_name = bus_name
        self._pause = pause

    def tell(self, events: Iterable[Published]) -> set[str]:
        """Put events on the bus. The ids of those that it did not take, even when asked again."""
        refused: set[str] = set()
        for batch in batches(events):
            left: Sequence[Published] = batch
            for attempt in range(_TRIES):
                if attempt:
                    # Full jitter: what was refused together does not come back together.
                    self._pause(random.uniform(0, _PAUSE * 2 ** (attempt - 1)))  # noqa: S311
                left = self._put(left)
                if not left:
                    break
            refused.update(event.id for event in left)
        return refused

    def _put(self, events: Sequence[Published]) -> Sequence[Published]:
        """Those of the events that were not taken."""
        try:
            with store_faults():
                answer = self._client.put_events(
                    Entries=[_entry(event, self._bus_name) for event in events]
                )
        except StoreBusy:
            return events
        return [
            event
            for event, result in zip(events, answer["Entries"], strict=True)
            if "ErrorCode" in result
        ]


def batches(events: Iterable[Published]) -> Iterator[list[Published]]:
    """The events in order, in pieces that one call takes."""
    batch: list[Published] = []
    total = 0
    for event in events:
        size = size_of(event)
        if batch and (len(batch) == MOST_ENTRIES or total + size > MOST_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(event)
        total += size
    if batch:
        yield batch


def size_of(event: Published) -> int:
    """Bytes that the event counts for in a call."""
    texts = (SOURCE, type(event).__name__, event.model_dump_json())
    return _TIME_BYTES + sum(len(text.encode()) for text in texts)


def _entry(event: Published, bus_name: str) -> PutEventsRequestEntryTypeDef:
    return {
        "EventBusName": bus_name,
        "Source": SOURCE,
        "DetailType": type(event).__name__,
        "Detail": event.model_dump_json(),
        # Else the entry would bear the time of this call, which for a repetition is a later one.
        "Time": datetime.fromisoformat(event.occurred_at).astimezone(UTC),
    }
