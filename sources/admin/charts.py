"""Charts drawn by the server: bars in SVG, with the figures in a table below them.

The drawing can be pointed at, and says its title and sum to a screen reader; each bar of it links
to what it counts. Whoever reads the table has the same figures and links there. A page that shows a
chart loads `sources/charts.css`. Colours are by class: `bar-1` for the first series, and so on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.utils.text import slugify

from sources.admin.html import visible_bidi

WIDTH, HEIGHT = 640, 200
"""Of the drawing, in its own units: it is shown as wide as its place allows."""

BELOW, ABOVE = 24, 16  # room for the labels of columns, and for the greatest figure
ROW, NAMES = 26, 220  # the height of a lying bar, and the room for names before it
FEWEST = 12
"""Columns that there is room for at least: one alone is no wider than one of these."""

LABELS = 9
"""Columns that are labelled at most: of more, every second, third and so on."""


@dataclass(frozen=True)
class Bar:
    """What is counted, how many of each series, and where they are listed (a URL or nothing)."""

    label: str
    values: Sequence[int]
    url: str = ""

    @property
    def total(self) -> int:
        return sum(self.values)


def bars(
    rows: Sequence[Bar],
    label: str,
    *,
    series: Sequence[str] = ("number",),
    of: str = "",
    lying: bool = False,
    note: str = "",
) -> str:
    """A chart of these rows as HTML: columns side by side, or bars that lie one below the other.

    `label` is its title, `series` names the values that are stacked in each bar, `of` says what the
    rows are ("week"), `note` what else is to be known of the figures. No rows make a sentence.
    """
    rows = [replace(row, label=visible_bidi(row.label)) for row in rows]
    greatest = max((row.total for row in rows), default=0)
    draw = _lying if lying else _standing
    return render_to_string(
        "sources/chart.html",
        {
            "key": f"chart-{slugify(label)}",
            "label": label,
            "rows": rows,
            "series": [(f"bar-{number}", name) for number, name in enumerate(series, 1)],
            "of": of,
            "note": note,
            "greatest": f"{greatest:,}",
            "total": f"{sum(row.total for row in rows):,}" if greatest else "",
            "lying": lying,
            "drawn": [
                {**bar, "row": row, "says": _in_words(row, series)}
                for row, bar in zip(rows, draw(rows, max(greatest, 1)), strict=True)
            ],
            "width": WIDTH,
            "height": len(rows) * ROW if lying else HEIGHT,
            "floor": HEIGHT - BELOW,
            "top": ABOVE,
        },
    )


def _in_words(row: Bar, series: Sequence[str]) -> str:
    if len(series) == 1:
        return f"{row.label}: {row.total:,}"
    named = zip(row.values, series, strict=True)
    return f"{row.label}: " + (", ".join(f"{n:,} {name}" for n, name in named if n) or "none")


def _standing(rows: Sequence[Bar], greatest: int) -> list[dict]:
    step = WIDTH / max(len(rows), 1)
    scale = (HEIGHT - BELOW - ABOVE) / greatest
    every = -(-len(rows) // LABELS)
    drawn = []
    for number, row in enumerate(rows):
        at, parts = HEIGHT - BELOW, []
        for series, value in enumerate(row.values, 1):
            height = value * scale
            at -= height
            if value:
                parts.append(
                    {"class": f"bar-{series}", "y": f"{at:.1f}", "height": f"{height:.1f}"}
                )
        x = number * step
        drawn.append(
            {
                "x": f"{x:.1f}",
                "bar_x": f"{x + step * 0.1:.1f}",
                "width": f"{step * 0.8:.1f}",
                "whole": f"{step:.1f}",
                "middle": f"{x + step / 2:.1f}",
                "parts": parts,
                "is_labelled": number % every == 0,
            }
        )
    return drawn


def _lying(rows: Sequence[Bar], greatest: int) -> list[dict]:
    room = WIDTH - NAMES - 60  # for the figure after the bar
    drawn = []
    for number, row in enumerate(rows):
        at, parts = NAMES, []
        for series, value in enumerate(row.values, 1):
            width = value * room / greatest
            if value:
                parts.append({"class": f"bar-{series}", "x": f"{at:.1f}", "width": f"{width:.1f}"})
            at += width
        drawn.append(
            {
                "name": row.label if len(row.label) <= 32 else f"{row.label[:31]}…",
                "y": number * ROW,
                "bar_y": number * ROW + 4,
                "text_y": number * ROW + 17,
                "name_x": NAMES - 8,
                "end": f"{at + 6:.1f}",
                "figure": f"{row.total:,}",
                "parts": parts,
            }
        )
    return drawn
