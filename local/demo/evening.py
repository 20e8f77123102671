"""One show, from the arrival of the first viewer until nothing changes any more."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from local.demo.evidence import Json
from local.demo.host import Host
from local.demo.overtime import Overtime
from local.demo.playbook import Playbook
from local.demo.screen import Pulse, Screen, line_of
from local.demo.theatre import Theatre
from local.demo.watch import Watch
from local.shoppers.agenda import Agenda
from local.shoppers.journal import Journal
from local.shoppers.payment_provider import PaymentProvider
from local.shoppers.regrets import USUAL_METHOD, Cashier
from local.shoppers.shopper import Hall, come
from local.shoppers.storefront import Storefront
from local.shoppers.visits import Visit
from local.shoppers.waiting_list import WaitingList
from shared.contracts.routes import MANAGE, READ, SELL

SHOPPERS_AT_ONCE: Final = 8
SETTLED_WITHIN: Final = 120
"""Seconds from the end of the show in which the campaign must be closed and complete."""
DRAW_EVERY: Final = 0.25


class Evening:
    """Shoppers, their payment provider, and somebody who watches the totals; as a context, for they must be sent home."""

    def __init__(
        self,
        theatre: Theatre,
        campaign: str,
        playbook: Playbook,
        wall: str,
        *,
        regrets: bool = False,
    ) -> None:
        """``regrets``: whether some of what was bought is given back."""
        self.journal = Journal()
        self.agenda = Agenda()
        self.watch = Watch(theatre.api(READ), campaign)
        self._playbook = playbook
        self._wall = wall
        self._pulse = Pulse()
        self._waiting = WaitingList(playbook.show().scarce)
        self._wires = theatre.wire(SELL), theatre.wire(), theatre.wire(MANAGE)
        storefront, provider, manage = self._wires
        bank = PaymentProvider(provider, theatre.webhook_secret, self.agenda, self.journal)
        cashier = Cashier(
            Storefront(manage, self.journal),
            self.agenda,
            self.journal,
            bank,
            kept=playbook.show().scarce,
        )
        if regrets:
            bank.paid = cashier.consider
        self._hall = Hall(
            campaign=campaign,
            begins=playbook.starts_at,
            agenda=self.agenda,
            storefront=Storefront(storefront, self.journal),
            provider=bank,
            journal=self.journal,
            turned_away=self._waiting.join,
            method=cashier.method if regrets else lambda _reservation: USUAL_METHOD,
        )

    def __enter__(self) -> Self:
        self.agenda.work(SHOPPERS_AT_ONCE)
        self.watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.agenda.close()
        self.watch.stop()
        for wire in self._wires:
            wire.close()

    def play(
        self, visits: Iterable[Visit], screen: Screen, overtime: Overtime, host: Host
    ) -> list[str]:
        """Until the campaign is complete and nobody is left. What went wrong with that; the books are another matter."""
        for visit in visits:
            come(self._hall, visit, keen=visit.sku == self._waiting.sku)
        seen = 0
        while time.time() < overtime.ends_at + SETTLED_WITHIN:
            host.act(time.time(), in_line=self._waiting.units)
            waiting, admitted = self.agenda.waiting, self.agenda.admitted
            overtime.consider(time.time(), waiting=waiting, admitted=admitted)
            totals = self.watch.totals
            if totals is not None:
                if totals["version"] != seen:
                    seen = totals["version"]
                    self._hear(totals)
                line = line_of(self._playbook, self._pulse, totals, time.time(), self._wall)
                screen.show(line, scene=(totals["status"], totals["pinned"]))
                if totals["complete"] and self.agenda.idle:
                    return self.watch.refused
            time.sleep(DRAW_EVERY)
        late = f"the campaign was not complete, or not left, {SETTLED_WITHIN} s after its end"
        return [*self.watch.refused, late]

    def _hear(self, totals: Json) -> None:
        """Newer totals: are there units for those who wait?"""
        self._pulse.feel(totals, time.time())
        (scarce,) = [offer for offer in totals["offers"] if offer["sku"] == self._waiting.sku]
        if totals["status"] == "live":
            self._waiting.call(self._hall, scarce["units"]["available"])
