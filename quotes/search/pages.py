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

import time
from dataclasses import dataclass
from math import inf
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q

from quotes.models import Quote
from quotes.search.periods import as_far_as
from quotes.search.planner import (
    BEGINS_BY_DAY,
    WALKED,
    OneOf,
    columns_of,
    plan_of,
    rows_of,
    values_of,
)
from quotes.search.word_frequencies import FRESH, frequencies

GATHERED = 2_500
"""So few rows are gathered at once where there seem to be no more: of words that are too rare for
statistics there are up to some 1,500 in 2 million."""

READ, PASSED, NOTED, ASKED = 10.0, 0.4, 0.1, 3_000.0
"""Microseconds for which a row is read, one of a stretch is passed over, one that an index tells is
noted, and a stretch is asked for at all; about."""

SHORTEST = 500
"""Rows of a stretch at least."""

FARTHER = 2
"""The next stretch is at least so many times as long, and no more times as many as were thought to
be found are gathered."""

MORE = 4
"""Where more are found than was thought, there are thought to be so many times as many."""

SEEN = 3
"""Of so many in a stretch, more are thought to follow; fewer say that there are few, as many at
most as if it were so many."""

REMEMBERED = 2_000
"""Places of which a process remembers where they are, for some minutes."""

BY_INDEXES = {"enable_seqscan": "off", "enable_indexscan": "off"}
"""So that what is thought to match far more than it does is not looked for row by row."""

GATHER = """
WITH found AS MATERIALIZED ({found} LIMIT %s)
SELECT {shown}, (SELECT count(*) FROM found) FROM found ORDER BY {order} LIMIT %s
"""

WITHIN = """
SELECT {shown} FROM ({found}) found WHERE ({columns}) {from_there} ({place})
ORDER BY {order} LIMIT %s
"""

THEN = """
SELECT {shown} FROM ({found}) found
WHERE (({columns}) {from_there} ({place})) IS TRUE AND quotes_periods(pk, day) && %s::int[]
ORDER BY {order} LIMIT %s
"""
"""The same, where the indexes of words know the stretch: `quotes.search.periods`."""

PLACE = "SELECT {columns} FROM ({found}) found ORDER BY {order} OFFSET %s LIMIT 1"


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
    return whole.filter(Q(OneOf("pk", ids)))[:number]


def first_of(page: models.QuerySet[Quote]) -> list[UUID] | None:
    """The ids of a page (ordered by a column and the id, or by the id alone, and cut), in order.

    None where the list has no index in its order.
    """
    rows = first_with(page)
    return None if rows is None else [key for (key,) in rows]


def first_with(page: models.QuerySet[Quote], **also: models.Expression) -> list[tuple] | None:
    """The same, each id with what else is asked of its quote.

    Some statements, each at a bounded cost, but for the last where all others failed.
    """
    column, descending = page.query.order_by[0].lstrip("-"), page.query.order_by[0][0] == "-"
    if column not in {*WALKED, "pk"}:
        return None
    whole, number = page.all(), page.query.high_mark
    whole.query.clear_limits()
    try:
        quotes = Ordered.of(whole, column, descending, also)
        along = Ordered.of(listed(whole, column), column, descending, {})
    except EmptyResultSet:  # a filter that nothing can match
        return []
    told, noted = quotes.expected()
    rows = along.expected()[0] if along.values else frequencies().quotes
    wanted = 1.4 * number + 4 * number**0.5  # fewer are found than told, and in clusters
    passed, asked = PASSED / 3 if along.is_of_all else PASSED, ASKED
    if quotes.is_known_then:
        passed += NOTED * noted / max(rows, 1)
    else:
        asked += NOTED * noted
    expected, least, length = told, 0, 0
    while True:
        longer = max(SHORTEST, FARTHER * length, int(wanted * rows / max(expected, 1)))
        if longer >= rows or READ * (expected - number) <= asked + passed * longer:
            most = max(GATHERED, FARTHER * int(expected))
            found, among = quotes.gathered(number, most, BY_INDEXES if told > most else {})
            if among <= most:
                return found
            least, expected = among, MORE * among
        elif place := along.place(longer):
            found = quotes.down_to(place, number)
            if len(found) == number:
                return found
            length, seen = longer, len(found)
            follow = max(seen, SEEN) / length * rows
            expected = max(least, follow if seen >= SEEN else min(follow, GATHERED / 2))
        else:
            rows = longer


