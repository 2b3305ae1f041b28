"""Chance, dates, and values of PostgreSQL's COPY text format, made as strings for speed.

Days, and moments in milliseconds, count from 1970. No text holds a backslash or a tab.
"""

from bisect import bisect
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

NULL = r"\N"
HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)


class Chance(Random):
    """Chance that a seed repeats."""

    def one_of(self, values: Sequence):
        """Pick any value, like `choice` but in a third of its time."""
        return values[int(self.random() * len(values))]

    def zipf(self, values: Sequence, power: float = 1):
        """Pick a value by its rank (Zipf's law with this exponent): the first is the commonest."""
        if power == 1:
            return values[int((len(values) + 1) ** self.random()) - 1]
        rest = 1 - power
        return values[int((1 + self.random() * ((len(values) + 1) ** rest - 1)) ** (1 / rest)) - 1]

    def key(self, moment: int) -> str:
        """A UUIDv7 (RFC 9562) with this time."""
        rest = self.getrandbits(72)
        return "%012x7%03xa%015x" % (moment, rest & 0xFFF, rest >> 12)  # noqa: UP031 (faster)

    def date(self, day: int, known: tuple[float, float, float]) -> str:
        """The day, its month or its year, up to these chances; else unknown."""
        precision = bisect(known, self.random())
        return _period(day, precision) if precision < len(known) else NULL


@cache
def _period(day: int, precision: int) -> str:
    days, begins = ((1, {}), (32, {"day": 1}), (367, {"month": 1, "day": 1}))[precision]
    first = (EPOCH + timedelta(day)).replace(**begins)
    return f"[{first},{(first + timedelta(days)).replace(**begins)})"


def written(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def array(texts: Iterable[str]) -> str:
    quoted = [text.replace('"', r"\\" + '"').replace("\n", r"\n") for text in texts]
    return "{" + ",".join([f'"{text}"' for text in quoted]) + "}"


def joined(rows: dict[str, list[str]]) -> dict[str, bytes]:
    """The lines of each table, joined."""
    return {table: ("\n".join(lines) + "\n").encode() for table, lines in rows.items()}
