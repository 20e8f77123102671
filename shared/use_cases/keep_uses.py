"""
Give the uses of deals the end that their reservations came to. The tail of a reservation, in the ledger of its offer, is
the one truth: sold, it has its use for good, refunded or not; released or expired, the use comes back; held, it waits.

Uses are read before the ledgers of the offers. Whoever counts on a use has changed its entry, or written it. So one that
still stands as it was read is counted on by those only who have written their tail by then, or will find what ended the
reservation, or began so long ago that they run no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from shared.domain.campaign import Campaign
from shared.domain.claim_check import ClaimCheck
from shared.domain.deals import capped, cue_of
from shared.domain.ids import home_block
from shared.domain.stock import (
    ENDED,
    FOR_GOOD,
    IN_FLIGHT,
    PAID,
    REMEMBERED,
    Block,
    Entry,
    Kind,
    confirm,
    prune,
)
from shared.use_cases.claim_use import give_back, shelf_of_uses, uses_of_keys
from shared.use_cases.keep_stock import remove_marks
from shared.use_cases.ledger_overflow import entry_in
from shared.use_cases.request_keys import keys_of
from shared.use_cases.settle_hold import tail_of
from shared.use_cases.stock_ports import Shelf, StockBlocks, shelf

_TIDY_ABOVE = 0.75
"""Share of a ledger's room from which what answers nothing any more is pruned."""


class _End(Enum):
    """What is to become of a use."""

    WAIT = auto()
    SELL = auto()
    GIVE_BACK = auto()


@dataclass(frozen=True, slots=True)
class UsesRead:
    """The uses of one deal, as they stood."""

    number: int
    place: Shelf
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class UsesKept:
    """What is left of them to be settled, and what does not add up."""

    held: int = 0
    faults: tuple[str, ...] = ()


def read_uses(
    stock: StockBlocks, campaign: Campaign, *, until: int | None = None
) -> list[UsesRead]:
    """The uses of all capped deals; of those that began by an instant, if one is given."""
    if campaign.prepared_at is None:
        return []
    wanted = [
        (number, cap)
        for number, cap in capped(campaign)
        if until is None or campaign.starts_at + cue_of(campaign, number).at <= until
    ]
    places = [shelf_of_uses(campaign, *deal) for deal in wanted]
    return [
        UsesRead(number, place, blocks)
        for (number, _), place, blocks in zip(
            wanted, places, stock.read_shelves(places), strict=True
        )
    ]


def keep_uses(
    stock: StockBlocks,
    campaign: Campaign,
    read: Sequence[UsesRead],
    offers: Sequence[Sequence[Block]],
    *,
    now: int,
) -> UsesKept:
    """
    Settle what can be settled. ``offers``: all blocks of the campaign's offers, read after the uses. Nothing is settled
    while those of an offer are missing: they are being laid out still.
    """
    if not read:
        return UsesKept()
    if not all(offers):
        return UsesKept(sum(block.counters.held for uses in read for block in uses.blocks))
    ledger = _Tails(stock, campaign, offers)
    held = 0
    faults: list[str] = []
    for uses in read:
        faults += [
            f"deal {uses.number}: {fault}" for block in uses.blocks for fault in block.faults()
        ]
        for key, entries in _by_key(uses.blocks).items():
            latest = max(entry.deadline for _, entry in entries)
            end = _end_of(ledger.find(key), uses.number, latest, now, shut=ledger.shut)
            if end is _End.GIVE_BACK and (served := ledger.find_before(key)) is not None:
                end = _end_of(served, uses.number, latest, now, shut=ledger.shut)
            done = _settle(stock, uses.place, key, entries, end)
            held += 0 if done else sum(entry.quantity for _, entry in entries)
        _tidy(stock, uses, now)
    return UsesKept(held, tuple(faults))


def settle_use(
    stock: StockBlocks, campaign: Campaign, place: Shelf, check: ClaimCheck, now: int
) -> None:
    """Settle what one reservation has of its deal, if it came to its end. ``place``: of its offer."""
    cap = cue_of(campaign, check.deal).cap if check.deal else None
    if cap is None:
        return
    uses = shelf_of_uses(campaign, check.deal, cap)
    found = uses_of_keys(stock, uses, keys_of(campaign.secret, check.key))
    if found is None:
        return
    key, entries = found
    latest = max(entry.deadline for _, entry in entries)
    end = _end_of(tail_of(stock, place, check), check.deal, latest, now, shut=False)
    _settle(stock, uses, key, entries, end)


