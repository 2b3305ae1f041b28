"""The quotes of a page: those of a list with filters, and the first that words are found in.

The indexes of words tell which quotes have them, not when these were printed or filed. To gather
all matches reads a row for each, and a common word has hundreds of thousands. So a scan here looks
words up within a range from the start of the list (`periods.py`), and reads only the rows that are
in both. The planner decides how long the range is, and when to gather instead.

PostgreSQL's estimates of words are wrong if these stand together more or less often than by chance.
So a gather stops at twice the matches expected, and the planner decides again.
"""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Q

from quotes.models import Quote
from quotes.search.periods import periods_until
from quotes.search.planner import (
    GATHER_SETTINGS,
    NEAR_SCAN_ROWS,
    ORDERED,
    ROW_COST,
    SCAN_MARGIN,
    FilterPlan,
    OneOf,
    PagePlan,
    contradicts_itself,
    having,
    in_order,
    narrowing,
    plan_of,
    rows_of,
)
from sources.database.estimates import Memory

MAX_GATHERED_ROWS = 2_500
"""Rows that are gathered, whatever is expected: 25 ms. Words that are too rare for statistics have
up to 1,500 in 2 million."""

READ_COST = 2
"""Cost of a match that is read, its words compared: 10 µs, in the units of PostgreSQL's planner."""

GATHER = """
WITH found AS MATERIALIZED ({found} LIMIT %s)
SELECT {shown}, (SELECT count(*) FROM found) FROM found ORDER BY {order} LIMIT %s
"""

RANGE = "SELECT {shown} FROM ({found}) found WHERE {within} ORDER BY {order} LIMIT %s"

END = "SELECT {columns} FROM ({found}) found ORDER BY {order} OFFSET %s LIMIT 1"

ends = Memory()
"""Where ranges of lists end. Rows that came since make a range longer."""


def find_page(page: models.QuerySet[Quote]) -> models.QuerySet[Quote]:
    """The quotes of a page (ordered by a column and the id, and cut), found at a bounded cost.

    A few statements; none for a list that one index answers.
    """
    if contradicts_itself(page):
        return page.none()
    if page.search:
        return find_page_of_words(page)
    if (plan := FilterPlan.of(page)) is None:
        return page
    try:
        ids = [key for (key,) in plan.find()]
    except EmptyResultSet:  # a filter that nothing can match
        return page.none()
    return plan.again(ids)


def is_one_statement(page: models.QuerySet[Quote]) -> bool:
    """Whether the page needs no planner, whatever the values of its filters."""
    return not contradicts_itself(page) and FilterPlan.of(page) is None


def find_page_of_words(page: models.QuerySet[Quote]) -> models.QuerySet[Quote]:
    first, *then = page.query.order_by
    ordered = page
    if isinstance(page.query.annotations.get(first.lstrip("-")), models.Value):
        ordered = page.all()  # all have the same, so only the id puts them in order
        ordered.query.clear_ordering(force=True)
        ordered.query.add_ordering(*then)
    if page.search.like or (ids := first_of(ordered)) is None:
        return page  # few are like it, and they are known
    whole, number = page.all(), page.query.high_mark
    whole.query.clear_limits()
    # All is asked again of these few, in case one was changed meanwhile.
    return whole.filter(Q(OneOf("pk", ids)))[:number]


def first_of(page: models.QuerySet[Quote]) -> list[UUID] | None:
    """The ids of a page (ordered by a column and the id, or by the id alone, and cut), in order.

    None if the list has no index in its order.
    """
    rows = first_with(page)
    return None if rows is None else [key for (key,) in rows]


def first_with(page: models.QuerySet[Quote], **also: models.Expression) -> list[tuple] | None:
    """The same, each id with the value of these expressions."""
    column = page.query.order_by[0].lstrip("-")
    if column not in {*ORDERED, "pk"}:
        return None
    whole, is_descending = page.all(), page.query.order_by[0].startswith("-")
    whole.query.clear_limits()
    conditions = narrowing(whole.query.where.children, column)
    try:
        matches = Ordered.of(whole, column, is_descending, also)
        listed = Ordered.of(having(in_order(()), conditions), column, is_descending, {})
    except EmptyResultSet:  # a filter that nothing can match
        return []
    return WordPlan(matches, listed, page.query.high_mark).find()


