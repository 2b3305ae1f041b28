"""How the quotes of a page are found in a large archive, whatever was asked for.

PostgreSQL can walk an index in the order of the list until a page is full, or gather all that
matches by other indexes and sort it. It believes that what matches is spread evenly, and so walks
far where it is not: two filters that each match much may match nothing together. So a page is
first looked for among the next few thousand rows of the list's own index, which is cheap however it
ends. What is met there says which of the two to do.
"""

from django.db import connection, models, transaction
from django.db.models import lookups
from django.db.models.expressions import Col, ExpressionList
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from quotes.life import Status
from quotes.models import Quote
from sources.counting import estimate
from sources.ordering import ComparesRows

NEAR = 4_000
"""So many rows of an index are looked through first, at some 2 µs a row."""

SEEN = 3
"""Of so many matches nearby, more are thought to follow; fewer say nothing about what follows."""

FARTHER = 10
"""Where nothing is near, so many times as far is looked, until to gather all is thought cheaper."""

# The columns that begin an index whose next ones are the day of publication and the id, those that
# narrow most first.
BEGINS_BY_DAY = ("speaker", "organisation", "outlet", "language", "status")

# Filters that match few rows, which are best gathered whatever the order.
MATCHES_FEW = {"article", "utterance", "id"}

# By these columns alone rows are walked; whoever orders by something else knows how to find them.
WALKED = {"published_day", "said_day", "created"}


class Unordered(models.Func):
    """A column as no index has it: what is sorted by it is gathered first."""

    def __init__(self, column: str):
        nothing = "0" if column.endswith("_day") else "interval '0'"
        self.template = f"(%(expressions)s + {nothing})"
        super().__init__(models.F(column))


def found(page: models.QuerySet[Quote]) -> models.QuerySet[Quote]:
    """The quotes of a page (ordered by a column and the id, and cut), found at a bounded cost.

    At most a few statements; none for a list that one index answers.
    """
    order, number = page.query.order_by, page.query.high_mark
    narrowed = answered_by_an_index(page)
    if narrowed is None:
        return page
    column, descending = order[0].lstrip("-"), order[0].startswith("-")
    whole = page.all()
    whole.query.clear_limits()
    ids, near, expected = [], NEAR, None
    while place := narrowed.order_by(*order).values_list(column, "pk")[near : near + 1].first():
        within = whole.filter(ComparesRows([column, "pk"], place, ">=" if descending else "<="))
        ids = list(within.values_list("pk", flat=True)[:number])
        if SEEN <= len(ids) < number:
            return page
        near *= FARTHER
        if expected is None and len(ids) < number:
            expected = estimate(whole)
        if len(ids) == number or expected < near:
            break
    if len(ids) < number:
        sorted_by = Unordered(column)
        gathered = whole.order_by(sorted_by.desc() if descending else sorted_by, order[1])
        with transaction.atomic(), connection.cursor() as cursor:
            # Some conditions are thought to match far more than they do, and all would be read.
            cursor.execute("SET LOCAL enable_seqscan = off")
            ids = list(gathered.values_list("pk", flat=True)[:number])
            cursor.execute("SET LOCAL enable_seqscan = on")
    # All is asked again of these few, in case one was changed meanwhile.
    return whole.filter(pk__in=ids)[:number]


def answered_by_an_index(page: models.QuerySet[Quote]) -> models.QuerySet[Quote] | None:
    """The quotes that meet those of the page's conditions that one index in its order can tell.

    None where that is all of the conditions, where so few rows can match that any plan is good, and
    where words are searched, which is slow row by row and has indexes of its own.
    """
    column = page.query.order_by[0].lstrip("-")
    if column not in WALKED:
        return None
    in_order, begins, others = [], {}, []
    for condition in page.query.where.children:
        columns = columns_of(condition)
        values = values_of(condition)
        if values == 0 or "text" in columns or (values == 1 and columns & MATCHES_FEW):
            return None
        if columns <= {column, "id"}:
            in_order.append(condition)
        elif column == "published_day" and values == 1 and columns <= {*BEGINS_BY_DAY}:
            begins[columns.pop()] = condition
        elif not (is_harmless(condition, columns) or columns == {column.removesuffix("_day")}):
            others.append(condition)
    if not others and len(begins) < 2:
        return None
    narrowed = Quote.objects.all()
    narrowed.query.get_initial_alias()
    first = [begins[name] for name in BEGINS_BY_DAY if name in begins][:1]
    for condition in (*first, *in_order):
        narrowed.query.where.add(condition, models.Q.AND)
    return narrowed


def columns_of(part) -> set[str]:
    """The columns of quotes that a condition is about; other tables' too."""
    if isinstance(part, Col):
        is_own = part.alias == Quote._meta.db_table
        return {part.target.name if is_own else f"{part.alias}.{part.target.name}"}
    if isinstance(part, Query):
        return {"another query"}
    return set().union(*map(columns_of, parts_of(part)))


def parts_of(part) -> list:
    parts = part.children if isinstance(part, WhereNode) else part.get_source_expressions()
    return [each for each in parts if each is not None]


def values_of(condition) -> int | None:
    """How many certain values a column may have; None where that is no question of values."""
    values = getattr(condition, "rhs", None)
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
    return getattr(condition, "negated", False)
