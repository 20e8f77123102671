"""What the adapters do to the store, in random order and with random values: one function for each table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from local.simulation.memory_dynamodb import MemoryDynamoDB
from shared import table
from shared.adapters.dynamodb_buyers import DynamoDBBuyers
from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
from shared.adapters.dynamodb_hold_limits import DynamoDBHoldLimits
from shared.adapters.dynamodb_keys import DynamoDBKeys
from shared.adapters.dynamodb_log import DynamoDBLog
from shared.adapters.dynamodb_orders import DynamoDBOrders
from shared.adapters.dynamodb_packages import DynamoDBPackages
from shared.adapters.dynamodb_payments import DynamoDBQuarantine
from shared.adapters.dynamodb_rehearsals import DynamoDBRehearsals
from shared.adapters.dynamodb_requests import DynamoDBAnswers
from shared.adapters.dynamodb_stock import DynamoDBStock
from shared.adapters.dynamodb_totals import DynamoDBTotals
from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
from shared.domain import stock as ledger
from shared.domain.board import Board
from shared.domain.campaign import Campaign, Status
from shared.domain.campaign_log import Outcome, stumbled
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import StoreBusy
from shared.domain.hold_limits import BuyerHolds, HoldClaim, HoldLimits
from shared.domain.ids import ledger_key
from shared.domain.order import Attention, Order, RefundReason, Seat
from shared.domain.payment import Doubt, QuarantinedPayment
from shared.domain.stock import Block, Entry, Gate, Kind
from shared.domain.totals import Snapshot, Sums
from shared.use_cases.limit_buyer import Claim, Purse
from shared.use_cases.ports import Answered, AnsweredBefore, ChangedMeanwhile
from shared.use_cases.stock_ports import Shelf
from shared.use_cases.totals_ports import Bookmark
from tests.builders import a_campaign

SECRET = "5e" * 32
SKU = "FUJI-12"


class Rig:
    """The adapters, on one client; a campaign of their own; and what they did so far."""

    def __init__(self, client: Any, campaign_id: str, random: Random, now: int) -> None:
        self.client = client
        self.random = random
        self.now = now
        self.id = campaign_id
        self.stock = DynamoDBStock(client, "stock", lambda: "overflow")
        self.orders = DynamoDBOrders(client, "orders")
        self.campaigns = DynamoDBCampaigns(client, "campaigns", "requests")
        self.answers = DynamoDBAnswers(client, "requests")
        self.totals = DynamoDBTotals(client, "totals")
        self.packages = DynamoDBPackages(client, "totals")
        self.buyers = DynamoDBBuyers(client, "buyers")
        self.holds = DynamoDBHoldLimits(client, "buyers")
        self.waitlists = DynamoDBWaitlists(client, "waitlists")
        self.quarantine = DynamoDBQuarantine(client, "payments")
        self.keys = DynamoDBKeys(client, "keys")
        self.rehearsals = DynamoDBRehearsals(client, "rehearsals")
        self.log = DynamoDBLog(client, "log")
        self.shelf = Shelf(campaign_id, SKU, 3, 3, now - 60, 12)
        self.merchant = f"mer_{campaign_id}"
        self.known: list[Order] = []
        self.plans: list[Campaign] = []
        self.drawn = 0

    def key(self) -> str:
        return ledger_key(SECRET, str(self.random.randrange(8)))

    def fresh(self) -> str:
        self.drawn += 1
        return f"{self.id}-{self.drawn}"

    @staticmethod
    def items(memory: MemoryDynamoDB) -> Iterator[tuple[str, dict[str, Any], Any]]:
        for role, spec in table.TABLES.items():
            for item in memory.items(role):
                names = [spec.key, *([spec.sort] if spec.sort else [])]
                yield role, {name: item[name] for name in names}, item


# -- stock ---------------------------------------------------------------------------------------------


def stock(rig: Rig) -> None:
    random, place = rig.random, rig.random.randrange(3)
    roll = random.random()
    if roll < 0.12:
        units = random.randint(1, 9)
        rig.stock.lay_out(rig.shelf, place, units=units, opens=rig.now - 9, closes=rig.now + 99)
    elif roll < 0.2:
        closes = random.choice([rig.now + 50, rig.now - 1, ledger.FOR_GOOD])
        rig.stock.stamp(rig.shelf, place, Gate(rig.now - 5, closes))
    elif roll < 0.3:
        _board(rig)
    elif roll < 0.36:
        with contextlib.suppress(StoreBusy):
            rig.stock.read_all(rig.shelf)
    else:
        block = rig.stock.read(rig.shelf, place)
        if block is not None:
            amendment = _amendment(rig, block)
            if amendment.write or amendment.unmark:
                rig.stock.amend(rig.shelf, place, amendment)
        else:
            rig.stock.amend(rig.shelf, place, ledger.prune([(rig.key(), _entry(rig))]))


def _entry(rig: Rig) -> Entry:
    random = rig.random
    kind = random.choice(list(Kind))
    following = random.choice([None, None, 1, 2])
    return Entry(kind, random.randint(0, 3), rig.now + random.randint(-100, 100), following)


def _amendment(rig: Rig, block: Block) -> ledger.Amendment:
    """One of the movements, on what is there or on what is not."""
    random, key = rig.random, rig.key()
    there = block.ledger.get(key) or _entry(rig)
    if random.random() < 0.15:
        there = replace(there, deadline=there.deadline + 1)
    over = block.ledger.get(key) if random.random() < 0.5 else None
    new = Entry(Kind.HELD, random.randint(1, 4), rig.now + 60, random.choice([None, 1]))
    room = random.choice([2, 5, 12])
    choices: list[Callable[[], ledger.Amendment]] = [
        lambda: ledger.take(key, new, now=rig.now, room=room, over=over),
        lambda: ledger.take(key, new, now=rig.now, room=room).in_ledger_as(block.overflow),
        lambda: _move_out(rig, block),
        lambda: ledger.forward(
            key, Entry(Kind.FORWARD, 0, rig.now + 60, 2), now=rig.now, room=room, over=over
        ),
        lambda: ledger.abandon(key, rig.now, now=random.choice([None, rig.now]), room=room),
        lambda: ledger.confirm(key, there, 100),
        lambda: ledger.end(key, there, random.choice([Kind.RELEASED, Kind.EXPIRED, Kind.VOID])),
        lambda: ledger.expire(list(block.ledger.items())[:2]),
        lambda: ledger.prune(list(block.ledger.items())[:2]),
        lambda: (
            ledger.unmark(block.overflow)
            if block.overflow is not None
            else ledger.confirm(key, there, 1)
        ),
    ]
    return random.choice(choices)()


def _move_out(rig: Rig, block: Block) -> ledger.Amendment:
    """Entries are copied into the overflow table, and searched there, before they are to be removed from their block."""
    moved = block.movable()[:2]
    rig.stock.copy_out(rig.shelf, block.number, dict(moved))
    rig.stock.read_moved(rig.shelf, block.number, rig.key())
    rig.stock.all_moved(rig.shelf, block.number)
    return ledger.move_out(moved, block)


def _board(rig: Rig) -> None:
    random = rig.random
    match random.randrange(3):
        case 0:
            rig.stock.read_board(rig.shelf)
        case 1:
            now = rig.now * 1000 + random.randint(0, 5000)
            rig.stock.claim_board(rig.shelf, now=now, until=now + 1500)
        case _:
            as_of = rig.now * 1000 + random.randint(0, 5000)
            seen = random.choice([b"", b"\x01\x02"])
            rig.stock.post_board(rig.shelf, Board(as_of, 3, b"\x01\x02\x00", seen))


# -- orders --------------------------------------------------------------------------------------------


def orders(rig: Rig) -> None:
    random = rig.random
    roll = random.random()
    if roll < 0.3 or not rig.known:
        order = an_order(rig)
        if rig.orders.place(order) is None:
            rig.known.append(order)
    elif roll < 0.7:
        order = random.choice(rig.known)
        following = _following(rig, order)
        if rig.orders.save(following) is None and random.random() < 0.8:
            rig.known[rig.known.index(order)] = following
    elif roll < 0.76:
        rig.orders.remind(random.choice(rig.known), at=rig.now + random.randint(0, 30))
    elif roll < 0.82:
        since = rig.now + random.randint(-5, 20)
        list(rig.orders.ended(rig.id, since=since, until=since + random.randint(0, 40)))
    elif roll < 0.88:
        list(rig.orders.unsettled(rig.id))
        list(rig.orders.all(rig.id))
    elif roll < 0.94:
        before = random.choice([None, check_of(rig, random.choice(rig.known))])
        rig.orders.page(rig.id, before=before, limit=random.randint(1, 9))
    else:
        rig.orders.find(check_of(rig, random.choice(rig.known)))


def an_order(rig: Rig) -> Order:
    if rig.known and rig.random.random() < 0.2:
        return rig.random.choice(rig.known).as_placed()
    return Order(
        id=f"ord_{rig.fresh()}",
        campaign_id=rig.id,
        merchant=rig.merchant,
        sku=SKU,
        quantity=2,
        amount=19_800,
        currency="CNY",
        buyer="digest",
        key=ledger_key(SECRET, str(rig.random.randrange(40))),
        created_at=rig.now,
        expires_at=rig.now + rig.random.randint(0, 30),
        provider="test",
        payment_id="pay_1",
        payment_action={"type": "signed_webhook"},
        request="0a" * 9,
        fingerprint=rig.random.choice(["0b", "0c"]) * 9,
        ship_to=rig.random.choice([None, b"sealed"]),
    )


def _following(rig: Rig, order: Order) -> Order:
    """The order in some next version; which, the store does not ask."""
    choices: list[Callable[[], Order]] = [
        lambda: order.failed("msg_1"),
        lambda: order.paid(rig.now),
        order.cancelled,
        lambda: order.seeking(until=rig.now + 60),
        lambda: order.seated(Seat(block=2, key="AAAAAAAA", units=1)),
        lambda: order.refunding(RefundReason.SOLD_OUT),
        order.gave_back,
        lambda: order.handing_over("file"),
        lambda: order.fulfilled(rig.now),
        lambda: order.needing_attention(Attention.ADDRESS_GONE),
        lambda: order.needing_attention(Attention.ADDRESS_INCOMPLETE),
        lambda: order.readdressed(b"moved"),
        lambda: order.erased(rig.now),
    ]
    while True:
        try:
            return rig.random.choice(choices)()
        except ValueError:
            if order.is_settled:
                return order.failed("msg_2")


def check_of(rig: Rig, order: Order) -> ClaimCheck:
    return ClaimCheck(
        campaign_id=rig.id,
        offer_number=0,
        block=0,
        key=order.key,
        quantity=order.quantity,
        tail_quantity=order.quantity,
        unit_price=9900,
        deadline=order.expires_at,
        buyer="digest",
    )


# -- campaigns, answers, totals, buyers, payments, keys ------------------------------------------------------


def campaigns(rig: Rig) -> None:
    random = rig.random
    roll = random.random()
    if roll < 0.3 or not rig.plans:
        letter = random.choice("abcd")
        campaign = a_campaign(
            id=rig.id[:-1] + letter,
            merchant=rig.merchant,
            # No two alike: an index has no order of its own for those.
            created_at=rig.now * 1000 + ord(letter),
        )
        _save(rig, campaign)
    elif roll < 0.6:
        campaign = random.choice(rig.plans).changed(name=random.choice(["Ana", "Bo"]))
        _save(rig, campaign)
    elif roll < 0.8:
        status = random.choice([None, Status.DRAFT, Status.LIVE])
        after = random.choice([None, random.choice(rig.plans)])
        rig.campaigns.of_merchant(rig.merchant, status=status, after=after, limit=2)
    elif roll < 0.9:
        answered = _answered(rig)
        with contextlib.suppress(AnsweredBefore):
            rig.answers.keep(answered, now=rig.now + random.randint(0, 20))
    else:
        rig.answers.recall(_answered(rig).id, now=rig.now)


def _save(rig: Rig, campaign: Campaign) -> None:
    answered = _answered(rig) if rig.random.random() < 0.5 else None
    try:
        rig.campaigns.save(campaign, answered=answered, now=rig.now + rig.random.randint(0, 20))
        rig.plans = [plan for plan in rig.plans if plan.id != campaign.id] + [campaign]
    except (ChangedMeanwhile, AnsweredBefore):
        pass


def _answered(rig: Rig) -> Answered:
    return Answered(
        id=f"{rig.id} {rig.random.randrange(6)}",
        fingerprint="f",
        status=200,
        document='{"name":"é"}',
        expires_at=rig.now + 10,
    )


def totals(rig: Rig) -> None:
    random = rig.random
    current = rig.totals.current(rig.id)
    version = (current.version if current else 0) + random.choice([1, 1, 1, 0, 2])
    snapshot = Snapshot(
        version=max(1, version),
        as_of=rig.now * 1000 + random.randint(0, 60_000),
        campaign_version=3,
        status=Status.LIVE,
        offers=(Sums(available=random.randint(0, 9)),),
    )
    match random.randrange(7):
        case 0 | 1 | 2:
            rig.totals.advance(rig.id, snapshot)
        case 3:
            now = random.randint(0, 5)
            rig.totals.claim(rig.id, version - 1, now=now, until=now + 2)
        case 4:
            rig.totals.keep(rig.id, snapshot)
        case 5:
            rig.totals.kept(rig.id, rig.now + random.randint(0, 60))
        case _:
            rig.totals.set_bookmark(rig.id, Bookmark(rig.now, random.choice([None, 7])))
            rig.totals.bookmark(rig.id)
            rig.totals.write_report(rig.id, f'{{"n":{random.randrange(3)}}}')
            rig.totals.report(rig.id)


def buyers(rig: Rig) -> None:
    random = rig.random
    digest, key = random.choice("xy"), rig.key()
    claim = Claim(random.randint(1, 3), rig.now + random.randint(0, 2))
    purse = rig.buyers.claim(rig.shelf, digest, key, claim, limit=random.choice([4, 6]))
    if purse is None and random.random() < 0.5:
        rig.buyers.give_back(rig.shelf, digest, key, random.choice([claim, Claim(1, 0)]))
    elif purse is not None:
        kept = {
            name: random.choice([old, Claim(old.units, 0)])
            for name, old in purse.claims.items()
            if random.random() < 0.7
        }
        seen = random.choice([purse, Purse(purse.units + 1, purse.claims)])
        rig.buyers.correct(rig.shelf, digest, seen, kept)


def hold_limits(rig: Rig) -> None:
    random = rig.random
    buyer, key = random.choice("xy"), rig.key()
    claim = HoldClaim(
        rig.now + random.randint(0, 2), random.randrange(2), delivery=random.randrange(2)
    )
    limits = HoldLimits(random.choice([None, 2, 3]), random.choice([None, 4, 6]))
    seen = rig.holds.claim(rig.id, buyer, key, claim, limits)
    if seen is None:
        other = random.choice([claim, replace(claim, offer=2)])
        if random.random() < 0.4:
            rig.holds.share(rig.id, buyer, key, other, replace(claim, shared=True))
        elif random.random() < 0.5:
            rig.holds.release(rig.id, buyer, key, other)
        return
    kept = {
        name: random.choice([old, replace(old, ended=True)])
        for name, old in seen.claims.items()
        if random.random() < 0.7
    }
    version = random.choice([seen.version, seen.version, seen.version - 1])
    rig.holds.replace(rig.id, buyer, BuyerHolds(version, seen.claims), {**kept, key: claim})


def payments_and_keys(rig: Rig) -> None:
    payment = QuarantinedPayment(
        id=f"test#{rig.id} {rig.random.randrange(5)}",
        provider="test",
        doubt=Doubt.WRONG_AMOUNT,
        received_at=rig.now,
        amount="12",
        livemode=rig.random.choice([None, True, False]),
    )
    rig.quarantine.keep(payment)
    rig.keys.holder(f"{rig.id}{rig.random.randrange(3)}")


def log(rig: Rig) -> None:
    random = rig.random
    if random.random() < 0.6:
        failed = random.choice([None, "StoreBusy"])
        at, attempts = random.randint(0, 4), random.randint(1, 3)
        entry = stumbled("keep_books", at=at, part=1, attempts=attempts, error=failed)
        rig.log.note(rig.id, entry)
    else:
        outcome = random.choice([None, Outcome.FAILED])
        before = random.choice([None, "0000000000003-keep_books-1"])
        rig.log.page(rig.id, outcome=outcome, before=before, limit=random.randint(1, 3))


PROGRAMS = (stock, orders, campaigns, totals, buyers, hold_limits, payments_and_keys, log)
