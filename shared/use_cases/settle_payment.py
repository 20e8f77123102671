"""
Where money that came in goes: to the units of its order, or back to the buyer. Never to both, and never to neither.

In time, the hold is sold and the order paid. Too late, there is one rule: units are taken again under the same order if the
sale is still open and has them; else the money is given back, once.

Everything goes in steps, each of which is harmless when it is repeated: an effect (sell, take, refund), then the order in
its next version, recording it. Whoever dies between two steps leaves an order that says where to go on: for the provider's
next delivery of the event, or for the beat. Of two who go on at once, the version lets one go first, and the other follows:

* *Units or refund* is decided by whose version is kept: the one with a seat, or the one with a reason to refund. A seat is
  sold only after it was recorded, so nobody refunds what another has sold. Units taken for a version that was not kept end
  with their hold.
* *Which payment* it was is decided by the version too. A buyer may check out again while the money of the first payment
  comes in (``payment_id`` says by which it came): the version that adopts the replaced payment records the money with it,
  and from then on no other payment can take its place. Money by a payment that came second goes back: its caller sees that
  the order has another one.
* *Another attempt* is begun only when the last seat can no longer be sold by anybody: its ledger entry has ended for good.
"""

from __future__ import annotations

from shared.domain.campaign import HALTED, Campaign, Status
from shared.domain.deals import deal_of
from shared.domain.errors import (
    Busy,
    BuyerLimitReached,
    CampaignNotOpen,
    CouponExhausted,
    SoldOut,
    StockContended,
    StoreBusy,
)
from shared.domain.order import Order, RefundReason, Seat
from shared.domain.payment import RefundState, late_refund
from shared.use_cases.keep_uses import settle_use
from shared.use_cases.limit_buyer import Buyer, Claim, claim_units
from shared.use_cases.order_ports import Books, SaleBooks
from shared.use_cases.request_keys import keys_of
from shared.use_cases.settle_hold import State, confirm_hold, release_hold
from shared.use_cases.stock_ports import shelf
from shared.use_cases.take_deal import DealGone, Till, take_with
from shared.use_cases.take_units import Taken, Wish, take_units

LATE_HOLD = 60
"""Seconds for which a late payment's units are held until they are sold: longer than any function may run."""


LOST = 120
"""Seconds after the end of a hold for which the provider's next delivery is waited for, before it is held for lost."""


def payment_of_sold(books: SaleBooks, order: Order, now: int) -> str | None:
    """
    Id of the payment by which the units of an order were sold, if no more than that is known: whoever sold them died before
    the order was told. ``None``: that cannot be told yet.

    An order that is being checked out again was paid by the payment that is replaced, for the other is told to nobody before
    this one is dead. Of one that was checked out again before, the provider knows; one that remembers nothing will deliver
    its event once more.
    """
    if order.captured or not order.earlier:
        return order.payment_id
    if order.replaced is not None:
        return order.replaced
    told = books.providers[order.provider].cancel_payment(order)
    if told is not None:
        return told.payment_id
    return None if now < order.expires_at + LOST else order.payment_id


def settle(
    books: Books, campaign: Campaign, order: Order, now: int, *, payment_id: str | None = None
) -> Order:
    """
    Find the place of an order's money, which is known to have come in by ``payment_id``; by default by the order's payment.

    The order as it is then. If that has another payment, the money of this one has no place in it, and has to go back.
    Raises ``Busy`` when a store or the provider does not answer: it can be called again.
    """
    by = payment_id or order.payment_id
    while not order.is_settled:
        if order.payment_id == by or order.is_settling:
            following = _next(books, campaign, order, now)
        elif order.can_adopt(by):
            following = order.adopting(by)
        else:
            return order
        order = books.orders.save(following) or following
    return order


