"""The bank of a rehearsal: the provider ``test``, told of payments by this very process, which needs no signature."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.payment_test_provider import TestProvider
from shared.domain.errors import SignatureInvalid
from shared.domain.payment import QuarantinedPayment


class RehearsalBank(TestProvider):
    """Implements ``PaymentProvider``. It is at no address that anybody outside could send an event to."""

    def __init__(self) -> None:
        super().__init__(list)

    def _verify(self, headers: Mapping[str, str], raw: bytes) -> str:
        del raw
        try:
            return headers["webhook-id"]
        except KeyError:
            raise SignatureInvalid from None


class NoQuarantine:
    """Implements ``Quarantine``: what is put aside in a rehearsal calls nobody, and is seen as an outcome."""

    def keep(self, payment: QuarantinedPayment) -> bool:
        """Let go of it."""
        del payment
        return True
