"""
Every place at which a process can die: before each of its calls to AWS and after it, in every invocation of a scene.

A scene is rehearsed once undisturbed, and every call noted. Then it is played again for each place, up to which it is the
same to the letter; there the process is gone. Whoever had called the function calls it again, as gateway clients, Step
Functions, schedules and streams do, and the show goes on to its end under the audits of the simulation.

Dying before a call that only reads, and dying after it, leave the same world behind, and so does dying before the next call.
Places between which nothing was written are one death, which is died once, at whichever of them the seed draws.

All scenes have a beginning and an end, and most processes do in one what they did in others. What a process did up to its
death, call by call, is its path: on each path that there is somebody dies where it is met first, and every 16th time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import groupby
from random import Random
from typing import Any, Final
from zlib import crc32

from local.simulation.faults import WRITES, Faults, Killed, actions_of, roles_of
from local.simulation.plan import STARTS
from local.simulation.show import Show, quiet
from local.simulation.world import Invocation, World
from tests.proof.mirror import Mirror
from tests.proof.scenes import SCENES, Scene, Script

CHANGES: Final = WRITES | {"CreateSchedule", "DeleteSchedule"}
"""Operations after which the world may be another."""
EVERY: Final = 16
"""Of those who are met on one path: the first one dies, and then one of so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Before or after one call of one invocation."""

    function: str
    invocation: int
    """In the order in which the scene's invocations made their first call."""
    call: int
    """Within the invocation, from 1."""
    operation: str
    roles: frozenset[str]
    """Tables that the call is about."""
    actions: frozenset[tuple[str, str]]
    """Tables, and what the call does to each."""
    path: int
    """Digest of the calls of the invocation, up to this one."""
    after: bool
    written: int
    """Writes that the world had seen by then, whoever made them."""

    def __str__(self) -> str:
        side = "after" if self.after else "before"
        return f"{self.function} {side} call {self.call} ({self.operation}) of invocation {self.invocation}"


class Reaper(Faults):
    """Notes every place that processes come by, and lets one of them die there."""

    def __init__(self, world: World, scene: Scene, death: Place | None) -> None:
        super().__init__(world.random)
        self.places: list[Place] = []
        self._stage = world.stage
        self._starts = (STARTS + scene.plan.ahead) * 1000
        self._troubles = list(scene.troubles)
        self._down: list[tuple[str, int]] = []
        """Functions, and until when (milliseconds)."""
        self._death = death
        self._written = 0
        self._invocations: dict[int, tuple[int, Invocation]] = {}
        self._calls: Counter[int] = Counter()
        self._paths: dict[int, int] = {}
        self._roles: dict[int, frozenset[str]] = {}
        self._actions: dict[int, frozenset[tuple[str, str]]] = {}

    def before(self, operation: str, request: Mapping[str, Any], now: int) -> None:
        del now
        if self._is_over():
            return
        number, invocation = self._under_way()
        self._calls[number] += 1
        call = f"{operation} {sorted(roles_of(request))}"
        self._paths[number] = crc32(call.encode(), self._paths.get(number, 0))
        self._roles[number] = roles_of(request)
        self._actions[number] = actions_of(operation, request)
        self._come_by(number, invocation, operation, after=False)

    def after(self, operation: str) -> None:
        if self._is_over():
            return
        number, invocation = self._under_way()
        self._written += operation in CHANGES
        self._come_by(number, invocation, operation, after=True)

    def _is_over(self) -> bool:
        """Nobody is left who would call again: the simulation itself looks back."""
        return self._stage.playing.name == "epilogue"

    def _under_way(self) -> tuple[int, Invocation]:
        invocation: Invocation = self._stage.playing.props[-1]
        # Kept with its number, so that no later invocation has the same address.
        return self._invocations.setdefault(
            id(invocation), (len(self._invocations) + 1, invocation)
        )

    def _is_in_trouble(self, place: Place) -> bool:
        """Whether a process dies here by the scene's own script. One that only stands still does so before."""
        now = self._stage.millis
        for trouble in self._troubles:
            is_time = trouble.since * 1000 <= now - self._starts < trouble.until * 1000
            if is_time and trouble.befalls(
                place.function, place.operation, place.roles, after=place.after
            ):
                self._troubles.remove(trouble)
                self.fired["in trouble"] += 1
                if trouble.stalls:
                    self._stage.wait(trouble.seconds)
                    return False
                self._down.append((trouble.function, now + trouble.seconds * 1000))
        return any(place.function == function and now < until for function, until in self._down)

    def _come_by(self, number: int, invocation: Invocation, operation: str, *, after: bool) -> None:
        function = invocation.environment.function
        place = Place(
            function=function,
            invocation=number,
            call=self._calls[number],
            operation=operation,
            roles=self._roles[number],
            actions=self._actions[number],
            path=self._paths[number],
            after=after,
            written=self._written,
        )
        self.places.append(place)
        if place == self._death:
            self.fired["killed"] += 1
            raise Killed
        if self._is_in_trouble(place):
            raise Killed


