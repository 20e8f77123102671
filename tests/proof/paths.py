"""
Everything livehour writes, one short path each: what goes before, and the request that writes.

What goes before happens in memory, in no time; the request itself is made twice of a store that may fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from local.simulation.bank import ROUTE, event_about
from local.simulation.deliveries import record
from local.simulation.gateway import OURS, Answer, Ask, Gateway
from local.simulation.people import (
    ADDRESS,
    CHECKOUT,
    JOIN,
    REFUND,
    RESERVATION,
    RESERVE,
    RETRY,
    SHIP_TO,
    TICKET,
)
from local.simulation.plan import STARTS
from local.simulation.refusals import refuse
from local.simulation.sdk import Client, Serve
from local.simulation.services import PAYMENT_SECRET, Executions, Keys, Schedules
from local.simulation.world import Scale, World
from shared.clock import rfc3339
from shared.domain import claim_check
from shared.domain import rehearsal as rehearsals
from shared.domain.errors import StoreBusy
from shared.use_cases.judge_payment import PARKED_FOR
from tests.old_rules import rules_of_before
from tests.proof.scenes import CAMPAIGN

HOLD: Final = 10
LENGTH: Final = 600


class Rig(World):
    """A world whose store is in memory until a client of another takes its place, and whose time passes only in pauses."""

    def __init__(self) -> None:
        super().__init__(
            Random("rig"),
            starts_at=STARTS,
            restless=0.0,
            scale=Scale(block_units=2, order_shards=2),
        )
        self.executions = Executions(lambda *_: None)
        self.schedules = Schedules(lambda *_: None)
        self.keys = Keys(alike=True)
        self.real: Any = None
        """A client of the store from now on."""
        self.show = ""
        self.carrier = ""
        self.run_of_show: list[Mapping[str, Any]] = []
        self.hold_limits: dict[str, int] = {}
        self._gateway = Gateway(self)
        self._keys = 0
        for scope in ("manage", "sell", "read"):
            self._gateway.admit(OURS, scope)

    def connect(self, service: str, **more: int) -> Any:
        client = super().connect(service, **more)
        return _Switch(self, client) if service == "dynamodb" else client

    def pause(self, seconds: float) -> None:
        self.stage.millis += round(seconds * 1000)

    # -- requests ------------------------------------------------------------------------------------

    def ask(self, route: str, key: str | None, body: Any = None, **more: Any) -> Act:
        """A request under a key of its own, to be made as often as one likes."""
        self._keys += 1
        path = {"campaign_id": self.show} if "{campaign_id}" in route else {}
        given = {"path": path, **more}
        headers = {"idempotency-key": f"key-{self._keys}", **given.pop("headers", {})}
        ask = Ask(route, body=body, key=key, headers=headers, **given)
        return lambda: self._gateway.ask(ask)

    def reserve(self, units: int, sku: str = "APPLE", coupon: str | None = None) -> Act:
        body = {"sku": sku, "quantity": units, "buyer_id": "ana", "coupon": coupon}
        return self.ask(RESERVE, "sell", body)

    def wait_for(self, units: int, sku: str = "APPLE", coupon: str | None = None) -> Act:
        wish = {"sku": sku, "quantity": units, "buyer_id": "ana", "coupon": coupon}
        return self.ask(JOIN, "sell", wish)

    def on_ticket(self, method: str, ticket: Answer) -> Act:
        path = {"ticket_id": ticket.body["id"]}
        return self.ask(f"{method} {TICKET}", "sell", path=path)

    def release(self, reservation: Answer) -> Act:
        path = {"reservation_id": reservation.body["id"]}
        return self.ask(f"DELETE {RESERVATION}", "sell", path=path)

    def check_out(self, reservation: Answer, method: str = "card", **ship_to: str) -> Act:
        address = {**SHIP_TO, **ship_to}
        body = {"buyer_id": "ana", "payment_method": method, "ship_to": address}
        return self.ask(CHECKOUT, "sell", body, path={"reservation_id": reservation.body["id"]})

    def order(self, units: int, sku: str = "APPLE", **ship_to: str) -> Mapping[str, Any]:
        made: Mapping[str, Any] = self.check_out(self.reserve(units, sku)(), **ship_to)().body
        return made

    def move(self, order: Mapping[str, Any]) -> Act:
        """Another address of an order."""
        body = {"buyer_id": "ana", "ship_to": {**SHIP_TO, "line1": "2 Moved Road"}}
        return self.ask(ADDRESS, "sell", body, path={"order_id": order["id"]})

    def webhook(
        self, order: Mapping[str, Any], kind: str = "payment.succeeded", **wrong: Any
    ) -> Act:
        """What the provider says of an order, signed at each delivery."""
        raw = event_about(order, kind, **wrong)

        def deliver() -> Answer:
            # By the machine's own clock, which the library that verifies it reads.
            moment = datetime.now(UTC)
            headers = {
                "webhook-id": "msg_1",
                "webhook-timestamp": str(int(moment.timestamp())),
                "webhook-signature": Webhook(PAYMENT_SECRET).sign("msg_1", moment, raw),
            }
            ask = Ask(ROUTE, {"provider": "test"}, headers=headers, raw=raw)
            return self._gateway.ask(ask)

        return deliver

    def refund(self, order: Mapping[str, Any], **wish: Any) -> Act:
        body = {"reason": "bruised", **wish}
        return self.ask(REFUND, "manage", body, path={"order_id": order["id"]})

    def paid(self, units: int) -> Mapping[str, Any]:
        order = self.order(units)
        self.webhook(order)()
        return order

    def see_to(self, refund: Answer, **more: Any) -> Act:
        """The step of a refund."""
        event = {"refund": refund.body["id"], "part": 1, "looks": 0, **more}
        return lambda: self.invoke("refund_order", event)

    def command(self, name: str, **body: Any) -> Act:
        return self.ask(f"POST {CAMPAIGN}/{name}", "manage", body)

    def task(self, function: str, **more: Any) -> Act:
        """A step of the lifecycle."""
        event = {"campaign": self.show, "part": 1, "beat": 0, **more}
        return lambda: self.invoke(function, event)

    # -- how far a campaign has come -------------------------------------------------------------------

    def create(self) -> Act:
        body = {
            "name": "A short hour",
            "time_zone": "UTC",
            "starts_at": rfc3339(STARTS + 3600),
            "ends_at": rfc3339(STARTS + 3600 + LENGTH),
            "currency": "CNY",
            "hold_seconds": HOLD,
            "fulfilment": {"carrier": self.carrier} if self.carrier else None,
            "run_of_show": self.run_of_show,
            **self.hold_limits,
            "offers": [
                {
                    "sku": "APPLE",
                    "title": {"en": "Apple"},
                    "unit_price": 990,
                    "allotment": 8,
                    "waitlist": {"hold_seconds": HOLD},
                },
                {
                    "sku": "PEAR",
                    "title": {"en": "Pear"},
                    "unit_price": 1500,
                    "allotment": 4,
                    "limit_per_buyer": 2,
                    "waitlist": {"hold_seconds": HOLD},
                },
            ],
        }
        return self.ask("POST /v1/campaigns", "manage", body)

    def draft(self) -> None:
        self.show = self.create()().body["id"]

    def begun(self) -> None:
        self.draft()
        self.command("start")()

    def laid_out(self) -> None:
        self.begun()
        self.task("prepare_stock")()

    def live(self) -> None:
        self.laid_out()
        self.task("open_campaign")()

    def over(self) -> None:
        """Ended, with a sale in the books and nothing held."""
        self.live()
        self.webhook(self.order(3))()
        self.command("end")()

    def drained(self) -> None:
        self.over()
        self.task("close_campaign")()
        self.task("keep_books")()
        self.task("keep_books")()


class _Switch:
    """A client of whichever store the rig has now."""

    def __init__(self, rig: Rig, memory: Client) -> None:
        self._rig = rig
        self._memory = memory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.real or self._memory, name)


Act = Callable[[], Any]
Path = Callable[[Rig], Act]
"""Does what goes before, and gives the request that is to be made."""


# -- stock -------------------------------------------------------------------------------------------------


def reserve(rig: Rig) -> Act:
    rig.live()
    return rig.reserve(1)


def reserve_over_several_blocks(rig: Rig) -> Act:
    rig.live()
    return rig.reserve(5)


def reserve_elsewhere(rig: Rig) -> Act:
    """Most homes are empty."""
    rig.live()
    rig.reserve(6)()
    return rig.reserve(2)


def reserve_by_a_board_that_promises_too_much(rig: Rig) -> Act:
    """Parts are taken, and then there is not enough: the path is ended, and they go back."""
    rig.live()
    rig.reserve(3)()
    for _ in range(4):
        rig.reserve(1)()
    return rig.reserve(2)


def reserve_within_a_limit(rig: Rig) -> Act:
    rig.live()
    return rig.reserve(1, "PEAR")


def reserve_over_a_stale_hold(rig: Rig) -> Act:
    """The buyer's purse is full of what ran out long ago."""
    rig.live()
    rig.reserve(2, "PEAR")()
    rig.pause(HOLD + 20)
    return rig.reserve(2, "PEAR")


