"""
Reserve within the campaign's limits of holds per buyer (``shared.domain.hold_limits``), across all its offers.

A request is counted before anything else is written for it, in the one item that its buyer has in the campaign, and the
count is released if the request is refused later. Nothing is written when a hold ends: only a request that the item would
refuse looks the buyer's other requests up in the ledger, so a hold that was released, expired or paid does not count.

Guarantees: no more holds are open, or begin within ten minutes, than the campaign allows, however many requests of a buyer
come at once. A duplicate of a served request gets the same reservation, and is counted once.

Cost: one write for a request; one more write, and reads of the ledger, when the item is full of claims that are over. A
request that is refused costs a read or more for each open hold of its buyer.

Concurrency: a delivery that finds its request counted already marks the claim as shared before it allocates units, so that
the delivery that made the claim cannot release it. Corrections are written over the version that was read.

Crash safety: after a crash between the count and the units, the claim stops counting as open 15 seconds later, and as begun
ten minutes later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from shared.domain import ids
from shared.domain.campaign import Campaign, Offer
from shared.domain.deals import is_other_coupon
from shared.domain.errors import (
    Busy,
    CampaignNotOpen,
    IdempotencyKeyReused,
    Refusal,
    StoreBusy,
    TooManyHolds,
)
from shared.domain.hold_limits import (
    BuyerHolds,
    HoldClaim,
    HoldLimits,
    excess,
    limits_of,
    name_of_earlier,
    still_counted,
)
from shared.domain.stock import ENDED, IN_FLIGHT, REMEMBERED, Entry, Kind
from shared.use_cases.hints import Hints
from shared.use_cases.ledger_overflow import end_of_path
from shared.use_cases.request_keys import keys_of
from shared.use_cases.stock_ports import StockBlocks, shelf
from shared.use_cases.take_units import Taken, Wish, find_units

_MAX_ATTEMPTS: Final = 5
_MAX_CHANGES: Final = 100
"""Claims that one write may change beside the new one."""


class HoldLimitStore(Protocol):
    """The claims of buyers, one item per buyer and campaign. ``buyer``: digest."""

    def claim(
        self, campaign_id: str, buyer: str, key: str, claim: HoldClaim, limits: HoldLimits
    ) -> BuyerHolds | None:
        """
        Count a request, unless it is counted already or the claims in the item reach a limit; those that are over are
        among them. ``None``: done; else the item as it was.
        """

    def replace(
        self, campaign_id: str, buyer: str, seen: BuyerHolds, claims: Mapping[str, HoldClaim]
    ) -> bool:
        """Replace all claims, if the item is still in the version that was read."""

    def share(self, campaign_id: str, buyer: str, key: str, old: HoldClaim, new: HoldClaim) -> bool:
        """Replace one claim that is not ended by another that is not, if it is still exactly as it was read."""

    def release(self, campaign_id: str, buyer: str, key: str, claim: HoldClaim) -> bool:
        """Count a request no more, if its claim is still exactly so, and not ended."""


def reserve_within_limits(
    store: HoldLimitStore,
    stock: StockBlocks,
    hints: Hints,
    campaign: Campaign,
    offer: Offer,
    buyer: str,
    wish: Wish,
    reserve: Callable[[], Taken],
    *,
    code: str | None,
) -> Taken:
    """
    Reserve if the campaign's limits of holds allow it. ``reserve`` does the rest; ``code``: of the coupon that was sent.

    Raises ``TooManyHolds``, ``IdempotencyKeyReused`` or ``StoreBusy``, and whatever ``reserve`` raises. A campaign without
    limits costs nothing here.
    """
    limits = limits_of(campaign)
    if limits is None:
        return reserve()
    delivery = int.from_bytes(ids.draw(3), "big")
    claim = HoldClaim(wish.deadline, offer.number, delivery=delivery)
    request = _Request(store, stock, hints, campaign, offer, buyer, wish, limits, claim)
    counted = request.count()
    if isinstance(counted, Taken):
        if is_other_coupon(campaign, counted.tail.deal, code):
            raise IdempotencyKeyReused
        return counted
    try:
        taken = reserve()
    except Busy:
        # Nothing is known of it: units may be held.
        raise
    except Refusal:
        if counted:
            request.release()
        raise
    if counted and taken.replayed:
        request.correct(taken)
    return taken


@dataclass(frozen=True, slots=True)
class _Request:
    """One delivery of a request."""

    store: HoldLimitStore
    stock: StockBlocks
    hints: Hints
    campaign: Campaign
    offer: Offer
    buyer: str
    wish: Wish
    limits: HoldLimits
    claim: HoldClaim
    """What this delivery counts for."""

    @property
    def key(self) -> str:
        return self.wish.keys[0]

    def count(self) -> bool | Taken:
        """
        Count the request. True: this delivery did; False: another delivery had, and both count on it; units: the request
        was served before. ``TooManyHolds`` or ``StoreBusy``.
        """
        for _ in range(_MAX_ATTEMPTS):
            seen = self.store.claim(self.campaign.id, self.buyer, self.key, self.claim, self.limits)
            if seen is None or seen.claims.get(self.key) == self.claim:
                # The latter by a write of this delivery whose answer was lost.
                return True
            counted = seen.claims.get(self.key)
            if counted is not None and (served := self._served()) is not None:
                return served
            if counted is not None and counted.is_open(self.wish.now):
                if self._share(counted):
                    return False
                continue
            try:
                others = self._others(seen.claims)
            except TooManyHolds:
                # Its own hold may be served and no longer counted, or other requests were counted since.
                if (served := self._served()) is None:
                    raise
                return served
            claims = _in_one_write(self.key, seen.claims, {**others, self.key: self.claim})
            if self.store.replace(self.campaign.id, self.buyer, seen, claims):
                return True
        raise StoreBusy

    def release(self) -> None:
        """Count the request no more, unless another delivery counts on the claim."""
        self.store.release(self.campaign.id, self.buyer, self.key, self.claim)

    def correct(self, taken: Taken) -> None:
        """Count a request that was served before from when its hold began, if that is open; else no more."""
        tail = taken.tail
        if tail.kind is not Kind.HELD or tail.deadline <= self.wish.now:
            self.release()
        elif tail.deadline != self.claim.deadline:
            exact = replace(self.claim, deadline=tail.deadline, shared=True)
            self.store.share(self.campaign.id, self.buyer, self.key, self.claim, exact)

    def _served(self) -> Taken | None:
        """What the request was served with before, if the ledger remembers. Nothing is allocated."""
        place = shelf(self.campaign, self.offer)
        try:
            return find_units(self.stock, self.hints, place, self.wish)
        except CampaignNotOpen:
            return None

    def _share(self, counted: HoldClaim) -> bool:
        """Mark the claim as one that this delivery counts on, too. False: it has changed meanwhile."""
        deadline = max(counted.deadline, self.wish.deadline)
        shared = replace(counted, deadline=deadline, shared=True)
        if shared == counted:
            return True
        return self.store.share(self.campaign.id, self.buyer, self.key, counted, shared)

    def _others(self, claims: Mapping[str, HoldClaim]) -> dict[str, HoldClaim]:
        """The other claims that still count, if one more fits beside them; else ``TooManyHolds``."""
        now, hold, limits = self.wish.now, self.campaign.hold_seconds, self.limits
        others = {name: claim for name, claim in claims.items() if name != self.key}
        earlier = claims.get(self.key)
        if earlier is not None and not _ledger_remembers(earlier, now):
            # The key is used again. While the ledger remembers its requests, it was just asked, and knows of no hold.
            others[name_of_earlier(self.key, earlier)] = replace(earlier, ended=True)
        counted = still_counted(limits, others, now=now, hold=hold)
        if excess(limits, counted.values(), now=now, hold=hold) is None:
            return counted
        resolved = {name: truth for name in counted if (truth := self._resolve(name, others[name]))}
        counted = still_counted(limits, resolved, now=now, hold=hold)
        found = excess(limits, counted.values(), now=now, hold=hold)
        if found is None:
            return counted
        raise TooManyHolds(limit=found.limit, rule=found.rule.value, retry_after=found.retry_after)

    def _resolve(self, name: str, claim: HoldClaim) -> HoldClaim | None:
        """
        What a claim counts for, by the ledger where that can make a difference; ``None`` if its request holds nothing, and
        cannot any more.
        """
        now, latest = self.wish.now, claim.began(self.campaign.hold_seconds)
        may_be_over = self.limits.open_holds is not None and claim.is_open(now)
        # A claim that several deliveries count on is released by none of them, also if all were refused.
        may_be_unused = claim.shared and not claim.ended and _ledger_remembers(claim, now)
        if not may_be_over and not may_be_unused:
            return claim
        tail = self._tail(name, claim, latest)
        if tail is None:
            return claim if now < latest + IN_FLIGHT else None
        return replace(claim, deadline=tail.deadline, ended=tail.kind is not Kind.HELD)

    def _tail(self, name: str, claim: HoldClaim, latest: int) -> Entry | None:
        """
        The entry that decides about a request, on whichever of its paths it was served: one that holds or has bought units,
        else one that ended. ``latest``: when the latest delivery came; what was forgotten by then is of an earlier attempt.
        """
        place = shelf(self.campaign, self.campaign.offers[claim.offer])
        ended: Entry | None = None
        for key in keys_of(self.campaign.secret, name):
            _, entry = end_of_path(self.stock, place, key)
            if entry is None or entry.kind is Kind.VOID or entry.forgotten(latest):
                continue
            if entry.kind not in ENDED:
                return entry
            ended = ended or entry
        return ended


def _ledger_remembers(claim: HoldClaim, now: int) -> bool:
    """Whether whatever was allocated for a claim is in the ledger still."""
    return now < claim.deadline + REMEMBERED - IN_FLIGHT


def _in_one_write(
    key: str, before: Mapping[str, HoldClaim], after: Mapping[str, HoldClaim]
) -> dict[str, HoldClaim]:
    """``after``, as far as one write can make it: further claims stay as they were, and are corrected by a later one."""
    changed = [name for name in before if after.get(name) != before[name]]
    changed.sort(key=lambda name: (name != key, name in after))
    return {**after, **{name: before[name] for name in changed[_MAX_CHANGES:]}}
