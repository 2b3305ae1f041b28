"""How the quotes of a page are found in a large archive, whatever was asked for.

PostgreSQL can walk an index in the order of the list until a page is full, or gather all that
matches by other indexes and sort it. It believes that what matches is spread evenly, and so walks
far where it is not: two filters that each match much may match nothing together. So a page is
first looked for among the next few thousand rows of the list's own index, which is cheap however it
ends. What is met there, and what it would cost to gather all, say which of the two to do.

Most filters are about columns that the indexes of the orderings hold (`HELD`). Then nothing else
is read, which is what makes rows cheap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import lookups
from django.db.models.expressions import Col, ExpressionList
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from quotes.models import Quote
from quotes.models.indexes import HELD
from quotes.models.workflow import Status
from sources.database.keyset import beyond
from sources.dates import Overlaps
from sources.models import Speaker
from sources.models.functions import Fold

NEAR = 4_000
"""So many rows of an index that holds all that is asked about are looked through first."""

NONE_LEFT = 3
"""Where no more than so many times as many are expected, it is asked whether all were seen."""

FARTHEST = 200_000
"""So many of them are looked through at most."""

ROW = 0.06
"""What a row in such an index costs, in the planner's units, which are some 5 µs."""

DEARER = 4
"""So many times as much costs a row that has to be read itself."""

FOLDED = 12
"""The same where a name in it has to be folded."""

FARTHER = 10
"""So many times as far is looked next, at most."""

SURER = 3
"""So many times as far as all should be met is looked; it ends where they are."""

DEAR = 20_000
"""What costs more to gather, in these units, is a tenth of a second or more."""

PATIENCE = 3
"""Where it is that, one looks on for such a part of what it costs, whatever was met."""

MATCH = 0.3
"""What it costs at least to gather a row that matches, in the planner's units."""

DOUBT = 1
"""What PostgreSQL expects counts as much as so many matches that were met."""

MUCH = 3_000
"""What costs more, in these units, is tried to be gathered otherwise."""

LOOK_UP = 0.5
"""What it costs to look up one of the values that another query finds; PostgreSQL thinks of ten."""

SPARE = 20
"""So many pages are sorted first of what may report the same as others."""

# The columns that begin an index whose next ones are the day of publication and the id, those that
# narrow most first.
BEGINS_BY_DAY = ("speaker", "organisation", "outlet", "language", "status")

# Filters that match few rows, which are best gathered whatever the order.
MATCHES_FEW = {"article", "utterance", "id"}
OF_ONE_ARTICLE = {"sources_article.url_key"}

SPEAKER_KIND = "sources_speaker.kind"

# By these columns alone rows are walked; whoever orders by something else knows how to find them.
WALKED = {"published_day", "said_day", "created"}

# Some conditions are thought to match far more than they do, and all would be read. To compile a
# statement takes longer than it saves, and so do workers where they are to do what takes so little.
# Pages are mostly in memory, where they cost a fifth of what PostgreSQL believes.
TO_GATHER = {
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "seq_page_cost": "0.2",
    "random_page_cost": "0.2",
}

type Statement = tuple[str, tuple]


class Unordered(models.Func):
    """A column as no index has it: what is sorted by it is gathered first."""

    def __init__(self, column: str):
        nothing = "0" if column.endswith("_day") else "interval '0'"
        self.template = f"(%(expressions)s + {nothing})"
        super().__init__(models.F(column))


class OneOf(models.Func):
    """Whether a column has one of these ids, which are looked up one by one."""

    template = "%(expressions)s"
    arg_joiner = " IN (SELECT unnest("
    output_field = models.BooleanField()

    def __init__(self, column: str, ids: list):
        super().__init__(models.F(column), models.Value(ids, ArrayField(models.UUIDField())))

    def as_sql(self, compiler, connection, **context):
        sql, values = super().as_sql(compiler, connection, **context)
        return f"({sql}::uuid[])))", values


def found(page: models.QuerySet[Quote]) -> models.QuerySet[Quote]:
    """The quotes of a page (ordered by a column and the id, and cut), found at a bounded cost.

    At most a few statements; none for a list that one index answers.
    """
    if page.query.order_by[0].lstrip("-") not in WALKED:
        return page
    if contradicts_itself(page):
        return page.none()
    if (way := Way.of(page)) is None:
        return page
    try:
        ids = way.found()
    except EmptyResultSet:  # a filter that nothing can match
        return page.none()
    return way.again(ids)


