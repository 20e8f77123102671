"""
The reservation id is a claim check: it carries what was promised, and a signature over it.

Nothing else is written for a reservation, so whoever shows its id is answered from the stock block alone. It says where the
units are (campaign, offer, block, ledger key), how many, at which unit price, until when, and for whom. It cannot be
guessed, altered, or used for another buyer, and a later change of price does not touch it. The order made of it has
the same suffix.

43 bytes, and 12 bytes of HMAC-SHA-256 under the campaign's own secret, in unpadded base64url: 74 characters.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256

RESERVATION = "rsv_"
ORDER = "ord_"
PAYMENT = "pay_"

_LAYOUT = struct.Struct(">B10sB3s6sBBH6sI8s")
_PLAIN, _WAITED = 1, 2
"""What an id begins with. Ids from before there were deals have zeros in the deal's place, and say so: none."""
_MAC_BYTES = 12


class NotAClaimCheck(ValueError):
    """The text is no claim check of ours, or was altered."""


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """What a reservation promises."""

    campaign_id: str
    offer_number: int
    block: int
    """The block of its tail: the one that decides its state."""
    key: str
    """Ledger key."""
    quantity: int
    tail_quantity: int
    """Units in the tail's block: fewer than ``quantity`` when no single block had them all."""
    unit_price: int
    """Minor units."""
    deadline: int
    """Seconds since 1970 UTC."""
    buyer: str
    """Digest of the storefront's buyer id."""
    deal: int = 0
    """Number of the deal that it was promised; 0: none."""
    waited: bool = False
    """Whether it was offered to who stood in line: such a hold lasts as long as the offer says, not the campaign."""

    @property
    def amount(self) -> int:
        """Minor units to pay."""
        return self.unit_price * self.quantity

    def identifier(self, secret: str) -> str:
        """The reservation id."""
        return RESERVATION + self.suffix(secret)

    def suffix(self, secret: str) -> str:
        """The part that a reservation id and its order id share."""
        packed = _LAYOUT.pack(
            _WAITED if self.waited else _PLAIN,
            base64.b32decode(self.campaign_id.removeprefix("cmp_").upper()),
            self.offer_number,
            self.block.to_bytes(3, "big"),
            base64.urlsafe_b64decode(self.key),
            self.quantity,
            self.tail_quantity,
            self.deal,
            self.unit_price.to_bytes(6, "big"),
            self.deadline,
            base64.urlsafe_b64decode(self.buyer + "="),
        )
        return base64.urlsafe_b64encode(packed + _sign(packed, secret)).decode().rstrip("=")


def campaign_of(suffix: str) -> str:
    """The campaign a claim check speaks of, unverified: only to find the secret that verifies it."""
    packed = _unpack(suffix)[1]
    return "cmp_" + base64.b32encode(packed).decode().lower()


def verify(suffix: str, secret: str) -> ClaimCheck:
    """The claim check, if its signature holds; else ``NotAClaimCheck``."""
    raw = _bytes(suffix)
    packed, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _sign(packed, secret)):
        raise NotAClaimCheck(suffix)
    kind, campaign, number, block, key, quantity, tail, deal, price, deadline, buyer = _unpack(
        suffix
    )
    return ClaimCheck(
        campaign_id="cmp_" + base64.b32encode(campaign).decode().lower(),
        offer_number=number,
        block=int.from_bytes(block, "big"),
        key=base64.urlsafe_b64encode(key).decode(),
        quantity=quantity,
        tail_quantity=tail,
        unit_price=int.from_bytes(price, "big"),
        deadline=deadline,
        buyer=base64.urlsafe_b64encode(buyer).decode().rstrip("="),
        deal=deal,
        waited=kind == _WAITED,
    )


def suffix_of(identifier: str, prefix: str) -> str:
    """An id without its prefix; ``NotAClaimCheck`` if it has another or none."""
    if not identifier.startswith(prefix):
        raise NotAClaimCheck(identifier)
    return identifier[len(prefix) :]


def _bytes(suffix: str) -> bytes:
    size = _LAYOUT.size + _MAC_BYTES
    try:
        raw = base64.b64decode(suffix + "=" * (-len(suffix) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotAClaimCheck(suffix) from None
    # One text for one claim check: no other spelling of the unused last bits is taken.
    if len(raw) != size or base64.urlsafe_b64encode(raw).decode().rstrip("=") != suffix:
        raise NotAClaimCheck(suffix)
    return raw


_Fields = tuple[int, bytes, int, bytes, bytes, int, int, int, bytes, int, bytes]


def _unpack(suffix: str) -> _Fields:
    fields: _Fields = _LAYOUT.unpack(_bytes(suffix)[: _LAYOUT.size])
    if fields[0] not in (_PLAIN, _WAITED):
        raise NotAClaimCheck(suffix)
    return fields


def _sign(packed: bytes, secret: str) -> bytes:
    return hmac.new(bytes.fromhex(secret), b"claim" + packed, sha256).digest()[:_MAC_BYTES]
