"""Fill an empty database with a synthetic archive.

Triggers are off, because they would take a hundred times as long. What they would have derived is
written along with each row, search columns included. The records have no history in the ledger.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import batched

from django.apps import apps
from django.db import OperationalError, connection, transaction

from quotes.management.synthetic.articles import (
    COLUMNS,
    ArticleGenerator,
    Made,
    joined,
    part_in_process,
    parts_of,
)
from quotes.models.vocabulary import MAX_LETTERS, MIN_LETTERS
from sources.ledger.revisions import Era
from sources.management.processes import start_processes

LAST_DAY = date(2026, 6, 30)
MIN_QUOTES_FOR_PROCESSES = 80_000
"""Below this, starting processes takes longer than it saves."""

PARTS_PER_COPY = 8
"""Every COPY leaves some pages of a table empty, so several parts share one."""

NUMBERED = ("quotes_via", "quotes_word")
"""Tables with a sequence, to be set behind the last row."""

# Like pg_restore: rows first, then indexes.
INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) || coalesce((
    SELECT string_agg(
        format('; ALTER INDEX %%I ALTER %%s SET STATISTICS %%s', c.relname, attnum, attstattarget),
        ''
    ) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0
), '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%s::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
)
ORDER BY c.relname
"""


class CannotGenerate(Exception):
    """The database cannot be filled; the message says why and what to do."""


@dataclass
class Generated:
    """Rows of each table, and seconds spent."""

    rows: dict[str, int] = field(default_factory=dict)
    writing: float = 0
    indexing: float = 0


def generate(
    quotes: int, *, seed: int = 1, until: date = LAST_DAY, bar: Callable | None = None
) -> Generated:
    """Fill an empty database with an archive of this many quotes, in one transaction.

    `bar` makes a progress bar as `tqdm` does. Raises `CannotGenerate`.
    """
    bar = bar or NoBar
    done = Generated()
    with transaction.atomic(), connection.cursor() as cursor:
        _begin(cursor)
        cursor.execute(INDEXES, [list(COLUMNS)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        began, vocabulary = time.perf_counter(), set[str]()
        with bar(total=quotes, desc="Writing", unit="quote", unit_scale=True) as written:
            for parts in batched(_parts(quotes, seed, until), PARTS_PER_COPY):
                _copy(cursor, [part.rows for part in parts], done)
                vocabulary.update(*(part.new_words for part in parts))
                written.update(done.rows.get("quotes_quote", 0) - written.n)
        _copy(cursor, [joined({"quotes_word": _numbered(vocabulary)})], done)
        for table in NUMBERED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        done.writing, began = time.perf_counter() - began, time.perf_counter()
        cursor.execute("ALTER FUNCTION quotes_grams PARALLEL SAFE")
        for _, definition in bar(indexes, desc="Indexing", unit="index"):
            cursor.execute(definition)
        # Restored: searches must not start parallel workers, which would not pay.
        cursor.execute("ALTER FUNCTION quotes_grams PARALLEL RESTRICTED")
        # Deferred triggers have nothing to check, as they were off.
        cursor.execute("SET LOCAL session_replication_role = origin")
        for setting in ("maintenance_work_mem", "max_parallel_maintenance_workers"):
            cursor.execute(f"RESET {setting}")
        # These tables only: ANALYZE of everything would lock catalogs that databases share.
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")
        done.indexing = time.perf_counter() - began
    return done


class NoBar:
    """A `tqdm` that shows nothing."""

    def __init__(self, each=(), **options):
        self.each, self.n = each, 0

    def __iter__(self):
        return iter(self.each)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def update(self, number: int) -> None:
        self.n += number


def _begin(cursor) -> None:
    """Lock the whole database for this transaction. Raises CannotGenerate if it holds records."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not cursor.fetchone()[0]:
        raise CannotGenerate(
            "Rows are written past the triggers, which only a superuser of the database may do. "
            "Connect as one (DATABASE_URL), or unset DATABASE_URL to use the embedded database."
        )
    tables = ", ".join(table for _, table in _holding())
    cursor.execute("SET LOCAL lock_timeout = '5s'")
    cursor.execute("SET LOCAL statement_timeout = 0")
    try:
        cursor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
    except OperationalError as error:
        raise CannotGenerate(
            "The database is in use. Stop whatever uses it and try again."
        ) from error
    held = [name for name, table in _holding() if _holds(cursor, table)]
    if held:
        raise CannotGenerate(
            f"The database holds {', '.join(held)}. An archive is generated only into one that "
            "holds nothing: name a new database in DATABASE_URL, or remove the directory of the "
            "embedded one, and run manage.py migrate."
        )
    cursor.execute("SET LOCAL session_replication_role = replica")
    # COPY FREEZE needs a table truncated in the same transaction.
    cursor.execute(f"TRUNCATE {tables}")
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cursor.execute(f"SET LOCAL max_parallel_maintenance_workers = {processors()}")


def _holding() -> Iterator[tuple[str, str]]:
    """The plural name and the table of each model."""
    for app in ("sources", "quotes"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            if model is not Era and not model._meta.proxy:
                yield str(model._meta.verbose_name_plural), model._meta.db_table


def _holds(cursor, table: str) -> bool:
    cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
    return cursor.fetchone()[0]


def _copy(cursor, parts: list[dict[str, bytes]], done: Generated) -> None:
    """Write the rows of some parts, table by table, and count them."""
    for table, columns in COLUMNS.items():
        if some := [rows[table] for rows in parts if table in rows]:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FREEZE)") as into:
                for lines in some:
                    into.write(lines)
            done.rows[table] = done.rows.get(table, 0) + cursor.rowcount


def _numbered(words: Iterable[str]) -> list[str]:
    """Rows of the vocabulary (`quotes.models.vocabulary`) for these words."""
    kept = (
        word
        for word in words
        if MIN_LETTERS <= len(word) <= MAX_LETTERS and not any(map(str.isdecimal, word))
    )
    return [f"{number}\t{word}" for number, word in enumerate(sorted(kept), 1)]


# One process per processor


def _parts(quotes: int, seed: int, until: date) -> Iterator[Made]:
    """Yield the newsroom, then the parts in order."""
    numbers = (None, *range(parts_of(quotes)))
    if quotes < MIN_QUOTES_FOR_PROCESSES:
        yield from map(ArticleGenerator(quotes, seed, until).made, numbers)
        return
    processes = processors()
    pool, waiting = start_processes(processes, models=False), deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(part_in_process, quotes, seed, until, number))
            if len(waiting) > 2 * PARTS_PER_COPY:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def processors() -> int:
    return os.cpu_count() or 1
