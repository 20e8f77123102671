"""The log of a campaign: each version read from what it was and what it became."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb_campaigns import decode, encode
from shared.domain import live_cues, show_control
from shared.domain.campaign import NOBODY, Campaign, Cue, Status
from shared.domain.campaign_log import (
    MOST_CHANGES,
    Entry,
    Outcome,
    broken_off,
    document,
    entry_of,
    place_of,
)
from tests.builders import a_campaign

START = a_campaign().starts_at
NOW = START + 60
KEY = "key_backoffice"


def live(**fields: Any) -> Campaign:
    return a_campaign(**{"status": Status.LIVE, "prepared_at": START - 60, **fields})


def change(before: Campaign, after: Campaign, *, at: int = NOW * 1000) -> Entry:
    return entry_of(before, after, by=KEY, at=at)


def cue(**fields: Any) -> Campaign:
    return live_cues.improvise(live(), Cue(at=0, **fields), now=NOW)


SKU = a_campaign().offers[0].sku
PAUSED = live(status=Status.PAUSED)
RESTOCKED = show_control.add_stock(
    live(offers=(replace(a_campaign().offers[0], blocks=125, home_blocks=125),)),
    sku=SKU,
    units=64,
    now=NOW,
)
EDITS = {
    "scheduled": (a_campaign(), show_control.schedule(a_campaign(), now=START - 60)),
    "opened": (
        a_campaign(status=Status.SCHEDULED),
        a_campaign(status=Status.SCHEDULED).become(Status.LIVE),
    ),
    "started": (
        a_campaign(status=Status.SCHEDULED, starts_at=START + 3600),
        show_control.start(a_campaign(status=Status.SCHEDULED, starts_at=START + 3600), now=NOW),
    ),
    "moved": (a_campaign(), a_campaign().changed(starts_at=START + 300)),
    "extended": (live(), show_control.extend(live(), ends_at=live().ends_at + 60, now=NOW)),
    "ended": (live(), show_control.end(live(), now=NOW)),
    "pause_begun": (live(), show_control.pause(live(), now=NOW, reason="No picture")),
    "paused": (live(status=Status.PAUSING), live(status=Status.PAUSING).become(Status.PAUSED)),
    "resumed": (PAUSED, show_control.resume(PAUSED, now=NOW)),
    "cancelled": (live(), show_control.cancel(live(), reason="Storm", now=NOW)),
    "closing_begun": (live(), live().changed(shut=True)),
    "sale_closed": (live(shut=True), live(shut=True).become(Status.CLOSING)),
    "settled": (
        live(status=Status.CLOSING, balanced=True),
        live(status=Status.CLOSING, balanced=True).become(Status.CLOSED),
    ),
    "finished": (live(status=Status.CLOSED), live(status=Status.CLOSED).changed(finished=True)),
    "stock_laid_out": (
        a_campaign(status=Status.SCHEDULED),
        a_campaign(status=Status.SCHEDULED).changed(prepared_at=START - 60),
    ),
    "stock_added": (replace(RESTOCKED, version=1, improvised=()), RESTOCKED),
    "pinned": (live(), cue(cue="pin", sku=SKU)),
    "price_changed": (live(), cue(cue="price", sku=SKU, unit_price=8800)),
    "flash_price_opened": (live(), cue(cue="flash_price", sku=SKU, unit_price=7000, seconds=30)),
    "announced": (live(), cue(cue="announce", text="Hello")),
    "directed": (live(), live_cues.added(live(), Cue(at=61, cue="of another version"))),
    "plan_changed": (a_campaign(), a_campaign().changed(name="Other", starts_at=START + 1)),
}


@pytest.mark.parametrize("action", EDITS)
def test_a_version_is_called_by_what_was_done_and_says_who_did_it(action: str):
    entry = change(*EDITS[action])
    assert (entry.action, entry.outcome, entry.by, entry.version) == (action, Outcome.DONE, KEY, 2)


def test_what_matters_of_a_change_is_told_and_no_secret():
    assert change(*EDITS["price_changed"]).detail == {
        "cue": "price",
        "sku": SKU,
        "unit_price": 8800,
        "from": "2026-11-28T12:01:01Z",
    }
    assert change(*EDITS["pause_begun"]).detail["reason"] == "No picture"
    assert change(*EDITS["opened"], at=(START + 7) * 1000).detail["seconds_late"] == 7
    before = a_campaign()
    (offer,) = before.offers
    fields: dict[str, Any] = {
        "offers": (replace(offer, unit_price=1), replace(offer, sku="NEW")),
        "secret": "0",
    }
    fields["max_open_holds_per_buyer"] = 3
    told = change(before, before.changed(metadata={"who": "Ana"}, name="Other", **fields)).detail
    assert told["changes"] == [
        {"field": "name", "from": "Friday night", "to": "Other"},
        {"field": "max_open_holds_per_buyer", "from": None, "to": 3},
        {"field": "metadata"},
        {"field": "unit_price", "sku": SKU, "from": 9900, "to": 1},
        {"field": "offers", "sku": "NEW", "is": "added"},
    ]


def test_an_entry_is_bounded_whatever_was_changed():
    (offer,) = a_campaign().offers
    many = a_campaign(offers=tuple(replace(offer, sku=f"S{n}") for n in range(200)))
    dearer = many.changed(offers=tuple(replace(each, unit_price=1) for each in many.offers))
    detail = change(many, dearer).detail
    assert (len(detail["changes"]), detail["more_changes"]) == (MOST_CHANGES, 200 - MOST_CHANGES)


def test_books_that_do_not_balance_are_a_failure():
    closing = live(status=Status.CLOSING)
    assert change(closing, closing.changed(balanced=False)).outcome is Outcome.FAILED
    assert change(closing, closing.changed(balanced=True)).outcome is Outcome.DONE


def test_a_first_version_and_one_of_nobody_known_are_entries_too():
    entry = entry_of(None, a_campaign(), by="", at=1)
    assert (entry.action, entry.version, entry.by) == ("created", 1, NOBODY)
    assert document(entry)["actor"] == {"type": "system", "id": NOBODY}
    assert document(change(*EDITS["moved"]))["actor"] == {"type": "key", "id": KEY}


def test_an_id_is_read_back_and_nothing_else_is():
    entry = broken_off(at=1_795_867_200_417, part=3, how="TIMED_OUT", error=None)
    told = document(entry)
    assert place_of(told["id"]) == entry.place
    assert (told["action"], told["outcome"]) == ("lifecycle_timed_out", "failed")
    assert told["at"] == "2026-11-28T12:00:00.417Z"
    for other in ("", "log_", "log_1-x", f"log_{'9' * 13}-", f"{told['id']}\n", "cmp_" + "b" * 16):
        assert place_of(other) is None


def test_what_code_of_another_version_keeps_is_carried_along():
    """A function that was not replaced yet, or was taken back, reads and saves a campaign in the middle of a show."""
    newer = {"weather": {"is": "fine"}, "rank": 7}
    (offer,) = a_campaign().offers
    kept = live(
        beyond=tuple(newer.items()),
        offers=(replace(offer, beyond=(("colour", "red"),)),),
        improvised=(Cue(at=3, cue="perfume", beyond=(("scent", "APPLE"),)),),
    )
    read = decode(encode(kept))
    assert read == kept
    again = decode(encode(read.changed(name="Other")))
    assert dict(again.beyond) == newer
    assert again.offers[0].beyond == (("colour", "red"),)
    assert again.improvised[0].beyond == (("scent", "APPLE"),)
    assert "beyond" not in encode(again)["doc"]["S"]
