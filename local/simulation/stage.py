"""
Who plays, and when: actors take turns by one seeded draw, in a time that passes only when nobody has anything to do.

Each actor has a greenlet of its own, because the code it runs knows nothing of this; only the one with the baton moves, so
that the same seed gives the same play. The baton changes hands where an actor says so: before each call to a service.
(Threads would do, with a lock for each: slower, and left behind when a play fails.)
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

Act = Callable[[], object]


class Stopped(BaseException):
    """The play is over: whoever is still on stage leaves at once."""


class Actor:
    """Somebody who acts: a buyer, a schedule, a delivery. ``props``: whatever the play keeps with it."""

    __slots__ = ("act", "fibre", "name", "props")

    def __init__(self, name: str, act: Act) -> None:
        self.name = name
        self.act = act
        self.fibre: greenlet | None = None
        """Once it has begun."""
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
        self._over = False

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
        try:
            while (actor := self._next()) is not None:
                # Comes back when an actor has ended; until then they pass the baton among themselves.
                self._give(actor)
        except BaseException:
            self._clear()
            raise

    def _clear(self) -> None:
        """Let everybody leave, one after the other."""
        self._over = True
        for actor in [*self._ready, *(actor for _, _, actor in self._asleep)]:
            if actor.fibre is not None:
                actor.fibre.throw(Stopped)

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
            self._leave_if_over()
        self.playing = me

    def _give(self, actor: Actor) -> None:
        self.playing = actor
        if actor.fibre is None:
            # Whoever it is that makes it, an actor that ends gives the baton back to the director.
            here = getcurrent()
            actor.fibre = greenlet(lambda: self._act(actor), here.parent or here)
        actor.fibre.switch()

    def _act(self, actor: Actor) -> None:
        try:
            actor.act()
        except Stopped:
            return
        finally:
            self.left -= 1

    def _leave_if_over(self) -> None:
        if self._over:
            raise Stopped
