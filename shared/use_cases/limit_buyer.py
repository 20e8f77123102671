"""
A limit of units per buyer, over all their reservations of an offer, unpaid ones counted.

One conditional item a buyer and offer: the units counted, and each request that they come from. It is written before
the block, and nobody tells it later how a hold ended: only when it would refuse does it look the old requests up, so
that a buyer's own stale hold never stands in that buyer's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain import ids
from shared.domain.errors import BuyerLimitReached, IdempotencyKeyReused, Refusal, StoreBusy
from shared.domain.ids import home_block
from shared.domain.stock import ENDED, IN_FLIGHT, PAID, Entry, Kind, end
from shared.use_cases.ledger_overflow import end_of_path, entry_in, read_entry
from shared.use_cases.request_keys import keys_of
from shared.use_cases.stock_ports import Shelf, StockBlocks

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """Units one request counts for."""

    units: int
    deadline: int
    """Of the hold that the latest delivery of the request asks for, seconds since 1970 UTC; 0 once the units are known
    to be sold."""
    shared: bool = False
    """More than one delivery of the request counts on it: none of them alone may say that it holds nothing."""
    delivery: int = 0
    """
    Random number of the delivery that made it, 0 to 2**24 - 1.

    Concurrency: a release whose answer was lost is sent again, and must not remove the claim that a
    concurrent duplicate has made meanwhile.
    """

    @classmethod
    def of_delivery(cls, units: int, deadline: int) -> Claim:
        """A claim that no other delivery can have made."""
        return cls(units, deadline, delivery=int.from_bytes(ids.draw(3), "big"))

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more."""
        return self.deadline == 0


@dataclass(frozen=True, slots=True)
class Purse:
    """What a buyer has of an offer, as it stood when a claim was refused."""

    units: int
    claims: Mapping[str, Claim]
    """By ledger key."""


