"""
Who plays, and when: actors take turns by one seeded draw, in a time that passes only when nobody has anything to do.

Each actor has a thread, because the code it runs knows nothing of this; but only the one with the baton moves, so that
the same seed gives the same play. The baton changes hands where an actor says so: before each call to a service.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from threading import Lock, Thread
from typing import Any

Act = Callable[[], object]


class Stopped(BaseException):
    """The play is over: whoever is still on stage leaves at once."""


class Actor:
    """Somebody who acts: a buyer, a schedule, a delivery. ``props``: whatever the play keeps with it."""

    __slots__ = ("act", "go", "name", "props", "thread")

    def __init__(self, name: str, act: Act) -> None:
        self.name = name
        self.act = act
        self.go = Lock()
        self.go.acquire()
        self.thread: _Worker | None = None
        self.props: list[Any] = []


class Stage:
    """The actors of one play, and its clock."""

    def __init__(self, random: Random, *, starts_at: int, restless: float) -> None:
        """``starts_at``: milliseconds since 1970 UTC. ``restless``: how likely the baton changes hands at a turn."""
        self.random = random
        self.millis = starts_at
        self.restless = restless
        self.playing: Actor = Actor("director", lambda: None)
        self.turns = 0
        self.left = 0
        """Actors who have not ended."""
        self._ready: list[Actor] = []
        self._asleep: list[tuple[int, int, Actor]] = []
        self._entered = 0
        self._failure: BaseException | None = None
        self._over = False
        self._curtain = Lock()

    # -- for actors --------------------------------------------------------------------------------

    def enter(self, name: str, act: Act, *, after: float = 0.0) -> Actor:
        """A new actor, who begins so many seconds from now."""
        actor = Actor(name, act)
        self.left += 1
        self._sleep(actor, self.millis + round(after * 1000))
        return actor

    def turn(self) -> None:
        """Perhaps somebody else plays before we go on."""
        self._leave_if_over()
        self.turns += 1
        self._wake()
        if self._ready and self.random.random() < self.restless:
            me = self.playing
            self._ready.append(me)
            self._pass_on(me)

    def wait(self, seconds: float) -> None:
        """Go on after so many seconds of the play."""
        self._leave_if_over()
        me = self.playing
        self._sleep(me, self.millis + max(0, round(seconds * 1000)))
        self._pass_on(me)

    # -- for the director ------------------------------------------------------------------------------

    def play(self) -> None:
        """Until nobody is left. Raises what an actor failed with."""
        self._curtain.acquire()
        first = self._next()
        if first is not None:
            self._give(first)
            self._curtain.acquire()
        self._curtain.release()
        if self._failure is not None:
            self._clear()
            raise self._failure

    def _clear(self) -> None:
        """Let everybody leave, one after the other."""
        self._over = True
        for actor in [*self._ready, *(actor for _, _, actor in self._asleep)]:
            if actor.thread is not None:
                gone = actor.thread.when_idle()
                actor.go.release()
                gone()

    # -- the baton ---------------------------------------------------------------------------------

    def _sleep(self, actor: Actor, until: int) -> None:
        self._entered += 1
        heapq.heappush(self._asleep, (until, self._entered, actor))

    def _wake(self) -> None:
        while self._asleep and self._asleep[0][0] <= self.millis:
            self._ready.append(heapq.heappop(self._asleep)[2])

    def _next(self) -> Actor | None:
        self._wake()
        if not self._ready:
            if not self._asleep:
                return None
            self.millis = self._asleep[0][0]
            self._wake()
        chosen = self.random.randrange(len(self._ready)) if len(self._ready) > 1 else 0
        return self._ready.pop(chosen)

    def _pass_on(self, me: Actor) -> None:
        """Give the baton to the next, and wait until it comes back."""
        following = self._next()
        if following is not me and following is not None:
            self._give(following)
            me.go.acquire()
            self._leave_if_over()
        self.playing = me

    def _give(self, actor: Actor) -> None:
        self.playing = actor
        if actor.thread is None:
            actor.thread = _Worker.free()
            actor.thread.run(self, actor)
        else:
            actor.go.release()

    def ended(self, actor: Actor, failure: BaseException | None) -> Actor | None:
        """An actor is done. Who goes on in its place, on its thread; else ``None``."""
        self.left -= 1
        if self._over:
            return None
        if failure is not None:
            self._failure = failure
            self._curtain.release()
            return None
        following = self._next()
        if following is None:
            self._curtain.release()
        elif following.thread is None:
            following.thread, actor.thread = actor.thread, None
            self.playing = following
            return following
        else:
            self._give(following)
        return None

    def _leave_if_over(self) -> None:
        if self._over:
            raise Stopped


class _Worker:
    """A thread that lends itself to one actor after the other."""

    _idle: list[_Worker] = []  # noqa: RUF012 - of the whole process

    def __init__(self) -> None:
        self._job = Lock()
        self._job.acquire()
        self._stage: Stage | None = None
        self._actor: Actor | None = None
        self._busy = Lock()
        Thread(target=self._work, daemon=True).start()

    @classmethod
    def free(cls) -> _Worker:
        return cls._idle.pop() if cls._idle else cls()

    def run(self, stage: Stage, actor: Actor) -> None:
        self._stage, self._actor = stage, actor
        self._busy.acquire()
        self._job.release()

    def when_idle(self) -> Callable[[], None]:
        """Call what this gives to wait until the present actor has left."""

        def wait() -> None:
            with self._busy:
                pass

        return wait

    def _work(self) -> None:
        while True:
            self._job.acquire()
            stage, actor = self._stage, self._actor
            while stage is not None and actor is not None:
                failure: BaseException | None = None
                try:
                    actor.act()
                except Stopped:
                    pass
                except BaseException as fault:  # noqa: BLE001 - the director raises it
                    failure = fault
                self._actor = actor
                following = stage.ended(actor, failure)
                actor = following
            self._stage = self._actor = None
            _Worker._idle.append(self)
            self._busy.release()
