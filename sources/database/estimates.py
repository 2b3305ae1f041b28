"""Numbers that PostgreSQL estimates, and what a process remembers of them."""

import json
import time
from collections.abc import Callable, Hashable
from math import ceil
from typing import Any

from django.db import connection
from django.db.models import QuerySet

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
    # Where Django knows that there are none it asks PostgreSQL nothing.
    said = rows.order_by().values("pk").explain(format="json") or '[{"Plan": {"Plan Rows": 0}}]'
    (plan,) = json.loads(said)
    return ceil(plan["Plan"]["Plan Rows"])
