"""
Build the closing package of a settled campaign: once, in pieces, whoever dies on the way.

Orders are read after the books were closed, and some may have changed by then: delivered, or given back. So what was
written first stands. A piece's files are kept under their own digests and then recorded, unless somebody was first;
everything after that is made from the records and from the report. Whoever dies before a record leaves files that nobody
asks for; whoever repeats a step finds what stands; two who build at once build one package. So the bytes are the same ever
after. Last of all the campaign says that it is finished: until then the sweeper has somebody go on.

One order is in memory at a time: rows go to files on disk, and from there to where they are kept.
"""

from __future__ import annotations

import hashlib
import json
from base64 import encodebytes
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from tempfile import TemporaryFile
from typing import Any, Final, Self

from shared.clock import elapsed
from shared.domain import package_tables as tables
from shared.domain.campaign import Campaign
from shared.domain.closing_package import (
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    Package,
    PackageFile,
    Piece,
    disagreements,
    manifest,
    piece_count,
    piece_name,
    shards_of,
)
from shared.domain.errors import CampaignState
from shared.domain.parties import Part, divide
from shared.domain.report_page import report_page
from shared.domain.tables import Row, Table, document
from shared.use_cases.order_ports import Orders
from shared.use_cases.package_ports import PackageFiles, PackageRecords, Signer, Workbooks
from shared.use_cases.ports import Campaigns
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.totals_ports import TotalsStore

REPORT_BOOK: Final = "report.xlsx"
_CHUNK: Final = 256
"""Rows that are written to disk at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a package is."""

    complete: bool
    pieces: int
    """That are kept."""
    of: int


