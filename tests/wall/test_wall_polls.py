"""How the wall asks: gently, never backwards, and honest about what it does not know."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.wall.conftest import OpenWall
from tests.wall.fake_api import FakeApi
from tests.wall.shows import Show

pytestmark = pytest.mark.browser


def wait_for_totals(page: Page, api: FakeApi, more: int) -> None:
    """Until the wall has asked for the totals `more` times from now."""
    goal = len(api.asked_for("totals")) + more
    deadline = time.monotonic() + 15
    while len(api.asked_for("totals")) < goal:
        assert time.monotonic() < deadline, "the wall does not ask"
        page.wait_for_timeout(50)


def let_pass(page: Page, seconds: int) -> None:
    """The page's clock runs in steps, so that the answers of each poll come in between."""
    for _ in range(0, seconds, 2):
        page.clock.run_for(2_000)
        page.wait_for_timeout(40)


def look_away(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_an_unchanged_version_is_asked_for_by_its_tag_and_not_sent_again(
    open_wall: OpenWall, api: FakeApi
):
    page = open_wall()
    wait_for_totals(page, api, 3)
    first, *later = api.asked_for("totals")
    assert (first.if_none_match, first.status) == (None, 200)
    assert {(one.if_none_match, one.status) for one in later} == {('"812"', 304)}
    assert len(api.asked_for("timeline")) == 1, "an unchanged version has an unchanged timeline"
    expect(page.locator("body")).to_have_attribute("data-connection", "live")


def test_a_newer_version_replaces_the_older(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    api.show = Show(version=813, minute=45)
    expect(page.locator("#version")).to_have_text("version 813")
    expect(page.locator("#tile-orders .value")).to_have_text(f"{api.show.totals()['orders']:,}")


def test_an_older_version_is_dropped(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    shown = page.locator("#tile-orders .value").inner_text()
    api.show = Show(version=811, minute=20)
    wait_for_totals(page, api, 3)
    assert {one.status for one in api.asked_for("totals")[-2:]} == {200}
    expect(page.locator("#version")).to_have_text("version 812")
    expect(page.locator("#tile-orders .value")).to_have_text(shown)


def test_the_server_sets_the_pace(open_wall: OpenWall, api: FakeApi):
    api.poll_interval = "30"
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    page.wait_for_timeout(2_000)
    assert len(api.asked_for("totals")) == 1


def test_a_paused_wall_asks_for_nothing_and_goes_on_at_once(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#connection-text")).to_have_text("paused")
    page.wait_for_timeout(300)
    asked, frozen = len(api.asked), page.locator("#wall").inner_text()
    api.show = Show(version=813)
    page.wait_for_timeout(2_000)
    assert len(api.asked) == asked
    assert page.locator("#wall").inner_text() == frozen, "nothing moves, not even the ages"
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#version")).to_have_text("version 813")


def test_a_hidden_tab_asks_for_nothing_and_catches_up_when_seen(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    look_away(page, hidden=True)
    page.wait_for_timeout(300)
    asked = len(api.asked)
    api.show = Show(version=813)
    page.wait_for_timeout(1_500)
    assert len(api.asked) == asked
    look_away(page, hidden=False)
    expect(page.locator("#version")).to_have_text("version 813")


def test_numbers_that_stop_coming_grow_stale_then_offline_then_recover(
    open_wall: OpenWall, api: FakeApi
):
    page = open_wall("/icon.svg")
    page.clock.install(time=datetime.now(UTC))
    page.goto(api.address)
    body, says = page.locator("body"), page.locator("#connection-text")
    expect(body).to_have_attribute("data-connection", "live")
    api.trouble = 0
    let_pass(page, 16)
    expect(body).to_have_attribute("data-connection", "stale")
    expect(says).to_have_text(re.compile(r"stale, 1\d s old"))
    let_pass(page, 30)
    expect(body).to_have_attribute("data-connection", "offline")
    expect(says).to_have_text(re.compile(r"offline for 4\d s"))
    expect(page.locator("#urgent")).to_contain_text("No answer from the API.")
    expect(page.locator("#tile-orders .value")).to_have_text(f"{api.show.totals()['orders']:,}")
    api.trouble = None
    api.show = Show(version=813, now=datetime.now(UTC) + timedelta(seconds=45))
    let_pass(page, 32)
    expect(page.locator("#version")).to_have_text("version 813")
    expect(page.locator("#note")).to_be_hidden()


def test_totals_the_server_does_not_renew_are_stale_though_it_answers(
    open_wall: OpenWall, api: FakeApi
):
    api.show.now = datetime.now(UTC) - timedelta(seconds=60)
    page = open_wall()
    wait_for_totals(page, api, 3)
    expect(page.locator("#connection-text")).to_have_text(re.compile(r"stale, 6\d s old"))


@pytest.mark.parametrize("trouble", [503, 429])
def test_a_server_in_trouble_is_asked_less_and_less(
    open_wall: OpenWall, api: FakeApi, trouble: int
):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    api.trouble = trouble
    page.wait_for_timeout(4_000)
    refused = [one for one in api.asked_for("totals") if one.status == trouble]
    assert 1 <= len(refused) <= 5, "at an unchanged pace it would be eight"
    expect(page.locator("#version")).to_have_text("version 812")


def test_a_key_revoked_during_the_show_ends_the_asking_and_says_why(
    open_wall: OpenWall, api: FakeApi
):
    page = open_wall()
    expect(page.locator("#version")).to_have_text("version 812")
    api.trouble = 401
    expect(page.locator("#note")).to_have_text("The API refuses to go on: Trouble")
    asked = len(api.asked)
    page.wait_for_timeout(1_500)
    assert len(api.asked) == asked
    expect(page.locator("#version")).to_have_text("version 812")


def test_a_timeline_in_trouble_leaves_the_totals_alone(open_wall: OpenWall, api: FakeApi):
    api.trouble, api.troubled = 503, "timeline"
    page = open_wall()
    expect(page.locator("#timeline-trouble")).to_have_text("The chart waits: Trouble")
    api.show = Show(version=813)
    expect(page.locator("#version")).to_have_text("version 813")
    expect(page.locator("body")).to_have_attribute("data-connection", "live")


def test_final_numbers_are_not_asked_for_again(open_wall: OpenWall, api: FakeApi):
    api.show = Show(minute=61, status="closed", held=0, complete=True)
    page = open_wall()
    expect(page.locator("#connection-text")).to_have_text("final")
    expect(page.locator("#pause")).to_be_hidden()
    page.wait_for_timeout(1_500)
    assert len(api.asked) == 2


def test_a_screen_reader_is_told_the_score_now_and_then_only(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#polite")).to_contain_text("units left")
    said = page.locator("#polite").inner_text()
    api.show = Show(version=813, minute=50)
    expect(page.locator("#version")).to_have_text("version 813")
    assert page.locator("#polite").inner_text() == said
    expect(page.locator("#urgent")).to_have_text("")
    api.show = Show(version=814, minute=50, busy=30, held=0)
    expect(page.locator("#urgent")).to_have_text("Sold out: all units are paid for.")
