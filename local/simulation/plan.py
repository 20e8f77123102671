"""What one simulated show is like: drawn by chance, so that calm and storm, plenty and scarcity all come up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from local.simulation.faults import CALM, ROUGH, Weather
from local.simulation.world import Scale
from shared.clock import rfc3339

STARTS: Final = 1_795_867_200
"""When every simulation begins: 2026-11-28, 12:00 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One show. Times in seconds."""

    kind: str
    ahead: int
    """From the campaign's creation to its start."""
    length: int
    hold: int
    replay: int
    offers: tuple[tuple[str, int, int, int | None], ...]
    """SKU, allotment, unit price, limit per buyer."""
    flash: bool
    released: int = 0
    """Units of the first offer that are on sale only after a while; at most all of them."""
    buyers: int
    watchers: int
    merchant: str
    """What the merchant does meanwhile: ``nothing``, ``end``, ``extend``, ``cancel``, ``pause``, ``direct`` or
    ``rename``."""
    begins_by: str
    """``schedule`` or ``start``."""
    scale: Scale
    restless: float
    doubles: float = 0.2
    """How likely a request comes twice at once, or with another body."""
    churners: int = 0
    """Buyers who reserve, and release or let their holds run out, again and again."""
    on_edge: bool = False
    """Whether everybody pays when the hold is about to end, or has just ended."""
    weather: Weather = CALM
    budget: int = 0
    outage: tuple[str, int, int] | None = None
    """Table, seconds from the start of the show, and how long."""
    skews: tuple[int, ...] = (0,)
    """Milliseconds."""
    carrier: str | None = None
    """Who carries what was paid."""
    deals: tuple[Mapping[str, Any], ...] = ()
    """Coupons and flash prices that have a cap, as their merchant writes them."""
    waitlist: int | None = None
    """How long units are held for who waited; ``None``: nobody can wait."""
    open_holds: int | None = None
    """Holds that one buyer may have open at once."""
    holds_begun: int | None = None
    """Holds that one buyer may begin within ten minutes."""
    tells: bool = True
    """Whether streams are brought to the bus."""
    stale: float = 0.0
    """How likely a read that does not insist misses the last change."""
    pieces: float = 0.0
    """How likely a batch or a page comes in pieces."""
    refusing: float = 0.0
    """How likely the bus does not take an event."""
    repeats: float = 0.0
    """How likely a step of the lifecycle, or a batch of a stream, comes twice."""
    aborted: bool = False
    """Whether the lifecycle's execution is stopped from outside."""

    @property
    def punctual(self) -> bool:
        """Whether writes land when they are sent, and clocks agree: what a price that changes in the show goes by."""
        return self.weather == CALM and self.outage is None and self.skews == (0,)

    def body(self) -> dict[str, Any]:
        """The campaign, as its merchant writes it."""
        starts = STARTS + self.ahead
        ends = starts + self.length
        cues: list[dict[str, Any]] = [{"at": 0, "cue": "pin", "sku": self.offers[0][0]}]
        if self.released:
            sku, allotment, _, _ = self.offers[0]
            units = min(self.released, allotment)
            cues.append(
                {"at": self.length // 5, "cue": "release_stock", "sku": sku, "units": units}
            )
        if self.flash:
            sku, _, price, _ = self.offers[-1]
            at = self.length // 3
            cues.append(
                {
                    "at": at,
                    "cue": "flash_price",
                    "sku": sku,
                    "unit_price": price - 1,
                    "seconds": max(1, self.length // 4),
                }
            )
        cues = sorted([*cues, *map(dict, self.deals)], key=lambda cue: int(cue["at"]))
        return {
            "name": "A simulated hour",
            "time_zone": "UTC",
            "starts_at": rfc3339(starts),
            "ends_at": rfc3339(ends),
            "replay_until": rfc3339(ends + self.replay) if self.replay else None,
            "currency": "CNY",
            "hold_seconds": self.hold,
            "fulfilment": {"carrier": self.carrier} if self.carrier else None,
            "max_open_holds_per_buyer": self.open_holds,
            "max_holds_per_ten_minutes": self.holds_begun,
            "offers": [
                {
                    "sku": sku,
                    "title": {"en": sku},
                    "unit_price": price,
                    "allotment": allotment,
                    **({"limit_per_buyer": limit} if limit else {}),
                    **({"min_unit_price": price * 2 // 3} if price % 3 == 0 else {}),
                    **({"waitlist": {"hold_seconds": self.waitlist}} if self.waitlist else {}),
                }
                for sku, allotment, price, limit in self.offers
            ],
            "run_of_show": cues,
        }


_WITH_RELEASES: Final = 25
"""Seconds of the shows in which stock is released."""
_WITH_HOLD_LIMITS: Final = (15,)
"""Seconds of a hold in the shows that limit the holds of a buyer."""
KINDS: Final = (
    *("calm", "rough", "deadly", "lossy", "outage", "skewed", "slow", "tight", "edge", "churn"),
)
WEIGHTS: Final = (2, 4, 3, 3, 1, 1, 2, 4, 3, 4)


def draw_plan(random: Random) -> Plan:
    """A plan of any kind."""
    kind = random.choices(KINDS, WEIGHTS)[0]
    units = random.choice((1, 2, 3, 5, 32))
    scale = Scale(
        block_units=units,
        room=units + random.choice((3, 5, 8)) if units < 32 else 1_000,
        few_blocks=random.choice((2, 256)),
    )
    plan = Plan(
        kind=kind,
        ahead=random.choice((5, 5, 12, 12, 30, 130)),
        length=random.choice((15, 25, 40)),
        hold=random.choice((10, 10, 15, 25)),
        replay=random.choice((0, 0, 10)),
        offers=tuple(_offer(random, number) for number in range(random.choice((1, 1, 2)))),
        flash=random.random() < 0.3,
        buyers=random.randint(3, 12),
        watchers=random.choice((0, 0, 1)),
        merchant=random.choices(
            ("nothing", "end", "extend", "cancel", "pause", "direct", "rename"),
            (6, 2, 2, 2, 3, 3, 1),
        )[0],
        begins_by=random.choice(("schedule", "schedule", "start")),
        scale=scale,
        restless=random.choice((0.1, 0.4, 0.9)),
        tells=random.random() < 0.5,
        stale=random.choice((0.0, 0.3)),
        pieces=random.choice((0.0, 0.0, 0.1)),
    )
    # No draw of its own: the shows of old seeds stay as they were, but for these.
    plan = replace(
        plan,
        carrier="file" if plan.buyers % 3 == 0 else None,
        released=plan.buyers // 2 if plan.length == _WITH_RELEASES else 0,
        waitlist=10 if plan.buyers % 2 == 0 or plan.buyers % 8 == 1 else None,
    )
    if plan.buyers % 4 == 1:
        plan = replace(plan, deals=_deals(plan))
    if plan.hold in _WITH_HOLD_LIMITS:
        which, few = plan.buyers % 3, 1 + plan.buyers // 3 % 2
        plan = replace(
            plan,
            open_holds=few if which != 1 else None,
            holds_begun=few if which == 1 else 2 if which == 2 else None,
        )
    return _with_faults(plan, random)


CODE: Final = "TOAST"


def _deals(plan: Plan) -> tuple[Mapping[str, Any], ...]:
    """A coupon for some who name it, one for everybody and one flash price, each for fewer than come."""
    sku, allotment, price, _ = plan.offers[0]
    whole: dict[str, Any] = {"at": 0, "seconds": plan.length}
    coupon = {"cue": "coupon", "code": CODE, "percent_off": 30, "uses": 2, "uses_per_buyer": 1}
    others = {"cue": "coupon", "code": "all", "automatic": True, "percent_off": 5}
    found: list[Mapping[str, Any]] = [{**whole, **coupon}]
    if plan.length > 20:
        found.append({**whole, **others, "uses": 3})
    if not plan.flash:
        flash = {"cue": "flash_price", "sku": sku, "unit_price": max(1, price * 3 // 4)}
        found.append({**whole, **flash, "units": max(2, allotment // 3)})
    return tuple(found)


def _offer(random: Random, number: int) -> tuple[str, int, int, int | None]:
    allotment = random.choice((1, 2, 3, 5, 8, 13, 40))
    return f"SKU-{number}", allotment, random.randint(2, 9900), random.choice((None, None, 1, 2, 4))


def _with_faults(plan: Plan, random: Random) -> Plan:  # noqa: PLR0911 - one for each kind of weather
    budget = random.choice((1, 3, 8, 20))
    shared = replace(
        plan,
        weather=ROUGH,
        budget=budget,
        refusing=random.choice((0.0, 0.2)),
        repeats=random.choice((0.0, 0.1)),
        aborted=random.random() < 0.05,
    )
    match plan.kind:
        case "calm":
            return plan
        case "deadly":
            return replace(shared, weather=Weather(killed_before=0.02, killed_after=0.03))
        case "lossy":
            return replace(
                shared, weather=Weather(lost_answer=0.08, unreached=0.01, conflict=0.3, again=0.6)
            )
        case "slow":
            return replace(shared, weather=Weather(stalled=0.06))
        case "tight":
            return _tight(replace(shared, weather=replace(ROUGH, stalled=0.04)), random)
        case "churn":
            return _churn(plan if random.random() < 0.5 else shared, random)
        case "edge":
            weather = Weather(stalled=0.08, killed_after=0.01, lost_answer=0.02)
            return replace(shared, hold=10, on_edge=True, restless=0.9, weather=weather, budget=20)
        case "outage":
            role = random.choice(("stock", "orders", "totals", "campaigns", "buyers", "requests"))
            return replace(
                shared, outage=(role, random.randint(0, plan.length), random.randint(2, 30))
            )
        case "skewed":
            return replace(shared, skews=random.choice(((0, 1500), (-2500, 0, 2500))))
    return shared


def _churn(plan: Plan, random: Random) -> Plan:
    """Crowds far larger than the ledgers, who come and go."""
    units = random.choice((1, 2, 3))
    allotment = random.choice((1, 2, 3, 5, 8))
    crowded = replace(
        plan,
        length=40,
        hold=10,
        offers=(("SKU-0", allotment, 990, random.choice((None, None, None, 2))),),
        scale=Scale(block_units=units, room=units + random.choice((2, 3, 5))),
        buyers=random.randint(3, 8),
        churners=random.randint(4, 12),
        released=min(plan.released, allotment),
    )
    # Of that offer and its price.
    return replace(crowded, deals=_deals(crowded)) if plan.deals else crowded


def _tight(plan: Plan, random: Random) -> Plan:
    """Many who want much of little, in blocks of a unit or two, all at once and each twice."""
    units = random.choice((1, 1, 2, 3))
    allotment = random.choice((3, 5, 8, 12))
    tight = replace(
        plan,
        offers=(("SKU-0", allotment, 990, random.choice((None, None, 4))),),
        scale=Scale(block_units=units, room=units + random.choice((3, 5, 8))),
        buyers=random.randint(6, 14),
        doubles=0.7,
        restless=0.9,
    )
    # Of that offer and its price.
    return replace(tight, deals=_deals(tight)) if plan.deals else tight
