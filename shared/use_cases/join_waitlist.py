"""
A buyer's place in the line of an offer: taken, looked at, given up.

A ticket is written first, then counted against the limit per buyer, then the line is made firm; whoever repeats the request
goes on where it stopped. So from the answer ``waiting`` on every block knows that somebody waits, and nobody overtakes.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import rfc3339
from shared.domain.campaign import ON_AIR, Campaign, Offer, Status
from shared.domain.deals import common_price, coupon_of, refuse_unless_usable
from shared.domain.errors import (
    BuyerLimitReached,
    CampaignNotFound,
    IdempotencyKeyReused,
    ReservationConfirmed,
    ReservationExpired,
    StoreBusy,
    TicketNotFound,
    UnitsAvailable,
    WaitlistNotOpen,
)
from shared.domain.ids import buyer_digest, ledger_key
from shared.domain.payable import refuse_unless_payable
from shared.domain.ticket_id import NotATicket, TicketPlace, is_signed, read_ticket_id
from shared.domain.waitlist import (
    CouponResult,
    Held,
    Ticket,
    TicketState,
    counts_until,
    coupon_result,
    opened,
)
from shared.use_cases.arrange_stock import Stockroom, arrange_stock
from shared.use_cases.campaign_cache import CampaignReader, campaign_of_merchant
from shared.use_cases.hints import FRESH, Hints
from shared.use_cases.limit_buyer import Buyer, Buyers, Claim, claim_units, forget_claim
from shared.use_cases.ports import Campaigns, ChangedMeanwhile
from shared.use_cases.read_line import LineReader
from shared.use_cases.reserve import Reservation, ReservationRequest
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.settle_hold import State, look, release_hold
from shared.use_cases.stock_ports import StockBlocks, shelf
from shared.use_cases.take_deal import Till, give_deal_back
from shared.use_cases.waitlist_ports import Drawn, Line, NumberGone, Waitlists

_TRIES = 5
"""Numbers that one request may draw: each is used at once, unless this process stands still."""
_KEPT = 8 * 24 * 3600
"""Seconds beyond any end of a campaign for which its tickets can be read."""
_AS_RESERVATION = {
    TicketState.OFFERED: State.HELD,
    TicketState.CONFIRMED: State.CONFIRMED,
    TicketState.EXPIRED: State.EXPIRED,
    TicketState.LEFT: State.RELEASED,
}
_AS_TICKET = {reservation: ticket for ticket, reservation in _AS_RESERVATION.items()}


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as it stands."""

    ticket: Ticket
    state: TicketState
    place: int | None
    """How many wait before it, while it waits."""
    reservation: Reservation | None
    """What is or was held for it."""
    replayed: bool = False
    coupon_result: CouponResult | None = None


