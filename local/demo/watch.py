"""Watches the totals, as a wall does: once a second, with the version it has."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from local.api import Api, ApiRefused, ApiUnreachable
from local.demo.evidence import Poll

EVERY: Final = 1.0
"""Seconds between two polls."""


class Watch:
    """Polls in a thread of its own. ``polls`` grows by one for each new version that was seen."""

    def __init__(self, api: Api, campaign: str) -> None:
        self.polls: list[Poll] = []
        self.refused: list[str] = []
        """What was answered instead of totals."""
        self._api = api
        self._path = f"/campaigns/{campaign}/totals"
        self._etag = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="watch", daemon=True)

    @property
    def totals(self) -> dict[str, Any] | None:
        """The newest; ``None`` before the first."""
        return self.polls[-1].totals if self.polls else None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends within the answer that is waited for."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """One poll."""
        asked_at = time.time()
        try:
            fresh = self._api.poll(self._path, self._etag)
        except ApiUnreachable:
            return
        except ApiRefused as refusal:
            if refusal.status != 503:
                self.refused.append(f"GET {self._path} answered {refusal.status} {refusal.code}")
            return
        if fresh is not None:
            self._etag = fresh.etag
            self.polls.append(Poll(asked_at=asked_at, totals=dict(fresh.body)))

    def _poll(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            self.look()
            self._stop.wait(max(0.0, EVERY - (time.monotonic() - began)))
