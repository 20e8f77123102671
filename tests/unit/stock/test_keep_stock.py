"""The beat's hand on the stock: what it forgets, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.domain.errors import BuyerLimitReached, StoreBusy
from shared.domain.ids import buyer_digest, home_block, ledger_key
from shared.domain.stock import REMEMBERED, Block, Entry, Gate, Kind, abandon, confirm, take
from shared.use_cases.keep_stock import keep_stock
from shared.use_cases.limit_buyer import Claim
from shared.use_cases.request_keys import keys_of
from shared.use_cases.reserve import Reservation
from shared.use_cases.settle_hold import State, confirm_hold
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


@pytest.mark.parametrize("limit", [None, LIMIT])
def test_a_request_is_told_of_what_it_has_bought_at_any_age_however_far_from_its_home(
    limit: int | None,
) -> None:
    desk, bought = one_that_went_on(limit)
    desk.pay(bought)

    desk.now += HOLD + REMEMBERED
    told = desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    assert (told.id, told.state, told.replayed) == (bought.id, State.CONFIRMED, True)


def test_a_hold_that_a_new_life_of_its_request_has_passed_can_be_sold_by_nobody() -> None:
    desk, held = one_that_went_on(None)
    looked_at_the_clock = desk.now + HOLD - 1
    place = shelf(desk.campaign, desk.campaign.offers[1])

    desk.now += HOLD + REMEMBERED
    again = desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    assert again.check.deadline > held.check.deadline
    state = confirm_hold(desk.stock, place, held.check, amount=1, now=looked_at_the_clock)
    assert state is State.EXPIRED


def test_a_hold_that_is_sold_while_a_new_life_of_its_request_begins_is_not_passed() -> None:
    desk, held = one_that_went_on(None)
    looked_at_the_clock = desk.now + HOLD - 1
    place = shelf(desk.campaign, desk.campaign.offers[1])

    def sell(_: str) -> None:
        writes.append(None)
        if len(writes) == len(("taken at home, refused", "ended where it went")):
            desk.stock.before = lambda _: None
            confirm_hold(desk.stock, place, held.check, amount=1, now=looked_at_the_clock)

    writes: list[None] = []
    desk.now += HOLD + REMEMBERED
    desk.stock.before = sell
    with pytest.raises(StoreBusy):
        desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    told = desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    assert (told.id, told.state) == (held.id, State.CONFIRMED)


def test_the_way_to_a_hold_that_may_have_been_sold_since_it_was_read_is_kept() -> None:
    desk, held = one_that_went_on(None)
    looked_at_the_clock = desk.now + HOLD - 1
    place = shelf(desk.campaign, desk.campaign.offers[1])
    desk.now += HOLD + REMEMBERED
    read = desk.stock.read_all(place)
    confirm_hold(desk.stock, place, held.check, amount=1, now=looked_at_the_clock)

    keep_stock(
        desk.stock, replace(place, room=1), read, now=desk.now, gate=Gate(START, START + 3600)
    )
    told = desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    assert (told.id, told.state) == (held.id, State.CONFIRMED)


def one_that_went_on(limit: int | None) -> tuple[Desk, Reservation]:
    """A reservation whose home was empty when it came. All is back there since."""
    desk = two_blocks()
    fuji, gift = desk.campaign.offers
    desk.campaign = replace(desk.campaign, offers=(fuji, replace(gift, limit_per_buyer=limit)))
    place = shelf(desk.campaign, desk.campaign.offers[1])
    campaign = desk.campaign
    home = home_block(
        ledger_key(campaign.secret, campaign.merchant, campaign.id, SKU, "ada", "key"), 2
    )
    others = [
        desk.reserve(at_home(desk, f"buyer {number}", place, home), SKU, LIMIT, f"buyer {number}")
        for number in range(7)
    ]
    # The last of them found less than it wanted, and went on itself.
    went_on = desk.reserve("key", SKU, quantity=LIMIT, buyer="ada")
    assert went_on.check.block != home
    for other in others:
        desk.desk.release(other.id, "mer_washington", desk.now)
    return desk, went_on


def test_what_was_bought_on_a_later_path_counts_though_nothing_tells_of_the_first_any_more() -> (
    None
):
    desk = two_blocks()
    place = shelf(desk.campaign, desk.campaign.offers[1])
    campaign = desk.campaign
    first = ledger_key(campaign.secret, campaign.merchant, campaign.id, SKU, "ada", "key")
    second = keys_of(campaign.secret, first)[1]
    home = home_block(second, place.home_blocks)
    held = Entry(Kind.HELD, LIMIT, START + HOLD)
    claim = Claim(LIMIT, START + HOLD)
    digest = buyer_digest(campaign.secret, "ada")
    assert desk.buyers.claim(place, digest, first, claim, limit=LIMIT) is None
    for change in (take(second, held, now=START, room=place.room), confirm(second, held, 1)):
        assert desk.stock.amend(place, home, change).done

    desk.now += HOLD + REMEMBERED
    for key in ("key", "another"):
        with pytest.raises(BuyerLimitReached):
            desk.reserve(key, SKU, quantity=LIMIT, buyer="ada")
