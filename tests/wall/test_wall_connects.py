"""How the wall finds its campaign, and what it does with a key."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.wall.conftest import OpenWall
from tests.wall.fake_api import KEY, FakeApi

pytestmark = pytest.mark.browser


def fill_in(page: Page, address: str, key: str, campaign: str) -> None:
    page.get_by_label("API address").fill(address)
    page.get_by_label("Read key").fill(key)
    page.get_by_label("Campaign").fill(campaign)
    page.get_by_role("button", name="Open the wall").click()


def test_without_a_configuration_a_form_asks_and_the_tab_remembers(
    open_wall: OpenWall, api: FakeApi
):
    api.config = None
    page = open_wall()
    fill_in(page, api.address, f" {KEY} ", api.show.campaign)
    expect(page.locator("#version")).to_have_text("version 812")
    assert page.url == f"{api.address}/#campaign={api.show.campaign}"
    page.reload()
    expect(page.locator("#version")).to_have_text("version 812")


@pytest.mark.parametrize("suffix", ["", "/v1/"])
def test_the_api_may_live_elsewhere_and_be_named_with_or_without_its_version(
    open_wall: OpenWall, api: FakeApi, suffix: str
):
    api.config = None
    page = open_wall()
    fill_in(page, api.other_address + suffix, KEY, api.show.campaign)
    expect(page.locator("#version")).to_have_text("version 812")
    api.show.version = 813
    expect(page.locator("#version")).to_have_text("version 813")
    assert any(one.if_none_match == '"812"' for one in api.asked)


@pytest.mark.parametrize("address", ["api.example.com", "http://api.example.com", "javascript:1"])
def test_a_key_is_not_sent_in_the_clear_or_nowhere(open_wall: OpenWall, api: FakeApi, address: str):
    api.config = None
    page = open_wall()
    fill_in(page, address, KEY, api.show.campaign)
    page.wait_for_timeout(300)
    expect(page.locator("#wall")).to_be_hidden()
    assert page.evaluate("document.querySelector('#api').validity.valid") is False


def test_a_refused_key_is_explained_in_the_words_of_the_api(open_wall: OpenWall, api: FakeApi):
    api.config = None
    page = open_wall()
    fill_in(page, api.address, "lh_read_wrong", api.show.campaign)
    complaint = page.get_by_role("alert").and_(page.locator("#complaint"))
    expect(complaint).to_have_text("This key is not valid. Use a read key of the merchant.")
    expect(page.locator("#wall")).to_be_hidden()
    fill_in(page, api.address, KEY, api.show.campaign)
    expect(page.locator("#version")).to_have_text("version 812")


def test_an_unknown_campaign_is_explained_and_another_may_be_entered(
    open_wall: OpenWall, api: FakeApi
):
    page = open_wall("/#campaign=cmp_nobody")
    expect(page.locator("#complaint")).to_contain_text("There is no campaign cmp_nobody.")
    page.get_by_label("Campaign").fill(api.show.campaign)
    page.get_by_role("button", name="Open the wall").click()
    expect(page.locator("#version")).to_have_text("version 812")
    page.get_by_role("button", name="Show another campaign").click()
    expect(page.get_by_label("Campaign")).to_be_focused()
    page.wait_for_timeout(500)  # a question that was on its way has come
    asked = len(api.asked)
    page.wait_for_timeout(1_500)
    assert len(api.asked) == asked, "a wall that was left does not go on asking"


def test_the_address_may_choose_the_campaign_but_neither_the_api_nor_the_key(
    open_wall: OpenWall, api: FakeApi
):
    stranger = "https://stranger.example"
    page = open_wall(f"/#campaign={api.show.campaign}&api={stranger}&key=lh_read_other")
    expect(page.locator("#version")).to_have_text("version 812")
    page.evaluate("location.hash = 'campaign=cmp_nobody'")
    expect(page.locator("#complaint")).to_contain_text("cmp_nobody")


def test_an_api_that_cannot_be_reached_is_waited_for(open_wall: OpenWall, api: FakeApi):
    api.trouble = 0
    page = open_wall()
    expect(page.locator("#connection-text")).to_have_text("no answer yet")
    expect(page.locator("#note")).to_contain_text("No answer from the API.")
    api.trouble = None
    expect(page.locator("#version")).to_have_text("version 812", timeout=20_000)
