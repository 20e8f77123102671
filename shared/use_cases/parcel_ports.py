"""What the way of a parcel needs of the world outside: seals on addresses, carriers, a place for files to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from shared.domain.address import AddressFault
from shared.domain.campaign import Campaign
from shared.domain.closing_package import PackageFile
from shared.domain.order import Order
from shared.domain.parcel import Parcel, ParcelKey, ParcelReceipt, ParcelState
from shared.use_cases.order_ports import Orders


class Addresses(Protocol):
    """Seals addresses and opens them, under one key a campaign that goes when its time is over, and they with it."""

    def seal(self, campaign: Campaign, order_id: str, address: Mapping[str, str]) -> bytes:
        """An address that nobody reads without the campaign's key. The same for the same order. ``StoreBusy``."""

    def open(self, campaign: Campaign, order: Order) -> dict[str, str] | None:
        """The address of an order; ``None`` if it was erased, or its key's time is over. ``StoreBusy``."""


class AddressRules(Protocol):
    """What the addresses of each country have."""

    def normalised(self, address: Mapping[str, str]) -> dict[str, str]:
        """An address as its country writes it. What makes no sense stays as it is: no address is refused. Idempotent."""

    def faults(self, address: Mapping[str, str]) -> list[AddressFault]:
        """What a carrier would ask for, or could make nothing of: nothing for an address that is good."""


class Carrier(Protocol):
    """
    A company that carries parcels, or a person who reads files. ``CarrierSilent`` if it does not answer: nothing is known of
    what was asked.

    A parcel's id is the key of the request: asked twice, one parcel leaves.
    """

    def request_parcel(self, parcel: Parcel) -> ParcelReceipt:
        """Have a parcel carried. ``ParcelRefused`` if it never will be."""

    def parcel_state(self, parcel: ParcelKey) -> ParcelState | None:
        """What is known of a parcel; ``None`` if the carrier was never asked, or has not heard it."""

    def withdraw(self, parcel: ParcelKey) -> None:
        """Let it not leave, for it is not paid any more. Nothing happens if it is gone already, or was never asked for."""

    def forget(self, parcel: ParcelKey) -> None:
        """Erase what is known of its receiver. Nothing happens if nothing is."""


class HandOffFiles(Protocol):
    """Where files with addresses lie for a day."""

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        """Put a file where its predecessor was. ``StoreBusy``."""

    def drop(self, campaign_id: str, names: list[str]) -> None:
        """Let there be no such files. ``StoreBusy``."""

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        """An address that gives the file to whoever has it, for so long."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What is at hand where orders are handed over."""

    orders: Orders
    addresses: Addresses
    rules: AddressRules
    carriers: Mapping[str, Carrier]
    """By the name that campaigns choose them by."""
