"""
The files that a fulfiller or a carrier imports: every parcel of a campaign that was asked for, as CSV and as JSON.

They are made when somebody asks for them, from the orders as they are then, and lie for a day: what stands ready for years
is read by whoever finds it, and an address that was erased must not wait in a file. The same orders give the same bytes.

A large campaign has several pieces, each of some shards; one is made at a time, for whoever asks waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from shared import table
from shared.clock import rfc3339
from shared.domain.campaign import Campaign
from shared.domain.closing_package import piece_count, piece_name, shards_of
from shared.domain.errors import CampaignNotFound, InvalidRequest
from shared.domain.order import Order, OrderState
from shared.domain.parcel import PARCELS, parcel_of, row_of
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.package_campaign import Draft
from shared.use_cases.parcel_ports import Dispatch, HandOffFiles

LINKED: Final = 900
"""Seconds for which a link is good."""
KINDS: Final = ("csv", "json")
MOST_NAMED: Final = 100
"""Orders that need a person and are named in one answer."""


def pieces_of(campaign: Campaign) -> int:
    """In how many pieces a campaign's parcels come: by what it can sell, which does not change any more."""
    return piece_count(sum(offer.allotment for offer in campaign.offers))


def names_with(campaign: Campaign, order: Order) -> list[str]:
    """The files that an order's parcel may stand in."""
    count, shard = pieces_of(campaign), table.order_shard(order.key)
    return [
        piece_name(PARCELS.name, kind, number, count)
        for number in range(count)
        if shard in shards_of(number, count)
        for kind in KINDS
    ]


@dataclass(frozen=True, slots=True)
class HandOffDesk:
    """Gives the files out."""

    campaigns: CampaignReader
    dispatch: Dispatch
    files: HandOffFiles
    clock: Callable[[], int]

    def make(self, campaign_id: str, merchant: str, piece: int) -> dict[str, Any]:
        """One piece (from 1), made now, with links to it. ``CampaignNotFound``, ``InvalidRequest``, ``StoreBusy``."""
        campaign = self.campaigns.get(campaign_id)
        if campaign.merchant != merchant:
            raise CampaignNotFound
        count = pieces_of(campaign)
        if not 1 <= piece <= count:
            said = f"This campaign's parcels come in {count} pieces, numbered from 1."
            raise InvalidRequest(errors=[{"parameter": "piece", "detail": said}])
        waiting, attention, files = self._write(campaign, piece - 1, count)
        now = self.clock()
        return {
            "object": "hand_off",
            "campaign": campaign_id,
            "carrier": campaign.carrier,
            "piece": piece,
            "pieces": count,
            "waiting": waiting,
            "needs_attention": attention[:MOST_NAMED],
            "needs_attention_found": len(attention),
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

    def _write(
        self, campaign: Campaign, number: int, count: int
    ) -> tuple[int, list[dict[str, str]], list[Any]]:
        names = [piece_name(PARCELS.name, kind, number, count) for kind in KINDS]
        waiting, attention = 0, []
        with (
            Draft(names[0], PARCELS, campaign.currency) as csv,
            Draft(names[1], PARCELS, campaign.currency) as json,
        ):
            for order in self._orders(campaign, number, count):
                if order.attention is not None:
                    attention.append({"order": order.id, "reason": order.attention.value})
                    continue
                if order.state is not OrderState.FULFILLED:
                    waiting += 1
                    continue
                address = self.dispatch.addresses.open(campaign, order)
                if address is None or order.carrier != "file":
                    continue
                row = row_of(parcel_of(campaign, order, address))
                csv.add(row)
                json.add(row)
            kept = [draft.keep(self.files, campaign.id) for draft in (csv, json)]
        return waiting, attention, kept

    def _orders(self, campaign: Campaign, number: int, count: int) -> Iterator[Order]:
        shards = shards_of(number, count)
        for order in self.dispatch.orders.all(campaign.id, shards, address=True):
            if order.state in (OrderState.PAID, OrderState.FULFILLED):
                yield order
