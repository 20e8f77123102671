"""
The files that a fulfiller or a carrier imports: every parcel of a campaign that was asked for, as CSV and as JSON;
or as a workbook, for a person who looks.

They are made when somebody asks for them, from the orders as they are then, and lie for a day: what stands ready for years
is read by whoever finds it, and an address that was erased must not wait in a file. The same orders give the same bytes.

A large campaign has several pieces, each of some shards; one is made at a time, for whoever asks waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from shared import table
from shared.clock import rfc3339
from shared.domain.campaign import Campaign
from shared.domain.closing_package import PackageFile, piece_count, piece_name, shards_of
from shared.domain.errors import CampaignNotFound, InvalidRequest
from shared.domain.order import Order, OrderState
from shared.domain.parcel import (
    COMBINED,
    PARCELS,
    Parcel,
    buyer_piece,
    combined_row,
    parcel_of,
    place_of,
    row_of,
)
from shared.domain.tables import Row, Table
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.order_ports import EVERY_SHARD
from shared.use_cases.package_campaign import Draft, SheetDraft
from shared.use_cases.package_ports import Workbooks
from shared.use_cases.parcel_ports import Dispatch, HandOffFiles

LINKED: Final = 900
"""Seconds for which a link is good."""
KINDS: Final = ("csv", "json")
"""What programs import."""
BOOK: Final = "xlsx"
"""What people open. Spreadsheets run what they find in CSV that is exact; in a workbook, text is text."""
MOST_COMBINED: Final = 4
"""Pieces of a campaign whose parcels are combined at most: for each of them, all orders are read."""
MOST_NAMED: Final = 100
"""Orders that need a person and are named in one answer."""


def pieces_of(campaign: Campaign) -> int:
    """In how many pieces a campaign's parcels come: by what it can sell, which does not change any more."""
    return piece_count(sum(offer.allotment for offer in campaign.offers))


def names_with(campaign: Campaign, order: Order) -> list[str]:
    """The files that an order's parcel may stand in."""
    count, shard = pieces_of(campaign), table.order_shard(order.key)
    single = next(number for number in range(count) if shard in shards_of(number, count))
    places = {PARCELS.name: single, COMBINED.name: buyer_piece(order, count)}
    return [
        piece_name(name, kind, number, count)
        for name, number in places.items()
        for kind in (*KINDS, BOOK)
    ]


@dataclass(frozen=True, slots=True)
class HandOffDesk:
    """Gives the files out."""

    campaigns: CampaignReader
    dispatch: Dispatch
    files: HandOffFiles
    workbooks: Workbooks
    clock: Callable[[], int]

    def make(
        self,
        campaign_id: str,
        merchant: str,
        piece: int,
        *,
        combine: bool = False,
        workbook: bool = False,
    ) -> dict[str, Any]:
        """
        One piece (from 1), made now, with links to it. ``combine``: what one buyer has sent to one place goes together;
        ``workbook``: for people, and not for programs.

        ``CampaignNotFound``, ``InvalidRequest``, ``StoreBusy``.
        """
        campaign = self.campaigns.get(campaign_id)
        if campaign.merchant != merchant:
            raise CampaignNotFound
        count = pieces_of(campaign)
        if not 1 <= piece <= count:
            said = f"This campaign's parcels come in {count} pieces, numbered from 1."
            raise InvalidRequest(errors=[{"parameter": "piece", "detail": said}])
        if combine and count > MOST_COMBINED:
            said = (
                "This campaign is too large to combine its parcels here. Leave 'combine' out, and put together the rows of "
                "all pieces that have the same 'buyer' and address."
            )
            raise InvalidRequest(errors=[{"parameter": "combine", "detail": said}])
        left = _Left()
        kind, rows = self._rows(campaign, piece - 1, count, left, combine=combine)
        keep = self._keep_workbook if workbook else self._keep
        files = keep(kind, rows, campaign, piece - 1, count)
        now = self.clock()
        return {
            "object": "hand_off",
            "campaign": campaign_id,
            "carrier": campaign.carrier,
            "piece": piece,
            "pieces": count,
            "combined": combine,
            "waiting": left.waiting,
            "needs_attention": left.attention[:MOST_NAMED],
            "needs_attention_found": len(left.attention),
            "made_at": rfc3339(now),
            "expires_at": rfc3339(now + LINKED),
            "files": [
                {
                    "name": file.name,
                    "content_type": file.content_type,
                    "size": file.size,
                    "sha256": file.sha256,
                    "rows": file.rows,
                    "url": self.files.link(campaign_id, file, seconds=LINKED),
                }
                for file in files
            ],
        }

    def _rows(
        self, campaign: Campaign, number: int, count: int, left: _Left, *, combine: bool
    ) -> tuple[Table, Iterable[Row]]:
        if combine:
            of_buyers = (
                order
                for order in self._orders(campaign, EVERY_SHARD)
                if buyer_piece(order, count) == number
            )
            return COMBINED, _combined(self._parcels(campaign, of_buyers, left))
        orders = self._orders(campaign, shards_of(number, count))
        return PARCELS, (row_of(parcel) for _, parcel in self._parcels(campaign, orders, left))

    def _keep_workbook(
        self, kind: Table, rows: Iterable[Row], campaign: Campaign, number: int, count: int
    ) -> list[PackageFile]:
        name = piece_name(kind.name, BOOK, number, count)
        with SheetDraft(name, [kind], campaign, self.workbooks) as book:
            for row in rows:
                book.add(kind, row)
            return [book.keep(self.files, campaign.id)]

    def _keep(
        self, kind: Table, rows: Iterable[Row], campaign: Campaign, number: int, count: int
    ) -> list[PackageFile]:
        names = [piece_name(kind.name, ending, number, count) for ending in KINDS]
        with (
            Draft(names[0], kind, campaign.currency) as csv,
            Draft(names[1], kind, campaign.currency) as json,
        ):
            for row in rows:
                csv.add(row)
                json.add(row)
            return [draft.keep(self.files, campaign.id) for draft in (csv, json)]

    def _parcels(
        self, campaign: Campaign, orders: Iterable[Order], left: _Left
    ) -> Iterator[tuple[Order, Parcel]]:
        for order in orders:
            if order.attention is not None:
                left.attention.append({"order": order.id, "reason": order.attention.value})
                continue
            if order.state is not OrderState.FULFILLED:
                left.waiting += 1
                continue
            address = self.dispatch.addresses.open(campaign, order)
            if address is not None and order.carrier == "file":
                yield order, parcel_of(campaign, order, address)

    def _orders(self, campaign: Campaign, shards: Iterable[int]) -> Iterator[Order]:
        for order in self.dispatch.orders.all(campaign.id, shards, address=True):
            if order.state in (OrderState.PAID, OrderState.FULFILLED):
                yield order


@dataclass(slots=True)
class _Left:
    """Orders that are in no file."""

    waiting: int = 0
    attention: list[dict[str, str]] = field(default_factory=list)


def _combined(found: Iterable[tuple[Order, Parcel]]) -> Iterator[Row]:
    """The oldest order first; parcels in the order in which they are met, which is the same each time."""
    together: dict[tuple[str, ...], list[tuple[int, str, Parcel]]] = {}
    for order, parcel in found:
        together.setdefault(place_of(parcel), []).append((order.created_at, order.id, parcel))
    for parcels in together.values():
        parcels.sort(key=lambda each: each[:2])
        yield combined_row([parcel for _, _, parcel in parcels])
