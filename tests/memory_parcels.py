"""Addresses, a carrier and its files in memory: the same promises, without the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import IO

from shared.domain import address as addresses
from shared.domain.campaign import Campaign
from shared.domain.closing_package import PackageFile
from shared.domain.errors import ParcelRefused
from shared.domain.order import Order
from shared.domain.parcel import Parcel, ParcelKey, ParcelReceipt, ParcelState
from tests.fakes import Watched


class OpenAddresses:
    """Implements ``Addresses``, with a seal that only a test believes."""

    def __init__(self) -> None:
        self.over = False
        """Whether the time of the keys is over."""

    def seal(self, campaign: Campaign, order_id: str, address: Mapping[str, str]) -> bytes:
        assert order_id
        return campaign.id.encode() + addresses.write(address)

    def open(self, campaign: Campaign, order: Order) -> dict[str, str] | None:
        if order.ship_to is None or self.over:
            return None
        return addresses.read(order.ship_to.removeprefix(campaign.id.encode()))


class MemoryCarrier(Watched):
    """Implements ``Carrier``, and ``HandOffFiles``: what it was asked to carry, once for each parcel id."""

    def __init__(self) -> None:
        super().__init__()
        self.parcels: dict[str, Parcel] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.withdrawn: set[str] = set()
        self.forgotten: set[str] = set()
        self.refuses = False
        self.asked: Counter[str] = Counter()
        """How often each parcel was requested."""

    def request_parcel(self, parcel: Parcel) -> ParcelReceipt:
        return self._effect("request_parcel", lambda: self._request(parcel))  # type: ignore[no-any-return]

    def _request(self, parcel: Parcel) -> ParcelReceipt:
        if self.refuses:
            raise ParcelRefused(parcel.id)
        self.asked[parcel.id] += 1
        self.parcels[parcel.id] = parcel
        return ParcelReceipt(parcel.id, f"ref-{parcel.id}")

    def parcel_state(self, parcel: ParcelKey) -> ParcelState | None:
        return ParcelState.REQUESTED if parcel.id in self.parcels else None

    def withdraw(self, parcel: ParcelKey) -> None:
        self._effect("withdraw", lambda: self._drop(parcel, self.withdrawn))

    def forget(self, parcel: ParcelKey) -> None:
        self._effect("forget", lambda: self._drop(parcel, self.forgotten))

    def _drop(self, parcel: ParcelKey, why: set[str]) -> None:
        self.parcels.pop(parcel.id, None)
        why.add(parcel.id)

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        data = body.read()
        self._effect("file", lambda: self.files.__setitem__((campaign_id, file.name), data))

    def drop(self, campaign_id: str, names: list[str]) -> None:
        self._effect("drop", lambda: [self.files.pop((campaign_id, name), None) for name in names])

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        return f"https://files.test/{campaign_id}/{file.name}?for={seconds}"
