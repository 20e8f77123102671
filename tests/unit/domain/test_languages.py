"""Titles by language: looked up as RFC 4647 says, whatever the capitals of a tag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.languages import canonical, lookup, title_in, twins

TITLES = {"zh-Hant": "富士蘋果", "zh": "富士苹果", "en": "Fuji", "de-CH": "Fuji-Apfel"}


@pytest.mark.parametrize(
    ("ranges", "tag"),
    [
        (["en"], "en"),
        (["en-GB"], "en"),
        (["EN-gb"], "en"),
        (["en-GB-oxendict"], "en"),
        (["en-x-ours"], "en"),
        (["zh-Hant-TW"], "zh-Hant"),
        (["zh-Hans-CN"], "zh"),
        (["ZH-HANT"], "zh-Hant"),
        # Lookup never makes a range longer: who asks for German in general is not served that of one country.
        (["de"], None),
        (["fr", "en"], "en"),
        (["fr-CA", "de-CH-1996"], "de-CH"),
        (["ja"], None),
        ([], None),
    ],
)
def test_a_range_is_cut_from_its_end_until_a_tag_is_the_same(ranges: list[str], tag: str | None):
    assert lookup(TITLES, *ranges) == tag


@pytest.mark.parametrize(
    ("titles", "shown"),
    [
        ({"zh": "富士", "en": "Fuji"}, "Fuji"),
        ({"zh": "富士", "EN": "Fuji"}, "Fuji"),
        ({"zh": "富士", "en-GB": "Fuji"}, "Fuji"),
        ({"zh": "富士", "ja": "ふじ"}, "富士"),
    ],
)
def test_files_have_the_english_title_or_the_first(titles: dict[str, str], shown: str):
    assert title_in(titles, "en") == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("en", "EN"), ("zh-Hant", "zh-hant"), ("iw", "he"), ("in-ID", "id-id"), ("mo", "ro")],
)
def test_two_spellings_of_one_tag_are_one(one: str, other: str):
    assert canonical(one) == canonical(other)
    assert list(twins({"fr": "", one: "", other: ""})) == [(other, one)]


TAGS = st.from_regex(r"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")


@given(titles=st.dictionaries(TAGS, st.text(min_size=1), min_size=1), wanted=TAGS)
def test_whoever_asks_is_served_a_title_that_there_is(titles: dict[str, str], wanted: str):
    assert title_in(titles, wanted) in titles.values()
    tag = lookup(titles, wanted)
    if tag is not None:
        assert f"{canonical(wanted)}-".startswith(f"{canonical(tag)}-")


@given(tag=TAGS)
def test_a_tag_serves_itself_in_any_capitals(tag: str):
    assert lookup({tag: "title"}, tag.swapcase()) == tag
