"""The closing package: built once, whole or not at all, and the same bytes whoever dies on the way."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest

from shared.adapters.xlsx_workbooks import XlsxWorkbooks
from shared.domain import closing_package
from shared.domain.closing_package import piece_count, piece_name, shards_of
from shared.domain.errors import CampaignNotFound, CampaignState, PackageNotBuilt
from shared.domain.parties import Party
from shared.domain.payment_fee import FeeTerms
from shared.domain.tables import MARK, Table
from shared.table import ORDER_SHARDS
from shared.use_cases.read_package import PackageDesk
from tests.builders import MERCHANT
from tests.fakes import Crash
from tests.memory_packages import PlainWorkbooks
from tests.shop import SHIP_TO
from tests.theatre import GALA, HOLD, Theatre, an_offer
from tests.workbooks import Cell, read_workbook

PARTIES = {
    "promoter": Party('=HYPERLINK("https://evil.example")', 333),
    "seller_of_record": Party("<script>alert(1)</script>", 9_000),
    "channel": Party("Tmall", 667, "acct-7"),
}


def settled(**fields: Any) -> Theatre:
    """Two paid, one of them late; one given back; one that nobody paid. Its package is not built yet."""
    show = Theatre(parties=PARTIES, **fields)
    show.go_live()
    show.sell(2)
    show.sell(1, GALA)
    late = show.check_out(show.reserve())
    abandoned = show.check_out(show.reserve())
    show.wait(HOLD)
    show.beat()
    show.pay(late)
    show.close()
    show.beat()
    show.pay(abandoned)  # too late for good: it goes back
    assert show.reconcile()
    show.settle()
    return show


def contents(show: Theatre) -> dict[str, bytes]:
    package = show.records.package(show.id)
    assert package is not None
    return show.files.read(show.id, package)


def rows(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files[f"{name}.json"])
    return found


def cells(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    text = files[f"{name}.csv"].decode()
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))


def test_orders_payments_and_refunds_are_all_there_and_sum_to_the_report():
    show = settled()
    assert show.package().complete
    files = contents(show)
    orders, payments, refunds = (rows(files, name) for name in ("orders", "payments", "refunds"))
    report = json.loads(files["report.json"])

    assert sorted(order["state"] for order in orders) == ["paid", "paid", "paid", "refunded"]
    assert [order["paid_late"] for order in orders].count(True) == 1
    assert sum(each["amount"] for each in payments) == report["orders"]["captured"]
    assert sum(each["amount"] for each in refunds) == report["orders"]["given_back"] == 9900
    (given_back,) = refunds
    assert (given_back["reason"], given_back["was_an_order"]) == ("campaign_closed", False)
    money = {row["figure"]: row["amount"] for row in rows(files, "money")}
    assert money["captured"] - money["never_an_order"] == money["gross"] == 3 * 9900 + 5000
    assert money["gross"] - money["refunded"] == money["net"]
    assert (money["refunded_after_the_report"], money["on_its_way_back"]) == (0, 0)
    assert sum(row["gross"] for row in rows(files, "offers")) == money["gross"]
    assert sum(row["gross"] for row in rows(files, "minutes")) == money["gross"]
    assert report == show.report()


def test_each_party_gets_its_part_and_the_parts_are_the_whole():
    show = settled()
    show.package()
    parties = rows(contents(show), "parties")
    gross = 3 * 9900 + 5000
    assert [party["role"] for party in parties] == ["promoter", "seller_of_record", "channel"]
    assert [party["share_basis_points"] for party in parties] == [333, 9_000, 667]
    assert sum(party["gross"] for party in parties) == gross
    for party in parties:
        assert abs(party["gross"] - gross * party["share_basis_points"] / 10_000) < 1


def test_fees_are_those_of_every_payment_and_are_taken_off_what_the_parties_keep():
    show = settled(payment_fee=FeeTerms(290, 30))
    show.package()
    files = contents(show)
    payments, parties = rows(files, "payments"), rows(files, "parties")
    money = {row["figure"]: row["amount"] for row in rows(files, "money")}

    # 2.9 % of 50.00 is 1.45, of 99.00 2.871, of 198.00 5.742. What went back has cost its fee too.
    assert sorted(each["fee"] for each in payments) == [145 + 30, 287 + 30, 287 + 30, 574 + 30]
    fees = sum(each["fee"] for each in payments)
    assert (money["fees"], money["net_of_fees"]) == (fees, money["net"] - fees)
    assert sum(party["fees"] for party in parties) == fees
    assert sum(party["net"] for party in parties) == money["net_of_fees"]
    assert "Net of fees" in files["report.html"].decode()


def test_csv_says_what_json_says_in_decimals_and_runs_nothing():
    show = settled()
    show.package()
    files = contents(show)
    for name in (
        "orders",
        "payments",
        "refunds",
        "money",
        "totals",
        "offers",
        "minutes",
        "parties",
    ):
        assert len(cells(files, name)) == len(rows(files, name)), name
    for cell, row in zip(cells(files, "orders"), rows(files, "orders"), strict=True):
        assert cell["order"] == row["order"]
        assert round(float(cell["amount"]) * 100) == row["amount"]
    assert cells(files, "parties")[0]["name"] == '\'=HYPERLINK("https://evil.example")'


def test_the_workbooks_say_what_the_tables_say_with_types():
    show = settled()
    show.package()
    files = contents(show)
    report, orders = read_workbook(files["report.xlsx"]), read_workbook(files["orders.xlsx"])
    assert list(report) == ["about", "money", "totals", "offers", "minutes", "parties"]
    assert list(orders) == ["orders", "payments", "refunds"]
    zone = show.campaign.time_zone
    about = {row[0].value: row[1].value for row in report["about"][1:]}
    assert (about["campaign"], about["time_zone"]) == (show.id, zone)
    for name, sheet in [*list(report.items())[1:], *orders.items()]:
        head = [cell.value for cell in sheet[0]]
        told = rows(files, name)
        assert len(sheet) == len(told) + 1, name
        for row, cells_of in zip(told, sheet[1:], strict=True):
            assert list(row) == head
            for (column, value), cell in zip(row.items(), cells_of, strict=True):
                assert says(cell, value, column in MONEY), (name, column, value, cell)
    assert {row["time_zone"] for row in rows(files, "orders")} == {zone}
    (first,) = {cell.format for cell in sheet_column(orders["orders"], "amount")}
    assert first == "#,##0.00"
    assert {cell.kind for cell in sheet_column(orders["orders"], "created_local")} == {"date"}
    assert {cell.kind for cell in sheet_column(orders["orders"], "sku")} == {"text"}


MONEY = {
    *("list_price", "unit_price", "amount", "captured", "refunded", "fee", "gross", "net", "fees"),
}


def sheet_column(sheet: list[list[Cell]], name: str) -> list[Cell]:
    at = [cell.value for cell in sheet[0]].index(name)
    return [row[at] for row in sheet[1:]]


def says(cell: Cell, value: Any, is_money: bool) -> bool:
    if value is None:
        return cell.kind == "empty"
    if isinstance(value, bool):
        return (cell.kind, cell.value) == ("boolean", value)
    if isinstance(value, int):
        return (cell.kind, cell.value) == ("number", value / 100 if is_money else value)
    if cell.kind == "date":
        return datetime.fromisoformat(value).replace(tzinfo=None) == cell.value
    return (cell.kind, cell.value) == ("text", value)


@pytest.mark.parametrize(
    ("currency", "minor", "cell"),
    [
        ("CNY", 13_167_000, Cell("number", 131670.0, "#,##0.00")),
        ("JPY", 131_670, Cell("number", 131670.0, "#,##0")),
        ("KWD", -1_234, Cell("number", -1.234, "#,##0.000")),
        ("CNY", 10**15, Cell("text", "10000000000000.00", "@")),
    ],
)
def test_an_amount_is_a_number_with_the_decimals_of_its_currency(
    currency: str, minor: int, cell: Cell
):
    assert workbook_of(currency, ("x", minor))[1][1] == cell


@pytest.mark.parametrize(
    "text",
    ["007", "3-12", "MAR1", "1E5", "=1+1", "{=1}", "http://x.cn", "TRUE", " a ", "<&>", "富"],
)
def test_text_stays_text_in_a_workbook(text: str):
    assert workbook_of("CNY", (text, 1))[1][0] == Cell("text", text, "@")


def workbook_of(currency: str, row: tuple[str, int]) -> list[list[Cell]]:
    table = Table("t", ("name", "amount"), frozenset({"amount"}))
    file = BytesIO()
    book = XlsxWorkbooks().begin(file, title="T", currency=currency, created=0)
    book.sheet(table)
    book.add(table, row)
    book.finish()
    return read_workbook(file.getvalue())["t"]


def test_nothing_of_the_package_tells_who_bought():
    show = settled()
    show.package()
    files = contents(show)
    books = {name: data for name, data in files.items() if name.endswith(".xlsx")}
    assert sorted(books) == ["orders.xlsx", "report.xlsx"]
    everything = b"".join(data for name, data in files.items() if name not in books).decode()
    everything += str([read_workbook(data) for data in books.values()])
    order = next(show.orders.all(show.id))
    # The city is the name of the campaign's time zone too.
    address = [value for name, value in SHIP_TO.items() if name not in ("city", "country")]
    for secret in (order.buyer, order.request, order.fingerprint, *map(str, address)):
        assert secret not in everything


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_opens_from_disk_runs_nothing_loads_nothing_and_shows_pictures():
    show = settled()
    show.package()
    page = Page(contents(show)["report.html"].decode())
    assert page.tags.count("svg") == 2
    assert {"script", "img", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name in {"src", "href"} or name[:2] == "on"]
    assert "<script>alert(1)</script>" in page.text  # as text, where a party is named so
    assert "347.00 CNY" in page.text
    assert "@media print" in page.text


def test_a_campaign_that_sold_nothing_has_a_package_too():
    show = Theatre()
    show.go_live()
    assert show.run_to_the_end()
    files = contents(show)
    assert rows(files, "orders") == rows(files, "minutes") == []
    assert rows(files, "parties")[1]["role"] == "seller_of_record"
    assert "Nothing was sold." in files["report.html"].decode()


# -- once ----------------------------------------------------------------------------------------------


def test_a_second_run_gives_the_same_bytes_and_writes_nothing():
    show = settled()
    show.package()
    package, kept = show.records.package(show.id), dict(show.files.kept)
    calls = len(show.files.calls)
    show.wait(86_400)
    show.restart()
    assert show.package().complete
    assert show.records.package(show.id) == package
    assert (show.files.kept, len(show.files.calls)) == (kept, calls)


def test_whoever_dies_at_whatever_moment_the_next_one_makes_the_same_package(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(closing_package, "ORDERS_IN_A_PIECE", 1)
    undisturbed = settled()
    undisturbed.workbooks = PlainWorkbooks()
    moments: list[str] = []
    undisturbed.watch(moments.append)
    undisturbed.package()
    wanted = undisturbed.records.package(undisturbed.id)
    assert len(undisturbed.records.pieces) == 4
    for moment in range(len(moments)):
        show = settled()
        show.workbooks = PlainWorkbooks()
        left = iter(range(moment, -1, -1))

        def die(what: str, left: Any = left) -> None:
            if next(left, None) == 0:
                raise Crash(what)

        show.watch(die)
        with pytest.raises(Crash):
            show.package()
        show.watch(lambda _: None)

        assert show.package().complete

        assert show.records.package(show.id) == wanted
        assert show.campaign.finished


def test_an_order_that_changes_between_two_pieces_does_not_change_what_was_written(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(closing_package, "ORDERS_IN_A_PIECE", 1)
    show = settled()
    assert not show.package(seconds=0).complete
    before = show.records.piece(show.id, 0)
    for place, order in list(show.orders.kept.items()):
        if order.paid_at is not None:
            show.orders.kept[place] = replace(order, refunded=100, refunded_after=100)
    while not show.package(seconds=0).complete:
        pass
    files = contents(show)
    assert show.records.piece(show.id, 0) == before
    refunded = [
        row["amount"]
        for name in files
        if name.startswith("refunds") and name.endswith(".json")
        for row in json.loads(files[name])
        if row["was_an_order"]
    ]
    money = {row["figure"]: row["amount"] for row in rows(files, "money")}
    # What went back after the close is in no books: it is only told that it did.
    assert (refunded, money["refunded"]) == ([], 0)
    assert money["refunded_after_the_report"] > 0


def test_each_call_goes_on_where_the_last_one_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(closing_package, "ORDERS_IN_A_PIECE", 1)
    show = settled()
    steps = [show.package(seconds=0) for _ in range(4)]
    assert [(step.complete, step.pieces) for step in steps] == [
        (False, 1),
        (False, 2),
        (False, 3),
        (True, 4),
    ]


def test_a_campaign_is_finished_once_its_package_is_whole_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
):
    """Until then the sweeper sees to it that somebody goes on."""
    monkeypatch.setattr(closing_package, "ORDERS_IN_A_PIECE", 2)
    show = settled()
    assert show.campaign.is_unfinished
    assert not show.package(seconds=0).complete
    assert show.campaign.is_unfinished
    assert show.package().complete
    finished = show.campaign
    assert not finished.is_unfinished
    version = finished.version
    assert show.package().complete
    assert show.campaign.version == version


def test_orders_that_say_otherwise_than_the_report_make_no_package():
    show = settled()
    place, order = next(
        (place, order) for place, order in show.orders.kept.items() if order.paid_at is not None
    )
    show.orders.kept[place] = replace(order, amount=order.amount + 1)
    with pytest.raises(CampaignState, match="by the orders"):
        show.package()
    assert show.records.package(show.id) is None


def test_nothing_is_kept_of_what_was_only_rehearsed():
    show = Theatre(rehearsal_of="cmp_" + "c" * 16)
    show.go_live()
    assert show.package().complete
    assert show.campaign.finished
    assert not show.files.kept


def test_before_the_books_are_settled_there_is_no_package():
    show = Theatre()
    show.go_live()
    with pytest.raises(CampaignState, match="not settled"):
        show.package()


# -- pieces and links ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orders", "pieces"),
    [(0, 1), (50_000, 1), (50_001, 2), (100_001, 4), (400_000, 8), (1_000_000, 16), (10**8, 16)],
)
def test_pieces_hold_all_shards_once_whatever_their_number(orders: int, pieces: int):
    assert piece_count(orders) == pieces
    shards = [shard for number in range(pieces) for shard in shards_of(number, pieces)]
    assert shards == list(range(ORDER_SHARDS))


def test_pieces_are_named_by_their_place():
    assert piece_name("orders", "csv", 0, 1) == "orders.csv"
    assert piece_name("orders", "csv", 2, 16) == "orders-03-of-16.csv"


def test_links_lead_to_every_file_of_the_package_and_are_for_its_merchant_only():
    show = settled()
    desk = PackageDesk(show.campaigns, show.records, show.files, lambda: show.now)
    with pytest.raises(PackageNotBuilt):
        desk.links(show.id, MERCHANT)
    show.package()
    links = desk.links(show.id, MERCHANT)
    names = {file["name"] for file in links["files"]}
    assert names == {"manifest.json", "manifest.json.sig", *contents(show)}
    for file in links["files"]:
        data = show.files.kept[show.id, file["sha256"], file["name"]]
        assert len(data) == file["size"]
        assert file["sha256"] in file["url"]
    with pytest.raises(CampaignNotFound):
        desk.links(show.id, "mer_other")


def test_an_offer_without_an_english_title_is_named_in_the_language_it_has():
    show = settled(
        offers=(
            replace(an_offer(), title={"zh": "富士苹果"}),
            replace(an_offer(GALA, 5, 5000), title={"fr": "Gala", "en": "Gala, box"}),
        )
    )
    show.package()
    titles = [row["title"] for row in rows(contents(show), "offers")]
    assert titles == ["富士苹果", "Gala, box"]
