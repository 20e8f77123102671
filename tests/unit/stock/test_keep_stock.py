"""The beat's hand on the stock: what it forgets, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.domain.errors import BuyerLimitReached
from shared.domain.ids import home_block, ledger_key
from shared.domain.stock import Block, Entry, Gate, Kind, abandon, confirm, take
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.settle_hold import State
from shared.use_cases.stock_ports import Shelf, shelf
from tests.unit.stock.test_reserve import HOLD, START, Desk, a_campaign

SKU = "GIFT-1"
LIMIT = 3


def two_blocks() -> Desk:
    campaign = a_campaign()
    gift = replace(campaign.offers[1], allotment=40, home_blocks=2, blocks=2, limit_per_buyer=LIMIT)
    return Desk(replace(campaign, offers=(campaign.offers[0], gift)))


def at_home(desk: Desk, buyer: str, place: Shelf, number: int) -> str:
    """An Idempotency-Key of a buyer with which a request begins in a block."""

    def key_of(key: str) -> str:
        campaign = desk.campaign
        return ledger_key(campaign.secret, campaign.merchant, campaign.id, SKU, buyer, key)

    return next(
        key for key in map(str, range(1000)) if home_block(key_of(key), place.home_blocks) == number
    )


def test_a_buyers_sold_units_are_found_however_full_the_ledger_was_that_leads_to_them() -> None:
    desk = two_blocks()
    place = shelf(desk.campaign, desk.campaign.offers[1])
    for number in range(25):
        back = desk.reserve(at_home(desk, f"back {number}", place, 0), SKU, buyer=f"back {number}")
        desk.desk.release(back.id, "mer_washington", desk.now)
    for number in range(20):
        desk.pay(
            desk.reserve(at_home(desk, f"kept {number}", place, 0), SKU, buyer=f"kept {number}")
        )
    spilled = desk.reserve(at_home(desk, "ada", place, 0), SKU, quantity=2, buyer="ada")
    assert spilled.check.block == 1
    lost = desk.reserve(at_home(desk, "bob", place, 0), SKU, quantity=2, buyer="bob")
    desk.pay(spilled)
    full = len(desk.stock.read_all(place)[0].ledger)
    desk.now += HOLD + 61
    for _ in range(2):  # what the first one ends, the second one may forget
        keep_stock(
            desk.stock,
            place,
            desk.stock.read_all(place),
            now=desk.now,
            gate=Gate(START, START + 3600),
        )
    home, other = desk.stock.read_all(place)
    assert len(home.ledger) < full - 25
    assert home.ledger[spilled.check.key].kind is Kind.FORWARD
    assert lost.check.key not in home.ledger
    assert other.ledger[lost.check.key].kind is Kind.EXPIRED
    with pytest.raises(BuyerLimitReached):
        desk.reserve("another", SKU, quantity=2, buyer="ada")
    assert desk.reserve("another", SKU, quantity=1, buyer="ada").state is State.HELD
    assert desk.reserve("another", SKU, quantity=2, buyer="bob").state is State.HELD


FIRST, AGAIN = START + 300, START + 900
"""When holds of a key end: of its first life, and of the next."""


def half_a_path(desk: Desk, place: Shelf) -> tuple[str, Entry]:
    """A key that once gave up at the second block, and lives again: its first part is at home."""
    key = next(key for key in map("key{:05}".format, range(99)) if home_block(key, 2) == 0)
    part = Entry(Kind.HELD, 1, AGAIN, next=1)
    given_up = abandon(key, FIRST, now=START, room=place.room)
    begun = take(key, part, now=AGAIN - HOLD, room=place.room)
    assert desk.stock.amend(place, 1, given_up).done
    assert desk.stock.amend(place, 0, begun).done
    return key, part


def beat(desk: Desk, place: Shelf, now: int, blocks: Sequence[Block] | None = None) -> None:
    read = desk.stock.read_all(place) if blocks is None else blocks
    keep_stock(desk.stock, place, read, now=now, gate=Gate(START, START + 3600))


def test_what_an_older_life_of_a_key_left_says_nothing_of_a_path_that_is_being_walked() -> None:
    desk = two_blocks()
    place = shelf(desk.campaign, desk.campaign.offers[1])
    key, part = half_a_path(desk, place)
    read = desk.stock.read_all(place)
    tail = Entry(Kind.HELD, 1, AGAIN)
    over = read[1].ledger[key]
    arrived = take(key, tail, now=AGAIN - HOLD, room=place.room, over=over)
    assert desk.stock.amend(place, 1, arrived).done

    beat(desk, place, AGAIN - HOLD, read)  # which had read the second block a moment before

    assert [block.ledger[key] for block in desk.stock.read_all(place)] == [part, tail]


def test_a_path_that_stopped_before_what_an_older_life_left_is_ended_there() -> None:
    desk = two_blocks()
    place = shelf(desk.campaign, desk.campaign.offers[1])
    key, part = half_a_path(desk, place)

    beat(desk, place, AGAIN - 1)
    assert desk.stock.read_all(place)[0].ledger[key] == part

    beat(desk, place, AGAIN)
    home, second = desk.stock.read_all(place)
    assert home.ledger[key] == part.become(Kind.VOID)
    assert second.ledger[key] == Entry(Kind.VOID, 0, AGAIN)
    assert home.counters.held == 0


def test_a_path_that_stopped_before_what_an_older_life_bought_is_over() -> None:
    desk = two_blocks()
    place = shelf(desk.campaign, desk.campaign.offers[1])
    key = next(key for key in map("key{:05}".format, range(99)) if home_block(key, 2) == 0)
    held = Entry(Kind.HELD, 2, FIRST)
    part = Entry(Kind.HELD, 1, AGAIN, next=1)
    for number, change in (
        (1, take(key, held, now=START, room=place.room)),
        (1, confirm(key, held, 9900)),
        (0, take(key, part, now=AGAIN - HOLD, room=place.room)),
    ):
        assert desk.stock.amend(place, number, change).done

    beat(desk, place, AGAIN - 1)
    assert desk.stock.read_all(place)[0].ledger[key] == part

    beat(desk, place, AGAIN)
    home, second = desk.stock.read_all(place)
    assert home.ledger[key] == part.become(Kind.VOID)
    assert second.ledger[key] == held.become(Kind.SOLD)
    assert home.counters.held == 0
