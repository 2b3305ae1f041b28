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
    return max(estimate(rows), found), False


def estimate(rows: QuerySet) -> int:
    """The number of rows as the planner knows it."""
    # Where Django knows that there are none it asks PostgreSQL nothing.
    said = rows.order_by().values("pk").explain(format="json") or '[{"Plan": {"Plan Rows": 0}}]'
    (plan,) = json.loads(said)
    return ceil(plan["Plan"]["Plan Rows"])
