"""
What a payment provider's webhook does: it is read, its order found, and judged.

Whoever sends it gets the same kind of answer whatever it did. Only a signature that does not hold is refused, and only a
store or a provider that does not answer asks for another delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.domain.claim_check import ORDER, NotAClaimCheck
from shared.domain.errors import ProviderNotFound
from shared.domain.payment import Doubt, UnreadableEvent
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.judge_payment import Outcome, judge, put_aside
from shared.use_cases.order_ports import Books
from shared.use_cases.read_orders import claim_of


class PaymentDesk:
    """Receives what providers say of payments."""

    def __init__(
        self, campaigns: CampaignReader, books: Books, *, unheard: Collection[str] = ()
    ) -> None:
        """``unheard``: providers of which nothing is received here, although there may be campaigns of theirs."""
        self._campaigns = campaigns
        self._books = books
        self._unheard = unheard

    def receive(self, provider: str, headers: Mapping[str, str], raw: bytes, now: int) -> Outcome:
        """Deal with one delivery of a webhook. ``ProviderNotFound``, ``SignatureInvalid`` or ``Busy``."""
        books = self._books
        if provider not in books.providers or provider in self._unheard:
            raise ProviderNotFound
        event = books.providers[provider].read_event(headers, raw)
        if event is None:
            return Outcome.KNOWN
        if isinstance(event, UnreadableEvent):
            return put_aside(books, provider, event.doubt, event, now)
        try:
            campaign, check = claim_of(self._campaigns, event.order_id, ORDER)
        except NotAClaimCheck:
            return put_aside(books, provider, event.doubt or Doubt.UNKNOWN_ORDER, event, now)
        return judge(books, campaign, check, provider, event, now)
