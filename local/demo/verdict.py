"""How it went: the demonstration's own numbers, and nothing that was not measured here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.demo.audit import INVARIANTS
from local.demo.evidence import Evidence, Json
from local.engine.places import PROJECT
from local.money import money

NOTICEABLE: Final = 3.0
"""Seconds behind the plan from which it is said that the machine was slow."""
CONTEXT: Final = (
    "For context only, and in none of the numbers above: the show that this one is modelled on had about 62,000 live"
    " viewers, and its whole promotion sold about USD 275,000."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one demonstration."""

    name: str
    evidence: Evidence
    violations: Sequence[str]
    seed: int
    show_seconds: int
    overtime_seconds: int
    """How much longer the show went on, for viewers who stood at the door of a slow machine."""
    elapsed: float
    """Seconds of everything, the preparation included."""
    visits: int
    lag: float
    """Seconds that the most belated shopper was behind the plan."""
    report: Path

    @property
    def passed(self) -> bool:
        return not self.violations

    def summary(self) -> Json:
        """One object, for machines. Money in minor units."""
        evidence, totals = self.evidence, self.evidence.totals
        late = _late(evidence)
        return {
            "orders": totals["orders"],
            "units": totals["units"]["sold"],
            "gross": totals["gross"],
            "currency": totals["currency"],
            "expired": totals["reservations"]["expired"],
            "late_payments": sum(late.values()),
            "late_payments_by_outcome": late,
            "refunds": len(evidence.journal.refunds),
            "refunds_by_outcome": _refunds(evidence),
            "refunded": totals["refunded"],
            "stood_in_line": len(evidence.journal.line),
            "had_their_turn": sum(state == "offered" for state in evidence.journal.line.values()),
            "orders_with_coupon": sum(order["coupon"] is not None for order in evidence.paid),
            "markers": dict(
                Counter(marker["cue"] for marker in evidence.timeline["markers"]).most_common()
            ),
            "faults_fired": sum(evidence.journal.faults.values()),
            "faults": dict(sorted(evidence.journal.faults.items())),
            "refusals": dict(sorted(evidence.journal.refusals.items())),
            "invariants_checked": len(INVARIANTS),
            "violations": len(self.violations),
            "violated": list(self.violations),
            "seed": self.seed,
            "seconds": self.show_seconds,
            "overtime_seconds": self.overtime_seconds,
            "elapsed_seconds": round(self.elapsed, 1),
            "visits": self.visits,
            "requests": evidence.journal.requests,
            "latest_shopper_seconds": round(self.lag, 2),
            "campaign": evidence.campaign["id"],
            "totals": totals,
            "report_path": _shown(self.report),
        }

    def file(self) -> None:
        """Write the summary, the invariants and the shop's closing report."""
        self.report.parent.mkdir(parents=True, exist_ok=True)
        kept = {
            **self.summary(),
            "invariants": [invariant.sentence for invariant in INVARIANTS],
            "closing_report": self.evidence.report,
            "timeline": self.evidence.timeline,
        }
        self.report.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.name}: one hour in {self.show_seconds} seconds"
        for label, text in self._facts():
            yield f"  {label:<11}{text}"
        for violation in self.violations:
            yield f"  [bold red]✗[/] {_plain(violation)}"
        yield f"  [dim]{CONTEXT}[/]"

    def _facts(self) -> Iterator[tuple[str, str]]:
        evidence, totals = self.evidence, self.evidence.totals
        journal, late = evidence.journal, _late(evidence)
        units, reservations = totals["units"], totals["reservations"]
        gross = money(totals["gross"], totals["currency"])
        yield "sold", f"[bold]{totals['orders']:,} orders · {units['sold']:,} units · {gross}[/]"
        scarce = next(one for one in totals["offers"] if one["sku"] == evidence.scarce)["units"]
        told = f"{journal.refusals['sold_out']:,} times somebody was told that nothing is left"
        yield (
            "scarce",
            f"{evidence.scarce}: {scarce['sold']:,} of {scarce['allotted']:,} sold, {told}",
        )
        over = f"{reservations['expired']:,} ran out, {reservations['released']:,} were released"
        yield "holds", f"{reservations['placed']:,} in all: {over}, the others were paid"
        ends = f"{late['paid']:,} got units again, {late['refunded']:,} were given back"
        yield "late", f"{sum(late.values()):,} payments came after their hold: {ends}"
        if journal.line:
            served = sum(state == "offered" for state in journal.line.values())
            yield (
                "in line",
                f"{len(journal.line):,} waited for {evidence.scarce}, {served:,} had their turn",
            )
        used = Counter(order["coupon"] for order in evidence.paid if order["coupon"])
        for code, count in sorted(used.items()):
            yield "coupon", f"{code}: {count:,} orders"
        if journal.refunds:
            ends = ", ".join(f"{count:,} {end}" for end, count in _refunds(evidence).items())
            booked = money(totals["refunded"], totals["currency"])
            yield "given back", f"{len(journal.refunds):,} refunds ({ends}), {booked} in the books"
        if evidence.hand_off:
            yield "parcels", f"{_parcels(evidence):,} requested, of as many orders paid and kept"
        fired = ", ".join(f"{kind} {count:,}" for kind, count in sorted(journal.faults.items()))
        yield "on purpose", f"{sum(journal.faults.values()):,} faults ({fired})"
        mark = "[green]✓[/]" if self.passed else "[bold red]✗[/]"
        count = len(self.violations)
        told = f"{count:,} violation{'' if count == 1 else 's'}"
        yield "books", f"{mark} {len(INVARIANTS)} invariants checked · [bold]{told}[/]"
        sent = f"{self.visits:,} visits · {journal.requests:,} requests"
        yield "run", f"seed {self.seed} · {sent} · {self.elapsed:.0f} s in all"
        if self.lag > NOTICEABLE:
            told = f"viewers waited up to {self.lag:.0f} s at the door, for this machine was busy"
            more = f"; the show went on {self.overtime_seconds} s longer for them"
            yield "slow", told + (more if self.overtime_seconds else "")
        yield "report", _shown(self.report)


def _refunds(evidence: Evidence) -> dict[str, int]:
    """What became of the refunds that the merchant asked for."""
    ends = Counter(
        "after the close" if refund["after_close"] else refund["state"]
        for refund in evidence.journal.refunds.values()
    )
    ends["restocked"] = len(evidence.restocked)
    return dict(sorted(ends.items()))


def _late(evidence: Evidence) -> dict[str, int]:
    """What became of the payments that came after the end of their hold."""
    ends = {"paid": 0, "refunded": 0, "put aside": 0}
    for capture in evidence.journal.captures:
        if capture.late:
            order = evidence.orders.get(capture.order, {})
            went_back = order.get("state") == "refunded" and order.get("paid_at") is None
            ends["put aside" if capture.wrong else "refunded" if went_back else "paid"] += 1
    return ends


def _parcels(evidence: Evidence) -> int:
    """Rows of the fulfiller's file."""
    return max((file["rows"] for file in evidence.hand_off["files"]), default=0)


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


def _plain(text: str) -> str:
    """Without what rich would take for markup."""
    return text.replace("[", "\\[")
