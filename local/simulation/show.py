"""One simulated show, from its seed to its verdict."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import TextIOBase
from random import Random
from typing import Any

from local.simulation.bank import Provider
from local.simulation.books_audit import Bank, BooksAudit
from local.simulation.deliveries import Deliveries
from local.simulation.epilogue import audit_events, read_log, reconcile_again
from local.simulation.faults import CALM, Outage
from local.simulation.gateway import OURS, Gateway
from local.simulation.judgement import Court
from local.simulation.ledger_audit import LedgerAudit
from local.simulation.people import Buyer, Clients, Merchant, Watcher
from local.simulation.plan import STARTS, Plan, draw_plan
from local.simulation.violations import expect
from local.simulation.world import World
from shared import table
from shared.domain.campaign import Status

_SCOPES = ("manage", "sell", "read")
_TOLERANCE = 15
"""Seconds that a process may be behind the clock: longer than it may run, and than any skew."""


@dataclass(slots=True)
class Outcome:
    """What came of a show."""

    seed: str
    kind: str
    turns: int = 0
    answers: int = 0
    orders: int = 0
    units: int = 0
    seconds: int = 0
    """Of the play."""
    fired: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    """What happened in it, by name: so that a simulation can tell what it has seen."""
    violation: str | None = None
    trace: str = ""
    digest: int = 0
    """Of everything that was written, to tell whether a replay is one."""


def play(seed: str, adapt: Callable[[Show], None] = lambda _: None) -> Outcome:
    """
    Play the show of a seed. A violation is in the outcome, with where it was found. ``adapt``: called before it begins.
    """
    random = Random(seed)  # noqa: S311 - repeatable is what it must be
    show = Show(random, draw_plan(random))
    adapt(show)
    outcome = Outcome(seed, show.plan.kind)
    try:
        with quiet(show.complaints), show.world.entered():
            show.run()
    except BaseException as fault:
        if isinstance(fault, KeyboardInterrupt):
            raise
        outcome.violation = f"{type(fault).__name__}: {fault}"
        outcome.trace = "\n".join([*traceback.format_exception(fault), *show.complaints])
    show.report(outcome)
    return outcome


class Show:
    """Everybody and everything of one show."""

    def __init__(self, random: Random, plan: Plan) -> None:
        self.plan = plan
        self.world = World(random, starts_at=STARTS, restless=plan.restless, scale=plan.scale)
        self.world.fulfils = plan.carrier is not None
        self.complaints: list[str] = []
        """What the functions wrote to the log as errors."""
        self.ledger = LedgerAudit(
            lambda: self.world.stage.millis, lambda: self.world.began, tolerance=_TOLERANCE
        )
        self.bank = Bank()
        self.audit = BooksAudit(self.ledger, self.bank, lambda: self.world.stage.millis)
        self.gateway = Gateway(self.world)
        self.court = Court(self.world, self.audit, self.bank, OURS)
        self.clients = Clients(self.world, self.gateway, self.court)
        self.provider = Provider(self.world, self.gateway, self.bank)
        self.merchant = Merchant(self.clients, plan)
        self.world.store.watch = self.audit.watch
        for scope in _SCOPES:
            self.gateway.admit(OURS, scope)

    def run(self) -> None:
        """The campaign's preparation, the show itself, and what is checked when all have gone home."""
        world, stage = self.world, self.world.stage
        self._let_it_rain()
        stage.enter("merchant", self._begin)
        stage.play()
        # Nothing goes wrong any more.
        world.faults.end()
        world.bus.refusing = world.repeats_tasks = 0.0
        world.store.is_stale, world.store.left_over = (lambda: False), (lambda _: 0)
        world.skews = (0,)
        campaign = self.audit.campaigns[self.merchant.show]
        self.court.judge(campaign, self.provider.paid, told=self.plan.tells)
        stage.enter("epilogue", self._look_back)
        stage.play()

    def _let_it_rain(self) -> None:
        world, plan = self.world, self.plan
        world.faults.weather, world.faults.budget = plan.weather, plan.budget
        if plan.outage is not None:
            role, after, seconds = plan.outage
            since = (STARTS + plan.ahead + after) * 1000
            world.faults.outages = [Outage(role, since, since + seconds * 1000)]
        world.skews = plan.skews
        world.repeats_tasks = plan.repeats
        world.bus.refusing = plan.refusing
        self.audit.skewed = plan.skews != (0,)
        self.ledger.skew, self.ledger.lag = max(plan.skews), -min(plan.skews)
        self.court.strict = not self.audit.skewed
        self.court.calm = plan.weather == CALM and plan.outage is None and not plan.pieces
        random = world.random
        if plan.stale:
            world.store.is_stale = lambda: random.random() < plan.stale
        if plan.pieces:
            world.store.left_over = lambda count: (
                random.randrange(count) if count > 1 and random.random() < plan.pieces else 0
            )

    # -- actors --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.merchant.prepare()
        world, plan, show = self.world, self.plan, self.merchant.show
        stage, random = world.stage, world.random
        campaign = self.audit.campaigns[show]
        opens = campaign.starts_at - world.second
        for number in range(plan.buyers):
            buyer = Buyer(self.clients, self.provider, plan, show, f"buyer {number % 9}")
            # Many at the same instants, and some too early or too late.
            after = max(
                0, opens + random.choice((-1, 0, 0, 0, 1, 2, plan.length // 2, plan.length - 1))
            )
            stage.enter(f"buyer {number}", buyer.shop, after=after)
        for number in range(plan.churners):
            churner = Buyer(self.clients, self.provider, plan, show, f"churner {number}")
            after = max(0, opens + random.choice((0, 0, 1, plan.length // 2)))
            stage.enter(f"churner {number}", churner.churn, after=after)
        for number in range(plan.watchers):
            watcher = Watcher(self.clients, show)
            stage.enter(f"watcher {number}", partial(watcher.look, 8), after=max(0, opens - 5))
        stage.enter("merchant", self.merchant.meddle, after=max(0, opens))
        if plan.aborted:
            stage.enter(
                "abort", self._abort, after=max(0, opens + random.randint(-10, plan.length))
            )
        stage.enter("bank", self._end_refunds)
        stage.enter("sweeper", partial(world.sweep, until=self._has_ended))
        if plan.tells:
            Deliveries(world, repeating=plan.repeats)

    def _has_ended(self) -> bool:
        campaign = self.audit.campaigns[self.merchant.show]
        is_over = not campaign.is_unfinished and campaign.status is not Status.DRAFT
        under_way = any(each.is_under_way for each in self.audit.refunds.values())
        return is_over and not under_way and not self.audit.traces

    def _end_refunds(self) -> None:
        """Whoever asked for a refund may never have heard that it was accepted: the bank tells its end all the same."""
        while not self._has_ended():
            self.world.stage.wait(120)
            if self.audit.campaigns[self.merchant.show].is_unfinished:
                continue
            for refund in list(self.audit.refunds.values()):
                order = self.audit.orders[refund.order_id]
                if refund.is_open and order.payment_id.endswith(".p"):
                    told = {"id": refund.id, "amount": refund.amount}
                    payment = {"id": order.payment_id}
                    about = {"id": order.id, "currency": order.currency, "payment": payment}
                    self.provider.end_refund(about, told, "refund.succeeded", after=0)

    def _abort(self) -> None:
        """The execution is stopped from outside: the sweeper begins the next."""
        world, show = self.world, self.merchant.show
        if show not in world.executions.running:
            return
        world.stop_execution(show)
        world.faults.fired["execution aborted"] += 1

    def _look_back(self) -> None:
        campaign = self.audit.campaigns[self.merchant.show]
        expect(not self.audit.traces, "rehearsals", sorted(self.audit.traces))
        reconcile_again(self.world, self.gateway, campaign)
        read_log(self.gateway, self.audit, campaign, told=self.plan.tells)
        audit_events(self.world, self.audit, told=self.plan.tells)

    # -- what is told --------------------------------------------------------------------------------

    def report(self, outcome: Outcome) -> None:
        """Add what can be said of the show so far."""
        outcome.turns = self.world.stage.turns
        outcome.answers = self.gateway.answers
        outcome.orders = len(self.audit.orders)
        outcome.units = sum(
            shelf.sums.sold
            for (_, sku), shelf in self.ledger.shelves.items()
            if not sku.startswith(table.USES)
        )
        outcome.seconds = self.world.second - STARTS
        outcome.fired = self.world.faults.fired
        outcome.checks = self.ledger.checks
        outcome.met = self.audit.met()
        outcome.met["execution taken up"] = self.world.taken_up
        outcome.digest = self.audit.digest


class _Nowhere(TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


class _Complaints(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(logging.Formatter().format(record))


@contextmanager
def quiet(complaints: list[str]) -> Iterator[None]:
    """Let the functions write their lines to nobody, keep what they log as errors, and take a warning for a fault."""
    log = logging.getLogger("livehour")
    handler = _Complaints(complaints)
    before: Mapping[str, Any] = {"level": log.level, "propagate": log.propagate}
    log.addHandler(handler)
    log.propagate = False
    try:
        with (
            redirect_stderr(_Nowhere()),
            redirect_stdout(_Nowhere()),
            warnings.catch_warnings(action="error"),
        ):
            # A client of somebody else's in this process, left to the garbage collector: no fault of this show.
            warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)
            yield
    finally:
        log.removeHandler(handler)
        log.propagate = before["propagate"]
