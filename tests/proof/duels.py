"""
What a condition of a write is for, where chance seldom brings it about: two who meet at one item, and what comes of it.

Each is played with the adapters on the simulation's store: as it is, where it ends well, and then without the condition.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys
from shared.adapters.dynamodb_refunds import DynamoDBRefunds
from shared.adapters.sealed_addresses import SealedAddresses
from shared.domain import stock as ledger
from shared.domain.closing_package import Package
from shared.domain.hold_limits import BuyerHolds, HoldClaim, HoldLimits
from shared.domain.payment import Doubt, QuarantinedPayment
from shared.domain.refund import AskedRefund, refund_place
from shared.domain.rehearsal import Outcome as RehearsalOutcome
from shared.domain.stock import FOR_GOOD, PAUSED, QUEUED, Counters, Entry, Gate, Kind
from shared.domain.totals import Snapshot, Sums
from shared.domain.waitlist import Held, Ticket, TicketState
from shared.use_cases.limit_buyer import Claim, Purse
from shared.use_cases.ports import Answered, AnsweredBefore, ChangedMeanwhile
from shared.use_cases.waitlist_ports import Line, Progress
from tests.builders import a_campaign, a_rehearsal
from tests.proof.conditions import Term
from tests.proof.programs import SECRET, SKU, Rig, an_order, check_of

Duel = Callable[[Rig], None]
MINE, THEIRS, OTHER = "mine4key", "theirkey", "otherkey"


def _laid_out(rig: Rig) -> None:
    rig.stock.lay_out(rig.shelf, 0, units=4, opens=rig.now - 9, closes=rig.now + 99)


def _take(rig: Rig, key: str, units: int = 1, *, room: int = 10) -> ledger.Amendment:
    held = Entry(Kind.HELD, units, rig.now + 60)
    return ledger.take(key, held, now=rig.now, room=room)


def _purse(rig: Rig) -> Purse:
    """What is counted for the buyer, as a claim over every limit is told."""
    found = rig.buyers.claim(rig.shelf, "b", "probekey", Claim(9, 1), limit=0)
    assert found is not None
    return found


def _snapshot(version: int, sold: int = 0) -> Snapshot:
    of_offer = Sums(available=4 - sold, sold=sold)
    return Snapshot(
        version=version,
        as_of=10_000 + version,
        campaign_version=1,
        status=a_campaign().status,
        offers=(of_offer,),
    )


# -- buyers --------------------------------------------------------------------------------------------


def a_claim_of_another_life_is_not_forgotten(rig: Rig) -> None:
    later = Claim(1, 60, delivery=7)
    rig.buyers.claim(rig.shelf, "b", MINE, later, limit=3)
    assert rig.buyers.give_back(rig.shelf, "b", MINE, Claim(1, 60, delivery=8)) == later
    assert rig.buyers.forget(rig.shelf, "b", MINE, Claim(1, 50)) == later
    assert rig.buyers.forget(rig.shelf, "b", MINE, Claim(1, 60)) is None


def a_joined_claim_is_not_taken_for_what_it_was(rig: Rig) -> None:
    rig.buyers.claim(rig.shelf, "b", MINE, Claim(1, 50), limit=3)
    seen = _purse(rig)
    joined = {MINE: Claim(1, 60, shared=True)}
    assert rig.buyers.correct(rig.shelf, "b", seen, joined)
    assert not rig.buyers.correct(rig.shelf, "b", seen, {MINE: Claim(1, 55, shared=True)})
    assert _purse(rig).claims == joined


def a_claim_between_the_look_and_the_joining_stays_counted(rig: Rig) -> None:
    rig.buyers.claim(rig.shelf, "b", MINE, Claim(1, 50), limit=3)
    seen = _purse(rig)
    rig.buyers.claim(rig.shelf, "b", THEIRS, Claim(2, 50), limit=3)
    rig.buyers.correct(rig.shelf, "b", seen, {MINE: Claim(1, 60, shared=True)})
    assert _purse(rig).units == 3


def a_claim_between_the_look_and_the_correction_stays_counted(rig: Rig) -> None:
    rig.buyers.claim(rig.shelf, "b", MINE, Claim(1, 50), limit=3)
    seen = _purse(rig)
    rig.buyers.claim(rig.shelf, "b", THEIRS, Claim(2, 50), limit=3)
    rig.buyers.correct(rig.shelf, "b", seen, {})
    assert _purse(rig).units == sum(claim.units for claim in _purse(rig).claims.values())


def what_joined_between_the_look_and_the_correction_stays_counted(rig: Rig) -> None:
    rig.buyers.claim(rig.shelf, "b", MINE, Claim(1, 50), limit=3)
    seen = _purse(rig)
    rig.buyers.correct(rig.shelf, "b", seen, {MINE: Claim(1, 60, shared=True)})
    rig.buyers.correct(rig.shelf, "b", seen, {})
    assert _purse(rig).units == 1


# -- limits of holds -----------------------------------------------------------------------------------

_ONE_OPEN, _ONE_BEGUN = HoldLimits(1, None), HoldLimits(None, 1)
_MINE, _SHARED = HoldClaim(50, 0), HoldClaim(52, 0, shared=True)


def _holds(rig: Rig) -> BuyerHolds:
    """What is counted for the buyer, as a claim that is refused is told."""
    found = rig.holds.claim(rig.id, "b", OTHER, _MINE, HoldLimits(0, 0))
    assert found is not None
    return found


def no_more_holds_are_open_than_may_be(rig: Rig) -> None:
    assert rig.holds.claim(rig.id, "b", MINE, _MINE, _ONE_OPEN) is None
    refused = rig.holds.claim(rig.id, "b", THEIRS, _MINE, _ONE_OPEN)
    assert refused is not None
    assert refused.claims.keys() == {MINE}


def no_more_holds_begin_than_may(rig: Rig) -> None:
    assert rig.holds.claim(rig.id, "b", MINE, _MINE, _ONE_BEGUN) is None
    refused = rig.holds.claim(rig.id, "b", THEIRS, _MINE, _ONE_BEGUN)
    assert refused is not None
    assert refused.claims.keys() == {MINE}


def a_request_is_counted_once(rig: Rig) -> None:
    limits = HoldLimits(5, 5)
    assert rig.holds.claim(rig.id, "b", MINE, _MINE, limits) is None
    counted = rig.holds.claim(rig.id, "b", MINE, HoldClaim(60, 0), limits)
    assert counted is not None
    assert counted.claims == {MINE: _MINE}


def who_counts_on_a_claim_that_was_released_meanwhile_is_told_so(rig: Rig) -> None:
    rig.holds.claim(rig.id, "b", MINE, _MINE, _ONE_OPEN)
    assert rig.holds.release(rig.id, "b", MINE, _MINE)
    assert not rig.holds.share(rig.id, "b", MINE, _MINE, _SHARED)
    assert _holds(rig).claims == {}


def a_claim_that_others_count_on_is_not_released(rig: Rig) -> None:
    rig.holds.claim(rig.id, "b", MINE, _MINE, _ONE_OPEN)
    assert rig.holds.share(rig.id, "b", MINE, _MINE, _SHARED)
    assert not rig.holds.release(rig.id, "b", MINE, _MINE)
    assert _holds(rig).claims == {MINE: _SHARED}


def a_hold_that_was_counted_meanwhile_is_not_forgotten_when_others_are_dropped(rig: Rig) -> None:
    limits = HoldLimits(5, 5)
    rig.holds.claim(rig.id, "b", MINE, _MINE, limits)
    seen = _holds(rig)
    rig.holds.claim(rig.id, "b", THEIRS, _MINE, limits)
    assert not rig.holds.replace(rig.id, "b", seen, {OTHER: _MINE})
    assert _holds(rig).claims == {MINE: _MINE, THEIRS: _MINE}


def a_hold_that_was_counted_meanwhile_is_not_forgotten_when_others_have_ended(rig: Rig) -> None:
    limits = HoldLimits(5, 5)
    rig.holds.claim(rig.id, "b", MINE, _MINE, limits)
    seen = _holds(rig)
    rig.holds.claim(rig.id, "b", THEIRS, _MINE, limits)
    over = replace(_MINE, ended=True)
    assert not rig.holds.replace(rig.id, "b", seen, {MINE: over, OTHER: _MINE})
    again = _holds(rig)
    # So both numbers that the limits go by are right still.
    assert rig.holds.claim(rig.id, "b", OTHER, _MINE, HoldLimits(2, None)) == again


# -- campaigns, requests and orders ---------------------------------------------------------------------


def a_new_campaign_replaces_no_other(rig: Rig) -> None:
    first = a_campaign(id=rig.id, merchant=rig.merchant)
    rig.campaigns.save(first)
    try:
        rig.campaigns.save(replace(first, name="Another"))
    except ChangedMeanwhile:
        return
    raise AssertionError("a campaign was replaced by a new one")


def a_campaign_that_was_changed_meanwhile_is_not_replaced(rig: Rig) -> None:
    first = a_campaign(id=rig.id, merchant=rig.merchant)
    rig.campaigns.save(first)
    rig.campaigns.save(replace(first, version=2, name="Theirs"))
    try:
        rig.campaigns.save(replace(first, version=2, name="Mine"))
    except ChangedMeanwhile:
        return
    raise AssertionError("a change of a campaign was lost")


def a_request_is_answered_once(rig: Rig) -> None:
    first = Answered(rig.fresh(), "f", 200, "{}", rig.now + 60)
    rig.answers.keep(first, now=rig.now)
    try:
        rig.answers.keep(replace(first, document="[]"), now=rig.now)
    except AnsweredBefore:
        return
    raise AssertionError("a request was answered twice")


def an_order_that_is_paid_is_not_placed_again(rig: Rig) -> None:
    order = an_order(rig)
    rig.orders.place(order)
    rig.orders.save(order.paid(rig.now))
    rig.orders.place(order)
    found = rig.orders.find(check_of(rig, order))
    assert found is not None
    assert found.paid_at is not None


def a_refund_that_was_given_up_meanwhile_is_not_left_waiting(rig: Rig) -> None:
    order = an_order(rig).paid(rig.now)
    rig.orders.place(order)
    refund = AskedRefund(
        place=refund_place(order, SECRET, "a-key"),
        order_id=order.id,
        merchant=order.merchant,
        sku=order.sku,
        quantity=order.quantity,
        paid=order.amount,
        amount=1,
        currency=order.currency,
        reason="bruised",
        restock=False,
        fingerprint="f",
        created_at=rig.now,
    )
    refunds = DynamoDBRefunds(rig.client, "orders")
    refunds.promise(order.promising(1), refund)
    refunds.save(refund.given_up(at=rig.now))
    try:
        refunds.save(refund.looked_at(again_at=rig.now + 5))
    except ChangedMeanwhile:
        return
    raise AssertionError("whoever looked at a refund lost that a person must")


def an_event_is_put_aside_once(rig: Rig) -> None:
    event = QuarantinedPayment(id="test#1", provider="test", doubt=Doubt.MALFORMED, received_at=5)
    assert rig.quarantine.keep(event)
    assert not rig.quarantine.keep(replace(event, received_at=6))


def the_first_key_of_a_campaign_is_everybodys(rig: Rig) -> None:
    campaign = a_campaign(id=rig.id, merchant=rig.merchant)
    order = an_order(rig)
    kms: Any = Client("kms", Keys().serve, QuietLine())

    def process() -> SealedAddresses:
        return SealedAddresses(
            rig.client, "addresses", lambda: kms, "key", days=90, clock=lambda: rig.now
        )

    sealed = process().seal(campaign, order.id, {"name": "Li Wei"})
    # Another has looked before that, and found none.
    process()._make(campaign)
    found = process().open(campaign, replace(order, ship_to=sealed))
    assert found == {"name": "Li Wei"}


# -- stock ---------------------------------------------------------------------------------------------


def an_end_makes_no_block_out_of_nothing(rig: Rig) -> None:
    ending = ledger.abandon(MINE, rig.now, now=None, room=None)
    try:
        done = rig.stock.amend(rig.shelf, 0, ending).done
    except Exception as refused:
        raise AssertionError("an end was not refused in order") from refused
    assert not done


def _moved(rig: Rig) -> tuple[ledger.Block, ledger.Amendment]:
    """A block after an entry was moved out of it, and a take of one that was read before that."""
    _laid_out(rig)
    assert rig.stock.amend(rig.shelf, 0, _take(rig, THEIRS)).done
    before = rig.stock.read(rig.shelf, 0)
    assert before is not None
    ended = ledger.end(THEIRS, before.ledger[THEIRS], Kind.RELEASED)
    assert rig.stock.amend(rig.shelf, 0, ended).done
    _move(rig)
    return before, _take(rig, THEIRS)


def _move(rig: Rig) -> None:
    block = rig.stock.read(rig.shelf, 0)
    assert block is not None
    entries = block.movable()
    rig.stock.copy_out(rig.shelf, 0, dict(entries))
    assert rig.stock.amend(rig.shelf, 0, ledger.move_out(entries, block)).done


def nothing_is_placed_unseen_where_entries_were_moved_out(rig: Rig) -> None:
    before, take = _moved(rig)
    assert not rig.stock.amend(rig.shelf, 0, take.in_ledger_as(before.overflow)).done


def nothing_is_placed_where_another_entry_was_moved_out_since_the_look(rig: Rig) -> None:
    _moved(rig)
    looked = rig.stock.read(rig.shelf, 0)
    assert looked is not None
    mine = _take(rig, MINE)
    assert rig.stock.amend(rig.shelf, 0, mine.in_ledger_as(looked.overflow)).done
    held = mine.write[MINE]
    assert held is not None
    assert rig.stock.amend(rig.shelf, 0, ledger.end(MINE, held, Kind.RELEASED)).done
    _move(rig)
    assert not rig.stock.amend(rig.shelf, 0, mine.in_ledger_as(looked.overflow)).done


def a_mark_that_has_changed_is_not_removed(rig: Rig) -> None:
    _moved(rig)
    looked = rig.stock.read(rig.shelf, 0)
    assert looked is not None
    assert looked.overflow is not None
    mine = _take(rig, MINE).in_ledger_as(looked.overflow)
    assert rig.stock.amend(rig.shelf, 0, mine).done
    held = mine.write[MINE]
    assert held is not None
    assert rig.stock.amend(rig.shelf, 0, ledger.end(MINE, held, Kind.RELEASED)).done
    _move(rig)
    assert not rig.stock.amend(rig.shelf, 0, ledger.unmark(looked.overflow)).done


def nothing_is_held_before_the_opening(rig: Rig) -> None:
    rig.stock.lay_out(rig.shelf, 0, units=4, opens=rig.now + 1, closes=rig.now + 99)
    assert not rig.stock.amend(rig.shelf, 0, _take(rig, MINE)).done


def a_ledger_takes_no_more_than_it_has_room_for(rig: Rig) -> None:
    _laid_out(rig)
    assert rig.stock.amend(rig.shelf, 0, _take(rig, MINE, room=2)).done
    assert rig.stock.amend(rig.shelf, 0, _take(rig, THEIRS, room=2)).done
    assert not rig.stock.amend(rig.shelf, 0, _take(rig, OTHER, room=2)).done


def what_is_closed_for_good_is_not_opened_again(rig: Rig) -> None:
    _laid_out(rig)
    rig.stock.stamp(rig.shelf, 0, Gate(rig.now - 9, FOR_GOOD))
    rig.stock.stamp(rig.shelf, 0, Gate(rig.now - 9, rig.now + 99))
    block = rig.stock.read(rig.shelf, 0)
    assert block is not None
    assert block.closes == FOR_GOOD
    assert block.counters == Counters(free=4)


def what_is_paused_is_not_opened_by_somebody_late(rig: Rig) -> None:
    _laid_out(rig)
    rig.stock.stamp(rig.shelf, 0, Gate(rig.now - 9, PAUSED, version=7))
    rig.stock.stamp(rig.shelf, 0, Gate(rig.now - 9, rig.now + 99, version=6))
    block = rig.stock.read(rig.shelf, 0)
    assert block is not None
    assert (block.closes, block.stamped_for) == (PAUSED, 7)
    rig.stock.stamp(rig.shelf, 0, Gate(rig.now - 9, rig.now + 99, version=8))
    again = rig.stock.read(rig.shelf, 0)
    assert again is not None
    assert again.closes == rig.now + 99


def nothing_is_held_while_it_is_paused_not_even_by_who_has_waited(rig: Rig) -> None:
    _laid_out(rig)
    rig.stock.stamp(rig.shelf, 0, Gate(QUEUED, PAUSED, version=7))
    assert not rig.stock.amend(rig.shelf, 0, _take(rig, MINE).for_whose_turn_it_is()).done
    rig.stock.stamp(rig.shelf, 0, Gate(QUEUED, rig.now + 99, version=8))
    assert not rig.stock.amend(rig.shelf, 0, _take(rig, THEIRS)).done
    assert rig.stock.amend(rig.shelf, 0, _take(rig, MINE).for_whose_turn_it_is()).done


# -- waitlists -----------------------------------------------------------------------------------------


def _waiting(rig: Rig) -> tuple[Line, Ticket]:
    line = Line(rig.id, SKU)
    ticket = Ticket(
        id=rig.fresh(),
        campaign_id=rig.id,
        sku=SKU,
        number=rig.waitlists.draw(line),
        key=MINE,
        quantity=1,
        buyer="b",
        created_at=rig.now,
    )
    rig.waitlists.put(line, ticket, until=rig.now + 99)
    return line, ticket


def who_has_left_is_offered_nothing(rig: Rig) -> None:
    line, ticket = _waiting(rig)
    rig.waitlists.mark(line, ticket, TicketState.LEFT)
    stands = rig.waitlists.mark(line, ticket, TicketState.OFFERED, Held(MINE, 0, 1, rig.now, 9))
    assert (stands.state, stands.held) == (TicketState.LEFT, None)


def what_was_given_up_is_not_offered(rig: Rig) -> None:
    line, ticket = _waiting(rig)
    assert rig.waitlists.try_anew(line, ticket)
    stands = rig.waitlists.mark(line, ticket, TicketState.OFFERED, Held(MINE, 0, 1, rig.now, 9))
    assert (stands.is_waiting, stands.attempt) == (True, 1)


def a_line_is_not_served_again_by_somebody_slow(rig: Rig) -> None:
    line = Line(rig.id, SKU)
    rig.waitlists.advance(line, Progress(first=5))
    rig.waitlists.advance(line, Progress(first=3))
    assert rig.waitlists.progress(line).first == 5


def a_line_is_not_settled_again_by_somebody_slow(rig: Rig) -> None:
    line = Line(rig.id, SKU)
    rig.waitlists.advance(line, Progress(settled=5))
    rig.waitlists.advance(line, Progress(settled=3))
    assert rig.waitlists.progress(line).settled == 5


# -- totals --------------------------------------------------------------------------------------------


def an_older_snapshot_of_a_span_replaces_no_newer_one(rig: Rig) -> None:
    rig.totals.keep(rig.id, _snapshot(2, sold=1))
    rig.totals.keep(rig.id, _snapshot(1))
    assert [kept.version for kept in rig.totals.kept(rig.id)] == [2]


def one_counts_at_a_time(rig: Rig) -> None:
    rig.totals.advance(rig.id, _snapshot(1))
    assert rig.totals.claim(rig.id, 1, now=100, until=200)
    assert not rig.totals.claim(rig.id, 1, now=150, until=250)


def nobody_counts_for_the_first_snapshot_when_it_is_there(rig: Rig) -> None:
    rig.totals.advance(rig.id, _snapshot(1))
    assert not rig.totals.claim(rig.id, 0, now=100, until=200)


def nobody_counts_for_a_snapshot_that_is_there(rig: Rig) -> None:
    rig.totals.advance(rig.id, _snapshot(1))
    rig.totals.advance(rig.id, _snapshot(2))
    assert not rig.totals.claim(rig.id, 1, now=100, until=200)


def what_was_kept_first_of_a_package_stands(rig: Rig) -> None:
    first = Package("{}", b"signed", "PEM")
    rig.packages.keep_package(rig.id, first)
    assert rig.packages.keep_package(rig.id, replace(first, manifest="[]")) == first
    assert rig.packages.package(rig.id) == first


# -- rehearsals ----------------------------------------------------------------------------------------


def a_rehearsal_that_is_under_way_is_not_begun_again(rig: Rig) -> None:
    first = a_rehearsal()
    assert rig.rehearsals.begin(first, after=None) is None
    judged = first.changed(state=RehearsalOutcome.PASSED)
    rig.rehearsals.save(judged)
    assert rig.rehearsals.begin(first, after=None) == judged
    assert rig.rehearsals.get(first.id) == judged


def of_two_who_saw_the_same_last_rehearsal_one_begins_the_next(rig: Rig) -> None:
    first, mine, theirs = (a_rehearsal(id=f"rhs_rehearse{letter * 8}") for letter in "abc")
    rig.rehearsals.begin(first, after=None)
    assert rig.rehearsals.begin(theirs, after=first.id) is None
    with suppress(ChangedMeanwhile):
        rig.rehearsals.begin(mine, after=first.id)
    assert rig.rehearsals.last(first.campaign_id) == theirs.id


def a_verdict_that_was_written_meanwhile_is_not_replaced(rig: Rig) -> None:
    first = a_rehearsal()
    rig.rehearsals.begin(first, after=None)
    judged = first.changed(state=RehearsalOutcome.PASSED)
    rig.rehearsals.save(judged)
    with suppress(ChangedMeanwhile):
        rig.rehearsals.save(first.changed(state=RehearsalOutcome.FAILED))
    assert rig.rehearsals.get(first.id) == judged


DUELS: dict[Term, Duel] = {
    ("rehearsals", "Put", "attribute_not_exists(id)"): a_rehearsal_that_is_under_way_is_not_begun_again,
    ("rehearsals", "Put", "last = ?"): of_two_who_saw_the_same_last_rehearsal_one_begins_the_next,
    ("rehearsals", "Put", "version = ?"): a_verdict_that_was_written_meanwhile_is_not_replaced,
    ("buyers", "REMOVE ADD", "(* BETWEEN ? AND ?)"): a_claim_of_another_life_is_not_forgotten,
    ("buyers", "SET", "* = ?"): a_joined_claim_is_not_taken_for_what_it_was,
    ("buyers", "SET", "u = ?"): a_claim_between_the_look_and_the_joining_stays_counted,
    ("buyers", "SET REMOVE", "u = ?"): a_claim_between_the_look_and_the_correction_stays_counted,
    ("buyers", "SET REMOVE", "* = ?"): what_joined_between_the_look_and_the_correction_stays_counted,
    ("buyers", "ADD SET", "(attribute_not_exists(o) OR o < ?)"): no_more_holds_are_open_than_may_be,
    ("buyers", "ADD SET", "(attribute_not_exists(n) OR n < ?)"): no_more_holds_begin_than_may,
    ("buyers", "ADD SET", "attribute_not_exists(*)"): a_request_is_counted_once,
    ("buyers", "ADD SET", "* = ?"): who_counts_on_a_claim_that_was_released_meanwhile_is_told_so,
    ("buyers", "ADD REMOVE", "* = ?"): a_claim_that_others_count_on_is_not_released,
    ("buyers", "SET REMOVE", "v = ?"): a_hold_that_was_counted_meanwhile_is_not_forgotten_when_others_are_dropped,
    ("buyers", "SET", "v = ?"): a_hold_that_was_counted_meanwhile_is_not_forgotten_when_others_have_ended,
    ("campaigns", "Put", "attribute_not_exists(id)"): a_new_campaign_replaces_no_other,
    ("campaigns", "Put", "version = ?"): a_campaign_that_was_changed_meanwhile_is_not_replaced,
    ("requests", "Put", "attribute_not_exists(id) OR expires_at <= ?"): a_request_is_answered_once,
    ("orders", "Put", "attribute_not_exists(p)"): an_order_that_is_paid_is_not_placed_again,
    ("orders", "Put", "v = ?"): a_refund_that_was_given_up_meanwhile_is_not_left_waiting,
    ("payments", "Put", "attribute_not_exists(id)"): an_event_is_put_aside_once,
    ("addresses", "Put", "attribute_not_exists(campaign)"): the_first_key_of_a_campaign_is_everybodys,
    ("stock", "ledger", "attribute_exists(k)"): an_end_makes_no_block_out_of_nothing,
    ("stock", "REMOVE", "w = ?"): a_mark_that_has_changed_is_not_removed,
    ("stock", "ledger", "attribute_not_exists(w)"): (
        nothing_is_placed_unseen_where_entries_were_moved_out
    ),
    ("stock", "ledger", "w = ?"): (
        nothing_is_placed_where_another_entry_was_moved_out_since_the_look
    ),
    ("stock", "ledger", "o <= ?"): nothing_is_held_before_the_opening,
    ("stock", "ledger", "size(h) < ?"): a_ledger_takes_no_more_than_it_has_room_for,
    ("stock", "SET", "(attribute_not_exists(m) OR m <= ?)"): what_is_paused_is_not_opened_by_somebody_late,
    ("stock", "SET", "c > ?"): what_is_closed_for_good_is_not_opened_again,
    ("stock", "ledger", "c > ?"): nothing_is_held_while_it_is_paused_not_even_by_who_has_waited,
    ("waitlists", "SET", "state = ?"): who_has_left_is_offered_nothing,
    ("waitlists", "SET", "attempt = ?"): what_was_given_up_is_not_offered,
    ("waitlists", "SET", "attribute_not_exists(first) OR first < ?"): a_line_is_not_served_again_by_somebody_slow,
    ("waitlists", "SET", "attribute_not_exists(settled) OR settled < ?"): a_line_is_not_settled_again_by_somebody_slow,
    ("totals", "Put", "attribute_not_exists(campaign)"): what_was_kept_first_of_a_package_stands,
    ("totals", "Put", "attribute_not_exists(version) OR version < ?"): an_older_snapshot_of_a_span_replaces_no_newer_one,
    ("totals", "SET", "(attribute_not_exists(lease) OR lease <= ?)"): one_counts_at_a_time,
    ("totals", "SET", "attribute_not_exists(version)"): nobody_counts_for_the_first_snapshot_when_it_is_there,
    ("totals", "SET", "version = ?"): nobody_counts_for_a_snapshot_that_is_there,
}  # fmt: skip
