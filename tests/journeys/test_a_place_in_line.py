"""A buyer who came too late, on the deployed stack: waits, is told whose turn it is, and pays."""

from __future__ import annotations

from tests.journeys.shopfront import Json, Shopfront, an_offer, good, refusal, until


def test_who_waits_is_offered_what_comes_back_and_nobody_overtakes(shopfront: Shopfront):
    offer = an_offer("FUJI", allotment=2, waitlist={"hold_seconds": 120})
    campaign = shopfront.live(offers=[offer])
    assert refusal(shopfront.stand_in_line(campaign, "too-early")) == (409, "units_available")
    held = shopfront.reserve(campaign, quantity=2)

    first = good(shopfront.stand_in_line(campaign, "buyer"))
    second = good(shopfront.stand_in_line(campaign, "another"))
    assert (first["state"], first["place"], second["place"]) == ("waiting", 0, 1)

    good(shopfront.ask("sell", "DELETE", f"/v1/reservations/{held['id']}"))
    assert refusal(shopfront.wish(campaign)) == (409, "sold_out")
    good(shopfront.ask("sell", "DELETE", f"/v1/waitlist/{second['id']}"))

    def offered() -> Json | None:
        ticket = good(shopfront.ask("sell", "GET", f"/v1/waitlist/{first['id']}"))
        return ticket if ticket["state"] == "offered" else None

    turn = until(offered)
    assert turn is not None
    order = good(shopfront.check_out(turn["reservation"]))
    assert shopfront.pay(order) == "paid"
    ticket = good(shopfront.ask("sell", "GET", f"/v1/waitlist/{first['id']}"))
    assert (ticket["state"], ticket["reservation"]["state"]) == ("confirmed", "confirmed")
    # Nobody waits any more: what is left is for everybody again.
    until(lambda: shopfront.wish(campaign).ok)