def reserve_within_limits_of_holds(rig: Rig) -> Act:
    rig.hold_limits = {"max_open_holds_per_buyer": 2, "max_holds_per_ten_minutes": 4}
    rig.live()
    rig.reserve(1)()
    return rig.reserve(1)


def reserve_when_earlier_holds_are_over(rig: Rig) -> Act:
    """The buyer's item is full of them, and is corrected."""
    rig.hold_limits = {"max_open_holds_per_buyer": 2}
    rig.live()
    rig.release(rig.reserve(1)())()
    rig.reserve(1, "PEAR")()
    return rig.reserve(1)


def reserve_when_earlier_holds_have_begun(rig: Rig) -> Act:
    """They are marked as over, and still count."""
    rig.hold_limits = {"max_open_holds_per_buyer": 1, "max_holds_per_ten_minutes": 4}
    rig.live()
    rig.reserve(1)()
    rig.pause(HOLD)
    return rig.reserve(1)


def reserve_with_a_coupon(rig: Rig) -> Act:
    _with_a_coupon(rig)
    return rig.reserve(1, coupon="toast")


def release_with_a_coupon(rig: Rig) -> Act:
    _with_a_coupon(rig)
    return rig.release(rig.reserve(1, coupon="toast")())


def sell_the_use_of_a_coupon(rig: Rig) -> Act:
    """By the beat."""
    _with_a_coupon(rig)
    rig.webhook(rig.check_out(rig.reserve(1, coupon="toast")())().body)()
    return rig.task("keep_books")


