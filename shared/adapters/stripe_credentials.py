"""
What an operator puts into the secret ``livehour-<stage>-payments-stripe``, once, and whenever a webhook secret is changed.

``{"api_key": "sk_live_…", "webhook_secrets": ["whsec_…"], "account": "acct_…"}``. A restricted key (``rk_live_…``) with
write access to PaymentIntents and Refunds is enough. Two webhook secrets are valid while one is changed. ``account`` is
for endpoints that are told of connected accounts; without it, events that name an account are not believed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

LIVE: Final = ("sk_live_", "rk_live_")
TEST: Final = ("sk_test_", "rk_test_")
MOST_SECRETS: Final = 4
"""Webhook secrets tried for each event."""


@dataclass(frozen=True, slots=True)
class StripeCredentials:
    """An account at Stripe. Shows nothing of itself, so that no log can."""

    api_key: str
    webhook_secrets: tuple[str, ...]
    account: str | None = None

    def __repr__(self) -> str:
        return "StripeCredentials(…)"


def credentials_of(text: str, *, livemode: bool) -> StripeCredentials | None:
    """
    The credentials in a secret's text; ``None`` as long as nobody has filled it. ``ValueError`` if they cannot work.

    ``livemode``: whether this deployment takes real money. A key of the other mode would take the wrong kind.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - as wrong as any other text
    api_key = document.get("api_key") or ""
    secrets = document.get("webhook_secrets") or []
    account = document.get("account") or None
    if not api_key and not secrets:
        return None
    if not isinstance(api_key, str) or not api_key.startswith(LIVE if livemode else TEST):
        raise ValueError("api_key is of another mode, or no secret key")
    if not isinstance(secrets, list) or not 0 < len(secrets) <= MOST_SECRETS:
        raise ValueError("webhook_secrets must be a list of one to four")
    if not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in secrets):
        raise ValueError("a webhook secret begins with whsec_")
    if not (account is None or isinstance(account, str)):
        raise ValueError("account is the id of one")
    return StripeCredentials(api_key, tuple(secrets), account)
