"""Who comes to the show, when, for what, and with what habit: planned from a seed before the doors open."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

T = TypeVar("T")
Wave = tuple[float, float, str]
"""(from, until, SKU pinned), seconds of the show."""


class Habit(StrEnum):
    """What a shopper does with a reservation."""

    PAYS = "pays"
    PAYS_TWICE = "pays twice"
    """The provider delivers the same webhook again."""
    PAYS_AT_SECOND_TRY = "pays at the second try"
    """The card is declined first."""
    PAYS_LATE = "pays late"
    """After the hold has ended."""
    LEAVES_THE_CART = "leaves the cart"
    LEAVES_THE_TILL = "leaves the till"
    """Checks out, and never pays."""
    RELEASES = "releases"
    WANTS_TOO_MANY = "wants too many"
    """More than the limit of the offer."""
    PAYS_WRONGLY = "pays a wrong amount"
    """The provider reports another amount first, and the right one later or never."""
    FORGES = "forges a payment"
    """Checks out, and sends the provider's webhook itself, without the provider's secret."""


class Trouble(StrEnum):
    """What goes wrong between a shopper's phone and the shop."""

    NONE = "none"
    ASKS_TWICE = "asked twice"
    """The same request again, after its answer came: a second tap."""
    CUT = "connection cut"
    """The request is sent, and the connection is gone before the answer."""
    IMPATIENT = "timeout"
    """The answer is not waited for: the request is sent again while the first one may still be at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One shopper who wants one product once."""

    at: float
    """Seconds from the start of the show; negative: before the doors open."""
    buyer: str
    sku: str
    quantity: int
    habit: Habit = Habit.PAYS
    trouble: Trouble = Trouble.NONE
    thinks: float = 0.5
    """Seconds from the reservation to what comes next."""
    pays_after: float = 1.0
    """Seconds from the checkout to the payment; of a late payer, from the end of the hold."""
    coupon: str | None = None
    """A code that they have heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wares:
    """An offer, as its shoppers see it."""

    sku: str
    allotment: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code that is told to viewers while it is open."""

    code: str
    sku: str
    begins: float
    """Seconds from the start of the show, like ``ends``."""
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What the plan has to know of a show."""

    seconds: float
    wares: Sequence[Wares]
    pins: Sequence[tuple[float, str]]
    """(seconds from the start, SKU shown from then on), in order."""
    scarce: str
    """SKU of which more is wanted than there is."""
    hold: float
    """Seconds that a reservation is held."""
    coupons: Sequence[Coupon] = ()


USUAL: Final = {
    Habit.PAYS: 740,
    Habit.PAYS_TWICE: 50,
    Habit.PAYS_AT_SECOND_TRY: 30,
    Habit.PAYS_LATE: 35,
    Habit.LEAVES_THE_CART: 65,
    Habit.LEAVES_THE_TILL: 35,
    Habit.RELEASES: 35,
    Habit.WANTS_TOO_MANY: 10,
}
"""Shares of the habits, in thousandths."""
MIXED: Final = USUAL | {Habit.PAYS: 705, Habit.PAYS_WRONGLY: 25, Habit.FORGES: 10}
PAYING: Final = (Habit.PAYS, Habit.PAYS_TWICE, Habit.PAYS_AT_SECOND_TRY)

THINKING: Final = (0.03, 0.2)
"""From the reservation to the checkout, as shares of the hold."""
PAYING_TIME: Final = (0.1, 0.4)
"""From the checkout to the payment, as shares of the hold: who hurries is in time."""
QUANTITIES: Final = {1: 60, 2: 22, 3: 10, 4: 5, 5: 3}
OVERBOOKED: Final = 1.6
"""How many times the scarce product's units are wanted by those who come for it."""
FAITHFUL: Final = 0.78
"""Share of the viewers of a wave who want what is pinned; the others look around."""
AT_ONCE: Final = 0.4
"""Share of a wave's viewers who come when its product has just been shown; the others come any time."""
MARGIN: Final = 1.04
"""Visits planned over those that the wanted number of orders needs."""
LISTENING: Final = 0.7
"""Share of those who name the code of a coupon that is open."""
RETURNING: Final = 0.08
"""Share of visits by somebody who has been here before: limits count over all their reservations."""
CURIOUS: Final = 5
"""How many come before the doors open, and as many after they have closed."""
RESOLD_WITHIN: Final = 2.0
"""Holds, from a reservation that is not paid until its units are sold to somebody else."""
LAST_CALL: Final = 2.0
"""Seconds before the end after which nobody new comes in time."""


def plan_visits(show: Show, *, orders: int, seed: int, faults: bool = False) -> list[Visit]:
    """The visits of a show that should end in about ``orders`` paid orders, by their time. Same seed, same visits."""
    dice = random.Random(seed)  # noqa: S311 - a plan that can be repeated, no secret
    crowd = _Crowd(show, dice, MIXED if faults else USUAL, faults=faults)
    visits = list(crowd.for_the_scarce())
    # What the scarce product sells counts, though most of those who want it leave without.
    scarce_orders = round(len(visits) / OVERBOOKED)
    share = sum(crowd.habits[habit] for habit in PAYING) / sum(crowd.habits.values())
    visits += crowd.for_the_rest(math.ceil(max(0, orders - scarce_orders) * MARGIN / share))
    visits += crowd.too_early_or_late()
    return sorted(visits, key=lambda visit: visit.at)


