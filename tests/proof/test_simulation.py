"""Whole shows under faults, each from its seed: nothing oversold, lost, counted twice or stuck in any of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local.cli import app
from local.simulation.faults import ROUGH
from local.simulation.many import Summary, seed_of, simulate
from local.simulation.plan import KINDS
from local.simulation.show import Show, play
from tests.proof.record import keep_record

SHOWS = 2_000
SEED = 20261122
FAULTS = {
    *("killed before a call", "killed after a call", "answer lost", "call lost", "throttled"),
    *("internal error", "transaction conflict", "stalled", "timed out", "outage"),
    *("step run twice", "stream replayed", "execution aborted"),
}
"""What must have happened, or the shows prove nothing about it."""
MET = {
    *("sold out to the last unit", "reservation expired", "reservation released", "order paid"),
    *("campaign closed", "campaign cancelled", "order refunded", "order cancelled"),
    *("overflow mark set", "overflow mark removed"),
}


@pytest.fixture(scope="module")
def many() -> Summary:
    return simulate(range(SHOWS), SEED)


@pytest.mark.timeout(600)
def test_every_invariant_holds_in_every_show(many: Summary) -> None:
    assert [f"{outcome.seed}: {outcome.violation}" for outcome in many.broken] == []
    assert many.shows == SHOWS
    keep_record("simulation", many.figures(SEED))


def test_every_kind_of_fault_fired_and_everything_was_met(many: Summary) -> None:
    assert set(KINDS) <= many.kinds.keys()
    assert FAULTS - many.fired.keys() == set()
    assert MET - many.met.keys() == set()
    assert many.fired.total() > SHOWS
    # Not every show has a refund, or a parcel whose address was changed.
    assert min(many.checks.values()) > SHOWS // 5


def test_a_show_is_replayed_exactly_in_another_process_with_other_hashes() -> None:
    program = (
        "from local.simulation.show import play; print([play(f'9/{n}').digest for n in range(6)])"
    )
    here = str([play(seed_of(9, number)).digest for number in range(6)])
    for seed in ("0", "1"):
        elsewhere = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert elsewhere.stdout.strip() == here


def test_a_broken_promise_is_found_and_told_with_its_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import shared.use_cases.settle_hold as settle
    from shared.domain.stock import Amendment, Counters, Entry, end

    def give_back_twice(key: str, held: Entry, kind: object) -> Amendment:
        right = end(key, held, kind)  # type: ignore[arg-type]
        return Amendment(right.expect, right.write, right.change + Counters(free=held.quantity))

    monkeypatch.setattr(settle, "end", give_back_twice)
    told = CliRunner().invoke(app, ["simulate", "--shows", "12", "--seed", "1", "--workers", "1"])
    assert told.exit_code == 1
    assert "see it again: livehour simulate --seed 1 --show " in told.stderr


def test_one_show_can_be_told_as_json() -> None:
    told = CliRunner().invoke(app, ["simulate", "--seed", "3", "--show", "4", "--json"])
    figures = json.loads(told.stdout)
    assert (told.exit_code, figures["shows"], figures["violations"]) == (0, 1, 0)


def broken(_operation: str, _request: object) -> dict[str, Any]:
    raise ZeroDivisionError


def test_a_fault_that_nobody_foresaw_is_a_violation() -> None:
    def break_the_store(show: Show) -> None:
        show.world.faults.weather, show.world.faults.budget = ROUGH, 5
        show.world.serve_store = broken

    outcome = play("1/1", break_the_store)
    assert outcome.violation is not None
    assert "ZeroDivisionError" in outcome.trace
