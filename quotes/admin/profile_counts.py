"""Counts of the newest quotes of a record, by month, role, speaker, organisation and outlet.

A speaker may have hundreds of thousands of quotes. The newest are read in the order of an index
that also filters them, and PostgreSQL counts them in one pass.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from quotes.models import QuoteQuerySet
from sources.models.functions import fold_all

MAX_COUNTED_QUOTES = 10_000

MAX_CHART_MONTHS = 48  # up to the latest

KEYS = ("speaker_id", "organisation_id", "outlet_id")


@dataclass
class PrintedRole:
    """A printed role in all its spellings, under the commonest."""

    spellings: Counter = field(default_factory=Counter)

    @property
    def name(self) -> str:
        return self.spellings.most_common(1)[0][0]

    @property
    def others(self) -> list[str]:
        return [spelling for spelling, _ in self.spellings.most_common()[1:]]

    @property
    def quotes(self) -> int:
        return self.spellings.total()


@dataclass
class ProfileCounts:
    """Numbers of quotes by key; the key None counts quotes where it is not known.

    Months are keyed by their first day.
    """

    quotes: int
    months: dict[date | None, int]
    roles: list[PrintedRole]
    without_role: int
    speakers: dict
    organisations: dict
    outlets: dict

    @property
    def is_cut(self) -> bool:
        return self.quotes >= MAX_COUNTED_QUOTES

    @property
    def chart_months(self) -> list[tuple[date, int]]:
        """Each month up to the latest, `MAX_CHART_MONTHS` at most."""
        known = sorted(month for month in self.months if month)
        if not known:
            return []
        last = known[-1]
        numbers = range(month_number(known[0]), month_number(last) + 1)[-MAX_CHART_MONTHS:]
        months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
        return [(month, self.months.get(month, 0)) for month in months]

    @property
    def earlier(self) -> int:
        """Quotes of months before those of the chart."""
        months = self.chart_months
        return sum(n for month, n in self.months.items() if month and month < months[0][0])


def month_number(month: date) -> int:
    return month.year * 12 + month.month - 1


def count_quotes(quotes: QuoteQuerySet) -> ProfileCounts:
    """Count the newest of these quotes; two queries."""
    newest = quotes.order_by("-published_day", "-id").values(
        "published", "attribution_role", *KEYS
    )[:MAX_COUNTED_QUOTES]
    sql, values = newest.query.sql_with_params()
    counted = f"""
        SELECT grouping(month, attribution_role, speaker_id, organisation_id, outlet_id),
               coalesce(month::text, attribution_role, speaker_id::text, organisation_id::text,
                        outlet_id::text),
               count(*)
        FROM (
            SELECT newest.*, CASE WHEN upper(published) - lower(published) <= 31
                THEN date_trunc('month', lower(published))::date END AS month
            FROM ({sql}) newest
        ) newest
        GROUP BY GROUPING SETS (
            (month), (attribution_role), (speaker_id), (organisation_id), (outlet_id), ()
        )
        ORDER BY count(*) DESC, 2
    """  # noqa: S608 (ours)
    found = {bits: {} for bits in (0b01111, 0b10111, 0b11011, 0b11101, 0b11110, 0b11111)}
    with connection.cursor() as cursor:
        cursor.execute(counted, values)
        for bits, value, number in cursor.fetchall():
            found[bits][value] = number
    months, roles, speakers, organisations, outlets, whole = found.values()
    return ProfileCounts(
        quotes=whole.get(None, 0),
        months={day and date.fromisoformat(day): number for day, number in months.items()},
        without_role=roles.pop(None, 0),
        roles=group_roles(roles.items()),
        speakers=speakers,
        organisations=organisations,
        outlets=outlets,
    )


def group_roles(printed: Iterable[tuple[str, int]]) -> list[PrintedRole]:
    """Group roles that differ only in case, accents or typography; the commonest first."""
    printed = list(printed)
    folded, roles = fold_all(role for role, _ in printed), {}
    for role, number in printed:
        roles.setdefault(folded[role], PrintedRole()).spellings[role] += number
    return sorted(roles.values(), key=lambda role: (-role.quotes, role.name))
