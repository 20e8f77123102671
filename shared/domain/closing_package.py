"""
The closing package: what a partner and an accountant get of a settled campaign, and how they know that it is whole.

Orders, payments and refunds are written in *pieces*, each of some shards of the orders, so that a million orders never are
in memory and a builder that dies goes on where it was. The manifest names every file in order, with its SHA-256, and is
signed; so the signature vouches for every byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.package_tables import PieceSums
from shared.domain.tables import document
from shared.table import ORDER_SHARDS

FORMAT: Final = "1"
"""Version of the package's files and of what is in them."""
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
PUBLIC_KEY: Final = "public-key.pem"
ALGORITHM: Final = "RSASSA_PKCS1_V1_5_SHA_256"
"""Deterministic, so that the same package has the same signature; and known to every OpenSSL."""
CONTENT_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pem": "application/x-pem-file",
    "sig": "application/octet-stream",
}

ORDERS_IN_A_PIECE: Final = 50_000
"""About as many as are wanted in one file."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package, by name."""

    name: str
    sha256: str
    """Hexadecimal digits."""
    size: int
    """Bytes."""
    rows: int | None = None
    """Of a table."""

    @property
    def content_type(self) -> str:
        """By the end of its name."""
        return CONTENT_TYPES[self.name.rpartition(".")[2]]

    @property
    def listed(self) -> dict[str, Any]:
        """As the manifest names it."""
        facts = {"name": self.name, "size": self.size, "sha256": self.sha256}
        return facts if self.rows is None else {**facts, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Piece:
    """The files of some of the orders, and what their rows sum to."""

    files: tuple[PackageFile, ...]
    sums: PieceSums


@dataclass(frozen=True, slots=True)
class Package:
    """A whole package, as it was built once and for all."""

    manifest: str
    signature: bytes
    public_key: str
    """PEM."""


def piece_count(orders: int) -> int:
    """How many pieces so many orders are written in: a power of two that divides the shards."""
    count = 1
    while count < ORDER_SHARDS and orders > count * ORDERS_IN_A_PIECE:
        count *= 2
    return count


def shards_of(number: int, count: int) -> range:
    """The shards of a piece."""
    each = ORDER_SHARDS // count
    return range(number * each, (number + 1) * each)


def piece_name(table: str, kind: str, number: int, count: int) -> str:
    """Name of a table's file: ``orders.csv``, or ``orders-03-of-16.csv``."""
    part = "" if count == 1 else f"-{number + 1:02d}-of-{count:02d}"
    return f"{table}{part}.{kind}"


def disagreements(report: Mapping[str, Any], sums: PieceSums) -> list[str]:
    """What paid orders, as they were written down, say otherwise than the report."""
    refunded = report["totals"]["refunded"]
    found = []
    if sums.refunded != refunded:
        found.append(f"refunded: {sums.refunded} by the orders, {refunded} by the report")
    return found + [
        f"{offer['sku']} {what}: {said[offer['sku']]} by the orders, {offer[what]} by the report"
        for offer in report["totals"]["offers"]
        for what, said in (("orders", sums.sold), ("gross", sums.gross))
        if said[offer["sku"]] != offer[what]
    ]


def manifest(
    report: Mapping[str, Any], *, version: int, files: Sequence[PackageFile], key_sha256: str
) -> str:
    """The manifest's text. ``version``: of the totals; ``key_sha256``: of the public key, DER."""
    return document(
        {
            "object": "closing_package",
            "format": FORMAT,
            "campaign": report["campaign"],
            "name": report["name"],
            "currency": report["totals"]["currency"],
            "totals_version": version,
            "definitions": report["definitions"],
            "signature": {
                "file": SIGNATURE,
                "algorithm": ALGORITHM,
                "public_key": PUBLIC_KEY,
                "public_key_sha256": key_sha256,
            },
            "files": [file.listed for file in files],
        }
    )
