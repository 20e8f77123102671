"""What is to be done when: steps with an instant each, done by a few threads in order of time."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

Step = Callable[[], None]


class Agenda:
    """Steps to come. A step may add others; whoever is late is done at once, in order of its instant.

    Arrivals do not wait for answers: when the shop is slow, the steps queue up here and ``latest`` says how badly. Then
    whoever is in the shop goes before those at the door, as it would be with a thread for each: else a slow machine
    would let the holds of buyers run out who stand there with their money in their hands.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._inside: list[tuple[float, int, Step]] = []
        self._at_the_door: list[tuple[float, int, Step]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._at_work = 0
        self._closed = False
        self._broken: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self.latest = 0.0
        """Seconds that the most belated step began after its instant."""
        self.admitted = 0
        """Arrivals that have come in."""

    def add(self, at: float, step: Step, *, arrival: bool = False) -> None:
        """Do ``step`` at an instant (seconds since 1970 UTC)."""
        with self._changed:
            queue = self._at_the_door if arrival else self._inside
            heapq.heappush(queue, (at, next(self._numbers), step))
            self._changed.notify()

    def work(self, threads: int) -> None:
        """Begin. Each thread does one step at a time."""
        for number in range(threads):
            thread = threading.Thread(target=self._work, name=f"shopper-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def waiting(self) -> int:
        """Arrivals that are overdue: those who stand at the door."""
        with self._changed:
            now = self._now()
            return sum(at <= now for at, _, _ in self._at_the_door)

    @property
    def idle(self) -> bool:
        """Whether nothing is being done and nothing is to come. Raises what broke a step, if one broke."""
        with self._changed:
            if self._broken is not None:
                raise self._broken
            return not self._inside and not self._at_the_door and not self._at_work

    def close(self) -> None:
        """Drop what is to come, and end when what is being done is done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while (step := self._next()) is not None:
                try:
                    step()
                finally:
                    with self._changed:
                        self._at_work -= 1
        except BaseException as fault:  # noqa: BLE001 - handed to whoever waits for us
            with self._changed:
                self._broken = self._broken or fault

    def _next(self) -> Step | None:
        with self._changed:
            while not self._closed:
                now = self._now()
                queues = [queue for queue in (self._inside, self._at_the_door) if queue]
                due = next((queue for queue in queues if queue[0][0] <= now), None)
                if due is not None:
                    at, _, step = heapq.heappop(due)
                    self._at_work += 1
                    self.latest = max(self.latest, now - at)
                    self.admitted += due is self._at_the_door
                    return step
                self._changed.wait(min((queue[0][0] - now for queue in queues), default=None))
        return None
