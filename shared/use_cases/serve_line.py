"""
Offer units that have come back to whoever waits, in the order of their numbers. The beat does this.

Units are taken at the best price of the second in which they are offered, under keys that are made from the ticket, then the
ticket says so. Whoever takes over after a death walks the
same keys, and finds the same units. Nothing here is believed that was read a while ago: a ticket is marked only as it was
read, and units that were taken for one that has left meanwhile go back.

A number that was drawn and not used in time is given up before anybody behind it is served; so no ticket turns up later
in front of one that was.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.campaign import ON_AIR, Campaign, Offer
from shared.domain.claim_check import ClaimCheck
from shared.domain.deals import deal_of
from shared.domain.errors import (
    BuyerLimitReached,
    CampaignNotOpen,
    ReservationExpired,
    SoldOut,
    StockContended,
)
from shared.domain.waitlist import Held, Ticket, TicketState, loosened, opened, taken_down
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.hints import Hints
from shared.use_cases.join_waitlist import count_ticket, forget_ticket
from shared.use_cases.limit_buyer import Buyers
from shared.use_cases.ports import Campaigns, ChangedMeanwhile
from shared.use_cases.request_keys import keys_of
from shared.use_cases.settle_hold import State, look, release_hold, tell
from shared.use_cases.stock_ports import StockBlocks, shelf
from shared.use_cases.take_deal import Till, give_deal_back, take_for_ticket
from shared.use_cases.take_units import Taken, Wish, find_units, take_units
from shared.use_cases.waitlist_ports import Line, Progress, Waitlists

_PAGE = 50
"""Tickets read at once."""
_PATIENCE = 20
"""Seconds after which the next beat goes on with a line."""
_ENDS = {
    State.CONFIRMED: TicketState.CONFIRMED,
    State.RELEASED: TicketState.LEFT,
    State.EXPIRED: TicketState.EXPIRED,
}


class LineKeeper:
    """Serves the lines of a campaign, and takes them down when nobody waits any more."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        copies: CampaignReader,
        stock: StockBlocks,
        hints: Hints,
        buyers: Buyers,
        waitlists: Waitlists,
        clock: Callable[[], int],
    ) -> None:
        """
        ``copies``: of campaigns, half a second old at most, so that prices are those of the second; ``clock``: milliseconds
        since 1970 UTC.
        """
        self._campaigns = campaigns
        self._copies = copies
        self._stock = stock
        self._hints = hints
        self._buyers = buyers
        self._waitlists = waitlists
        self._clock = clock
        self._till = Till(stock, hints, buyers)

    def keep(self, campaign_id: str) -> int:
        """All lines of a campaign. How many tickets were offered units."""
        campaign = self._campaigns.get(campaign_id)
        offered = 0
        for offer in campaign.offers:
            if campaign.is_over or campaign.status not in ON_AIR:
                break
            if offer.waitlist_hold is None:
                continue
            line = Line(campaign.id, offer.sku)
            progress = self._waitlists.progress(line)
            settled = self._settle(campaign, line, progress)
            until = self.now() + _PATIENCE
            served = _Serving(self, line, progress.first, until).serve()
            if (served.first, settled) != (progress.first, progress.settled):
                self._waitlists.advance(line, Progress(served.first, settled))
            offered += served.offered
            campaign = self._raise_or_take_down(campaign, line, wanted=served.somebody_waits)
        return offered

    # -- those who were served -------------------------------------------------------------------------

    def _settle(self, campaign: Campaign, line: Line, progress: Progress) -> int:
        """Note how offers ended, and count no more what was not bought. The first number about which more is to be done."""
        number = progress.settled
        while number < progress.first:
            page = self._waitlists.tickets(line, since=number, most=_PAGE)
            for at, ticket in page:
                if at >= progress.first or (ticket and not self._has_ended(campaign, line, ticket)):
                    return at
                number = at + 1
            if not page:
                break
        return number

    def _has_ended(self, campaign: Campaign, line: Line, ticket: Ticket) -> bool:
        if ticket.is_waiting:
            return False
        end = ticket.state
        if end is TicketState.OFFERED and ticket.held is not None:
            place = shelf(campaign, campaign.offer(ticket.sku))
            check = ticket.check(campaign, ticket.held)
            state = look(self._stock, place, check, self.now()) or State.EXPIRED
            if state is State.HELD:
                return False
            end = _ENDS[state]
        if end is not TicketState.CONFIRMED:
            forget_ticket(self._buyers, campaign, ticket)
        if ticket.state is TicketState.OFFERED:
            self._waitlists.mark(line, ticket, end)
        return True

    # -- whose turn it is ------------------------------------------------------------------------------

    def tickets(self, line: Line, since: int) -> list[tuple[int, Ticket | None]]:
        """A page of the line."""
        return list(self._waitlists.tickets(line, since=since, most=_PAGE))

    def give_up(self, line: Line, number: int) -> bool:
        """Whether nobody will use a number any more."""
        return self._waitlists.give_up(line, number)

    def offer(self, line: Line, ticket: Ticket, left: int) -> bool | None:
        """Offer a ticket its units, out of so many. ``False``: its turn is over, without; ``None``: it has to wait."""
        campaign, now = self._copies.get(line.campaign_id), self.now()
        offer = campaign.offer(line.sku)
        if not campaign.is_selling(now) or offer.waitlist_hold is None:
            return None
        try:
            taken = self._take(campaign, offer, ticket, left, now)
        except BuyerLimitReached:
            stands = self._waitlists.mark(line, ticket, TicketState.REFUSED)
            return False if not stands.is_waiting else None
        except CampaignNotOpen:
            return None
        except (SoldOut, ReservationExpired, StockContended):
            # What this path has left behind would stand in the way of the next one.
            self._waitlists.try_anew(line, ticket)
            return None
        return self._mark(campaign, offer, line, ticket, taken)

    def left(self, line: Line) -> int:
        """Units that are free, counted now."""
        campaign = self._copies.get(line.campaign_id)
        return self._hints.count(shelf(campaign, campaign.offer(line.sku)))[0].total

    def _take(self, campaign: Campaign, offer: Offer, ticket: Ticket, left: int, now: int) -> Taken:
        place = shelf(campaign, offer)
        keys = keys_of(campaign.secret, ticket.ledger_key(campaign.secret))
        until = now + (offer.waitlist_hold or 0)
        wish = Wish(keys, ticket.quantity, until, now, admitted=True)
        if ticket.quantity > left:
            # Whoever has taken them for this ticket may have died before it could say so.
            return find_units(self._stock, self._hints, place, wish)
        count_ticket(self._buyers, self._stock, campaign, offer, ticket, now)

        def take(wish: Wish) -> Taken:
            return take_units(self._stock, self._hints, place, wish)

        return take_for_ticket(
            self._till, campaign, offer, ticket.buyer, wish, take, code=ticket.coupon
        )

    def _mark(
        self, campaign: Campaign, offer: Offer, line: Line, ticket: Ticket, taken: Taken
    ) -> bool | None:
        deadline, deal, now = taken.tail.deadline, taken.tail.deal, self.now()
        # By the second in which the hold began, whoever comes to tell it.
        price = deal_of(campaign, offer, deal, deadline - (offer.waitlist_hold or 0)).unit_price
        held = Held(taken.key, taken.block, taken.tail.quantity, deadline, price, deal)
        check, place = ticket.check(campaign, held), shelf(campaign, offer)
        state = tell(self._stock, place, check, taken.tail, now)
        if state is not State.HELD or (deadline - now) * 2 < (offer.waitlist_hold or 0):
            # Taken so long ago, by somebody who died, that it would be no fair turn: given up first, then given back.
            if self._waitlists.try_anew(line, ticket):
                self._release(campaign, offer, check)
            return None
        stands = self._waitlists.mark(line, ticket, TicketState.OFFERED, held)
        if stands.held == held:
            return True
        # It has left, or was served under another key.
        self._release(campaign, offer, check)
        if stands.held is None:
            forget_ticket(self._buyers, campaign, ticket)
        return False if not stands.is_waiting else None

    def _release(self, campaign: Campaign, offer: Offer, check: ClaimCheck) -> None:
        """Give back what was held, and what it had of its deal: the next attempt wants it again."""
        now = self.now()
        release_hold(self._stock, shelf(campaign, offer), check, now=now)
        give_deal_back(self._till, campaign, offer, check, now)

    # -- the line --------------------------------------------------------------------------------------

    def _raise_or_take_down(self, campaign: Campaign, line: Line, *, wanted: bool) -> Campaign:
        """
        A line where somebody waits, none where nobody does. It is loosened first, and looked at again: who came in between
        has found it firm, and goes by that; who comes later makes it firm again, and this is not saved.
        """
        offer = campaign.offer(line.sku)
        try:
            if wanted and not offer.queued_in:
                return self._saved(opened(campaign, line.sku, now=self.now()))
            if wanted or not offer.queued_in:
                return campaign
            if offer.queue_firm:
                campaign = self._saved(loosened(campaign, line.sku))
                if self._somebody_waits(line):
                    return campaign
            return self._saved(taken_down(campaign, line.sku, now=self.now()))
        except ChangedMeanwhile:
            return self._campaigns.get(line.campaign_id)

    def _saved(self, campaign: Campaign) -> Campaign:
        self._campaigns.save(campaign, by="keep_books")
        return campaign

    def _somebody_waits(self, line: Line) -> bool:
        since = self._waitlists.progress(line).first
        while page := self.tickets(line, since):
            if any(ticket is not None and ticket.is_waiting for _, ticket in page):
                return True
            since = page[-1][0] + 1
        return False

    def now(self) -> int:
        """Seconds since 1970 UTC."""
        return self._clock() // 1000


class _Serving:
    """One beat's walk along a line."""

    def __init__(self, keeper: LineKeeper, line: Line, first: int, until: int) -> None:
        """``until``: the next beat goes on from then on."""
        self._keeper = keeper
        self._line = line
        self._until = until
        self._left: int | None = None
        self.first = first
        """No number before this waits."""
        self.offered = 0
        self.somebody_waits = False

    def serve(self) -> _Serving:
        """As far as there are units."""
        while not self.somebody_waits and (page := self._keeper.tickets(self._line, self.first)):
            for number, ticket in page:
                if not self._has_passed(number, ticket):
                    self.somebody_waits = True
                    break
                self.first = number + 1
        return self

    def _has_passed(self, number: int, ticket: Ticket | None) -> bool:
        """Whether nobody waits under a number, nor under those before it."""
        while self.first < number:
            if not self._keeper.give_up(self._line, self.first):
                return False
            self.first += 1
        if ticket is None or not ticket.is_waiting:
            return True
        if self._keeper.now() >= self._until:
            return False
        if self._left is None:
            self._left = self._keeper.left(self._line)
        offered = self._keeper.offer(self._line, ticket, self._left)
        if offered:
            self.offered += 1
            self._left -= ticket.quantity
        return offered is not None