def pay_too_late_with_a_coupon(rig: Rig) -> Act:
    _with_a_coupon(rig)
    order = rig.check_out(rig.reserve(1, coupon="toast")())().body
    rig.pause(HOLD + 20)
    return rig.webhook(order)


def _with_a_coupon(rig: Rig) -> None:
    coupon = {"cue": "coupon", "code": "TOAST", "percent_off": 30, "at": 0, "seconds": LENGTH}
    rig.run_of_show.append({**coupon, "uses": 3, "uses_per_buyer": 1})
    rig.live()


def release(rig: Rig) -> Act:
    rig.live()
    return rig.release(rig.reserve(1)())


def release_over_several_blocks(rig: Rig) -> Act:
    rig.live()
    return rig.release(rig.reserve(5)())


def release_within_a_limit(rig: Rig) -> Act:
    rig.live()
    return rig.release(rig.reserve(2, "PEAR")())


def expire(rig: Rig) -> Act:
    rig.live()
    rig.reserve(1)()
    rig.order(2)
    rig.pause(HOLD + 1)
    return rig.task("keep_books")


def expire_over_several_blocks(rig: Rig) -> Act:
    """The tail has run out, and its parts follow."""
    rig.live()
    rig.reserve(5)()
    rig.pause(HOLD + 1)
    rig.task("keep_books")()
    return rig.task("keep_books")


# -- those who wait ------------------------------------------------------------------------------------------


def _waiting(rig: Rig) -> tuple[Answer, Answer]:
    """Everything is held, and somebody waits."""
    rig.live()
    held = rig.reserve(8)()
    return held, rig.wait_for(2)()


def _offered(rig: Rig) -> Answer:
    held, ticket = _waiting(rig)
    rig.release(held)()
    rig.task("keep_books")()
    return ticket


def wait(rig: Rig) -> Act:
    rig.live()
    rig.reserve(8)()
    return rig.wait_for(2)


