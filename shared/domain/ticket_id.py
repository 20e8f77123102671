"""
The id of a waitlist ticket: where it stands in which line, for which request, and a signature over that.

22 bytes, and 12 bytes of HMAC-SHA-256 under the campaign's own secret, in unpadded base64url: 46 characters.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "wtl_"

_LAYOUT = struct.Struct(">B10sBI6s")
_VERSION = 1
_MAC_BYTES = 12


class NotATicket(ValueError):
    """The text is no ticket id of ours, or was altered."""


@dataclass(frozen=True, slots=True)
class TicketPlace:
    """What a ticket id says."""

    campaign_id: str
    offer_number: int
    number: int
    key: str

    def sign(self, secret: str) -> str:
        """The id."""
        packed = _LAYOUT.pack(
            _VERSION,
            base64.b32decode(self.campaign_id.removeprefix("cmp_").upper()),
            self.offer_number,
            self.number,
            base64.urlsafe_b64decode(self.key),
        )
        mac = _mac(packed, secret)
        return PREFIX + base64.urlsafe_b64encode(packed + mac).decode().rstrip("=")


def read_ticket_id(identifier: str) -> TicketPlace:
    """What an id says, unverified: only to find the secret that verifies it. ``NotATicket`` if it has another form."""
    suffix = identifier.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(suffix + "=" * (-len(suffix) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotATicket(identifier) from None
    if len(raw) != _LAYOUT.size + _MAC_BYTES:
        raise NotATicket(identifier)
    version, campaign, offer, number, key = _LAYOUT.unpack(raw[: _LAYOUT.size])
    if version != _VERSION:
        raise NotATicket(identifier)
    return TicketPlace(
        campaign_id="cmp_" + base64.b32encode(campaign).decode().lower(),
        offer_number=offer,
        number=number,
        key=base64.urlsafe_b64encode(key).decode(),
    )


def is_signed(identifier: str, place: TicketPlace, secret: str) -> bool:
    """Whether an id is the very one of its place: no other spelling, and no other's."""
    return hmac.compare_digest(identifier.encode(), place.sign(secret).encode())


def _mac(packed: bytes, secret: str) -> bytes:
    return hmac.new(bytes.fromhex(secret), b"ticket" + packed, sha256).digest()[:_MAC_BYTES]
