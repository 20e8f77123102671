"""What a rehearsal needs of the world outside, beyond what a sale needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.domain.campaign import Campaign, Offer
from shared.domain.errors import StoreBusy
from shared.domain.rehearsal import Rehearsal
from shared.use_cases.check_out import CheckoutDesk
from shared.use_cases.join_waitlist import WaitlistDesk
from shared.use_cases.ports import Campaigns, ChangedMeanwhile
from shared.use_cases.receive_payment import PaymentDesk
from shared.use_cases.reserve import ReservationDesk
from shared.use_cases.stock_ports import StockBlocks

_TRIES = 10


class Rehearsals(Protocol):
    """All rehearsals, for the days that they are kept."""

    def get(self, rehearsal_id: str) -> Rehearsal:
        """A rehearsal, strongly consistent. ``RehearsalNotFound``, also for what is no id of one."""

    def last(self, campaign_id: str) -> str | None:
        """The id of the campaign's rehearsal that was begun last, strongly consistent."""

    def begin(self, rehearsal: Rehearsal, *, after: str | None) -> Rehearsal | None:
        """
        Keep a new one, the campaign's last from now on; ``after``: which one was. ``None``: done; else the one that is
        there. ``ChangedMeanwhile`` if another has begun.
        """

    def save(self, rehearsal: Rehearsal) -> None:
        """Keep one over the version it was made from; ``ChangedMeanwhile`` if another change came first."""

    def left_alone(self, *, until: int) -> Iterable[str]:
        """Ids of those that have left something behind and were due by then (seconds). A change may be missed."""


class Traces(Protocol):
    """Everything that a rehearsed campaign has left in the tables."""

    def clear(self, show: Campaign, counted: Iterable[tuple[Offer, str]]) -> None:
        """
        Delete all of it, the campaign last, so that whoever finds it left over can do it again. ``counted``: the buyers who
        may have been counted, by offer. ``StoreBusy``.
        """


@dataclass(slots=True)
class Used:
    """What one request has used of the store."""

    writes: float = 0.0
    reads: float = 0.0
    """Units."""


class Meter(Protocol):
    """What the store charges for."""

    def one_request(self) -> AbstractContextManager[Used]:
        """What this thread uses while it is entered."""


@dataclass(frozen=True, slots=True)
class Desks:
    """The desks at which buyers of every campaign are served, and who counts what that costs."""

    reservations: ReservationDesk
    checkout: CheckoutDesk
    payments: PaymentDesk
    waitlist: WaitlistDesk
    campaigns: Campaigns
    stock: StockBlocks
    """To look at beside them: it is in no bill."""
    meter: Meter
    livemode: bool
    """As payments of this deployment say of themselves."""


def change_rehearsal(
    rehearsals: Rehearsals, rehearsal_id: str, decide: Callable[[Rehearsal], Rehearsal]
) -> Rehearsal:
    """As ``decide`` makes it, saved; the very same if there is nothing to do. Asked again if another change came first."""
    for _ in range(_TRIES):
        before = rehearsals.get(rehearsal_id)
        after = decide(before)
        if after is before:
            return before
        try:
            rehearsals.save(after)
        except ChangedMeanwhile:
            continue
        return after
    raise StoreBusy("The rehearsal is being changed by others all the time.")
