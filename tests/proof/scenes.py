"""
Calm shows by a script: between them they come by everything that livehour does.

Times are seconds from the start of the show. A script goes by the clock, with seconds to spare, so that it comes to the same
end when one of its requests had to be sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from local.simulation.gateway import Answer, Ask
from local.simulation.people import (
    ADDRESS,
    CHECKOUT,
    JOIN,
    ORDER,
    REFUND,
    RESERVATION,
    RESERVE,
    RETRY,
    SHIP_TO,
    TICKET,
)
from local.simulation.plan import STARTS, Plan
from local.simulation.show import Show
from local.simulation.violations import expect
from local.simulation.world import Scale
from shared import table
from shared.clock import rfc3339
from shared.domain import claim_check
from tests.old_rules import rules_of_before

CAMPAIGN: Final = "/v1/campaigns/{campaign_id}"
HOLD: Final = 10
CALM: Final = Plan(
    kind="scripted",
    ahead=5,
    length=20,
    hold=HOLD,
    replay=0,
    offers=(("APPLE", 7, 990, None),),
    flash=False,
    buyers=0,
    watchers=0,
    merchant="nothing",
    begins_by="schedule",
    scale=Scale(block_units=2, room=3, order_shards=2),
    restless=0.0,
)


_FULL: Final = Scale(block_units=1, room=3, order_shards=2)
"""Ledgers that are full after three requests."""


class Script:
    """What one person does in a show, second by second."""

    def __init__(self, show: Show, act: Act) -> None:
        self._show = show
        self._act = act
        self._wait = show.world.stage.wait

    def play(self) -> None:
        """From the first line to the last."""
        self._act(self)

    def at(self, second: float) -> None:
        """Wait until a second of the show."""
        self._wait(STARTS + self._show.plan.ahead + second - self._show.world.stage.millis / 1000)

    def rest(self, seconds: float) -> None:
        """Do nothing for so long."""
        self._wait(seconds)

    def wait_until_frozen(self) -> None:
        """The plan is fixed then, and the stock is about to be laid out."""
        campaigns, show = self._show.audit.campaigns, self._show.merchant
        while not show.show or campaigns[show.show].prepared_at is None:
            self._wait(0.5)

    def ask(
        self, route: str, key: str | None, body: Any = None, *, refused: str = "", **more: Any
    ) -> Answer:
        """A request about the campaign, again until it is answered."""
        path = {"campaign_id": self._show.merchant.show} if "{campaign_id}" in route else {}
        ask = Ask(route, path, body, key, **more)
        answer = self._show.clients.insist(ask)
        expect(answer.code == refused if refused else answer.status < 500, ask, answer)
        return answer

    # -- buyers --------------------------------------------------------------------------------------

    def reserve(
        self,
        units: int,
        buyer: str,
        sku: str = "APPLE",
        refused: str = "",
        coupon: str | None = None,
    ) -> Answer:
        """Twice: the second answer must be the first, and the judge of the show sees that it is."""
        ask = self._wish(units, buyer, sku, coupon)
        answer = self._show.clients.insist(ask)
        if refused:
            expect(answer.code == refused, ask, answer)
            return answer
        expect(answer.ok, ask, answer)
        expect(self._show.clients.insist(ask).headers["idempotent-replayed"] == "true", ask)
        return answer

    def try_for(self, units: int, buyer: str) -> Answer:
        """From two devices at once, whether there are so many or not."""
        ask = self._wish(units, buyer, "APPLE")
        self._show.world.stage.enter(f"{buyer} again", lambda: self._show.clients.insist(ask))
        return self._show.clients.insist(ask)

    def wish(self, units: int, buyer: str) -> Ask:
        """A request that can be sent as often as one likes."""
        return self._wish(units, buyer, "APPLE")

    def repeat(self, ask: Ask) -> Answer:
        return self._show.clients.insist(ask)

    def _wish(self, units: int, buyer: str, sku: str, coupon: str | None = None) -> Ask:
        wish = {"sku": sku, "quantity": units, "buyer_id": buyer}
        return Ask(
            RESERVE,
            {"campaign_id": self._show.merchant.show},
            wish if coupon is None else {**wish, "coupon": coupon},
            key="sell",
            headers={"idempotency-key": self._show.clients.fresh_key()},
        )

    def look(self, reservation: Answer) -> Answer:
        return self._on(f"GET {RESERVATION}", reservation)

    # -- those who wait ------------------------------------------------------------------------------

    def wait_for(
        self,
        units: int,
        buyer: str,
        sku: str = "APPLE",
        refused: str = "",
        coupon: str | None = None,
    ) -> Answer:
        """Twice, as a reservation."""
        wish = {"sku": sku, "quantity": units, "buyer_id": buyer}
        ask = Ask(
            JOIN,
            {"campaign_id": self._show.merchant.show},
            wish if coupon is None else {**wish, "coupon": coupon},
            key="sell",
            headers={"idempotency-key": self._show.clients.fresh_key()},
        )
        answer = self._show.clients.insist(ask)
        expect(answer.code == refused if refused else answer.ok, ask, answer)
        if not refused:
            expect(self._show.clients.insist(ask).headers["idempotent-replayed"] == "true", ask)
        return answer

    def look_at_ticket(self, ticket: Answer, state: str) -> Answer:
        answer = self._on_ticket("GET", ticket)
        expect(answer.ok and answer.body["state"] == state, answer)
        return answer

    def take_turn(self, ticket: Answer) -> Answer:
        """Look every few seconds, until it is offered. The reservation, as its buyer has it."""
        for _ in range(20):
            seen = self._on_ticket("GET", ticket).body
            if seen["state"] == "offered":
                return Answer(201, {**seen["reservation"], "buyer_id": ticket.body["buyer_id"]})
            self._wait(3)
        raise AssertionError(f"it is never offered: {seen}")

    def leave(self, ticket: Answer, refused: str = "") -> None:
        """Twice, too."""
        for _ in range(2):
            answer = self._on_ticket("DELETE", ticket)
            expect(answer.code == refused if refused else answer.body["state"] == "left", answer)

    def _on_ticket(self, method: str, ticket: Answer) -> Answer:
        path = {"ticket_id": ticket.body["id"]}
        return self._show.clients.insist(Ask(f"{method} {TICKET}", path, key="sell"))

    def release(self, reservation: Answer) -> Answer:
        return self._on(f"DELETE {RESERVATION}", reservation)

    def _on(self, route: str, reservation: Answer) -> Answer:
        path = {"reservation_id": reservation.body["id"]}
        return self._show.clients.insist(Ask(route, path, key="sell"))

    def check_out(
        self, reservation: Answer, method: str = "card", *, again: bool = False, **ship_to: str
    ) -> dict[str, Any]:
        """Twice, too. The order. ``again``: it replaces what was asked for before."""
        ask = Ask(
            CHECKOUT,
            {"reservation_id": reservation.body["id"]},
            {
                "buyer_id": reservation.body["buyer_id"],
                "payment_method": method,
                "ship_to": {**SHIP_TO, **ship_to},
            },
            key="sell",
            headers={"idempotency-key": self._show.clients.fresh_key()},
        )
        answer = self._show.clients.insist(ask)
        expect(answer.ok, ask, answer)
        expect(self._show.clients.insist(ask).headers["idempotent-replayed"] == "true", ask)
        order: dict[str, Any] = answer.body
        if again:
            expect(order["ship_to"] == ask.body["ship_to"], ask, answer)
        return order

    def refuse_to_check_out(self, reservation: Answer, code: str) -> None:
        ask = Ask(
            CHECKOUT,
            {"reservation_id": reservation.body["id"]},
            {
                "buyer_id": reservation.body["buyer_id"],
                "payment_method": "card",
                "ship_to": SHIP_TO,
            },
            key="sell",
            headers={"idempotency-key": self._show.clients.fresh_key()},
        )
        answer = self._show.clients.insist(ask)
        expect(answer.code == code, ask, answer)

    def look_at_order(self, order: Mapping[str, Any], state: str) -> None:
        """Again, until it is so."""
        for _ in range(20):
            seen = self.read_order(order)
            if seen.body["state"] == state:
                return
            self._wait(1)
        raise AssertionError(f"it never becomes {state}: {seen}")

    def read_order(self, order: Mapping[str, Any]) -> Answer:
        return self._show.clients.insist(Ask(ORDER, {"order_id": order["id"]}, key="sell"))

    def buy(
        self,
        units: int,
        buyer: str,
        *,
        pays_after: float = 0.0,
        copies: int = 1,
        method: str = "card",
    ) -> dict[str, Any]:
        """Reserve, check out, and pay so many seconds later."""
        order = self.check_out(self.reserve(units, buyer), method)
        self.pay(order, after=pays_after, copies=copies)
        return order

    def refund(
        self, order: Mapping[str, Any], *, refused: str = "", lost: bool = False, **wish: Any
    ) -> Answer:
        """Twice, as a reservation. ``lost``: perhaps nobody answers, and it is not insisted on for ever."""
        ask = Ask(
            REFUND,
            {"order_id": order["id"]},
            {"reason": "bruised", **wish},
            key="manage",
            headers={"idempotency-key": self._show.clients.fresh_key()},
        )
        answer = self._show.clients.insist(ask)
        if refused:
            expect(answer.code == refused, ask, answer)
        if refused or lost:
            return answer
        expect(answer.ok, ask, answer)
        expect(self._show.clients.insist(ask).headers["idempotent-replayed"] == "true", ask)
        return answer

    def read_refund(self, refund: Answer) -> Answer:
        path = {"refund_id": refund.body["id"]}
        return self._show.clients.insist(Ask("GET /v1/refunds/{refund_id}", path, key="read"))

    def list_refunds(self, order: Mapping[str, Any]) -> Answer:
        path = {"order_id": order["id"]}
        return self._show.clients.insist(Ask("GET /v1/orders/{order_id}/refunds", path, key="read"))

    def retry(self, refund: Answer, *, refused: str = "") -> None:
        """Twice, too."""
        headers = {"idempotency-key": self._show.clients.fresh_key()}
        ask = Ask(RETRY, {"refund_id": refund.body["id"]}, {}, key="manage", headers=headers)
        for _ in range(2):
            answer = self._show.clients.insist(ask)
            expect(answer.code == refused if refused else answer.ok, ask, answer)

    def end_refund(
        self, order: Mapping[str, Any], refund: Answer, kind: str = "refund.succeeded"
    ) -> None:
        self._show.provider.end_refund(order, refund.body, kind, after=0)

    def pay(self, order: Mapping[str, Any], *, after: float = 0.0, copies: int = 1) -> None:
        self._show.provider.take(order, after=after, copies=copies)

    def fail_to_pay(self, order: Mapping[str, Any]) -> None:
        self._show.provider.fail(order, after=0)

    def foretell(self, reservation: Answer) -> None:
        """Somebody is said to have paid for what is not even checked out."""
        body = reservation.body
        suffix = claim_check.suffix_of(body["id"], claim_check.RESERVATION)
        self._show.provider.foretell(
            claim_check.ORDER + suffix, amount=body["amount"], currency=body["currency"]
        )

    def lie_about(self, order: Mapping[str, Any]) -> None:
        self._show.provider.lie(order, after=0)

    def check_out_as_before(self, reservation: Answer, postal_code: str) -> dict[str, Any]:
        """With an address that is taken no more."""
        with rules_of_before():
            return self.check_out(reservation, postal_code=postal_code)

    def move(self, order: Mapping[str, Any], buyer: str, refused: str = "") -> None:
        """Another address, twice: the same."""
        body = {"buyer_id": buyer, "ship_to": {**SHIP_TO, "line1": "2 Moved Road"}}
        ask = Ask(ADDRESS, {"order_id": order["id"]}, body, key="sell")
        for _ in range(2):
            answer = self._show.clients.insist(ask)
            if refused:
                expect(answer.code == refused, ask, answer)
            else:
                expect(answer.ok and answer.body["ship_to"] == body["ship_to"], ask, answer)

    def erase(self, order: Mapping[str, Any]) -> None:
        """Again: the same."""
        path = {"order_id": order["id"]}
        ask = Ask("DELETE /v1/orders/{order_id}/personal-data", path, key="manage")
        for _ in range(2):
            answer = self._show.clients.insist(ask)
            expect(answer.ok and answer.body["personal_data"] == "erased", ask, answer)

    def not_of_the_show(self) -> set[tuple[str, str]]:
        """Everything in every table that is not the show's own, nor an answer that is kept: table and key."""
        store, own = self._show.world.store, table.short(self._show.merchant.show)
        found = {
            (role, repr([item[name] for name in (spec.key, spec.sort) if name]))
            for role, spec in table.TABLES.items()
            for item in store.items(role)
            if role != "requests"
        }
        return {(role, key) for role, key in found if own not in key}

    # -- the merchant --------------------------------------------------------------------------------

    def command(self, name: str, **body: Any) -> Answer:
        """Twice, as a reservation."""
        headers = {"idempotency-key": self._show.clients.fresh_key()}
        first, _ = (
            self.ask(f"POST {CAMPAIGN}/{name}", "manage", body, headers=headers) for _ in range(2)
        )
        return first

    def command_over_what_is_seen(self, name: str, **body: Any) -> Answer:
        """Only if the campaign is still what was read; read again, if another change came first."""
        while True:
            seen = self.ask(f"GET {CAMPAIGN}", "manage")
            headers = {
                "idempotency-key": self._show.clients.fresh_key(),
                "if-match": str(seen.headers["etag"]),
            }
            answer = self.ask(f"POST {CAMPAIGN}/{name}", "manage", body, headers=headers)
            if answer.code != "precondition_failed":
                return answer

    def post(self, name: str, **body: Any) -> Ask:
        """A command that can be sent as often as one likes."""
        headers = {"idempotency-key": self._show.clients.fresh_key()}
        path = {"campaign_id": self._show.merchant.show}
        return Ask(f"POST {CAMPAIGN}/{name}", path, body, "manage", headers)

    def change(self, **body: Any) -> Answer:
        """Over the version that stands there; read again, if a lost answer had changed it already."""
        while True:
            seen = self.ask(f"GET {CAMPAIGN}", "manage")
            headers = {"if-match": str(seen.headers["etag"])}
            answer = self.ask(f"PATCH {CAMPAIGN}", "manage", body, headers=headers)
            if answer.code != "precondition_failed":
                return answer

    def instant(self, second: int) -> str:
        """A second of the show as it was planned, as the API writes instants."""
        return rfc3339(STARTS + self._show.plan.ahead + second)


