"""What the closing package needs of the world outside: a record of what was built, a place for files, a signature."""

from __future__ import annotations

from typing import IO, Protocol

from shared.domain.closing_package import Package, PackageFile, Piece
from shared.domain.tables import Row, Table


class PackageRecords(Protocol):
    """What was built of packages. The first record stands: whoever comes later builds on it."""

    def piece(self, campaign_id: str, number: int) -> Piece | None:
        """A piece that is kept, strongly consistent."""

    def keep_piece(self, campaign_id: str, number: int, piece: Piece) -> Piece:
        """Record a piece whose files are kept, unless one is recorded: the one that stands."""

    def package(self, campaign_id: str) -> Package | None:
        """The whole package, strongly consistent."""

    def keep_package(self, campaign_id: str, package: Package) -> Package:
        """Record the whole package, unless one is recorded: the one that stands."""


class PackageFiles(Protocol):
    """Where files are kept for years, each under its own SHA-256: so another content never takes its place."""

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        """Keep a file, whole or not at all; nothing happens if it is there. ``StoreBusy``: nothing is known."""

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        """An address that gives the file to whoever has it, for so long."""


class Signer(Protocol):
    """Signs what leaves the house, with a key that never does."""

    def sign(self, digest: bytes) -> bytes:
        """The signature (``ALGORITHM``) of a text with this SHA-256. The same each time. ``StoreBusy``."""

    def public_key(self) -> bytes:
        """What others verify it with: SubjectPublicKeyInfo, DER. ``StoreBusy``."""


class Workbook(Protocol):
    """A spreadsheet's file while it is written."""

    def sheet(self, table: Table) -> None:
        """Begin a table's sheet, named after it."""

    def add(self, table: Table, row: Row) -> None:
        """One row more of a table whose sheet was begun."""

    def finish(self) -> None:
        """Write what is left to the file."""

    def discard(self) -> None:
        """Close the files of a workbook that will not be finished. Nothing happens to one that is finished."""


class Workbooks(Protocol):
    """Writes spreadsheets' files: typed, and the same bytes for the same rows."""

    def begin(self, file: IO[bytes], *, title: str, currency: str, created: int) -> Workbook:
        """A workbook that goes to ``file``. ``created``: the date that it bears, seconds since 1970 UTC."""
