"""What the synthetic buyers of a rehearsal met: outcomes, what was unfair, how long they waited, what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

MOST_TOLD: Final = 20
"""Of what went wrong; beyond it is only counted."""


@dataclass(slots=True)
class Journal:
    """Of all buyers together."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """Answers by name."""
    unfair: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """Requests that nobody answered, however often they were repeated."""
    waits: dict[str, list[int]] = field(default_factory=dict)
    """Tenths of a millisecond by step: of ``reserve``, ``reserve refused``, ``reserve again`` (a repetition), and so on."""
    units: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By step: write and read units of all requests."""
    latest: float = 0.0
    """Seconds that the most belated buyer was behind the plan."""

    def enter(self, step: str, *, writes: float, reads: float, seconds: float) -> None:
        """One request that was answered."""
        before = self.units.get(step, (0.0, 0.0))
        self.units[step] = before[0] + writes, before[1] + reads
        self.waits.setdefault(step, []).append(round(seconds * 10_000))

    def each(self, step: str) -> tuple[float, float] | None:
        """Write and read units of one request of a step, on average; ``None`` if there was none."""
        count = len(self.waits.get(step, ()))
        writes, reads = self.units.get(step, (0.0, 0.0))
        return (writes / count, reads / count) if count else None

    def percentile(self, step: str, percent: int) -> float | None:
        """Milliseconds within which so many in a hundred were answered; ``None`` if nobody asked."""
        waits = sorted(self.waits.get(step, ()))
        return waits[min(len(waits) - 1, len(waits) * percent // 100)] / 10 if waits else None

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "outcomes": dict(sorted(self.outcomes.items())),
            "unfair": self.unfair[:MOST_TOLD],
            "unanswered": self.unanswered[:MOST_TOLD],
            "waits": self.waits,
            "units": {step: list(units) for step, units in self.units.items()},
            "latest": round(self.latest, 2),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """As it was kept."""
        return cls(
            outcomes=Counter(document["outcomes"]),
            unfair=list(document["unfair"]),
            unanswered=list(document["unanswered"]),
            waits={step: list(waits) for step, waits in document["waits"].items()},
            units={step: (units[0], units[1]) for step, units in document["units"].items()},
            latest=document["latest"],
        )
