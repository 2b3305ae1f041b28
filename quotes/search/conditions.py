"""What the conditions of a list of quotes are about, and other ways to write them.

The planner reads the conditions that Django's filters left in a queryset. It writes some of them
otherwise, because PostgreSQL takes a condition that has a subquery as it is written.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import lookups
from django.db.models.expressions import Col, ExpressionList
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from quotes.models import Quote
from quotes.models.functions import CalledExactly, HasFact
from quotes.models.indexes import LEAD_DAYS
from quotes.models.workflow import Status
from sources.dates import UNKNOWN_DAY, Overlaps

SUBQUERY, FIRST_REPORT = "a subquery", "the first report of an utterance"
"""What `columns_of` calls conditions that are about no column."""

# Reading


def columns_of(part) -> set[str]:
    """Columns of quotes that a condition is about; those of other tables with the table's name."""
    if isinstance(part, Col):
        is_own = part.alias == Quote._meta.db_table
        return {part.target.name if is_own else f"{part.alias}.{part.target.name}"}
    if isinstance(part, models.Exists):
        return {FIRST_REPORT}
    if isinstance(part, Query):
        return {SUBQUERY}
    parts = part.children if isinstance(part, WhereNode) else part.get_source_expressions()
    return set().union(*(columns_of(each) for each in parts if each is not None))


def number_of_values(condition) -> int | None:
    """How many values a column may have; None if the condition does not list them."""
    if not isinstance(getattr(condition, "lhs", None), Col):
        return None
    values = condition.rhs
    if isinstance(values, ExpressionList):
        values = values.get_source_expressions()
    if isinstance(condition, lookups.In) and isinstance(values, list | tuple):
        return len({*values})
    return 1 if isinstance(condition, lookups.Exact) and not hasattr(values, "as_sql") else None


def keeps_most(condition) -> bool:
    """Whether it is about the status alone, and published quotes meet it."""
    if columns_of(condition) != {"status"}:
        return False
    if isinstance(condition, lookups.In):
        return Status.PUBLISHED in condition.rhs
    return is_negated(condition)


def statuses_left(conditions: list) -> set[str]:
    """The statuses that all of the conditions allow."""
    left = {*Status.values}
    for condition in filter(lists_statuses, conditions):
        if is_negated(condition):
            left -= {each.rhs for each in condition.children}
        else:
            left &= {*condition.rhs}
    return left


def lists_statuses(condition) -> bool:
    """Whether it lists statuses that are allowed, or that are not."""
    parts = condition.children if is_negated(condition) else [condition]
    kind = lookups.Exact if is_negated(condition) else lookups.In
    return columns_of(condition) == {"status"} and all(
        isinstance(part, kind) and number_of_values(part) is not None for part in parts
    )


def is_negated(condition) -> bool:
    return getattr(condition, "negated", False)


IN_TIME = ("said_day", "published_day", "created", "updated")
"""Columns of time, in the order in which things happen, unless a quote `IS_AHEAD`."""

DAY, LEAD = timedelta(days=1), timedelta(days=LEAD_DAYS)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def beginning(conditions: list, column: str, *, is_descending: bool) -> tuple | None:
    """Where a list in the order of a column of time begins, as conditions on other times tell.

    Returns a value of the column, or one with an id; None if the conditions do not tell. Only
    quotes that are `IS_AHEAD` are before it.
    """
    return (_latest if is_descending else _earliest)(conditions, column)


def _latest(conditions: list, column: str) -> tuple | None:
    """Where the newest are that happened before what the conditions ask for."""
    later = IN_TIME[IN_TIME.index(column) + 1 :]
    told = bounds(conditions, lookups.LessThanOrEqual, later)
    if not told:
        return None
    if column == "created":
        return (min(told.values()),)
    days = [
        shifted(time, -time.utcoffset()).date()
        if isinstance(time, datetime)
        else shifted(time.replace(month=12, day=31), DAY)  # where a date that is a year ends
        for time in told.values()
    ]
    return (shifted(min(days), LEAD),)


def _earliest(conditions: list, column: str) -> tuple | None:
    """Where the oldest are that were on record after what the conditions ask for.

    Quotes with an unknown day come first. They are in the order of their ids, and so of their
    making.
    """
    others = {*IN_TIME} - {column, "updated"}
    told = bounds(conditions, lookups.GreaterThanOrEqual, others)
    is_known = bounds(conditions, lookups.GreaterThan | lookups.GreaterThanOrEqual, {column})
    if not told or (is_known and column != "created"):
        return None
    times = [
        time if isinstance(time, datetime) else datetime.combine(time, clock.min, UTC)
        for time in told.values()
    ]
    created = shifted(max(times), -LEAD)
    if column == "created":
        return (created,)
    return UNKNOWN_DAY, first_id(shifted(created, -LEAD))


def bounds(conditions: list, of_kind: type, columns: Collection[str]) -> dict:
    """What conditions of this kind compare each of these columns to."""
    return {
        name: part.rhs
        for part in conditions
        for name in columns
        if isinstance(part, of_kind) and columns_of(part) == {name}
    }


def shifted[T: (date, datetime)](time: T, by: timedelta) -> T:
    """A time shifted, but not past the ends of the calendar."""
    try:
        return time + by
    except OverflowError:
        return time


