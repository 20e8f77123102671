"""Ids: prefixed, random, unguessable; and derived keys, by which a repeated request finds what it did before."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable

from shared.table import CAMPAIGN_PREFIX, REHEARSED

draw: Callable[[int], bytes] = secrets.token_bytes
"""Where chance comes from. A simulation, which must be repeatable, puts its own here."""
CAMPAIGN_DIGITS = 16
"""Characters of a campaign id after ``cmp_``: 80 random bits in lower-case base 32, so that a claim check packs them
in 10 bytes."""
KEY_PREFIX = "key_"
"""Of the public id of an API key."""

_CAMPAIGN_ID = re.compile(r"cmp_[a-z2-7]{16}")


def new_campaign_id() -> str:
    """``cmp_`` and 16 characters of a-z and 2-7; never an id of what is only rehearsed."""
    drawn = CAMPAIGN_PREFIX + _letters(draw(10))
    return new_campaign_id() if is_rehearsed(drawn) else drawn


def rehearsed_id(digest: bytes) -> str:
    """The campaign id of a rehearsal: it says so by itself, wherever nothing else of the campaign is known."""
    return CAMPAIGN_PREFIX + (REHEARSED + _letters(digest[:10]))[:CAMPAIGN_DIGITS]


def is_rehearsed(campaign_id: str) -> bool:
    """Whether a campaign is only rehearsed: nobody outside may hear of it."""
    return campaign_id.startswith(CAMPAIGN_PREFIX + REHEARSED)


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()


def is_campaign_id(text: str) -> bool:
    """Whether a text has the form of a campaign id; anything else is not worth a look into the store."""
    return _CAMPAIGN_ID.fullmatch(text) is not None


def new_secret() -> str:
    """64 hexadecimal digits: a campaign's own secret."""
    return draw(32).hex()


def derive(secret: str, *parts: str) -> bytes:
    """32 bytes that only the holder of ``secret`` can make from ``parts``; lengths are part of what is signed."""
    mac = hmac.new(bytes.fromhex(secret), digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode()
        mac.update(len(data).to_bytes(4, "big"))
        mac.update(data)
    return mac.digest()


def ledger_key(secret: str, *parts: str) -> str:
    """8 characters that stand for a request in a block's ledger."""
    return base64.urlsafe_b64encode(derive(secret, "ledger", *parts)[:6]).decode()


def buyer_digest(secret: str, buyer_id: str) -> str:
    """11 characters that stand for a buyer where the storefront's id does not belong."""
    return base64.urlsafe_b64encode(derive(secret, "buyer", buyer_id)[:8]).decode().rstrip("=")


def home_block(key: str, blocks: int) -> int:
    """The block where a request begins, always the same for the same ledger key."""
    return int.from_bytes(base64.urlsafe_b64decode(key), "big") % blocks