def wait_within_a_limit(rig: Rig) -> Act:
    rig.live()
    for buyer in ("ben", "cleo"):
        rig.ask(RESERVE, "sell", {"sku": "PEAR", "quantity": 2, "buyer_id": buyer})()
    return rig.wait_for(1, "PEAR")


def leave(rig: Rig) -> Act:
    _, ticket = _waiting(rig)
    return rig.on_ticket("DELETE", ticket)


def offer(rig: Rig) -> Act:
    held, _ = _waiting(rig)
    rig.release(held)()
    return rig.task("keep_books")


def leave_what_was_offered(rig: Rig) -> Act:
    return rig.on_ticket("DELETE", _offered(rig))


def offer_with_a_coupon(rig: Rig) -> Act:
    _with_a_coupon(rig)
    held = rig.reserve(8)()
    rig.wait_for(2, coupon="toast")()
    rig.release(held)()
    return rig.task("keep_books")


def leave_what_was_offered_with_a_coupon(rig: Rig) -> Act:
    _with_a_coupon(rig)
    held = rig.reserve(8)()
    ticket = rig.wait_for(2, coupon="toast")()
    rig.release(held)()
    rig.task("keep_books")()
    return rig.on_ticket("DELETE", ticket)


def offer_in_vain(rig: Rig) -> Act:
    """It runs out, and the line goes."""
    _offered(rig)
    rig.pause(HOLD + 1)
    return rig.task("keep_books")


def wait_until_all_is_over(rig: Rig) -> Act:
    _, ticket = _waiting(rig)
    rig.command("end")()
    rig.pause(1)
    return rig.on_ticket("GET", ticket)


# -- money -------------------------------------------------------------------------------------------------


def check_out(rig: Rig) -> Act:
    rig.live()
    return rig.check_out(rig.reserve(2)())


def check_out_again(rig: Rig) -> Act:
    rig.live()
    reservation = rig.reserve(2)()
    rig.check_out(reservation)()
    return rig.check_out(reservation, "alipay")


def pay_what_was_replaced(rig: Rig) -> Act:
    rig.live()
    reservation = rig.reserve(2)()
    order = rig.check_out(reservation)().body
    rig.check_out(reservation, "alipay")()
    return rig.webhook(order)


def pay(rig: Rig) -> Act:
    rig.live()
    return rig.webhook(rig.order(5))


def fail_to_pay(rig: Rig) -> Act:
    rig.live()
    return rig.webhook(rig.order(1), "payment.failed")


def pay_another_amount(rig: Rig) -> Act:
    rig.live()
    return rig.webhook(rig.order(1), amount=1)


def pay_too_late(rig: Rig) -> Act:
    """The units are taken again."""
    rig.live()
    order = rig.order(3)
    rig.pause(HOLD + 6)
    for _ in range(2):
        rig.task("keep_books")()
    return rig.webhook(order)


def pay_too_late_within_a_limit(rig: Rig) -> Act:
    rig.live()
    order = rig.order(2, "PEAR")
    rig.pause(HOLD + 6)
    return rig.webhook(order)


def pay_after_all_is_over(rig: Rig) -> Act:
    """The money goes back."""
    rig.live()
    order = rig.order(3)
    rig.command("cancel", reason="Storm")()
    rig.task("close_campaign")()
    return rig.webhook(order)


def pay_a_second_time(rig: Rig) -> Act:
    """From another tab: it goes back."""
    rig.live()
    order = rig.order(1)
    rig.webhook(order)()
    return rig.webhook(order, payment_id="pay_another")


def pay_before_there_is_an_order(rig: Rig) -> Act:
    """The event waits."""
    rig.live()
    return rig.webhook(_not_yet_ordered(rig))


def put_aside_what_waited_in_vain(rig: Rig) -> Act:
    rig.live()
    rig.webhook(_not_yet_ordered(rig))()
    rig.pause(PARKED_FOR + 1)
    return rig.task("keep_books")


def _not_yet_ordered(rig: Rig) -> Mapping[str, Any]:
    """The order that a reservation may become."""
    body = rig.reserve(1)().body
    identifier = claim_check.ORDER + claim_check.suffix_of(body["id"], claim_check.RESERVATION)
    return {**body, "id": identifier, "payment": {"id": "pay_one"}}


