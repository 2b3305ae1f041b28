"""Periods: ranges of time that the indexes of words know.

Beside the words of each quote these indexes hold when it was filed and when it was printed
(`quotes_periods`). So words are looked up in a part of a list alone, however many quotes have them.
Each time is held as a week, as 64 weeks and as 4,096, so that few periods make up any range. Weeks
count from 1970; all before are the first, all after 2283 the last.
"""

from datetime import date, timedelta
from uuid import UUID

WEEK = timedelta(weeks=1)
LAST_WEEK = 16_383
LEVELS = ((2, 4_096), (1, 64), (0, 1))
"""Levels of periods with the weeks in each, the longest first."""

LEVEL_OFFSET, PRINTED_OFFSET = 16_384, 65_536
"""What is added to a period for each level, and if it is of when a quote was printed."""


def week_filed(key: UUID) -> int:
    """The week in which a record with this UUIDv7 was made."""
    milliseconds = key.int >> 80
    return min(milliseconds // (WEEK // timedelta(milliseconds=1)), LAST_WEEK)


def week_printed(day: date) -> int:
    return max(min((day - date(1970, 1, 1)) // WEEK, LAST_WEEK), 0)


def periods(first: int, last: int) -> list[int]:
    """The periods that make up the weeks from the first to the last."""
    found = []
    while first <= last:
        level, weeks = next(
            (level, weeks)
            for level, weeks in LEVELS
            if first % weeks == 0 and first + weeks - 1 <= last
        )
        found.append(LEVEL_OFFSET * level + first // weeks)
        first += weeks
    return found


def periods_until(column: str, value, *, descending: bool) -> list[int] | None:
    """The periods of a list in the order of this column, from its start until a value.

    None for columns that the indexes do not know.
    """
    if column == "pk":
        week, offset = week_filed(value), 0
    elif column == "published_day":
        week, offset = week_printed(value), PRINTED_OFFSET
    else:
        return None
    weeks = (week, LAST_WEEK) if descending else (0, week)
    return [offset + period for period in periods(*weeks)]
