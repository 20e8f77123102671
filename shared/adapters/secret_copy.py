"""
A copy of a value in Secrets Manager, good for as long as the show may need it.

It is read when it is first needed, and again every five minutes, by one bounded call. A store of secrets that does not
answer stops no payment: the last good copy serves on, for as long as the process lives.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.clock import elapsed
from shared.domain.errors import StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FRESH = 300.0
"""Seconds for which a copy serves."""
AGAIN = 15.0
"""Seconds after a failure, or after a reading that was asked for early, until the store is asked again."""
_AGAIN_WITHOUT = 1.0
"""The same, while nothing serves: anybody may post to a webhook, so not each request asks."""

log = logging.getLogger("livehour")

Value = TypeVar("Value")


class SecretCopy(Generic[Value]):
    """What a secret's text means, by ``read``, which raises ``ValueError`` or ``LookupError`` if it means nothing."""

    def __init__(
        self,
        client: SecretsManagerClient,
        arn: str,
        read: Callable[[str], Value],
        clock: Callable[[], float] = elapsed,
    ) -> None:
        self._client = client
        self._arn = arn
        self._read = read
        self._clock = clock
        self._values: list[Value] = []
        """The last good one, if there was one."""
        self._asked_at = float("-inf")
        self._ask_again_at = float("-inf")

    def value(self) -> Value:
        """The value, at most five minutes old if the store answers. ``StoreBusy`` if none was ever read."""
        if self._clock() >= self._ask_again_at:
            self._ask()
        if not self._values:
            raise StoreBusy
        return self._values[0]

    def renewed(self) -> Value:
        """The value, just read: for who finds that the copy does not fit. At most every ``AGAIN`` seconds."""
        if self._clock() >= self._asked_at + AGAIN:
            self._ask()
        return self.value()

    def _ask(self) -> None:
        now = self._asked_at = self._clock()
        try:
            text = self._client.get_secret_value(SecretId=self._arn)["SecretString"]
            self._values = [self._read(text.strip())]
            self._ask_again_at = now + FRESH
        except (ClientError, BotoCoreError, LookupError, ValueError) as fault:
            # By its type alone: the message may hold what must not be in a log.
            log.warning("the payment secret cannot be read: %s", type(fault).__name__)
            self._ask_again_at = now + (AGAIN if self._values else _AGAIN_WITHOUT)
