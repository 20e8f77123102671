"""Buyers who reserve and walk away, far more of them than ledgers have room for, keep no unit from being sold."""

from __future__ import annotations

import time

from tests.journeys.shopfront import Shopfront, an_offer, good

UNITS = 12
ROUNDS = 8
"""Some 80 requests end in the ledger of one block, which has room for some 50."""


def test_after_rounds_of_buyers_who_walk_away_every_unit_is_sold(shopfront: Shopfront):
    campaign = shopfront.live(hold_seconds=10, offers=[an_offer("FUJI", UNITS)])
    codes: set[str] = set()
    for number in range(ROUNDS):
        held = []
        for buyer in range(UNITS + 2):
            answer = shopfront.wish(campaign, "FUJI", buyer=f"buyer-{number}-{buyer}")
            if answer.ok:
                held.append(answer.body)
            else:
                codes.add(answer.code)
        assert len(held) >= UNITS - number, f"round {number}: {len(held)} of {UNITS} units"
        # All give their units back but one, who lets the hold run out.
        for reservation in held[1:]:
            good(shopfront.release(reservation))
        # What is sold out is believed for a second.
        time.sleep(1.2)
    assert codes == {"sold_out"}

    # Within the hold and a tick of the last who walked away.
    deadline = time.monotonic() + 10 + 5 + 5
    sold = 0
    while sold < UNITS and time.monotonic() < deadline:
        answer = shopfront.wish(campaign, "FUJI")
        if answer.ok:
            order = good(shopfront.check_out(answer.body))
            assert shopfront.pay(order) == "paid"
            sold += 1
        else:
            assert answer.code == "sold_out"
            time.sleep(0.5)
    assert sold == UNITS
    good(shopfront.command(campaign, "end"))
    assert shopfront.wait_for(campaign, "closed")["balanced"] is True
    assert shopfront.book(campaign, "totals")["orders"] == UNITS
