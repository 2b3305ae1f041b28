"""The tables as of a time: views of the same names in a schema of their own, `as_of`.

Inside `tables_as_of`, every statement reads these views instead of the tables. So lists, filters
and counts answer what they answered then. A view has the rows that are unchanged since, and those
that were changed as the ledger says that they were. Erased records are in neither.

Columns that the ledger leaves out are computed again, or NULL. Texts and users are today's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.operations.base import Operation

from sources.database.definitions import definitions
from sources.history.erasure import BLOT
from sources.ledger.recording import recording_of

SCHEMA = "as_of"

AT = "current_setting('onrecord.as_of')::timestamptz"
"""The time that the views are of."""

BEGIN = """
SELECT set_config('onrecord.as_of', %s, true),
       set_config('search_path', 'as_of, ' || current_setting('search_path'), true)
"""


@contextmanager
def tables_as_of(at: datetime | None) -> Iterator[None]:
    """Read the tables as of a time, or as they are now without one.

    It is for reading only: what is written meanwhile is rolled back, and so are the settings.
    """
    if at is None:
        yield
        return
    connection.tables_are_of = at
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BEGIN, [at.isoformat()])
            yield
            transaction.set_rollback(True)  # the settings would outlive a savepoint
    finally:
        connection.tables_are_of = None


def tables_are_of() -> datetime | None:
    """The time that the tables are read as of here; None if as they are now."""
    return getattr(connection, "tables_are_of", None)


# The views

COLUMNS = """
SELECT attname, CASE WHEN attgenerated <> '' THEN pg_get_expr(adbin, adrelid) END,
       format_type(atttypid, atttypmod)
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

BLOTTED = {
    "headline": f"CASE WHEN strpos(p.headline, '{BLOT}') > 0 THEN p.headline"
    " ELSE ({was}).headline END",
    "byline": f"CASE WHEN strpos(array_to_string(p.byline, ' '), '{BLOT}') > 0"
    " THEN p.byline ELSE ({was}).byline END",
}
"""Columns of an article in the past: what an erasure has blotted out since stays so."""

THAT_STOOD = f"since <= (SELECT {AT}) AND until > {AT}"
"""The condition of rows that stood then. A large table is compared with a time that is read once;
how many rows have changed since is estimated by the time itself."""


def row_then(table: str, key: str, at: str = AT) -> str:
    """The row of a record as of a time. Each column reads the ledger again: few rows changed."""
    return f"jsonb_populate_record(NULL::public.{table}, public.sources_state_at({key}, {at}))"


def columns_of(cursor, table: str) -> list[tuple[str, str | None, str]]:
    """Name, generating expression and type of each column."""
    cursor.execute(COLUMNS, [f"public.{table}"])
    return cursor.fetchall()


def past_columns(columns, was: str, held: Mapping[str, str]) -> str:
    """The columns of a changed row: those that are `held`, the others from the row `was`."""

    def column(name: str, generated: str | None, kind: str) -> str:
        computed = f"(SELECT {generated} FROM {was} was)"  # noqa: S608 (ours)
        sql = held.get(name) or (computed if generated else f'({was})."{name}"')
        return f'{sql}::{kind} AS "{name}"'

    return ", ".join(column(*each) for each in columns)


def past_view(cursor, table: str, held: Mapping[str, str] = {}) -> str:
    """The query of the view of a table: what was changed since comes from the ledger.

    `held` are columns of changed rows that come otherwise, over `p`, the row as it is, and `{was}`.
    """
    columns, was = columns_of(cursor, table), row_then(table, "p.id")
    held = {"id": "p.id"} | {name: sql.format(was=was) for name, sql in held.items()}
    every = ", ".join(f'"{name}"' for name, *_ in columns)
    # Both parts are one table without a WHERE, so that each is scanned by any of its indexes.
    return f"""
        SELECT {every} FROM (
            SELECT {every}, updated AS since, 'infinity'::timestamptz AS until, true AS is_kept
            FROM public.{table}
            UNION ALL
            SELECT {past_columns(columns, was, held)}, p.created, p.updated,
                   public.sources_state_at(p.id, {AT}) IS NOT NULL
            FROM public.{table} p
        ) either WHERE {THAT_STOOD} AND is_kept
    """  # noqa: S608 (ours)


def past_articles(cursor, table: str) -> str:
    """The query of the view of articles."""
    return past_view(cursor, table, BLOTTED)


class ReplacePastTables(Operation):
    """Make the app's views of its tables as of a time, or make them again.

    `others` write views in another way than `past_view`, by table. The app's definitions that read
    these tables are repeated over the views; a function of its own for the past also keeps its plan
    when a connection answers of today in between. Like `ReplaceSql`, it stands in the app's last
    migration only.
    """

    def __init__(self, others: Mapping[str, Callable] = {}):
        self.others = others

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        cursor = schema_editor.connection.cursor()
        self.database_backwards(app_label, schema_editor, from_state, to_state)
        tables = self._tables(app_label)
        for table in tables:
            write = self.others.get(table, past_view)
            cursor.execute(
                f"CREATE VIEW {SCHEMA}.{table} WITH (security_invoker = true) AS "
                + write(cursor, table)
            )
        cursor.execute("SHOW search_path")
        (usual,) = cursor.fetchone()
        cursor.execute(f"SET search_path = {SCHEMA}, public")
        for _, text in _readers(app_label, tables).values():
            cursor.execute(text)
        cursor.execute("SELECT set_config('search_path', %s, false)", [usual])

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        tables = self._tables(app_label)
        for name, (kind, _) in reversed(_readers(app_label, tables).items()):
            schema_editor.execute(f"DROP {kind} IF EXISTS {SCHEMA}.{name}", params=None)
        for name in tables:
            schema_editor.execute(f"DROP VIEW IF EXISTS {SCHEMA}.{name}", params=None)

    def _tables(self, app_label) -> list[str]:
        return list(dict.fromkeys([*_recorded(app_label), *self.others]))

    def describe(self):
        return "Make the tables as of a time"


def _recorded(app_label: str) -> list[str]:
    """The tables whose rows the ledger records."""
    found = []
    for model in apps.get_app_config(app_label).get_models():
        try:
            recording_of(model)
        except LookupError:
            continue
        if any(field.column == "updated" for field in model._meta.local_concrete_fields):
            found.append(model._meta.db_table)
    return found


def _readers(app_label: str, tables: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The app's definitions that read these tables, or one that does: by name, with their kind."""
    reading, found = set(tables), {}
    for name, text in definitions(app_label).items():
        if not reading.isdisjoint(re.findall(r"(?<!public\.)\b\w+", text)):
            reading.add(name)
            found[name] = ("VIEW" if f"VIEW {name}" in text else "FUNCTION", text)
    return found
