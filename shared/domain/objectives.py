"""Whether a rehearsal has met its objectives: what was asked, what was measured, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Final

from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.journal import MOST_TOLD, Journal
from shared.domain.stock import Block, Kind, sizes

SLOWEST: Final = {"reserve": 100, "checkout": 300, "payment": 300}
"""Milliseconds within which 99 of 100 are to be answered, by step."""
MOST_WRITES: Final = 2.0
MOST_READS: Final = 2.0
"""Units of a reservation at most, on average over selling out, without a limit per buyer."""
MOST_FOR_AN_ORDER: Final = 4.5 - 1.35 + MOST_WRITES
"""Write units of a paid order from its reservation to its payment, without a limit per buyer: 4.5 with a reservation of
1.35, and more where whoever comes last has to look for the last units."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective, and how it went."""

    name: str
    passed: bool | None
    """``None``: it was measured where it says nothing."""
    asked: str
    measured: str
    details: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As it is told."""
        return {**asdict(self), "details": list(self.details[:MOST_TOLD])}


@dataclass(frozen=True, slots=True)
class Played:
    """A rehearsed show when it is over."""

    show: Campaign
    blocks: Sequence[Sequence[Block]]
    """Of each offer."""
    complete: bool
    """Whether its totals are, and agree with its report."""
    journal: Journal | None
    problem: str = ""
    """What kept it from being played to its end."""


def objectives(played: Played, *, timed: bool) -> list[Objective]:
    """All of them. ``timed``: whether times that were measured here are those of buyers."""
    journal = played.journal or Journal()
    return [
        _played(played, journal),
        _oversell(played),
        _unfair(journal),
        _balanced(played),
        _ended(played),
        *(_latency(journal, step, timed=timed) for step in SLOWEST),
        *_cost(journal),
    ]


def has_passed(found: Sequence[Objective]) -> bool:
    """Whether none has failed."""
    return all(objective.passed is not False for objective in found)


def _played(played: Played, journal: Journal) -> Objective:
    wrong = [played.problem] if played.problem else list(journal.unanswered)
    if played.journal is None and not wrong:
        wrong = ["no buyer came"]
    if not journal.outcomes["reserved"] and not wrong:
        wrong = ["nothing could be reserved"]
    came = journal.outcomes["visits"]
    measured = f"{came:,} buyers, the last {journal.latest:.1f} s late"
    return Objective(
        "played to the end", not wrong, "every buyer is answered", measured, tuple(wrong)
    )


def _oversell(played: Played) -> Objective:
    wrong = [
        fault
        for offer, blocks in zip(played.show.offers, played.blocks, strict=True)
        for fault in _too_many(offer, blocks)
    ]
    sold = sum(block.counters.sold for blocks in played.blocks for block in blocks)
    allotted = sum(offer.allotment for offer in played.show.offers)
    measured = f"{sold:,} of {allotted:,} units sold, {len(wrong):,} faults"
    return Objective("oversell", not wrong, "0", measured, tuple(wrong))


def _too_many(offer: Offer, blocks: Sequence[Block]) -> Iterator[str]:
    """By the ledgers, portion by portion."""
    if not blocks:
        return
    for block in blocks:
        yield from (f"{offer.sku} block {block.number}: {fault}" for fault in block.faults())
    lengths = [offer.home_blocks, *(len(sizes(portion.units)) for portion in offer.portions)]
    units = [offer.at_first, *(portion.units for portion in offer.portions)]
    ends = list(accumulate(lengths))
    for first, end, allotted in zip([0, *ends], ends, units, strict=False):
        part = blocks[first:end]
        there = sum(block.units for block in part)
        sold = sum(_sold(block) for block in part)
        if there != allotted or sold > allotted:
            yield f"{offer.sku} from block {first} on: {sold} sold of {allotted}, {there} there"


def _sold(block: Block) -> int:
    kept = (Kind.SOLD, Kind.REFUNDED)
    return sum(entry.quantity for entry in block.ledger.values() if entry.kind in kept)


def _unfair(journal: Journal) -> Objective:
    wrong = journal.unfair
    refused = journal.outcomes["sold_out"]
    limited = journal.outcomes["buyer_limit_reached"] + journal.outcomes["too_many_holds"]
    waited, served = journal.outcomes["stood in line"], journal.outcomes["had their turn"]
    measured = (
        f"{len(wrong):,} of {refused:,} told sold out, {limited:,} at their limit, {waited:,} in line ({served:,} had their"
        f" turn), {journal.outcomes['reserved with a deal']:,} with a deal"
    )
    return Objective("unfair", not wrong, "0", measured, tuple(wrong))


def _balanced(played: Played) -> Objective:
    show = played.show
    passed = bool(show.balanced) and show.status is Status.CLOSED and played.complete
    said = "balanced" if show.balanced else "not balanced"
    return Objective("books balanced", passed, "closed, balanced", f"{show.status}, {said}")


def _ended(played: Played) -> Objective:
    held = [
        f"{offer.sku} block {block.number}: {key}"
        for offer, blocks in zip(played.show.offers, played.blocks, strict=True)
        for block in blocks
        for key, entry in block.ledger.items()
        if entry.kind is Kind.HELD
    ]
    expired = sum(block.counters.expired for blocks in played.blocks for block in blocks)
    measured = f"{len(held):,} held, {expired:,} have run out"
    return Objective("every hold ended", not held, "0 held", measured, tuple(held))


def _latency(journal: Journal, step: str, *, timed: bool) -> Objective:
    median, slow = journal.percentile(step, 50), journal.percentile(step, 99)
    asked = f"p99 ≤ {SLOWEST[step]} ms"
    if median is None or slow is None:
        return Objective(f"latency of {step}", None, asked, "nobody came so far")
    measured = f"p50 {median:.0f} ms, p99 {slow:.0f} ms"
    if not timed:
        return Objective(
            f"latency of {step}", None, asked, f"{measured}, on a local engine: says nothing of AWS"
        )
    return Objective(f"latency of {step}", slow <= SLOWEST[step], asked, measured)


def _cost(journal: Journal) -> Iterator[Objective]:
    reserved, paid = journal.outcomes["reserved"], journal.outcomes["paid"]
    reservation = journal.each("reserve")
    # The purse of a buyer with a limit is one more write; so is a use of a deal, and the purse of whoever has one.
    limited = journal.outcomes["reserved within a limit"] / max(1, reserved)
    limited += 2 * journal.outcomes["reserved with a deal"] / max(1, reserved)
    writes, reads = reservation or (0.0, 0.0)
    yield _dear("write units of a reservation", writes, MOST_WRITES + limited, reserved)
    yield _dear("read units of a reservation", reads, MOST_READS, reserved)
    rest = [journal.each(step) or (0.0, 0.0) for step in ("checkout", "payment")]
    order = writes + sum(units for units, _ in rest)
    yield _dear("write units of a paid order", order, MOST_FOR_AN_ORDER + limited, paid)


def _dear(name: str, measured: float, most: float, count: int) -> Objective:
    if not count:
        return Objective(name, None, f"≤ {most:.2f}", "there was none")
    return Objective(name, measured <= most, f"≤ {most:.2f}", f"{measured:.2f}, over {count:,}")
