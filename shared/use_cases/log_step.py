"""
What a step of the lifecycle says of itself in its campaign's log: that an execution begins with it, that it failed, that it
is tried again.

The machine tries a step again by itself and tells nobody, so it hands over when the step was entered and the number of the
attempt: a process that dies cannot say so, but the next attempt can. All attempts at a step have one entry, whose last word
stands: they never overlap, for the machine waits longer for a function than it may run. Nothing of this is worth a failed
step: what cannot be noted is a line in the functions' own log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from shared.domain.campaign_log import Entry, begun, stumbled
from shared.domain.errors import Refusal
from shared.domain.ids import is_rehearsed
from shared.use_cases.ports import CampaignLog

Handler = Callable[..., dict[str, Any]]

log = logging.getLogger("livehour")


def try_to_note(campaign_log: CampaignLog, campaign_id: str, entry: Entry) -> None:
    """Keep an entry of something that must be done whether it can be noted or not. Rehearsals have no log."""
    if is_rehearsed(campaign_id):
        return
    try:
        campaign_log.note(campaign_id, entry)
    except Refusal:
        log.warning("%s: cannot note %s", campaign_id, entry.action)


def logged(
    step: str, campaign_log: Callable[[], CampaignLog], *, first: bool = False
) -> Callable[[Handler], Handler]:
    """A step's handler that is followed by its campaign's log. ``first``: executions begin with it."""

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        def follow(event: Mapping[str, Any], context: object = None) -> dict[str, Any]:
            entered = _instant(event.get("entered_at"))
            if entered is None:
                # An execution of an older definition, or somebody who calls the step by hand.
                return handler(event, context)
            part, failed = int(event.get("part", 1)), int(event.get("attempt", 0))

            def note(entry: Entry) -> None:
                try_to_note(campaign_log(), event["campaign"], entry)

            def stumble(attempts: int, error: str | None) -> None:
                note(stumbled(step, at=entered, part=part, attempts=attempts, error=error))

            if first:
                note(begun(at=entered, part=part))
            if failed:
                stumble(failed, None)
            try:
                return handler(event, context)
            except Exception as fault:
                stumble(failed + 1, type(fault).__name__)
                raise

        return follow

    return around


def _instant(text: object) -> int | None:
    """Milliseconds of an instant as Step Functions writes it; ``None`` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
