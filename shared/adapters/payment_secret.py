"""
What the provider ``test`` signs its webhooks with, from the text of its secret.

While a secret is changed, two are valid: the text is then a JSON list, the new one beside the old one, for as long as a
copy may be old and the provider may still sign with the old one.
"""

from __future__ import annotations

import json

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook


def webhooks_of(text: str) -> list[Webhook]:
    """A verifier for each valid secret. ``ValueError`` if there is none."""
    secrets = json.loads(text) if text.startswith("[") else [text]
    if not secrets:
        raise ValueError("no secret is valid")
    try:
        return [Webhook(str(secret)) for secret in secrets]
    except EmptyWebhookSecretError:
        raise ValueError("a secret is empty") from None
