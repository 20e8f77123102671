"""
Where races are run: one campaign on DynamoDB Local with the real adapters, a reader who looks at all blocks all the while,
and the judges afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
from shared.domain.campaign import Offer
from shared.domain.order import Order
from shared.domain.show_control import cancel
from shared.domain.stock import Block, Entry
from shared.domain.totals import Sums
from shared.domain.waitlist import Ticket
from shared.use_cases.keep_books import Phase
from shared.use_cases.prepare_stock import block_sizes
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.stock_ports import shelf
from shared.use_cases.take_snapshot import count_blocks
from shared.use_cases.waitlist_ports import Line
from tests.dynamodb.stage import Stage
from tests.proof.checkers import Blocks, bank, counter, durable, one_answer
from tests.proof.history import History
from tests.proof.races.process import Process
from tests.proof.standing import misplaced, reservations, unfinished
from tests.theatre import FUJI, HOLD

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Race:
    """One show of one offer, live for a minute, and everything that is done to it."""

    def __init__(self, client: DynamoDBClient, seed: int, offer: Offer, **fields: Any) -> None:
        self.random = Random(seed)
        self.show = Stage(client, **{"offers": (offer,), "run_of_show": (), **fields})
        self.history = History()
        self.judged = False
        self._processes = 0

    def go_live(self) -> None:
        """On sale, since a minute ago."""
        self.show.go_live()
        self.show.wait(60)

    def process(self, *, slow: int = 0) -> Process:
        """Another process. ``slow``: seconds by which its clock is behind."""
        self._processes += 1
        choice = Random(self.random.random())
        return Process(self.show, self.history, self._processes, choice=choice, slow=slow)

    def processes(self, count: int, *, slow: int = 0) -> list[Process]:
        """Some more."""
        return [self.process(slow=slow) for _ in range(count)]

    def at_once(self, *acts: Callable[[], Any], watched: bool = True) -> list[Any]:
        """All of them, as nearly at one instant as threads can, and a reader beside them."""
        over = threading.Event()
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], Any]) -> Any:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(len(acts) + 1) as pool:
            reading = pool.submit(self._watch, over) if watched else None
            try:
                # Whoever is first in this list begins a little before the others; so nobody always is.
                order = self.random.sample(range(len(acts)), len(acts))
                running = {place: pool.submit(run, acts[place]) for place in order}
                told = [running[place].result() for place in range(len(acts))]
            finally:
                over.set()
            if reading is not None:
                reading.result()
        return told

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            self.look()
            over.wait(0.015)
        self.look()

    def look(self) -> Blocks:
        """One consistent reading of every block."""
        show = self.show
        read = self.history.attempt(
            0, "read", None, lambda: count_blocks(show.stock, show.campaign)
        )
        assert isinstance(read, list), "the store did not answer"
        return read

    # -- what stands at the end ------------------------------------------------------------------------

    def placed(self) -> int:
        """Reservations that were ever made, as somebody else counts them."""
        [blocks] = count_blocks(self.show.stock, self.show.campaign)
        return Sums.of(blocks).placed

    def cancel(self) -> None:
        """The merchant calls the show off, whoever changes it at the same time."""
        change_campaign(
            self.show.campaigns, self.show.id, partial(cancel, reason="Storm", now=self.show.now)
        )

    def orders(self) -> list[Order]:
        """All of them, as they stand."""
        return list(self.show.orders.all(self.show.id))

    def tickets(self) -> list[Ticket]:
        """All of the line, in its order."""
        waitlists = DynamoDBWaitlists(self.show._client, "waitlists")
        line = Line(self.show.id, FUJI)
        return [ticket for _, ticket in waitlists.tickets(line, since=1, most=1_000) if ticket]

    def whole(self, blocks: list[Block]) -> list[Block]:
        """The blocks with every entry of their ledgers that is in the overflow table."""
        place = shelf(self.show.campaign, self.show.campaign.offers[0])
        found = []
        for block in blocks:
            stock: Any = self.show.stock
            pages = stock._pages(place, block.number, since=0)
            moved = {
                key: Entry.decode(int(value["N"]), place.epoch)
                for page in pages
                for key, value in page.items()
            }
            found.append(replace(block, ledger={**moved, **block.ledger}))
        return found

    def judge(self, *, settled: bool = False, pruned: bool = False) -> Sums:
        """
        Nothing was lost, made up or counted twice, at any read. ``settled``: and everything has come to its end; ``pruned``:
        entries of the ledger may be forgotten by now. The totals at the end.
        """
        history, show = self.history, self.show
        campaign, [blocks], orders = show.campaign, self.look(), self.orders()
        of_offer = enumerate(block_sizes(campaign.offers[0]))
        laid_out = {(0, number): units for number, units in of_offer}
        found = bank(history, laid_out, at_first=campaign.offers[0].home_blocks)
        done = {entry.f for entry in history.entries}
        if "reserve" in done:
            # A late payment takes units again, by itself or when a beat goes on with it: one more reservation. So is what is
            # offered to who stood in line.
            found += counter(
                history,
                "reserve",
                lambda read: Sums.of(read[0]).placed,
                perhaps=("pay", "beat", "join"),
            )
            found += one_answer(history, "reserve")
            if not pruned:
                found += durable(
                    history,
                    "reserve",
                    reservations(history, campaign, self.whole(blocks), orders, self.tickets()),
                )
        if "check out" in done:
            found += durable(history, "check out", [order.reservation_id for order in orders])
        if "pay" in done:
            found += durable(history, "pay", [order.id for order in orders if order.captured])
        found += misplaced(campaign, blocks, orders, show.bank.refunds)
        if settled:
            found += unfinished(blocks, orders)
        assert not found, found[:10]
        self.judged = True
        return Sums.of(blocks)

    def settle(self) -> Sums:
        """The show is over: its books drain and balance, and everything has come to its end."""
        show = self.show
        show.close()
        for _ in range(4):
            show.wait(HOLD)
            if show.beat().phase is Phase.DRAINED:
                break
        assert show.reconcile(), show.report()["reconciliation"]
        return self.judge(settled=True)