@dataclass(frozen=True, slots=True)
class PackageBuilder:
    """Builds packages."""

    campaigns: Campaigns
    totals: TotalsStore
    orders: Orders
    records: PackageRecords
    files: PackageFiles
    signer: Signer
    workbooks: Workbooks
    elapsed: Callable[[], float] = elapsed

    def build(self, campaign_id: str, *, seconds: float) -> Progress:
        """
        Go on building for about so long, and for one piece at least. Nothing happens if the package is whole.

        ``CampaignState`` if the campaign is not settled, or if its orders say otherwise than its report; ``StoreBusy``.
        """
        ends = self.elapsed() + seconds
        campaign = self.campaigns.get(campaign_id)
        if campaign.rehearsal_of is not None:
            # Nothing of a rehearsal is kept, least of all under a lock of years.
            change_campaign(self.campaigns, campaign_id, _finished)
            return Progress(complete=True, pieces=0, of=0)
        report, version = self._settled(campaign)
        count = piece_count(report["orders"]["placed"])
        if self.records.package(campaign_id) is not None:
            change_campaign(self.campaigns, campaign_id, _finished, by="package_campaign")
            return Progress(complete=True, pieces=count, of=count)
        pieces: list[Piece] = []
        built = 0
        for number in range(count):
            piece = self.records.piece(campaign_id, number)
            if piece is None:
                if built and self.elapsed() >= ends:
                    return Progress(complete=False, pieces=number, of=count)
                piece = self._build_piece(campaign, number, count)
                built += 1
            pieces.append(piece)
        self._finish(campaign, report, version, pieces)
        change_campaign(self.campaigns, campaign_id, _finished, by="package_campaign")
        return Progress(complete=True, pieces=count, of=count)

    def _settled(self, campaign: Campaign) -> tuple[Mapping[str, Any], int]:
        """The closing report, and the version of the totals that it agrees with."""
        last, report = self.totals.current(campaign.id), self.totals.report(campaign.id)
        if last is None or report is None or not last.complete:
            raise CampaignState("Its books are not settled.", status=campaign.status.value)
        found: Mapping[str, Any] = json.loads(report)
        return found, last.version

    # -- pieces ------------------------------------------------------------------------------------

    def _build_piece(self, campaign: Campaign, number: int, count: int) -> Piece:
        sums = tables.PieceSums()
        with ExitStack() as open_files:
            drafts = {
                table: [
                    open_files.enter_context(
                        Draft(piece_name(table.name, kind, number, count), table, campaign.currency)
                    )
                    for kind in ("csv", "json")
                ]
                for table in tables.BY_ORDER
            }
            sheets = open_files.enter_context(
                SheetDraft(
                    piece_name("orders", "xlsx", number, count),
                    tables.BY_ORDER,
                    campaign,
                    self.workbooks,
                )
            )
            of_piece = self.orders.with_refunds(campaign.id, shards_of(number, count))
            for order, refunds in of_piece:
                sums.enter(order, campaign.payment_fee)
                for table, row in tables.rows_of(
                    order, refunds, campaign.payment_fee, campaign.time_zone
                ):
                    sheets.add(table, row)
                    for draft in drafts[table]:
                        draft.add(row)
            kept = [
                draft.keep(self.files, campaign.id) for pair in drafts.values() for draft in pair
            ]
            kept.append(sheets.keep(self.files, campaign.id))
        return self.records.keep_piece(campaign.id, number, Piece(tuple(kept), sums))

    # -- the whole ---------------------------------------------------------------------------------

    def _finish(
        self, campaign: Campaign, report: Mapping[str, Any], version: int, pieces: list[Piece]
    ) -> None:
        sums = tables.PieceSums()
        for piece in pieces:
            sums += piece.sums
        differing = disagreements(report, sums)
        if differing:
            raise CampaignState(
                f"Its orders say otherwise than its report: {'; '.join(differing[:5])}.",
                status=campaign.status.value,
            )
        key = self.signer.public_key()
        whole = _whole(campaign, report, sums)
        made = dict(_summary(campaign, report, sums, whole))
        made[PUBLIC_KEY] = _pem(key), None
        listed = [self._keep(campaign.id, name, text, rows) for name, (text, rows) in made.items()]
        about = tables.ABOUT, tables.about_rows(report, version)
        listed.append(self._keep_workbook(campaign, [about, *whole]))
        listed += [file for piece in pieces for file in piece.files]
        digest = hashlib.sha256(key).hexdigest()
        text = manifest(report, version=version, files=listed, key_sha256=digest)
        signature = self.signer.sign(hashlib.sha256(text.encode()).digest())
        self._keep(campaign.id, MANIFEST, text)
        self._keep(campaign.id, SIGNATURE, signature)
        self.records.keep_package(campaign.id, Package(text, signature, _pem(key)))

    def _keep_workbook(
        self, campaign: Campaign, sheets: list[tuple[Table, list[Row]]]
    ) -> PackageFile:
        with SheetDraft(
            REPORT_BOOK, [table for table, _ in sheets], campaign, self.workbooks
        ) as book:
            for table, rows in sheets:
                for row in rows:
                    book.add(table, row)
            return book.keep(self.files, campaign.id)

    def _keep(
        self, campaign_id: str, name: str, content: str | bytes, rows: int | None = None
    ) -> PackageFile:
        data = content if isinstance(content, bytes) else content.encode()
        file = file_of(name, data, rows)
        self.files.keep(campaign_id, file, BytesIO(data))
        return file


def _finished(campaign: Campaign) -> Campaign:
    return campaign if campaign.finished else campaign.changed(finished=True)


def file_of(name: str, data: bytes, rows: int | None = None) -> PackageFile:
    """What a manifest says of bytes."""
    return PackageFile(name, hashlib.sha256(data).hexdigest(), len(data), rows)


def _whole(
    campaign: Campaign, report: Mapping[str, Any], sums: tables.PieceSums
) -> list[tuple[Table, list[Row]]]:
    """The tables of the whole campaign."""
    return [
        (tables.MONEY, tables.money_rows(report, sums)),
        (tables.TOTALS, tables.totals_rows(report)),
        (tables.OFFERS, tables.offer_rows(report)),
        (tables.MINUTES, tables.minute_rows(report)),
        (
            tables.PARTIES,
            tables.party_rows(_parts(campaign, report, sums), report["totals"]["currency"]),
        ),
    ]


