"""EventBridge as boto3 shows it, as far as putting events goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Entry = dict[str, Any]


class FakeEventBridge:
    """Takes what AWS would take. ``refuse`` says, of the entries of a call, which ones it refuses."""

    def __init__(self, refuse: Callable[[Sequence[Entry]], set[int]] = lambda _: set()) -> None:
        self.refuse = refuse
        self.taken: list[Entry] = []
        self.calls: list[int] = []

    def put_events(self, *, Entries: Sequence[Entry]) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        sizes = [
            sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail")) + 14
            for entry in Entries
        ]
        assert sum(sizes) <= 256 * 1024 or len(Entries) == 1
        self.calls.append(len(Entries))
        refused = self.refuse(Entries)
        self.taken += [entry for place, entry in enumerate(Entries) if place not in refused]
        return {
            "FailedEntryCount": len(refused),
            "Entries": [
                {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
                if place in refused
                else {"EventId": f"{place}"}
                for place in range(len(Entries))
            ],
        }

    @property
    def told(self) -> list[dict[str, Any]]:
        """The details, as a consumer gets them."""
        return [json.loads(entry["Detail"]) for entry in self.taken]

    @property
    def ids(self) -> set[str]:
        """The ids of what was told: what is left once a consumer has put repetitions aside."""
        return {detail["id"] for detail in self.told}
