"""How many quotes curators decided each day, who decided them, and how long they had waited.

A decision publishes or rejects a quote that was waiting. The ledger knows each, also of bulk
changes and of the API; quotes that were filed as published were never waiting. Of several decisions
on a quote in a day, as after an undo, the last counts.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median

from django.db.models import OuterRef, Subquery

from quotes.models import Quote
from sources.models import Revision

DAYS = 30

MAX_DECISIONS = 5_000
"""Decisions that are read, in 30 ms. If there were more, fewer days are told."""


@dataclass
class DecidedDay:
    """The decisions of one day in UTC: their number by actor, and how long each quote had waited.

    The actor of a change made by a command or in the database is its channel.
    """

    day: date
    by: Counter[str] = field(default_factory=Counter)
    waits: list[timedelta] = field(default_factory=list)

    @property
    def median_wait(self) -> timedelta | None:
        return median(self.waits) if self.waits else None


def decided_days(today: date) -> list[DecidedDay]:
    """The last `DAYS` days up to today, oldest first, or as many as hold `MAX_DECISIONS`.

    One query.
    """
    first = today - timedelta(days=DAYS - 1)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    filed = Quote.objects.filter(pk=OuterRef("subject_id")).order_by().values("created")
    rows = list(
        Revision.objects.decisions()
        .filter(subject_type=Quote._meta.model_name, time__gte=begin)
        .order_by("-time")
        .annotate(filed=Subquery(filed))
        .values_list("subject_id", "time", "actor", "channel", "filed")[: MAX_DECISIONS + 1]
    )
    if len(rows) > MAX_DECISIONS:
        first = min(rows[-1][1].date() + timedelta(days=1), today)
    days = {
        day: DecidedDay(day)
        for day in (first + timedelta(days=n) for n in range((today - first).days + 1))
    }
    seen = set()
    for quote, time, actor, channel, filed_at in rows:
        day = time.date()
        if (decided := days.get(day)) and (quote, day) not in seen:
            seen.add((quote, day))
            decided.by[actor or channel] += 1
            if filed_at:  # the quote was not erased
                decided.waits.append(time - filed_at)
    return list(days.values())
