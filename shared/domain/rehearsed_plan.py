"""
A campaign's plan at speed: the same show in half a minute, for fewer buyers, as a campaign of its own.

Seconds are divided by one speed, and units and buyers by one share, so that products are as scarce as they will be. What a
lifecycle cannot do in so short a time is not to scale, and is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.hold_limits import MOST_BEGUN, WINDOW
from shared.domain.ids import derive

SHOW: Final = 30
"""Seconds of a rehearsed show at most."""
SHORTEST_HOLD: Final = 6
LONGEST_HOLD: Final = 10
"""Seconds. A beat comes every 5, and what it ends must be seen to end; and everybody waits for the last one."""
LONGEST_REPLAY: Final = 5
"""Seconds."""
MEAN_UNITS: Final = 1.8
"""That a buyer of a rehearsal wants. A buyer who is expected wants one: products must be as scarce."""
FEWEST: Final = 4
"""Units of an offer, if it has so many: with one or two, nobody meets anybody."""


@dataclass(frozen=True, slots=True)
class AtSpeed:
    """The campaign that is played, and how it differs from what it is a rehearsal of."""

    campaign: Campaign
    speed: float
    """Seconds of the plan in one second of the rehearsal."""
    share: float
    """Buyers of the rehearsal for each that is expected; units alike."""
    not_to_scale: tuple[str, ...]


def copy_secret(plan: Campaign, rehearsal: str) -> str:
    """Of the copy: the same whoever makes it again."""
    return derive(plan.secret, "rehearsal", rehearsal).hex()


def at_speed(
    plan: Campaign, *, copy_id: str, secret: str, starts_at: int, buyers: int, expected: int
) -> AtSpeed:
    """
    The copy, scheduled for ``starts_at`` (seconds since 1970 UTC). ``buyers`` of it stand for those that are ``expected``.

    It takes no real money and sends no parcels; everything else is the plan's.
    """
    length = plan.ends_at - plan.starts_at
    speed, share = max(1.0, length / SHOW), min(1.0, buyers / expected)
    short = round(length / speed)
    hold = _shortened(plan.hold_seconds, speed)
    replay = None
    if plan.replay_until is not None:
        scaled = round((plan.replay_until - plan.ends_at) / speed)
        replay = starts_at + short + max(1, min(LONGEST_REPLAY, scaled))
    offers = tuple(_scarce(offer, share, speed) for offer in plan.offers)
    cues = _Cues(plan, offers, speed, share, short)
    copy = replace(
        plan,
        id=copy_id,
        secret=secret,
        rehearsal_of=plan.id,
        starts_at=starts_at,
        ends_at=starts_at + short,
        replay_until=replay,
        hold_seconds=hold,
        offers=offers,
        run_of_show=tuple(sorted(cues.fitted(), key=lambda cue: cue.at)),
        payment_provider="test",
        carrier=None,
        max_holds_per_ten_minutes=_begun_in_all(plan),
        status=Status.SCHEDULED,
        version=1,
        prepared_at=None,
        created_at=starts_at * 1000,
    )
    said = []
    if round(plan.hold_seconds / speed, 1) != hold:
        said.append(
            f"holds last {hold} s, and would be {plan.hold_seconds / speed:.1f} s: a beat ends them, every 5 s"
        )
    if plan.replay_until is not None and replay is not None:
        said.append(f"the replay lasts {replay - copy.ends_at} s")
    if copy.max_holds_per_ten_minutes != plan.max_holds_per_ten_minutes:
        said.append(
            f"{copy.max_holds_per_ten_minutes:,} holds per buyer may begin in the whole show, which is over in ten minutes"
        )
    rounded_up = [
        o.sku for o, was in zip(offers, plan.offers, strict=True) if _is_more(o, was, share)
    ]
    if rounded_up:
        said.append(f"more units than their share: {', '.join(rounded_up[:5])}")
    if cues.left_out:
        said.append(f"{cues.left_out} cues that would be shorter than a second are left out")
    return AtSpeed(copy, speed, share, tuple(said))


def _begun_in_all(plan: Campaign) -> int | None:
    """Holds that one buyer may begin in as many windows as the plan has: the rehearsal is over within one."""
    limit = plan.max_holds_per_ten_minutes
    if limit is None:
        return None
    windows = max(1, -(-(plan.closes_at - plan.starts_at) // WINDOW))
    return min(MOST_BEGUN, limit * windows)


def _shortened(hold: int, speed: float) -> int:
    return min(hold, max(SHORTEST_HOLD, min(LONGEST_HOLD, round(hold / speed))))


def _scarce(offer: Offer, share: float, speed: float) -> Offer:
    waits = offer.waitlist_hold
    return replace(
        offer,
        allotment=max(min(offer.allotment, FEWEST), _share_of(offer, share)),
        home_blocks=0,
        blocks=0,
        portions=(),
        added=(),
        coming=(),
        waitlist_hold=None if waits is None else _shortened(waits, speed),
        queued_in=0,
        queue_firm=False,
    )


def _is_more(offer: Offer, was: Offer, share: float) -> bool:
    return offer.allotment > _share_of(was, share)


def _share_of(offer: Offer, share: float) -> int:
    return min(offer.allotment, round(offer.allotment * share * MEAN_UNITS))


class _Cues:
    """The run of show at speed: in whole seconds, and still without overlaps."""

    def __init__(
        self,
        plan: Campaign,
        offers: tuple[Offer, ...],
        speed: float,
        share: float,
        length: int,
    ) -> None:
        self.left_out = 0
        self._plan = plan
        self._speed = speed
        self._share = share
        self._length = length
        self._ratio = {
            offer.sku: offer.allotment / was.allotment
            for offer, was in zip(offers, plan.offers, strict=True)
        }
        self._left = {offer.sku: offer.allotment for offer in offers}
        self._until: dict[str | None, int] = {}
        """Where the last flash price of each SKU ends, and the last coupon of each code."""

    def fitted(self) -> Iterator[Cue]:
        """Each cue in its place, but those that have no room."""
        for cue in self._plan.run_of_show:
            at = min(round(cue.at / self._speed), self._length - 1)
            fitted = self._fit(replace(cue, at=at, wall=None, deal=None))
            if fitted is None:
                self.left_out += 1
            else:
                yield fitted

    def _fit(self, cue: Cue) -> Cue | None:
        if cue.cue == "release_stock":
            return self._release(cue)
        if cue.cue == "flash_price":
            return self._flash(cue)
        return self._coupon(cue) if cue.cue == "coupon" else cue

    def _release(self, cue: Cue) -> Cue | None:
        sku, at = cue.sku or "", max(1, cue.at)
        units = min(self._left[sku], max(1, round((cue.units or 0) * self._ratio[sku])))
        self._left[sku] -= units
        return replace(cue, at=at, units=units) if units and at < self._length else None

    def _flash(self, cue: Cue) -> Cue | None:
        fitted = self._window(cue, cue.sku)
        if fitted is None or cue.units is None:
            return fitted
        return replace(fitted, units=max(1, round(cue.units * self._ratio[cue.sku or ""])))

    def _coupon(self, cue: Cue) -> Cue | None:
        """Its uses are reservations: as many in a hundred buyers."""
        fitted = self._window(cue, None if cue.code is None else f"coupon {cue.code.lower()}")
        if fitted is None or cue.uses is None:
            return fitted
        return replace(fitted, uses=max(1, round(cue.uses * self._share)))

    def _window(self, cue: Cue, one_at_a_time: str | None) -> Cue | None:
        """From where the last of its kind ends."""
        at = max(cue.at, self._until.get(one_at_a_time, 0))
        seconds = min(max(1, round((cue.seconds or 0) / self._speed)), self._length - at)
        if seconds < 1:
            return None
        self._until[one_at_a_time] = at + seconds
        return replace(cue, at=at, seconds=seconds)
