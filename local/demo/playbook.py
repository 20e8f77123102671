"""The hour, pressed together: the same offers, prices and cues, in as many seconds as a demonstration has."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from local.engine.places import PROJECT
from local.shoppers.visits import Coupon, Show, Wares

SHOW_FILE: Final = PROJECT / "events" / "shows" / "washington-apple-hour.json"
SHORTEST_HOLD: Final = 15
"""Seconds: holds are pressed together less than the show, or a busy machine would be too slow to pay in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A show that begins at ``starts_at`` (seconds since 1970 UTC) and is over ``seconds`` later."""

    script: Mapping[str, Any]
    """As the file says it, in its own hours."""
    starts_at: int
    seconds: int

    @classmethod
    def read(cls, *, starts_at: int, seconds: int, file: Path = SHOW_FILE) -> Playbook:
        """A show as its file says."""
        return cls(script=json.loads(file.read_text("utf-8")), starts_at=starts_at, seconds=seconds)

    @property
    def pace(self) -> float:
        """Seconds of the show in one second of the demonstration."""
        begins, ends = self._hours()
        return (ends - begins).total_seconds() / self.seconds

    @property
    def hold_seconds(self) -> int:
        return max(SHORTEST_HOLD, int(self.script["hold_seconds"] / self.pace))

    def request(self) -> dict[str, Any]:
        """The body of ``POST /v1/campaigns``: the file's, with its times replaced."""
        return {
            **self.script,
            "starts_at": rfc3339(self.starts_at),
            "ends_at": rfc3339(self.starts_at + self.seconds),
            "replay_until": None,
            "hold_seconds": self.hold_seconds,
            "offers": [self._offered(offer) for offer in self.script["offers"]],
            "run_of_show": [self._pressed(cue) for cue in self.script["run_of_show"]],
        }

    def show(self) -> Show:
        """What the plan of the visits has to know. The scarce product is the one there is least of."""
        wares = [
            Wares(
                sku=offer["sku"], allotment=offer["allotment"], limit=offer.get("limit_per_buyer")
            )
            for offer in self.script["offers"]
        ]
        cues = [self._pressed(cue) for cue in self.script["run_of_show"]]
        return Show(
            seconds=self.seconds,
            wares=wares,
            pins=[(cue["at"], cue["sku"]) for cue in cues if cue["cue"] == "pin"],
            coupons=[
                Coupon(cue["code"], cue["sku"], cue["at"], cue["at"] + cue["seconds"])
                for cue in cues
                if cue["cue"] == "coupon"
            ],
            scarce=min(wares, key=lambda offer: offer.allotment).sku,
            hold=self.hold_seconds,
        )

    def clock(self, now: float) -> str:
        """The show's own time of day at an instant: what the host's clock would say."""
        begins, ends = self._hours()
        at = begins + timedelta(seconds=(now - self.starts_at) * self.pace)
        return f"{min(max(at, begins), ends):%H:%M}"

    @property
    def prices(self) -> dict[str, int]:
        """List prices as they were planned, by SKU."""
        return {offer["sku"]: offer["unit_price"] for offer in self.script["offers"]}

    def _offered(self, offer: Mapping[str, Any]) -> dict[str, Any]:
        """Who waited has as long as whoever did not."""
        if "waitlist" not in offer:
            return dict(offer)
        return {**offer, "waitlist": {"hold_seconds": self.hold_seconds}}

    def _pressed(self, cue: Mapping[str, Any]) -> dict[str, Any]:
        """Rounded down at both ends, so that what followed on something still follows on it."""
        at = math.floor(cue["at"] / self.pace)
        if "seconds" not in cue:
            return {**cue, "at": at}
        ends = math.floor((cue["at"] + cue["seconds"]) / self.pace)
        return {**cue, "at": at, "seconds": max(1, ends - at)}

    def _hours(self) -> tuple[datetime, datetime]:
        """Start and end of the file, as local times."""
        return (
            datetime.fromisoformat(self.script["starts_at"]),
            datetime.fromisoformat(self.script["ends_at"]),
        )


def rfc3339(seconds: float) -> str:
    """An instant of seconds since 1970 UTC, as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