def _end_of(tail: Entry | None, number: int, deadline: int, now: int, *, shut: bool) -> _End:
    """What becomes of a use of deal ``number``. ``shut``: nobody can take units any more."""
    if tail is not None:
        if tail.kind in PAID:
            return _End.SELL if tail.deal == number else _End.GIVE_BACK
        if tail.kind is Kind.HELD and tail.deal == number:
            return _End.WAIT
        if not tail.forgotten(now + IN_FLIGHT):
            # Whoever is under way finds it, and takes no units.
            return _End.GIVE_BACK
    if shut or deadline + REMEMBERED + IN_FLIGHT <= now:
        return _End.GIVE_BACK
    return _End.WAIT


def _settle(
    stock: StockBlocks, place: Shelf, key: str, entries: Sequence[tuple[int, Entry]], end: _End
) -> bool:
    """Whether nothing is held any more."""
    if end is _End.WAIT:
        return False
    if end is _End.GIVE_BACK:
        return give_back(stock, place, key, entries)
    return all(stock.amend(place, number, confirm(key, entry, 0)).done for number, entry in entries)


def _by_key(blocks: Iterable[Block]) -> dict[str, list[tuple[int, Entry]]]:
    """What is held, by key, that which goes on elsewhere last."""
    found: dict[str, list[tuple[int, Entry]]] = {}
    for block in blocks:
        for key, entry in block.ledger.items():
            if entry.kind is Kind.HELD:
                found.setdefault(key, []).append((block.number, entry))
    for entries in found.values():
        entries.sort(key=lambda place: not place[1].goes_on)
    return found


def _tidy(stock: StockBlocks, uses: UsesRead, now: int) -> None:
    """Prune what answers nothing any more: else a ledger remembers only so many who began there."""
    kept = {
        key
        for block in uses.blocks
        for key, entry in block.ledger.items()
        if entry.kind is Kind.HELD or entry.kind in PAID
    }
    for block in uses.blocks:
        if len(block.ledger) > uses.place.room * _TIDY_ABOVE:
            ways = [way for way in block.forwards(now) if way[0] not in kept]
            if forgotten := [*block.forgotten(now), *ways]:
                stock.amend(uses.place, block.number, prune(forgotten))
    remove_marks(stock, uses.place, {block.number: block for block in uses.blocks}, now)


class _Tails:
    """How the reservations of a campaign stand, by the ledgers of its offers."""

    def __init__(
        self, stock: StockBlocks, campaign: Campaign, offers: Sequence[Sequence[Block]]
    ) -> None:
        self._stock = stock
        self._secret = campaign.secret
        self._incomplete = [
            (shelf(campaign, offer), blocks)
            for offer, blocks in zip(campaign.offers, offers, strict=True)
            if any(block.overflow is not None for block in blocks)
        ]
        """Offers of which entries are in the overflow table."""
        self._tails: dict[str, Entry] = {}
        for block in (block for of_offer in offers for block in of_offer):
            for key, entry in block.ledger.items():
                if entry.is_tail and entry.kind is not Kind.VOID:
                    standing = self._tails.get(key)
                    self._tails[key] = max(standing or entry, entry, key=_weight)
        self.shut = all(block.closes == FOR_GOOD for of_offer in offers for block in of_offer)
        self._before: Mapping[str, Entry] | None = None

    def find(self, key: str) -> Entry | None:
        """The tail of a request whose use was taken under this key: its units may be under a later one."""
        keys = keys_of(self._secret, key)
        found = [self._tails[each] for each in keys if each in self._tails]
        if not found:
            found = [
                tail
                for place, blocks in self._incomplete
                for each in keys
                if (tail := self._follow(place, blocks, each)) is not None
            ]
        return max(found, key=_weight, default=None)

    def _follow(self, place: Shelf, blocks: Sequence[Block], key: str) -> Entry | None:
        """The tail of a request in one offer, by way of its entries from its home block on."""
        at: int | None = home_block(key, place.home_blocks)
        entry: Entry | None = None
        while at is not None and at < len(blocks):
            entry = entry_in(self._stock, place, blocks[at], key)
            at = entry.next if entry is not None and entry.goes_on else None
        return (
            entry if entry is not None and entry.is_tail and entry.kind is not Kind.VOID else None
        )

    def find_before(self, key: str) -> Entry | None:
        """What is held or sold under an earlier key of the request. Looked for only where a use is about to go back."""
        if self._before is None:
            self._before = {
                later: tail
                for first, tail in self._tails.items()
                if tail.deal and tail.kind not in ENDED
                for later in keys_of(self._secret, first)[1:]
            }
        return self._before.get(key)


def _weight(tail: Entry) -> tuple[bool, bool, int]:
    """Of several lives of a key, the one that counts: what was bought, what is held, what came last."""
    return tail.kind in PAID, tail.kind is Kind.HELD, tail.deadline
