"""A line between two beats: who comes in between, who leaves, and who dies."""

from __future__ import annotations

from typing import Any, cast

import pytest

from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine
from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
from shared.domain.campaign import Cue, Offer
from shared.domain.errors import ReservationExpired, SoldOut, TicketNotFound, UnitsAvailable
from shared.domain.waitlist import Held, Ticket, TicketState
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.join_waitlist import TicketView, WaitlistDesk
from shared.use_cases.read_line import LineReader
from shared.use_cases.reserve import ReservationRequest
from shared.use_cases.serve_line import LineKeeper
from shared.use_cases.settle_hold import State
from shared.use_cases.waitlist_ports import Line
from tests.builders import MERCHANT
from tests.fakes import Crash, MemoryErrands
from tests.theatre import FUJI, Theatre

TURN = 30


class Waitlists(DynamoDBWaitlists):
    """The table in memory; somebody may come, or die, before a ticket is marked."""

    def __init__(self) -> None:
        store = MemoryDynamoDB(lambda: 0)
        super().__init__(cast(Any, Client("dynamodb", store.call, QuietLine())), "waitlists")
        self.meanwhile: list[Any] = []

    def mark(
        self, line: Line, ticket: Ticket, state: TicketState, held: Held | None = None
    ) -> Ticket:
        if state is TicketState.OFFERED and self.meanwhile:
            self.meanwhile.pop()()
        return super().mark(line, ticket, state, held)


class LineTheatre(Theatre):
    """A show whose only offer has two units, both held by ana, and a line."""

    def __init__(self, *cues: Cue) -> None:
        offer = Offer(
            number=0,
            sku=FUJI,
            title={"en": FUJI},
            unit_price=9900,
            allotment=2,
            waitlist_hold=TURN,
        )
        super().__init__(offers=(offer,), run_of_show=cues)
        self.waitlists = Waitlists()
        stores: dict[str, Any] = {
            "campaigns": self.campaigns,
            "copies": self.campaigns,
            "stock": self.stock,
            "hints": self.books.hints,
            "buyers": self.buyers,
            "waitlists": self.waitlists,
        }
        lines = LineReader(self.waitlists, lambda: self.millis / 1000)
        stockroom = Stockroom(self.campaigns, self.stock, MemoryErrands())
        self.line_desk = WaitlistDesk(**stores, lines=lines, stockroom=stockroom)
        self.keeper = LineKeeper(**stores, clock=self.clock)
        self.go_live()
        self.held = self.reserve(2)

    @property
    def offer(self) -> Offer:
        return self.campaign.offer(FUJI)

    def join(
        self, buyer: str, quantity: int = 1, coupon: str | None = None, key: str = ""
    ) -> TicketView:
        request = ReservationRequest(
            merchant=MERCHANT,
            campaign_id=self.id,
            sku=FUJI,
            quantity=quantity,
            buyer_id=buyer,
            idempotency_key=key or f"join {buyer}",
            coupon=coupon,
        )
        return self.line_desk.join(request, self.now)

    def look(self, view: TicketView) -> TicketView:
        return self.line_desk.find(view.ticket.id, MERCHANT, self.now)

    def leave(self, view: TicketView) -> TicketView:
        return self.line_desk.leave(view.ticket.id, MERCHANT, self.now)

    def serve(self) -> int:
        self.beat()
        return self.keeper.keep(self.id)

    def free(self) -> int:
        return sum(block.counters.free for block in self.blocks())


@pytest.fixture
def show() -> LineTheatre:
    return LineTheatre()


def test_who_is_first_is_served_first_and_nobody_else_takes_what_came_back(show: LineTheatre):
    ben, cleo = show.join("ben", 2), show.join("cleo")
    assert (ben.state, ben.place, cleo.place) == (TicketState.WAITING, 0, 1)
    assert show.join("ben", 2).ticket == ben.ticket
    show.release(show.held)

    with pytest.raises(SoldOut):
        show.reserve(1, buyer="dora")
    assert show.serve() == 1

    offered = show.look(ben)
    assert offered.reservation is not None
    assert (offered.state, offered.reservation.check.quantity) == (TicketState.OFFERED, 2)
    assert offered.reservation.check.deadline == show.now + TURN
    assert show.look(cleo).state is TicketState.WAITING