@dataclass
class Ordered:
    """Quotes in the order of a list: by a column and then the id, or by the id alone.

    As SQL with its values, because it is asked several times in different ways.
    """

    sql: str
    values: tuple
    column: str
    is_descending: bool
    shown: tuple[str, ...]

    @classmethod
    def of(
        cls,
        quotes: models.QuerySet[Quote],
        column: str,
        is_descending: bool,
        also: dict[str, models.Expression],
    ) -> "Ordered":
        """Raises EmptyResultSet."""
        columns = {"key": models.F(column), "day": models.F("published_day")}
        found = quotes.order_by().values("pk", **columns, **also)
        return cls(*found.query.sql_with_params(), column, is_descending, ("pk", *also))

    def rows(self, sql: str, *values, settings: dict | None = None, **parts: str) -> list[tuple]:
        columns = ["pk"] if self.column == "pk" else ["key", "pk"]
        direction = "DESC" if self.is_descending else "ASC"
        sql = sql.format(
            found=self.sql,
            shown=", ".join(self.shown),
            columns=", ".join(columns),
            order=", ".join(f"{each} {direction}" for each in columns),
            **parts,
        )
        return rows_of((sql, (*self.values, *values)), settings)

    def until(self, end: tuple, number: int) -> list[tuple]:
        """The first rows, as far as an end."""
        columns, comparison = "pk" if len(end) == 1 else "key, pk", "<>"[self.is_descending]
        within, values = f"({columns}) {comparison}= ({', '.join(['%s'] * len(end))})", [*end]
        if periods := periods_until(self.column, end[0], descending=self.is_descending):
            # IS TRUE, so that the periods lead the way, not an index in the order of the list
            within = f"({within}) IS TRUE AND quotes_periods(pk, day) && %s::int[]"
            values.append(periods)
        return self.rows(RANGE, *values, number, within=within)


@dataclass
class WordPlan(PagePlan):
    """The first of the matches, along all the rows that are listed in the same order."""

    matches: Ordered
    listed: Ordered
    number: int

    row_cost = ROW_COST / 3  # an index of words passes over a row without reading it

    @property
    def near_rows(self) -> int:
        return NEAR_SCAN_ROWS * max(self.number // 200, 1)  # a ranking wants 1,000

    def scan(self, rows: int) -> list[tuple]:
        if end := self.end_of(rows):
            return self.matches.until(end, self.number)
        return self.matches.rows(RANGE, self.number, within="true")

    def has_more_than(self, rows: int) -> bool:
        return self.end_of(rows) is not None

    def end_of(self, rows: int) -> tuple | None:
        """The order and id of the row that is so far in the list, about; None if it is shorter."""
        digits = max(rows.bit_length() - 3, 0)
        rows = -(-rows >> digits) << digits  # few numbers, so that most are remembered
        listed = self.listed
        key = (listed.sql, repr(listed.values), listed.is_descending, rows)
        return ends.get(key, lambda: next(iter(listed.rows(END, rows)), None))

    @cached_property
    def expected(self) -> float:
        """Matches that PostgreSQL expects."""
        return plan_of((self.matches.sql, self.matches.values))["Plan Rows"]

    @property
    def gather_cost(self) -> float:
        return READ_COST * self.expected

    def gather(self) -> list[tuple] | None:
        most = max(MAX_GATHERED_ROWS, int(SCAN_MARGIN * self.expected))
        rows = self.matches.rows(GATHER, most + 1, self.number, settings=GATHER_SETTINGS)
        if rows and rows[0][-1] > most:
            self.expected = SCAN_MARGIN * most
            return None
        return [tuple(shown) for *shown, _ in rows]
