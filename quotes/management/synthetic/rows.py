"""Lines of PostgreSQL's COPY text format, made as strings for speed."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

NULL = r"\N"
DAY = 86_400_000
"""Milliseconds. A moment is a number of milliseconds since 1970."""

_EPOCH = date(1970, 1, 1)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def array(texts) -> str:
    """Texts as an escaped array literal of PostgreSQL."""
    return "{%s}" % ",".join(  # noqa: UP031 (braces)
        '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"' for text in texts
    )


def as_json(value) -> str:
    return escaped(json.dumps(value, ensure_ascii=False))


def one_of(values: Sequence, random: Random):
    """Like `Random.choice`, in a third of its time."""
    return values[int(random.random() * len(values))]


def key(random: Random, moment: int) -> str:
    """A UUIDv7 (RFC 9562) with this time."""
    rest = random.getrandbits(72)
    return "%012x7%03xa%015x" % (moment, rest & 0xFFF, rest >> 12)  # noqa: UP031 (faster)


def midnight(day: date) -> int:
    """The first moment of a day, in UTC."""
    return (day - _EPOCH).days * DAY


class Calendar:
    """Formats moments and partial dates for PostgreSQL, and remembers each day."""

    def __init__(self):
        self._days: dict[int, tuple[str, str, str, str]] = {}

    def _at(self, day: int) -> tuple[str, str, str, str]:
        if (known := self._days.get(day)) is None:
            on = _EPOCH + timedelta(days=day)
            month = on.replace(day=1)
            next_month = (month + timedelta(days=32)).replace(day=1)
            known = self._days[day] = (
                on.isoformat(),
                f"[{on},{on + timedelta(days=1)})",
                f"[{month},{next_month})",
                f"[{on.year}-01-01,{on.year + 1}-01-01)",
            )
        return known

    def moment(self, moment: int) -> str:
        day, rest = divmod(moment, DAY)
        seconds, milliseconds = divmod(rest, 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        time = (self._at(day)[0], hours, minutes, seconds, milliseconds)
        return "%sT%02d:%02d:%02d.%03dZ" % time  # noqa: UP031 (faster)

    def partial(self, day: int, chance: float, known: tuple[float, float, float]) -> str:
        """A date in full, by month, by year, or NULL, depending on `chance`."""
        full, by_month, by_year = known
        if chance < full:
            return self._at(day)[1]
        if chance < by_month:
            return self._at(day)[2]
        return self._at(day)[3] if chance < by_year else NULL


def day_of(written: str) -> date:
    return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC).date()
