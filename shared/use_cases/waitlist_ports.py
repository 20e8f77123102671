"""What waiting needs of a store of tickets. One method, one call; every write is conditional and says how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.waitlist import Held, Ticket, TicketState


@dataclass(frozen=True, slots=True)
class Line:
    """Where the tickets of one offer are."""

    campaign_id: str
    sku: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a line has come. Only a place to begin at: what stands in the tickets decides."""

    first: int = 1
    """No number before this waits."""
    settled: int = 1
    """No number before this has anything left to be done about it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a request has drawn."""

    number: int
    quantity: int


class NumberGone(Exception):
    """The number was given up, because it was not used in time: another has to be drawn."""


class Waitlists(Protocol):
    """The tickets of all lines. All reads but ``waiting`` are strongly consistent."""

    def of_request(self, line: Line, key: str) -> Drawn | None:
        """What a request has drawn before."""

    def draw(self, line: Line) -> int:
        """The next number. One that is not used stays a gap."""

    def put(self, line: Line, ticket: Ticket, *, until: int) -> Drawn:
        """
        Keep a new ticket, unless its request has another: what it has drawn. ``NumberGone``; ``ChangedMeanwhile`` if
        somebody was at it at the same instant.

        ``until``: when it may be forgotten, seconds since 1970 UTC.
        """

    def get(self, line: Line, number: int) -> Ticket | None:
        """A ticket."""

    def mark(
        self, line: Line, ticket: Ticket, state: TicketState, held: Held | None = None
    ) -> Ticket:
        """Bring a ticket to another state, if it stands as it was read. The ticket as it stands then."""

    def try_anew(self, line: Line, ticket: Ticket) -> bool:
        """Let units be looked for under another key, if the ticket stands as it was read: whether it did."""

    def give_up(self, line: Line, number: int) -> bool:
        """Let nobody use a number any more, unless somebody has used it."""

    def progress(self, line: Line) -> Progress:
        """How far the line has come."""

    def advance(self, line: Line, progress: Progress) -> None:
        """Note how far the line has come, unless it is known to have come farther."""

    def tickets(self, line: Line, *, since: int, most: int) -> Sequence[tuple[int, Ticket | None]]:
        """At most so many numbers from one on, in order; ``None``: given up."""

    def waiting(self, line: Line, *, since: int) -> tuple[Sequence[int], int]:
        """Numbers from one on that wait, in order, perhaps as of a moment ago; and the last number that there is."""
