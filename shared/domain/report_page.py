"""The closing report as a page that opens from disk, needs nothing beside itself, runs no script, and prints well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.domain import pictures
from shared.domain.money import legible
from shared.domain.package_tables import PieceSums, local_time, minute_rows, money_rows, title_of
from shared.domain.parties import Part

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #16211b; background: #fff; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.facts { color: #4b5a51; margin: .2rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid #d5ddd8; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.sum td { font-weight: 600; border-top: 2px solid #16211b; }
svg { width: 100%; height: auto; display: block; margin: .6rem 0; }
svg rect { fill: #1f7a4d; } svg line { stroke: #16211b; } svg text { font: 12px system-ui, sans-serif; fill: #16211b; }
@page { margin: 16mm; }
@media print {
  body { margin: 0; max-width: none; font-size: 11px; }
  h2 { break-after: avoid; } tr, svg { break-inside: avoid; } thead { display: table-header-group; }
  svg rect { fill: #000; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
_LINES: Final[Mapping[str, str]] = {
    "captured": "Money that came in",
    "never_an_order": "of it, for what could not become an order",
    "gross": "Gross: paid orders",
    "refunded": "Refunds of paid orders",
    "net": "Net",
    "fees": "Fees of the payment provider",
    "net_of_fees": "Net of fees",
    "given_back_in_all": "Money given back in all",
    "refunded_after_the_report": "of it, refunded after the books were closed",
    "on_its_way_back": "Money on its way back",
}
_NUMBERS: Final = ' class="n"'
_ALWAYS: Final = frozenset({"captured", "gross", "refunded", "net"})


def report_page(report: Mapping[str, Any], sums: PieceSums, parts: Sequence[Part]) -> str:
    """The whole page. What came from outside is escaped wherever it stands."""
    name = escape(report["name"])
    body = [*_head(report), *_money(report, sums), *_by_minute(report), *_by_offer(report)]
    body += [*_by_party(report, parts), *_soundness(report)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n"""
        f"<title>{name}: closing report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _head(report: Mapping[str, Any]) -> Iterable[str]:
    zone = ZoneInfo(report["time_zone"])
    begin, end = (local_time(report[name], zone) for name in ("starts_at", "ends_at"))
    yield f"<h1>{escape(report['name'])}</h1>"
    yield (
        f'<p class="facts">{escape(report["campaign"])} · {escape(report["status"])} · {begin} to {end}'
        f" ({escape(report['time_zone'])}) · {escape(report['channel'])}</p>"
    )


def _money(report: Mapping[str, Any], sums: PieceSums) -> Iterable[str]:
    yield "<h2>Money</h2>"
    yield "<table>"
    for name, amount, currency in money_rows(report, sums):
        if (amount or name in _ALWAYS) and (sums.fees or name != "net_of_fees"):
            kind = ' class="sum"' if name == "net" else ""
            shown = legible(_whole(amount), str(currency))
            yield f'<tr{kind}><td>{_LINES[str(name)]}</td><td class="n">{shown}</td></tr>'
    yield "</table>"


def _by_minute(report: Mapping[str, Any]) -> Iterable[str]:
    rows = minute_rows(report)
    grosses = [_whole(row[4]) for row in rows]
    labels = [str(row[1])[11:16] for row in rows]
    currency = report["totals"]["currency"]
    yield "<h2>By minute</h2>"
    if not rows:
        yield "<p>Nothing was sold.</p>"
        return
    top = f"{legible(max(grosses), currency)} in the best minute"
    yield pictures.columns(
        grosses, labels, title="Gross by minute, minutes without a sale left out", top=top
    )


def _by_offer(report: Mapping[str, Any]) -> Iterable[str]:
    totals = report["totals"]
    currency = totals["currency"]
    offers = sorted(totals["offers"], key=lambda offer: (-offer["gross"], offer["sku"]))
    yield "<h2>By offer</h2>"
    yield pictures.rows(
        [offer["gross"] for offer in offers[:20]],
        [title_of(offer) for offer in offers[:20]],
        [legible(offer["gross"], currency) for offer in offers[:20]],
        title="Gross by offer",
    )
    heads = ("SKU", "Offer", "Orders", "Units sold", "Left", "Gross", "Refunded", "Net")
    yield _table_head(heads, words=2)
    for offer in offers:
        net = offer["gross"] - offer["refunded"]
        numbers = [f"{offer['orders']:,}", f"{offer['units']['sold']:,}"]
        numbers.append(f"{offer['units']['available']:,}")
        numbers += [legible(each, currency) for each in (offer["gross"], offer["refunded"], net)]
        yield _row([offer["sku"], title_of(offer)], numbers)
    yield "</table>"


def _by_party(report: Mapping[str, Any], parts: Sequence[Part]) -> Iterable[str]:
    currency = report["totals"]["currency"]
    yield "<h2>By party</h2>"
    yield _table_head(("Party", "Name", "Share", "Gross", "Refunded", "Fees", "Net"), words=2)
    for part in parts:
        amounts = (part.gross, part.refunded, part.fees, part.net)
        numbers = [f"{part.share / 100:.2f} %", *(legible(each, currency) for each in amounts)]
        yield _row([part.role.replace("_", " "), part.party.name], numbers)
    yield "</table>"
    yield (
        '<p class="facts">Each column is divided by the shares to the minor unit; units that are left go to the largest'
        " remainders, so that it sums to the whole. Fees are by the campaign's terms with its payment provider.</p>"
    )


def _soundness(report: Mapping[str, Any]) -> Iterable[str]:
    found = report["reconciliation"]
    yield "<h2>Reconciliation</h2>"
    yield (
        f"<p>{found['blocks']:,} stock ledgers and {found['orders']:,} orders were compared with each other and with the"
        f" totals: {found['differences_found']:,} differences.</p>"
    )


def _table_head(heads: Sequence[str], *, words: int) -> str:
    cells = [
        f"<th{_NUMBERS if place >= words else ''}>{escape(head)}</th>"
        for place, head in enumerate(heads)
    ]
    return f"<table>\n<thead><tr>{''.join(cells)}</tr></thead>"


def _row(words: Sequence[str], numbers: Sequence[str]) -> str:
    cells = [f"<td>{escape(word)}</td>" for word in words]
    cells += [f'<td class="n">{escape(number)}</td>' for number in numbers]
    return f"<tr>{''.join(cells)}</tr>"


def _whole(value: object) -> int:
    """A cell that holds a number."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value