def finish_what_a_webhook_began(rig: Rig) -> Act:
    """Its units are sold, and nobody has told the order."""
    rig.live()
    order = rig.order(1)
    untold = dict(rig.store.items("orders")[0])
    rig.webhook(order)()
    rig.store.call("PutItem", {"TableName": "orders", "Item": untold})
    rig.pause(HOLD + 1)
    return rig.task("keep_books")


def ask_for_a_refund(rig: Rig) -> Act:
    rig.live()
    return rig.refund(rig.paid(1), amount=100)


def give_back_a_part(rig: Rig) -> Act:
    rig.live()
    return rig.see_to(rig.refund(rig.paid(1), amount=100)())


def give_back_and_restock_over_several_blocks(rig: Rig) -> Act:
    rig.live()
    return rig.see_to(rig.refund(rig.paid(5), restock=True)())


def give_a_refund_up(rig: Rig) -> Act:
    rig.live()
    return rig.see_to(rig.refund(rig.paid(1))(), problem="ValueError")


def try_a_refund_again(rig: Rig) -> Act:
    rig.live()
    refund = rig.refund(rig.paid(1))()
    rig.see_to(refund, problem="ValueError")()
    return rig.ask(RETRY, "manage", {}, path={"refund_id": refund.body["id"]})


def tell_the_end_of_a_refund(rig: Rig) -> Act:
    rig.live()
    order = rig.paid(1)
    refund = rig.refund(order)().body
    return rig.webhook(order, "refund.succeeded", refund_id=refund["id"], amount=refund["amount"])


def leave_a_refund_out_of_the_books(rig: Rig) -> Act:
    rig.live()
    rig.refund(rig.paid(1))()
    rig.command("end")()
    rig.task("close_campaign")()
    return rig.task("keep_books")


# -- campaigns ---------------------------------------------------------------------------------------------


def create(rig: Rig) -> Act:
    return rig.create()


def schedule(rig: Rig) -> Act:
    rig.draft()
    return rig.command("schedule")


def start(rig: Rig) -> Act:
    rig.draft()
    return rig.command("start")


def end(rig: Rig) -> Act:
    rig.live()
    return rig.command("end")


def extend(rig: Rig) -> Act:
    rig.live()
    return rig.command("extend", ends_at=rfc3339(STARTS + 10_000))


def extend_to_the_same_end(rig: Rig) -> Act:
    """Nothing changes; the answer is kept all the same."""
    rig.live()
    return rig.command("extend", ends_at=rfc3339(STARTS + 3600 + LENGTH))


def cancel(rig: Rig) -> Act:
    rig.live()
    return rig.command("cancel", reason="Storm")


def direct(rig: Rig) -> Act:
    rig.live()
    return rig.command("cues", cue="price", sku="APPLE", unit_price=880)


def add_stock(rig: Rig) -> Act:
    rig.live()
    return rig.command("allotment", sku="APPLE", units=3)


def finish_adding_stock(rig: Rig) -> Act:
    """Whoever was to lay it out could not."""
    rig.live()
    real, rig.serve_store = rig.store.call, _refusing("GetItem", rig.store.call, "stock")
    rig.command("allotment", sku="APPLE", units=3)()
    rig.serve_store = real
    return rig.task("keep_books")


def pause(rig: Rig) -> Act:
    """Its blocks are few, so they are told before it is answered."""
    rig.live()
    return rig.command("pause", reason="No picture")


def resume(rig: Rig) -> Act:
    pause(rig)()
    return rig.command("resume")


def arrange(rig: Rig) -> Act:
    """Whoever paused it died before the blocks were told."""
    _half_paused(rig)
    return rig.task("arrange_stock")


def finish_a_pause(rig: Rig) -> Act:
    _half_paused(rig)
    return rig.task("keep_books")


def _half_paused(rig: Rig) -> None:
    rig.live()
    real, rig.serve_store = rig.store.call, _refusing("BatchGetItem", rig.store.call)
    rig.command("pause")()
    rig.serve_store = real


