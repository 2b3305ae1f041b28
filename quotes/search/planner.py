"""The planner: how the quotes of a page are found in a large archive, whatever is asked for.

PostgreSQL knows two ways to a page. It scans an index in the order of the list until the page is
full, or it gathers all matches by other indexes and sorts them. It assumes that matches are spread
evenly along the list, and scans far where they are not: the quotes of a speaker may all be old. So
the planner here tries before it chooses (`PagePlan.find`):

1. It scans the first `NEAR_SCAN_ROWS` rows of the list. Most pages are full then.
2. If not, it knows how many of these rows match. It compares the cost of a scan that fills the page
   at this rate with the cost of gathering, and does the cheaper. If none matches, PostgreSQL's
   estimate is the rate: if that tells to scan, it scans on for half of the cost of gathering.
3. A scan that does not fill the page says more about the rate, and leads back to 2.

So a page costs little more than twice the cheaper way. If the filters tell by other times where the
list begins, it is scanned from there (`split_by_time`). `FilterPlan` serves lists with filters, and
`quotes.search.pages.WordPlan` searches for words. Costs are in the units of PostgreSQL's planner,
of some 5 µs. Statistics of several columns (`CREATE STATISTICS`) do not replace this: they tell how
many quotes match, not where in the list these are.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.sql.where import WhereNode

from quotes.models import Quote
from quotes.models.indexes import COVERED, IS_AHEAD
from quotes.search.conditions import (
    FIRST_REPORT,
    SUBQUERY,
    InByIndex,
    OneOf,
    beginning,
    checked_later,
    columns_of,
    in_parts,
    keeps_most,
    number_of_values,
    per_row,
    simplified,
    statuses_left,
)
from quotes.search.speakers_first import with_speakers_found
from quotes.search.word_frequencies import frequencies
from sources.database.estimates import Statement, plan_of, rows_of
from sources.database.keyset import ComparesRows
from sources.history.past_tables import tables_are_of

NEAR_SCAN_ROWS = 4_000
"""Rows of the first scan: 2 ms when cached."""

SCAN_MARGIN = 2
"""Safety factor: scan this many times the distance estimated to fill the page. Where no match was
found, scan for the cost of a gather divided by it."""

ROW_COST = 0.06
"""Cost of a row of a scan, if the index holds all columns asked about: 0.3 µs."""

UNHELD_ROW_FACTOR = 10
"""How many times as much a row costs that has to be read from the table."""

ORDERED = {"published_day", "said_day", "created"}
"""Columns that an index has in order. A page in another order is left to PostgreSQL."""

STARTS_BY_DAY = ("speaker", "organisation", "outlet", "language", "status")
"""First columns of indexes that go on with `published_day` and the id; the most selective first."""

FEW_MATCH, URL_KEY = {"article", "utterance", "id"}, "sources_article.url_key"
"""A condition on one value of these leaves few rows: any way to them is cheap."""

OWN_HELD = {*COVERED, "id"}
HELD_COLUMNS = OWN_HELD | {"sources_speaker.id", "sources_speaker.kind", SUBQUERY, FIRST_REPORT}
"""Columns that a scan tests without reading the quote: the list indexes hold them, or they are in
another table."""

GATHER_SETTINGS = {
    "enable_seqscan": "off",  # some conditions match far fewer rows than PostgreSQL expects
    "max_parallel_workers_per_gather": "0",
    "seq_page_cost": "0.2",  # pages are mostly in memory
    "random_page_cost": "0.2",
}


class PagePlan:
    """How to find the first `number` quotes of a list: by scans of the list, or by a gather."""

    number: int
    row_cost: float
    """Cost of a row of a scan."""

    near_rows: int
    """Rows of the first scan."""

    def scan(self, rows: int) -> list[tuple]:
        """The rows of the page that are among the first `rows` of the list."""
        raise NotImplementedError

    def has_more_than(self, rows: int) -> bool:
        """Whether the list has more rows. One statement at most."""
        raise NotImplementedError

    gathering: Statement
    """What finds all matches."""

    gather_cost: float
    """What it costs to gather all matches. One statement, asked once."""

    expected: float
    """Matches that PostgreSQL expects; one if it does not tell."""

    def gather(self) -> list[tuple] | None:
        """The page, sorted from all matches; None if these are far more than expected."""
        raise NotImplementedError

    @cached_property
    def gather_plan(self) -> dict:
        """PostgreSQL's plan of `gathering`."""
        return plan_of(self.gathering, GATHER_SETTINGS)

    def find(self) -> list[tuple]:
        """The rows of the page, the id first in each."""
        rows = self.near_rows
        found = self.scan(rows)
        while len(found) < self.number and self.has_more_than(rows):
            if (longer := self.longer_scan(rows, len(found))) > rows:
                rows = longer
                found = self.scan(rows)
            elif (gathered := self.gather()) is not None:
                return gathered  # else the cost of a gather is higher now
        return found

    def longer_scan(self, rows: int, found: int) -> int:
        """The rows of the next scan, after one that found too few; 0 if to gather is cheaper.

        If it found none, though many were expected, the first match may be anywhere: quotes made
        long ago are all far down the list. So it goes on for a part of the time of a gather.
        """
        affordable = self.gather_cost / self.row_cost
        quotes = max(frequencies().quotes, 1)
        needed = self.number / (found / rows or max(self.expected, 1) / quotes)
        if needed > affordable:
            return 0
        return int(SCAN_MARGIN * needed if found else min(affordable / SCAN_MARGIN, quotes))


