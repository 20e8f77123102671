"""What stands on the wall is what the API answered."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shared.domain.money import exponent
from tests.wall.conftest import OpenWall
from tests.wall.fake_api import FakeApi
from tests.wall.shows import OFFERS, Show

pytestmark = pytest.mark.browser

SHOWN_WITHOUT = (
    *("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "PKR", "RSD", "SOS", "SYP", "YER"),
)


def words(page: Page, selector: str) -> str:
    """The text of an element, with plain spaces."""
    text = page.locator(selector).inner_text()
    return re.sub(r"\s+", " ", text).strip()


def rows(page: Page, body: str) -> list[list[str]]:
    cells = f"Array.from(document.querySelectorAll('#{body} tr'), row => Array.from(row.cells, cell => cell.innerText))"
    return [[re.sub(r"\s+", " ", cell) for cell in row] for row in page.evaluate(cells)]


def test_the_tiles_say_what_the_totals_say(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    totals = api.show.totals()
    expect(page.locator("#tile-orders .value")).to_have_text(f"{totals['orders']:,}")
    expect(page.locator("#tile-left .value")).to_have_text(f"{totals['units']['available']:,}")
    expect(page.locator("#tile-held .value")).to_have_text(f"{totals['units']['held']:,}")
    assert words(page, "#tile-sales .value") == f"CNY {totals['gross'] / 100:,.2f}"
    assert words(page, "#name") == "Washington Apple Hour"
    assert words(page, "#version") == "version 812"
    assert re.fullmatch(r"as of \d\d:\d\d:\d\d", words(page, "#as-of"))
    expect(page.locator("#sums")).to_have_text("sums agree")


@pytest.mark.parametrize(
    ("currency", "gross", "shown"),
    [
        ("JPY", 1234567, "JPY 1,234,567"),
        ("KWD", 1234567, "KWD 1,234.567"),
        ("CNY", 5, "CNY 0.05"),
        ("CNY", -1234567, "-CNY 12,345.67"),
        ("USD", 9_007_199_254_740_993_07, "USD 9,007,199,254,740,993.07"),
        ("USD", 10**18 * 200 + 1, "USD 2,000,000,000,000,000,000.01"),
        # Of these, browsers show no decimals, as shops do: the amounts would be a hundred or a thousand times too large.
        *((currency, 1234567, f"{currency} 12,345.67") for currency in SHOWN_WITHOUT),
        ("IQD", 1234567, "IQD 1,234.567"),
    ],
)
def test_money_keeps_every_digit_its_currency_has(
    open_wall: OpenWall, api: FakeApi, currency: str, gross: int, shown: str
):
    api.overrides["totals"] = {
        "currency": currency,
        "currency_exponent": exponent(currency),
        "gross": gross,
        "net": gross,
        "offers": [],
    }
    page = open_wall()
    page.locator("#tile-sales small").wait_for()
    assert words(page, "#tile-sales .value") == shown
    box = page.evaluate(
        "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])"
        "(document.querySelector('#tile-sales .value'))"
    )
    assert box[0] <= box[1], "the amount is cut off"


def test_refunds_are_told_beside_the_sales(open_wall: OpenWall, api: FakeApi):
    gross = api.show.totals()["gross"]
    api.overrides["totals"] = {"refunded": 9900, "net": gross - 9900}
    page = open_wall()
    expect(page.locator("#tile-sales .aside")).to_have_text(
        re.compile(rf"CNY\s{(gross - 9900) / 100:,.2f} after refunds")
    )


def test_each_product_shows_its_units_and_what_the_host_does_with_it(
    open_wall: OpenWall, api: FakeApi
):
    page = open_wall(size=(1000, 800))
    page.locator("#products .pinned").wait_for()
    page.locator("#products .flash").wait_for()
    for row, offer in zip(rows(page, "products"), api.show.totals()["offers"], strict=True):
        units = offer["units"]
        assert row[0].startswith(offer["title"]["en"])
        assert row[1:6] == [
            f"{number:,}"
            for number in (
                units["available"],
                units["held"],
                units["sold"],
                units["allotted"],
                offer["orders"],
            )
        ]
        assert row[6] == f"CNY {offer['gross'] / 100:,.2f}"
    red, gift = page.locator("#products tr").nth(2), page.locator("#products tr").nth(3)
    expect(red.locator(".pinned")).to_have_text("pinned")
    expect(red.locator(".flash")).to_have_text(re.compile(r"CNY\s109.00 until \d\d:\d\d"))
    expect(gift.locator(".sold-out")).to_have_text("sold out")
    expect(page.locator(".is-pinned")).to_have_count(1)


def test_titles_are_shown_in_the_readers_language(open_wall: OpenWall):
    page = open_wall(locale="zh-CN")
    title = page.locator("#products bdi").first
    expect(title).to_have_text("富士苹果 12 个装")
    expect(title).to_have_attribute("lang", "zh")


def test_a_browser_that_has_no_language_shows_the_wall_all_the_same(open_wall: OpenWall):
    # So does Chromium on a machine whose locale is POSIX, such as one that does nothing but show a wall.
    nobody_s = "Object.defineProperty(navigator, 'languages', {get: () => ['en-US@posix']});"
    page = open_wall(script=nobody_s)
    expect(page.locator("#products bdi").first).to_have_text("Fuji, box of 12")


@pytest.mark.parametrize(
    ("locale", "titles", "lang"),
    [
        ("en-GB", {"zh": "富士", "en": "Fuji"}, "en"),
        ("en-GB", {"zh": "富士", "EN-gb": "Fuji"}, "EN-gb"),
        ("zh-Hant-TW", {"en": "Fuji", "zh": "富士", "zh-Hant": "富士"}, "zh-Hant"),
        ("zh-Hans-CN", {"en": "Fuji", "zh": "富士", "zh-Hant": "富士"}, "zh"),
        ("de-CH", {"fr": "Fuji", "en": "Fuji"}, "en"),
        ("de-CH", {"fr": "Fuji", "it": "Fuji"}, "fr"),
    ],
)
def test_a_language_is_looked_up_from_the_exact_one_to_the_general(
    open_wall: OpenWall, api: FakeApi, locale: str, titles: dict[str, str], lang: str
):
    totals = api.show.totals()
    offers = [{**offer, "title": titles} for offer in totals["offers"]]
    api.overrides["totals"] = {"offers": offers}
    page = open_wall(locale=locale)
    expect(page.locator("#products bdi").first).to_have_attribute("lang", lang)


def test_a_title_is_text_whatever_it_holds(open_wall: OpenWall, api: FakeApi):
    hostile = "<img src=x onerror=\"document.body.id='taken'\"><b>Fuji</b>\u202e"
    api.show.name = hostile
    api.show.offers[0] = (hostile, {"en": hostile}, 9900, 4000)
    api.show.minute = 5
    page = open_wall()
    expect(page.locator("#products bdi").first).to_have_text(hostile)
    expect(page.locator("#name")).to_have_text(hostile)
    page.locator("summary").click()
    expect(page.locator("#twin-rows .words").last).to_contain_text("<b>Fuji</b>")
    assert page.locator("#wall img, #wall b").count() == 0
    assert page.evaluate("document.body.id") == ""


def test_the_table_beside_the_chart_says_what_the_chart_draws(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    page.locator("#twin summary").click()
    page.locator("#twin-rows tr").first.wait_for()
    told = [row[1:5] for row in reversed(rows(page, "twin-rows"))]
    starts, orders, sales = page.evaluate("window.plots.at(-1).data")
    drawn = [number for number in orders if number is not None]
    assert [int(row[0]) for row in told] == drawn

    buckets = {bucket["start"]: bucket for bucket in api.show.timeline()["buckets"]}
    assert len(told) == 43, "every minute since the opening, the empty and the open one too"
    assert sum(drawn) == sum(bucket["orders"] for bucket in buckets.values())
    so_far = 0
    filled = iter(buckets.values())
    for row, start, line in zip(told, starts, sales, strict=False):
        assert row[3] == f"CNY {line / 100:,.2f}"
        if row[0] != "0":
            bucket = next(filled)
            so_far += bucket["gross"]
            assert row == [
                str(bucket["orders"]),
                str(bucket["units"]),
                f"CNY {bucket['gross'] / 100:,.2f}",
                f"CNY {so_far / 100:,.2f}",
            ]
        assert start == starts[0] + 60 * told.index(row) or told.count(row) > 1
    assert so_far == api.show.totals()["gross"]


def test_the_cues_of_the_show_stand_where_they_fell(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    page.locator("#twin summary").click()
    page.locator("#twin-rows tr").first.wait_for()
    happened = [row[5] for row in reversed(rows(page, "twin-rows"))]
    assert {minute: text for minute, text in enumerate(happened) if text} == {
        0: "Fuji, box of 12 pinned · opened",
        10: "Fuji, box of 12 at CNY 79.00",
        18: "Cosmic Crisp, box of 6 pinned",
        25: "Gift box, hand-picked pinned",
        26: "Gift box, hand-picked sold out",
        33: "Red Delicious, family box of 20 pinned",
        38: "Red Delicious, family box of 20 at CNY 109.00",
    }


def test_arrow_keys_read_the_chart_bar_by_bar(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    page.locator("#chart canvas").wait_for()
    expect(page.locator("#readout")).to_contain_text("Best: ")
    first, *_ = api.show.timeline()["buckets"]
    page.locator("#chart").focus()
    page.keyboard.press("Home")
    expect(page.locator("#cursor")).to_contain_text(f"{first['orders']} orders")
    expect(page.locator("#readout")).to_contain_text("Fuji, box of 12 pinned")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#cursor")).not_to_contain_text("pinned")
    page.keyboard.press("Escape")
    expect(page.locator("#readout")).to_contain_text("Best: ")


def test_bars_fit_the_length_of_the_show_and_may_be_chosen(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    page.locator("#chart canvas").wait_for()
    page.locator("#bucket").select_option("300")
    page.locator("#twin summary").click()
    expect(page.locator("#twin-rows tr")).to_have_count(9)
    assert {one.path.split("=")[1] for one in api.asked_for("timeline")} == {"60", "300"}


STATES: list[tuple[dict[str, Any], str]] = [
    ({"minute": -12, "status": "scheduled", "held": 0}, r"Starts in 1\d:\d\d"),
    ({"minute": 0.01, "status": "scheduled", "held": 0}, r"About to start\."),
    ({"minute": -12, "status": "draft", "held": 0, "offers": []}, r"Draft: not scheduled yet\."),
    ({"busy": 0.02, "held": 0}, r"Quiet: no paid order for 4\d min\."),
    ({"busy": 30, "held": 0}, r"Sold out: all units are paid for\."),
    (
        {"minute": 61, "status": "closing"},
        r"Sale closed: 39 units are still held and may be paid\.",
    ),
    ({"minute": 61, "status": "closing", "held": 0}, r"Sale closed: settling the last payments\."),
    ({"minute": 61, "status": "closed", "held": 0}, r"Closed\. Reconciling: .*"),
    (
        {"minute": 61, "status": "closed", "held": 0, "complete": True},
        r"Closed and reconciled with the ledger\. These numbers are final\.",
    ),
    ({"status": "pausing"}, r"Pausing: reservations are refused, .*"),
    (
        {"status": "paused"},
        r"Paused: nothing can be reserved\. 39 units are still held and may be paid\.",
    ),
    ({"status": "paused", "held": 0}, r"Paused: nothing can be reserved\."),
    ({"status": "cancelled"}, r"Cancelled\. Nothing is on sale\."),
]


@pytest.mark.parametrize(("facts", "sentence"), STATES)
def test_every_state_of_the_show_has_its_sentence(
    open_wall: OpenWall, api: FakeApi, facts: dict[str, Any], sentence: str
):
    api.show = Show(**facts)
    page = open_wall()
    expect(page.locator("#note")).to_have_text(re.compile(f"^{sentence}$"))
    expect(page.locator("#status")).to_have_text(api.show.status)


def test_nothing_interrupts_a_show_that_goes_its_way(open_wall: OpenWall):
    page = open_wall()
    expect(page.locator("#status")).to_have_text("live")
    expect(page.locator("#note")).to_be_hidden()
    expect(page.locator("#times")).to_contain_text("to go")
    expect(page.locator("#polite")).to_contain_text("units left")


def test_a_campaign_without_sales_or_offers_says_so(open_wall: OpenWall, api: FakeApi):
    api.show = Show(minute=-5, status="draft", held=0, offers=[])
    page = open_wall()
    expect(page.locator("#products-empty")).to_be_visible()
    expect(page.locator("#chart-empty")).to_be_visible()


def test_totals_without_the_optional_fields_are_shown_all_the_same(
    open_wall: OpenWall, api: FakeApi
):
    lean = api.show.totals()
    for name in ("name", "starts_at", "ends_at", "time_zone"):
        api.overrides.setdefault("totals", {})[name] = None
    api.overrides["totals"]["offers"] = [
        {name: part for name, part in offer.items() if name != "title"} for offer in lean["offers"]
    ]
    page = open_wall()
    expect(page.locator("#name")).to_have_text(api.show.campaign)
    expect(page.locator("#products bdi").first).to_have_text(OFFERS[0][0])
    page.locator("#chart canvas").wait_for()


@pytest.mark.parametrize(
    ("what", "lie", "named"),
    [
        ("totals", {"orders": 1}, "orders of products, orders of timeline"),
        ("totals", {"reservations": {"placed": 1}}, "reservations"),
        ("timeline", {"buckets": [{"start": "2026-11-28T12:00:00Z", "orders": 1}]}, "timeline"),
    ],
)
def test_sums_that_do_not_hold_are_named(
    open_wall: OpenWall, api: FakeApi, what: str, lie: dict[str, Any], named: str
):
    api.overrides[what] = lie
    page = open_wall()
    expect(page.locator("#sums")).to_contain_text("sums differ:")
    expect(page.locator("#sums")).to_contain_text(named)


def test_the_wall_says_when_the_books_last_held(open_wall: OpenWall, api: FakeApi):
    page = open_wall()
    expect(page.locator("#reconciled")).to_have_text(re.compile(r"^books agree \d\d:\d\d:\d\d$"))
    expect(page.locator("#reconciled")).not_to_have_class("wrong")
    api.show.reconciled_at = api.show.now - timedelta(minutes=5)
    api.show.version += 1
    expect(page.locator("#reconciled")).to_contain_text("books last agreed")
    expect(page.locator("#reconciled")).to_have_class("wrong")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_wall_fits_a_phone_and_a_big_screen(open_wall: OpenWall, theme: str):
    page = open_wall(color_scheme=theme, reduced_motion="reduce")
    page.locator("#chart canvas").wait_for()
    for width in (320, 390, 768, 1280, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('#chart').clientHeight") >= 200