def is_found_at_once(page: models.QuerySet[Quote]) -> bool:
    """Whether the page is found as it is, by its own statement and whatever its values are."""
    is_walked = page.query.order_by[0].lstrip("-") in WALKED
    return not contradicts_itself(page) and not (is_walked and Way.of(page))


@dataclass
class Expected:
    """What PostgreSQL expects of a statement: its cost in the planner's units, how many match."""

    cost: float
    rows: float

    @classmethod
    def of(cls, statement: Statement, settings: dict[str, str] | None = None) -> "Expected":
        plan = plan_of(statement, settings)
        return cls(plan["Total Cost"], matching(plan))


def plan_of(statement: Statement, settings: dict[str, str] | None = None) -> dict:
    """What PostgreSQL would do, as its EXPLAIN says it in JSON: the node that is done last."""
    sql, values = statement
    (([plan],),) = rows_of((f"EXPLAIN (FORMAT JSON) {sql}", values), settings)
    return plan["Plan"]


def matching(plan: dict) -> float:
    """How many rows a plan expects before any is left out because enough are found."""
    below = plan.get("Plans", [])
    within = [matching(part) for part in below if has_limit(part)]
    if within:
        return sum(within)
    return below[0]["Plan Rows"] if plan["Node Type"] == "Limit" else plan["Plan Rows"]


def has_limit(plan: dict) -> bool:
    """Whether a limit is in it that is no sub-plan's."""
    return plan.get("Parent Relationship") not in ("SubPlan", "InitPlan") and (
        plan["Node Type"] == "Limit" or any(map(has_limit, plan.get("Plans", [])))
    )


