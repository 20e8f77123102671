"""Whatever keeps a sale right is missed when it is gone: each condition of each write, and the order of the writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from random import Random

import pytest

from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine, Serve
from local.simulation.show import Show, play
from shared.domain.ids import new_campaign_id
from tests.proof.conditions import Collector, Term, Without
from tests.proof.duels import DUELS
from tests.proof.forks import apart
from tests.proof.mutations import Mutation
from tests.proof.orders_of_writes import MUTATIONS
from tests.proof.programs import Rig
from tests.proof.record import keep_record

SHOWS = 70
MOST = 40
"""Shows that may be played until one of them must have missed what is gone."""
PATIENCE = 300
"""Shows that may be played until one of them is wrong by another order of writes: the rarest comes up in one of 25."""
FEWEST = 12
NOW = 1_795_867_200


def collect() -> tuple[set[Term], dict[Term, list[int]]]:
    """Every condition that reaches the store in some shows, and in which of them it decided something."""
    asked: set[Term] = set()
    decided: dict[Term, list[int]] = {}
    for number in range(SHOWS):
        collectors: list[Collector] = []

        def watch(show: Show, found: list[Collector] = collectors) -> None:
            found.append(Collector(show.world.store))
            show.world.serve_store = found[0].serve

        outcome = play(f"m/{number}", watch)
        assert outcome.violation is None, f"{outcome.seed}: {outcome.violation}"
        asked |= collectors[0].asked
        for term in collectors[0].decided:
            decided.setdefault(term, []).append(number)
    return asked, decided


def is_missed_in_shows(term: Term, shows: list[int]) -> bool:
    """Whether one of the shows goes wrong without a condition."""

    def leave_out(show: Show) -> None:
        show.world.serve_store = Without(show.world.store, term).serve

    return any(play(f"m/{number}", leave_out).violation for number in shows[:MOST])


def fight(term: Term, serve_through: Callable[[MemoryDynamoDB], Serve]) -> None:
    store = MemoryDynamoDB(lambda: NOW)
    client = Client("dynamodb", serve_through(store), QuietLine())
    DUELS[term](Rig(client, new_campaign_id(), Random(1), NOW))


@pytest.mark.parametrize("term", DUELS, ids=" ".join)
def test_two_who_meet_need_the_condition_that_is_between_them(term: Term) -> None:
    fight(term, lambda store: store.call)
    with pytest.raises(AssertionError):
        fight(term, lambda store: Without(store, term).serve)


@pytest.mark.timeout(300)
def test_no_condition_of_any_write_can_be_left_out() -> None:
    asked, decided = collect()
    left = sorted(asked - DUELS.keys())
    needless = [term for term in left if not is_missed_in_shows(term, decided.get(term, []))]
    assert needless == [], "nothing notices that these are gone: write a duel for each"
    assert len(left) >= FEWEST
    keep_record(
        "conditions",
        {
            "conditions": len(asked | DUELS.keys()),
            "missed in shows": [" ".join(term) for term in left],
            "missed in duels": sorted(" ".join(term) for term in DUELS),
        },
    )


@pytest.mark.parametrize(
    "mutation", [one for one in MUTATIONS if one.tests is None], ids=lambda one: one.name
)
def test_shows_notice_that_the_order_of_writes_is_another(mutation: Mutation) -> None:
    with mutation.applied():
        assert any(play(f"m/{number}").violation for number in range(PATIENCE))


@pytest.mark.parametrize(
    "mutation", [one for one in MUTATIONS if one.tests is not None], ids=lambda one: one.name
)
def test_tests_notice_that_something_is_not_looked_at(mutation: Mutation) -> None:
    status, said = apart(lambda: run(mutation))
    assert status == 1, said
    assert "1 failed" in said


def run(mutation: Mutation) -> tuple[int, str]:
    """The tests that must notice a mutation, with it: how they ended, and what they said."""
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        # Not as a worker of this run.
        del os.environ[name]
    said = StringIO()
    with mutation.applied(), redirect_stdout(said):
        status = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-n", "0", str(mutation.tests)])
    return int(status), said.getvalue()
