"""
What must hold of those who wait, after every write: nobody overtakes, nobody is served twice, and what is held for them is
held in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from local.simulation.ledger_audit import LedgerAudit
from local.simulation.values import Item
from local.simulation.violations import Violation, expect
from shared import table
from shared.adapters import dynamodb_waitlists
from shared.domain.campaign import Campaign
from shared.domain.stock import PAID, Kind
from shared.domain.waitlist import Ticket, TicketState
from shared.use_cases.request_keys import keys_of

_STEPS: Final = {
    TicketState.WAITING: {
        *(TicketState.OFFERED, TicketState.LEFT, TicketState.CLOSED, TicketState.REFUSED),
    },
    TicketState.OFFERED: {TicketState.CONFIRMED, TicketState.EXPIRED, TicketState.LEFT},
}
_ENDS: Final = {
    TicketState.CONFIRMED: PAID,
    TicketState.EXPIRED: {Kind.EXPIRED},
    TicketState.LEFT: {Kind.RELEASED},
}
Place = tuple[str, str]
"""Campaign and SKU."""


class LineAudit:
    """Watches the waitlists table."""

    def __init__(self, ledger: LedgerAudit, campaigns: Mapping[str, Campaign]) -> None:
        self.lines: dict[Place, dict[int, Ticket | None]] = {}
        """Tickets by their numbers; ``None``: given up."""
        self.keys: dict[str, Ticket] = {}
        """Tickets by the ledger keys under which units may be taken for them."""
        self.told: set[str] = set()
        """Tickets whose buyers were told that they wait."""
        self._ledger = ledger
        self._campaigns = campaigns
        ledger.took = self._took

    def watch(self, _old: Item | None, new: Item | None) -> None:
        """Check one write of the waitlists table."""
        if new is None:
            raise Violation("somebody's place was deleted")
        number = int(new[table.WAITLIST_NUMBER]["N"])
        if number == table.LINE_HEAD:
            return
        campaign_id, sku = table.line_place(new[table.WAITLIST_LINE]["S"])
        line = self.lines.setdefault((campaign_id, sku), {})
        after = dynamodb_waitlists.decode(new)
        self._ledger.checks["lines kept"] += 1
        where = f"{sku} number {number}"
        if number in line:
            self._stepped(where, line[number], after)
        elif after is not None:
            expect(after.is_waiting, where, f"began as {after.state}")
            served = [at for at, each in line.items() if each is not None and each.held is not None]
            expect(max(served, default=0) < number, where, f"came in front of {served}")
        line[number] = after
        if after is None:
            return
        secret = self._campaigns[campaign_id].secret
        for key in keys_of(secret, after.ledger_key(secret)):
            self.keys[key] = after
        if after.state is TicketState.OFFERED:
            self._offered(where, line, after)

    def waiting(self, place: Place) -> list[Ticket]:
        """Those who were told that they wait, and do."""
        line = self.lines.get(place, {}).values()
        return [each for each in line if each and each.is_waiting and each.id in self.told]

    def _stepped(self, where: str, before: Ticket | None, after: Ticket | None) -> None:
        if before is None or after is None:
            raise Violation(f"{where}: a number that was given up was used")
        if before.state is after.state:
            tried = after == replace(before, attempt=before.attempt + 1)
            expect(tried and before.is_waiting, where, f"{before} became {after}")
            return
        legal = after.state in _STEPS.get(before.state, ())
        expect(legal, where, f"went from {before.state} to {after.state}")
        follows = replace(before, state=after.state, held=before.held or after.held)
        expect(after == follows, where, f"{before} became {after}")
        if after.held is not None and after.state in _ENDS:
            life = self._ledger.lives[
                after.campaign_id, after.sku, after.held.key, after.held.deadline
            ]
            ended = life.outcome in _ENDS[after.state]
            expect(ended, where, f"is {after.state}, and its units {life.outcome}")

    def _offered(self, where: str, line: Mapping[int, Ticket | None], ticket: Ticket) -> None:
        """In its turn, and what was taken for it, whole."""
        for number in range(1, ticket.number):
            expect(number in line, where, f"was served before {number} was used")
            before = line[number]
            expect(before is None or not before.is_waiting, where, f"was served before {number}")
        held = ticket.held
        if held is None:
            raise Violation(f"{where}: was offered nothing")
        life = self._ledger.lives.get((ticket.campaign_id, ticket.sku, held.key, held.deadline))
        if life is None:
            raise Violation(f"{where}: was offered what is not held")
        expect(life.units == ticket.quantity, where, f"holds {life.units} of {ticket.quantity}")
        expect(life.tail == (held.block, held.tail_quantity), where, f"is at {life.tail}")

    def _took(self, campaign_id: str, sku: str, key: str, *, queued: bool) -> None:
        """Units were taken, in a block that knows that somebody waits or in one that does not."""
        if key in self.keys:
            return
        expect(not queued, f"{sku} {key}", "was taken by who has not waited, where all wait")
        waiting = self.waiting((campaign_id, sku))
        expect(not waiting, f"{sku} {key}", f"has overtaken {[each.number for each in waiting]}")
