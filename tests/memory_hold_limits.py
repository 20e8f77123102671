"""The holds of buyers in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

from shared.domain.hold_limits import BuyerHolds, HoldClaim, HoldLimits


class MemoryHoldLimits:
    """Implements ``HoldLimitStore``. ``before`` is called before every write, and may raise or interleave."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], BuyerHolds] = {}
        self.writes = 0
        self.before: Callable[[str], None] = lambda _: None
        self._lock = Lock()

    def claim(
        self, campaign_id: str, buyer: str, key: str, claim: HoldClaim, limits: HoldLimits
    ) -> BuyerHolds | None:
        self._enter("claim")
        with self._lock:
            item = self.items.get((campaign_id, buyer), BuyerHolds())
            most_open, most = limits.open_holds, limits.holds_begun
            if key in item.claims or (most is not None and len(item.claims) >= most):
                return item
            if most_open is not None and _unended(item) >= most_open:
                return item
            self._put(campaign_id, buyer, item, {**item.claims, key: claim})
            return None

    def replace(
        self, campaign_id: str, buyer: str, seen: BuyerHolds, claims: Mapping[str, HoldClaim]
    ) -> bool:
        self._enter("replace")
        with self._lock:
            item = self.items[campaign_id, buyer]
            if item.version != seen.version:
                return False
            self._put(campaign_id, buyer, item, claims)
            return True

    def share(self, campaign_id: str, buyer: str, key: str, old: HoldClaim, new: HoldClaim) -> bool:
        self._enter("share")
        with self._lock:
            item = self.items.get((campaign_id, buyer), BuyerHolds())
            if item.claims.get(key) != old:
                return False
            self._put(campaign_id, buyer, item, {**item.claims, key: new})
            return True

    def release(self, campaign_id: str, buyer: str, key: str, claim: HoldClaim) -> bool:
        self._enter("release")
        with self._lock:
            item = self.items.get((campaign_id, buyer), BuyerHolds())
            if item.claims.get(key) != claim:
                return False
            left = {name: each for name, each in item.claims.items() if name != key}
            self._put(campaign_id, buyer, item, left)
            return True

    def _enter(self, what: str) -> None:
        self.before(what)
        self.writes += 1

    def _put(
        self, campaign_id: str, buyer: str, item: BuyerHolds, claims: Mapping[str, HoldClaim]
    ) -> None:
        self.items[campaign_id, buyer] = BuyerHolds(item.version + 1, dict(claims))


def _unended(item: BuyerHolds) -> int:
    return sum(not claim.ended for claim in item.claims.values())