def told_by_indexes(plan: dict) -> int:
    own = plan["Plan Rows"] if plan["Node Type"] == "Bitmap Index Scan" else 0
    return own + sum(map(told_by_indexes, plan.get("Plans", ())))


def listed(quotes: models.QuerySet[Quote], column: str) -> models.QuerySet[Quote]:
    """The quotes that meet those of the conditions that one index in this order can tell."""
    in_order, begins, is_by_day = [], {}, column == "published_day"
    for condition in quotes.query.where.children:
        columns = columns_of(condition)
        if columns <= {column.replace("pk", "id"), "id"}:
            in_order.append(condition)
        elif is_by_day and columns <= {*BEGINS_BY_DAY} and values_of(condition) == 1:
            begins[columns.pop()] = condition
    listed = Quote.objects.order_by()
    listed.query.get_initial_alias()
    for condition in [begins[name] for name in BEGINS_BY_DAY if name in begins][:1] + in_order:
        listed.query.where.add(condition, models.Q.AND)
    return listed


_places: dict[tuple, tuple[float, tuple | None]] = {}
"""Where stretches end, and when that was asked. Rows that came since make a stretch longer."""


@dataclass
class Ordered:
    """Quotes in the order of a list: by a column and then the id, or by the id alone.

    As SQL with its values, as it is asked several times in different ways.
    """

    sql: str
    values: tuple
    column: str
    descending: bool
    shown: tuple[str, ...]

    @classmethod
    def of(
        cls,
        quotes: models.QuerySet[Quote],
        column: str,
        descending: bool,
        also: dict[str, models.Expression],
    ) -> "Ordered":
        """Raises EmptyResultSet."""
        columns = {"key": models.F(column), "day": models.F("published_day")}
        found = quotes.order_by().values("pk", **columns, **also)
        return cls(*found.query.sql_with_params(), column, descending, ("pk", *also))

    @property
    def is_by_id(self) -> bool:
        return self.column == "pk"

    @property
    def is_known_then(self) -> bool:
        """Whether the indexes of words know its stretches."""
        return self.column in {"pk", "published_day"}

    @property
    def is_of_all(self) -> bool:
        """Whether it is all quotes, the newest first."""
        return self.is_by_id and self.descending and not self.values

    def expected(self) -> tuple[int, int]:
        """How many there are, and how many indexes tell to find them, as the planner knows it."""
        plan = plan_of((self.sql, self.values))
        return plan["Plan Rows"], told_by_indexes(plan)

    def place(self, length: int) -> tuple | None:
        """Where a stretch of so many ends, about; None where there are no more."""
        if self.is_of_all and (key := frequencies().newest(length)):
            return (key,)
        digits = max(length.bit_length() - 3, 0)
        length = -(-length >> digits) << digits  # few lengths, so that most are remembered
        name = connection.settings_dict["NAME"]
        known = (name, self.sql, repr(self.values), self.descending, length)
        asked, place = _places.get(known, (-inf, None))
        if time.monotonic() - asked > FRESH:
            rows = self.asked(PLACE, (*self.values, length))
            place = rows[0] if rows else None
            if len(_places) >= REMEMBERED:
                _places.clear()
            _places[known] = time.monotonic(), place
        return place

    def down_to(self, place: tuple, number: int) -> list[tuple]:
        """What is shown of the first of them, as far as a place."""
        if not self.is_known_then:
            return self.asked(WITHIN, (*self.values, *place, number))
        then = as_far_as(place[0], descending=self.descending)
        return self.asked(THEN, (*self.values, *place, then, number))

    def gathered(self, number: int, most: int, settings: dict) -> tuple[list[tuple], int]:
        """The same, and how many there are: no more than one above `most`."""
        rows = self.asked(GATHER, (*self.values, most + 1, number), settings)
        return [tuple(shown) for *shown, _ in rows], rows[0][-1] if rows else 0

    def asked(self, sql: str, values: tuple, settings: dict | None = None) -> list[tuple]:
        columns = ["pk"] if self.is_by_id else ["key", "pk"]
        sql = sql.format(
            found=self.sql,
            shown=", ".join(self.shown),
            columns=", ".join(columns),
            order=", ".join(f"{each} {'DESC' if self.descending else 'ASC'}" for each in columns),
            from_there=">=" if self.descending else "<=",
            place=", ".join(["%s"] * len(columns)),
        )
        return rows_of((sql, values), settings or {})