Act = Callable[[Script], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A process dies half-way, and its function does not come back for a while: so others finish what it began."""

    function: str
    operation: str
    role: str
    """After its first such operation on this table."""
    seconds: int
    """For which all processes of the function die at their first call."""
    stalls: bool = False
    """It does not die, but stands still for so long before that operation."""
    since: float = float("-inf")
    """Second of the show before which nothing is the matter."""
    until: float = float("inf")
    """And from which on."""

    def befalls(self, function: str, operation: str, roles: frozenset[str], *, after: bool) -> bool:
        """Whether this is the place."""
        is_there = (function, operation) == (self.function, self.operation) and self.role in roles
        return is_there and after is not self.stalls


@dataclass(frozen=True, slots=True)
class Scene:
    """One show: its plan, and what is done in it by each person."""

    name: str
    plan: Plan
    acts: tuple[Act, ...]
    meets: tuple[str, ...]
    """What must come up in its rehearsal, in the words of ``BooksAudit.met``."""
    troubles: tuple[Trouble, ...] = ()
    rehearsals: int = 1
    """Seeds that are tried: where people come at once, it is chance what they meet."""


# -- stock -------------------------------------------------------------------------------------------------


def _hold_and_release(script: Script) -> None:
    script.at(0.2)
    one = script.reserve(1, "ana")
    script.look(one)
    script.release(one)
    script.release(one)
    several = script.reserve(5, "ben")
    script.release(several)
    script.at(6)
    # Over all blocks but a unit, and never paid: a tail and its parts run out.
    script.reserve(6, "cleo")
    script.reserve(1, "dora")
    script.reserve(3, "ede", refused="sold_out")


def _stay_within_the_limit(script: Script) -> None:
    script.at(0)
    mine = script.reserve(2, "fay", "PEAR")
    script.reserve(1, "fay", "PEAR", refused="buyer_limit_reached")
    script.release(mine)
    script.reserve(1, "fay", "PEAR")
    script.reserve(2, "gus", "PEAR")
    # The purse still counts what has run out by then; it is looked up, and does not stand in the way.
    script.at(20)
    script.reserve(2, "fay", "PEAR")


def _come_and_go(script: Script) -> None:
    """More requests than the ledgers have room for, and then none until nobody asks for them any more."""
    script.at(0.2)
    first = script.reserve(1, "first")
    script.release(first)
    kept = script.reserve(1, "kept")
    for number in range(9):
        script.release(script.reserve(1, f"churner {number}"))
    script.release(first)
    expect(script.look(first).body["state"] == "released", first)
    order = script.check_out(kept)
    script.pay(order)
    script.rest(1)
    script.refund(order, restock=True)
    script.rest(8)
    for number in range(9):
        script.release(script.reserve(1, f"late churner {number}"))
    script.at(110)
    script.reserve(1, "last")


def _churn(script: Script, count: int, name: str = "churner") -> None:
    for number in range(count):
        script.release(script.reserve(1, f"{name} {number}"))


def _pay_late_at_a_full_ledger(script: Script) -> None:
    script.at(0.5)
    late = script.check_out(script.reserve(1, "ana"))
    script.at(17)
    _churn(script, 2)
    script.pay(late)
    script.rest(1)
    script.look_at_order(late, "paid")


def _compare_books_at_a_full_ledger(script: Script) -> None:
    script.at(0.5)
    late = script.check_out(script.reserve(1, "ana"))
    script.at(17)
    _churn(script, 2)
    script.at(30.5)
    script.pay(late)
    script.rest(1)
    script.command("reconcile")
    script.look_at_order(late, "paid")


def _wait_at_a_full_ledger(script: Script) -> None:
    script.at(0.5)
    gone = script.reserve(1, "ana")
    script.at(17)
    _churn(script, 5)
    script.refuse_to_check_out(gone, "reservation_expired")
    # Long after her request, however often that had to be repeated.
    script.at(45)
    held = script.reserve(1, "ben")
    tickets = [script.wait_for(1, f"waiter {number}") for number in range(4)]
    # Her hold has run out and was moved out of the ledger: it does not count against her limit.
    tickets.append(script.wait_for(1, "ana"))
    script.release(held)
    for ticket in tickets:
        script.release(script.take_turn(ticket))


def _give_back_what_a_moved_forward_leads_to(script: Script) -> None:
    script.at(0.2)
    held = [script.reserve(1, f"holder {number}") for number in range(4)]
    orders = [script.buy(2, f"pair {number}") for number in range(2)]
    for reservation in held:
        script.release(reservation)
    _churn(script, 24)
    for order in orders:
        script.look_at_order(order, "paid")
        script.refund(order, restock=True)
    script.rest(8)
    _churn(script, 4, "after")


def _hold_no_more_than_one_may(script: Script) -> None:
    script.at(0)
    one = script.reserve(1, "fay")
    two = script.reserve(1, "fay", "PEAR")
    script.reserve(1, "fay", refused="too_many_holds")
    script.release(one)
    three = script.reserve(1, "fay")
    script.pay(script.check_out(two))
    script.at(4)
    script.reserve(1, "fay")
    script.reserve(9, "gus", refused="sold_out")
    script.at(15)
    # All that she held is over; and she has begun four holds.
    script.reserve(1, "fay", "PEAR")
    script.at(17)
    refusal = script.reserve(1, "fay", refused="too_many_holds")
    expect(refusal.body["rule"] == "holds_begun", refusal)
    script.look(three)
    # Nothing that she does makes room but the merchant.
    expect(script.change(max_holds_per_ten_minutes=None, max_open_holds_per_buyer=5).ok, "raised")
    script.rest(1)
    script.reserve(1, "fay")


def _want_what_is_left(units: int) -> Act:
    """One of a crowd that wants more than there is, each twice at once and over several blocks."""

    def act(script: Script) -> None:
        script.at(0)
        answer = script.try_for(units, f"one who wants {units}")
        if answer.ok and units == 2:
            script.release(answer)

    return act


def _wait_in_line(script: Script) -> None:
    script.at(3)
    script.wait_for(1, "early", "PEAR", refused="units_available")
    held = script.reserve(4, "ana", "PEAR")
    first = script.wait_for(2, "ben", "PEAR")
    second = script.wait_for(1, "cleo", "PEAR")
    third = script.wait_for(1, "dora", "PEAR")
    last = script.wait_for(1, "eve", "PEAR")
    script.wait_for(1, "ana", "PEAR", refused="buyer_limit_reached")
    script.at(10)
    script.look_at_ticket(first, "waiting")
    script.leave(second)
    script.release(held)
    # Free, and not for who has not waited.
    script.reserve(1, "fay", "PEAR", refused="sold_out")
    script.pay(script.check_out(script.take_turn(first)))
    script.leave(third)
    # Nobody pays for it: it runs out. And nobody waits any more, so that everybody may buy.
    script.at(55)
    script.look_at_ticket(first, "confirmed")
    script.look_at_ticket(last, "expired")
    script.leave(last, refused="reservation_expired")
    script.leave(first, refused="reservation_confirmed")
    script.reserve(2, "gus", "PEAR")
    forgotten = script.wait_for(1, "hal", "PEAR")
    script.at(75)
    script.look_at_ticket(forgotten, "closed")


def _wait_for_what_others_offer(script: Script) -> None:
    script.at(3)
    held = script.reserve(4, "ana")
    # Whoever draws a number for it dies first: that number is given up.
    ben = script.wait_for(2, "ben")
    script.at(7)
    script.release(held)
    # Its units are taken, and run out before anybody could be told: so it is served anew.
    script.pay(script.check_out(script.take_turn(ben)))


def _wait_with_coupons(script: Script) -> None:
    script.at(3)
    held = script.reserve(3, "ana")
    script.wait_for(1, "eve", coupon="TOSAT", refused="coupon_not_open")
    ben = script.wait_for(1, "ben", coupon="toast")
    cleo = script.wait_for(1, "cleo", coupon="TOAST")
    dora = script.wait_for(1, "dora")
    script.at(7)
    script.release(held)
    # The code is for one; whoever comes next has what everybody has.
    turns = [script.take_turn(ticket) for ticket in (ben, cleo, dora)]
    told = [(turn.body["unit_price"], turn.body["coupon"]) for turn in turns]
    expect(told == [(693, "TOAST"), (940, "ALL"), (940, "ALL")], told)
    seen = [script.look_at_ticket(ticket, "offered").body for ticket in (ben, cleo, dora)]
    results = [ticket["coupon_result"] for ticket in seen]
    expect(results == ["applied", "unavailable", None], results)
    script.leave(ben)
    for turn in turns[1:]:
        script.pay(script.check_out(turn))
    script.at(34)
    # Given back with the turn.
    expect(script.reserve(1, "ben", coupon="toast").body["unit_price"] == 693, "ben")


def _wait_for_more_stock(script: Script) -> None:
    script.at(3)
    script.reserve(2, "ana")
    ben = script.wait_for(2, "ben")
    cleo = script.wait_for(1, "cleo")
    script.at(8)
    expect(script.command("allotment", sku="APPLE", units=1).ok, "added")
    script.at(20)
    # Not for who is second, though it would do.
    script.look_at_ticket(cleo, "waiting")
    script.command("pause")
    script.rest(1)
    script.leave(ben)
    script.at(30)
    script.look_at_ticket(cleo, "waiting")
    script.command("resume")
    script.take_turn(cleo)


# -- money -------------------------------------------------------------------------------------------------


def _pay(script: Script) -> None:
    script.at(0.5)
    script.buy(5, "ana", copies=2)
    order = script.check_out(script.reserve(1, "ben"))
    script.fail_to_pay(order)
    script.lie_about(order)
    script.at(5)
    script.pay(order)
    script.at(7)
    script.read_order(order)
    script.ask(f"GET {CAMPAIGN}/orders", "read", query={"limit": "1"})


def _come_back_before_paying(script: Script) -> None:
    script.at(0.5)
    reservation = script.reserve(2, "ana")
    first = script.check_out(reservation)
    second = script.check_out(reservation, "alipay", again=True, line1="2 Nanjing Road")
    third = script.check_out(reservation, "card", again=True, line1="3 Nanjing Road")
    expect(len({each["payment"]["id"] for each in (first, second, third)}) == 3, third)
    script.pay(third)
    reservation = script.reserve(1, "ben")
    old = script.check_out(reservation)
    script.check_out(reservation, "alipay", again=True)
    script.at(3)
    # The bank took the money of a payment that was replaced meanwhile: the order is paid by that.
    script.pay(old)
    reservation = script.reserve(1, "cleo")
    script.check_out(reservation)
    script.check_out(reservation, "alipay", again=True)
    script.at(6)
    script.read_order(old)


def _pay_too_late(script: Script) -> None:
    script.at(0)
    # Its units are on sale again by then, and are taken again.
    script.buy(1, "cleo", pays_after=HOLD + 3)
    too_late = script.check_out(script.reserve(3, "dora"))
    never = script.check_out(script.reserve(1, "eve"))
    script.at(22)
    # All that is left, so that none are left when the late payment comes.
    script.reserve(5, "gus")
    script.at(24)
    script.pay(too_late)
    script.at(26)
    script.read_order(never)


def _compare_the_books(script: Script) -> None:
    script.at(0)
    too_late = script.check_out(script.reserve(2, "ana"))
    script.at(1)
    # Its order never comes, and half a minute later a person is to look at it.
    script.foretell(script.reserve(1, "dora"))
    script.at(20)
    script.buy(3, "ben")
    script.buy(1, "gus")
    script.at(34)
    script.pay(too_late)
    # Whoever was to give that money back is gone, and no beat comes.
    script.at(36)
    found = script.command("reconcile")
    expect(found.ok and found.body["balanced"], found)


def _give_back(script: Script) -> None:
    script.at(0.5)
    ana = script.buy(5, "ana")
    ben = script.buy(1, "ben")
    cleo = script.buy(2, "cleo", method="refund_pending")
    dora = script.buy(1, "dora", method="refund_fails")
    eve = script.buy(1, "eve", method="refund_pending")
    script.at(6)
    whole = script.refund(ana, restock=True)
    script.refund(ben, amount=300)
    script.refund(ben, amount=691, refused="refund_exceeds_paid")
    script.refund(cleo, amount=1, restock=True, refused="restock_of_part")
    waits = script.refund(cleo)
    script.refund(dora)
    outside = script.refund(eve)
    script.at(14)
    script.refund(ben)
    script.end_refund(cleo, waits)
    script.retry(outside)
    script.at(22)
    expect(script.read_refund(whole).body["restocked"], whole)
    script.list_refunds(ben)
    script.retry(whole, refused="refund_state")
    # What was put back on sale is sold again.
    script.buy(4, "gus")
    script.at(80)
    # The books are closed without it.
    script.end_refund(eve, outside)


def _give_back_what_others_must_finish(script: Script) -> None:
    script.at(0.5)
    ana = script.buy(1, "ana")
    ben = script.buy(2, "ben")
    script.at(6)
    # Gone back, and whoever was to book it is gone; the books are compared meanwhile.
    script.refund(ben)
    script.at(12)
    found = script.command("reconcile")
    expect(found.ok and found.body["balanced"], found)
    script.at(27)
    # Accepted, and whoever was to begin it is gone; a minute later the sweeper does.
    script.refund(ana, lost=True)


def _give_back_by_hand(script: Script) -> None:
    script.at(0.2)
    order = script.buy(1, "ana", method="refund_silent")
    script.at(8)
    refund = script.refund(order)
    script.at(4500)
    seen = script.read_refund(refund)
    expect(seen.body["state"] == "needs_attention", seen)
    script.retry(refund)
    script.at(4520)
    script.end_refund(order, refund)


def _call_off(script: Script) -> None:
    script.at(0)
    script.buy(1, "ana")
    script.reserve(2, "ben")
    order = script.check_out(script.reserve(3, "cleo"))
    script.at(5)
    expect(script.command("cancel", reason="Storm at the harbour").ok, "cancel")
    expect(
        script.command("cancel", reason="Storm at the harbour").code == "campaign_state", "again"
    )
    # From the answer on, every block knows.
    script.reserve(1, "dora", refused="campaign_not_open")
    script.pay(order)


def _pay_too_late_within_a_limit(script: Script) -> None:
    script.at(0)
    script.buy(2, "ana", pays_after=HOLD + 8)


def _call_off_before_there_is_any_stock(script: Script) -> None:
    script.wait_until_frozen()
    expect(script.command("cancel", reason="Frost").ok, "cancel")


def _call_off_and_be_gone(script: Script) -> None:
    """Whoever asked for it does not wait for the answer."""
    script.wait_until_frozen()
    script.repeat(script.post("cancel", reason="Frost"))


_FAILING: Final = (
    "open_campaign",
    "settle_campaign",
    "reconcile_campaign",
    "package_campaign",
    "hand_over_orders",
)


def _sell_through_steps_that_fail(script: Script) -> None:
    script.at(10)
    script.buy(1, "ana")
    script.at(300)
    seen = script.ask(f"GET {CAMPAIGN}/log", "manage", query={"limit": "100"})
    retried = {entry["action"] for entry in seen.body["data"] if entry["outcome"] == "retried"}
    expect(set(_FAILING) <= retried, retried)


def _extend_at_the_last_moment(script: Script) -> None:
    script.at(0)
    script.reserve(1, "ana")
    script.at(CALM.length - 0.5)
    # Refused, if somebody's death made it late.
    script.command("extend", ends_at=script.instant(30))


# -- parcels -----------------------------------------------------------------------------------------------


def _have_it_sent(script: Script) -> None:
    script.at(0)
    script.buy(2, "ana", copies=2)
    # No such postal code.
    astray = script.check_out_as_before(script.reserve(1, "ben"), postal_code="1")
    script.pay(astray)
    mended = script.check_out_as_before(script.reserve(1, "dora"), postal_code="1")
    script.pay(mended)
    forgotten = script.check_out(script.reserve(1, "cleo"))
    script.move(forgotten, "cleo")
    script.pay(forgotten)
    # When all is over, whoever died: so it was sent.
    script.at(300)
    listed = script.ask(f"GET {CAMPAIGN}/orders", "manage", query={"needs_attention": "true"})
    expect({order["id"] for order in listed.body["data"]} == {astray["id"], mended["id"]}, listed)
    script.move(mended, "dora")
    script.at(500)
    expect(script.read_order(mended).body["state"] == "fulfilled", mended)
    script.move(mended, "dora")
    script.erase(forgotten)
    script.move(forgotten, "cleo", refused="shipment_requested")
    made = script.ask(f"GET {CAMPAIGN}/hand-off/files", "manage")
    expect(made.ok and made.body["needs_attention_found"] == 1, made)
    expect([file["rows"] for file in made.body["files"]] == [2, 2], made)
    expect(script.read_order(forgotten).body["state"] == "fulfilled", forgotten)


def _have_it_sent_in_the_end(script: Script) -> None:
    script.at(0)
    script.buy(1, "ana")
    script.buy(2, "ben")


# -- rehearsals --------------------------------------------------------------------------------------------

SAFE: Final = ("oversell", "unfair", "books balanced", "every hold ended")
"""Objectives that are met whoever dies."""


def _rehearse(script: Script, *, buyers: int = 6, seed: int = 3) -> None:
    script.at(-100)
    before = script.not_of_the_show()
    wish = script.post("rehearse", expected_buyers=buyers, seed=seed)
    first = script.repeat(wish)
    expect(first.ok and script.repeat(wish).headers["idempotent-replayed"] == "true", first)
    ask = Ask("GET /v1/rehearsals/{rehearsal_id}", {"rehearsal_id": first.body["id"]}, key="manage")
    while not (verdict := script.repeat(ask).body)["cleaned"]:
        script.rest(20)
    met = {each["name"]: each["passed"] for each in verdict["objectives"]}
    expect(all(met[name] for name in SAFE), verdict)
    listed = script.ask("GET /v1/campaigns", "manage", query={"limit": "5"})
    expect(len(listed.body["data"]) == 1, listed)
    left = script.not_of_the_show() - before
    expect([role for role, _ in left] == ["rehearsals"], left)


# -- plans -------------------------------------------------------------------------------------------------


def _come_too_late_while_nobody_beats(script: Script) -> None:
    script.at(0)
    late = script.reserve(1, "ana")
    script.at(HOLD + 3)
    body = {"buyer_id": "ana", "payment_method": "card", "ship_to": SHIP_TO}
    path = {"reservation_id": late.body["id"]}
    headers = {"idempotency-key": "too late"}
    ask = Ask(CHECKOUT, path, body, key="sell", headers=headers)
    expect(script.repeat(ask).code == "reservation_expired", "too late")


def _direct(script: Script) -> None:
    script.at(1)
    for cue in (
        {"cue": "pin", "sku": "APPLE"},
        {"cue": "price", "sku": "APPLE", "unit_price": 880},
        {"cue": "announce", "text": "Cheaper now"},
        {"cue": "unpin"},
    ):
        expect(script.command("cues", **cue).ok, cue)
    script.at(11)
    cheaper = script.reserve(1, "ana")
    expect(cheaper.body["unit_price"] == 880, cheaper)
    flash = {"cue": "flash_price", "sku": "APPLE", "unit_price": 770, "seconds": 5}
    expect(script.command("cues", **flash).ok, flash)
    script.pay(script.check_out(cheaper))
    shown = script.ask("GET /v1/shows/{campaign_id}", "sell")
    expect(shown.body["announcement"] == "Cheaper now", shown)


def _use_coupons(script: Script) -> None:
    script.at(1)
    ana = script.reserve(1, "ana", coupon="toast")
    expect(ana.body["unit_price"] == 693, ana)
    script.reserve(1, "ana", coupon="TOAST", refused="coupon_limit_reached")
    script.pay(script.check_out(ana))
    script.at(4)
    # Over two blocks of uses; a third unit is not there at this price.
    ben = script.reserve(3, "ben")
    expect(ben.body["unit_price"] == 800, ben)
    expect(script.reserve(2, "cleo").body["unit_price"] == 990, "cleo")
    script.release(ben)
    script.at(8)
    dora = script.check_out(script.reserve(1, "dora", coupon="toast"))
    script.reserve(1, "eve", coupon="toast", refused="coupon_exhausted")
    script.at(12)
    expect(script.command("cues", cue="coupon_end", code="Toast").ok, "stopped")
    script.at(16)
    script.reserve(1, "eve", coupon="toast", refused="coupon_not_open")
    shown = script.ask("GET /v1/shows/{campaign_id}", "sell")
    expect([each["unit_price"] for each in shown.body["offers"]] == [800], shown)
    # Too late, and still at its price.
    script.at(32)
    script.pay(dora)


def _pay_too_late_for_a_deal(script: Script) -> None:
    script.at(0)
    ana = script.check_out(script.reserve(2, "ana"))
    script.at(22)
    # Two of the three units at that price are had by another.
    script.reserve(2, "ben")
    script.at(24)
    script.pay(ana)


def _add_stock(script: Script) -> None:
    script.at(1)
    script.reserve(3, "ana")
    script.reserve(2, "ben", refused="sold_out")
    expect(script.command("allotment", sku="APPLE", units=4).ok, "added")
    script.at(8)
    script.buy(3, "cleo")
    script.reserve(2, "dora")


def _pause_and_resume(script: Script) -> None:
    script.at(1)
    held = script.wish(1, "ana")
    expect(script.repeat(held).ok, "held")
    paused = script.command_over_what_is_seen("pause", reason="The picture is lost")
    expect(paused.ok, paused)
    # Until every seller's copy is renewed: while it is only pausing, one may still sell by an older one.
    script.rest(1)
    script.at(4)
    script.reserve(1, "ben", refused="campaign_not_open")
    # What was served before is still answered.
    expect(script.repeat(held).headers["idempotent-replayed"] == "true", "again")
    expect(script.command("resume").ok, "resume")
    script.at(9)
    script.buy(2, "cleo")
    script.command("pause")
    script.rest(1)
    script.at(14)
    # It is over while it is paused.
    script.reserve(1, "dora", refused="campaign_not_open")


def _pause_for_good(script: Script) -> None:
    script.at(1)
    held = script.wish(1, "ana")
    expect(script.repeat(held).ok, "held")
    expect(script.command("pause").ok, "pause")
    script.rest(8)
    script.reserve(1, "ben", refused="campaign_not_open")
    expect(script.repeat(held).headers["idempotent-replayed"] == "true", "again")
    seen = script.ask(f"GET {CAMPAIGN}", "manage")
    expect(seen.body["status"] in ("paused", "closing", "closed"), seen)


def _change_the_plan(script: Script) -> None:
    script.at(-180)
    expect(script.change(name="Another name").ok, "rename")
    expect(script.ask("GET /v1/campaigns", "manage", query={"limit": "5"}).ok, "list")
    # Sooner, and so near that nobody waits for a schedule.
    sooner = {"starts_at": script.instant(-120), "ends_at": script.instant(-100)}
    expect(script.change(**sooner).ok, "move")
    for _ in range(2):
        expect(script.command("extend", ends_at=script.instant(-80)).ok, "extend")
    script.at(-105)
    expect(script.command("end").ok, "end")


def _look_on(script: Script) -> None:
    script.at(-170)
    script.ask("GET /docs", None)
    script.ask("GET /openapi.json", None)
    script.ask(f"GET {CAMPAIGN}/report", "read", refused="not_closed")
    for second in (-125, -117, -115, -113):
        script.at(second)
        script.ask(f"GET {CAMPAIGN}/log", "manage", query={"limit": "3", "outcome": "done"})
        script.ask(f"GET {CAMPAIGN}/totals", "read")
        script.ask(f"GET {CAMPAIGN}/timeline", "read", query={"bucket": "10"})
        script.ask("GET /v1/shows/{campaign_id}", "sell")


def _buy_and_pay_when_all_is_over(script: Script) -> None:
    script.at(-119)
    script.buy(1, "ana")
    script.buy(2, "ben", pays_after=60)


_DEALS: Final = (
    {
        "at": 0,
        "cue": "flash_price",
        "sku": "APPLE",
        "unit_price": 800,
        "seconds": 24,
        "units": 3,
    },
)
_COUPON: Final = {
    "at": 0,
    "cue": "coupon",
    "code": "TOAST",
    "percent_off": 30,
    "seconds": 20,
    "uses": 2,
    "uses_per_buyer": 1,
}

_FOR_ALL: Final = {
    "at": 0,
    "cue": "coupon",
    "code": "ALL",
    "automatic": True,
    "percent_off": 5,
    "seconds": 45,
}

_DEALS_OF_A_MOMENT: Final = (
    {
        "at": 0,
        "cue": "flash_price",
        "sku": "APPLE",
        "unit_price": 800,
        "seconds": 6,
        "units": 1,
    },
    {
        "at": 0,
        "cue": "coupon",
        "code": "TOAST",
        "percent_off": 30,
        "seconds": 6,
        "uses": 1,
        "uses_per_buyer": 1,
    },
)

SCENES: Final = (
    Scene(
        "holds",
        replace(
            CALM, length=25, flash=True, offers=(("APPLE", 7, 990, None), ("PEAR", 4, 1500, 2))
        ),
        (_hold_and_release, _stay_within_the_limit),
        (
            "reservation released",
            "reservation expired",
            "reservation over several blocks",
            "forward",
        ),
    ),
    Scene(
        "limits of holds",
        replace(
            CALM,
            length=25,
            offers=(("APPLE", 7, 990, None), ("PEAR", 4, 1500, None)),
            open_holds=2,
            holds_begun=5,
        ),
        (_hold_no_more_than_one_may,),
        ("reservation released", "reservation expired", "order paid"),
    ),
    Scene(
        "crowd",
        replace(
            CALM,
            length=15,
            offers=(("APPLE", 3, 990, None),),
            restless=0.6,
            scale=Scale(block_units=1, room=3, order_shards=2),
        ),
        tuple(map(_want_what_is_left, (1, 2, 2))),
        ("reservation over several blocks", "reservation never completed", "overflow mark set"),
        rehearsals=40,
    ),
    Scene(
        "churn",
        replace(
            CALM,
            length=120,
            offers=(("APPLE", 2, 990, None),),
            scale=_FULL,
        ),
        (_come_and_go,),
        ("reservation released", "overflow mark set", "sale in the overflow table"),
    ),
    Scene(
        "late at a full ledger",
        replace(CALM, length=40, offers=(("APPLE", 1, 990, None),), scale=_FULL),
        (_pay_late_at_a_full_ledger,),
        ("late payment found units", "overflow mark set"),
    ),
    Scene(
        "books compared at a full ledger",
        replace(CALM, length=50, offers=(("APPLE", 1, 990, 3),), scale=_FULL),
        (_compare_books_at_a_full_ledger,),
        ("late payment found units", "overflow mark set", "in trouble"),
        (
            Trouble("keep_books", "GetItem", "campaigns", 14, since=30),
            Trouble("payment_webhooks", "UpdateItem", "buyers", 14, since=30),
        ),
    ),
    Scene(
        "a line at a full ledger",
        replace(CALM, length=120, waitlist=20, offers=(("APPLE", 1, 990, 1),), scale=_FULL),
        (_wait_at_a_full_ledger,),
        ("ticket left", "overflow mark set"),
    ),
    Scene(
        "given back by way of a moved forward",
        replace(CALM, length=40, offers=(("APPLE", 8, 990, None),), scale=_FULL),
        (_give_back_what_a_moved_forward_leads_to,),
        ("refund succeeded", "sale beyond a moved forward"),
        rehearsals=12,
    ),
    Scene(
        "a line",
        replace(CALM, length=68, hold=25, waitlist=20, offers=(("PEAR", 4, 1500, 4),)),
        (_wait_in_line,),
        (
            "ticket confirmed",
            "ticket expired",
            "ticket left",
            "ticket closed",
            "ticket refused",
            "order paid",
        ),
    ),
    Scene(
        "a line with coupons",
        replace(
            CALM,
            length=45,
            hold=25,
            waitlist=20,
            offers=(("APPLE", 3, 990, None),),
            deals=({**_COUPON, "seconds": 45, "uses": 1}, _FOR_ALL),
        ),
        (_wait_with_coupons,),
        ("ticket left", "ticket confirmed", "order with a coupon", "campaign closed"),
    ),
    Scene(
        "a line that others finish",
        replace(CALM, length=60, hold=40, waitlist=16, offers=(("APPLE", 4, 990, None),)),
        (_wait_for_what_others_offer,),
        ("ticket confirmed", "ticket tried anew", "number given up", "in trouble"),
        (
            Trouble("waitlist", "UpdateItem", "waitlists", 1, since=2),
            Trouble("keep_books", "UpdateItem", "stock", 14, since=7),
        ),
    ),
    Scene(
        "a line at many blocks",
        replace(
            CALM,
            length=50,
            hold=40,
            waitlist=20,
            offers=(("APPLE", 2, 990, None),),
            scale=Scale(block_units=2, order_shards=2, few_blocks=0),
        ),
        (_wait_for_more_stock,),
        ("ticket left", "campaign paused"),
    ),
    Scene(
        "money",
        replace(
            CALM,
            offers=(("APPLE", 12, 990, None),),
            scale=Scale(block_units=3, order_shards=2),
            length=29,
            refusing=0.3,
        ),
        (_pay, _pay_too_late),
        (
            "order paid",
            "order cancelled",
            "order refunded",
            "late payment found units",
            "late payment refunded: sold_out",
            "payment quarantined",
            "event refused by the bus",
        ),
    ),
    Scene(
        "coming back before paying",
        replace(
            CALM,
            offers=(("APPLE", 8, 990, None),),
            scale=Scale(block_units=3, order_shards=2),
            length=25,
        ),
        (_come_back_before_paying,),
        (
            "order paid",
            "order cancelled",
            "order checked out again",
            "order paid by the payment that was replaced",
        ),
    ),
    Scene(
        "late within a limit",
        # So long that a beat looks after the late payment's hold, a minute later.
        replace(CALM, offers=(("APPLE", 4, 990, 3),), length=85),
        (_pay_too_late_within_a_limit,),
        ("order paid", "late payment found units"),
        (Trouble("payment_webhooks", "UpdateItem", "buyers", 12),),
    ),
    Scene(
        "books compared on demand",
        replace(CALM, offers=(("APPLE", 4, 990, 3),), length=50),
        (_compare_the_books,),
        (
            "order paid",
            "late payment refunded: sold_out",
            "payment quarantined",
            "in trouble",
        ),
        (
            Trouble("keep_books", "GetItem", "campaigns", 14, since=30),
            Trouble("payment_webhooks", "UpdateItem", "buyers", 14, since=30),
        ),
    ),
    Scene(
        "refunds",
        replace(
            CALM,
            offers=(("APPLE", 12, 990, None),),
            scale=Scale(block_units=3, order_shards=2),
            length=29,
        ),
        (_give_back,),
        (
            "refund succeeded",
            "refund failed",
            "order refunded",
            "order refunded after the close",
            "refund left out of the books",
            "units restocked",
        ),
    ),
    Scene(
        "refunds that others finish",
        replace(CALM, length=25),
        (_give_back_what_others_must_finish,),
        ("order refunded", "order refunded after the close", "in trouble"),
        (
            Trouble("refund_order", "TransactWriteItems", "orders", 12, since=5, until=20),
            Trouble("refunds", "TransactWriteItems", "orders", 65, since=26),
        ),
    ),
    Scene(
        "a refund that needs a person",
        replace(CALM, length=12),
        (_give_back_by_hand,),
        ("refund succeeded", "order refunded after the close"),
    ),
    Scene(
        "parcels",
        replace(CALM, carrier="file"),
        (_have_it_sent,),
        (
            "parcel requested",
            "order needs attention: address_incomplete",
            "address corrected",
            "personal data erased",
        ),
    ),
    Scene(
        "parcels that no event has sent",
        replace(CALM, carrier="file"),
        (_have_it_sent_in_the_end,),
        ("parcel requested", "in trouble"),
        # Longer than its machine tries.
        (Trouble("fulfil_order", "GetItem", "orders", 600),),
    ),
    Scene(
        "called off before there is any stock",
        # So far ahead that its schedule begins it.
        replace(CALM, ahead=95),
        (_call_off_before_there_is_any_stock,),
        ("campaign cancelled",),
        (Trouble("prepare_stock", "PutItem", "campaigns", 6),),
    ),
    Scene(
        "called off before there is any stock, of many blocks",
        replace(CALM, ahead=95, scale=Scale(block_units=2, order_shards=2, few_blocks=1)),
        (_call_off_before_there_is_any_stock,),
        ("campaign cancelled",),
        (Trouble("prepare_stock", "PutItem", "campaigns", 6),),
    ),
    Scene(
        "called off before there is any stock, and left to the machine",
        replace(CALM, ahead=95),
        (_call_off_and_be_gone,),
        ("campaign cancelled", "in trouble"),
        (
            Trouble("prepare_stock", "PutItem", "campaigns", 3),
            Trouble("campaigns", "TransactWriteItems", "campaigns", 40, since=-60),
        ),
    ),
    Scene(
        "extended at the last moment",
        # Decided before the end, and saved when a beat has seen it: whoever comes to close finds that it goes on.
        CALM,
        (_extend_at_the_last_moment,),
        ("campaign closed", "in trouble"),
        (
            Trouble("campaigns", "TransactWriteItems", "campaigns", 2, stalls=True, since=1),
            Trouble("close_campaign", "GetItem", "campaigns", 5),
        ),
    ),
    Scene(
        "steps that are tried again",
        replace(CALM, carrier="file"),
        (_sell_through_steps_that_fail,),
        ("campaign closed", "in trouble"),
        tuple(Trouble(step, "GetItem", "campaigns", 3) for step in _FAILING),
    ),
    Scene(
        "ended by who asks",
        CALM,
        (_come_too_late_while_nobody_beats,),
        ("reservation expired", "in trouble"),
        (Trouble("keep_books", "GetItem", "campaigns", 9, since=8),),
    ),
    Scene("directed", CALM, (_direct,), ("campaign closed", "order paid")),
    Scene(
        "coupons",
        replace(CALM, offers=(("APPLE", 12, 990, None),), deals=(*_DEALS, _COUPON), length=38),
        (_use_coupons,),
        ("campaign closed", "order with a coupon", "use sold", "late payment found units"),
    ),
    Scene(
        "too late for a deal",
        replace(CALM, offers=(("APPLE", 12, 990, None),), deals=_DEALS, length=29),
        (_pay_too_late_for_a_deal,),
        ("campaign closed", "late payment refunded: deal_exhausted"),
    ),
    Scene(
        "more stock",
        replace(CALM, offers=(("APPLE", 4, 990, None),)),
        (_add_stock,),
        ("campaign closed", "order paid"),
    ),
    Scene(
        "more stock, of many blocks",
        replace(
            CALM,
            offers=(("APPLE", 4, 990, None),),
            scale=Scale(block_units=2, order_shards=2, few_blocks=1),
        ),
        (_add_stock,),
        ("campaign closed", "order paid"),
    ),
    Scene(
        "paused, and left to the beat",
        replace(CALM, scale=Scale(block_units=1, order_shards=2, few_blocks=3)),
        (_pause_for_good,),
        ("campaign closed", "campaign paused", "in trouble"),
        (Trouble("arrange_stock", "GetItem", "campaigns", 16),),
    ),
    Scene(
        "paused",
        CALM,
        (_pause_and_resume,),
        ("campaign closed", "order paid", "campaign paused"),
    ),
    Scene(
        "paused, of many blocks",
        # So many that another function is asked to tell them.
        replace(
            CALM,
            offers=(("APPLE", 7, 990, None),),
            scale=Scale(block_units=1, order_shards=2, few_blocks=3),
        ),
        (_pause_and_resume,),
        ("campaign closed", "order paid", "campaign paused"),
    ),
    Scene(
        "called off",
        replace(CALM, begins_by="start"),
        (_call_off,),
        ("campaign cancelled", "order paid", "late payment refunded: campaign_cancelled"),
    ),
    Scene(
        "rehearsed",
        replace(
            CALM,
            open_holds=2,
            ahead=130,
            length=8,
            offers=(("APPLE", 2, 990, None), ("PEAR", 2, 1500, 1)),
            waitlist=20,
            deals=_DEALS_OF_A_MOMENT,
        ),
        (_rehearse,),
        ("campaign closed",),
    ),
    Scene(
        "rehearsed at full ledgers",
        replace(
            CALM,
            ahead=130,
            length=10,
            offers=(("APPLE", 9, 990, None),),
            scale=Scale(block_units=1, room=2, order_shards=2),
        ),
        (partial(_rehearse, buyers=24, seed=1),),
        ("campaign closed",),
    ),
    Scene(
        "rehearsed, and left to the sweeper",
        replace(CALM, ahead=130, length=8, offers=(("APPLE", 2, 990, None), ("PEAR", 2, 1500, 1))),
        (_rehearse,),
        ("campaign closed", "in trouble"),
        # Longer than its machine tries.
        (Trouble("judge_rehearsal", "GetItem", "rehearsals", 850),),
    ),
    Scene(
        "plans",
        replace(CALM, ahead=200),
        (_change_the_plan, _look_on, _buy_and_pay_when_all_is_over),
        ("campaign closed", "order paid", "late payment refunded: campaign_closed"),
    ),
)
