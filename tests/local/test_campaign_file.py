from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.campaign_file import BrokenFile, CampaignFile

START = datetime(2027, 1, 5, 9, 30, 0, 123, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "show.json"


def written(file: Path, body: dict[str, Any]) -> CampaignFile:
    file.write_text(json.dumps(body))
    return CampaignFile.read(file)


def test_a_refused_field_is_named_by_line_and_name(file: Path):
    file.write_text('{\n "name": "Apples",\n "offers": [\n  {"sku": 7}\n ]\n}')
    refusal = CampaignFile.read(file).broken(
        [
            {"pointer": "/offers/0/sku", "detail": "Send a string."},
            {"pointer": "/currency", "detail": "This field is required."},
        ]
    )
    assert str(refusal).splitlines() == [
        f"{file} is no campaign yet:",
        "  line 4, column 11, offers.0.sku: Send a string.",
        "  line 1, column 1, currency: This field is required.",
    ]


def test_a_file_that_is_no_json_says_where_it_breaks(file: Path):
    file.write_text('{\n "name": "Apples"\n "currency": "CNY"\n}')
    with pytest.raises(BrokenFile, match="line 3, column 2: Expecting ',' delimiter"):
        CampaignFile.read(file)


def test_a_file_that_is_not_utf_8_says_at_which_byte(file: Path):
    file.write_bytes(b'{"name": "\xff"}')
    with pytest.raises(BrokenFile, match="byte 10: this is not UTF-8"):
        CampaignFile.read(file)


def test_a_file_that_is_not_there_says_so(file: Path):
    with pytest.raises(BrokenFile, match="it cannot be read: No such file or directory"):
        CampaignFile.read(file)


def test_a_byte_order_mark_does_no_harm(file: Path):
    file.write_text('{"name": "苹果"}', encoding="utf-8-sig")
    assert CampaignFile.read(file).body == {"name": "苹果"}


def test_a_moved_show_is_as_long_as_it_was(file: Path):
    moved = written(
        file,
        {
            "starts_at": "2026-11-28T20:00:00",
            "ends_at": "2026-11-28T21:00:00",
            "replay_until": "2026-11-29T20:00:00",
        },
    ).moved_to(START)
    assert moved == {
        "starts_at": "2027-01-05T09:30:00Z",
        "ends_at": "2027-01-05T10:30:00Z",
        "replay_until": "2027-01-06T09:30:00Z",
    }


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"starts_at": "soon", "ends_at": "2026-11-28T21:00:00"},
        {"starts_at": 7, "ends_at": None},
    ],
)
def test_times_that_are_none_are_left_for_the_api_to_refuse(file: Path, times: dict[str, Any]):
    assert written(file, times).moved_to(START) == times


def test_an_end_of_another_kind_than_the_start_is_left_as_it_is(file: Path):
    moved = written(
        file, {"starts_at": "2026-11-28T20:00:00", "ends_at": "2026-11-28T21:00:00+08:00"}
    ).moved_to(START)
    assert moved["ends_at"] == "2026-11-28T21:00:00+08:00"
