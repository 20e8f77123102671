"""
The log of a campaign: who or what did something to it, when, and what came of it.

Every version of a campaign is one entry, read from what it was and what it became: so no change can be logged that was not
made, or made without being logged. What the lifecycle does, and what fails in it, is an entry too, though it is no version.

An entry has a place of its own, from what happened and not from when it was written down, so that one that is written
twice stands there once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from shared.clock import rfc3339
from shared.domain.campaign import HALTED, NOBODY, Campaign, Cue, Offer, Status
from shared.domain.ids import KEY_PREFIX
from shared.domain.show_control import MOMENT

LIFECYCLE: Final = "lifecycle"
SWEEPER: Final = "sweep_campaigns"
MOST_CHANGES: Final = 50
"""Changed values that one entry tells: an edit may touch every one of 200 offers."""

_PLACE: Final = re.compile(r"log_(\d{13}-[a-z0-9_-]{1,60})", re.ASCII)


class Outcome(StrEnum):
    """What came of an action."""

    DONE = "done"
    FAILED = "failed"
    RETRIED = "retried"
    """It failed, and was tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done to a campaign, or for it."""

    at: int
    """Milliseconds since 1970 UTC."""
    name: str
    """With ``at``, what tells it from all others of its campaign."""
    by: str
    """Public id of an API key, or the name of what did it."""
    action: str
    outcome: Outcome = Outcome.DONE
    version: int | None = None
    """Of the campaign, if it made one."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands: in the order of time."""
        return f"{self.at:013d}-{self.name}"


def place_of(identifier: str) -> str | None:
    """The place of an entry by its id; ``None`` for what is no such id."""
    found = _PLACE.fullmatch(identifier)
    return found[1] if found else None


def document(entry: Entry) -> dict[str, Any]:
    """An entry, as the API tells it."""
    return {
        "id": f"log_{entry.place}",
        "object": "log_entry",
        "at": rfc3339(entry.at / 1000),
        "actor": {
            "type": "key" if entry.by.startswith(KEY_PREFIX) else "system",
            "id": entry.by,
        },
        "action": entry.action,
        "outcome": entry.outcome.value,
        "version": entry.version,
        "detail": dict(entry.detail),
    }


# -- versions --------------------------------------------------------------------------------------

_REACHED: Final[Mapping[Status, str]] = {
    Status.SCHEDULED: "scheduled",
    Status.LIVE: "opened",
    Status.PAUSING: "pause_begun",
    Status.PAUSED: "paused",
    Status.CLOSING: "sale_closed",
    Status.CLOSED: "settled",
    Status.CANCELLED: "cancelled",
}
_DIRECTED: Final[Mapping[str, str]] = {
    "pin": "pinned",
    "unpin": "unpinned",
    "flash_price": "flash_price_opened",
    "flash_end": "flash_price_stopped",
    "price": "price_changed",
    "coupon_end": "coupon_stopped",
    "extended": "extended",
    "waitlist_opened": "waitlist_opened",
    "waitlist_closed": "waitlist_closed",
    "announce": "announced",
    "stock": "stock_added",
}
_INSTANTS: Final = ("starts_at", "ends_at", "replay_until")
_PLAIN: Final = (
    *("name", "time_zone", "currency", "hold_seconds", "channel", "payment_provider", "carrier"),
    *("max_open_holds_per_buyer", "max_holds_per_ten_minutes", "cancel_reason"),
)
_COMPOUND: Final = ("parties", "payment_fee", "run_of_show", "metadata")
"""Of these it is told that they changed, and not from what to what: they may be long, or name people."""
_OF_OFFERS: Final = (
    *("title", "unit_price", "min_unit_price", "allotment", "limit_per_buyer", "waitlist_hold"),
)


