"""Sound books pass, and each invariant finds the books that break it: an auditor who cannot say no is none."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from local.demo.audit import INVARIANTS, LISTED, audit
from local.demo.evidence import Evidence, Poll
from local.shoppers.journal import Replay
from tests.unit.local_demo.sound_books import (
    AS_OF_SECONDS,
    a_reservation,
    an_order,
    sound_evidence,
    sound_totals,
    units,
)


def spoilt(totals: dict[str, Any], *path: str | int, value: Any) -> dict[str, Any]:
    """The same totals, with one number changed."""
    changed = deepcopy(totals)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def with_poll(evidence: Evidence, totals: dict[str, Any]) -> Evidence:
    return sound_evidence(polls=[*evidence.polls, Poll(asked_at=AS_OF_SECONDS, totals=totals)])


def with_order(order: dict[str, Any]) -> Evidence:
    evidence = sound_evidence()
    return sound_evidence(orders={**evidence.orders, order["id"]: order})


def without_order(order_id: str) -> Evidence:
    orders = dict(sound_evidence().orders)
    del orders[order_id]
    return sound_evidence(orders=orders)


def a_unit_out_of_nowhere() -> Evidence:
    return with_poll(sound_evidence(), spoilt(sound_totals(version=8), "units", "held", value=1))


def a_reservation_without_a_state() -> Evidence:
    wrong = spoilt(sound_totals(), "reservations", "expired", value=2)
    return sound_evidence(totals=wrong)


def an_offer_that_counts_twice() -> Evidence:
    return sound_evidence(totals=spoilt(sound_totals(), "offers", 0, "orders", value=3))


def an_eleventh_of_ten() -> Evidence:
    return with_order(an_order("b", "FUJI", 8))


def an_offer_that_sold_more_than_it_has() -> Evidence:
    return sound_evidence(totals=spoilt(sound_totals(), "offers", 1, "units", value=units(2, 3)))


def a_scarce_unit_left_over() -> Evidence:
    return with_order(an_order("d", "GIFT", 1, "cancelled"))


def a_buyer_with_two_gifts() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.buyers["rsv_d"] = evidence.journal.buyers["rsv_c"]
    return evidence


def a_reservation_that_was_forgotten() -> Evidence:
    evidence = sound_evidence()
    for number in range(3):
        evidence.journal.reserved(a_reservation(f"new{number}", "FUJI", 1), "buyer")
    return evidence


def a_release_that_was_forgotten() -> Evidence:
    return sound_evidence(loose={"rsv_gave_back": "held", "rsv_left": "expired"})


def an_unpaid_reservation_that_is_confirmed() -> Evidence:
    return sound_evidence(loose={"rsv_gave_back": "released", "rsv_left": "confirmed"})


def a_checkout_that_was_forgotten() -> Evidence:
    return without_order("ord_late")


def an_order_that_changed_its_amount() -> Evidence:
    return with_order({**an_order("late", "GIFT", 1, "refunded"), "amount": 1})


def an_order_nobody_made() -> Evidence:
    return with_order(an_order("ghost", "FUJI", 1, "cancelled"))


def a_price_nobody_set() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.reservations["rsv_a"]["unit_price"] = 99
    return evidence


def a_list_price_nobody_set() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.reservations["rsv_b"] |= {"list_price": 101, "unit_price": 101, "amount": 101}
    return evidence


def a_coupon_that_gives_more() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.reservations["rsv_a"] |= {"unit_price": 99, "amount": 297}
    return evidence


def a_price_below_the_floor() -> Evidence:
    evidence = sound_evidence()
    evidence.campaign["offers"] = [
        {**offer, "min_unit_price": 101} for offer in evidence.campaign["offers"]
    ]
    return evidence


def a_coupon_that_two_had() -> Evidence:
    return with_order({**an_order("b", "FUJI", 1), "coupon": "HALF"})


def a_coupon_that_one_had_twice() -> Evidence:
    evidence = sound_evidence()
    evidence.campaign["run_of_show"] = [
        {**cue, "uses": None} if cue["cue"] == "coupon" else cue
        for cue in evidence.campaign["run_of_show"]
    ]
    again = {**an_order("b", "FUJI", 1), "coupon": "HALF"}
    evidence.journal.buyers["rsv_b"] = evidence.journal.buyers["rsv_a"]
    return replace(evidence, orders={**evidence.orders, "ord_b": again})


def somebody_who_still_waits() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.stood_in_line("wtl_e")
    return evidence


def a_price_that_is_not_marked() -> Evidence:
    evidence = sound_evidence()
    markers = [cue for cue in evidence.timeline["markers"] if cue["cue"] != "price"]
    return replace(evidence, timeline={**evidence.timeline, "markers": markers})


def a_payment_that_was_lost() -> Evidence:
    return with_order(an_order("late", "GIFT", 1, "cancelled"))


def a_wrong_amount_that_was_believed() -> Evidence:
    evidence = sound_evidence()
    lie = evidence.journal.captures.pop()
    evidence.journal.captured(replace(lie, outcome="paid"))
    return evidence


def an_order_that_a_lie_paid_for() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.captures[:] = [
        capture
        for capture in evidence.journal.captures
        if capture.wrong or capture.order != "ord_a"
    ]
    return evidence


def a_webhook_nobody_took() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.webhook_sent()
    return evidence


def a_second_answer_that_differs() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.answered_twice(Replay(what="POST", first={"id": 1}, again={"id": 2}))
    return evidence


def an_internal_error() -> Evidence:
    evidence = sound_evidence()
    evidence.journal.surprised("POST /v1/campaigns answered 500 internal_error")
    return evidence


def an_order_that_is_not_counted() -> Evidence:
    return sound_evidence(totals=spoilt(sound_totals(), "orders", value=3))


def a_sum_that_is_not_the_orders() -> Evidence:
    return sound_evidence(totals=spoilt(sound_totals(), "gross", value=2100))


def money_that_vanished() -> Evidence:
    return sound_evidence(totals=spoilt(sound_totals(), "net", value=2199))


def a_refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ref_a",
        "order": "ord_a",
        "amount": 300,
        "state": "succeeded",
        "after_close": False,
        "restocked": False,
        **changes,
    }


def with_refund(refund: dict[str, Any], evidence: Evidence) -> Evidence:
    evidence.journal.refunded(refund)
    return evidence


def a_refund_that_is_in_no_totals() -> Evidence:
    return with_refund(a_refund(), sound_evidence())


def a_refund_that_never_ends() -> Evidence:
    return with_refund(a_refund(state="pending"), sound_evidence())


def an_order_that_does_not_know_of_its_refund() -> Evidence:
    return with_refund(a_refund(after_close=True), sound_evidence())


def a_bucket_that_is_missing() -> Evidence:
    return sound_evidence(timeline={"version": 9, "buckets": []})


def a_version_that_went_back() -> Evidence:
    return with_poll(sound_evidence(), sound_totals(version=7))


def gross_that_fell() -> Evidence:
    return with_poll(sound_evidence(), sound_totals(gross=3000, version=8))


def totals_of_yesterday() -> Evidence:
    (poll,) = sound_evidence().polls
    return sound_evidence(polls=[Poll(asked_at=AS_OF_SECONDS + 3, totals=poll.totals)])


def a_campaign_that_is_still_closing() -> Evidence:
    return sound_evidence(campaign={**sound_evidence().campaign, "status": "closing"})


def books_that_do_not_balance() -> Evidence:
    return sound_evidence(report={"balanced": False, "totals": sound_totals()})


def a_report_that_changed() -> Evidence:
    return sound_evidence(report_again={"balanced": True, "totals": {}})


def an_order_that_nobody_carries() -> Evidence:
    evidence = sound_evidence()
    evidence.orders["ord_a"]["state"] = "paid"
    return evidence


def a_parcel_too_many() -> Evidence:
    return sound_evidence(hand_off={"waiting": 0, "files": [{"name": "parcels.csv", "rows": 5}]})


SPOILT = {
    "Units are available, held or sold, and no others": [a_unit_out_of_nowhere],
    "Every reservation placed has one state": [a_reservation_without_a_state],
    "The offers add up to the campaign": [an_offer_that_counts_twice],
    "Nothing is oversold": [an_eleventh_of_ten, an_offer_that_sold_more_than_it_has],
    "Every unit of the scarce product is sold": [a_scarce_unit_left_over],
    "Nobody got more than the limit": [a_buyer_with_two_gifts],
    "Every acknowledged reservation is in the books": [
        a_reservation_that_was_forgotten,
        a_release_that_was_forgotten,
        an_unpaid_reservation_that_is_confirmed,
    ],
    "Every acknowledged checkout is in the books": [
        a_checkout_that_was_forgotten,
        an_order_that_changed_its_amount,
        an_order_nobody_made,
    ],
    "Nobody was asked another price than the show's": [
        a_price_nobody_set,
        a_list_price_nobody_set,
        a_coupon_that_gives_more,
        a_price_below_the_floor,
    ],
    "No coupon was had more often than it is for": [
        a_coupon_that_two_had,
        a_coupon_that_one_had_twice,
    ],
    "Nobody was left standing in line": [somebody_who_still_waits],
    "Everything that happened is on the timeline": [a_price_that_is_not_marked],
    "Every payment was kept, given back or put aside": [
        a_payment_that_was_lost,
        a_wrong_amount_that_was_believed,
    ],
    "Every paid order was paid for": [an_order_that_a_lie_paid_for],
    "Every paid order has its parcel": [an_order_that_nobody_carries, a_parcel_too_many],
    "Every webhook was taken in the end": [a_webhook_nobody_took],
    "The same request got the same answer": [a_second_answer_that_differs],
    "Every answer was one of the contract's": [an_internal_error],
    "The orders are the totals": [an_order_that_is_not_counted, a_sum_that_is_not_the_orders],
    "Captured money less refunds is net": [money_that_vanished, a_refund_that_is_in_no_totals],
    "Every refund ended, and no order gave back more": [
        a_refund_that_never_ends,
        an_order_that_does_not_know_of_its_refund,
    ],
    "The timeline adds up to the totals": [a_bucket_that_is_missing],
    "Versions and sums never went back": [a_version_that_went_back, gross_that_fell],
    "Live totals were at most 2 s old": [totals_of_yesterday],
    "The campaign closed, balanced and complete": [
        a_campaign_that_is_still_closing,
        books_that_do_not_balance,
        a_report_that_changed,
    ],
}


def test_sound_books_pass():
    assert audit(sound_evidence()) == []


def test_every_invariant_is_shown_able_to_fail():
    assert set(SPOILT) == {invariant.sentence for invariant in INVARIANTS}


@pytest.mark.parametrize(
    ("sentence", "evidence_of"),
    [(sentence, spoil) for sentence, spoils in SPOILT.items() for spoil in spoils],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_invariant_finds_the_books_that_break_it(
    sentence: str, evidence_of: Callable[[], Evidence]
):
    (invariant,) = [one for one in INVARIANTS if one.sentence == sentence]

    (violation, *_) = invariant.violations(evidence_of())
    assert violation.startswith(sentence)


def test_many_contradictions_of_one_invariant_are_counted_not_listed():
    evidence = sound_evidence()
    for number in range(LISTED + 3):
        evidence.journal.surprised(f"answer {number}")

    found = audit(evidence)
    assert len(found) == LISTED + 1
    assert found[-1].endswith("and 3 more")