def _refusing(operation: str, serve: Serve, role: str = "") -> Serve:
    """A store that does not answer to one operation, on one table or on any."""

    def answer(asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if asked == operation and role in ("", request.get("TableName")):
            raise refuse(asked, "ThrottlingException", "busy")
        return serve(asked, request)

    return answer


def change(rig: Rig) -> Act:
    rig.draft()
    return rig.ask(f"PATCH {CAMPAIGN}", "manage", {"name": "Another"}, headers={"if-match": '"1"'})


# -- totals, and the life of a campaign ----------------------------------------------------------------------


def look_at_the_totals(rig: Rig) -> Act:
    rig.live()
    rig.webhook(rig.order(1))()
    rig.task("keep_books")()
    rig.pause(12)
    return rig.ask(f"GET {CAMPAIGN}/totals", "read")


def prepare(rig: Rig) -> Act:
    rig.begun()
    return rig.task("prepare_stock")


def open_the_doors(rig: Rig) -> Act:
    rig.laid_out()
    return rig.task("open_campaign")


def stamp_a_later_end(rig: Rig) -> Act:
    extend(rig)()
    return rig.task("keep_books")


def close(rig: Rig) -> Act:
    rig.over()
    return rig.task("close_campaign")


def close_what_was_never_laid_out(rig: Rig) -> Act:
    rig.begun()
    blocks = {"stock"}
    put = rig.store.call
    rig.serve_store = lambda operation, request: (
        {} if request.get("TableName") in blocks else put(operation, request)
    )
    rig.task("prepare_stock")()
    rig.serve_store = put
    rig.command("cancel", reason="Frost")()
    return rig.task("close_campaign")


def drain(rig: Rig) -> Act:
    rig.over()
    rig.task("close_campaign")()
    return rig.task("keep_books")


def reconcile(rig: Rig) -> Act:
    rig.drained()
    return rig.task("reconcile_campaign")


def settle(rig: Rig) -> Act:
    rig.drained()
    rig.task("reconcile_campaign")()
    return rig.task("settle_campaign")


def begin_and_say_so(rig: Rig) -> Act:
    """The first step of an execution, at its second attempt."""
    rig.begun()
    return rig.task("prepare_stock", attempt=1, entered_at=rig.now_text())


def begin_what_no_schedule_has_begun(rig: Rig) -> Act:
    rig.draft()
    rig.command("schedule")()
    rig.pause(3600)
    return lambda: rig.invoke("sweep_campaigns", {})


def log_a_version(rig: Rig) -> Act:
    rig.draft()
    change = record(rig.store.changes[-1])

    def publish() -> Any:
        answer = rig.invoke("publish_changes", {"Records": [change]})
        if answer["batchItemFailures"]:
            # It is brought again.
            raise StoreBusy
        return answer

    return publish


def compare(rig: Rig) -> Act:
    """With an order to be ended first."""
    rig.live()
    rig.order(1)
    rig.pause(HOLD + 1)
    return rig.command("reconcile")


def build_the_package(rig: Rig) -> Act:
    settle(rig)()
    return rig.task("package_campaign")


# -- parcels -------------------------------------------------------------------------------------------------


def hand_over(rig: Rig) -> Act:
    order = _paid(rig)
    return lambda: rig.invoke("fulfil_order", {"order": order["id"]})


def hand_over_what_is_left(rig: Rig) -> Act:
    _paid(rig)
    return rig.task("hand_over_orders")


def move(rig: Rig) -> Act:
    """Another address of a paid order."""
    order = _paid(rig)
    return rig.move(order)


def correct(rig: Rig) -> Act:
    """A better address of an order that waits for one; then what the event of that begins."""
    rig.carrier = "file"
    rig.live()
    with rules_of_before():
        order = rig.order(1, postal_code="1")
    rig.webhook(order)()
    rig.invoke("fulfil_order", {"order": order["id"]})
    change = rig.move(order)

    def corrected() -> Any:
        answer = change()
        rig.invoke("fulfil_order", {"order": order["id"]})
        return answer

    return corrected


def erase(rig: Rig) -> Act:
    order = _paid(rig)
    rig.invoke("fulfil_order", {"order": order["id"]})
    route = "DELETE /v1/orders/{order_id}/personal-data"
    return rig.ask(route, "manage", path={"order_id": order["id"]})


def _paid(rig: Rig) -> Mapping[str, Any]:
    rig.carrier = "file"
    rig.live()
    order = rig.order(1)
    rig.webhook(order)()
    return order


# -- rehearsals ----------------------------------------------------------------------------------------------


PAYS, RELEASES = 2, 28
"""Seeds of rehearsals, by what their one buyer does."""


def rehearse(rig: Rig, seed: int = PAYS) -> Act:
    rig.draft()
    return rig.command("rehearse", expected_buyers=1, seed=seed)


def play_a_rehearsal(rig: Rig) -> Act:
    """Its machine has laid out the copy's stock when somebody looks. What else its buyer could do has paths of its own."""
    rehearsal = _asked_for(rig, RELEASES)
    return lambda: rig.invoke("rehearse_show", {"rehearsal": rehearsal})


def judge_a_rehearsal(rig: Rig) -> Act:
    """As it stands: nobody waits for ever."""
    rehearsal = _played(rig)
    return lambda: rig.invoke("judge_rehearsal", {"rehearsal": rehearsal, "problem": ""})


def clear_a_rehearsal(rig: Rig) -> Act:
    rehearsal = _played(rig)
    rig.invoke("judge_rehearsal", {"rehearsal": rehearsal, "problem": ""})
    return lambda: rig.invoke("clear_rehearsal", {"rehearsal": rehearsal})


def _asked_for(rig: Rig, seed: int = PAYS) -> str:
    identifier: str = rehearse(rig, seed)().body["id"]
    copy = {"campaign": identifier.replace("rhs_", "cmp_")}

    def prepare(*_: object) -> None:
        """As the copy's machine does: again, if the store did not answer."""
        with suppress(StoreBusy):
            rig.invoke("prepare_stock", copy)
            return
        rig.invoke("prepare_stock", copy)

    rig.executions = Executions(prepare)
    return identifier


def _played(rig: Rig) -> str:
    rehearsal = _asked_for(rig)
    rig.invoke("rehearse_show", {"rehearsal": rehearsal})
    rig.pause(rehearsals.PATIENCE)
    return rehearsal


PATHS: Final[tuple[Path, ...]] = (
    reserve,
    reserve_over_several_blocks,
    reserve_elsewhere,
    reserve_by_a_board_that_promises_too_much,
    reserve_within_a_limit,
    reserve_over_a_stale_hold,
    reserve_within_limits_of_holds,
    reserve_when_earlier_holds_are_over,
    reserve_when_earlier_holds_have_begun,
    reserve_with_a_coupon,
    release_with_a_coupon,
    sell_the_use_of_a_coupon,
    pay_too_late_with_a_coupon,
    release,
    release_over_several_blocks,
    release_within_a_limit,
    expire,
    expire_over_several_blocks,
    wait,
    wait_within_a_limit,
    leave,
    offer,
    leave_what_was_offered,
    offer_with_a_coupon,
    leave_what_was_offered_with_a_coupon,
    offer_in_vain,
    wait_until_all_is_over,
    check_out,
    check_out_again,
    pay_what_was_replaced,
    pay,
    fail_to_pay,
    pay_another_amount,
    pay_too_late,
    pay_too_late_within_a_limit,
    pay_after_all_is_over,
    pay_a_second_time,
    pay_before_there_is_an_order,
    put_aside_what_waited_in_vain,
    finish_what_a_webhook_began,
    ask_for_a_refund,
    give_back_a_part,
    give_back_and_restock_over_several_blocks,
    give_a_refund_up,
    try_a_refund_again,
    tell_the_end_of_a_refund,
    leave_a_refund_out_of_the_books,
    create,
    schedule,
    start,
    end,
    extend,
    extend_to_the_same_end,
    cancel,
    direct,
    add_stock,
    finish_adding_stock,
    pause,
    resume,
    arrange,
    finish_a_pause,
    change,
    look_at_the_totals,
    prepare,
    open_the_doors,
    stamp_a_later_end,
    close,
    close_what_was_never_laid_out,
    drain,
    reconcile,
    settle,
    log_a_version,
    begin_and_say_so,
    begin_what_no_schedule_has_begun,
    compare,
    build_the_package,
    hand_over,
    hand_over_what_is_left,
    move,
    correct,
    erase,
    rehearse,
    play_a_rehearsal,
    judge_a_rehearsal,
    clear_a_rehearsal,
)