def _parts(campaign: Campaign, report: Mapping[str, Any], sums: tables.PieceSums) -> Sequence[Part]:
    return divide(
        campaign.parties,
        gross=report["totals"]["gross"],
        refunded=sums.refunded,
        fees=sums.fees,
    )


def _summary(
    campaign: Campaign,
    report: Mapping[str, Any],
    sums: tables.PieceSums,
    whole: list[tuple[Table, list[Row]]],
) -> Iterable[tuple[str, tuple[str, int | None]]]:
    """The texts that are made from the report: their names, contents and rows."""
    currency = report["totals"]["currency"]
    yield "report.html", (report_page(report, sums, _parts(campaign, report, sums)), None)
    yield "report.json", (document(report), None)
    for table, rows in whole:
        yield f"{table.name}.csv", (table.csv(rows, currency), len(rows))
        yield f"{table.name}.json", (table.json(rows), len(rows))


def _pem(key: bytes) -> str:
    """RFC 7468."""
    lines = encodebytes(key).decode().replace("\n", "")
    wrapped = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{wrapped}\n-----END PUBLIC KEY-----\n"


class Draft:
    """A table's file while it is written: on disk, digested on the way. By the end of its name, CSV or JSON."""

    def __init__(self, name: str, table: Table, currency: str) -> None:
        self._name = name
        self._table = table
        self._currency = currency
        self._is_csv = name.endswith(".csv")
        self._digest = hashlib.sha256()
        self._size = self._rows = 0
        self._waiting: list[str] = []

    def __enter__(self) -> Self:
        self._file = TemporaryFile()
        self._write(self._table.csv_head if self._is_csv else "[\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """One row more."""
        if self._is_csv:
            self._waiting.append(self._table.csv_line(row, self._currency))
        else:
            self._waiting.append((",\n" if self._rows else "") + self._table.json_row(row))
        self._rows += 1
        if len(self._waiting) >= _CHUNK:
            self._write()

    def keep(self, files: PackageFiles, campaign_id: str) -> PackageFile:
        """Hand the file over to those who keep it."""
        self._write("" if self._is_csv else "\n]\n")
        self._file.flush()
        self._file.seek(0)
        file = PackageFile(self._name, self._digest.hexdigest(), self._size, self._rows)
        files.keep(campaign_id, file, self._file)
        return file

    def _write(self, more: str = "") -> None:
        data = ("".join(self._waiting) + more).encode()
        self._waiting.clear()
        self._digest.update(data)
        self._size += len(data)
        self._file.write(data)


class SheetDraft:
    """A workbook's file while it is written: on disk, a row of each sheet at a time. Its rows are those of all sheets."""

    def __init__(
        self, name: str, sheets: Iterable[Table], campaign: Campaign, workbooks: Workbooks
    ) -> None:
        self._name = name
        self._rows = 0
        self._sheets = sheets
        self._campaign = campaign
        self._workbooks = workbooks

    def __enter__(self) -> Self:
        self._file = TemporaryFile()
        self._book = self._workbooks.begin(
            self._file,
            title=f"{self._campaign.name} ({self._campaign.id})",
            currency=self._campaign.currency,
            # Fixed, so that a second run gives the same bytes.
            created=self._campaign.ends_at,
        )
        for table in self._sheets:
            self._book.sheet(table)
        return self

    def __exit__(self, *_: object) -> None:
        self._book.discard()
        self._file.close()

    def add(self, table: Table, row: Row) -> None:
        """One row more."""
        self._book.add(table, row)
        self._rows += 1

    def keep(self, files: PackageFiles, campaign_id: str) -> PackageFile:
        """Hand the file over to those who keep it."""
        self._book.finish()
        size = self._file.seek(0, SEEK_END)
        self._file.seek(0)
        digest = hashlib.file_digest(self._file, "sha256").hexdigest()
        self._file.seek(0)
        file = PackageFile(self._name, digest, size, self._rows)
        files.keep(campaign_id, file, self._file)
        return file