@dataclass
class FilterPlan(PagePlan):
    """A page of a list with filters: `narrowed` are those that one index in its order tells."""

    quotes: models.QuerySet[Quote]
    number: int
    narrowed: list
    row_cost: float

    @classmethod
    def of(cls, page: models.QuerySet[Quote]) -> "FilterPlan | None":
        """None if one index answers the query, or few rows can match, so any plan will do."""
        column = page.query.order_by[0].lstrip("-")
        if column not in ORDERED:
            return None
        conditions = page.query.where.children
        narrowed, is_told, asked = narrowing(conditions, column), True, set()
        for condition in conditions:
            columns, values = columns_of(condition), number_of_values(condition)
            if values == 0 or (values == 1 and columns & FEW_MATCH) or columns == {URL_KEY}:
                return None
            if values and columns == {"id"}:  # at most as many rows as values
                return None
            if not any(condition is each for each in narrowed):
                is_of_order = columns == {column.removesuffix("_day")}
                is_told = is_told and (keeps_most(condition) or is_of_order)
                asked |= columns
        if is_told:
            return None
        quotes = page.all()
        quotes.query.clear_limits()
        row_cost = ROW_COST if asked <= HELD_COLUMNS else UNHELD_ROW_FACTOR * ROW_COST
        return cls(quotes, page.query.high_mark, narrowed, row_cost)

    @property
    def near_rows(self) -> int:
        return max(int(NEAR_SCAN_ROWS * ROW_COST / self.row_cost), 1)

    @cached_property
    def order(self) -> models.QuerySet[Quote]:
        return in_order(self.quotes.query.order_by)

    @cached_property
    def listed(self) -> models.QuerySet[Quote]:
        """All rows of the list, whatever else is asked of them."""
        return having(self.order, self.narrowed)

    @cached_property
    def conditions(self) -> list:
        conditions = simplified(self.quotes.query.where.children)
        return [part for part in conditions if FIRST_REPORT not in columns_of(part)]

    @cached_property
    def costly(self) -> list:
        """Conditions that are checked last: whether a quote is the first report."""
        conditions = self.quotes.query.where.children
        return [part for part in conditions if FIRST_REPORT in columns_of(part)]

    def scan(self, rows: int) -> list[tuple]:
        conditions = self.conditions
        if rows <= NEAR_SCAN_ROWS:
            conditions = [*map(per_row, conditions)]
        matches = among([sql_of(self.listed[:rows])], sql_of(having(self.quotes, conditions)))
        return rows_of(limited(self.checked(matches), self.number))

    def has_more_than(self, rows: int) -> bool:
        return not self.narrowed or bool(self.listed.values_list("pk")[rows : rows + 1])

    @property
    def expected(self) -> float:
        return rows_below_limits(self.gather_plan)

    @property
    def gather_cost(self) -> float:
        return self.gather_plan["Total Cost"]

    def gather(self) -> list[tuple]:
        return rows_of(self.gathering, GATHER_SETTINGS)

    @cached_property
    def gathering(self) -> Statement:
        column, key = self.quotes.query.order_by
        by = Unordered(column.lstrip("-"))
        quotes = self.quotes.order_by(by.desc() if column.startswith("-") else by, key)
        conditions = [*map(checked_later, self.conditions)]
        parts = [having(quotes, with_speakers_found(part)) for part in in_parts(conditions)]
        if not self.costly:
            return united(not_empty([part[: self.number] for part in parts]))
        matches = among(not_empty(parts), sql_of(self.order))
        return limited(self.checked(matches), self.number)

    def checked(self, matches: Statement) -> Statement:
        """Those of the matches that meet the costly conditions."""
        return among([matches], sql_of(having(self.order, self.costly))) if self.costly else matches

    def again(self, ids: list) -> models.QuerySet[Quote]:
        """These quotes, if they still match: one may have been changed meanwhile.

        Conditions about other tables are not checked again.
        """
        own = [p for p in self.quotes.query.where.children if columns_of(p) <= OWN_HELD]
        return having(self.order, own).filter(models.Q(OneOf("pk", ids)))[: self.number]


