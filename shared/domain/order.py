"""
An order: what a reservation becomes at checkout, under the same id suffix.

``awaiting_payment → paid → fulfilled``; or ``cancelled``; or ``refunded``. Its amount is frozen from the start. An order is
a value: each change gives a new one with the next ``version``, and the store accepts it only over the version it was made
from, so that of two who settle the same order at once, one is told that the other was first.

Money that came in (``captured``) is in exactly one place: it is the order's (paid), it was given back (refunded), or it is
still being settled, because it came when the hold was over: then units are looked for again, in as many attempts as it takes
to get a definite answer, or the refund is under way. One version of the order decides between the two.

Of a paid order the merchant may give back all or some (``shared.domain.refund``): what is promised is never more than what
came in, and what went back never more than what was promised.

Until it is paid, its buyer may come back and check out again: the order gets another payment and another address, and
remembers the payment that was *replaced* until nobody can pay that any more. Only then is the new one told to anybody. So
no two payments of an order are payable at once, and while ``replaced`` is set and no money has come in, money can only come
by the replaced payment: it is then the order's (``adopting``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.claim_check import ORDER, RESERVATION, ClaimCheck, suffix_of, verify
from shared.domain.ids import ledger_key


class OrderState(StrEnum):
    """Where an order stands."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


_OPEN = frozenset({OrderState.AWAITING_PAYMENT, OrderState.CANCELLED})


class Attention(StrEnum):
    """Why a paid order cannot be handed to its carrier before a person has looked."""

    ADDRESS_INCOMPLETE = "address_incomplete"
    ADDRESS_GONE = "address_gone"
    """It was erased, or its time was over, before the order was handed over."""
    CARRIER_REFUSED = "carrier_refused"


CORRECTABLE: Final = frozenset({Attention.ADDRESS_INCOMPLETE, Attention.CARRIER_REFUSED})
"""What another address may put right."""


class RefundReason(StrEnum):
    """Why money that came too late could not become an order."""

    SOLD_OUT = "sold_out"
    CAMPAIGN_CLOSED = "campaign_closed"
    CAMPAIGN_CANCELLED = "campaign_cancelled"
    CAMPAIGN_PAUSED = "campaign_paused"
    BUYER_LIMIT_REACHED = "buyer_limit_reached"
    DEAL_EXHAUSTED = "deal_exhausted"
    """The coupon or flash price that it was promised was used up by others meanwhile."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the units of a late payment are held."""

    block: int
    key: str
    """Ledger key."""
    units: int
    """Units in that block: the tail's, fewer than the order's when no single block had them all."""


MOST_REMEMBERED = 6
"""Replaced checkouts that an order remembers. What is repeated after more of them is a checkout like any other."""
_DIGEST = 6
"""Bytes kept of each: an order has no room for more, and they only have to differ within one order."""


@dataclass(frozen=True, slots=True)
class ReplacedCheckout:
    """A checkout that a later one of the same reservation replaced, by digests in hexadecimal."""

    request: str
    """Of its Idempotency-Key."""
    payment: str
    """Of the id of its payment."""

    @staticmethod
    def of(request: str, payment_id: str) -> ReplacedCheckout:
        """What is kept of a request and of the payment that it made."""
        return ReplacedCheckout(request[: 2 * _DIGEST], _digest(payment_id))


