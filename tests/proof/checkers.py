"""
Judges of histories, after Jepsen's: each gives the violations it finds, and an empty list if there are none.

* ``bank``: stock is conserved at every read during the race, not only at its end.
* ``durable`` (Jepsen's *set*): what was acknowledged is in the final read, once; nothing is that nobody asked for, or that
  was refused.
* ``counter``: each total that was read lies between what was acknowledged before and what was attempted until then.
* ``one_answer``: whoever asked the same was told the same.

A judge that has nothing to judge says so: a race without reads proves nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import accumulate
from typing import Any

from shared.domain.stock import Block
from tests.proof.history import History, Type

Blocks = list[list[Block]]
"""Of each offer, as one consistent reading saw them."""


def bank(
    history: History, laid_out: Mapping[tuple[int, int], int], *, at_first: int | None = None
) -> list[str]:
    """
    Every ``read``: free, held and sold units of each block sum to its units, none is negative, and the ledger says the same
    as the counters. ``laid_out``: units by offer and block. ``at_first``: blocks that were there from the beginning; the
    others were added later.
    """
    found = []
    for read in _read(history):
        seen = {
            (offer, block.number): block for offer, blocks in enumerate(read) for block in blocks
        }
        found += [
            f"{place} was not there"
            for place in laid_out.keys() - seen.keys()
            if at_first is None or place[1] < at_first
        ]
        for place, block in seen.items():
            if block.units != laid_out.get(place):
                found.append(f"{place} has {block.units} units of {laid_out.get(place)}")
            found += [f"offer {place[0]} {fault}" for fault in block.faults()]
            found += [
                f"{place}: {key} is {entry}"
                for key, entry in block.ledger.items()
                if entry.quantity < 0
            ]
    return found or _unless_any(history, "read")


def durable(history: History, f: str, final: Iterable[Hashable]) -> list[str]:
    """
    The elements that ``f`` adds, against those of the final read. An element is what the operation was invoked with; several
    may try to add the same, and it is then there once.
    """
    there = Counter(final)
    ends: dict[Hashable, set[Type]] = defaultdict(set)
    for operation in history.operations(f):
        ends[operation.asked].add(operation.type)
    found = [f"{f} {one!r} was acknowledged and is lost" for one in _lost(ends, there)]
    for element, times in there.items():
        if element not in ends:
            found.append(f"{f} {element!r} was never attempted and is there")
        elif ends[element] == {Type.FAIL}:
            found.append(f"{f} {element!r} was refused and is there")
        if times > 1:
            found.append(f"{f} {element!r} is there {times} times")
    return found or _unless_any(history, f)


def _lost(ends: Mapping[Hashable, set[Type]], there: Mapping[Hashable, int]) -> list[Hashable]:
    return [one for one, types in ends.items() if Type.OK in types and one not in there]


def counter(
    history: History,
    f: str,
    value: Callable[[Blocks], int],
    *,
    worth: Callable[[Any], int] = lambda _: 1,
    perhaps: Collection[str] = (),
) -> list[str]:
    """
    Every ``read``, by ``value``, lies between the sum of the elements that ``f`` had acknowledged when the read began, and
    the sum of those attempted, and never refused for good, when it ended. ``worth`` of an element; one that several add
    counts once. Each operation of the kinds ``perhaps`` may add one more. For what can only grow.
    """
    first_ok: dict[Hashable, int] = {}
    first_begun: dict[Hashable, int] = {}
    for operation in history.operations(f):
        if operation.type is Type.FAIL:
            continue
        one = operation.asked
        first_begun[one] = min(operation.began, first_begun.get(one, operation.began))
        if operation.type is Type.OK and operation.ended is not None:
            first_ok[one] = min(operation.ended, first_ok.get(one, operation.ended))
    acknowledged = _Sum((at, worth(one)) for one, at in first_ok.items())
    attempted = _Sum(
        [
            *((at, worth(one)) for one, at in first_begun.items()),
            *((each.began, 1) for other in perhaps for each in history.operations(other)),
        ]
    )
    found = []
    for read in history.operations("read"):
        if read.type is not Type.OK or read.ended is None:
            continue
        least, most = acknowledged.before(read.began), attempted.before(read.ended)
        if not least <= value(read.told) <= most:
            found.append(f"{f}: {value(read.told)} was read, and is not in {least}..{most}")
    return found or _unless_any(history, "read") or _unless_any(history, f)


class _Sum:
    """What was added until any time. ``added``: times, and how much."""

    def __init__(self, added: Iterable[tuple[int, int]]) -> None:
        in_order = sorted(added)
        self._times = [time for time, _ in in_order]
        self._sums = [0, *accumulate(value for _, value in in_order)]

    def before(self, time: int) -> int:
        return self._sums[bisect_left(self._times, time)]


def one_answer(history: History, f: str) -> list[str]:
    """All who asked ``f`` the same, and were answered, were answered the same."""
    told: dict[Hashable, set[Hashable]] = defaultdict(set)
    for operation in history.operations(f):
        if operation.type is Type.OK:
            told[operation.asked].add(operation.told)
    found = [f"{f} {asked!r} was answered {each}" for asked, each in told.items() if len(each) > 1]
    return found or _unless_any(history, f)


def _read(history: History) -> list[Blocks]:
    return [read.told for read in history.operations("read") if read.type is Type.OK]


def _unless_any(history: History, f: str) -> list[str]:
    if any(operation.type is Type.OK for operation in history.operations(f)):
        return []
    return [f"no {f} came through: there is nothing to judge"]
