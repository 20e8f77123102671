"""The buyers table in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.use_cases.limit_buyer import Claim, Purse
from shared.use_cases.stock_ports import Shelf


class MemoryBuyers:
    """Implements ``Buyers``."""

    def __init__(self) -> None:
        self.purses: dict[tuple[str, str, str], Purse] = {}
        self.writes = 0

    def claim(
        self, shelf: Shelf, digest: str, key: str, claim: Claim, *, limit: int
    ) -> Purse | None:
        self.writes += 1
        place = (shelf.campaign_id, shelf.sku, digest)
        purse = self.purses.get(place, Purse(0, {}))
        if key in purse.claims or purse.units > limit - claim.units:
            return purse
        self.purses[place] = Purse(purse.units + claim.units, {**purse.claims, key: claim})
        return None

    def correct(self, shelf: Shelf, digest: str, purse: Purse, claims: Mapping[str, Claim]) -> bool:
        self.writes += 1
        place = (shelf.campaign_id, shelf.sku, digest)
        if self.purses[place] != purse:
            return False
        self.purses[place] = Purse(sum(claim.units for claim in claims.values()), dict(claims))
        return True

    def give_back(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        self.writes += 1
        place = (shelf.campaign_id, shelf.sku, digest)
        purse = self.purses.get(place, Purse(0, {}))
        if purse.claims.get(key) != claim:
            return purse.claims.get(key)
        self._remove(place, purse, key, claim)
        return None

    def forget(self, shelf: Shelf, digest: str, key: str, claim: Claim) -> Claim | None:
        self.writes += 1
        place = (shelf.campaign_id, shelf.sku, digest)
        purse = self.purses.get(place, Purse(0, {}))
        standing = purse.claims.get(key)
        if standing is None or replace(standing, delivery=claim.delivery) != claim:
            return standing
        self._remove(place, purse, key, claim)
        return None

    def _remove(self, place: tuple[str, str, str], purse: Purse, key: str, claim: Claim) -> None:
        left = {name: held for name, held in purse.claims.items() if name != key}
        self.purses[place] = Purse(purse.units - claim.units, left)
