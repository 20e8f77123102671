"""
The secrets with which a provider signs its webhooks, from Secrets Manager.

While a secret is changed, two are valid: the value is then a JSON list, the new one beside the old one, for as long as
this copy may be old and the provider may still sign with the old one. A store of secrets that does not answer stops no
payment: the last good copy serves on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from shared.clock import elapsed
from shared.domain.errors import StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FRESH = 300.0
"""Seconds for which a copy serves."""
_AGAIN = 15.0
"""Seconds after a failure until the store is asked again, while an old copy serves."""
_AGAIN_WITHOUT = 1.0
"""The same, while nothing serves: anybody may post to a webhook, so not each request asks."""

log = logging.getLogger("livehour")


class PaymentSecret:
    """One provider's webhook secrets."""

    def __init__(
        self,
        client: SecretsManagerClient,
        arn: str,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._webhooks: list[Webhook] = []
        self._ask_again_at = float("-inf")

    def webhooks(self) -> list[Webhook]:
        """A verifier for each valid secret. ``StoreBusy`` if none was ever read."""
        now = self._clock()
        if now >= self._ask_again_at:
            try:
                self._webhooks = self._read()
                self._ask_again_at = now + FRESH
            except (
                ClientError,
                BotoCoreError,
                LookupError,
                ValueError,
                EmptyWebhookSecretError,
            ) as fault:
                # By its type alone: the message may hold what must not be in a log.
                log.warning("the payment secret cannot be read: %s", type(fault).__name__)
                self._ask_again_at = now + (_AGAIN if self._webhooks else _AGAIN_WITHOUT)
        if not self._webhooks:
            raise StoreBusy
        return self._webhooks

    def _read(self) -> list[Webhook]:
        text = self._client.get_secret_value(SecretId=self._arn)["SecretString"].strip()
        secrets = json.loads(text) if text.startswith("[") else [text]
        if not secrets:
            raise ValueError("no secret is valid")
        return [Webhook(str(secret)) for secret in secrets]
