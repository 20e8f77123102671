"""Closing packages in memory, and a signature that only a test believes."""

from __future__ import annotations

import hashlib
import json
from typing import IO, Any

from shared.domain.closing_package import Package, PackageFile, Piece
from shared.domain.tables import Row, Table
from tests.fakes import Watched


class MemoryRecords(Watched):
    """Implements ``PackageRecords``."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: dict[tuple[str, int], Piece] = {}
        self.packages: dict[str, Package] = {}

    def piece(self, campaign_id: str, number: int) -> Piece | None:
        return self.pieces.get((campaign_id, number))

    def keep_piece(self, campaign_id: str, number: int, piece: Piece) -> Piece:
        key = campaign_id, number
        return self._effect("piece", lambda: self.pieces.setdefault(key, piece))  # type: ignore[no-any-return]

    def package(self, campaign_id: str) -> Package | None:
        return self.packages.get(campaign_id)

    def keep_package(self, campaign_id: str, package: Package) -> Package:
        return self._effect("package", lambda: self.packages.setdefault(campaign_id, package))  # type: ignore[no-any-return]


class MemoryFiles(Watched):
    """Implements ``PackageFiles``."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str, str], bytes] = {}

    def keep(self, campaign_id: str, file: PackageFile, body: IO[bytes]) -> None:
        data = body.read()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
        key = campaign_id, file.sha256, file.name
        self._effect("file", lambda: self.kept.setdefault(key, data))

    def link(self, campaign_id: str, file: PackageFile, *, seconds: int) -> str:
        return f"https://files.test/{campaign_id}/{file.sha256}/{file.name}?for={seconds}"

    def read(self, campaign_id: str, package: Package) -> dict[str, bytes]:
        """What the manifest names, as a partner would have it on disk."""
        listed = json.loads(package.manifest)["files"]
        return {
            file["name"]: self.kept[campaign_id, file["sha256"], file["name"]] for file in listed
        }


class ToySigner:
    """Implements ``Signer``."""

    def sign(self, digest: bytes) -> bytes:
        return hashlib.sha256(b"signed" + digest).digest()

    def public_key(self) -> bytes:
        return b"a public key, DER"


class PlainWorkbooks:
    """Implements ``Workbooks``: rows as text, for those who build a package a hundred times."""

    def begin(self, file: IO[bytes], *, title: str, currency: str, created: int) -> PlainWorkbook:
        return PlainWorkbook(file, [title, currency, created])


class PlainWorkbook:
    """Implements ``Workbook``."""

    def __init__(self, file: IO[bytes], head: list[Any]) -> None:
        self._file = file
        self._lines: list[Any] = [head]

    def sheet(self, table: Table) -> None:
        self._lines.append([table.name, *table.columns])

    def add(self, table: Table, row: Row) -> None:
        self._lines.append([table.name, *row])

    def finish(self) -> None:
        self._file.write(json.dumps(self._lines).encode())

    def discard(self) -> None:
        pass
