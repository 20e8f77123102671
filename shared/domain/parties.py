"""
The parties of a campaign, and the division of its money between them.

A party may have a *share* in basis points (hundredths of a percent). All who are named have one, and together they are the
whole; or nobody has, and then everything is the seller of record's, who sold it.

Money is divided by the *largest remainder method* (Hamilton's; see Balinski and Young, "Fair Representation", 1982): each
gets the whole minor units of an exact part, and the units that are left go one by one to those with the largest
remainders, equal ones in the order of ``ROLES``. So the parts always sum to the whole, and each is less than one minor unit
off its exact part. Gross, refunds and fees are divided each by itself; what a party keeps is the difference of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROLES = ("promoter", "seller_of_record", "fulfiller", "channel")
"""In this order parties are listed, and the last minor units go."""
SELLER = "seller_of_record"
WHOLE = 10_000
"""Basis points."""

Written = str | Mapping[str, str | int]
"""A party as a merchant writes it: a name, or an object with what else is known."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who has a part in a sale."""

    name: str
    share: int | None = None
    """Basis points."""
    reference: str | None = None
    """By what their own books know them: an account, a contract."""

    @property
    def written(self) -> Written:
        """As short as it can be said."""
        if self.share is None and self.reference is None:
            return self.name
        known = {"name": self.name, "share": self.share, "reference": self.reference}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What falls to one party. Minor units."""

    role: str
    party: Party
    share: int
    """Basis points that it was divided by."""
    gross: int
    refunded: int
    fees: int

    @property
    def net(self) -> int:
        """What the party keeps."""
        return self.gross - self.refunded - self.fees


def faults(parties: Mapping[str, Party]) -> Iterator[tuple[str, str]]:
    """Why the shares cannot be divided by: JSON pointers, and what would be right."""
    without = [role for role in ROLES if role in parties and parties[role].share is None]
    total = sum(party.share or 0 for party in parties.values())
    if len(without) == len(parties):
        return
    for role in without:
        yield (
            f"/parties/{role}",
            "Give this party a 'share' too (0 is one), or leave the shares of all away.",
        )
    if not without and total != WHOLE:
        yield "/parties", f"The shares sum to {total:,} basis points; they must sum to {WHOLE:,}."


def divide(parties: Mapping[str, Party], *, gross: int, refunded: int, fees: int = 0) -> list[Part]:
    """The parts of all parties, in the order of ``ROLES``. Minor units."""
    shares = {role: party.share for role, party in parties.items()}
    if not any(shares.values()):
        shares = {**dict.fromkeys(parties, 0), SELLER: WHOLE}
    roles = [role for role in ROLES if role in shares]
    points = [shares[role] or 0 for role in roles]
    columns = (split(gross, points), split(refunded, points), split(fees, points))
    return [
        Part(
            role=role,
            party=parties.get(role, Party("")),
            share=share,
            gross=of_gross,
            refunded=of_refunded,
            fees=of_fees,
        )
        for role, share, of_gross, of_refunded, of_fees in zip(roles, points, *columns, strict=True)
    ]


def split(amount: int, shares: Sequence[int]) -> list[int]:
    """``amount`` in parts of ``shares``, which sum to ``WHOLE``: parts that sum to it, by the largest remainders."""
    exact = [divmod(abs(amount) * share, WHOLE) for share in shares]
    parts = [whole for whole, _ in exact]
    left = abs(amount) - sum(parts)
    by_remainder = sorted(range(len(exact)), key=lambda place: (-exact[place][1], place))
    for place in by_remainder[:left]:
        parts[place] += 1
    return parts if amount >= 0 else [-part for part in parts]
