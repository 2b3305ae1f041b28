"""Keyset pagination: the rows after a key, in an order that an index answers."""

from django.db import models
from django.db.models import lookups
from django.db.models.expressions import Col

from sources.database.prepared import Parameter

# Lookups that bound the start of an index scan in this direction
BOUNDS = {
    "<": (lookups.LessThan, lookups.LessThanOrEqual),
    ">": (lookups.GreaterThan, lookups.GreaterThanOrEqual),
}


class ComparesRows(models.Func):
    """`(a, b) < (c, d)`: a comparison of rows that an index on (a, b) answers."""

    output_field = models.BooleanField()

    def __init__(self, columns: list[str], values: list | tuple, comparison: str):
        self.comparison = comparison
        values = [v if isinstance(v, Parameter) else models.Value(v) for v in values]
        super().__init__(*map(models.F, columns), *values)

    @property
    def key(self) -> tuple:
        """The values that a row is compared with."""
        values = self.source_expressions[len(self.source_expressions) // 2 :]
        return tuple(each.value for each in values)

    def as_sql(self, compiler, connection, **context):
        sides, params = [], []
        for expression in self.source_expressions:
            sql, part = compiler.compile(expression)
            sides.append(sql)
            params.extend(part)
        half = len(sides) // 2
        left, right = ", ".join(sides[:half]), ", ".join(sides[half:])
        return f"(({left}) {self.comparison} ({right}))", tuple(params)


def after_key(rows: models.QuerySet, columns: list[str], key: list | tuple, comparison: str):
    """Rows after a key, which are the values of these columns in one row.

    Older bounds on the leading column are dropped: the key implies them, and PostgreSQL would start
    its index scan at the older one.
    """
    rows = rows.filter(ComparesRows(columns, key, comparison))
    *older, is_after = rows.query.where.children
    column = (rows.model._meta.db_table, columns[0])
    kept = [part for part in older if not is_bound(part, column, comparison)]
    rows.query.where.children = [*kept, is_after]
    return rows


def is_bound(part, column: tuple[str, str], comparison: str) -> bool:
    """Whether a condition bounds the start of a scan: by the column of a table, or by a key."""
    left = getattr(part, "lhs", None)
    if isinstance(left, ComparesRows):
        return left.comparison == comparison
    is_own = isinstance(left, Col) and (left.alias, left.target.name) == column
    return is_own and isinstance(part, BOUNDS[comparison])
