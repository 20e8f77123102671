"""The judges of races, on histories made by hand: each finds what it is there for, and nothing in a good one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from shared.domain import stock
from shared.domain.errors import SoldOut, StoreBusy
from shared.domain.stock import Block, Counters, Kind
from tests.fakes import Crash
from tests.proof.checkers import bank, counter, durable, one_answer
from tests.proof.history import Entry, History, Type

INVOKE, OK, FAIL, INFO = Type.INVOKE, Type.OK, Type.FAIL, Type.INFO
Line = tuple[int, Type, str, Any]


def history(*lines: Line) -> History:
    """Entries a second apart."""
    return History(
        Entry(process, type_, f, value, second)
        for second, (process, type_, f, value) in enumerate(lines)
    )


def block(free: int = 2, held: int = 1, sold: int = 1, **changes: Any) -> Block:
    """One hold of a unit, one unit sold, two free."""
    ledger = {
        "held": stock.Entry(Kind.HELD, 1, 100),
        "sold": stock.Entry(Kind.SOLD, 1, 100),
    }
    counters = Counters(free=free, held=held, sold=sold, orders=1, gross=9)
    facts = {"opens": 0, "closes": 99, "epoch": 0, "counters": counters, "ledger": ledger}
    return Block(**{"number": 0, **facts, **changes})


def reading(*blocks: Block) -> History:
    return history((0, INVOKE, "read", None), (0, OK, "read", [list(blocks)]))


FOUR = {(0, 0): 4}


def test_the_bank_is_content_with_blocks_that_add_up():
    assert bank(reading(block()), FOUR) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([block(free=3)], "has 5 units of 4"),
        ([block(free=1)], "has 3 units of 4"),
        ([block(held=0, free=3)], "held is 0 by its counter and 1 by its ledger"),
        ([block(free=1, sold=2)], "sold is 2 by its counter and 1 by its ledger"),
        ([block(ledger={})], "by its ledger"),
        ([block(free=-1, held=4)], "free is negative"),
        ([block(), block(number=1)], "units of None"),
        ([], "was not there"),
    ],
)
def test_the_bank_finds_units_that_came_or_went(wrong: list[Block], said: str):
    assert any(said in fault for fault in bank(reading(*wrong), FOUR))


def test_the_bank_looks_at_every_read_and_not_only_at_the_last():
    bad_then_good = [reading(block(free=1)), reading(block())]
    assert bank(History(entry for each in bad_then_good for entry in each.entries), FOUR)


def test_a_race_that_nobody_watched_proves_nothing():
    assert bank(history(), FOUR)
    assert bank(history((0, INVOKE, "read", None), (0, INFO, "read", None)), FOUR)
    assert durable(history((0, INVOKE, "add", 1), (0, FAIL, "add", "sold_out")), "add", [])
    assert counter(history((0, INVOKE, "add", 1), (0, OK, "add", 1)), "add", lambda _: 1)
    assert one_answer(history(), "add")


ADDS = (
    (0, INVOKE, "add", "a"),
    (1, INVOKE, "add", "b"),
    (2, INVOKE, "add", "c"),
    (3, INVOKE, "add", "d"),
    (0, OK, "add", "told"),
    (1, FAIL, "add", "sold_out"),
    (2, INFO, "add", "c"),
)


@pytest.mark.parametrize("final", [["a"], ["a", "c"], ["a", "c", "d"], ["a", "d"]])
def test_what_is_not_known_may_be_there_or_not(final: list[str]):
    assert durable(history(*ADDS), "add", final) == []


@pytest.mark.parametrize(
    ("final", "said"),
    [
        ([], "acknowledged and is lost"),
        (["c", "d"], "acknowledged and is lost"),
        (["a", "b"], "was refused and is there"),
        (["a", "e"], "never attempted and is there"),
        (["a", "a"], "is there 2 times"),
    ],
)
def test_what_is_lost_or_appears_from_nowhere_is_found(final: list[Hashable], said: str):
    assert any(said in fault for fault in durable(history(*ADDS), "add", final))


def test_what_one_was_refused_and_another_was_given_may_be_there():
    twice = history(*ADDS, (4, INVOKE, "add", "b"), (4, OK, "add", "told"))
    assert durable(twice, "add", ["a", "b"]) == []
    assert durable(twice, "add", ["a"])


def total_read(value: int, *, adds: tuple[Line, ...] = ADDS) -> History:
    return history(*adds, (9, INVOKE, "read", None), (9, OK, "read", value))


@pytest.mark.parametrize(("value", "right"), [(0, False), (1, True), (3, True), (4, False)])
def test_a_total_lies_between_what_was_acknowledged_and_what_was_attempted(value: int, right: bool):
    judged = counter(total_read(value), "add", lambda read: read)  # type: ignore[arg-type, return-value]
    assert (judged == []) is right


def test_a_total_that_was_read_while_something_was_added_may_have_it_or_not():
    during = ((0, INVOKE, "add", "a"), (9, INVOKE, "read", None), (0, OK, "add", "told"))
    for value, right in ((0, True), (1, True), (2, False)):
        read = history(*during, (9, OK, "read", value))
        assert (counter(read, "add", lambda told: told) == []) is right  # type: ignore[arg-type, return-value]


def test_what_was_added_after_a_read_is_not_in_it():
    early = history((9, INVOKE, "read", None), (9, OK, "read", 1), *ADDS)
    assert counter(early, "add", lambda read: read)  # type: ignore[arg-type, return-value]


def test_an_element_counts_once_however_many_add_it_and_for_what_it_is_worth():
    twice = ((0, INVOKE, "add", 5), (1, INVOKE, "add", 5), (0, OK, "add", ""), (1, OK, "add", ""))
    for value, right in ((5, True), (10, False), (1, False)):
        read = total_read(value, adds=twice)
        judged = counter(read, "add", lambda told: told, worth=int)  # type: ignore[arg-type, return-value]
        assert (judged == []) is right


def test_what_others_may_add_beside_it_widens_the_bound_and_no_more():
    beside = (*ADDS, (5, INVOKE, "pay", "x"), (5, FAIL, "pay", "no"))
    for value, right in ((1, True), (4, True), (5, False)):
        judged = counter(total_read(value, adds=beside), "add", lambda read: read, perhaps=["pay"])  # type: ignore[arg-type, return-value]
        assert (judged == []) is right


def test_two_answers_to_one_request_are_found():
    same = ((0, INVOKE, "add", "a"), (1, INVOKE, "add", "a"), (0, OK, "add", "x"))
    assert one_answer(history(*same, (1, OK, "add", "x")), "add") == []
    assert one_answer(history(*same, (1, OK, "add", "y")), "add")
    assert one_answer(history(*same, (1, INFO, "add", "a")), "add") == []


# -- what is written down -----------------------------------------------------------------------------


def test_who_gets_no_answer_is_never_written_down_as_a_failure():
    written = History()

    def refuse(fault: BaseException) -> None:
        raise fault

    written.attempt(0, "add", "a", lambda: "told")
    written.attempt(1, "add", "b", lambda: refuse(SoldOut()))
    written.attempt(2, "add", "c", lambda: refuse(StoreBusy()))
    for fault in (Crash(), ZeroDivisionError()):
        with pytest.raises(type(fault)):
            written.attempt(3, "add", "d", lambda fault=fault: refuse(fault))  # type: ignore[misc]
    written.note(4, INVOKE, "add", "e")
    ended = [(operation.asked, operation.type) for operation in written.operations("add")]
    assert ended == [("a", OK), ("b", FAIL), ("c", INFO), ("d", INFO), ("d", INFO), ("e", INFO)]


def test_a_process_does_one_thing_at_a_time():
    with pytest.raises(ValueError, match="two things at once"):
        list(history((0, INVOKE, "add", "a"), (0, INVOKE, "add", "b")).operations("add"))
