"""Places in an order of rows."""

from django.db import models
from django.db.models import lookups
from django.db.models.expressions import Col

from sources.database.prepared import Parameter

# What bounds where rows begin that are read in this direction
BOUNDS = {
    "<": (lookups.LessThan, lookups.LessThanOrEqual),
    ">": (lookups.GreaterThan, lookups.GreaterThanOrEqual),
}


class ComparesRows(models.Func):
    """`(a, b) < (c, d)`, or another comparison of rows: one that an index on (a, b) answers."""

    output_field = models.BooleanField()

    def __init__(self, columns: list[str], values: list | tuple, comparison: str):
        self.comparison = comparison
        values = [v if isinstance(v, Parameter) else models.Value(v) for v in values]
        super().__init__(*map(models.F, columns), *values)

    def as_sql(self, compiler, connection, **context):
        sides, params = [], []
        for expression in self.source_expressions:
            sql, part = compiler.compile(expression)
            sides.append(sql)
            params.extend(part)
        half = len(sides) // 2
        left, right = ", ".join(sides[:half]), ", ".join(sides[half:])
        return f"(({left}) {self.comparison} ({right}))", tuple(params)


def beyond(rows: models.QuerySet, columns: list[str], place: list | tuple, comparison: str):
    """Those of the rows that are beyond one of them, whose values of these columns are given.

    What bounded them all on this side bounds these too, and so did any place: asked again,
    PostgreSQL would begin there, however far before the place it is.
    """
    found = rows.filter(ComparesRows(columns, place, comparison))
    *said, is_beyond = found.query.where.children
    own = (rows.model._meta.db_table, columns[0])
    kept = [part for part in said if not is_bound(part, own, comparison)]
    found.query.where.children = [*kept, is_beyond]
    return found


def is_bound(part, column: tuple[str, str], comparison: str) -> bool:
    """Whether a condition tells where rows begin: one of a table's column, or a place."""
    left = getattr(part, "lhs", None)
    if isinstance(left, ComparesRows):
        return left.comparison == comparison
    is_own = isinstance(left, Col) and (left.alias, left.target.name) == column
    return is_own and isinstance(part, BOUNDS[comparison])
