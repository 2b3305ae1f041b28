"""How the first of the quotes that are found by their words are looked up, in a large archive.

The indexes of words tell which quotes have them, not when these were printed or filed: to gather
all, so as to sort them, reads a row for each, and a common word has hundreds of thousands. To walk
through the list and read every row is as long where a word is not that common. So where there are
many, the index of words is looked up together with a stretch of the list, long enough to hold a
page if what is found is spread evenly, and only rows that are in both are read. Where one was not
long enough, what it held says how long the next has to be.

PostgreSQL's statistics say which is cheaper. They are wrong where words stand together more or less
often than by chance, or were in the news only for a while; so no more is gathered at first than
is cheap, and it is tried again where a stretch held next to nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction

from quotes.finding import BEGINS_BY_DAY, WALKED, columns_of, values_of
from quotes.models import Quote
from quotes.searching.frequency import frequencies
from sources.counting import estimate
from sources.ordering import ComparesRows

GATHERED = 1_000
"""So few rows are gathered at once, where there seem to be no more."""

READ, PASSED, ASKED = 10.0, 0.4, 3_000.0
"""Microseconds for which a row is read, one of a stretch is passed over, and a stretch is asked
for at all; about."""

SHORTEST = 500
"""Rows of a stretch at least."""

FARTHER = 2
"""The next stretch is at least so many times as long, and no more times as many as were thought to
be found are gathered."""

MORE = 4
"""Where more are found than was thought, there are thought to be so many times as many."""

SEEN = 3
"""Of so many in a stretch, more are thought to follow; fewer say that there are few."""

GATHER = """
WITH found AS MATERIALIZED ({found} LIMIT %s)
SELECT pk, (SELECT count(*) FROM found) FROM found ORDER BY key {direction}, pk {direction} LIMIT %s
"""


def found_by_words(page: models.QuerySet[Quote]) -> models.QuerySet[Quote]:
    """The quotes of a page (ordered by a column and the id, and cut), found as said above."""
    first, *then = page.query.order_by
    in_order = page
    if isinstance(page.query.annotations.get(first.lstrip("-")), models.Value):
        in_order = page.all()  # all have the same, so only the id puts them in order
        in_order.query.clear_ordering(force=True)
        in_order.query.add_ordering(*then)
    if page.search.like or (ids := first_of(in_order)) is None:
        return page  # few are like it, and they are known
    whole, number = page.all(), page.query.high_mark
    whole.query.clear_limits()
    # All is asked again of these few, in case one was changed meanwhile.
    return whole.filter(pk__in=ids)[:number]


def first_of(page: models.QuerySet[Quote]) -> list[UUID] | None:
    """The ids of a page (ordered by a column and the id, or by the id alone, and cut), in order.

    Some statements, each at a bounded cost, but for the last where all others failed. None where
    the list has no index in its order.
    """
    column, descending = page.query.order_by[0].lstrip("-"), page.query.order_by[0][0] == "-"
    if column not in {*WALKED, "pk"}:
        return None
    whole, number = page.all(), page.query.high_mark
    whole.query.clear_limits()
    quotes = Ordered(whole, column, descending)
    along = Ordered(quotes.listed(), column, descending)
    told, rows = estimate(whole), along.expected()
    wanted = 1.2 * number + 4 * number**0.5  # as what is found comes in clusters
    passed = PASSED / 3 if along.is_of_all else PASSED
    expected, least, length = told, 0, 0
    while True:
        longer = max(SHORTEST, FARTHER * length, int(wanted * rows / max(expected, 1)))
        if longer >= rows or READ * (expected - number) <= ASKED + passed * longer:
            most = max(GATHERED, FARTHER * int(expected))
            with by_indexes() if told > most else nullcontext():
                ids, among = quotes.gathered(number, most=most)
            if among <= most:
                return ids
            least, expected = among, MORE * among
        elif place := along.place(longer):
            ids, found = quotes.down_to(place).gathered(number)
            if len(ids) == number:
                return ids
            length = longer
            expected = max(least, found / length * rows if found >= SEEN else GATHERED / 2)
        else:
            rows = longer


@contextmanager
def by_indexes() -> Iterator[None]:
    """What is thought to match far more than it does is not looked for row by row."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")


@dataclass
class Ordered:
    """Quotes in the order of a list: by a column and then the id, or by the id alone."""

    quotes: models.QuerySet[Quote]
    column: str
    descending: bool

    def listed(self) -> models.QuerySet[Quote]:
        """The quotes that meet those of the conditions that one index in this order can tell."""
        in_order, begins, is_by_day = [], {}, self.column == "published_day"
        for condition in self.quotes.query.where.children:
            columns = columns_of(condition)
            if columns <= {self.column.replace("pk", "id"), "id"}:
                in_order.append(condition)
            elif is_by_day and columns <= {*BEGINS_BY_DAY} and values_of(condition) == 1:
                begins[columns.pop()] = condition
        listed = Quote.objects.order_by()
        listed.query.get_initial_alias()
        for condition in [begins[name] for name in BEGINS_BY_DAY if name in begins][:1] + in_order:
            listed.query.where.add(condition, models.Q.AND)
        return listed

    def expected(self) -> float:
        """How many there are, about."""
        return estimate(self.quotes) if self.quotes.query.where else frequencies().quotes

    def place(self, length: int) -> tuple | None:
        """Where a stretch of so many ends, about; None where there are no more."""
        if self.is_of_all and (key := frequencies().newest(length)):
            return (key,)
        sign = "-" if self.descending else ""
        places = self.quotes.order_by(*[f"{sign}{each}" for each in self.columns])
        return places.values_list(*self.columns)[length : length + 1].first()

    def down_to(self, place: tuple) -> "Ordered":
        within = ComparesRows(self.columns, place, ">=" if self.descending else "<=")
        return Ordered(self.quotes.filter(within), self.column, self.descending)

    @property
    def is_of_all(self) -> bool:
        return self.column == "pk" and self.descending and not self.quotes.query.where

    @property
    def columns(self) -> list[str]:
        return ["pk"] if self.column == "pk" else [self.column, "pk"]

    def gathered(self, number: int, most: int | None = None) -> tuple[list[UUID], int]:
        """The first of them, and how many there are; where given, no more than one above `most`."""
        try:
            found = self.quotes.order_by().values("pk", key=models.F(self.column))
            sql, values = found.query.sql_with_params()
        except EmptyResultSet:  # a filter that nothing can match
            return [], 0
        sql = GATHER.format(found=sql, direction="DESC" if self.descending else "ASC")
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, None if most is None else most + 1, number])
            rows = cursor.fetchall()
        return [key for key, _ in rows], rows[0][1] if rows else 0
