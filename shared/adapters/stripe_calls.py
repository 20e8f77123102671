"""
How Stripe is called: bounded in time, tried twice, and left in peace for a moment when it does not answer.

The library repeats a request once, under the same idempotency key; nothing of ours repeats it beyond that but the
storefront, the provider's redelivery and the beat, each of which comes back by itself. While Stripe is down, a process asks
it only now and then: callers get their 503 at once, instead of holding a function for seconds that reservations may need.

*Too many requests* (429) is an answer, and no silence: nothing was done, and it is asked again after as long as Stripe says,
or after a moment that doubles, as long as the caller's time allows. Then the caller is told when to come back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import ceil
from random import uniform
from typing import Final, TypeVar

import stripe
from stripe import StripeClient

from shared.adapters.stripe_credentials import StripeCredentials
from shared.clock import elapsed, pause
from shared.domain.errors import PaymentRefused, ProviderBusy, ProviderSilent, StoreBusy

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
PATIENCE: Final = 4.0
"""Seconds that one call waits in all while Stripe says that there are too many requests."""
FIRST_WAIT: Final = 0.25
"""Seconds before the second try, if Stripe does not say how long; doubled for each further one."""

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
        ``ProviderBusy`` if it has too many requests, and for longer than can be waited here: nothing was done.

        ``PaymentRefused`` if it understands the request and will not do it, ever.
        """
        if self._clock() < self._quiet_until:
            raise ProviderSilent(retry_after=int(PEACE))
        client = self._client()
        left, wait = PATIENCE, FIRST_WAIT
        while True:
            try:
                return self._once(client, ask)
            except stripe.RateLimitError as full:
                self._answered()
                asked_for = _retry_after(full)
                # With a part of it left to chance, so that those who were turned away together do not come back together.
                now = uniform(wait / 2, wait) if asked_for is None else asked_for  # noqa: S311
                if now > left:
                    log.warning("Stripe has too many requests: %s", full.request_id)
                    raise ProviderBusy(retry_after=max(1, ceil(now))) from None
                pause(now)
                left, wait = left - now, wait * 2

    def _once(self, client: StripeClient, ask: Callable[[StripeClient], Answer]) -> Answer:
        try:
            answer = ask(client)
        except stripe.RateLimitError:
            raise
        except (stripe.InvalidRequestError, stripe.CardError) as refused:
            self._answered()
            log.warning("Stripe refuses: %s %s", refused.code, refused.request_id)
            raise PaymentRefused(
                f"Stripe refuses the payment ({refused.code or 'invalid request'}).",
                provider_code=refused.code,
            ) from refused
        except (stripe.APIConnectionError, stripe.APIError) as fault:
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


def _retry_after(full: stripe.RateLimitError) -> float | None:
    """Seconds after which Stripe wants to be asked again, if it says so."""
    headers = {name.lower(): value for name, value in (full.headers or {}).items()}
    try:
        said = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return said if said >= 0 else None