@dataclass(slots=True)
class Performance:
    """A scene that was played to its end."""

    show: Show
    places: list[Place]
    """All places that processes came by. In a rehearsal: where one can die."""
    invoked: Counter[str]

    @property
    def met(self) -> Counter[str]:
        """What came up in it, by name."""
        world = self.show.world
        met = self.show.audit.met()
        met["in trouble"] = world.faults.fired["in trouble"]
        met["payment quarantined"] = len(world.store.items("payments"))
        met["event refused by the bus"] = world.bus.refused
        return met

    @property
    def end(self) -> dict[str, Any]:
        """What the show came to, in units, orders and money."""
        audit = self.show.audit
        states = Counter(
            (order.state.value, order.sku, order.captured, order.refunded)
            for order in audit.orders.values()
        )
        shelves = {
            sku: (shelf.sums.sold, shelf.sums.orders, shelf.sums.gross, shelf.sums.refunded)
            for (_, sku), shelf in audit.ledger.shelves.items()
        }
        return {"orders": dict(states), "sold": shelves}


def perform(
    scene: Scene,
    seed: int,
    death: Place | None = None,
    mirror: Mirror | None = None,
    adapt: Callable[[Show], None] = lambda _: None,
) -> Performance:
    """
    Play a scene. ``adapt``: called before it begins.

    ``Violation`` of an invariant, or whatever else went wrong, is raised with the place in its notes.
    """
    show = Show(Random(f"{scene.name} {seed}"), scene.plan)
    world = show.world
    world.faults = reaper = Reaper(world, scene, death)
    adapt(show)
    for number, act in enumerate(scene.acts):
        world.stage.enter(f"act {number}", Script(show, act).play)
    try:
        with ExitStack() as entered:
            if mirror is not None:
                world.serve_store = mirror.serve
                entered.enter_context(mirror.of(world.store))
            entered.enter_context(quiet(show.complaints))
            entered.enter_context(world.entered())
            show.run()
    except BaseException as fault:
        fault.add_note(f"scene {scene.name!r}, killed {death}")
        for complaint in show.complaints:
            fault.add_note(complaint)
        raise
    return Performance(show, reaper.places, world.invoked)


@dataclass(slots=True)
class Tally:
    """What was swept of one function."""

    calls: int = 0
    points: int = 0
    """Before and after each call."""
    deaths: int = 0
    """As often a process was killed: on each path there is, and in many of the worlds that are left behind so."""


@dataclass(slots=True)
class Sweep:
    """Where in a scene processes can die, and where they do."""

    scene: Scene
    seed: int
    rehearsal: Performance
    deaths: list[Place] = field(default_factory=list)
    """Where they do."""

    @classmethod
    def of(cls, scene: Scene) -> Sweep:
        """By the shortest rehearsal in which everything comes up that the scene is for."""
        sweeps: list[Sweep] = []
        missing: list[str] = []
        for seed in range(scene.rehearsals):
            rehearsal = perform(scene, seed)
            met = rehearsal.met
            missing = [what for what in scene.meets if not met[what]]
            if not missing:
                sweeps.append(cls(scene, seed, rehearsal))
        assert sweeps, f"in scene {scene.name!r} there was never: {missing}"
        return min(sweeps, key=lambda sweep: len(sweep.rehearsal.places))

    def possible_deaths(self) -> Iterator[Place]:
        """One place of all those that leave the same world behind."""
        random = Random(f"deaths in {self.scene.name}")
        by_invocation = sorted(self.rehearsal.places, key=lambda place: place.invocation)
        for _, same in groupby(by_invocation, key=lambda place: (place.invocation, place.written)):
            yield random.choice(list(same))

    def die(self, death: Place, mirror: Mirror | None = None) -> Performance:
        """The scene again, with this death. All must come to the same end as without it."""
        performance = perform(self.scene, self.seed, death, mirror)
        assert performance.show.world.faults.fired["killed"] == 1, f"nobody came by {death}"
        assert performance.end == self.rehearsal.end, f"another end after the death of {death}"
        return performance

    def figures(self) -> dict[str, dict[str, int]]:
        """The tallies, as plain data."""
        return {function: asdict(tally) for function, tally in sorted(self.tallies().items())}

    def tallies(self) -> dict[str, Tally]:
        """By function."""
        tallies = {function: Tally() for function in self.rehearsal.invoked}
        for place in self.rehearsal.places:
            tally = tallies[place.function]
            tally.points += 1
            tally.calls += place.after
        for death in self.deaths:
            tallies[death.function].deaths += 1
        return tallies


@cache
def sweeps() -> dict[str, Sweep]:
    """Of every scene, by its name."""
    found = {scene.name: Sweep.of(scene) for scene in SCENES}
    met: Counter[tuple[str, int, bool]] = Counter()
    for sweep in found.values():
        for place in sweep.possible_deaths():
            path = place.function, place.path, place.after
            met[path] += 1
            if met[path] == 1 or met[path] % EVERY == 0:
                sweep.deaths.append(place)
    return found