def split_by_time(page: models.QuerySet[Quote]) -> tuple[models.QuerySet, models.QuerySet] | None:
    """A page in two parts: the beginning of the list, where few can match, and the list after it.

    What was on record before a day is far down the list of the newest. The list of those that are
    in time begins at that day. The others come first (`IS_AHEAD`); they are cut like the page. None
    if the conditions do not tell where the list begins, or if the page is further down.
    """
    order, number = page.query.order_by[0], page.query.high_mark
    column, is_descending = order.lstrip("-"), order.startswith("-")
    conditions = page.query.where.children
    begin = beginning(conditions, column, is_descending=is_descending)
    if begin is None or tables_are_of():
        return None
    before, since = "><" if is_descending else "<>"
    at = [part for part in conditions if isinstance(getattr(part, "lhs", None), ComparesRows)]
    for part in at:
        place = place_of(part.lhs, [column, "pk"])[: len(begin)]
        if place <= begin if is_descending else place >= begin:
            return None
    whole = page.all()
    whole.query.clear_limits()
    columns = [column, "pk"][: len(begin)]
    ahead = InByIndex(models.F("pk"), Quote.objects.filter(IS_AHEAD).order_by().values("pk").query)
    return (
        whole.filter(ahead, ComparesRows(columns, begin, before))[:number],
        having(whole, [part for part in conditions if part not in at]).filter(
            ComparesRows(columns, begin, f"{since}=")
        ),
    )


def place_of(compares: ComparesRows, columns: list[str]) -> tuple:
    """The row that others are compared with, as Python has it: a cursor has text."""
    fields = [Quote._meta.pk if name == "pk" else Quote._meta.get_field(name) for name in columns]
    return tuple(
        getattr(field, "output_field", field).to_python(value)
        for field, value in zip(fields, compares.key, strict=True)
    )


def narrowing(conditions: Sequence, column: str) -> list:
    """The conditions that one index in the order of this column tells."""
    starts, of_order = {}, []
    for condition in conditions:
        columns = columns_of(condition)
        if columns <= {column.replace("pk", "id"), "id"}:
            of_order.append(condition)
        elif (
            column == "published_day"
            and columns <= {*STARTS_BY_DAY}
            and number_of_values(condition) == 1
        ):
            starts[columns.pop()] = condition
    return [starts[name] for name in STARTS_BY_DAY if name in starts][:1] + of_order


def contradicts_itself(page: models.QuerySet[Quote]) -> bool:
    """Whether no status is left: somebody asks for quotes that only others may see."""
    return not statuses_left(page.query.where.children)


# Querysets and statements


class Unordered(models.Func):
    """A column as no index has it: PostgreSQL has to gather before it sorts by it."""

    def __init__(self, column: str):
        nothing = "0" if column.endswith("_day") else "interval '0'"
        self.template = f"(%(expressions)s + {nothing})"
        super().__init__(models.F(column))


def in_order(order: Sequence) -> models.QuerySet[Quote]:
    """All quotes in an order."""
    quotes = Quote.objects.order_by(*order)
    quotes.query.get_initial_alias()
    return quotes


def having(quotes: models.QuerySet[Quote], conditions: list) -> models.QuerySet[Quote]:
    """The quotes that meet these conditions instead of their own."""
    quotes = quotes.all()
    quotes.query.where = WhereNode([*conditions])
    return quotes


def rows_below_limits(plan: dict) -> float:
    """The rows that PostgreSQL expects to sort in each part of a plan."""
    if plan["Node Type"] == "Limit":
        return plan["Plans"][0]["Plan Rows"]
    return sum(map(rows_below_limits, plan.get("Plans", ())))


TABLE = f'"{Quote._meta.db_table}"'
IDS = f'SELECT {TABLE}."id" AS "pk"'


def sql_of(quotes: models.QuerySet[Quote]) -> Statement:
    """The statement for their ids. Raises EmptyResultSet if a filter cannot match."""
    return quotes.values("pk").query.sql_with_params()


def not_empty(parts: list[models.QuerySet[Quote]]) -> list[Statement]:
    """The statements of those that may find some. Raises EmptyResultSet if none does."""
    statements = []
    for part in parts:
        with suppress(EmptyResultSet):
            statements.append(sql_of(part))
    if not statements:
        raise EmptyResultSet
    return statements


def united(statements: list[Statement]) -> Statement:
    """All rows of these statements."""
    if len(statements) == 1:
        return statements[0]
    sql = " UNION ALL ".join(f"({sql})" for sql, _ in statements)
    return sql, tuple(value for _, values in statements for value in values)


def among(rows: list[Statement], statement: Statement) -> Statement:
    """A statement that reads only the quotes that other statements find."""
    inner, values = united(
        [(f"SELECT {TABLE}.*{sql.removeprefix(IDS)}", given) for sql, given in rows]
    )
    start, _, rest = statement[0].partition(f" FROM {TABLE}")
    return f"{start} FROM ({inner}) {TABLE}{rest}", (*values, *statement[1])


def limited(statement: Statement, number: int) -> Statement:
    """The first rows of a statement."""
    sql, values = statement
    return f"{sql} LIMIT {number}", values
