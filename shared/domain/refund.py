"""
A refund that a merchant asks for: all or some of the money of a paid order, back to its buyer.

``pending → succeeded | failed | needs_attention``; and ``needs_attention`` goes on, when a person or the provider says so.
While it is under way its money is promised: no other refund can promise it again. One that failed gives the promise up.

Which books it belongs to is decided once, on the refund itself. Every campaign's books are closed at some instant, and never
change afterwards: a refund that has succeeded by then is in them, and is booked in the ledger of its units; any other is
marked *after the close*, and stands in no books at all.

Its id says where it is kept, so that no index is needed: campaign, end of the order's hold, ledger key, and a digest of the
order and the Idempotency-Key that only we can make. The same request therefore finds the same refund.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.ids import derive
from shared.domain.order import Order
from shared.domain.payment import Refund

PREFIX: Final = "ref_"
_LAYOUT = struct.Struct(">B10s6sI9s")
_VERSION = 1
FIRST_LOOK: Final = 5
LONGEST_PAUSE: Final = 3600
"""Seconds from one look at what the provider has not finished to the next: doubled each time, from one to the other."""
MOST_LOOKS: Final = 120
"""Looks, over some five days, until a person has to. Bank debits take up to three."""
PATIENCE: Final = 60
"""Seconds after the time of its next look from which a refund counts as left alone."""


class State(StrEnum):
    """How far a refund is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The provider refused it for good. Another may be asked for."""
    NEEDS_ATTENTION = "needs_attention"
    """Nobody knows what became of it, and asking by ourselves was given up."""


class NotARefund(ValueError):
    """The text is no id of a refund."""


@dataclass(frozen=True, slots=True)
class RefundPlace:
    """Where a refund is kept."""

    campaign_id: str
    key: str
    """Ledger key of its order."""
    deadline: int
    """End of its order's hold."""
    digest: str
    """Of the request: 12 characters."""

    @property
    def id(self) -> str:
        """``ref_`` and 40 characters."""
        packed = _LAYOUT.pack(
            _VERSION,
            base64.b32decode(self.campaign_id.removeprefix("cmp_").upper()),
            base64.urlsafe_b64decode(self.key),
            self.deadline,
            base64.urlsafe_b64decode(self.digest),
        )
        return PREFIX + base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def of(cls, identifier: str) -> RefundPlace:
        """What an id says; ``NotARefund`` if it says nothing. Whether there is such a refund, the store knows."""
        try:
            text = identifier.removeprefix(PREFIX)
            raw = base64.b64decode(text, altchars=b"-_", validate=True)
            version, campaign, key, deadline, digest = _LAYOUT.unpack(raw)
        except (binascii.Error, struct.error, ValueError):
            raise NotARefund(identifier) from None
        place = cls(
            campaign_id="cmp_" + base64.b32encode(campaign).decode().lower(),
            key=base64.urlsafe_b64encode(key).decode(),
            deadline=deadline,
            digest=base64.urlsafe_b64encode(digest).decode(),
        )
        if version != _VERSION or place.id != identifier:
            # One text for one place: no other spelling of the same bytes is taken.
            raise NotARefund(identifier)
        return place


def refund_place(order: Order, secret: str, idempotency_key: str) -> RefundPlace:
    """Where the refund of a request is, or would be."""
    digest = derive(secret, "refund", order.id, idempotency_key)[:9]
    return RefundPlace(
        order.campaign_id, order.key, order.expires_at, base64.urlsafe_b64encode(digest).decode()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    """What a merchant gives back. A value, with versions, as the order is. Instants: seconds; money: minor units."""

    place: RefundPlace
    order_id: str
    merchant: str
    sku: str
    quantity: int
    """Units of the order."""
    paid: int
    """What the order had cost."""
    amount: int
    currency: str
    reason: str
    """As the merchant put it. In no event: it may speak of a person."""
    restock: bool
    """Whether its units are wanted back on sale."""
    fingerprint: str
    """Digest of the body that made it."""
    created_at: int

    state: State = State.PENDING
    version: int = 1
    due: int = 0
    """When it is to be looked at again, while it is under way."""
    after_close: bool = False
    """Whether the books of its campaign were closed without it: it stands in none."""
    unbooked: bool = True
    """Whether the campaign's books wait for it: for its end, or for its place in the ledger."""
    restocked: bool = False
    refunded_so_far: int = 0
    """What of the order had gone back with it."""
    ended_at: int | None = None

    @property
    def id(self) -> str:
        """``ref_…``."""
        return self.place.id

    @property
    def campaign_id(self) -> str:
        """Whose books it may be in."""
        return self.place.campaign_id

    @property
    def is_open(self) -> bool:
        """Whether it may still succeed or fail."""
        return self.state in (State.PENDING, State.NEEDS_ATTENTION)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody of ours has something to do about it."""
        return self.state is State.PENDING or (self.state is State.SUCCEEDED and self.unbooked)

    @property
    def is_in_books(self) -> bool:
        """Whether it stands in the books of its campaign, or is about to."""
        return self.state is State.SUCCEEDED and not self.after_close

    def order_to(self, order: Order) -> Refund:
        """What the provider is asked to do."""
        return Refund(
            id=self.id,
            order_id=order.id,
            payment_id=order.payment_id,
            amount=self.amount,
            currency=self.currency,
        )

    # -- changes -----------------------------------------------------------------------------------

    def looked_at(self, *, again_at: int) -> AskedRefund:
        """The provider has not finished it."""
        return self._changed(due=again_at)

    def succeeded(self, order: Order, *, at: int, in_books: bool) -> AskedRefund:
        """The money went back. ``order``: as it is with that."""
        return self._changed(
            state=State.SUCCEEDED,
            after_close=not in_books,
            unbooked=in_books,
            refunded_so_far=order.refunded,
            due=at,
            ended_at=at,
        )

    def failed(self, *, at: int) -> AskedRefund:
        """The money stays."""
        return self._changed(state=State.FAILED, unbooked=False, ended_at=at)

    def given_up(self, *, at: int) -> AskedRefund:
        """A person must look."""
        return self._changed(state=State.NEEDS_ATTENTION, due=at)

    def taken_up(self, *, at: int) -> AskedRefund:
        """A person has looked, and wants it asked again."""
        return self._changed(state=State.PENDING, due=at)

    def after_the_close(self) -> AskedRefund:
        """The books are closed without it."""
        return self._changed(after_close=True, unbooked=False)

    def booked(self, *, restocked: bool) -> AskedRefund:
        """It stands in the ledger."""
        return self._changed(unbooked=False, restocked=restocked)

    def as_asked(self) -> AskedRefund:
        """As it was when it was made: what a repeated request is answered."""
        return replace(
            self,
            state=State.PENDING,
            version=1,
            due=self.created_at,
            after_close=False,
            unbooked=True,
            restocked=False,
            refunded_so_far=0,
            ended_at=None,
        )

    def _changed(self, **changes: Any) -> AskedRefund:
        return replace(self, version=self.version + 1, **changes)


def pause_after(looks: int) -> int:
    """Seconds until the next look."""
    return min(LONGEST_PAUSE, FIRST_LOOK << min(looks, 20))
