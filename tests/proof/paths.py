"""
Everything livehour writes, one short path each: what goes before, and the request that writes.

What goes before happens in memory, in no time; the request itself is made twice of a store that may fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from local.simulation.bank import ROUTE, event_about
from local.simulation.gateway import OURS, Answer, Ask, Gateway
from local.simulation.people import CHECKOUT, RESERVATION, RESERVE, SHIP_TO
from local.simulation.plan import STARTS
from local.simulation.sdk import Client
from local.simulation.services import PAYMENT_SECRET, Executions, Schedules
from local.simulation.world import Scale, World
from shared.clock import rfc3339
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
        self.real: Any = None
        """A client of the store from now on."""
        self.show = ""
        self._gateway = Gateway(self)
        self._keys = 0
        for scope in ("manage", "sell", "read"):
            self._gateway.admit(OURS, scope)

    def connect(self, service: str) -> Any:
        client = super().connect(service)
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

    def reserve(self, units: int, sku: str = "APPLE") -> Act:
        body = {"sku": sku, "quantity": units, "buyer_id": "ana"}
        return self.ask(RESERVE, "sell", body)

    def release(self, reservation: Answer) -> Act:
        path = {"reservation_id": reservation.body["id"]}
        return self.ask(f"DELETE {RESERVATION}", "sell", path=path)

    def check_out(self, reservation: Answer) -> Act:
        body = {"buyer_id": "ana", "payment_method": "card", "ship_to": SHIP_TO}
        return self.ask(CHECKOUT, "sell", body, path={"reservation_id": reservation.body["id"]})

    def order(self, units: int, sku: str = "APPLE") -> Mapping[str, Any]:
        order: Mapping[str, Any] = self.check_out(self.reserve(units, sku)())().body
        return order

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

    def command(self, name: str, **body: Any) -> Act:
        return self.ask(f"POST {CAMPAIGN}/{name}", "manage", body)

    def task(self, function: str) -> Act:
        """A step of the lifecycle."""
        return lambda: self.invoke(function, {"campaign": self.show, "part": 1, "beat": 0})

    # -- how far a campaign has come -------------------------------------------------------------------

    def create(self) -> Act:
        body = {
            "name": "A short hour",
            "time_zone": "UTC",
            "starts_at": rfc3339(STARTS + 3600),
            "ends_at": rfc3339(STARTS + 3600 + LENGTH),
            "currency": "CNY",
            "hold_seconds": HOLD,
            "offers": [
                {"sku": "APPLE", "title": {"en": "Apple"}, "unit_price": 990, "allotment": 8},
                {
                    "sku": "PEAR",
                    "title": {"en": "Pear"},
                    "unit_price": 1500,
                    "allotment": 4,
                    "limit_per_buyer": 2,
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


# -- money -------------------------------------------------------------------------------------------------


def check_out(rig: Rig) -> Act:
    rig.live()
    return rig.check_out(rig.reserve(2)())


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


def finish_what_a_webhook_began(rig: Rig) -> Act:
    """Its units are sold, and nobody has told the order."""
    rig.live()
    order = rig.order(1)
    untold = dict(rig.store.items("orders")[0])
    rig.webhook(order)()
    rig.store.call("PutItem", {"TableName": "orders", "Item": untold})
    rig.pause(HOLD + 1)
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


PATHS: Final[tuple[Path, ...]] = (
    reserve,
    reserve_over_several_blocks,
    reserve_elsewhere,
    reserve_by_a_board_that_promises_too_much,
    reserve_within_a_limit,
    reserve_over_a_stale_hold,
    release,
    release_over_several_blocks,
    release_within_a_limit,
    expire,
    expire_over_several_blocks,
    check_out,
    pay,
    fail_to_pay,
    pay_another_amount,
    pay_too_late,
    pay_too_late_within_a_limit,
    pay_after_all_is_over,
    finish_what_a_webhook_began,
    create,
    schedule,
    start,
    end,
    extend,
    extend_to_the_same_end,
    cancel,
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
)