def entry_of(before: Campaign | None, after: Campaign, *, by: str, at: int) -> Entry:
    """The entry of a version. ``before``: the version it was made from; ``at``: milliseconds, when it was kept."""
    action, outcome, told = _read(before, after, at)
    changes = list(_changes(before, after)) if before is not None else []
    detail = dict(told)
    if changes:
        detail["changes"] = changes[:MOST_CHANGES]
    if len(changes) > MOST_CHANGES:
        detail["more_changes"] = len(changes) - MOST_CHANGES
    return Entry(
        at=at,
        name=f"v{after.version:07d}",
        by=by or NOBODY,
        action=action,
        outcome=outcome,
        version=after.version,
        detail=detail,
    )


_Reading = tuple[str, Outcome, Mapping[str, Any]]
"""What was done, what came of it, and what is told of it beside the values that changed."""


def _read(before: Campaign | None, after: Campaign, at: int) -> _Reading:
    if before is None:
        return "created", Outcome.DONE, {}
    if after.status is not before.status:
        return _step(before, after, at)
    cue = _added(before, after)
    if cue is not None:
        return _DIRECTED.get(cue.cue, "directed"), Outcome.DONE, _told(after, cue)
    return next(_marks(before, after, at), (_edit(before, after, at), Outcome.DONE, {}))


