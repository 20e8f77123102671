"""More time for viewers who still stand at the door when the show should end, as a host would ask for: ``POST …/extend``."""

from __future__ import annotations

import math
from typing import Final

from local.api import Api, ApiRefused, ApiUnreachable
from local.demo.playbook import Playbook, rfc3339

ASKED_BEFORE: Final = 8.0
"""Seconds before the end at which the door is looked at."""
WORTH_IT: Final = 20
"""Viewers at the door for whom a show goes on."""
AT_A_TIME: Final = (10, 60)
"""Seconds, at least and at most, of one prolongation."""


class Overtime:
    """Prolongs one show until everybody has come in, or it has lasted ``longest`` seconds."""

    def __init__(self, api: Api, campaign: str, playbook: Playbook, longest: int) -> None:
        self.seconds = 0
        """Granted so far to those at the door."""
        self.encore = 0
        """Granted because the host asked for it."""
        self._api = api
        self._path = f"/campaigns/{campaign}/extend"
        self._begins = playbook.starts_at
        self._ends = playbook.starts_at + playbook.seconds
        self._latest = playbook.starts_at + longest

    @property
    def ends_at(self) -> int:
        """End of the show as it stands, seconds since 1970 UTC."""
        return self._ends + self.seconds + self.encore

    def grant(self, seconds: int) -> bool:
        """Prolong the show, whoever stands at the door. Whether that was done; else it may be asked again."""
        if not self._prolonged(seconds):
            return False
        self.encore += seconds
        return True

    def consider(self, now: float, *, waiting: int, admitted: int) -> None:
        """``waiting`` viewers are overdue, and ``admitted`` have come in so far: is there need of more time?"""
        left = self.ends_at - now
        if not 0 < left < ASKED_BEFORE or waiting < WORTH_IT:
            return
        a_second = max(admitted, 1) / (now - self._begins)
        least, most = AT_A_TIME
        needed = min(max(math.ceil(waiting / a_second - left), least), most)
        more = min(needed, self._latest - self.ends_at)
        if more <= 0:
            return
        if self._prolonged(more):
            self.seconds += more

    def _prolonged(self, more: int) -> bool:
        try:
            self._api.post(self._path, {"ends_at": rfc3339(self.ends_at + more)})
        except (ApiUnreachable, ApiRefused):
            return False  # asked again at the next look, while there is time
        return True