class _Crowd:
    def __init__(
        self, show: Show, dice: random.Random, habits: Mapping[Habit, int], *, faults: bool
    ) -> None:
        self.habits = habits
        self._show = show
        self._dice = dice
        self._faults = faults
        self._buyers: list[str] = []
        self._wares = {wares.sku: wares for wares in show.wares}
        self._waves = list(_waves(show))

    def for_the_scarce(self) -> Iterator[Visit]:
        wares = self._wares[self._show.scarce]
        pinned = [wave for wave in self._waves if wave[2] == wares.sku] or self._waves
        wanted = 0
        while wanted < wares.allotment * OVERBOOKED:
            visit = self._visit(self._instant(pinned), wares)
            if visit.at > self._show.seconds - self._show.hold * RESOLD_WITHIN:
                # What is left unpaid from here on would find no other buyer before the close.
                visit = replace(visit, habit=Habit.PAYS, quantity=1)
            wanted += visit.quantity
            yield visit

    def for_the_rest(self, count: int) -> Iterator[Visit]:
        plenty = [wares for wares in self._show.wares if wares.sku != self._show.scarce]
        plenty = plenty or list(self._show.wares)
        waves = [wave for wave in self._waves if wave[2] != self._show.scarce] or self._waves
        for _ in range(count):
            begins, ends, shown = self._wave(waves)
            at = self._instant([(begins, ends, shown)])
            faithful = shown != self._show.scarce and self._dice.random() < FAITHFUL
            wares = self._wares[shown] if faithful else self._dice.choice(plenty)
            yield self._visit(at, wares)

    def too_early_or_late(self) -> Iterator[Visit]:
        for number in range(CURIOUS):
            wares = self._dice.choice(self._show.wares)
            for at in (-1.5 + 0.2 * number, self._show.seconds + 0.5 + 0.2 * number):
                yield Visit(at=at, buyer=self._new_buyer(), sku=wares.sku, quantity=1)

    def _visit(self, at: float, wares: Wares) -> Visit:
        habit = self._choose(self.habits)
        most = min(wares.limit or max(QUANTITIES), max(QUANTITIES))
        quantity = min(self._choose(QUANTITIES), most)
        if habit is Habit.WANTS_TOO_MANY:
            if wares.limit is None or wares.limit >= 100:
                habit = Habit.PAYS
            else:
                quantity = wares.limit + 1
        returns = bool(self._buyers) and self._dice.random() < RETURNING
        return Visit(
            at=at,
            buyer=self._dice.choice(self._buyers) if returns else self._new_buyer(),
            sku=wares.sku,
            quantity=quantity,
            habit=habit,
            trouble=self._trouble(),
            thinks=self._show.hold * self._dice.uniform(*THINKING),
            pays_after=self._show.hold * self._dice.uniform(*PAYING_TIME),
            coupon=self._heard_of(at, wares),
        )

    def _heard_of(self, at: float, wares: Wares) -> str | None:
        """A code that is open for what they want, if they have listened."""
        for coupon in self._show.coupons:
            if coupon.sku == wares.sku and coupon.begins <= at < coupon.ends:
                return coupon.code if self._dice.random() < LISTENING else None
        return None

    def _trouble(self) -> Trouble:
        if self._dice.random() < 0.03:
            return Trouble.ASKS_TWICE
        if self._faults and self._dice.random() < 0.08:
            return self._dice.choice((Trouble.CUT, Trouble.IMPATIENT))
        return Trouble.NONE

    def _instant(self, waves: Sequence[Wave]) -> float:
        """An arrival: waves by their length, and in a wave more at its beginning, when the product has just been shown."""
        begins, ends, _ = self._wave(waves)
        length = ends - begins
        if self._dice.random() < AT_ONCE:
            return begins + min(self._dice.expovariate(5 / length), length)
        return begins + self._dice.uniform(0, length)

    def _wave(self, waves: Sequence[Wave]) -> Wave:
        return self._dice.choices(waves, [wave[1] - wave[0] for wave in waves])[0]

    def _choose(self, weights: Mapping[T, int]) -> T:
        return self._dice.choices(list(weights), list(weights.values()))[0]

    def _new_buyer(self) -> str:
        self._buyers.append(f"viewer-{len(self._buyers) + 1:05}")
        return self._buyers[-1]


def _waves(show: Show) -> Iterator[Wave]:
    """(from, until, SKU pinned) over the whole show, but its last call."""
    end = max(show.seconds - LAST_CALL, show.seconds / 2)
    pins = [pin for pin in show.pins if pin[0] < end] or [(0.0, show.wares[0].sku)]
    for number, (at, sku) in enumerate(pins):
        until = pins[number + 1][0] if number + 1 < len(pins) else end
        begins = 0.0 if number == 0 else at
        if until > begins:
            yield begins, until, sku
