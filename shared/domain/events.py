"""
What others are told: that something happened, once, in the past tense.

An event's id is made from what happened and from nothing else: not from when it was noticed, by
which delivery, or how often. A record that is read again, a batch that is sent again and a stream
that is replayed all give the id they gave before, so that whoever listens can tell a repetition
from news.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EventName(StrEnum):
    """The events there are, as they are called on the bus."""

    CAMPAIGN_SCHEDULED = "CampaignScheduled"
    CAMPAIGN_OPENED = "CampaignOpened"
    CAMPAIGN_CLOSED = "CampaignClosed"
    CAMPAIGN_CANCELLED = "CampaignCancelled"
    CAMPAIGN_NEEDS_ATTENTION = "CampaignNeedsAttention"
    RESERVATION_EXPIRED = "ReservationExpired"
    OFFER_SOLD_OUT = "OfferSoldOut"
    WAITLIST_OFFERED = "WaitlistOffered"
    ORDER_PAID = "OrderPaid"
    ORDER_REFUNDED = "OrderRefunded"
    REFUND_NEEDS_ATTENTION = "RefundNeedsAttention"
    PAYMENT_QUARANTINED = "PaymentQuarantined"
    ORDER_ADDRESS_CORRECTED = "OrderAddressCorrected"
    PARCEL_REQUESTED = "ParcelRequested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a campaign."""

    name: EventName
    id: str
    occurred_at: float
    """Seconds since 1970 UTC, by the record of the change."""
    merchant: str | None
    campaign: str | None
    """Both ``None`` only if nobody knows whose it is."""
    data: Mapping[str, Any]
    """What is particular to this kind of event. Instants in it are seconds, as above."""


def event_id(name: EventName, *what: object) -> str:
    """The id of the one event of that name about exactly this."""
    parts = "".join(f"{len(part)}:{part}" for part in map(str, what))
    return "evt_" + hashlib.sha256(f"{name}:{parts}".encode()).hexdigest()[:32]