def first_id(moment: datetime) -> UUID:
    """The first UUIDv7 of this millisecond (RFC 9562, section 5.7)."""
    milliseconds = max((moment - EPOCH) // timedelta(milliseconds=1), 0)
    return UUID(int=milliseconds << 80)


# Writing


class OneOf(models.Func):
    """Whether a column has one of these ids. Each is looked up once, not on every day."""

    template = "%(expressions)s"
    arg_joiner = " IN (SELECT unnest("
    output_field = models.BooleanField()

    def __init__(self, column: str, ids: list):
        super().__init__(models.F(column), models.Value(ids, ArrayField(models.UUIDField())))

    def as_sql(self, compiler, connection, **context):
        sql, values = super().as_sql(compiler, connection, **context)
        return f"({sql}::uuid[])))", values


def simplified(conditions: list) -> list:
    """The same conditions, with less to check in each row.

    All that list statuses become one. A range of dates without a lower bound is left out: it comes
    with a bound of the first day, which says the same.
    """
    of_status = [*filter(lists_statuses, conditions)]
    kept = [
        part
        for part in conditions
        if part not in of_status and not (isinstance(part, Overlaps) and not part.rhs.lower)
    ]
    if of_status:
        column = Col(Quote._meta.db_table, Quote._meta.get_field("status"))
        kept.append(lookups.In(column, sorted(statuses_left(conditions))))
    return kept


def split_by_date(conditions: list) -> list[list]:
    """Conditions that find the same quotes in parts: one, unless they ask for dates after a day.

    A date after a day begins on that day or later, or is the month or the year of the day. Without
    this PostgreSQL would fetch all quotes since the year began.
    """
    after = [
        part
        for part in conditions
        if isinstance(part, Overlaps) and part.rhs.upper is None and part.rhs.lower
    ]
    if not after:
        return [conditions]
    latest = max(after, key=lambda part: part.rhs.lower)
    day, field = latest.rhs.lower, Quote._meta.get_field(f"{latest.lhs.target.name}_day")
    column = Col(Quote._meta.db_table, field)
    early = {day.replace(month=1, day=1), day.replace(day=1)} - {day}
    later = [part for part in conditions if part is not latest]
    return [
        [*later, lookups.GreaterThanOrEqual(column, day)],
        *([*conditions, lookups.Exact(column, each)] for each in sorted(early)),
    ]


def in_parts(conditions: list) -> list[list]:
    """Conditions that find the same quotes in parts, each quote in one of them.

    Somebody is found by a record or by a printed name, a role in an affiliation or in the quote.
    Each has its index. Of both in one condition PostgreSQL expects that it has to compute the form
    of every name, or has no estimate.
    """
    parts = [[]]
    for condition in conditions:
        parts = [[*part, *more] for part in parts for more in alternatives(condition)]
    return [each for part in parts for each in split_by_date(part)]


def alternatives(condition) -> list[list]:
    """The parts that one condition is found in; for most it is the only one."""
    fact = getattr(condition, "lhs", None)
    if isinstance(fact, HasFact) and not fact.or_unknown:
        return [[condition, fact.whenever()]]
    is_whole = not is_either(condition) or is_negated(condition)
    if is_whole or not any(is_of_name(part) or is_subquery(part) for part in condition.children):
        return [[condition]]
    either = [part for part in condition.children if number_of_values(part) != 0]
    return [[*map(Otherwise, either[:at]), part] for at, part in enumerate(either)]


def is_either(condition) -> bool:
    return isinstance(condition, WhereNode) and condition.connector == models.Q.OR


def is_of_name(part) -> bool:
    return isinstance(getattr(part, "lhs", None), CalledExactly)


class Otherwise(models.Func):
    """Whether a condition does not hold."""

    template = "(%(expressions)s) IS NOT TRUE"
    output_field = models.BooleanField()


class InPerRow(lookups.In):
    """In a subquery, which is looked into for each row: for few rows."""

    def as_sql(self, compiler, connection):
        column, values = self.process_lhs(compiler, connection)
        subquery, more = self.process_rhs(compiler, connection)
        sql = f"SELECT true FROM {subquery} found (value) WHERE value = {column} LIMIT 1"  # noqa: S608
        return f"(({sql}) IS TRUE)", (*more, *values)


class InByIndex(lookups.In):
    """In a subquery, each of whose values is looked up in an index of the column."""

    def as_sql(self, compiler, connection):
        column, values = self.process_lhs(compiler, connection)
        subquery, more = self.process_rhs(compiler, connection)
        return f"{column} = ANY (ARRAY{subquery})", (*values, *more)


class NoIndex(models.Func):
    """A condition as no index has it."""

    template = "(%(expressions)s) IS TRUE"
    output_field = models.BooleanField()


def checked_later(condition):
    """One that most quotes meet, as `NoIndex`.

    PostgreSQL does not combine two indexes that both tell the same condition. One about the status
    would keep it from combining those of a speaker and an organisation.
    """
    return NoIndex(condition) if keeps_most(condition) else condition


def per_row(condition):
    """With `InPerRow` in place of each subquery that is one of several alternatives.

    As such PostgreSQL would fetch all its values first.
    """
    if not is_either(condition) or not any(map(is_subquery, condition.children)):
        return condition
    parts = [
        InPerRow(part.lhs, part.rhs) if is_subquery(part) else part for part in condition.children
    ]
    return WhereNode(parts, condition.connector, condition.negated)


def is_subquery(part) -> bool:
    return isinstance(part, lookups.In) and isinstance(part.rhs, Query)