@dataclass
class Way:
    """How a page is found: `narrowed` are its conditions that one index in its order tells.

    `row` is what it costs to look at each of its rows, in the planner's units.
    """

    whole: models.QuerySet[Quote]
    number: int
    narrowed: list
    row: float

    @cached_property
    def conditions(self) -> list:
        """All of its conditions, said as plainly as they can be."""
        return plainly(self.whole.query.where.children)

    @classmethod
    def of(cls, page: models.QuerySet[Quote]) -> "Way | None":
        """None where one index tells all, and where so few rows can match that any plan is good."""
        column = page.query.order_by[0].lstrip("-")
        in_order, begins, others, asked_about = [], {}, [], set()
        for condition in page.query.where.children:
            columns = columns_of(condition)
            values = values_of(condition)
            if values == 0 or (values == 1 and columns & MATCHES_FEW) or columns == OF_ONE_ARTICLE:
                return None
            if columns <= {column, "id"}:
                in_order.append(condition)
                continue
            asked_about |= columns
            if column == "published_day" and values == 1 and columns <= {*BEGINS_BY_DAY}:
                begins[columns.pop()] = condition
            elif not (is_harmless(condition, columns) or columns == {column.removesuffix("_day")}):
                others.append(condition)
        if not others and len(begins) < 2:
            return None
        first = [begins[name] for name in BEGINS_BY_DAY if name in begins][:1]
        held = {*HELD, "id", "sources_speaker.id", SPEAKER_KIND}
        is_held = asked_about - {"another query", FIRST} <= held
        whole = page.all()
        whole.query.clear_limits()
        row = ROW if is_held else ROW * (FOLDED if any(map(folds, others)) else DEARER)
        return cls(whole, page.query.high_mark, [*first, *in_order], row)

    def found(self) -> list:
        """The ids of the page, in no certain order."""
        looked_at = rows = max(1, int(NEAR * ROW / self.row))
        ids = self.walked(rows, self.number, one_by_one)
        if len(ids) == self.number:
            return ids
        ahead = Expected.of(sql_of(self.ahead)).rows
        everything, expected = self.cheapest_gathering()
        while len(ids) < self.number:
            farther = self.worth_looking(looked_at, len(ids), ahead, expected)
            if not farther and ahead > NONE_LEFT * looked_at:
                break
            if not self.is_left_after(rows):
                return ids
            if not farther:
                break
            rows = farther
            looked_at += rows
            more = self.walked(rows, self.number - len(ids), all_first)
            ids = [*dict.fromkeys(ids + more)]  # one may have moved meanwhile
        if len(ids) == self.number:
            return ids
        ids = ids_of(everything, TO_GATHER)
        if len(ids) < self.number and self.last:
            # Most of what was sorted reports the same as others.
            ids = ids_of(self.gathering(self.conditions, None), TO_GATHER)
        return ids

    def worth_looking(self, looked_at: int, met: int, ahead: float, gathered: Expected) -> int:
        """Through how many more rows one should look before all is gathered; 0 if none."""
        # As many of the rows ahead match as PostgreSQL expects, until what is met says more
        density = min(max(gathered.rows, 1) / max(ahead, 1), 1)
        rate = (met + DOUBT) / (looked_at + DOUBT / density)
        cost = max(gathered.cost, rate * ahead * MATCH)
        needed = (self.number - met) / rate
        worth = FARTHEST * ROW
        if needed * self.row > cost:
            worth = min(worth, cost / PATIENCE if cost > DEAR else 0)
        least, farthest = looked_at / 2, worth / self.row - looked_at
        farther = int(min(max(SURER * needed, least), FARTHER * looked_at, farthest))
        return farther if farther >= int(least) else 0

    @cached_property
    def ahead(self) -> models.QuerySet[Quote]:
        """The rows of the index, in its order."""
        return having(simply(self.whole.query.order_by), self.narrowed)

    def walked(self, rows: int, number: int, said: Callable) -> list:
        """The ids of the page, so many at most, as far as they are among the next rows.

        `said` says how a condition is put.
        """
        conditions = [said(part) for part in self.conditions if part not in self.last]
        chosen = sql_of(having(self.whole, conditions))
        near = among([limited(sql_of(self.ahead), rows)], chosen)
        if self.last:
            near = self.first_of([near], simply(self.whole.query.order_by))
        return ids_of(limited(near, number))

    def is_left_after(self, rows: int) -> bool:
        """Whether anything may be ahead of so many rows, which are left behind."""
        column = self.whole.query.order_by[0]
        columns = [column.lstrip("-"), "pk"]
        last = self.ahead.values_list(*columns)[rows - 1 : rows].first()
        if last is None:
            return False
        comparison = "<" if column.startswith("-") else ">"
        self.ahead = beyond(self.ahead, columns, last, comparison)
        return True

    def cheapest_gathering(self) -> tuple[Statement, Expected]:
        """The statement that gathers all that matches, and what PostgreSQL expects of it."""
        ways = [self.conditions, [*map(by_index, self.conditions)]]
        many = SPARE * self.number
        first = self.gathering(ways[0], many)
        expected = Expected.of(first, TO_GATHER)
        if expected.cost < MUCH or ways[0] == ways[1]:
            return first, expected
        second = self.gathering(ways[1], many)
        cost = Expected.of(second, TO_GATHER).cost
        looked_up = [part for part in ways[1] if isinstance(part, AnyOf)]
        cost += LOOK_UP * sum(Expected.of(part.rhs.sql_with_params()).rows for part in looked_up)
        if cost > expected.cost / 2:
            return first, expected
        return second, Expected(cost, expected.rows)

    def again(self, ids: list) -> models.QuerySet[Quote]:
        """These quotes as the page: one may have been changed meanwhile, so they are asked again.

        What is looked for elsewhere is not; the ids are a table of their own, because PostgreSQL
        would look for each on every day.
        """
        own = [part for part in self.whole.query.where.children if columns_of(part) <= OWN]
        page = having(simply(self.whole.query.order_by), own)
        return page.filter(models.Q(OneOf("pk", ids)))[: self.number]

    @cached_property
    def last(self) -> list:
        """The conditions that are dear, and so are asked last: whether it is the first report."""
        return [part for part in self.conditions if FIRST in columns_of(part)]

    def gathering(self, conditions: list, candidates: int | None) -> Statement:
        """The statement that sorts all that matches; only its candidates are asked what is dear."""
        column, key = self.whole.query.order_by
        by = Unordered(column.lstrip("-"))
        in_order = self.whole.order_by(by.desc() if column.startswith("-") else by, key)
        conditions = [each for each in conditions if each not in self.last]
        many = candidates if self.last else self.number
        parts = [sql_of(part[:many]) for part in dated(in_order, conditions)]
        if not self.last:
            return united(parts)
        in_order = simply(in_order.query.order_by)
        return limited(
            self.first_of([among(parts, sql_of(in_order[:many]))], in_order), self.number
        )

    def first_of(self, rows: list[Statement], in_order: models.QuerySet[Quote]) -> Statement:
        """Those that meet what is dear to ask, of rows in order that meet all else."""
        return among(rows, sql_of(having(in_order, self.last)))


