"""
Buyers who wait for units of an offer: their tickets, in the order of their numbers, and the offer's line.

A ticket is ``waiting`` until its turn comes; then ordinary units are held for it, for a time of its own, and it is
``offered``. It ends once: ``confirmed`` (paid), ``expired`` (nobody paid), ``left``, or ``closed`` (the sale was over).

While somebody waits, the line of the offer stands: its blocks are stamped ``QUEUED``, and free units are for those who wait.
The line is *firm* once every block knows. It is loosened before it is taken down, so that whoever came in between is
noticed: a buyer is told that they wait only after the line was seen firm, later than their ticket was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.domain.campaign import LONGEST_REPLAY, LONGEST_SHOW, Campaign, Offer
from shared.domain.claim_check import ClaimCheck
from shared.domain.deals import NO_DEAL, coupon_of, deals
from shared.domain.errors import CouponNotOpen
from shared.domain.ids import ledger_key
from shared.domain.live_cues import noted

MOST_MARKED = 100
"""Cues of a show beyond which a line that comes or goes is not marked any more."""
MOST_UNITS = 10
"""Units of one ticket: who is first holds up all others until there are so many."""


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    LEFT = "left"
    CLOSED = "closed"
    REFUSED = "refused"
    """By the limit per buyer: whoever asked for it was told so, and nobody knows its id."""
    VOID = "void"
    """A number that was drawn and not used in time. Never a ticket."""


@dataclass(frozen=True, slots=True)
class Held:
    """The units that are held for a ticket."""

    key: str
    """Ledger key."""
    block: int
    """Of the tail."""
    tail_quantity: int
    deadline: int
    """Seconds since 1970 UTC."""
    unit_price: int = field(compare=False)
    """Of the second in which they were offered, minor units."""
    deal: int = NO_DEAL
    """Number of the deal that is promised with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A buyer's place in the line of an offer."""

    id: str
    campaign_id: str
    sku: str
    number: int
    """From 1 on: who has the lower comes first."""
    key: str
    """8 characters that stand for the request."""
    quantity: int
    buyer: str
    """Digest of the storefront's buyer id."""
    created_at: int
    """Seconds since 1970 UTC."""
    coupon: str | None = None
    """Code that was named, as it was sent: had if it can be, when the turn comes."""
    state: TicketState = TicketState.WAITING
    attempt: int = 0
    """How often units were looked for under a new key, since what an older one had begun could not be completed."""
    held: Held | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether its turn is still to come."""
        return self.state is TicketState.WAITING

    def ledger_key(self, secret: str) -> str:
        """The key of the present attempt."""
        if self.attempt == 0:
            return self.key
        return ledger_key(secret, "waited", self.key, str(self.attempt))

    def check(self, campaign: Campaign, held: Held) -> ClaimCheck:
        """What is promised with the units that are held."""
        return ClaimCheck(
            campaign_id=campaign.id,
            offer_number=campaign.offer(self.sku).number,
            block=held.block,
            key=held.key,
            quantity=self.quantity,
            tail_quantity=held.tail_quantity,
            unit_price=held.unit_price,
            deadline=held.deadline,
            buyer=self.buyer,
            deal=held.deal,
            waited=True,
        )


class CouponResult(StrEnum):
    """What became of the code that a ticket named, once it was offered units."""

    APPLIED = "applied"
    BETTER_PRICE = "better_price"
    """Another deal, or the price for everybody, was as low or lower."""
    UNAVAILABLE = "unavailable"
    """Not open in the second of the offer, used up, or had by this buyer as often as it can be."""


def coupon_result(campaign: Campaign, ticket: Ticket) -> CouponResult | None:
    """What became of the code that was named; ``None`` if none was, or nothing was offered yet."""
    if ticket.coupon is None or ticket.held is None:
        return None
    offer, check = campaign.offer(ticket.sku), ticket.check(campaign, ticket.held)
    had = coupon_of(campaign, check.deal)
    if had is not None and had.lower() == ticket.coupon.lower():
        return CouponResult.APPLIED
    try:
        could = deals(campaign, offer, campaign.reserved_at(check), ticket.coupon)
    except CouponNotOpen:
        return CouponResult.UNAVAILABLE
    # Deals that are no better than the price for everybody are not among them.
    would = [d.unit_price for d in could if d.cue is not None and d.is_called(ticket.coupon)]
    is_lower = bool(would) and min(would) < check.unit_price
    return CouponResult.UNAVAILABLE if is_lower else CouponResult.BETTER_PRICE


def counts_until(campaign: Campaign) -> int:
    """A deadline beyond any end the campaign may come to: units that somebody waits for count until then."""
    return campaign.starts_at + LONGEST_REPLAY + LONGEST_SHOW


# -- the line --------------------------------------------------------------------------------------------


def opened(campaign: Campaign, sku: str, *, now: int) -> Campaign:
    """The campaign with a line at an offer; the same if there is one. ``now``: seconds."""
    if campaign.offer(sku).queued_in:
        return campaign
    lined_up = _with(campaign, sku, queued_in=campaign.version + 1, queue_firm=False)
    return _marked(lined_up, "waitlist_opened", sku, now)


def firm(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The offers, now that every block knows of their lines."""
    return tuple(replace(offer, queue_firm=offer.queued_in > 0) for offer in offers)


def loosened(campaign: Campaign, sku: str) -> Campaign:
    """The campaign, whose line at an offer is about to be taken down: who joins it now makes it firm again."""
    if not campaign.offer(sku).queue_firm:
        return campaign
    return _with(campaign, sku, queue_firm=False)


def taken_down(campaign: Campaign, sku: str, *, now: int) -> Campaign:
    """The campaign without a line at an offer: whoever comes may buy, as soon as the blocks know."""
    gone = _with(campaign, sku, queued_in=0, queue_firm=False)
    return _marked(gone, "waitlist_closed", sku, now)


def _marked(campaign: Campaign, what: str, sku: str, now: int) -> Campaign:
    """Noted for the timeline, while there is room beside what the host may want to do."""
    if len(campaign.improvised) >= MOST_MARKED:
        return campaign
    return replace(campaign, improvised=noted(campaign, what, now=now, sku=sku))


def _with(campaign: Campaign, sku: str, **changes: int) -> Campaign:
    offers: tuple[Offer, ...] = tuple(
        replace(offer, **changes) if offer.sku == sku else offer  # type: ignore[arg-type]
        for offer in campaign.offers
    )
    return campaign.changed(offers=offers)
