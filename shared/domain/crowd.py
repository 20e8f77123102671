"""
Synthetic buyers of a rehearsal: who comes when, for what, and what becomes of it. All of it follows from a seed.

They come as to a show: in a rush when it opens, and at each flash price and release; most for what is on screen, and some
with the habits that break shops. Most have heard of the coupons that are open. Whoever finds sold out what can be waited for
stands in line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from shared.domain.campaign import Campaign, Offer
from shared.domain.deals import coupons


class Habit(StrEnum):
    """What a visitor does."""

    PAYS = "pays"
    PAYS_LATE = "pays late"
    """After the hold: there are units still, or the money goes back."""
    RELEASES = "releases"
    LETS_GO = "lets it run out"
    NEVER_PAYS = "checks out and never pays"
    TWICE = "sends everything twice at once"
    GREEDY = "wants more than the limit"


WEIGHTS: Final = {
    Habit.PAYS: 60,
    Habit.PAYS_LATE: 5,
    Habit.RELEASES: 7,
    Habit.LETS_GO: 7,
    Habit.NEVER_PAYS: 5,
    Habit.TWICE: 8,
    Habit.GREEDY: 8,
}
BASE: Final = 40
"""Percent of the buyers who come at any time; the others come in the rushes."""
RUSH: Final = 2.0
"""Seconds that a rush lasts."""
ON_SCREEN: Final = 60
"""Percent who want what is pinned or in a flash price when they come."""
AGAIN: Final = 10
"""Percent who have been there before."""
HEARD: Final = 70
"""Percent who name the code of a coupon that is open."""
MOST_UNITS: Final = 3


@dataclass(frozen=True, slots=True)
class Visit:
    """One buyer's wish."""

    number: int
    at: int
    """Milliseconds from the start of the show."""
    buyer: str
    sku: str
    quantity: int
    habit: Habit
    code: str | None = None
    """Of a coupon."""

    @property
    def key(self) -> str:
        """Of its requests: the same whoever plays it again."""
        return f"rehearsed-{self.number}"


def crowd(show: Campaign, *, buyers: int, seed: int) -> list[Visit]:
    """Visits in the order of their time."""
    random = Random(seed)  # noqa: S311 - repeatable is what it must be
    length = show.ends_at - show.starts_at
    rushes = sorted({0, *(cue.at for cue in show.run_of_show if _draws(cue.cue))})
    times = sorted(_time(random, rushes, length) for _ in range(buyers))
    return [_visit(random, show, number, at) for number, at in enumerate(times)]


def buyers_of(show: Campaign, *, buyers: int, seed: int) -> Iterator[tuple[Offer, str]]:
    """Who may have been counted, of which offer: against its limit, or that of a coupon."""
    for visit in crowd(show, buyers=buyers, seed=seed):
        yield show.offer(visit.sku), visit.buyer


def _draws(cue: str) -> bool:
    return cue in ("flash_price", "release_stock", "coupon")


def _time(random: Random, rushes: list[int], length: int) -> int:
    if random.randrange(100) < BASE:
        second = random.uniform(0, length)
    else:
        # The opening draws as many as all others together.
        rush = 0 if random.random() < 0.5 else random.choice(rushes)
        second = min(rush + random.uniform(0, RUSH), length - 0.001)
    return int(second * 1000)


def _visit(random: Random, show: Campaign, number: int, at: int) -> Visit:
    now = show.starts_at + at // 1000
    offer = _wanted(random, show, now)
    habit = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    buyer = random.randrange(number) if number and random.randrange(100) < AGAIN else number
    most = min(MOST_UNITS, offer.limit_per_buyer or MOST_UNITS, offer.allotment)
    quantity = random.randint(1, most)
    code = _heard_of(random, show, offer, now)
    return Visit(number, at, f"buyer-{buyer}", offer.sku, quantity, habit, code)


def _heard_of(random: Random, show: Campaign, offer: Offer, now: int) -> str | None:
    codes = [
        coupon.code
        for _, coupon in coupons(show, now)
        if not coupon.automatic and coupon.sku in (None, offer.sku)
    ]
    return random.choice(codes) if codes and random.randrange(100) < HEARD else None


def _wanted(random: Random, show: Campaign, now: int) -> Offer:
    shown = [offer for offer in show.offers if show.flash_prices(offer, now)]
    pinned = show.pinned(now)
    shown += [offer for offer in show.offers if offer.sku == pinned]
    if shown and random.randrange(100) < ON_SCREEN:
        return random.choice(shown)
    return random.choices(show.offers, [offer.allotment for offer in show.offers])[0]
