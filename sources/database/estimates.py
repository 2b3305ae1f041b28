"""What PostgreSQL expects of a statement, and what a process remembers of such estimates."""

import time
from collections.abc import Callable, Hashable
from math import ceil
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

type Statement = tuple[str, tuple]
"""SQL, and the values of its parameters."""

REMEMBERED_SECONDS = 300
MAX_REMEMBERED = 2_000
"""Estimates in one memory, of some 200 bytes each."""


class Memory:
    """Estimates that a process asked for within the last `REMEMBERED_SECONDS`."""

    def __init__(self):
        self.known: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        """The estimate with this key in the present database, asked for if need be."""
        now, key = time.monotonic(), (connection.settings_dict["NAME"], key)
        asked, value = self.known.get(key, (None, None))
        if asked is None or now - asked > REMEMBERED_SECONDS:
            value = ask()
            if len(self.known) >= MAX_REMEMBERED:
                self.known.clear()
            self.known[key] = now, value
        return value


def count_or_estimate(rows: QuerySet, *, exact_up_to: int) -> tuple[int, bool]:
    """Return the number of rows, and whether it is exact.

    Beyond `exact_up_to` it is the planner's estimate, which scales `pg_class.reltuples` to the
    table's present size and to the filter, and never less than the rows counted.
    """
    rows = rows.order_by().values("pk")
    found = rows[: exact_up_to + 1].count()
    if found <= exact_up_to:
        return found, True
    return max(estimate(rows), found), False


def estimate(rows: QuerySet) -> int:
    """Return the number of rows that the planner expects."""
    try:
        statement = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can match
        return 0
    return ceil(plan_of(statement)["Plan Rows"])


def plan_of(statement: Statement, settings: dict[str, str] | None = None) -> dict:
    """Return the topmost node of what `EXPLAIN (FORMAT JSON)` says."""
    sql, values = statement
    (([plan],),) = rows_of((f"EXPLAIN (FORMAT JSON) {sql}", values), settings)
    return plan["Plan"]


def rows_of(statement: Statement, settings: dict[str, str] | None = None) -> list[tuple]:
    """Return the rows of a statement that runs under settings of its own."""
    sql, values = statement
    settings = settings or {}
    before = "".join(f"SET LOCAL {name} = {value}; " for name, value in settings.items())
    after = "".join(f"; SET LOCAL {name} TO DEFAULT" for name in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"{before}{sql}{after}", values)
        for _ in settings:
            cursor.nextset()
        return cursor.fetchall()
