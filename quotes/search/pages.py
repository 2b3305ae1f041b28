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
from math import ceil
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Q

from quotes.models import Quote
from quotes.search.conditions import OneOf, columns_of
from quotes.search.periods import periods_until
from quotes.search.planner import (
    GATHER_SETTINGS,
    NEAR_SCAN_ROWS,
    ORDERED,
    ROW_COST,
    SCAN_MARGIN,
    STARTS_BY_DAY,
    UNHELD_ROW_FACTOR,
    FilterPlan,
    PagePlan,
    contradicts_itself,
    having,
    in_order,
    narrowing,
    split_by_time,
)
from quotes.search.word_frequencies import frequencies
from sources.database.estimates import Memory, Statement, rows_of

MAX_GATHERED_ROWS = 2_500
"""Rows that are gathered, whatever is expected: 25 ms. Words that are too rare for statistics have
up to 1,500 in 2 million."""

GATHER = """
WITH found AS MATERIALIZED ({found} LIMIT %s)
SELECT pk, (SELECT count(*) FROM found) FROM found ORDER BY {order} LIMIT %s
"""

RANGE = "SELECT pk FROM ({found}) found WHERE {within} ORDER BY {order} LIMIT %s"

END = "SELECT {columns} FROM ({found}) found ORDER BY {order} OFFSET %s LIMIT 1"

IDS = """
SELECT unnest(histogram_bounds::text::uuid[]) FROM pg_stats
WHERE schemaname = current_schema AND tablename = 'quotes_quote' AND attname = 'id' ORDER BY 1 DESC
"""
"""Ids with the same number of quotes between each and the next, by PostgreSQL's statistics."""

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
    ids, rest = [], plan
    try:
        if parts := split_by_time(page):
            ahead, in_time = parts
            ids = [*ahead.values_list("pk", flat=True)]
            missing = page.query.high_mark - len(ids)
            rest = FilterPlan.of(in_time[:missing]) if missing else None
        if rest:
            ids += [key for (key,) in rest.find()]
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
    column = page.query.order_by[0].lstrip("-")
    if column not in {*ORDERED, "pk"}:
        return None
    whole, is_descending = page.all(), page.query.order_by[0].startswith("-")
    whole.query.clear_limits()
    narrowed = narrowing(whole.query.where.children, column)
    try:
        matches = Ordered.of(whole, column, is_descending)
        listed = Ordered.of(having(in_order(()), narrowed), column, is_descending)
    except EmptyResultSet:  # a filter that nothing can match
        return []
    is_of_one = any(columns_of(part) <= {*STARTS_BY_DAY} for part in narrowed)
    plan = WordPlan(matches, listed, page.query.high_mark, is_of_one)
    return [key for (key,) in plan.find()]


@dataclass
class Ordered:
    """Quotes in the order of a list: by a column and then the id, or by the id alone.

    As SQL with its values, because it is asked several times in different ways.
    """

    sql: str
    values: tuple
    column: str
    is_descending: bool

    @classmethod
    def of(cls, quotes: models.QuerySet[Quote], column: str, is_descending: bool) -> "Ordered":
        """Raises EmptyResultSet."""
        columns = {"key": models.F(column), "day": models.F("published_day")}
        found = quotes.order_by().values("pk", **columns)
        return cls(*found.query.sql_with_params(), column, is_descending)

    @property
    def is_newest_first(self) -> bool:
        """Whether it is all quotes, the newest first."""
        return self.column == "pk" and self.is_descending and not self.values

    def rows(self, sql: str, *values, settings: dict | None = None, **parts: str) -> list[tuple]:
        columns = ["pk"] if self.column == "pk" else ["key", "pk"]
        direction = "DESC" if self.is_descending else "ASC"
        sql = sql.format(
            found=self.sql,
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


def end_of_newest(rows: int) -> tuple | None:
    """The id that is so far in the list of all quotes, about; None if it is not known."""
    ids = ends.get("ids", lambda: rows_of((IDS, ())))
    steps = ceil(rows / max(frequencies().quotes, 1) * (len(ids) - 1))
    return ids[steps] if 0 < steps < len(ids) - 1 else None


@dataclass
class WordPlan(PagePlan):
    """The first of the matches, along all the rows that are listed in the same order."""

    matches: Ordered
    listed: Ordered
    number: int
    is_of_one: bool  # whether it is the list of one speaker, outlet, …

    @property
    def row_cost(self) -> float:
        # The list of one speaker, outlet, … is read row by row: periods tell quotes of all of them
        return ROW_COST * (UNHELD_ROW_FACTOR if self.is_of_one else 1)

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
        if self.listed.is_newest_first and (end := end_of_newest(rows)):
            return end
        digits = max(rows.bit_length() - 3, 0)
        rows = -(-rows >> digits) << digits  # few numbers, so that most are remembered
        listed = self.listed
        key = (listed.sql, repr(listed.values), listed.is_descending, rows)
        return ends.get(key, lambda: next(iter(listed.rows(END, rows)), None))

    @property
    def gathering(self) -> Statement:
        return self.matches.sql, self.matches.values

    @cached_property
    def expected(self) -> float:
        """Matches that PostgreSQL expects, or twice those that it did not expect."""
        return self.gather_plan["Plan Rows"]

    @property
    def gather_cost(self) -> float:
        unexpected = max(self.expected - self.gather_plan["Plan Rows"], 0)
        return self.gather_plan["Total Cost"] + UNHELD_ROW_FACTOR * ROW_COST * unexpected

    def gather(self) -> list[tuple] | None:
        most = max(MAX_GATHERED_ROWS, int(SCAN_MARGIN * self.expected))
        rows = self.matches.rows(GATHER, most + 1, self.number, settings=GATHER_SETTINGS)
        if rows and rows[0][-1] > most:
            self.expected = SCAN_MARGIN * most
            return None
        return [(key,) for key, _ in rows]
