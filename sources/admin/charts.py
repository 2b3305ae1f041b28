"""Charts drawn by the server, each with a table of the same numbers and links.

A column chart is SVG whose widths are per cents, so that its labels keep their size on a phone. A
bar chart is a table with a bar in each row. Each column or bar links to the records it counts.
Screen readers get the title, the total and the table. A page with a chart loads
`sources/charts.css`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.utils.text import slugify

from sources.admin.html import visible_bidi

HEIGHT = 200
"""Height of the columns of a chart with its dates, in CSS pixels."""

BELOW, ABOVE = 24, 10  # pixels for the dates below, and for half the number at the top
MIN_COLUMNS = 12  # room for this many; a single column is no wider than one of them
MAX_DATES = 5  # as many dates as fit below a chart on a phone
MAX_TICKS = 4  # numbers of the scale above zero
DIGIT = 8  # pixels of a digit of the scale, at most


@dataclass(frozen=True)
class Bar:
    """What is counted, the number in each series, and the URL of the list, if there is one.

    `more` is the value of a further column of the table, which is not drawn.
    """

    label: str
    values: Sequence[int]
    url: str = ""
    more: str = ""

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True)
class Series:
    """One colour of a chart: its name in the key, and the CSS class that fills it."""

    name: str
    fill: str = "bar-1"


def columns(
    rows: Sequence[Bar],
    label: str,
    *,
    series: Sequence[Series] = (Series("number"),),
    of: str = "",
    more: str = "",
    note: str = "",
) -> str:
    """The HTML of a chart with a column for each row, oldest first.

    `label` is the title, `series` names the values stacked in each column, `of` says what a row is
    ("week"), `more` heads the further column of the table, `note` is a remark below. Without data
    there is a sentence instead.
    """
    rows = [replace(row, label=visible_bidi(row.label)) for row in rows]
    greatest = max((row.total for row in rows), default=0)
    ticks = scale(greatest)
    return render_to_string(
        "sources/chart.html",
        {
            "key": f"chart-{slugify(label)}",
            "label": label,
            "rows": rows,
            "series": [replace(one, name=visible_bidi(one.name)) for one in series],
            "of": of,
            "more": more,
            "note": note,
            "greatest": f"{greatest:,}",
            "total": f"{sum(row.total for row in rows):,}" if greatest else "",
            "ticks": [{"number": f"{tick:,}", "y": f"{_y(tick, ticks[-1]):.1f}"} for tick in ticks],
            "scale_width": DIGIT * len(f"{ticks[-1]:,}") + 8,
            "columns": _columns(rows, series, ticks[-1]),
            "height": HEIGHT,
            "floor": HEIGHT - BELOW,
        },
    )


def scale(greatest: int) -> list[int]:
    """The numbers of an axis: from zero in steps of 1, 2 or 5, times a power of ten."""
    steps = (size * 10**power for power in range(20) for size in (1, 2, 5))
    step = next(step for step in steps if step * MAX_TICKS >= greatest)
    return list(range(0, max(greatest, 1) + step, step))[: MAX_TICKS + 1]


def _y(number: int, top: int) -> float:
    return ABOVE + (HEIGHT - BELOW - ABOVE) * (1 - number / top)


def _columns(rows: Sequence[Bar], series: Sequence[Series], top: int) -> list[dict]:
    places = max(len(rows), MIN_COLUMNS)
    step, every = 100 / places, -(-places // MAX_DATES)
    drawn = []
    for number, row in enumerate(rows):
        below, parts = 0, []
        for one, value in zip(series, row.values, strict=True):
            if value:
                y, floor = _y(below + value, top), _y(below, top)
                parts.append({"class": one.fill, "y": f"{y:.1f}", "height": f"{floor - y:.1f}"})
            below += value
        is_last = number == len(rows) - 1 and len(rows) >= MIN_COLUMNS
        drawn.append(
            {
                "row": row,
                "says": _in_words(row, series),
                "x": f"{number * step:.2f}%",
                "bar_x": f"{(number + 0.1) * step:.2f}%",
                "width": f"{0.8 * step:.2f}%",
                "whole": f"{step:.2f}%",
                "parts": parts,
                # The latest is labelled, and every so many before it
                "date": (len(rows) - 1 - number) % every == 0,
                "date_x": f"{(number + (0.9 if is_last else 0.5 if number else 0.1)) * step:.2f}%",
                "anchor": "end" if is_last else "middle" if number else "start",
            }
        )
    return drawn


def _in_words(row: Bar, series: Sequence[Series]) -> str:
    if len(series) == 1:
        return f"{row.label}: {row.total:,}"
    named = zip(row.values, series, strict=True)
    said = ", ".join(f"{n:,} {visible_bidi(one.name)}" for n, one in named if n) or "none"
    return f"{row.label}: {said}{f'; {row.more}' if row.more else ''}"


def bars(rows: Sequence[Bar], label: str, *, of: str, counted: str = "number") -> str:
    """The HTML of a table with a bar in each row, for records: the greatest number first.

    `of` heads the names, `counted` the numbers. Without data there is a sentence instead.
    """
    greatest = max((row.total for row in rows), default=0)
    return render_to_string(
        "sources/bars.html",
        {
            "key": f"chart-{slugify(label)}",
            "label": label,
            "of": of,
            "counted": counted,
            "rows": [
                {
                    "label": visible_bidi(row.label),
                    "url": row.url,
                    "number": f"{row.total:,}",
                    "width": f"{100 * row.total / greatest:.1f}%",
                }
                for row in rows
                if greatest
            ],
        },
    )