def _digest(payment_id: str) -> str:
    return hashlib.sha256(payment_id.encode()).digest()[:_DIGEST].hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One checkout of one reservation. Instants are whole seconds since 1970 UTC; money is minor units of ``currency``."""

    id: str
    campaign_id: str
    merchant: str
    sku: str
    quantity: int
    amount: int
    currency: str
    buyer: str
    """Digest of the storefront's buyer id."""
    key: str
    """Ledger key of the reservation."""
    created_at: int
    expires_at: int
    """End of the hold: nobody is asked to pay from that instant."""
    provider: str
    """Name of the payment provider."""
    payment_id: str
    payment_action: Mapping[str, str]
    request: str
    """Digest of the Idempotency-Key that made it."""
    fingerprint: str
    """Digest of the body that made it."""
    ship_to: bytes | None = None
    """Address, sealed; ``None`` where it was not read, or was erased."""
    list_price: int | None = None
    """Minor units a unit, where a flash price or a coupon made it less."""
    coupon: str | None = None
    """Code of the coupon that made it less."""

    state: OrderState = OrderState.AWAITING_PAYMENT
    version: int = 1
    captured: int = 0
    refunded: int = 0
    promised: int = 0
    """Of the money: what went back or is to go back by the refunds that its merchant asked for, and that did not fail."""
    refunded_after: int = 0
    """Of ``refunded``: what went back after the books of the campaign were closed, and stands in none."""
    paid_at: int | None = None
    failure: str | None = None
    """The last event that told of a failed attempt to pay, while another may follow."""
    refund_reason: RefundReason | None = None
    """Set from the decision to refund on."""
    attempt: int = 0
    """How many times units were looked for again after a late payment."""
    late_until: int | None = None
    """Deadline of the hold that the last attempt takes."""
    seat: Seat | None = None
    """What the last attempt took. Recorded before it is sold, so that whoever goes on finds it."""
    carrier: str | None = None
    """Who carries it. Recorded before the carrier is asked, so that whoever goes on asks no other."""
    fulfilled_at: int | None = None
    attention: Attention | None = None
    erased_at: int | None = None
    """When its personal data was erased."""
    revision: int = 0
    """How many later checkouts of the reservation have replaced its payment and address."""
    replaced: str | None = None
    """
    Id of the payment that the present one replaces, as long as it is not known that nobody can pay it any more. With money
    captured by a replaced payment: id of the one that was to replace it.
    """
    earlier: tuple[ReplacedCheckout, ...] = ()
    """The checkouts that were replaced, the last ``MOST_REMEMBERED`` of them, oldest first."""

    # -- questions ---------------------------------------------------------------------------------

    @property
    def reservation_id(self) -> str:
        """The reservation it was made of."""
        return RESERVATION + suffix_of(self.id, ORDER)

    @property
    def unit_price(self) -> int:
        """As it was promised with the hold."""
        return self.amount // self.quantity

    @property
    def is_settled(self) -> bool:
        """Whether the money that came in has found its place."""
        return self.state not in _OPEN

    @property
    def is_settling(self) -> bool:
        """Whether money has come in that has no place yet."""
        return self.captured > 0 and not self.is_settled

    @property
    def seeks_units(self) -> bool:
        """Whether a late payment waits for an attempt to find units."""
        return self.attempt > 0 and self.seat is None

    @property
    def awaits_payment(self) -> bool:
        """Whether no money has come in, and the order was not cancelled for it."""
        return self.state is OrderState.AWAITING_PAYMENT and not self.captured

    @property
    def refundable(self) -> int:
        """Money of a paid order that no refund was promised of."""
        return self.captured - self.promised if self.paid_at is not None else 0

    @property
    def refunded_in_books(self) -> int:
        """What went back before the books of the campaign were closed."""
        return self.refunded - self.refunded_after

    @property
    def state_in_books(self) -> OrderState:
        """As the closed books have it: what went back later does not change them."""
        is_whole = self.state is not OrderState.REFUNDED or not self.refunded_after
        return self.state if is_whole else OrderState.PAID

    def was_requested(self, request: str) -> bool:
        """Whether a checkout with this digest of its Idempotency-Key was replaced by a later one."""
        return any(each.request == request[: 2 * _DIGEST] for each in self.earlier)

    def had_payment(self, payment_id: str) -> bool:
        """Whether a checkout that was replaced had made this payment."""
        return any(each.payment == _digest(payment_id) for each in self.earlier)

    def can_adopt(self, payment_id: str) -> bool:
        """Whether money that came by this replaced payment becomes the order's: no other money has come in."""
        no_money = not self.captured and not self.is_settled and self.refund_reason is None
        return no_money and payment_id != self.payment_id and self.had_payment(payment_id)

    @property
    def is_shipping(self) -> bool:
        """Whether its parcel was requested, or is being requested: its address can no longer be changed."""
        if self.state is OrderState.FULFILLED:
            return True
        return self.carrier is not None and self.attention not in CORRECTABLE

    @property
    def is_over(self) -> bool:
        """Whether nothing will ever be sent for it."""
        gone = self.state is OrderState.CANCELLED and not self.is_settling
        return gone or self.state is OrderState.REFUNDED

    def is_payable(self, now: int) -> bool:
        """Whether the buyer should still be asked to pay."""
        return self.awaits_payment and now < self.expires_at

    def late_key(self, secret: str) -> str:
        """Ledger key with which the attempt under way begins: of this order and attempt, and of no reservation."""
        return ledger_key(secret, "late", self.id, str(self.attempt))

    def promise(self, secret: str) -> ClaimCheck:
        """What its reservation promised, wherever its units are now."""
        return verify(suffix_of(self.id, ORDER), secret)

    def claim(self, secret: str) -> ClaimCheck:
        """Where its units are, or were last: the reservation's, or those that a late payment took."""
        check = self.promise(secret)
        if self.seat is None or self.late_until is None:
            return check
        return replace(
            check,
            block=self.seat.block,
            key=self.seat.key,
            tail_quantity=self.seat.units,
            deadline=self.late_until,
        )

    # -- changes -----------------------------------------------------------------------------------

    def failed(self, event_id: str) -> Order:
        """An attempt to pay failed; another may follow."""
        return self._changed(failure=event_id)

    def replacing(
        self,
        *,
        payment_id: str,
        payment_action: Mapping[str, str],
        request: str,
        fingerprint: str,
        ship_to: bytes,
    ) -> Order:
        """The buyer checked out again: another payment, another address. The old payment is remembered as ``replaced``."""
        if not self.awaits_payment or self.replaced is not None:
            raise ValueError("only an order that awaits its one payment is checked out again")
        gone = ReplacedCheckout.of(self.request, self.payment_id)
        return self._changed(
            payment_id=payment_id,
            payment_action=payment_action,
            request=request,
            fingerprint=fingerprint,
            ship_to=ship_to,
            revision=self.revision + 1,
            replaced=self.payment_id,
            earlier=(*self.earlier, gone)[-MOST_REMEMBERED:],
            failure=None,
            erased_at=None,
        )

    def with_replaced_gone(self) -> Order:
        """Nobody can pay the replaced payment any more."""
        if self.replaced is None or self.captured:
            raise ValueError("no payment is being replaced")
        return self._changed(replaced=None)

    def adopting(self, payment_id: str) -> Order:
        """Money came in by a payment that was replaced: that is the order's payment, and there is no other."""
        if not self.can_adopt(payment_id):
            raise ValueError("this payment cannot become the order's")
        return self._changed(
            payment_id=payment_id, replaced=self.payment_id, captured=self.amount, failure=None
        )

    def cancelled(self) -> Order:
        """The hold ended unpaid."""
        if not self.awaits_payment:
            raise ValueError("only an order that awaits payment is cancelled")
        return self._changed(state=OrderState.CANCELLED, failure=None)

    def paid(self, at: int) -> Order:
        """Its units are sold."""
        self._refuse_unless_open()
        return self._changed(state=OrderState.PAID, captured=self.amount, paid_at=at, failure=None)

    def seeking(self, *, until: int) -> Order:
        """Money came in when the hold was over: look for units again, and hold them ``until`` then."""
        self._refuse_unless_open()
        return self._changed(
            captured=self.amount,
            attempt=self.attempt + 1,
            late_until=until,
            seat=None,
            failure=None,
        )

    def seated(self, seat: Seat) -> Order:
        """The attempt found units."""
        self._refuse_unless_open()
        return self._changed(seat=seat)

    def refunding(self, reason: RefundReason) -> Order:
        """The money will go back; from here on it can go nowhere else."""
        self._refuse_unless_open()
        return self._changed(captured=self.amount, refund_reason=reason, seat=None, failure=None)

    def gave_back(self) -> Order:
        """The money went back."""
        if self.refund_reason is None or self.is_settled:
            raise ValueError(f"an order that is {self.state} has nothing to give back")
        return self._changed(state=OrderState.REFUNDED, refunded=self.captured)

    # -- refunds that the merchant asks for -----------------------------------------------------------

    def promising(self, amount: int) -> Order:
        """Some of the money is to go back. ``ValueError`` for more than there is left."""
        if not 0 < amount <= self.refundable:
            raise ValueError(f"{amount} of {self.refundable} cannot go back")
        return self._changed(promised=self.promised + amount)

    def kept_after_all(self, amount: int) -> Order:
        """A refund failed: what it was promised can go back by another."""
        if amount > self.promised - self.refunded:
            raise ValueError(f"{amount} was promised of nothing")
        return self._changed(promised=self.promised - amount)

    def gave_back_some(self, amount: int, *, in_books: bool) -> Order:
        """What was promised went back; with the last of it the order is refunded."""
        refunded = self.refunded + amount
        if refunded > self.promised:
            raise ValueError(f"{amount} more than {self.refunded} of {self.promised} went back")
        return self._changed(
            refunded=refunded,
            refunded_after=self.refunded_after + (0 if in_books else amount),
            state=OrderState.REFUNDED if refunded == self.captured else self.state,
        )

    def handing_over(self, carrier: str) -> Order:
        """The carrier is about to be asked. Of an order that is not paid, or not any more, nothing leaves."""
        self._refuse_unless_paid()
        return self._changed(carrier=carrier)

    def fulfilled(self, at: int) -> Order:
        """The carrier has taken it on."""
        self._refuse_unless_paid()
        return self._changed(state=OrderState.FULFILLED, fulfilled_at=at)

    def needing_attention(self, why: Attention) -> Order:
        """It cannot be handed over as it is."""
        self._refuse_unless_paid()
        return self._changed(attention=why)

    def readdressed(self, ship_to: bytes) -> Order:
        """It goes to another address, sealed, and what stood in its way for the old one does so no more."""
        if self.is_shipping or self.is_over or self.erased_at is not None:
            raise ValueError(f"an order that is {self.state} gets no other address")
        attention = None if self.attention in CORRECTABLE else self.attention
        # A carrier that refused the old address has no shipment of it, and is asked anew.
        return self._changed(ship_to=ship_to, attention=attention, carrier=None)

    def erased(self, at: int) -> Order:
        """Nothing in it is about a person any more. State and money stay."""
        return self._changed(ship_to=None, erased_at=at)

    def _refuse_unless_paid(self) -> None:
        if self.state is not OrderState.PAID:
            raise ValueError(f"an order that is {self.state} is not handed over")

    def _refuse_unless_open(self) -> None:
        if self.is_settled or self.refund_reason is not None:
            raise ValueError(
                f"the money of this order has its place: {self.refund_reason or self.state}"
            )

    def _changed(self, **changes: Any) -> Order:
        return replace(self, version=self.version + 1, **changes)

    def as_placed(self) -> Order:
        """As it was when it was made: what a repeated request is answered."""
        return replace(
            self,
            state=OrderState.AWAITING_PAYMENT,
            version=1,
            captured=0,
            refunded=0,
            promised=0,
            refunded_after=0,
            paid_at=None,
            failure=None,
            refund_reason=None,
            attempt=0,
            late_until=None,
            seat=None,
            carrier=None,
            fulfilled_at=None,
            attention=None,
            replaced=None,
        )