def dated(quotes: models.QuerySet[Quote], conditions: list) -> list[models.QuerySet[Quote]]:
    """The quotes that meet these conditions, by when: those of a date that begins early apart.

    What is after a day begins on that day or later, or it is the month or the year of that day,
    which all begin on one. Together they are all quotes since the year began, of which most may be
    of no use.
    """
    after = [
        part
        for part in conditions
        if isinstance(part, Overlaps) and part.rhs.upper is None and part.rhs.lower
    ]
    if not after:
        return [having(quotes, conditions)]
    latest = max(after, key=lambda part: part.rhs.lower)
    first, day = latest.rhs.lower, f"{latest.lhs.target.name}_day"
    begun = {first.replace(month=1, day=1), first.replace(day=1)} - {first}
    others = [part for part in conditions if part is not latest]
    return [
        having(quotes, others).filter(**{f"{day}__gte": first}),
        *(having(quotes, conditions).filter(**{day: each}) for each in sorted(begun)),
    ]


def simply(order: Sequence) -> models.QuerySet[Quote]:
    """Quotes in an order, of which nothing else is asked."""
    quotes = Quote.objects.order_by(*order)
    quotes.query.get_initial_alias()
    return quotes


def having(quotes: models.QuerySet[Quote], conditions: list) -> models.QuerySet[Quote]:
    """The quotes that meet these conditions instead of those that they had."""
    quotes = quotes.all()
    quotes.query.where = WhereNode([*conditions])
    return quotes


class AnyOf(lookups.In):
    """Has one of the values that another query finds, each looked up in an index."""

    def as_sql(self, compiler, connection):
        column, values = self.process_lhs(compiler, connection)
        found, more = self.process_rhs(compiler, connection)
        return f"{column} = ANY (ARRAY{found})", (*values, *more)


def by_index(condition):
    """The same, where another query can find whose quotes to look up.

    As one of several conditions PostgreSQL knows to ask that only row by row; and of what is asked
    of the speaker it does not know how few there are.
    """
    if columns_of(condition) == {SPEAKER_KIND} and isinstance(condition, lookups.In):
        speakers = Speaker.objects.filter(kind__in=condition.rhs).order_by().values("pk")
        return AnyOf(Col(Quote._meta.db_table, Quote._meta.get_field("speaker")), speakers.query)
    return one_said_as(AnyOf, condition)


class EachAsked(lookups.In):
    """Has one of the values that another query finds, which is asked of each row by itself."""

    def as_sql(self, compiler, connection):
        column, values = self.process_lhs(compiler, connection)
        found, more = self.process_rhs(compiler, connection)
        some = f"SELECT true FROM {found} found (value) WHERE value = {column} LIMIT 1"  # noqa: S608
        return f"(({some}) IS TRUE)", (*more, *values)


def one_by_one(condition):
    """The same, where one of several conditions is about what another query finds.

    PostgreSQL would find it as a whole first, which is long for few rows.
    """
    return one_said_as(EachAsked, condition)


class OfAll(lookups.In):
    """Has one of the values that another query finds, all of which are found first."""

    def as_sql(self, compiler, connection):
        sql, values = super().as_sql(compiler, connection)
        return f"({sql}) IS TRUE", values  # said like this it is not looked up for each row


def all_first(condition):
    """The same, where it is about what another query finds; that is found as a whole."""
    return said_as(OfAll, condition)


def said_as(lookup: type[lookups.In], condition):
    """The same, said in this way if it is about what another query finds."""
    is_about_others = isinstance(condition, lookups.In) and isinstance(condition.rhs, Query)
    return lookup(condition.lhs, condition.rhs) if is_about_others else condition


def one_said_as(lookup: type[lookups.In], condition):
    """The same, where it is one of several conditions that is about what another query finds."""
    if not isinstance(condition, WhereNode) or condition.connector != models.Q.OR:
        return condition
    parts = [said_as(lookup, part) for part in condition.children]
    return WhereNode(parts, condition.connector, condition.negated)


OWN = {*HELD, "id"}

FIRST = "the first of an utterance"

TABLE = f'"{Quote._meta.db_table}"'
IDS = f'SELECT {TABLE}."id" AS "pk"'


def sql_of(quotes: models.QuerySet[Quote]) -> Statement:
    """The statement for their ids."""
    return quotes.values("pk").query.sql_with_params()


