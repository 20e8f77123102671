"""
A parcel: what a carrier is asked to take to the buyer of a paid order. Its id is made from the order's, so that an order has
one parcel, whoever asks for it and however often.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.domain.address import FIELDS
from shared.domain.campaign import Campaign
from shared.domain.languages import title_in
from shared.domain.order import Order
from shared.domain.tables import Row, Table

PARCEL: Final = "par_"
PARCELS: Final = Table(
    "parcels",
    ("parcel", "order", "sku", "title", "quantity", "value", "currency", *FIELDS),
    frozenset({"value"}),
)
"""What a fulfiller imports: one row a parcel."""


class ParcelState(StrEnum):
    """What a carrier says of a parcel."""

    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    """Taken back before it left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is to be carried, and where to."""

    id: str
    campaign_id: str
    order_id: str
    sku: str
    title: str
    quantity: int
    value: int
    """What was paid for it: minor units of ``currency``."""
    currency: str
    address: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParcelReceipt:
    """A carrier has taken a parcel on."""

    parcel_id: str
    reference: str
    """The carrier's own name of it."""


@dataclass(frozen=True, slots=True)
class ParcelKey:
    """What is known of a parcel when nothing is known of its receiver any more."""

    id: str
    campaign_id: str


def parcel_id(order_id: str) -> str:
    """``par_`` and 26 characters: short enough for the reference field of any carrier."""
    digest = hashlib.sha256(f"parcel:{order_id}".encode()).digest()[:16]
    return PARCEL + base64.b32encode(digest).decode().rstrip("=").lower()


def key_of(order: Order) -> ParcelKey:
    """What the parcel of an order is known by."""
    return ParcelKey(parcel_id(order.id), order.campaign_id)


def parcel_of(campaign: Campaign, order: Order, address: Mapping[str, str]) -> Parcel:
    """The parcel of an order: the same each time."""
    title = campaign.offer(order.sku).title
    return Parcel(
        id=parcel_id(order.id),
        campaign_id=campaign.id,
        order_id=order.id,
        sku=order.sku,
        title=title_in(title, "en"),
        quantity=order.quantity,
        value=order.amount,
        currency=order.currency,
        address=dict(address),
    )


def row_of(parcel: Parcel) -> Row:
    """A parcel as a row of ``PARCELS``."""
    told: Sequence[Any] = (
        *(parcel.id, parcel.order_id, parcel.sku, parcel.title, parcel.quantity),
        *(parcel.value, parcel.currency),
    )
    return (*told, *(parcel.address.get(name) for name in FIELDS))
