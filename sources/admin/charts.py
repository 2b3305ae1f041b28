"""Bar charts as SVG, drawn by the server, each with a table of the same numbers and links.

Each bar links to the records it counts. Screen readers get the title, the total and the table. A
page with a chart loads `sources/charts.css`; the class `bar-1` colours the first series, and so on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.utils.text import slugify

from sources.admin.html import visible_bidi

WIDTH, HEIGHT = 640, 200
"""Size in SVG units; the chart scales to the width of the page."""

BELOW, ABOVE = 24, 16  # room for column labels, and for the largest number
ROW, NAMES = 26, 220  # height of a horizontal bar, and width of the names before it
MIN_COLUMNS = 12  # room for this many; a single column is no wider than one of them
MAX_LABELS = 9  # of columns; with more columns, every second or third is labelled


@dataclass(frozen=True)
class Bar:
    """What is counted, the number in each series, and the URL of the list, if there is one."""

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
    horizontal: bool = False,
    note: str = "",
) -> str:
    """The HTML of a chart, with vertical bars or (`horizontal`) one below the other.

    `label` is the title, `series` names the values stacked in each bar, `of` says what a row is
    ("week"), `note` is a remark below. Without data there is a sentence instead.
    """
    rows = [replace(row, label=visible_bidi(row.label)) for row in rows]
    greatest = max((row.total for row in rows), default=0)
    draw = _horizontal if horizontal else _vertical
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
            "horizontal": horizontal,
            "drawn": [
                {**bar, "row": row, "says": _in_words(row, series)}
                for row, bar in zip(rows, draw(rows, max(greatest, 1)), strict=True)
            ],
            "width": WIDTH,
            "height": len(rows) * ROW if horizontal else HEIGHT,
            "floor": HEIGHT - BELOW,
            "top": ABOVE,
        },
    )


def _in_words(row: Bar, series: Sequence[str]) -> str:
    if len(series) == 1:
        return f"{row.label}: {row.total:,}"
    named = zip(row.values, series, strict=True)
    return f"{row.label}: " + (", ".join(f"{n:,} {name}" for n, name in named if n) or "none")


def _vertical(rows: Sequence[Bar], greatest: int) -> list[dict]:
    step = WIDTH / max(len(rows), MIN_COLUMNS)
    scale = (HEIGHT - BELOW - ABOVE) / greatest
    every = -(-len(rows) // MAX_LABELS)
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


def _horizontal(rows: Sequence[Bar], greatest: int) -> list[dict]:
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