def test_nobody_waits_while_there_is_enough(show: LineTheatre):
    show.release(show.held)
    with pytest.raises(UnitsAvailable):
        show.join("ben")


def test_a_line_goes_when_nobody_waits_and_then_everybody_may_buy(show: LineTheatre):
    ben = show.join("ben")
    show.leave(ben)
    assert show.leave(ben).state is TicketState.LEFT
    show.release(show.held)
    show.serve()
    assert not show.offer.queued_in
    show.beat()
    # By then no board says any more that somebody waits.
    show.wait(2)
    assert show.reserve(1, buyer="dora").state is State.HELD


def test_who_joins_while_a_line_is_taken_down_is_not_overtaken(show: LineTheatre):
    ben = show.join("ben")
    show.leave(ben)
    loosened = show.campaign.version + 1

    def join(what: str) -> None:
        # Their ticket is written, and the line looks firm: the beat has not saved anything yet.
        if what == "save" and show.campaign.version + 1 == loosened:
            show.campaigns.before = lambda _: None
            show.join("cleo")

    show.campaigns.before = join
    show.serve()

    assert show.offer.queued_in
    show.release(show.held)
    with pytest.raises(SoldOut):
        show.reserve(1, buyer="dora")


def test_what_was_taken_for_who_left_in_the_same_moment_goes_back(show: LineTheatre):
    ben = show.join("ben", 2)
    show.release(show.held)
    show.waitlists.meanwhile.append(lambda: show.leave(ben))

    assert show.serve() == 0

    assert show.look(ben).state is TicketState.LEFT
    assert show.free() == 2


@pytest.mark.parametrize("late", [5, TURN - 5, TURN + 5])
def test_a_turn_that_a_death_has_used_up_is_given_anew(show: LineTheatre, late: int):
    def die() -> None:
        raise Crash

    ben = show.join("ben", 2)
    show.release(show.held)
    show.waitlists.meanwhile.append(die)
    with pytest.raises(Crash):
        show.serve()
    show.wait(late)
    while not show.serve():
        show.wait(1)

    view = show.look(ben)
    assert view.reservation is not None
    assert (view.state, view.reservation.state) == (TicketState.OFFERED, State.HELD)
    assert (view.reservation.check.deadline - show.now) * 2 >= TURN
    assert show.free() == 0


def test_an_offer_in_vain_goes_to_the_next(show: LineTheatre):
    ben, cleo = show.join("ben", 2), show.join("cleo", 2)
    show.release(show.held)
    show.serve()
    show.wait(TURN)

    assert show.serve() == 1

    assert show.look(ben).state is TicketState.EXPIRED
    assert show.look(cleo).state is TicketState.OFFERED
    with pytest.raises(ReservationExpired):
        show.leave(ben)


def test_who_still_waits_at_the_end_is_told_that_it_is_over(show: LineTheatre):
    ben = show.join("ben")
    show.end()
    assert show.look(ben).state is TicketState.CLOSED
    assert show.look(ben).place is None


def test_an_altered_id_is_nobodys(show: LineTheatre):
    ben = show.join("ben")
    last = ben.ticket.id[-1]
    for altered in (
        ben.ticket.id[:-1] + ("A" if last != "A" else "E"),
        ben.ticket.id[:30] + ("A" if ben.ticket.id[30] != "A" else "B") + ben.ticket.id[31:],
        ben.ticket.id[4:],
        "wtl_",
    ):
        with pytest.raises(TicketNotFound):
            show.line_desk.find(altered, MERCHANT, show.now)
    with pytest.raises(TicketNotFound):
        show.line_desk.find(ben.ticket.id, "mer_another", show.now)
