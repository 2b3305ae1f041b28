"""Advisory locks on names, for records that may not be stored yet."""

from collections.abc import Iterable

from django.db import connection


def lock_all(names: Iterable[str]) -> None:
    """Lock these names until the transaction ends, in a fixed order, so no two can deadlock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM ("
            " SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest(%s::text[]) name"
            " ORDER BY key) AS keys",
            [list(names)],
        )
