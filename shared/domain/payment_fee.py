"""What a payment provider keeps for itself, by the terms that the merchant has with it."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = 10_000
"""Basis points."""


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """What is kept of each payment that is taken, and is not given back when the payment is."""

    basis_points: int = 0
    """Of the payment: hundredths of a percent."""
    fixed: int = 0
    """Minor units more."""

    def of(self, payment: int) -> int:
        """The fee of one payment, both in minor units; half a unit is rounded up. There is none for no payment."""
        if not payment:
            return 0
        return (payment * self.basis_points + WHOLE // 2) // WHOLE + self.fixed


NO_FEE = FeeTerms()
