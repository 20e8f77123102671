"""What the sale needs of a store of stock blocks. One method, one call; every write is conditional and says how it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from shared import table
from shared.domain.board import Board, make_board
from shared.domain.campaign import Campaign, Offer
from shared.domain.errors import StoreBusy
from shared.domain.stock import Amendment, Block, Entry, Gate, sizes


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the units of one offer are."""

    campaign_id: str
    sku: str
    home_blocks: int
    blocks: int
    epoch: int
    room: int
    """Entries a block's ledger may hold."""
    opens: int = 0
    """When the show opens, seconds since 1970 UTC."""
    portions: tuple[tuple[int, int], ...] = ()
    """Where blocks begin that open later than the show, and how many seconds later: up to where the next begin."""

    def delay(self, number: int) -> int:
        """Seconds from the opening of the show to that of a block."""
        delay = 0
        for first, seconds in self.portions:
            if number < first:
                break
            delay = seconds
        return delay

    def board(self, blocks: Iterable[Block], *, as_of: int) -> Board:
        """The board of a complete reading that began at an instant (milliseconds): what is not released is not on it."""
        kept_back = self._kept_back(as_of // 1000) if self.portions else frozenset[int]()
        return make_board(blocks, as_of=as_of, kept_back=kept_back)

    def _kept_back(self, now: int) -> frozenset[int]:
        return frozenset(
            number
            for (first, delay), (following, _) in pairwise(self.portions)
            for number in range(first, following)
            if self.opens + delay > now
        )

    def has_released(self, *, since: int, until: int) -> bool:
        """Whether blocks have opened between two instants, milliseconds since 1970 UTC."""
        return any(since < (self.opens + delay) * 1000 <= until for _, delay in self.portions)


def shelf(campaign: Campaign, offer: Offer) -> Shelf:
    """The shelf of an offer whose stock is laid out. ``StoreBusy`` if our copy of the campaign is from before that."""
    if campaign.prepared_at is None:
        # Somebody holds units already, by a newer copy than ours: in a second ours is as new.
        raise StoreBusy
    return Shelf(
        campaign_id=campaign.id,
        sku=offer.sku,
        home_blocks=offer.home_blocks,
        blocks=offer.blocks,
        epoch=campaign.prepared_at,
        room=table.ledger_room(offer.sku, offer.blocks),
        opens=campaign.starts_at,
        portions=_portions(offer) if offer.portions else (),
    )


def _portions(offer: Offer) -> tuple[tuple[int, int], ...]:
    found, number = [], offer.home_blocks
    for portion in offer.portions:
        found.append((number, portion.at))
        number += len(sizes(portion.units))
    # What was added in the middle of the show is on sale as soon as it is there.
    return (*found, (number, 0))


@dataclass(frozen=True, slots=True)
class Amended:
    """How an amendment went."""

    done: bool
    free: int | None = None
    """Free units afterwards, if it was done and moved any."""
    block: Block | None = None
    """If it was refused: the block as it stood, or ``None`` if there is no such block."""


class StockBlocks(Protocol):
    """The stock of all campaigns."""

    def amend(self, shelf: Shelf, number: int, amendment: Amendment) -> Amended:
        """Apply an amendment as one conditional write. ``StoreBusy`` if its outcome cannot be learnt."""

    def read(self, shelf: Shelf, number: int) -> Block | None:
        """A block, strongly consistent."""

    def read_all(self, shelf: Shelf) -> list[Block]:
        """Every block in order of number, each strongly consistent. ``StoreBusy`` if one is missing."""

    def read_shelves(self, shelves: Sequence[Shelf]) -> list[list[Block]]:
        """The same of several shelves, in as few calls as for one with all their blocks."""

    def read_moved(self, shelf: Shelf, number: int, key: str) -> Entry | None:
        """The entry of a key that was moved out of a block into the overflow table, strongly consistent."""

    def all_moved(self, shelf: Shelf, number: int) -> dict[str, Entry]:
        """All entries that were moved out of a block and must be found until the campaign is over, by key."""

    def copy_out(self, shelf: Shelf, number: int, entries: Mapping[str, Entry]) -> None:
        """Put entries of a block into the overflow table, by key: before they are removed from the block."""

    def lay_out(self, shelf: Shelf, number: int, *, units: int, opens: int, closes: int) -> None:
        """Make a block unless it is there."""

    def stamp(self, shelf: Shelf, number: int, gate: Gate) -> bool:
        """Set the instants between which a block may be reserved from, unless it is closed ``FOR_GOOD`` or was
        stamped for a later version of the campaign.

        Whether there is such a block.
        """

    def read_board(self, shelf: Shelf) -> Board | None:
        """The offer's board as last posted."""

    def claim_board(self, shelf: Shelf, *, now: int, until: int) -> bool:
        """Become the one who renews the board, unless another is at it. Milliseconds."""

    def post_board(self, shelf: Shelf, board: Board) -> None:
        """Replace the board, unless a newer one hangs there."""
