"""
What the host does that no plan foresaw: another price in the middle of the show, more of what people stand in line for, and
a few seconds more at its end.
"""

from __future__ import annotations

from typing import Any, Final

from local.api import Api, ApiRefused, ApiUnreachable
from local.demo.overtime import Overtime
from local.demo.playbook import Playbook

CHEAPER: Final = 0.45
"""Share of the show after which a price is lowered."""
BY: Final = 200
"""Minor units."""
MORE: Final = 0.84
"""Share of the show after which the scarce product is made once more, for those who wait for it."""
LONGER: Final = 0.9
"""Share of the show after which its end is moved."""
SPARE: Final = 4
"""Units more than are waited for."""
ENCORE: Final = 10
"""Seconds."""


class Host:
    """Looks at the clock, and does each thing once."""

    def __init__(self, api: Api, campaign: str, playbook: Playbook, overtime: Overtime) -> None:
        self._api = api
        self._campaign = f"/campaigns/{campaign}"
        self._playbook = playbook
        self._overtime = overtime
        self._to_do = [
            (CHEAPER, self._lower_a_price),
            (MORE, self._have_more_made),
            (LONGER, self._ask_for_more_time),
        ]

    def act(self, now: float, *, in_line: int) -> None:
        """Whatever is due, where so many units are waited for. What the shop did not hear is said again at the next look."""
        share = (now - self._playbook.starts_at) / self._playbook.seconds
        if self._to_do and share >= self._to_do[0][0] and self._to_do[0][1](in_line):
            del self._to_do[0]

    def _lower_a_price(self, _in_line: int) -> bool:
        """Of the second offer: the first is the one that everybody came for."""
        offers = self._playbook.script["offers"]
        offer = offers[min(1, len(offers) - 1)]
        price = max(1, offer["unit_price"] - BY)
        return self._said("cues", {"cue": "price", "sku": offer["sku"], "unit_price": price})

    def _have_more_made(self, in_line: int) -> bool:
        """For everybody in line, and for those who have heard of it."""
        more = {"sku": self._playbook.show().scarce, "units": in_line + SPARE}
        return not in_line or self._said("allotment", more)

    def _ask_for_more_time(self, _in_line: int) -> bool:
        return self._overtime.grant(ENCORE)

    def _said(self, command: str, body: dict[str, Any]) -> bool:
        try:
            self._api.post(f"{self._campaign}/{command}", body)
        except (ApiUnreachable, ApiRefused):
            return False
        return True