def settle_in_time(
    books: SaleBooks, campaign: Campaign, order: Order, now: int, payment_id: str
) -> Order:
    """
    Sell what an order holds, for money that is known to have come in by ``payment_id``, and record it. The order as it is
    then.

    It goes no further: money that is too late for the hold is recorded, and left to the provider's own event or to the beat.
    """
    while not order.is_settled:
        if order.payment_id != payment_id and not order.is_settling:
            if not order.can_adopt(payment_id):
                return order
            following = order.adopting(payment_id)
        elif order.attempt or order.refund_reason or not _sell(books, campaign, order, now):
            return order
        else:
            following = order.paid(now)
        order = books.orders.save(following) or following
    return order


def _next(books: Books, campaign: Campaign, order: Order, now: int) -> Order:
    if order.refund_reason is not None:
        if books.providers[order.provider].refund(late_refund(order)) is RefundState.FAILED:
            # The money is still here, so the order must not say that it went back: it waits, and the books do not balance.
            raise Busy("The provider could not give the money back: a person should look.")
        return order.gave_back()
    if order.seeks_units:
        return _take(books, campaign, order, now)
    if _sell(books, campaign, order, now):
        return order.paid(now)
    return _seek(books, campaign, order, now)


def _sell(books: SaleBooks, campaign: Campaign, order: Order, now: int) -> bool:
    """Sell what the order holds. False: nobody can any more."""
    check = order.claim(campaign.secret)
    place = shelf(campaign, campaign.offer(order.sku))
    if campaign.status is Status.CANCELLED:
        # What was sold before stays sold; a hold does not become an order of a campaign that was called off.
        state = release_hold(books.stock, place, check, now=now)
    else:
        replay = campaign.units_of_replay(order.promise(campaign.secret))
        state = confirm_hold(books.stock, place, check, amount=order.amount, now=now, replay=replay)
    return state is State.CONFIRMED


def _seek(books: Books, campaign: Campaign, order: Order, now: int) -> Order:
    """Look for units again, unless the sale is over."""
    if campaign.status is Status.CANCELLED:
        return order.refunding(RefundReason.CAMPAIGN_CANCELLED)
    if campaign.status in HALTED:
        return order.refunding(RefundReason.CAMPAIGN_PAUSED)
    if not campaign.is_selling(now):
        return order.refunding(RefundReason.CAMPAIGN_CLOSED)
    until = now + LATE_HOLD
    books.orders.remind(order, at=until)
    return order.seeking(until=until)


def _take(books: Books, campaign: Campaign, order: Order, now: int) -> Order:
    """Take units for the attempt under way."""
    until = order.late_until or 0
    if until <= now:
        return _seek(books, campaign, order, now)
    offer = campaign.offer(order.sku)
    place = shelf(campaign, offer)
    key = order.late_key(campaign.secret)
    check = order.claim(campaign.secret)
    wish = Wish(keys_of(campaign.secret, key), order.quantity, until, now)

    def take(wish: Wish) -> Taken:
        if offer.limit_per_buyer is not None:
            buyer = Buyer(order.buyer, offer.limit_per_buyer, campaign.secret)
            hold = campaign.hold_seconds
            claim = Claim(order.quantity, now + hold)
            claim_units(books.buyers, books.stock, place, buyer, key, claim, now=now, hold=hold)
        return take_units(books.stock, books.hints, place, wish)

    try:
        # What it had of its deal may not have come back yet, and must not stand in its way.
        settle_use(books.stock, campaign, place, check, now)
        till = Till(books.stock, books.hints, books.buyers)
        deal = deal_of(campaign, offer, check.deal, now)
        taken = take_with(till, campaign, offer, order.buyer, deal, wish, take)
    except BuyerLimitReached:
        return order.refunding(RefundReason.BUYER_LIMIT_REACHED)
    except DealGone as gone:
        is_used_up = isinstance(gone.refusal, CouponExhausted)
        reason = RefundReason.DEAL_EXHAUSTED if is_used_up else RefundReason.BUYER_LIMIT_REACHED
        return order.refunding(reason)
    except SoldOut:
        return order.refunding(RefundReason.SOLD_OUT)
    except StockContended:
        # The next attempt has other keys.
        raise StoreBusy from None
    except CampaignNotOpen:
        return order.refunding(RefundReason.CAMPAIGN_CLOSED)
    return order.seated(Seat(block=taken.block, key=taken.key, units=taken.tail.quantity))
