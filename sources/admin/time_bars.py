"""Date ranges drawn as bars on a common time scale; partial dates stay uncertain.

A range is up to three bars. From the latest possible start to the earliest possible end it is
certain; before and after that it is possible. If the start or the end is unknown, nothing is
certain and the bar runs to the edge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sources.dates import PartialDate

type DateRange = tuple[PartialDate | None, PartialDate | None]

MAX_TICKS = 6


@dataclass(frozen=True)
class TimeBar:
    """Position and width in per cent; `sure` or possible; `open` bars run to an edge."""

    x: str
    width: str
    sure: bool
    open: bool = False


@dataclass(frozen=True)
class Tick:
    x: str
    year: int


class TimeScale:
    """A scale of whole years that spans these ranges and today."""

    def __init__(self, ranges: Iterable[DateRange], today: date):
        known = [edge for range_ in ranges for edge in range_ if edge]
        self.first = min((edge.first for edge in known), default=today).replace(month=1, day=1)
        latest = max([today, *(edge.last for edge in known)])
        self.last = latest.replace(month=12, day=31)

    @property
    def ticks(self) -> list[Tick]:
        years = self.last.year - self.first.year + 1
        sizes = (size * power for power in (1, 10, 100, 1000) for size in (1, 2, 5))
        step = next(step for step in sizes if years / step <= MAX_TICKS)
        begin = -(-self.first.year // step) * step
        return [
            Tick(self._percent(self._at(date(year, 1, 1))), year)
            for year in range(begin, self.last.year + 1, step)
        ]

    def bars(self, start: PartialDate | None, end: PartialDate | None) -> list[TimeBar]:
        first, last = start.first if start else self.first, end.last if end else self.last
        if start is None or end is None:
            return [self._bar(first, last, sure=False, open=True)]
        if start.last > end.first:
            return [self._bar(first, last, sure=False)]
        bars = [self._bar(start.last, end.first, sure=True)]
        if first < start.last:
            bars.insert(0, self._bar(first, start.last - timedelta(days=1), sure=False))
        if end.first < last:
            bars.append(self._bar(end.first + timedelta(days=1), last, sure=False))
        return bars

    def _bar(self, first: date, last: date, **kinds: bool) -> TimeBar:
        x, end = self._at(first), self._at(last + timedelta(days=1))
        return TimeBar(self._percent(x), self._percent(max(end - x, 0.4)), **kinds)

    def _at(self, day: date) -> float:
        return 100 * (day - self.first).days / ((self.last - self.first).days + 1)

    @staticmethod
    def _percent(number: float) -> str:
        return f"{number:.2f}%"