class WaitlistDesk:
    """Gives out tickets, shows them and takes them back."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        copies: CampaignReader,
        stock: StockBlocks,
        hints: Hints,
        buyers: Buyers,
        waitlists: Waitlists,
        lines: LineReader,
        stockroom: Stockroom,
    ) -> None:
        """``copies``: of campaigns, perhaps a moment old, for those who only look."""
        self._campaigns = campaigns
        self._copies = copies
        self._stock = stock
        self._hints = hints
        self._buyers = buyers
        self._waitlists = waitlists
        self._lines = lines
        self._stockroom = stockroom
        self._till = Till(stock, hints, buyers)

    def join(self, request: ReservationRequest, now: int) -> TicketView:
        """A ticket for a buyer; the same request gets the same ticket.

        Raises ``CampaignNotFound``, ``OfferNotFound``, ``WaitlistNotOpen``, ``UnitsAvailable``, ``AmountNotPayable``,
        ``BuyerLimitReached``, ``IdempotencyKeyReused`` or ``StoreBusy``; with a coupon also ``CouponNotOpen``, if its
        code never works any more.
        """
        campaign = campaign_of_merchant(self._campaigns, request.campaign_id, request.merchant)
        offer = campaign.offer(request.sku)
        line = Line(campaign.id, offer.sku)
        key = ledger_key(
            campaign.secret,
            "wait",
            request.merchant,
            campaign.id,
            offer.sku,
            request.buyer_id,
            request.idempotency_key,
        )
        drawn = self._waitlists.of_request(line, key)
        replayed = drawn is not None
        if drawn is None:
            if request.coupon is not None:
                refuse_unless_usable(campaign, offer, request.coupon, now)
            self._refuse_unless_it_helps(campaign, offer, request.quantity, now)
            refuse_unless_payable(campaign, common_price(campaign, offer, now), request.quantity)
            drawn = self._draw(campaign, offer, key, request, now)
        if drawn.quantity != request.quantity:
            raise IdempotencyKeyReused
        ticket = self._get(line, drawn.number)
        if (ticket.coupon or "").lower() != (request.coupon or "").lower():
            raise IdempotencyKeyReused
        if ticket.is_waiting and offer.limit_per_buyer is not None:
            ticket = self._count(campaign, offer, line, ticket, now)
        if ticket.state is TicketState.REFUSED:
            raise BuyerLimitReached(limit=offer.limit_per_buyer, remaining=0)
        if ticket.is_waiting:
            campaign = self._make_firm(line, now)
        return self._view(campaign, ticket, now, replayed=replayed)

    def find(self, identifier: str, merchant: str, now: int) -> TicketView:
        """A ticket by its id, as it stands. ``TicketNotFound`` if the id is unknown, altered or another's."""
        campaign, ticket = self._read_id(identifier, merchant)
        return self._view(campaign, ticket, now)

    def leave(self, identifier: str, merchant: str, now: int) -> TicketView:
        """Give up a place, or what is held for it. Again: the same answer.

        ``ReservationConfirmed`` or ``ReservationExpired`` if it was bought, or offered in vain.
        """
        campaign, ticket = self._read_id(identifier, merchant)
        line = Line(ticket.campaign_id, ticket.sku)
        if ticket.is_waiting and not _is_over(campaign, now):
            ticket = self._waitlists.mark(line, ticket, TicketState.LEFT)
        if ticket.state is TicketState.OFFERED and ticket.held is not None:
            ticket = self._release(campaign, line, ticket, ticket.held, now)
        if ticket.state is TicketState.CONFIRMED:
            raise ReservationConfirmed
        if ticket.state is TicketState.EXPIRED and ticket.held is not None:
            raise ReservationExpired(expires_at=rfc3339(ticket.held.deadline))
        if ticket.state is TicketState.LEFT:
            # By a repetition too: whoever left may have died before this.
            forget_ticket(self._buyers, campaign, ticket)
            if ticket.held is not None:
                check = ticket.check(campaign, ticket.held)
                give_deal_back(self._till, campaign, campaign.offer(ticket.sku), check, now)
        return self._view(campaign, ticket, now)

    # -- to join ---------------------------------------------------------------------------------------

    def _refuse_unless_it_helps(
        self, campaign: Campaign, offer: Offer, quantity: int, now: int
    ) -> None:
        if offer.waitlist_hold is None or not campaign.is_selling(now):
            raise WaitlistNotOpen(campaign_status=campaign.status.value)
        if campaign.status is not Status.LIVE:
            # The clock has opened the sale, and the lifecycle is about to say so: until then no block is told anything.
            raise StoreBusy
        if offer.queued_in:
            return
        place = shelf(campaign, offer)
        # By the board that hangs there; if that promises units, by one that is counted now.
        for freshness in (FRESH, 0):
            left = self._hints.renew(place, freshness).total
            if left < quantity:
                return
        raise UnitsAvailable(available=left)

    def _draw(
        self, campaign: Campaign, offer: Offer, key: str, request: ReservationRequest, now: int
    ) -> Drawn:
        line = Line(campaign.id, offer.sku)
        number = self._waitlists.draw(line)
        for _ in range(_TRIES):
            ticket = Ticket(
                id=TicketPlace(campaign.id, offer.number, number, key).sign(campaign.secret),
                campaign_id=campaign.id,
                sku=offer.sku,
                number=number,
                key=key,
                quantity=request.quantity,
                buyer=buyer_digest(campaign.secret, request.buyer_id),
                created_at=now,
                coupon=request.coupon,
            )
            try:
                return self._waitlists.put(line, ticket, until=counts_until(campaign) + _KEPT)
            except ChangedMeanwhile:
                continue
            except NumberGone:
                number = self._waitlists.draw(line)
        raise StoreBusy

    def _count(
        self, campaign: Campaign, offer: Offer, line: Line, ticket: Ticket, now: int
    ) -> Ticket:
        """Count its units for its buyer. The ticket as it stands afterwards."""
        try:
            count_ticket(self._buyers, self._stock, campaign, offer, ticket, now)
        except BuyerLimitReached:
            stands = self._waitlists.mark(line, ticket, TicketState.REFUSED)
            if stands.state is TicketState.REFUSED:
                raise
            return stands
        stands = self._get(line, ticket.number)
        if stands.state in (TicketState.LEFT, TicketState.EXPIRED):
            # Another delivery of the request was faster, and its buyer did not stay.
            forget_ticket(self._buyers, campaign, stands)
        return stands

    def _make_firm(self, line: Line, now: int) -> Campaign:
        """
        Have every block know that somebody waits. The campaign as it is then: read later than the ticket was written, so
        that whoever takes the line down later finds the ticket.
        """
        campaign = self._campaigns.get(line.campaign_id)
        if campaign.is_over or campaign.status not in ON_AIR:
            return campaign
        if campaign.offer(line.sku).queue_firm:
            return campaign
        campaign = change_campaign(
            self._campaigns,
            line.campaign_id,
            lambda plan: opened(plan, line.sku, now=now),
            by="waitlist",
        )
        if not self._stockroom.is_small(campaign):
            self._stockroom.see_to(campaign)
            raise StoreBusy("The stock is being told that somebody waits.", retry_after=2)
        campaign = arrange_stock(self._campaigns, self._stock, line.campaign_id)
        if not campaign.is_over and not campaign.offer(line.sku).queue_firm:
            raise StoreBusy
        return campaign

    # -- to look ---------------------------------------------------------------------------------------

    def _view(
        self, campaign: Campaign, ticket: Ticket, now: int, *, replayed: bool = False
    ) -> TicketView:
        line = Line(ticket.campaign_id, ticket.sku)
        if ticket.is_waiting and _is_over(campaign, now):
            # Not told before it is so: somebody may be about to offer what was taken in time.
            ticket = self._waitlists.mark(line, ticket, TicketState.CLOSED)
        if ticket.held is not None:
            return self._view_held(campaign, ticket, ticket.held, now, replayed=replayed)
        place = self._lines.before(line, ticket.number) if ticket.is_waiting else None
        return TicketView(ticket, ticket.state, place, None, replayed)

    def _view_held(
        self, campaign: Campaign, ticket: Ticket, held: Held, now: int, *, replayed: bool
    ) -> TicketView:
        check = ticket.check(campaign, held)
        state = _AS_RESERVATION[ticket.state]
        if ticket.state is TicketState.OFFERED:
            place = shelf(campaign, campaign.offer(ticket.sku))
            state = look(self._stock, place, check, now) or State.EXPIRED
        identifier = check.identifier(campaign.secret)
        offer = campaign.offer(ticket.sku)
        listed = campaign.list_price(offer, campaign.reserved_at(check))
        reservation = Reservation(
            check,
            identifier,
            ticket.sku,
            campaign.currency,
            state,
            list_price=listed,
            coupon=coupon_of(campaign, check.deal),
        )
        result = coupon_result(campaign, ticket)
        return TicketView(ticket, _AS_TICKET[state], None, reservation, replayed, result)

    def _release(
        self, campaign: Campaign, line: Line, ticket: Ticket, held: Held, now: int
    ) -> Ticket:
        check = ticket.check(campaign, held)
        place = shelf(campaign, campaign.offer(ticket.sku))
        state = release_hold(self._stock, place, check, now=now) or State.EXPIRED
        return self._waitlists.mark(line, ticket, _AS_TICKET[state])

    def _read_id(self, identifier: str, merchant: str) -> tuple[Campaign, Ticket]:
        try:
            place = read_ticket_id(identifier)
            campaign = campaign_of_merchant(self._copies, place.campaign_id, merchant)
        except (NotATicket, CampaignNotFound):
            raise TicketNotFound from None
        if not is_signed(identifier, place, campaign.secret):
            raise TicketNotFound
        return campaign, self._get(
            Line(campaign.id, campaign.offers[place.offer_number].sku), place.number
        )

    def _get(self, line: Line, number: int) -> Ticket:
        ticket = self._waitlists.get(line, number)
        if ticket is None:
            raise TicketNotFound
        return ticket


def count_ticket(
    buyers: Buyers, stock: StockBlocks, campaign: Campaign, offer: Offer, ticket: Ticket, now: int
) -> None:
    """Count what a ticket waits for, for its buyer, however often. ``BuyerLimitReached`` if it is too much."""
    if offer.limit_per_buyer is None:
        return
    buyer = Buyer(ticket.buyer, offer.limit_per_buyer, campaign.secret)
    claim = Claim(ticket.quantity, counts_until(campaign))
    hold = campaign.hold_seconds
    place = shelf(campaign, offer)
    claim_units(buyers, stock, place, buyer, ticket.key, claim, now=now, hold=hold)


def forget_ticket(buyers: Buyers, campaign: Campaign, ticket: Ticket) -> None:
    """Count a ticket no more, that bought nothing and never will."""
    offer = campaign.offer(ticket.sku)
    if offer.limit_per_buyer is not None:
        claim = Claim(ticket.quantity, counts_until(campaign))
        forget_claim(buyers, shelf(campaign, offer), ticket.buyer, ticket.key, claim)


def _is_over(campaign: Campaign, now: int) -> bool:
    return campaign.is_over or now >= campaign.closes_at
