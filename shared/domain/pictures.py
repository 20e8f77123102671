"""Pictures of a report as SVG inside the page: no script, no font, no file beside it. Black on white prints too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 720
_HEIGHT: Final = 200
_FOOT: Final = 22
_ROW: Final = 30
_NAMES: Final = 200


def columns(heights: Sequence[int], labels: Sequence[str], *, title: str, top: str) -> str:
    """
    One column a number, from left to right, the first and the last labelled.

    ``top``: what the highest is worth; ``title``: what is shown, for those who do not see it.
    """
    highest = max(heights, default=0) or 1
    step = WIDTH / max(len(heights), 1)
    room = _HEIGHT - 2 * _FOOT
    bars = [
        f'<rect x="{place * step:.2f}" y="{_FOOT + room - height * room / highest:.2f}"'
        f' width="{max(step - 1, 0.6):.2f}" height="{height * room / highest:.2f}">'
        f"<title>{escape(label)}</title></rect>"
        for place, (height, label) in enumerate(zip(heights, labels, strict=True))
        if height > 0
    ]
    base = _HEIGHT - _FOOT
    marks = [
        f'<line x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>',
        f'<text x="0" y="14">{escape(top)}</text>',
    ]
    if labels:
        marks.append(f'<text x="0" y="{_HEIGHT - 5}">{escape(labels[0])}</text>')
    if len(labels) > 1:
        marks.append(
            f'<text x="{WIDTH}" y="{_HEIGHT - 5}" text-anchor="end">{escape(labels[-1])}</text>'
        )
    return _picture(_HEIGHT, title, [*bars, *marks])


def rows(
    lengths: Sequence[int], names: Sequence[str], amounts: Sequence[str], *, title: str
) -> str:
    """One bar a number, from top to bottom, each with its name before it and its amount after it."""
    longest = max(lengths, default=0) or 1
    room = WIDTH - _NAMES - 150
    bars = []
    for place, (length, name, amount) in enumerate(zip(lengths, names, amounts, strict=True)):
        y, end = place * _ROW, _NAMES + max(length, 0) * room / longest
        bars += [
            f'<text x="0" y="{y + 20}">{escape(shortened(name))}</text>',
            f'<rect x="{_NAMES}" y="{y + 6}" width="{end - _NAMES:.2f}" height="18"/>',
            f'<text x="{end + 8:.2f}" y="{y + 20}">{escape(amount)}</text>',
        ]
    return _picture(max(len(lengths), 1) * _ROW, title, bars)


def shortened(name: str, most: int = 26) -> str:
    """A name that fits before its bar."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _picture(height: int, title: str, parts: Sequence[str]) -> str:
    shown = escape(title, quote=True)
    inside = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{shown}">\n{inside}\n</svg>\n'
    )
