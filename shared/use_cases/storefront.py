"""What a storefront shows of a campaign at the server's time."""

from __future__ import annotations

from typing import Any

from shared.clock import rfc3339
from shared.domain.campaign import Campaign, Offer, Status
from shared.domain.deals import common_price, coupons, deals
from shared.domain.errors import StoreBusy
from shared.domain.money import exponent
from shared.domain.payable import max_quantity
from shared.domain.totals import count_offer
from shared.use_cases.campaign_cache import CampaignReader, campaign_of_merchant
from shared.use_cases.claim_use import shelf_of_uses
from shared.use_cases.hints import Hints
from shared.use_cases.stock_ports import shelf

_FRESH = 2_000
"""Milliseconds for which a storefront's units left are good enough."""


class Storefront:
    """Reads shows."""

    def __init__(self, campaigns: CampaignReader, hints: Hints) -> None:
        self._campaigns = campaigns
        self._hints = hints

    def show(self, campaign_id: str, merchant: str, now: int) -> dict[str, Any]:
        """The show as ``shared.contracts.buying.Show`` describes it. ``CampaignNotFound`` if it is not this merchant's."""
        campaign = campaign_of_merchant(self._campaigns, campaign_id, merchant)
        return {
            "id": campaign.id,
            "object": "show",
            "name": campaign.name,
            "status": campaign.status.value,
            "open": campaign.is_selling(now),
            "server_time": rfc3339(now),
            "starts_at": rfc3339(campaign.starts_at),
            "ends_at": rfc3339(campaign.ends_at),
            "replay_until": rfc3339(campaign.replay_until) if campaign.replay_until else None,
            "time_zone": campaign.time_zone,
            "currency": campaign.currency,
            "currency_exponent": exponent(campaign.currency),
            "hold_seconds": campaign.hold_seconds,
            "pinned": campaign.pinned(now) if campaign.is_selling(now) else None,
            "announcement": campaign.announced(now) if campaign.is_selling(now) else None,
            "coupons": _coupons(campaign, now) if campaign.is_selling(now) else [],
            "offers": [self._offer(campaign, offer, now) for offer in campaign.offers],
        }

    def _offer(self, campaign: Campaign, offer: Offer, now: int) -> dict[str, Any]:
        price = self._price(campaign, offer, now)
        return {
            "sku": offer.sku,
            "title": dict(offer.title),
            "unit_price": price,
            "list_price": campaign.list_price(offer, now),
            "available": self._available(campaign, offer, now),
            "limit_per_buyer": offer.limit_per_buyer,
            "max_quantity": max_quantity(campaign, price, offer.limit_per_buyer),
            "waitlist": _waitlist(offer),
        }

    def _price(self, campaign: Campaign, offer: Offer, now: int) -> int:
        """
        What a reservation of one unit would cost that names no code, for a buyer who has used up nothing: by boards that may
        be a moment old.
        """
        if not campaign.is_selling(now):
            return common_price(campaign, offer, now)
        best, *others = deals(campaign, offer, now)
        while others and best.cue is not None and best.cue.cap is not None:
            place = shelf_of_uses(campaign, best.number, best.cue.cap)
            if self._hints.glance(place, _FRESH).total:
                break
            best, *others = others
        return best.unit_price

    def _available(self, campaign: Campaign, offer: Offer, now: int) -> int:
        if not campaign.is_selling(now) or offer.queued_in:
            # What comes back is for those who wait.
            return 0
        try:
            return self._hints.glance(shelf(campaign, offer), _FRESH).total
        except StoreBusy:
            if campaign.status is Status.LIVE:
                raise
            # Started a moment ago, and perhaps not all of its stock is laid out: as the totals say, it is untouched.
            return count_offer(campaign, offer, [], now).available


def _coupons(campaign: Campaign, now: int) -> list[dict[str, Any]]:
    return [
        {
            "code": cue.code,
            "sku": cue.sku,
            "percent_off": cue.percent_off,
            "amount_off": cue.amount_off,
            "ends_at": rfc3339(campaign.starts_at + cue.at + (cue.seconds or 0)),
        }
        for _, cue in coupons(campaign, now)
        if cue.automatic
    ]


def _waitlist(offer: Offer) -> dict[str, Any] | None:
    if offer.waitlist_hold is None:
        return None
    return {"open": offer.queued_in > 0, "hold_seconds": offer.waitlist_hold}
