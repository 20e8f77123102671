"""
The visits of a rehearsal's buyers, at the desks at which all buyers are served.

All requests of a visit carry keys that follow from its number: whoever plays it again, because the first player died, asks
the same, and is answered the same. What is due at one time is asked side by side.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, TypeVar

from shared import clock
from shared.domain.campaign import Campaign
from shared.domain.crowd import Habit, Visit
from shared.domain.errors import Busy, Refusal
from shared.domain.journal import Journal
from shared.domain.order import Order
from shared.domain.waitlist import TicketState
from shared.use_cases.check_out import CheckedOut, Checkout
from shared.use_cases.join_waitlist import TicketView
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.rehearsal_ports import Desks
from shared.use_cases.reserve import Reservation, ReservationRequest
from shared.use_cases.settle_hold import State
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.witness import Witness

TRIES: Final = 6
"""How often a request is sent that nobody answers."""
LOOKS_EVERY: Final = 1_000
"""Milliseconds from one look at a ticket to the next."""
LOOK_AGAIN: Final = 1_200
"""Milliseconds after which whoever was told 'sold out' while units were free asks again: no board is believed so long."""
SHIP_TO: Final = {
    "name": "A rehearsal",
    "line1": "1 Stage Door",
    "city": "Nowhere",
    "country": "CN",
    "phone": "+862155550100",
}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """What is to be done next in a visit."""

    due: int
    """Milliseconds from the start of the show."""
    number: int
    """Of the visit."""
    step: str = field(compare=False)
    visit: Visit = field(compare=False)
    quantity: int = field(compare=False)
    key: str = field(compare=False)
    reservation: Reservation | None = field(compare=False, default=None)
    order: Order | None = field(compare=False, default=None)
    looks: int = field(compare=False, default=0)
    code: str | None = field(compare=False, default=None)
    """Of a coupon that is asked for still."""
    ticket: str = field(compare=False, default="")


class Crowd:
    """Plays visits."""

    def __init__(self, desks: Desks, show: Campaign, merchant: str) -> None:
        self._desks = desks
        self._show = show
        self._merchant = merchant
        self._witness = Witness(show, desks.campaigns, desks.stock)
        self._steps: Mapping[str, Callable[[Act], Sequence[Act]]] = {
            "reserve": self._reserve,
            "join": self._join,
            "look": self._look,
            "release": self._release,
            "check out": self._check_out,
            "pay": self._pay,
        }

    def play(self, visits: Sequence[Visit]) -> Journal:
        """From the first visit to the last payment."""
        queue = [act for visit in visits for act in _first_acts(visit)]
        heapq.heapify(queue)
        journal = self._witness.journal
        journal.outcomes["visits"] = len(visits)
        while queue:
            clock.pause(max(0.0, (queue[0].due - self._now()) / 1000))
            now, due = self._now(), [heapq.heappop(queue)]
            while queue and queue[0].due <= now:
                due.append(heapq.heappop(queue))
            self._witness.was_late((now - due[0].due) / 1000)
            for following in side_by_side(self._do, due):
                for act in following:
                    heapq.heappush(queue, act)
        return journal

    def _now(self) -> int:
        return clock.now_millis() - self._show.starts_at * 1000

    def _do(self, act: Act) -> Sequence[Act]:
        return self._steps[act.step](act)

    # -- steps -------------------------------------------------------------------------------------

    def _reserve(self, act: Act) -> Sequence[Act]:
        visit, began = act.visit, clock.now_seconds()
        request = ReservationRequest(
            merchant=self._merchant,
            campaign_id=self._show.id,
            sku=visit.sku,
            quantity=act.quantity,
            buyer_id=visit.buyer,
            idempotency_key=act.key,
            coupon=act.code,
        )
        desk = self._desks.reservations
        answer = self._ask("reserve", lambda now: desk.reserve(request, now), visit)
        if answer is None:
            return ()
        if isinstance(answer, Refusal):
            return self._after_refusal(act, answer, began)
        self._witness.served(visit, act.key, act.quantity, answer, began=began)
        if answer.state is not State.HELD or act.key == _more(visit):
            return ()
        return self._what_next(replace(act, reservation=answer))

    def _after_refusal(self, act: Act, refusal: Refusal, began: int) -> Sequence[Act]:
        visit = act.visit
        again = self._witness.should_look_again(
            visit, act.quantity, refusal, looks=act.looks, began=began
        )
        if again:
            return [replace(act, due=self._now() + LOOK_AGAIN, looks=act.looks + 1)]
        if act.code is not None and refusal.code.startswith("coupon_"):
            # It was not to be had: as anybody else, then, in a request of its own.
            return [replace(act, due=self._now(), key=f"{visit.key}-plain", code=None)]
        waits = self._show.offer(visit.sku).waitlist_hold is not None
        if refusal.code == "sold_out" and waits and act.key != _more(visit):
            return [replace(act, due=self._now(), step="join")]
        return ()

    def _join(self, act: Act) -> Sequence[Act]:
        request = ReservationRequest(
            merchant=self._merchant,
            campaign_id=self._show.id,
            sku=act.visit.sku,
            quantity=act.quantity,
            buyer_id=act.visit.buyer,
            idempotency_key=f"{act.visit.key}-line",
            coupon=act.code,
        )
        began, desk = clock.now_millis(), self._desks.waitlist
        told = self._ask("line", lambda now: desk.join(request, now), act.visit)
        if not isinstance(told, TicketView):
            self._witness.count(_name(told))
            is_no_code = isinstance(told, Refusal) and told.code == "coupon_not_open"
            return [replace(act, due=self._now(), code=None)] if is_no_code else ()
        if not told.replayed:
            self._witness.count("stood in line")
        return self._hear(replace(act, ticket=told.ticket.id), told, began=began)

    def _look(self, act: Act) -> Sequence[Act]:
        began, desk = clock.now_millis(), self._desks.waitlist
        told = self._ask(
            "look at the line", lambda now: desk.find(act.ticket, self._merchant, now), act.visit
        )
        return self._hear(act, told, began=began) if isinstance(told, TicketView) else ()

    def _hear(self, act: Act, view: TicketView, *, began: int) -> Sequence[Act]:
        """What a ticket says. ``began``: when it was asked for, milliseconds since 1970 UTC."""
        self._witness.in_line(act.visit, view, began=began)
        if view.state is TicketState.WAITING:
            return [replace(act, due=self._now() + LOOKS_EVERY, step="look")]
        if view.state is not TicketState.OFFERED or view.reservation is None:
            return ()
        self._witness.count("had their turn")
        offered = self._show.reserved_at(view.reservation.check)
        self._witness.served(act.visit, act.ticket, act.quantity, view.reservation, began=offered)
        return self._what_next(
            replace(act, key=f"{act.visit.key}-turn", reservation=view.reservation)
        )

    def _what_next(self, act: Act) -> Sequence[Act]:
        """By the habit of whoever has just reserved."""
        visit = act.visit
        random = Random(f"{self._show.id} {visit.number}")  # noqa: S311 - repeatable is what it must be
        later = replace(act, due=max(act.due, self._now()) + random.randint(200, 1200))
        match visit.habit:
            case Habit.LETS_GO:
                return ()
            case Habit.RELEASES:
                return [replace(later, step="release")]
            case Habit.GREEDY:
                more = self._show.offer(visit.sku).limit_per_buyer or visit.quantity
                greed = replace(
                    act,
                    due=act.due + 100,
                    step="reserve",
                    quantity=more,
                    key=_more(visit),
                    code=None,
                )
                return [replace(later, step="check out"), greed]
        return [replace(later, step="check out")]

    def _release(self, act: Act) -> Sequence[Act]:
        if (reservation := act.reservation) is None:
            return ()
        desk = self._desks.reservations
        answer = self._ask(
            "release", lambda now: desk.release(reservation.id, self._merchant, now), act.visit
        )
        self._witness.count("released" if isinstance(answer, Reservation) else _name(answer))
        self._witness.released(act.visit, reservation)
        return ()

    def _check_out(self, act: Act) -> Sequence[Act]:
        visit = act.visit
        if (reservation := act.reservation) is None:
            return ()
        wish = Checkout(
            merchant=self._merchant,
            reservation_id=reservation.id,
            buyer_id=visit.buyer,
            payment_method="card",
            ship_to=SHIP_TO,
            idempotency_key=f"{act.key}-order",
        )
        desk = self._desks.checkout
        done = self._ask("checkout", lambda now: desk.check_out(wish, now), visit)
        if not isinstance(done, CheckedOut):
            self._witness.count(_name(done))
            return ()
        self._witness.count("checked out")
        self._witness.ordered(visit, reservation, done.order)
        if visit.habit is Habit.NEVER_PAYS:
            return ()
        due = max(act.due, self._now()) + 300
        if visit.habit is Habit.PAYS_LATE:
            due = (done.order.expires_at + 1 - self._show.starts_at) * 1000
        pays = replace(act, due=due, step="pay", order=done.order)
        # Of whoever sends everything twice, the provider tells twice, too.
        return [pays, pays] if visit.habit is Habit.TWICE else [pays]

    def _pay(self, act: Act) -> Sequence[Act]:
        if (order := act.order) is None:
            return ()
        raw = _event(order, livemode=self._desks.livemode)
        headers = {"webhook-id": f"msg_{act.key}"}
        desk = self._desks.payments
        # Whoever meant it or was kept waiting: units that are taken again have another price.
        is_late = clock.now_seconds() >= order.expires_at
        told = self._ask(
            "late payment" if is_late else "payment",
            lambda now: desk.receive("test", headers, raw, now),
            act.visit,
        )
        self._witness.count(told.value if isinstance(told, Outcome) else _name(told))
        if told is Outcome.PAID:
            self._witness.paid(act.visit, order)
        return ()

    # -- answers -----------------------------------------------------------------------------------

    def _ask(
        self, step: str, call: Callable[[int], Answer], visit: Visit
    ) -> Answer | Refusal | None:
        """What a request was told, repeated until it was; ``None`` if it never was."""
        busy: Refusal | None = None
        with self._desks.meter.one_request() as used:
            for attempt in range(TRIES):
                began = clock.elapsed()
                answer: Answer | Refusal
                try:
                    answer = call(clock.now_seconds())
                except Busy as silence:
                    busy = silence
                    clock.pause(0.1 * 2**attempt)
                    continue
                except Refusal as refusal:
                    answer = refusal
                self._witness.enter(_kind_of(step, answer), used, clock.elapsed() - began)
                return answer
        self._witness.heard_nothing(visit, step, busy)
        return None


def _first_acts(visit: Visit) -> list[Act]:
    act = Act(visit.at, visit.number, "reserve", visit, visit.quantity, visit.key, code=visit.code)
    return [act, act] if visit.habit is Habit.TWICE else [act]


def _more(visit: Visit) -> str:
    """Key of what somebody wants beyond what they have."""
    return f"{visit.key}-more"


def _kind_of(step: str, answer: object) -> str:
    """The step in the journal: who is refused, or asks again, is served otherwise, and costs another price."""
    if isinstance(answer, Refusal):
        return f"{step} refused"
    replayed = isinstance(answer, Reservation | CheckedOut) and answer.replayed
    return f"{step} again" if replayed or answer is Outcome.KNOWN else step


def _name(answer: object) -> str:
    return answer.code if isinstance(answer, Refusal) else "unanswered"


def _event(order: Order, *, livemode: bool) -> bytes:
    data = {
        "payment_id": order.payment_id,
        "order_id": order.id,
        "amount": order.amount,
        "currency": order.currency,
        "livemode": livemode,
    }
    return json.dumps({"type": "payment.succeeded", "data": data}).encode()
