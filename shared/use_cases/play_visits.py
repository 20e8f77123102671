"""
The visits of a rehearsal's buyers, at the desks at which all buyers are served.

All requests of a visit carry keys that follow from its number: whoever plays it again, because the first player died, asks
the same, and is answered the same. What is due at one time is asked side by side.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Final, TypeVar

from shared import clock
from shared.domain.campaign import Campaign
from shared.domain.crowd import Habit, Visit
from shared.domain.errors import Busy, Refusal
from shared.domain.journal import Journal
from shared.domain.order import Order
from shared.use_cases.check_out import Checkout
from shared.use_cases.rehearsal_ports import Desks, Used
from shared.use_cases.reserve import Reservation, ReservationRequest
from shared.use_cases.settle_hold import State
from shared.use_cases.side_by_side import side_by_side
from shared.use_cases.stock_ports import shelf

TRIES: Final = 6
"""How often a request is sent that nobody answers."""
LOOK_AGAIN: Final = 1_200
"""Milliseconds after which whoever was told 'sold out' while units were free asks again: no board is believed so long."""
MOST_LOOKS: Final = 3
SHIP_TO: Final = {
    "name": "A rehearsal",
    "line1": "1 Stage Door",
    "city": "Nowhere",
    "country": "CN",
}

Answer = TypeVar("Answer")


@dataclass(order=True)
class Act:
    """What is to be done next in a visit."""

    due: int
    """Milliseconds from the start of the show."""
    number: int
    """Of the visit."""
    step: str = field(compare=False)
    visit: Visit = field(compare=False)
    quantity: int = field(compare=False, default=0)
    key: str = field(compare=False, default="")
    reservation: Reservation | None = field(compare=False, default=None)
    order: Order | None = field(compare=False, default=None)
    looks: int = field(compare=False, default=0)


class Crowd:
    """Plays visits, and keeps the journal of them."""

    def __init__(self, desks: Desks, show: Campaign, merchant: str) -> None:
        self.journal = Journal()
        self._desks = desks
        self._show = show
        self._merchant = merchant
        self._lock = Lock()
        self._ids: dict[str, str] = {}
        """Of reservations, by key."""
        self._alive: dict[tuple[str, str], dict[str, tuple[int, float]]] = {}
        """Of buyers of offers with a limit: units and until when they count, by reservation."""
        self._steps: Mapping[str, Callable[[Act], Sequence[Act]]] = {
            "reserve": self._reserve,
            "release": self._release,
            "check out": self._check_out,
            "pay": self._pay,
        }

    def play(self, visits: Sequence[Visit]) -> Journal:
        """From the first visit to the last payment."""
        queue = [act for visit in visits for act in _first_acts(visit)]
        heapq.heapify(queue)
        self.journal.outcomes["visits"] = len(visits)
        while queue:
            clock.pause(max(0.0, (queue[0].due - self._now()) / 1000))
            now, due = self._now(), [heapq.heappop(queue)]
            while queue and queue[0].due <= now:
                due.append(heapq.heappop(queue))
            self.journal.latest = max(self.journal.latest, (now - due[0].due) / 1000)
            for following in side_by_side(self._do, due):
                for act in following:
                    heapq.heappush(queue, act)
        return self.journal

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
        )
        answer = self._ask(
            "reserve", lambda now: self._desks.reservations.reserve(request, now), visit
        )
        if isinstance(answer, Refusal):
            return self._refused(act, answer, began)
        if answer is None:
            return ()
        self._received(visit, act, answer, began)
        if answer.state is not State.HELD or act.step != "reserve" or act.key.endswith("again"):
            return ()
        return self._what_next(act, answer)

    def _what_next(self, act: Act, reservation: Reservation) -> Sequence[Act]:
        visit = act.visit
        random = Random(f"{self._show.id} {visit.number}")  # noqa: S311 - repeatable
        at = max(act.due, self._now()) + random.randint(200, 1200)
        follows = {
            Habit.RELEASES: "release",
            Habit.LETS_GO: "",
        }.get(visit.habit, "check out")
        acts = [_next(act, at, follows, reservation=reservation)] if follows else []
        if visit.habit is Habit.GREEDY:
            more = self._show.offer(visit.sku).limit_per_buyer or visit.quantity
            key = f"{visit.key}-again"
            acts.append(_next(act, act.due + 100, "reserve", quantity=more, key=key))
        return acts

    def _release(self, act: Act) -> Sequence[Act]:
        reservation = act.reservation
        if reservation is None:
            return ()
        answer = self._ask(
            "release",
            lambda now: self._desks.reservations.release(reservation.id, self._merchant, now),
            act.visit,
        )
        self._count("released" if isinstance(answer, Reservation) else _name(answer))
        with self._lock:
            self._alive.get((act.visit.sku, act.visit.buyer), {}).pop(reservation.id, None)
        return ()

    def _check_out(self, act: Act) -> Sequence[Act]:
        visit, reservation = act.visit, act.reservation
        if reservation is None:
            return ()
        checkout = Checkout(
            merchant=self._merchant,
            reservation_id=reservation.id,
            buyer_id=visit.buyer,
            payment_method="card",
            ship_to=SHIP_TO,
            idempotency_key=f"{visit.key}-order",
        )
        done = self._ask(
            "checkout", lambda now: self._desks.checkout.check_out(checkout, now), visit
        )
        if done is None or isinstance(done, Refusal):
            self._count(_name(done))
            return ()
        self._count("checked out")
        order, promised = done.order, reservation.check.amount
        if order.amount != promised:
            self._complain(visit, f"was promised {promised}, and is to pay {order.amount}")
        if visit.habit is Habit.NEVER_PAYS:
            return ()
        at = max(act.due, self._now()) + 300
        if visit.habit is Habit.PAYS_LATE:
            at = (order.expires_at + 1 - self._show.starts_at) * 1000
        acts = [_next(act, at, "pay", order=order)]
        # The provider tells it twice, too.
        return acts * 2 if visit.habit is Habit.TWICE else acts

    def _pay(self, act: Act) -> Sequence[Act]:
        order = act.order
        if order is None:
            return ()
        raw = _event(order, livemode=self._desks.livemode)
        headers = {"webhook-id": f"msg_{act.visit.key}"}
        outcome = self._ask(
            "payment",
            lambda now: self._desks.payments.receive("test", headers, raw, now),
            act.visit,
        )
        told = _name(outcome) if isinstance(outcome, Refusal | None) else outcome.value
        self._count(told)
        if told == "paid":
            with self._lock:
                alive = self._alive.get((order.sku, act.visit.buyer), {})
                for key, (units, _) in list(alive.items()):
                    if key.endswith(order.id.partition("_")[2]):
                        alive[key] = units, float("inf")
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
                waited = clock.elapsed() - began
                self._enter(
                    f"{step} refused" if isinstance(answer, Refusal) else step, used, waited
                )
                return answer
        with self._lock:
            self.journal.unanswered.append(f"visit {visit.number} ({step}): {busy}")
        return None

    def _enter(self, step: str, used: Used, waited: float) -> None:
        with self._lock:
            self.journal.enter(step, writes=used.writes, reads=used.reads, seconds=waited)

    def _count(self, what: str) -> None:
        with self._lock:
            self.journal.outcomes[what] += 1

    def _complain(self, visit: Visit, what: str) -> None:
        with self._lock:
            self.journal.unfair.append(
                f"visit {visit.number}, {visit.buyer} for {visit.sku}: {what}"
            )

    def _refused(self, act: Act, refusal: Refusal, began: int) -> Sequence[Act]:
        if not act.looks:
            self._count(refusal.code)
        show, visit = self._show, act.visit
        if refusal.code == "campaign_not_open":
            if show.starts_at <= began and clock.now_seconds() < show.closes_at:
                self._complain(visit, "was turned away in the hours of the sale")
            return ()
        if refusal.code != "sold_out" or self._free(visit.sku) < act.quantity:
            return ()
        if act.looks >= MOST_LOOKS:
            self._complain(visit, f"was told sold out {act.looks + 1} times, and units were free")
            return ()
        again = _next(act, self._now() + LOOK_AGAIN, "reserve", quantity=act.quantity, key=act.key)
        again.looks = act.looks + 1
        return (again,)

    def _free(self, sku: str) -> int:
        """Units that anybody could have had, a moment after somebody was told that there are none."""
        show, now = self._desks.campaigns.get(self._show.id), clock.now_seconds()
        if not show.is_selling(now):
            return 0
        blocks = self._desks.stock.read_all(shelf(show, show.offer(sku)))
        return sum(
            block.counters.free for block in blocks if block.opens <= now and not block.sealed
        )

    def _received(self, visit: Visit, act: Act, answer: Reservation, began: int) -> None:
        check, ended = answer.check, clock.now_seconds()
        show, offer = self._show, self._show.offer(visit.sku)
        if not answer.replayed:
            self._count("reserved")
            if offer.limit_per_buyer is not None:
                self._count("reserved within a limit")
            prices = {show.price_of(offer, second) for second in range(began, ended + 1)}
            if check.unit_price not in prices:
                self._complain(visit, f"was promised {check.unit_price}, and the price is {prices}")
        if check.quantity != act.quantity:
            self._complain(visit, f"asked for {act.quantity} and holds {check.quantity}")
        with self._lock:
            first = self._ids.setdefault(act.key, answer.id)
            alive = self._alive.setdefault((visit.sku, visit.buyer), {})
            if answer.state is State.HELD:
                alive.setdefault(answer.id, (check.quantity, check.deadline))
            units = sum(units for units, until in alive.values() if until > ended)
        if first != answer.id:
            self._complain(visit, "got another reservation for the same key")
        limit = offer.limit_per_buyer
        if limit is not None and units > limit:
            self._complain(visit, f"has {units} units, and the limit is {limit}")


def _first_acts(visit: Visit) -> list[Act]:
    act = Act(visit.at, visit.number, "reserve", visit, visit.quantity, visit.key)
    return [act, act] if visit.habit is Habit.TWICE else [act]


def _next(
    act: Act,
    due: int,
    step: str,
    *,
    quantity: int = 0,
    key: str = "",
    reservation: Reservation | None = None,
    order: Order | None = None,
) -> Act:
    return Act(due, act.number, step, act.visit, quantity, key, reservation, order)


def _name(answer: Refusal | object | None) -> str:
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
