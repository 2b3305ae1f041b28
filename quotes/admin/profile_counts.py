"""What the newest quotes of somebody or something are: by month, role, organisation and so on.

A speaker may have hundreds of thousands of quotes. They are read in the order of an index that
filters them too, up to `NEWEST`, and counted in one pass by the database.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from quotes.models import QuoteQuerySet
from sources.models.functions import fold_all

NEWEST = 10_000
"""Quotes that are counted at most."""

MOST_MONTHS = 48
"""Months that are drawn at most, up to the latest."""

KEYS = ("speaker_id", "organisation_id", "outlet_id")


@dataclass
class Role:
    """A role as it is printed, however spelt: its commonest spelling stands for all."""

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
class Tally:
    """How many of the newest quotes there are of each; None is of how many nothing is known.

    `months` holds the first day of each.
    """

    quotes: int
    months: dict[date | None, int]
    roles: list[Role]
    without_role: int
    speakers: dict
    organisations: dict
    outlets: dict

    @property
    def is_cut(self) -> bool:
        return self.quotes >= NEWEST

    @property
    def drawn_months(self) -> list[tuple[date, int]]:
        """Each month from the first to the latest, `MOST_MONTHS` at most."""
        known = sorted(month for month in self.months if month)
        if not known:
            return []
        last = known[-1]
        numbers = range(number_of(known[0]), number_of(last) + 1)[-MOST_MONTHS:]
        months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
        return [(month, self.months.get(month, 0)) for month in months]

    @property
    def earlier(self) -> int:
        """Quotes of months before those that are drawn."""
        drawn = self.drawn_months
        return sum(n for month, n in self.months.items() if month and month < drawn[0][0])


def number_of(month: date) -> int:
    return month.year * 12 + month.month - 1


def tally(quotes: QuoteQuerySet) -> Tally:
    """Count the newest of these; two queries."""
    newest = quotes.order_by("-published_day", "-id").values(
        "published", "attribution_role", *KEYS
    )[:NEWEST]
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
    return Tally(
        quotes=whole.get(None, 0),
        months={day and date.fromisoformat(day): number for day, number in months.items()},
        without_role=roles.pop(None, 0),
        roles=grouped(roles.items()),
        speakers=speakers,
        organisations=organisations,
        outlets=outlets,
    )


def grouped(printed: Iterable[tuple[str, int]]) -> list[Role]:
    """Roles that differ in case, accents or typography only are one; the commonest first."""
    printed = list(printed)
    folded, roles = fold_all(role for role, _ in printed), {}
    for role, number in printed:
        roles.setdefault(folded[role], Role()).spellings[role] += number
    return sorted(roles.values(), key=lambda role: (-role.quotes, role.name))