class Buyers(Protocol):
    """What buyers have of offers with a limit."""

    def claim(
        self, shelf: Shelf, digest: str, key: str, claim: Claim, *, limit: int
    ) -> Purse | None:
        """Count a request's units if the limit allows, and it is not counted yet. ``None``: done; else what stands there."""

    def correct(self, shelf: Shelf, digest: str, purse: Purse, claims: Mapping[str, Claim]) -> bool:
        """Replace the claims, if the purse is still as it was read."""

    def give_back(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        """Count a request no more, if it is counted just so. Else: how it is counted, if it is."""

    def forget(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        """The same, whichever delivery made the claim."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer of one offer."""

    digest: str
    limit: int
    secret: str
    """The campaign's."""


def claim_units(
    buyers: Buyers,
    stock: StockBlocks,
    shelf: Shelf,
    buyer: Buyer,
    key: str,
    claim: Claim,
    *,
    now: int,
    hold: int,
) -> bool:
    """Count ``claim`` for a buyer. False: this request was counted before. ``BuyerLimitReached`` if it is too much."""
    if claim.units > buyer.limit:
        raise BuyerLimitReached(limit=buyer.limit, remaining=buyer.limit)
    for _ in range(_TRIES):
        purse = buyers.claim(shelf, buyer.digest, key, claim, limit=buyer.limit)
        if purse is None:
            return True
        counted = purse.claims.get(key)
        if counted == claim:
            # This delivery made it, by a write whose answer was lost.
            return True
        if counted is not None:
            if _counts_on(buyers, stock, shelf, buyer, key, claim, purse, now=now, hold=hold):
                return False
            continue
        claims = {
            name: truth
            for name, old in purse.claims.items()
            if (truth := _truth(stock, shelf, buyer.secret, name, old, now=now, hold=hold))
            is not None
        }
        if claims == purse.claims:
            refusal = BuyerLimitReached(
                limit=buyer.limit, remaining=max(0, buyer.limit - purse.units)
            )
            # Perhaps its own hold ended, and others were counted since.
            return _told_by_ledger(stock, shelf, buyer.secret, key, now, refusal)
        buyers.correct(shelf, buyer.digest, purse, claims)
    raise StoreBusy


def _counts_on(
    buyers: Buyers,
    stock: StockBlocks,
    shelf: Shelf,
    buyer: Buyer,
    key: str,
    claim: Claim,
    purse: Purse,
    *,
    now: int,
    hold: int,
) -> bool:
    """
    Count on the claim that another delivery of the request has made. False: it has changed since it was read.
    ``BuyerLimitReached`` or ``IdempotencyKeyReused`` where it cannot be counted on.
    """
    counted = purse.claims[key]
    if counted.units != claim.units:
        # Taken as a repetition, it might take more units than are counted for it.
        return not _told_by_ledger(stock, shelf, buyer.secret, key, now, IdempotencyKeyReused())
    is_old = counted.is_final or counted.deadline - hold <= now - IN_FLIGHT
    if is_old and _would_buy_again(stock, shelf, buyer.secret, key, counted, now):
        left = max(0, buyer.limit - purse.units)
        raise BuyerLimitReached(limit=buyer.limit, remaining=left)
    if counted.is_final or (counted.shared and counted.deadline >= claim.deadline):
        return True
    # The first delivery may be about to give the claim back, and others to find that it holds nothing. Before this one takes
    # units, it must be plain that somebody still counts on it.
    joined = Claim(claim.units, max(counted.deadline, claim.deadline), shared=True)
    return buyers.correct(shelf, buyer.digest, purse, {**purse.claims, key: joined})


def forget_claim(buyers: Buyers, shelf: Shelf, digest: str, key: str, claim: Claim) -> None:
    """Count a request no more whose reservation was given back, whoever else has counted on it."""
    standing = buyers.forget(shelf, digest, key, claim)
    if standing is not None and not standing.is_final:
        buyers.give_back(shelf, digest, key, standing)


def _would_buy_again(
    stock: StockBlocks, shelf: Shelf, secret: str, first: str, counted: Claim, now: int
) -> bool:
    """Whether a request that has bought its units is too old to be told so: it would take others, counted once only."""
    found = _find(stock, shelf, secret, first)
    if found is None:
        return counted.is_final
    _, name, tail = found
    if tail.kind not in PAID:
        return False
    for key in keys_of(secret, first):
        entry = read_entry(stock, shelf, home_block(key, shelf.home_blocks), key)
        if key == name:
            # What leads to a sale answers at any age.
            return entry is None or entry.deadline != tail.deadline
        if entry is None or entry.replaceable(now):
            return True
    return True


def _told_by_ledger(
    stock: StockBlocks, shelf: Shelf, secret: str, key: str, now: int, otherwise: Refusal
) -> bool:
    """False for a request that was served: repeated, it is told of its own hold, and takes no more. Else the refusal."""
    found = _find(stock, shelf, secret, key)
    if found is not None and not found[2].forgotten(now + IN_FLIGHT):
        return False
    raise otherwise


def _truth(
    stock: StockBlocks, shelf: Shelf, secret: str, key: str, claim: Claim, *, now: int, hold: int
) -> Claim | None:
    """What a request really counts for; ``None`` if it holds nothing, and cannot any more."""
    if claim.is_final or claim.deadline - hold > now - IN_FLIGHT:
        return claim
    found = _find(stock, shelf, secret, key)
    if found is None:
        return None
    number, name, tail = found
    if tail.kind is Kind.HELD:
        if tail.deadline > now:
            return claim
        # Somebody who looked at the clock just before may be about to sell it: ended here, it is over for everybody.
        answer = stock.amend(shelf, number, end(name, tail, Kind.EXPIRED))
        if answer.done:
            return None
        standing = entry_in(stock, shelf, answer.block, name)
        if standing is None:
            return None
        tail = standing
    # What was bought counts, also if it was given back since.
    return Claim(claim.units, 0) if tail.kind in PAID else None


def _find(
    stock: StockBlocks, shelf: Shelf, secret: str, first: str
) -> tuple[int, str, Entry] | None:
    """
    The tail of a request, on whichever of its paths it was served: its block, its key there, and the entry. What it bought
    or holds, if it did; else how the first of its holds ended.
    """
    ended: tuple[int, str, Entry] | None = None
    # All paths, whatever has become of the first: that it was abandoned is forgotten sooner than what another bought.
    for key in keys_of(secret, first):
        number, entry = end_of_path(stock, shelf, key)
        if entry is None or entry.kind is Kind.VOID:
            continue
        if entry.kind not in ENDED:
            return number, key, entry
        ended = ended or (number, key, entry)
    return ended
