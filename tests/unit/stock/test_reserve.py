"""The reservation desk: claim checks, prices, limits, outcomes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain import stock as ledger
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.claim_check import NotAClaimCheck, verify
from shared.domain.errors import (
    BuyerLimitReached,
    CampaignNotFound,
    CampaignNotOpen,
    IdempotencyKeyReused,
    OfferNotFound,
    ReservationConfirmed,
    ReservationExpired,
    ReservationNotFound,
    SoldOut,
    StoreBusy,
)
from shared.use_cases.hints import Hints
from shared.use_cases.limit_buyer import Buyer, Claim, claim_units
from shared.use_cases.reserve import Reservation, ReservationDesk, ReservationRequest
from shared.use_cases.settle_hold import State, confirm_hold
from shared.use_cases.stock_ports import shelf
from tests.memory_buyers import MemoryBuyers
from tests.memory_hold_limits import MemoryHoldLimits
from tests.memory_stock import MemoryStock

START = 1_790_000_000
HOLD = 300


def a_campaign(**changes: object) -> Campaign:
    offers = (
        Offer(
            number=0,
            sku="FUJI-12",
            title={"en": "Fuji"},
            unit_price=9900,
            allotment=64,
            home_blocks=2,
            blocks=2,
        ),
        Offer(
            number=1,
            sku="GIFT-1",
            title={"en": "Gift box"},
            unit_price=29900,
            allotment=10,
            limit_per_buyer=3,
            home_blocks=1,
            blocks=1,
        ),
    )
    campaign = Campaign(
        id="cmp_" + "b" * 16,
        merchant="mer_washington",
        name="Washington Apple Hour",
        time_zone="Asia/Shanghai",
        starts_at=START,
        ends_at=START + 3600,
        replay_until=None,
        currency="CNY",
        hold_seconds=HOLD,
        channel="tmall",
        parties={},
        offers=offers,
        run_of_show=(Cue(at=600, cue="flash_price", sku="FUJI-12", unit_price=7900, seconds=300),),
        metadata={},
        created_at=START * 1000,
        secret="c0ffee" + "00" * 29,
        status=Status.LIVE,
        prepared_at=START - 60,
    )
    return replace(campaign, **changes)  # type: ignore[arg-type]


class Desk:
    """A desk, its stores and a clock."""

    def __init__(self, campaign: Campaign | None = None) -> None:
        self.campaign = campaign or a_campaign()
        self.now = START + 5
        self.stock = MemoryStock()
        self.buyers = MemoryBuyers()
        self.holds = MemoryHoldLimits()
        for offer in self.campaign.offers:
            for number, units in enumerate(ledger.sizes(offer.allotment)):
                self.stock.lay_out(
                    shelf(self.campaign, offer),
                    number,
                    units=units,
                    opens=self.campaign.starts_at,
                    closes=self.campaign.closes_at,
                )
        hints = Hints(self.stock, lambda: self.now * 1000, pause=lambda _: None)
        self.desk = ReservationDesk(self, self.stock, hints, self.buyers, self.holds)

    def get(self, campaign_id: str) -> Campaign:
        if campaign_id != self.campaign.id:
            raise CampaignNotFound
        return self.campaign

    def reserve(
        self, key: str = "key", sku: str = "FUJI-12", quantity: int = 1, buyer: str = "ada"
    ) -> Reservation:
        request = ReservationRequest(
            merchant="mer_washington",
            campaign_id=self.campaign.id,
            sku=sku,
            quantity=quantity,
            buyer_id=buyer,
            idempotency_key=key,
        )
        return self.desk.reserve(request, self.now)

    def pay(self, reservation: Reservation) -> None:
        offer = self.campaign.offers[reservation.check.offer_number]
        state = confirm_hold(
            self.stock,
            shelf(self.campaign, offer),
            reservation.check,
            amount=reservation.check.amount,
            now=self.now,
        )
        assert state is State.CONFIRMED


def test_a_reservation_says_what_was_promised() -> None:
    desk = Desk()
    reservation = desk.reserve(quantity=2)
    assert reservation.check.amount == 2 * 9900
    assert reservation.check.deadline == desk.now + HOLD
    assert reservation.state is State.HELD
    assert desk.desk.find(reservation.id, "mer_washington", desk.now).check == reservation.check


def test_the_same_key_of_another_buyer_offer_or_merchant_is_another_request() -> None:
    desk = Desk()
    ids = {
        desk.reserve().id,
        desk.reserve(buyer="bob").id,
        desk.reserve(sku="GIFT-1").id,
        desk.reserve(key="other").id,
    }
    assert len(ids) == 4
    assert desk.reserve().id in ids


def test_an_altered_or_foreign_id_is_unknown() -> None:
    desk = Desk()
    identifier = desk.reserve().id
    for place in range(4, len(identifier)):
        other = "A" if identifier[place] != "A" else "B"
        altered = identifier[:place] + other + identifier[place + 1 :]
        with pytest.raises(ReservationNotFound):
            desk.desk.find(altered, "mer_washington", desk.now)
    for wrong in (
        "",
        "rsv_",
        "ord_" + identifier[4:],
        identifier + "A",
        identifier + "=",
        "rsv_é",
        "rsv_" + "A" * 74,
    ):
        with pytest.raises(ReservationNotFound):
            desk.desk.find(wrong, "mer_washington", desk.now)
    with pytest.raises(ReservationNotFound):
        desk.desk.find(identifier, "mer_other", desk.now)
    with pytest.raises(NotAClaimCheck):
        verify(identifier[4:], "00" * 32)


def test_the_price_is_that_of_the_second_of_the_reservation() -> None:
    desk = Desk()
    prices = {}
    for second in (599, 600, 899, 900):
        desk.now = START + second
        prices[second] = desk.reserve(key=f"at {second}").check.unit_price
    assert prices == {599: 9900, 600: 7900, 899: 7900, 900: 9900}


def test_a_repeated_request_is_promised_the_price_it_was_promised_before() -> None:
    desk = Desk()
    desk.now = START + 899
    first = desk.reserve()
    desk.now = START + 901
    again = desk.reserve()
    assert (again.id, again.check.unit_price, again.replayed) == (first.id, 7900, True)


def test_release_is_repeatable_and_says_what_else_happened() -> None:
    desk = Desk()
    released, paid, expired = (desk.reserve(key=key) for key in ("released", "paid", "expired"))
    for _ in range(2):
        assert desk.desk.release(released.id, "mer_washington", desk.now).state is State.RELEASED
    desk.pay(paid)
    with pytest.raises(ReservationConfirmed):
        desk.desk.release(paid.id, "mer_washington", desk.now)
    desk.now += HOLD
    with pytest.raises(ReservationExpired):
        desk.desk.release(expired.id, "mer_washington", desk.now)
    assert desk.desk.release(released.id, "mer_washington", desk.now).state is State.RELEASED


def test_a_release_after_the_deadline_ends_the_hold_before_it_says_so() -> None:
    desk = Desk()
    held = desk.reserve()
    desk.now += HOLD
    with pytest.raises(ReservationExpired):
        desk.desk.release(held.id, "mer_washington", desk.now)
    # Whoever looked at the clock just before comes too late.
    place = shelf(desk.campaign, desk.campaign.offers[0])
    state = confirm_hold(desk.stock, place, held.check, amount=1, now=held.check.deadline - 1)
    assert state is State.EXPIRED


@pytest.mark.parametrize("how", ["found", "repeated"])
def test_a_hold_that_was_told_as_expired_is_sold_by_nobody_any_more(how: str) -> None:
    desk = Desk()
    held = desk.reserve()
    desk.now += HOLD
    told = desk.desk.find(held.id, "mer_washington", desk.now) if how == "found" else desk.reserve()
    assert told.state is State.EXPIRED
    place = shelf(desk.campaign, desk.campaign.offers[0])
    state = confirm_hold(desk.stock, place, held.check, amount=1, now=held.check.deadline - 1)
    assert state is State.EXPIRED


def test_a_copy_of_the_campaign_from_before_its_stock_decides_nothing_about_a_hold() -> None:
    desk = Desk()
    reservation = desk.reserve()
    newest, desk.campaign = desk.campaign, replace(desk.campaign, prepared_at=None)
    with pytest.raises(StoreBusy):
        desk.desk.release(reservation.id, "mer_washington", desk.now)
    desk.campaign = newest
    assert desk.desk.release(reservation.id, "mer_washington", desk.now).state is State.RELEASED


def test_a_hold_is_dead_from_its_deadline_on() -> None:
    desk = Desk()
    reservation = desk.reserve()
    desk.now = reservation.check.deadline - 1
    assert desk.desk.find(reservation.id, "mer_washington", desk.now).state is State.HELD
    desk.now += 1
    assert desk.desk.find(reservation.id, "mer_washington", desk.now).state is State.EXPIRED
    offer = desk.campaign.offers[0]
    place = shelf(desk.campaign, offer)
    state = confirm_hold(desk.stock, place, reservation.check, amount=1, now=desk.now)
    assert state is State.EXPIRED


def test_not_open_before_the_start_after_the_end_and_unprepared() -> None:
    desk = Desk()
    for second in (-1, 3600, 3600 + 10_000):
        desk.now = START + second
        with pytest.raises(CampaignNotOpen) as refusal:
            desk.reserve(key=f"at {second}")
        assert refusal.value.facts["starts_at"].endswith("Z")
    desk.campaign = a_campaign(prepared_at=None)
    desk.now = START + 5
    with pytest.raises(CampaignNotOpen):
        desk.reserve(key="unprepared")


def test_a_request_whose_answer_was_lost_at_the_close_still_finds_its_reservation() -> None:
    desk = Desk()
    desk.now = START + 3599
    first = desk.reserve()
    desk.now += 2
    assert desk.reserve().id == first.id
    with pytest.raises(CampaignNotOpen):
        desk.reserve(key="new")


def test_unknown_offer_and_campaign() -> None:
    desk = Desk()
    with pytest.raises(OfferNotFound):
        desk.reserve(sku="PEAR-1")
    desk.campaign = a_campaign(merchant="mer_other")
    with pytest.raises(CampaignNotFound):
        desk.reserve()


# -- limits ------------------------------------------------------------------------------------------


def test_a_limit_counts_all_reservations_of_a_buyer_unpaid_ones_included() -> None:
    desk = Desk()
    desk.reserve(key="one", sku="GIFT-1", quantity=2)
    with pytest.raises(BuyerLimitReached) as refusal:
        desk.reserve(key="two", sku="GIFT-1", quantity=2)
    assert refusal.value.facts == {"limit": 3, "remaining": 1}
    desk.reserve(key="three", sku="GIFT-1", quantity=1)
    desk.reserve(key="four", sku="GIFT-1", quantity=3, buyer="bob")


def test_more_than_the_limit_at_once_writes_nothing() -> None:
    desk = Desk()
    with pytest.raises(BuyerLimitReached):
        desk.reserve(sku="GIFT-1", quantity=4)
    assert desk.stock.writes + desk.buyers.writes == 0


def test_a_repeated_request_counts_once() -> None:
    desk = Desk()
    first = desk.reserve(sku="GIFT-1", quantity=3)
    assert desk.reserve(sku="GIFT-1", quantity=3).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve(sku="GIFT-1", quantity=2)


def test_one_key_with_another_quantity_does_not_pass_the_limit() -> None:
    desk = Desk()

    def overtake(_: str) -> None:
        # The first is counted and not yet in its block, when the same key comes with more units.
        desk.stock.before = lambda _: None
        with pytest.raises(IdempotencyKeyReused):
            desk.reserve("key", "GIFT-1", quantity=3)

    desk.stock.before = overtake
    desk.reserve("key", "GIFT-1", quantity=1)
    assert sum(block.counters.held for block in desk.stock.blocks.values()) == 1


def test_twins_of_one_request_at_sold_out_do_not_pass_the_limit() -> None:
    desk = Desk()
    taken = desk.reserve("other", "GIFT-1", quantity=3, buyer="bob")
    for buyer in ("cyd", "dan"):
        desk.reserve("other", "GIFT-1", quantity=3, buyer=buyer)

    served = []

    def first(_: str) -> None:
        # One delivery is counted, and not yet in its block, when a second comes, and a third that finds too little.
        desk.stock.before = second
        served.append(desk.reserve("key", "GIFT-1", quantity=3))

    def second(_: str) -> None:
        desk.stock.before = lambda _: None
        with pytest.raises(SoldOut):
            desk.reserve("key", "GIFT-1", quantity=3)
        desk.desk.release(taken.id, "mer_washington", desk.now)
        # What the others, still on their way, may yet take is not the buyer's to take elsewhere.
        with pytest.raises(BuyerLimitReached):
            desk.reserve("elsewhere", "GIFT-1", quantity=1)

    desk.stock.before = first
    served.append(desk.reserve("key", "GIFT-1", quantity=3))
    assert len({reservation.id for reservation in served}) == 1


def test_a_request_nobody_waits_for_any_more_counts_no_more() -> None:
    desk = Desk()
    for buyer in ("bob", "cyd", "dan"):
        last = desk.reserve("other", "GIFT-1", quantity=3, buyer=buyer)

    def twin(_: str) -> None:
        desk.stock.before = lambda _: None
        with pytest.raises(SoldOut):
            desk.reserve("key", "GIFT-1", quantity=3)

    desk.stock.before = twin
    with pytest.raises(SoldOut):
        desk.reserve("key", "GIFT-1", quantity=3)
    desk.desk.release(last.id, "mer_washington", desk.now)
    desk.now += 20
    assert desk.reserve("again", "GIFT-1", quantity=3).state is State.HELD


def test_a_hold_that_is_counted_no_more_cannot_be_sold_any_more() -> None:
    desk = Desk()
    stale = desk.reserve(sku="GIFT-1", quantity=3)
    looked_at_the_clock = desk.now + HOLD - 1
    desk.now += HOLD
    desk.reserve(key="again", sku="GIFT-1", quantity=3)
    offer = desk.campaign.offers[1]
    place = shelf(desk.campaign, offer)
    state = confirm_hold(desk.stock, place, stale.check, amount=1, now=looked_at_the_clock)
    assert state is State.EXPIRED


def test_a_repeated_request_that_was_given_back_is_counted_no_more() -> None:
    desk = Desk()
    desk.reserve(sku="GIFT-1", quantity=3)
    desk.now += 1
    again = desk.reserve(sku="GIFT-1", quantity=3)
    desk.desk.release(again.id, "mer_washington", desk.now)
    desk.reserve(key="again", sku="GIFT-1", quantity=3)


def test_released_units_may_be_reserved_again() -> None:
    desk = Desk()
    first = desk.reserve(sku="GIFT-1", quantity=3)
    desk.desk.release(first.id, "mer_washington", desk.now)
    desk.reserve(key="again", sku="GIFT-1", quantity=3)


def test_a_released_request_that_is_repeated_is_told_so_and_counts_for_nothing() -> None:
    desk = Desk()
    first = desk.reserve(sku="GIFT-1", quantity=3)
    desk.desk.release(first.id, "mer_washington", desk.now)
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve(sku="GIFT-1", quantity=2)
    again = desk.reserve(sku="GIFT-1", quantity=3)
    assert (again.id, again.state) == (first.id, State.RELEASED)
    desk.reserve(key="at once", sku="GIFT-1", quantity=3)


def test_a_request_is_told_of_its_hold_also_when_its_buyer_has_come_to_the_limit_since() -> None:
    desk = Desk()
    first = desk.reserve(sku="GIFT-1", quantity=3)
    desk.now += HOLD
    desk.reserve(key="again", sku="GIFT-1", quantity=3)
    told = desk.reserve(sku="GIFT-1", quantity=3)
    assert (told.id, told.state) == (first.id, State.EXPIRED)
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve(sku="GIFT-1", quantity=1)
    with pytest.raises(BuyerLimitReached):
        desk.reserve(key="another", sku="GIFT-1", quantity=1)


@pytest.mark.parametrize("paid", [True, False])
def test_a_reservation_of_several_blocks_is_told_again_after_its_deadline_as_it_ended(
    paid: bool,
) -> None:
    desk = Desk()
    first = desk.reserve(quantity=50)
    if paid:
        desk.pay(first)
    desk.now += HOLD
    told = desk.reserve(quantity=50)
    assert (told.id, told.replayed) == (first.id, True)
    assert told.state is (State.CONFIRMED if paid else State.EXPIRED)
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve(quantity=49)


def test_a_buyers_own_stale_hold_never_blocks_that_buyer() -> None:
    desk = Desk()
    desk.reserve(sku="GIFT-1", quantity=3)
    desk.now += HOLD
    desk.reserve(key="again", sku="GIFT-1", quantity=3)


def test_sold_units_count_for_ever() -> None:
    desk = Desk()
    desk.pay(desk.reserve(sku="GIFT-1", quantity=2))
    desk.now += HOLD + 100
    with pytest.raises(BuyerLimitReached) as refusal:
        desk.reserve(key="again", sku="GIFT-1", quantity=2)
    assert refusal.value.facts["remaining"] == 1
    desk.reserve(key="more", sku="GIFT-1", quantity=1)


def test_units_that_were_not_to_be_had_do_not_count() -> None:
    desk = Desk()
    for number in range(3):
        desk.reserve(key=f"other {number}", sku="GIFT-1", quantity=3, buyer=f"other {number}")
    with pytest.raises(SoldOut):
        desk.reserve(sku="GIFT-1", quantity=3)
    desk.reserve(key="one", sku="GIFT-1", quantity=1)


def test_a_claim_whose_process_died_before_the_block_counts_no_longer_than_a_moment() -> None:
    desk = Desk()

    def die(_: str) -> None:
        raise KeyboardInterrupt

    desk.stock.before = die
    with pytest.raises(KeyboardInterrupt):
        desk.reserve(sku="GIFT-1", quantity=3)
    desk.stock.before = lambda _: None
    with pytest.raises(BuyerLimitReached):
        desk.reserve(key="at once", sku="GIFT-1", quantity=1)
    desk.now += 16
    desk.reserve(key="a moment later", sku="GIFT-1", quantity=3)


def test_a_release_that_is_sent_again_leaves_the_claim_of_another_delivery() -> None:
    """The answer to the first was lost, and a duplicate of the request has counted its units since."""
    buyers, place = MemoryBuyers(), shelf(a_campaign(), a_campaign().offers[0])
    mine, theirs = Claim(1, 50, delivery=1), Claim(1, 50, delivery=2)
    assert buyers.claim(place, "b", "key", mine, limit=1) is None
    assert buyers.give_back(place, "b", "key", mine) is None
    assert buyers.claim(place, "b", "key", theirs, limit=1) is None
    assert buyers.give_back(place, "b", "key", mine) == theirs
    assert buyers.forget(place, "b", "key", Claim(1, 50)) is None


def test_a_claim_whose_answer_was_lost_is_this_deliverys_own() -> None:
    desk = Desk()
    place = shelf(desk.campaign, desk.campaign.offers[0])
    buyer = Buyer("digest", 1, desk.campaign.secret)
    claim = Claim.of_delivery(1, desk.now + HOLD)
    assert desk.buyers.claim(place, buyer.digest, "keykeyke", claim, limit=1) is None
    first = claim_units(
        desk.buyers, desk.stock, place, buyer, "keykeyke", claim, now=desk.now, hold=HOLD
    )
    assert first
