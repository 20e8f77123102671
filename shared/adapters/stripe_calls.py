"""
How Stripe is called: bounded in time, tried twice, and left in peace for a moment when it does not answer.

The library repeats a request once, under the same idempotency key; nothing of ours repeats it beyond that but the
storefront, the provider's redelivery and the beat, each of which comes back by itself. While Stripe is down, a process asks
it only now and then: callers get their 503 at once, instead of holding a function for seconds that reservations may need.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

import stripe
from stripe import StripeClient

from shared.adapters.stripe_credentials import StripeCredentials
from shared.clock import elapsed
from shared.domain.errors import PaymentRefused, ProviderSilent, StoreBusy

API_VERSION: Final = "2026-10-28.endive"
"""Pinned: what Stripe answers changes when this line does, and the tests with it."""
TIMEOUT: Final = (1.0, 5.0)
"""Seconds for a connection, and for an answer: twice both fits a function's 20 seconds."""
RETRIES: Final = 1
SILENCES: Final = 3
"""Calls in a row without an answer before Stripe is left in peace."""
PEACE: Final = 5.0
"""Seconds for which it is; also what a storefront is told to wait."""
UNFILLED: Final = 60

log = logging.getLogger("livehour")

Answer = TypeVar("Answer")


class StripeCalls:
    """One account at Stripe, as far as it answers."""

    def __init__(
        self,
        credentials: Callable[[], StripeCredentials | None],
        api_url: str,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """``credentials``: those that are valid now, if there are any."""
        self._credentials = credentials
        self._api_url = api_url
        self._clock = clock
        self._clients: dict[str, StripeClient] = {}
        self._silences = 0
        self._quiet_until = float("-inf")

    def run(self, ask: Callable[[StripeClient], Answer]) -> Answer:
        """
        What Stripe answers. ``ProviderSilent`` if it does not, or not to us: nothing is known of what was asked.

        ``PaymentRefused`` if it understands the request and will not do it, ever.
        """
        if self._clock() < self._quiet_until:
            raise ProviderSilent(retry_after=int(PEACE))
        client = self._client()
        try:
            answer = ask(client)
        except (stripe.InvalidRequestError, stripe.CardError) as refused:
            self._answered()
            log.warning("Stripe refuses: %s %s", refused.code, refused.request_id)
            raise PaymentRefused(
                f"Stripe refuses the payment ({refused.code or 'invalid request'}).",
                provider_code=refused.code,
            ) from refused
        except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as fault:
            self._fell_silent()
            log.warning("Stripe does not answer: %s %s", type(fault).__name__, fault.http_status)
            raise ProviderSilent(retry_after=int(PEACE)) from None
        except stripe.StripeError as fault:
            # A key that is not valid or may not do this, an idempotency key used otherwise: a person has to look.
            self._answered()
            log.error("Stripe does not serve us: %s %s", type(fault).__name__, fault.http_status)  # noqa: TRY400
            raise ProviderSilent(retry_after=UNFILLED) from None
        self._answered()
        return answer

    def _client(self) -> StripeClient:
        try:
            credentials = self._credentials()
        except StoreBusy:
            raise ProviderSilent from None
        if credentials is None:
            raise ProviderSilent(
                "This deployment has no credentials for Stripe: an operator has to fill its secret.",
                retry_after=UNFILLED,
            )
        if credentials.api_key not in self._clients:
            self._clients = {
                credentials.api_key: StripeClient(
                    credentials.api_key,
                    stripe_version=API_VERSION,
                    base_addresses={"api": self._api_url},
                    max_network_retries=RETRIES,
                    http_client=stripe.RequestsClient(timeout=TIMEOUT),
                )
            }
        return self._clients[credentials.api_key]

    def _answered(self) -> None:
        self._silences = 0

    def _fell_silent(self) -> None:
        self._silences += 1
        if self._silences >= SILENCES:
            self._quiet_until = self._clock() + PEACE
