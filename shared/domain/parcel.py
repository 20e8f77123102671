"""
A parcel: what a carrier is asked to take to the buyer of a paid order. Its id is made from the order's, so that an order has
one parcel, whoever asks for it and however often.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.domain.address import FIELDS
from shared.domain.campaign import Campaign
from shared.domain.languages import title_in
from shared.domain.order import Order
from shared.domain.tables import Row, Table

PARCEL: Final = "par_"
BUYER: Final = "buy_"
PARCELS: Final = Table(
    "parcels",
    ("parcel", "order", "sku", "title", "quantity", "value", "currency", *FIELDS, "buyer"),
    frozenset({"value"}),
    exact=True,
)
"""What a fulfiller imports: one row an order."""
COMBINED: Final = Table(
    "combined-parcels",
    ("parcel", "orders", "items", "quantity", "value", "currency", *FIELDS, "buyer"),
    frozenset({"value"}),
    exact=True,
)
"""The same, where what one buyer has sent to one place goes together: one row a parcel."""
_PLACE: Final = tuple(name for name in FIELDS if name not in ("phone", "email"))
"""What makes two addresses one place."""


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
    """What was paid for it and not given back: minor units of ``currency``."""
    currency: str
    address: Mapping[str, str]
    buyer: str
    """The same for all of one buyer's orders in the campaign, and for no other buyer's. It does not identify the buyer."""


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


def buyer_reference(order: Order) -> str:
    """``buy_`` and 26 characters: of a buyer in a campaign. Made from the digest that the order has."""
    digest = hashlib.sha256(f"buyer:{order.campaign_id}:{order.buyer}".encode()).digest()[:16]
    return BUYER + base64.b32encode(digest).decode().rstrip("=").lower()


def buyer_piece(order: Order, count: int) -> int:
    """The piece of ``count`` in which all of a buyer's orders are, where they are combined."""
    return hashlib.sha256(f"piece:{order.buyer}".encode()).digest()[0] % count


def key_of(order: Order) -> ParcelKey:
    """What the parcel of an order is known by."""
    return ParcelKey(parcel_id(order.id), order.campaign_id)


def parcel_of(campaign: Campaign, order: Order, address: Mapping[str, str]) -> Parcel:
    """The parcel of an order: the same each time, but for money that was given back meanwhile."""
    title = campaign.offer(order.sku).title
    return Parcel(
        id=parcel_id(order.id),
        campaign_id=campaign.id,
        order_id=order.id,
        sku=order.sku,
        title=title_in(title, "en"),
        quantity=order.quantity,
        # What is promised to go back is no part of its value, though it may be on its way still.
        value=order.amount - order.promised,
        currency=order.currency,
        address=dict(address),
        buyer=buyer_reference(order),
    )


def row_of(parcel: Parcel) -> Row:
    """A parcel as a row of ``PARCELS``."""
    told: Sequence[Any] = (
        *(parcel.id, parcel.order_id, parcel.sku, parcel.title, parcel.quantity),
        *(parcel.value, parcel.currency),
    )
    return (*told, *_receiver(parcel), parcel.buyer)


def place_of(parcel: Parcel) -> tuple[str, ...]:
    """What parcels that go together have in common: the buyer, and the place."""
    return (parcel.buyer, *(parcel.address.get(name, "") for name in _PLACE))


def combined_row(parcels: Sequence[Parcel]) -> Row:
    """
    Parcels of one place as a row of ``COMBINED``. The reference is that of the first order, so it stays as it is when the
    buyer orders more; telephone and e-mail are the first order's too.
    """
    first = parcels[0]
    units: Counter[str] = Counter()
    for parcel in parcels:
        units[parcel.sku] += parcel.quantity
    told: Sequence[Any] = (
        first.id,
        " ".join(parcel.order_id for parcel in parcels),
        ", ".join(f"{count} x {sku}" for sku, count in units.items()),
        units.total(),
        sum(parcel.value for parcel in parcels),
        first.currency,
    )
    return (*told, *_receiver(first), first.buyer)


def _receiver(parcel: Parcel) -> Iterator[str | None]:
    return (parcel.address.get(name) for name in FIELDS)
