"""Places in an order of rows."""

from django.db import models

from sources.prepared import Parameter


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
