"""How many rows there are: exactly while that is cheap, as PostgreSQL estimates beyond."""

import json
from math import ceil

from django.db.models import QuerySet


def count_or_estimate(rows: QuerySet, *, exact_up_to: int) -> tuple[int, bool]:
    """The number of rows, and whether it is exact.

    Beyond `exact_up_to` it is the planner's estimate, which scales `pg_class.reltuples` to the
    table's present size and to the filter, and never less than what was counted.
    """
    rows = rows.order_by().values("pk")
    found = rows[: exact_up_to + 1].count()
    if found <= exact_up_to:
        return found, True
    (plan,) = json.loads(rows.explain(format="json"))
    return max(ceil(plan["Plan"]["Plan Rows"]), found), False
