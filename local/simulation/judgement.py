"""
What people were told must be true: acknowledged is durable, a repetition gets the same answer, a refusal has a
reason, an outcome has one name. And at the end: everything has ended, all money has its place, and the books balance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Final

from local.simulation.books_audit import Bank, BooksAudit
from local.simulation.gateway import Answer, Ask
from local.simulation.people import ADDRESS, CHECKOUT, JOIN, ORDER, RESERVATION, RESERVE, TICKET
from local.simulation.violations import Violation, expect
from local.simulation.world import World
from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.claim_check import ORDER as ORDER_PREFIX
from shared.domain.claim_check import RESERVATION as PREFIX
from shared.domain.claim_check import ClaimCheck, suffix_of, verify
from shared.domain.deals import common_price, deal_of, floor_of, is_other_coupon
from shared.domain.hold_limits import WINDOW, HoldRule, limits_of
from shared.domain.ids import ledger_key
from shared.domain.order import Attention, Order, OrderState
from shared.domain.parcel import parcel_id
from shared.domain.stock import PAID, REMEMBERED, Kind
from shared.domain.totals import Sums
from shared.use_cases.hints import SOLD_OUT_FRESH
from shared.use_cases.request_keys import keys_of

_OUTCOME: Final = {
    "reservation_confirmed": Kind.SOLD,
    "reservation_released": Kind.RELEASED,
    "reservation_expired": Kind.EXPIRED,
}
_STATES: Final = {"confirmed": Kind.SOLD, "released": Kind.RELEASED, "expired": Kind.EXPIRED}
_ATTEMPTS: Final = 6
"""At which a ticket may be served, in any show."""
_MAY_COUNT: Final = 20
"""Seconds for which a request that came to nothing may count against the limit of open holds."""
_HONOURED: Final = 20
"""Seconds less than a key is honoured that we hold anybody to: a request may be on its way."""


@dataclass(slots=True)
class Promise:
    """A reservation that was acknowledged."""

    check: ClaimCheck
    sku: str
    outcomes: set[Kind] = field(default_factory=set)
    """As they were told since."""


@dataclass(slots=True)
class AddressWish:
    """
    An address that was asked for: it was written between two steps, or never. A step is the sending of a request about an
    address, or an answer to one.
    """

    ship_to: Mapping[str, str]
    began: int
    ended: int | None = None
    """When it was first known that it is not written any more. ``None``: it may be at any time."""
    acknowledged: bool = False
    doubtful: bool = False
    """Whether nothing was known of it after one of its attempts."""


class Court:
    """Hears all answers, and judges."""

    def __init__(self, world: World, audit: BooksAudit, bank: Bank, merchant: str) -> None:
        self._world = world
        self._audit = audit
        self._bank = bank
        self._merchant = merchant
        self._promises: dict[str, Promise] = {}
        self._replies: dict[str, tuple[int, Any]] = {}
        """First definite answer by request: when (milliseconds), and what."""
        self._buyers: dict[str, str] = {}
        """By ledger key."""
        self._asked: dict[str, dict[str, int]] = {}
        """When each buyer sent each request for a reservation last (milliseconds), by its Idempotency-Key."""
        self._served: dict[str, int] = {}
        """When a request was answered with a reservation (milliseconds), by its Idempotency-Key."""
        self._had_open: dict[tuple[str, int], int] = {}
        """Holds that a buyer had open when a request was sent, by its Idempotency-Key and the instant."""
        self._versions: dict[str, int] = {}
        self._wishes: dict[str, dict[str, AddressWish]] = {}
        """All addresses that were ever asked for, at a checkout or later: by order, and by request."""
        self._steps = count(1)
        self.strict = True
        """Whether what depends on true clocks is judged too."""
        self.calm = False
        """Whether no call fails, and no process dies."""
        audit.ledger.began = self._began

    # -- answers -------------------------------------------------------------------------------------

    def expect_reservation(self, ask: Ask) -> None:
        campaign = self._audit.campaigns.get(ask.path["campaign_id"])
        if campaign is None:
            return
        body = ask.body
        first = ledger_key(
            campaign.secret,
            self._merchant,
            campaign.id,
            body["sku"],
            body["buyer_id"],
            ask.headers["idempotency-key"],
        )
        for key in keys_of(campaign.secret, first):
            self._buyers[key] = body["buyer_id"]
        if limits_of(campaign) is not None:
            buyer, now = body["buyer_id"], self._world.stage.millis
            request = ask.headers["idempotency-key"]
            self._had_open[request, now] = self._count_open(campaign, buyer)
            self._asked.setdefault(buyer, {})[request] = now

    def expect_address(self, ask: Ask) -> None:
        """Once a request was answered for certain, a checkout writes no more; a correction that is asked for again does."""
        wishes, request = self._wishes.setdefault(_order_of(ask), {}), _request(ask)
        known = wishes.get(request)
        if known is not None and ask.route == ADDRESS and known.ended is not None:
            wishes[f"{request} until {known.ended}"] = wishes.pop(request)
        wishes.setdefault(request, AddressWish(ask.body["ship_to"], next(self._steps)))

    def _waits(self, ask: Ask, answer: Answer) -> None:
        """A ticket, as it was told: who waits is overtaken by nobody from now on."""
        body, lines = answer.body, self._audit.lines
        campaign = self._audit.campaigns[body["campaign"]]
        place = campaign.id, body["sku"]
        ticket = next(
            each for each in lines.lines[place].values() if each and each.id == body["id"]
        )
        if ask.route == JOIN:
            lines.told.add(ticket.id)
            for attempt in range(_ATTEMPTS):
                first = replace(ticket, attempt=attempt).ledger_key(campaign.secret)
                for key in keys_of(campaign.secret, first):
                    self._buyers[key] = ask.body["buyer_id"]
        reservation = body["reservation"]
        if reservation is None:
            return
        held = ticket.held
        if held is None:
            raise Violation(f"{ticket.id}: {reservation} was told, and nothing is held")
        check = verify(suffix_of(reservation["id"], PREFIX), campaign.secret)
        offer = campaign.offers[check.offer_number]
        began = check.deadline - (offer.waitlist_hold or 0)
        price = self._fair_price(campaign, offer, check, began, reservation["list_price"])
        expect(check == ticket.check(campaign, held), ticket.id, f"was told {check}")
        expect(reservation["unit_price"] == price, ticket.id, f"costs {price}")
        was_asked = not is_other_coupon(campaign, check.deal, body["coupon"])
        expect(was_asked, ticket.id, f"{body['coupon']} got deal {check.deal}")
        named = (body["coupon"] or "").lower()
        had = bool(named) and named == (reservation["coupon"] or "").lower()
        expect(had is (body["coupon_result"] == "applied"), ticket.id, f"told {body}")
        promise = self._promises.setdefault(reservation["id"], Promise(check, offer.sku))
        if reservation["state"] in _STATES:
            promise.outcomes.add(_STATES[reservation["state"]])

    def heard(self, ask: Ask, answer: Answer, began: int) -> None:
        self._audit.ledger.checks["answers judged"] += 1
        expect(answer.status != 500, ask.route, "answered 500", answer.body)
        if answer.status == 503:
            expect("retry-after" in answer.headers, ask.route, "503 without Retry-After")
        if ask.route in (ADDRESS, CHECKOUT):
            self._addressed(ask, answer)
        if not answer.unknown:
            self._understood(ask, answer, began)

    def _understood(self, ask: Ask, answer: Answer, began: int) -> None:
        """An answer that says what became of its request."""
        if ask.headers.get("idempotency-key"):
            self._repeated(ask, answer)
        if ask.route == RESERVE:
            self._reserved(ask, answer, began)
        elif ask.route in (JOIN, f"GET {TICKET}", f"DELETE {TICKET}") and answer.ok:
            self._waits(ask, answer)
        elif ask.route == f"DELETE {RESERVATION}":
            self._resolved(ask.path["reservation_id"], answer)
        elif ask.route in (CHECKOUT, ORDER) and answer.ok:
            self._ordered(ask, answer)
        elif ask.route.endswith("/totals") and answer.status == 200:
            self._counted(answer)
        elif ask.route.endswith("/timeline") and answer.status == 200:
            self._drawn(answer.body)

    def _repeated(self, ask: Ask, answer: Answer) -> None:
        """The same request has one answer; only the state of a reservation moves on."""
        if not answer.ok:
            return
        request = _request(ask)
        told = dict(answer.body)
        if ask.route == RESERVE:
            del told["state"]
        if ask.route == JOIN:
            for moving in ("state", "place", "coupon_result", "reservation"):
                del told[moving]
        since, first = self._replies.setdefault(request, (self._world.stage.millis, told))
        if first == told or (ask.route == RESERVE and not self._is_honoured(first)):
            return
        del since
        raise Violation(f"{ask.route}: {told} and before: {first}")

    def _is_honoured(self, reservation: Mapping[str, Any]) -> bool:
        deadline = datetime.fromisoformat(reservation["expires_at"]).timestamp()
        return self._world.second < deadline + REMEMBERED - _HONOURED

    def _reserved(self, ask: Ask, answer: Answer, began: int) -> None:
        campaign = self._audit.campaigns[ask.path["campaign_id"]]
        if not answer.ok and self.strict:
            self._audit.ledger.checks["free units sellable"] += 1
        if answer.code == "sold_out" and self.strict:
            shelf = self._audit.ledger.shelves[campaign.id, ask.body["sku"]]
            left = shelf.surely_free(began - SOLD_OUT_FRESH)
            waited = shelf.was_queued(began - SOLD_OUT_FRESH)
            free = f"sold out, and {left} units were free"
            expect(left < ask.body["quantity"] or waited, ask, free)
            expect(answer.body["available"] < ask.body["quantity"], ask, answer.body)
        if answer.code in ("stock_contended", "store_busy") and self.strict:
            self._free_units_are_sold(campaign, ask, answer, began)
        if answer.code == "too_many_holds" and self.strict:
            self._limited(campaign, ask, answer, began)
        if not answer.ok:
            return
        self._served.setdefault(ask.headers["idempotency-key"], self._world.stage.millis)
        body = answer.body
        check = verify(suffix_of(body["id"], PREFIX), campaign.secret)
        offer = campaign.offers[check.offer_number]
        self._promises.setdefault(body["id"], Promise(check, offer.sku))
        life = self._audit.ledger.lives.get((campaign.id, offer.sku, check.key, check.deadline))
        if life is None:
            raise Violation(f"{body['id']} was acknowledged, and nothing is held")
        expect(life.units == check.quantity == body["quantity"], body["id"], f"holds {life.units}")
        expect(life.tail == (check.block, check.tail_quantity), body["id"], f"is at {life.tail}")
        second, code = check.deadline - campaign.hold_seconds, ask.body.get("coupon")
        price = self._fair_price(campaign, offer, check, second, body["list_price"])
        was_asked = not is_other_coupon(campaign, check.deal, code)
        expect(was_asked, body["id"], f"{code} got deal {check.deal}")
        expect(body["unit_price"] == check.unit_price == price, body["id"], "has another price")
        if body["state"] in _STATES:
            self._promises[body["id"]].outcomes.add(_STATES[body["state"]])

    def _free_units_are_sold(
        self, campaign: Campaign, ask: Ask, answer: Answer, began: int
    ) -> None:
        """While nothing fails, units that were free all the while are never refused for want of anything else."""
        if answer.code == "store_busy" and not self.calm:
            return
        shelf = self._audit.ledger.shelves.get((campaign.id, ask.body["sku"]))
        if shelf is None:
            return
        left = shelf.surely_free(began)
        expect(left < ask.body["quantity"], ask, f"{answer.code}, and {left} units were free")

    def _fair_price(
        self, campaign: Campaign, offer: Offer, check: ClaimCheck, second: int, listed: int
    ) -> int:
        """
        What a unit costs that was promised a deal in a second: never more than the list price, nor than what anybody gets
        who has no use of anything; never less than the floor.
        """
        self._audit.ledger.checks["prices fair"] += 1
        price = deal_of(campaign, offer, check.deal, second).unit_price
        expect(
            listed == campaign.list_price(offer, second), offer.sku, f"{listed} is no list price"
        )
        most, floor = common_price(campaign, offer, second), floor_of(campaign, offer)
        expect(floor <= price <= most <= listed, offer.sku, f"{floor}, {price}, {most}, {listed}")
        return price

    def _resolved(self, identifier: str, answer: Answer) -> None:
        outcome = Kind.RELEASED if answer.ok else _OUTCOME.get(answer.code)
        if outcome is None:
            raise Violation(f"{identifier}: {answer.status} {answer.body} to a release")
        self._promises[identifier].outcomes.add(outcome)

    def _ordered(self, ask: Ask, answer: Answer) -> None:
        body = answer.body
        order = self._audit.orders.get(body["id"])
        if order is None:
            raise Violation(f"{body['id']} was acknowledged, and is not there")
        expect(body["amount"] == order.amount, order.id, "is told with another amount")
        if ask.route == CHECKOUT:
            # Who repeats a request is told what was asked for then; who comes after the payment, what there is.
            if answer.status == 201:
                sent = [ask.body["ship_to"]]
            else:
                sent = [wish.ship_to for wish in self._wishes[order.id].values()]
            expect(body["ship_to"] in sent, order.id, "is told with another address")
            promise = self._promises[ask.path["reservation_id"]]
            expect(body["amount"] == promise.check.amount, order.id, "costs more than promised")

    def _addressed(self, ask: Ask, answer: Answer) -> None:
        """What is acknowledged is the order's address from now on; what is refused is not, nor ever was."""
        order_id = _order_of(ask)
        wish = self._wishes[order_id][_request(ask)]
        if wish.ended is not None:
            return
        if answer.unknown:
            wish.doubtful = True
            return
        wish.ended = next(self._steps)
        wish.acknowledged = answer.status == (201 if ask.route == CHECKOUT else 200)
        if ask.route == CHECKOUT:
            # Of one that is refused, or comes after the payment, the address may be written all the same.
            return
        self._audit.ledger.checks["addresses judged"] += 1
        if answer.ok:
            expect(answer.body["ship_to"] == wish.ship_to, order_id, "is told with another address")
            return
        if not wish.doubtful:
            del self._wishes[order_id][_request(ask)]
        refusals = ("shipment_requested", "order_ended", "personal_data_gone")
        expect(answer.code in refusals, order_id, f"is refused its address: {answer.code}")
        order = self._audit.orders[order_id]
        if answer.code == "shipment_requested":
            expect(order.carrier is not None, order_id, "is with no carrier")

    def _judge_address(self, order: Order, told: Mapping[str, str]) -> None:
        """
        A parcel goes to one of the addresses that were asked for, whole; and to none after which another was asked for and
        acknowledged.
        """
        wishes = list(self._wishes.get(order.id, {}).values())
        self._audit.ledger.checks["addresses of parcels judged"] += 1
        self._audit.ledger.checks["addresses of parcels that were changed"] += len(wishes) > 1
        acknowledged = [wish.began for wish in wishes if wish.acknowledged]
        last = max(acknowledged, default=0)
        possible = [wish.ship_to for wish in wishes if wish.ended is None or wish.ended > last]
        said = f"goes to {dict(told)}, and was to go to one of {possible} of {len(wishes)}"
        expect(told in possible, order.id, said)

    def _counted(self, answer: Answer) -> None:
        body = answer.body
        units, reservations = body["units"], body["reservations"]
        expect(
            units["allotted"] == units["available"] + units["held"] + units["sold"], "units", units
        )
        parts = ("confirmed", "released", "expired", "held")
        expect(
            reservations["placed"] == sum(reservations[p] for p in parts), "placed", reservations
        )
        expect(body["net"] == body["gross"] - body["refunded"], "net", body)
        expect(answer.headers["etag"] == f'"{body["version"]}"', "etag", answer.headers)
        if body["complete"]:
            expect(body["status"] in ("closed", "cancelled"), "complete", body["status"])

    @staticmethod
    def _drawn(body: Mapping[str, Any]) -> None:
        expect(all(bucket["orders"] >= 0 for bucket in body["buckets"]), "timeline", body)

    # -- limits --------------------------------------------------------------------------------------

    def _began(self, campaign_id: str, sku: str, key: str) -> None:
        """A hold was taken: does its buyer have more than may be?"""
        campaign = self._audit.campaigns[campaign_id]
        closed = campaign.status in (Status.PAUSED, Status.CLOSING, Status.CLOSED)
        expect(not closed, f"{sku} {key}", f"was held in a campaign that is {campaign.status}")
        self._began_within_limits(campaign, sku, key)
        limit = campaign.offer(sku).limit_per_buyer
        buyer = self._buyers.get(key)
        if limit is None or buyer is None or not self.strict:
            return
        self._audit.ledger.checks["buyer limit"] += 1
        keys = {other for other, name in self._buyers.items() if name == buyer}
        has = self._audit.ledger.units_of(campaign_id, sku, keys, self._world.second)
        expect(has <= limit, f"{buyer} has {has} {sku}", f"the limit is {limit}")
        if key not in self._audit.lines.keys:
            has += sum(
                ticket.quantity
                for ticket in self._audit.lines.waiting((campaign_id, sku))
                if ticket.key in keys
            )
            expect(has <= limit, f"{buyer} has or waits for {has} {sku}", f"the limit is {limit}")

    def _began_within_limits(self, campaign: Campaign, sku: str, key: str) -> None:
        """A reservation was taken: are more of its buyer's open, or begun within ten minutes, than may be?"""
        limits, buyer = limits_of(campaign), self._buyers.get(key)
        if limits is None or buyer is None or not self.strict or key in self._audit.lines.keys:
            return
        self._audit.ledger.checks["holds limited"] += 1
        if limits.open_holds is not None:
            count = self._count_open(campaign, buyer)
            expect(count <= limits.open_holds, f"{buyer} at {sku}", f"has {count} open holds")
        if limits.holds_begun is not None:
            now = self._audit.ledger.deadline_of(campaign.id, sku, key) - campaign.hold_seconds
            count = sum(
                now - WINDOW < deadline - campaign.hold_seconds <= now
                for deadline in self._holds_of(campaign, buyer)
            )
            expect(count <= limits.holds_begun, f"{buyer} at {sku}", f"has begun {count} holds")

    def _count_open(self, campaign: Campaign, buyer: str) -> int:
        """Reservations of a buyer that are held, over all offers. What was offered to who waited is none."""
        return sum(
            entry.deadline > self._world.second
            for offer in campaign.offers
            for key, entry in self._audit.ledger.tails(campaign.id, offer.sku)
            if entry.kind is Kind.HELD and self._is_reserved_by(key, buyer)
        )

    def _holds_of(self, campaign: Campaign, buyer: str) -> Iterator[int]:
        """The deadline of every hold that a buyer has ever begun by a reservation."""
        for (campaign_id, _, key, deadline), life in self._audit.ledger.lives.items():
            if campaign_id == campaign.id and life.tail and self._is_reserved_by(key, buyer):
                yield deadline

    def _is_reserved_by(self, key: str, buyer: str) -> bool:
        return self._buyers.get(key) == buyer and key not in self._audit.lines.keys

    def _limited(self, campaign: Campaign, ask: Ask, answer: Answer, began: int) -> None:
        """
        Who was told of too many holds had as many: open when it was sent or answered, or begun, or on their way. A request
        may count for a moment that came to nothing.
        """
        body, buyer = answer.body, ask.body["buyer_id"]
        expect(int(answer.headers["retry-after"]) == body["retry_after"] >= 1, ask, body)
        request, is_open = ask.headers["idempotency-key"], body["rule"] == HoldRule.OPEN.value
        had = max(self._had_open[request, began], self._count_open(campaign, buyer))
        if not is_open:
            had = sum(1 for _ in self._holds_of(campaign, buyer))
        # A process that died after it was counted leaves a hold counted as begun.
        since = began - _MAY_COUNT * 1000 if is_open else 0
        under_way = sum(
            sent >= since and self._served.get(other, began) >= began
            for other, sent in self._asked[buyer].items()
            if other != request
        )
        self._audit.ledger.checks["holds limited"] += 1
        said = f"{body} was told to {buyer}, who had {had} and asked for {under_way}"
        expect(had + under_way >= body["limit"], ask, said)

    # -- the end -------------------------------------------------------------------------------------

    def judge(self, campaign: Campaign, paid: set[str], *, told: bool) -> None:
        """
        Once nobody is left. ``paid``: orders whose payment the provider was told is taken note of; ``told``: whether streams
        reached the bus.
        """
        ended = (Status.CANCELLED,) if campaign.status is Status.CANCELLED else (Status.CLOSED,)
        expect(campaign.status in ended, campaign.id, f"is {campaign.status} at the end")
        if campaign.prepared_at is not None:
            snapshot = self._audit.snapshots.get(campaign.id)
            expect(snapshot is not None and snapshot.complete, campaign.id, "is not complete")
            expect(campaign.balanced, campaign.id, "its books do not balance")
            if snapshot is not None:
                self._judge_replay(campaign, snapshot.total)
        self._judge_stock(campaign)
        self._audit.uses.judge(campaign)
        self._judge_promises()
        self._judge_money(paid)
        self._judge_fulfilment(campaign)
        self._judge_parcels(campaign, told=told)

    def _judge_replay(self, campaign: Campaign, total: Sums) -> None:
        """What was reserved after the show is told apart, to the minor unit."""
        orders = [
            order
            for order in self._audit.orders.values()
            if order.paid_at is not None and self._is_of_replay(campaign, order)
        ]
        sold = (
            len(orders),
            sum(order.amount for order in orders),
            sum(order.refunded_in_books for order in orders),
        )
        told = (total.replay_orders, total.replay_gross, total.replay_refunded)
        expect(told == sold, "replay", f"{told} are told, {sold} were sold and given back")
        self._audit.ledger.checks["replay told apart"] += 1

    def _is_of_replay(self, campaign: Campaign, order: Order) -> bool:
        """By whether its units were held for who stood in line, as the line's tickets say."""
        waited = order.key in self._audit.lines.keys
        offer = campaign.offer(order.sku)
        hold = (offer.waitlist_hold if waited else None) or campaign.hold_seconds
        return campaign.replay_until is not None and order.expires_at - hold >= campaign.ends_at

    def _judge_fulfilment(self, campaign: Campaign) -> None:
        """Each order that was paid and kept has its parcel, or a reason."""
        for order in self._audit.orders.values():
            if order.state is OrderState.PAID:
                left = campaign.carrier is None or order.attention is not None
                expect(left, order.id, "is paid, and handed to nobody")
                gone = order.attention is Attention.ADDRESS_GONE
                expect(order.erased_at or not gone, order.id, "has lost its address")

    def _judge_parcels(self, campaign: Campaign, *, told: bool) -> None:
        """Who was handed over has a parcel, and nobody else: but where no event tells of money that went back later."""
        parcels = {
            f"parcels/{campaign.id}/{parcel_id(order.id)}.json": order
            for order in self._audit.orders.values()
            if order.erased_at is None
        }
        wanted = {key for key in parcels if parcels[key].state is OrderState.FULFILLED}
        found = {key for key in self._world.objects.kept if key.startswith("parcels/")}
        for key in wanted & found:
            self._judge_address(parcels[key], json.loads(self._world.objects.kept[key])["address"])
        missing, more = wanted - found, found - wanted
        went_back = {key for key in parcels if parcels[key].state is OrderState.REFUNDED}
        expect(not missing, "parcels", f"{missing} are with nobody")
        expect(not more or (not told and more <= went_back), "parcels", f"{more} leave for nothing")

    def _judge_stock(self, campaign: Campaign) -> None:
        for offer in campaign.offers:
            shelf = self._audit.ledger.shelves.get((campaign.id, offer.sku))
            if shelf is None:
                continue
            sums = shelf.sums
            expect(sums.held == 0, offer.sku, f"{sums.held} units are held at the end")
            expect(sums.allotted == offer.allotment, offer.sku, f"{sums} of {offer.allotment}")
        for (_, sku, key, _), life in self._audit.ledger.lives.items():
            if life.tail is not None:
                expect(life.outcome is not None, f"{sku} {key}", "never ended")
            stuck = [number for number, kind in life.parts.items() if kind is Kind.HELD]
            expect(not stuck, f"{sku} {key}", f"still holds units in {stuck}")

    def _judge_promises(self) -> None:
        ledger = self._audit.ledger
        for identifier, promise in self._promises.items():
            check = promise.check
            life = ledger.lives[check.campaign_id, promise.sku, check.key, check.deadline]
            told = promise.outcomes
            # What was given back since had been sold.
            outcome = Kind.SOLD if life.outcome in PAID else life.outcome
            expect(told <= {outcome}, identifier, f"was told {told}, and is {outcome}")
            ledger.checks["acknowledged is durable"] += 1

    def _judge_money(self, paid: set[str]) -> None:
        ends = set(OrderState) - {OrderState.AWAITING_PAYMENT}
        kept = 0
        for order in self._audit.orders.values():
            expect(order.state in ends, order.id, f"is {order.state} at the end")
            expect(not order.is_settling, order.id, "has money without a place")
            expect((order.captured > 0) == (order.id in paid), order.id, "lost a payment")
            kept += order.captured - order.refunded_in_books
        shelves = self._audit.ledger.shelves.values()
        booked = sum(shelf.sums.gross - shelf.sums.refunded for shelf in shelves)
        expect(kept == booked, "money", f"{kept} kept by orders, {booked} by the blocks")
        for refund in self._audit.refunds.values():
            expect(not refund.is_under_way, refund.id, f"is {refund.state} at the end")
            expect(not refund.unbooked or refund.is_open, refund.id, "is in nobody's books")
        expect(set(self._bank.captured) >= paid, "money", "was invented")


def _order_of(ask: Ask) -> str:
    """The order that a request about an address is about, though there may be none yet."""
    if ask.route == ADDRESS:
        return str(ask.path["order_id"])
    return ORDER_PREFIX + suffix_of(ask.path["reservation_id"], PREFIX)


def _request(ask: Ask) -> str:
    """What tells a request from all that are not the same."""
    return json.dumps([ask.route, dict(ask.path), ask.body, dict(ask.headers)])
