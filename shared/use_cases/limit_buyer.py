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

from shared.domain.errors import BuyerLimitReached, IdempotencyKeyReused, StoreBusy
from shared.domain.ids import home_block
from shared.domain.stock import Entry, Kind
from shared.use_cases.request_keys import keys_of
from shared.use_cases.stock_ports import Shelf, StockBlocks

_IN_FLIGHT = 15
"""Seconds a request may take between its claim here and its block: longer than the function may run."""
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """Units one request counts for."""

    units: int
    deadline: int
    """Seconds since 1970 UTC; 0 once the units are known to be sold."""


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

    def give_back(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> None:
        """Count a request no more, if it is counted just so."""


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
        if counted is not None:
            if counted.units != claim.units:
                # Taken as a repetition, it would take more units than are counted for it.
                raise IdempotencyKeyReused
            return False
        claims = {
            name: truth
            for name, old in purse.claims.items()
            if (truth := _truth(stock, shelf, buyer.secret, name, old, now=now, hold=hold))
            is not None
        }
        if claims == purse.claims:
            raise BuyerLimitReached(limit=buyer.limit, remaining=max(0, buyer.limit - purse.units))
        buyers.correct(shelf, buyer.digest, purse, claims)
    raise StoreBusy


def _truth(
    stock: StockBlocks, shelf: Shelf, secret: str, key: str, claim: Claim, *, now: int, hold: int
) -> Claim | None:
    """What a request really counts for; ``None`` if it holds nothing."""
    if claim.deadline == 0 or claim.deadline - hold > now - _IN_FLIGHT:
        return claim
    tail = _find(stock, shelf, secret, key)
    if tail is None or (tail.kind is Kind.HELD and tail.deadline <= now):
        return None
    if tail.kind is Kind.HELD:
        return claim
    return Claim(claim.units, 0) if tail.kind is Kind.SOLD else None


def _find(stock: StockBlocks, shelf: Shelf, secret: str, first: str) -> Entry | None:
    """The tail of a request, on whichever of its paths it was served."""
    for key in keys_of(secret, first):
        block = stock.read(shelf, home_block(key, shelf.home_blocks))
        sealed = block is not None and block.sealed
        entry = block.ledger.get(key) if block is not None else None
        if entry is None and sealed:
            continue
        while entry is not None and entry.next is not None:
            block = stock.read(shelf, entry.next)
            entry = block.ledger.get(key) if block is not None else None
        if entry is None or entry.kind is not Kind.VOID:
            return entry
    return None