def united(statements: list[Statement]) -> Statement:
    """What any of them gives."""
    if len(statements) == 1:
        return statements[0]
    together = " UNION ALL ".join(f"({sql})" for sql, _ in statements)
    return together, tuple(value for _, values in statements for value in values)


def among(rows: list[Statement], statement: Statement) -> Statement:
    """A statement that looks at nothing but the rows that others find, which it meets in order."""
    inner, values = united(
        [(f"SELECT {TABLE}.*{sql.removeprefix(IDS)}", given) for sql, given in rows]
    )
    start, _, rest = statement[0].partition(f" FROM {TABLE}")
    return f"{start} FROM ({inner}) {TABLE}{rest}", (*values, *statement[1])


def limited(statement: Statement, number: int) -> Statement:
    """The first of its rows, so many at most."""
    sql, values = statement
    return f"{sql} LIMIT {number}", values


def ids_of(statement: Statement, settings: dict[str, str] | None = None) -> list:
    return [key for (key,) in rows_of(statement, settings)]


def rows_of(statement: Statement, settings: dict[str, str] | None = None) -> list[tuple]:
    """The rows of a statement under settings that are its own."""
    sql, values = statement
    settings = settings or {}
    before = "".join(f"SET LOCAL {name} = {value}; " for name, value in settings.items())
    after = "".join(f"; SET LOCAL {name} TO DEFAULT" for name in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"{before}{sql}{after}", values)
        for _ in settings:
            cursor.nextset()
        return cursor.fetchall()


def contradicts_itself(page: models.QuerySet[Quote]) -> bool:
    """Whether no status is left: whoever asks for what he may not see finds nothing."""
    return not statuses_left(page.query.where.children)


def statuses_left(conditions: list) -> set[str]:
    """The statuses that conditions allow together."""
    left = {*Status.values}
    for condition in filter(is_about_status, conditions):
        if is_negated(condition):
            left -= {each.rhs for each in condition.children}
        else:
            left &= {*condition.rhs}
    return left


def is_about_status(condition) -> bool:
    """Whether it says which statuses are allowed, or which are not."""
    parts = condition.children if is_negated(condition) else [condition]
    kind = lookups.Exact if is_negated(condition) else lookups.In
    return columns_of(condition) == {"status"} and all(
        isinstance(part, kind) and values_of(part) is not None for part in parts
    )


def plainly(conditions: list) -> list:
    """The same conditions with less to ask of each row.

    One of the statuses; and what is before a day begins on that day or earlier, which is asked too.
    """
    about_status = [*filter(is_about_status, conditions)]
    said = [
        part
        for part in conditions
        if part not in about_status and not (isinstance(part, Overlaps) and not part.rhs.lower)
    ]
    if about_status:
        status = Quote._meta.get_field("status")
        column = Col(Quote._meta.db_table, status)
        said.append(lookups.In(column, sorted(statuses_left(conditions))))
    return said


def columns_of(part) -> set[str]:
    """The columns of quotes that a condition is about; other tables' too."""
    if isinstance(part, Col):
        is_own = part.alias == Quote._meta.db_table
        return {part.target.name if is_own else f"{part.alias}.{part.target.name}"}
    if isinstance(part, models.Exists):
        return {FIRST}
    if isinstance(part, Query):
        return {"another query"}
    return set().union(*map(columns_of, parts_of(part)))


def folds(part) -> bool:
    """Whether it asks of a column what it is when folded."""
    if isinstance(part, Fold):
        return bool(columns_of(part))
    return not isinstance(part, Query | models.Exists) and any(map(folds, parts_of(part)))


def parts_of(part) -> list:
    parts = part.children if isinstance(part, WhereNode) else part.get_source_expressions()
    return [each for each in parts if each is not None]


def values_of(condition) -> int | None:
    """How many certain values a column may have; None where that is no question of values."""
    if not isinstance(getattr(condition, "lhs", None), Col):
        return None
    values = condition.rhs
    if isinstance(values, ExpressionList):
        values = values.get_source_expressions()
    if isinstance(condition, lookups.In) and isinstance(values, list | tuple):
        return len({*values})
    return 1 if isinstance(condition, lookups.Exact) and not hasattr(values, "as_sql") else None


def is_harmless(condition, columns: set[str]) -> bool:
    """Whether most quotes meet it: those that readers see by default."""
    if columns != {"status"}:
        return False
    if isinstance(condition, lookups.In):
        return Status.PUBLISHED in condition.rhs
    return is_negated(condition)


def is_negated(condition) -> bool:
    return getattr(condition, "negated", False)
