"""A whole evening in a toy shop: an honest one passes the audit, and one that oversells does not."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.demo import play
from local.demo.play import Wishes
from local.demo.playbook import Playbook
from local.demo.screen import Screen
from local.demo.verdict import Verdict
from local.money import money
from tests.unit.local_demo.toy_shop import ToyShop, ToyTheatre

SCRIPT: dict[str, Any] = {
    "name": "Toy Hour",
    "starts_at": "2026-11-28T20:00:00",
    "ends_at": "2026-11-28T21:00:00",
    "currency": "CNY",
    "hold_seconds": 600,
    "offers": [
        {"sku": "FUJI", "unit_price": 9900, "allotment": 400, "limit_per_buyer": 5},
        {"sku": "GIFT", "unit_price": 29900, "allotment": 12, "limit_per_buyer": 1},
    ],
    "run_of_show": [
        {"at": 0, "cue": "pin", "sku": "FUJI"},
        {"at": 1200, "cue": "pin", "sku": "GIFT"},
        {"at": 1800, "cue": "pin", "sku": "FUJI"},
    ],
}


def play_in(shop: ToyShop, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Verdict:
    """Six seconds of show, with holds of one."""
    monkeypatch.setattr("local.demo.play.LEAD", 2)
    monkeypatch.setattr("local.demo.evening.SETTLED_WITHIN", 10)
    monkeypatch.setattr("local.demo.watch.EVERY", 0.2)
    monkeypatch.setattr("local.demo.playbook.SHORTEST_HOLD", 1)
    monkeypatch.setattr("local.shoppers.regrets.WAITS", (0.1, 1.0))
    monkeypatch.setattr("local.shoppers.waiting_list.LOOKS_EVERY", 0.2)
    monkeypatch.setattr("local.demo.host.ENCORE", 1)
    monkeypatch.setattr("local.shoppers.regrets.OF_A_HUNDRED", 40)
    monkeypatch.setattr(Playbook, "read", lambda **facts: Playbook(script=SCRIPT, **facts))
    wishes = Wishes(seed=3, orders=60, seconds=6, faults=True, report=folder / "demo.json")
    return play.play(
        ToyTheatre(shop),
        wishes,
        lambda _step: None,
        Screen(Console(file=io.StringIO())),
        wall_of=lambda campaign: f"http://wall/#{campaign}",
        began=time.monotonic(),
    )


def test_an_honest_shop_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    shop = ToyShop()

    verdict = play_in(shop, monkeypatch, tmp_path)

    assert verdict.violations == []
    summary = verdict.summary()
    assert summary["orders"] == sum(held.state == "confirmed" for held in shop.holds.values())
    assert summary["orders"] >= 45
    assert summary["violations"] == 0
    assert summary["late_payments"] > 0
    assert summary["refunds"] > 5
    assert summary["refunded"] == summary["totals"]["refunded"] > 0
    assert summary["faults"]["connection cut"] > 0
    scarce = next(offer for offer in summary["totals"]["offers"] if offer["sku"] == "GIFT")
    assert scarce["units"]["sold"] == 12
    assert summary["stood_in_line"] >= summary["had_their_turn"] > 0
    assert [cue["unit_price"] for cue in shop.improvised] == [29700]
    assert json.loads((tmp_path / "demo.json").read_text())["seed"] == 3
    told = "\n".join(verdict.lines())
    assert "0 violations" in told
    assert money(summary["gross"], "CNY") in told


def test_a_shop_that_oversells_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    verdict = play_in(ToyShop(oversells=True), monkeypatch, tmp_path)

    assert not verdict.passed
    assert any("Nothing is oversold" in violation for violation in verdict.violations)
