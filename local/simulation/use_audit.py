"""
What must hold of capped deals after every write of the stock: whoever was promised one has a use of it, for as long as the
reservation lives and for good once it is sold; and of each deal there is what was planned, no more and no less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from local.simulation.ledger_audit import LedgerAudit
from local.simulation.violations import expect
from shared import table
from shared.domain.campaign import Campaign
from shared.domain.deals import capped, uses
from shared.domain.stock import PAID, Entry, Kind
from shared.use_cases.request_keys import keys_of


class UseAudit:
    """Holds the shelves of deals against those of the offers."""

    def __init__(self, ledger: LedgerAudit) -> None:
        self._ledger = ledger

    def watch(self, campaign: Campaign) -> None:
        """After a write to any shelf of a campaign."""
        caps = dict(capped(campaign))
        if not caps or campaign.prepared_at is None:
            return
        had = {number: self._had(campaign, number) for number in caps}
        for sku, key, quantity, tail in self._living(campaign):
            if tail.deal in caps:
                self._ledger.checks["deals had"] += 1
                has = sum(
                    count
                    for used, count in had[tail.deal].items()
                    if used == key or _are_of_one_request(campaign.secret, used, key)
                )
                wanted = uses(campaign, tail.deal, quantity)
                name = f"{sku} {key}"
                expect(has >= wanted, name, f"has {has} of {wanted} uses of deal {tail.deal}")

    def judge(self, campaign: Campaign) -> None:
        """Once all is over: every use was sold with a reservation, or is back."""
        for number, cap in capped(campaign):
            shelf = self._ledger.shelves.get((campaign.id, table.uses_of(number)))
            if shelf is None:
                continue
            sums, name = shelf.sums, f"deal {number}"
            expect(sums.held == 0, name, f"{sums.held} uses are held at the end")
            expect(sums.allotted == cap, name, f"{sums.allotted} uses of {cap}")
            bought = sum(
                uses(campaign, number, quantity)
                for _, _, quantity, tail in self._living(campaign)
                if tail.deal == number
            )
            expect(sums.sold == bought, name, f"{sums.sold} uses are sold, and {bought} bought")

    def met(self) -> Counter[str]:
        """What came up, by name."""
        met: Counter[str] = Counter()
        for (_, sku), shelf in self._ledger.shelves.items():
            if sku.startswith(table.USES):
                met["use sold"] += shelf.sums.sold
                met["deal used up"] += shelf.sums.available == 0
        return met

    def _had(self, campaign: Campaign, number: int) -> Counter[str]:
        """Uses by key, held and sold."""
        had: Counter[str] = Counter()
        shelf = self._ledger.shelves.get((campaign.id, table.uses_of(number)))
        for block in shelf.blocks.values() if shelf is not None else ():
            for key, entry in block.ledger.items():
                if entry.kind in (Kind.HELD, Kind.SOLD):
                    had[key] += entry.quantity
        return had

    def _living(self, campaign: Campaign) -> Iterator[tuple[str, str, int, Entry]]:
        """Tails that are held or were bought: SKU, key, units of all parts, and the tail."""
        for offer in campaign.offers:
            if (campaign.id, offer.sku) not in self._ledger.shelves:
                continue
            for _, key, tail in self._ledger.entries(campaign.id, offer.sku):
                if tail.is_tail and tail.deal and (tail.kind is Kind.HELD or tail.kind in PAID):
                    life = self._ledger.lives[campaign.id, offer.sku, key, tail.deadline]
                    yield offer.sku, key, life.units, tail


@cache
def _are_of_one_request(secret: str, one: str, other: str) -> bool:
    return one in keys_of(secret, other) or other in keys_of(secret, one)
