"""Stretches of time as the indexes of words know them.

Beside the words of each quote these indexes hold when it was filed and when it was printed
(`quotes_periods`), so that what is looked for in a stretch of a list is looked up there alone,
however many quotes have the words. Each is held as a week, as 64 weeks and as 4,096, so that few
periods make up any stretch. Weeks are counted from 1970; all before are the first, all after 2283
the last.
"""

from datetime import date, timedelta
from uuid import UUID

WEEK = timedelta(weeks=1)
LAST = 16_383
LEVELS = ((2, 4_096), (1, 64), (0, 1))
"""The kinds of periods, and so many weeks of each; the longest first."""

A_LEVEL, PRINTED = 16_384, 65_536
"""What is added for each level, and to when a quote was printed."""


def filed_in(key: UUID) -> int:
    """The week in which a record with this id, a UUIDv7, was made."""
    milliseconds = key.int >> 80
    return min(milliseconds // (WEEK // timedelta(milliseconds=1)), LAST)


def printed_in(day: date) -> int:
    return max(min((day - date(1970, 1, 1)) // WEEK, LAST), 0)


def periods(first: int, last: int) -> list[int]:
    """Those that make up the weeks from one to another."""
    found = []
    while first <= last:
        level, weeks = next(
            (level, weeks)
            for level, weeks in LEVELS
            if first % weeks == 0 and first + weeks - 1 <= last
        )
        found.append(A_LEVEL * level + first // weeks)
        first += weeks
    return found


def as_far_as(place: UUID | date, *, descending: bool) -> list[int]:
    """The periods from the last or the first of a list, by id or by day, as far as a place."""
    if isinstance(place, UUID):
        week, kind = filed_in(place), 0
    else:
        week, kind = printed_in(place), PRINTED
    weeks = (week, LAST) if descending else (0, week)
    return [kind + period for period in periods(*weeks)]