def _marks(before: Campaign, after: Campaign, at: int) -> Iterator[_Reading]:
    """What the lifecycle has come to, within a status."""
    if after.shut and not before.shut:
        late = max(0, at // 1000 - after.closes_at)
        yield "closing_begun", Outcome.DONE, {"seconds_late": late}
    if after.prepared_at is not None and before.prepared_at is None:
        blocks = sum(offer.blocks for offer in after.offers)
        yield "stock_laid_out", Outcome.DONE, {"blocks": blocks}
    if after.balanced is not before.balanced:
        outcome = Outcome.DONE if after.balanced else Outcome.FAILED
        yield "reconciled", outcome, {"balanced": after.balanced}
    if after.finished and not before.finished:
        yield "finished", Outcome.DONE, {}
    for was, now in zip(before.offers, after.offers, strict=False):
        if (now.queued_in > 0) != (was.queued_in > 0):
            # There was no room for another mark.
            action = "waitlist_opened" if now.queued_in else "waitlist_closed"
            yield action, Outcome.DONE, {"sku": now.sku}
        if now.queued_in and now.queue_firm != was.queue_firm:
            action = "waitlist_known" if now.queue_firm else "waitlist_about_to_close"
            yield action, Outcome.DONE, {"sku": now.sku}
        if len(now.coming) > len(was.coming):
            # There was no room for another cue.
            yield "stock_added", Outcome.DONE, {}
        if now.blocks > was.blocks:
            yield "added_stock_on_sale", Outcome.DONE, {}


def _added(before: Campaign, after: Campaign) -> Cue | None:
    """What was improvised in a version: cues are only ever added, at the end."""
    new = after.improvised[len(before.improvised) :]
    return new[-1] if new else None


def _step(before: Campaign, after: Campaign, at: int) -> _Reading:
    detail: dict[str, Any] = {"was": before.status.value, "status": after.status.value}
    action = _REACHED[after.status]
    if after.status is Status.LIVE:
        if before.status in HALTED:
            action = "resumed"
        else:
            detail["seconds_late"] = max(0, at // 1000 - after.starts_at)
    cue = _added(before, after)
    if cue is not None and cue.text:
        detail["reason"] = cue.text
    return action, Outcome.DONE, detail


def _edit(before: Campaign, after: Campaign, at: int) -> str:
    """The name of a change of the plan: of its times alone, or of anything."""
    times = {name for name in _INSTANTS if getattr(before, name) != getattr(after, name)}
    if not times or set(_changed(before, after)) - times:
        return "plan_changed"
    if before.starts_at != after.starts_at:
        return "started" if after.starts_at <= at // 1000 + MOMENT else "moved"
    return "extended" if after.closes_at > before.closes_at else "ended"


def _told(campaign: Campaign, cue: Cue) -> Mapping[str, Any]:
    """A cue as it was decided, with the instant from which it holds."""
    told = cue.facts()
    del told["at"]
    return {**told, "from": rfc3339(campaign.starts_at + cue.at)}


def _changed(before: Campaign, after: Campaign) -> Iterator[str]:
    for name in (*_INSTANTS, *_PLAIN, *_COMPOUND, "offers"):
        if getattr(before, name) != getattr(after, name):
            yield name


def _changes(before: Campaign, after: Campaign) -> Iterator[Mapping[str, Any]]:
    """The values of the plan that are others now, as a person would look for them."""
    for name in _changed(before, after):
        was, now = getattr(before, name), getattr(after, name)
        if name in _COMPOUND:
            yield {"field": name}
        elif name in _INSTANTS:
            yield {
                "field": name,
                "from": rfc3339(was) if was else None,
                "to": rfc3339(now) if now else None,
            }
        elif name == "offers":
            yield from _changes_of_offers(was, now)
        else:
            yield {"field": name, "from": was, "to": now}


def _changes_of_offers(
    before: tuple[Offer, ...], after: tuple[Offer, ...]
) -> Iterator[Mapping[str, Any]]:
    old, new = ({offer.sku: offer for offer in offers} for offers in (before, after))
    for sku in [*old, *(sku for sku in new if sku not in old)]:
        if sku not in new or sku not in old:
            yield {"field": "offers", "sku": sku, "is": "added" if sku in new else "removed"}
            continue
        for name in _OF_OFFERS:
            was, now = getattr(old[sku], name), getattr(new[sku], name)
            if was != now:
                yield {"field": name, "sku": sku, "from": was, "to": now}


# -- what is no version ------------------------------------------------------------------------------


def begun(*, at: int, part: int) -> Entry:
    """An execution of the lifecycle that does its first step."""
    return Entry(
        at=at, name=f"begun-{part}", by=LIFECYCLE, action="lifecycle_begun", detail={"part": part}
    )


def stumbled(step: str, *, at: int, part: int, attempts: int, error: str | None) -> Entry:
    """
    A step that failed. ``at``: when it was entered; ``attempts``: how often it has failed by now; ``error``: as what just
    now, or ``None`` if it is being tried again.
    """
    detail: dict[str, Any] = {"part": part, "failed_attempts": attempts}
    if error is not None:
        detail["error"] = error
    return Entry(
        at=at,
        name=f"{step}-{part}",
        by=LIFECYCLE,
        action=step,
        outcome=Outcome.RETRIED if error is None else Outcome.FAILED,
        detail=detail,
    )


def broken_off(*, at: int, part: int, how: str, error: str | None) -> Entry:
    """An execution that ended otherwise than by itself. ``how``: as Step Functions says it."""
    detail = {"part": part, **({"error": error} if error else {})}
    return Entry(
        at=at,
        name=f"ended-{part}",
        by=LIFECYCLE,
        action=f"lifecycle_{how.lower()}",
        outcome=Outcome.FAILED,
        detail=detail,
    )


_SWEPT: Final[Mapping[str, tuple[str, Outcome]]] = {
    "begun": ("schedule_missed", Outcome.RETRIED),
    "taken up": ("lifecycle_taken_up", Outcome.RETRIED),
    "given up": ("lifecycle_given_up", Outcome.FAILED),
}
"""By what the sweeper calls it."""


def looked_after(finding: str, *, due: int, part: int, now: int) -> Entry:
    """
    What the sweeper does about a campaign that nobody looks after: ``part`` is begun, or given up. ``due``: the instant from
    which it was to be done, in seconds like ``now``: all sweepers that see it write the same entry.
    """
    action, outcome = _SWEPT[finding]
    return Entry(
        at=due * 1000,
        name=f"{action}-{part}",
        by=SWEEPER,
        action=action,
        outcome=outcome,
        detail={"part": part, "seen_at": rfc3339(now)},
    )
