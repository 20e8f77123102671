"""Parked events as text: what an event says, and since when it waits."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from shared.domain.payment import ParkedEvent, PaymentEvent, PaymentKind

_LONGEST = 128
"""Characters kept of each text: an item that waits half a minute should stay small."""


def write_parked(parked: ParkedEvent) -> str:
    """Compact JSON of an event that nothing is wrong with."""
    event = {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in asdict(replace(parked.event, doubt=None)).items()
        if value is not None
    }
    document = {"provider": parked.provider, "since": parked.since, "event": event}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def read_parked(text: str) -> ParkedEvent:
    """The other way round."""
    document = json.loads(text)
    event = document["event"]
    return ParkedEvent(
        provider=document["provider"],
        since=document["since"],
        event=PaymentEvent(**{**event, "kind": PaymentKind(event["kind"])}),
    )
