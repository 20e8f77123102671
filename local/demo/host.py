"""What the host does that no plan foresaw: another price in the middle of the show, and a few seconds more at its end."""

from __future__ import annotations

from typing import Final

from local.api import Api, ApiRefused, ApiUnreachable
from local.demo.overtime import Overtime
from local.demo.playbook import Playbook

CHEAPER: Final = 0.45
"""Share of the show after which a price is lowered."""
BY: Final = 200
"""Minor units."""
LONGER: Final = 0.9
"""Share of the show after which its end is moved."""
ENCORE: Final = 10
"""Seconds."""


class Host:
    """Looks at the clock, and does each thing once."""

    def __init__(self, api: Api, campaign: str, playbook: Playbook, overtime: Overtime) -> None:
        self._api = api
        self._path = f"/campaigns/{campaign}/cues"
        self._playbook = playbook
        self._overtime = overtime
        self._to_do = [(CHEAPER, self._lower_a_price), (LONGER, self._ask_for_more)]

    def act(self, now: float) -> None:
        """Whatever is due. What the shop did not hear is said again at the next look."""
        share = (now - self._playbook.starts_at) / self._playbook.seconds
        if self._to_do and share >= self._to_do[0][0] and self._to_do[0][1]():
            del self._to_do[0]

    def _lower_a_price(self) -> bool:
        """Of the second offer: the first is the one that everybody came for."""
        offers = self._playbook.script["offers"]
        offer = offers[min(1, len(offers) - 1)]
        price = max(1, offer["unit_price"] - BY)
        cue = {"cue": "price", "sku": offer["sku"], "unit_price": price}
        try:
            self._api.post(self._path, cue)
        except (ApiUnreachable, ApiRefused):
            return False
        return True

    def _ask_for_more(self) -> bool:
        return self._overtime.grant(ENCORE)
