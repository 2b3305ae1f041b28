"""Fill an empty database with a synthetic archive.

Triggers are off, because they would take a hundred times as long. What they would have derived is
written along with each row, search columns included. The records have no history in the ledger,
unless their first revisions are asked for: these say what each record was from its creation.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import batched

from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from tqdm import tqdm

from quotes.management.synthetic.articles import Made, made, parts_of
from quotes.management.synthetic.rows import joined
from quotes.models.shown_role import SHOWN_ROLE
from quotes.models.vocabulary import MAX_LETTERS, MIN_LETTERS
from quotes.statistics.use_counts import count_uses
from sources.ledger.recording import first_revisions
from sources.ledger.revisions import Era
from sources.management.processes import start_processes

LAST_DAY = date(2026, 6, 30)
PROCESSORS = os.cpu_count() or 1
MIN_QUOTES_FOR_PROCESSES = 80_000
"""Below this, starting processes takes longer than it saves."""

PARTS_PER_COPY = 8
"""Every COPY leaves some pages of a table empty, so several parts share one."""

COLUMNS = {
    "sources_outlet": "id, name, aliases, slug, url, created, updated",
    "sources_organisation": (
        "id, name, aliases, identifiers, parent_id, merged_into_id, created, updated"
    ),
    "sources_speaker": (
        "id, name, aliases, kind, organisation_id, identifiers, merged_into_id, created, updated"
    ),
    "sources_affiliation": 'id, speaker_id, organisation_id, role, start, "end", created, updated',
    "sources_fact": 'id, speaker_id, key, value, source, start, "end", created, updated',
    "quotes_utterance": "id, public, created, updated",
    "sources_article": (
        "id, outlet_id, external_id, url, headline, byline, published, published_at, language,"
        " snapshot_id, is_public, version, created, updated"
    ),
    "sources_snapshot": "id, article_id, sha256, text, headline, captured",
    "quotes_quote": (
        "id, article_id, snapshot_id, text, spans, seams, contexts, anchor, nearest, outlet_id,"
        " published, kind, language, status, flags, reason, attribution_text, attribution_speaker,"
        " attribution_role, attribution_organisation, attribution_cue, speaker_id,"
        " organisation_id, affiliation_id, role, role_key, said, utterance_id, version, created,"
        " updated, search_words, bare"
    ),
    "quotes_via": "quote_id, position, kind, name, outlet_id",
    "quotes_word": "word",
    "sources_role": "key, role",
}
"""Columns written of each table, in this order; the others keep their defaults."""

ROLES = f"""
INSERT INTO sources_role (key, role)
SELECT sources_role_key(role), role FROM (
    SELECT DISTINCT {SHOWN_ROLE.format(row="q")} FROM quotes_quote q
    UNION SELECT role FROM sources_affiliation
) every (role) WHERE role IS NOT NULL
"""

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

    rows: Counter[str] = field(default_factory=Counter)
    writing: float = 0
    indexing: float = 0


def generate(
    quotes: int,
    *,
    seed: int = 1,
    until: date = LAST_DAY,
    silent: bool | None = True,
    history: bool = False,
) -> Generated:
    """Fill an empty database with an archive of this many quotes, in one transaction.

    With `history` the ledger gets the first revision of each record, but not of texts. Shows
    progress unless it is `silent`; None shows it on a terminal. Raises `CannotGenerate`.
    """
    done = Generated()
    with transaction.atomic(), connection.cursor() as cursor:
        _begin(cursor)
        cursor.execute(INDEXES, [list(COLUMNS)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        began, vocabulary = time.perf_counter(), set[str]()
        with tqdm(total=quotes, desc="Writing", unit="quote", disable=silent) as written:
            for parts in batched(_parts(quotes, seed, until), PARTS_PER_COPY):
                _copy(cursor, [rows for rows, _ in parts], done)
                vocabulary.update(*(words for _, words in parts))
                written.update(done.rows["quotes_quote"] - written.n)
        kept = [w for w in vocabulary if MIN_LETTERS <= len(w) <= MAX_LETTERS and w.isalpha()]
        _copy(cursor, [joined({"quotes_word": sorted(kept)})], done)
        cursor.execute(ROLES)
        done.rows["sources_role"] = cursor.rowcount
        done.writing, began = time.perf_counter() - began, time.perf_counter()
        cursor.execute("ALTER FUNCTION quotes_grams PARALLEL SAFE")
        for _, definition in tqdm(indexes, desc="Indexing", unit="index", disable=silent):
            cursor.execute(definition)
        # Restored: searches must not start parallel workers, which would not pay.
        cursor.execute("ALTER FUNCTION quotes_grams PARALLEL RESTRICTED")
        # Deferred triggers have nothing to check, as they were off.
        cursor.execute("SET LOCAL session_replication_role = origin")
        if history:
            for model in filter(None, map(_recorded, apps.get_models())):
                cursor.execute(first_revisions(model))
            cursor.execute("ANALYZE sources_revision")
        # These tables only: ANALYZE of everything would lock catalogs that databases share.
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")
        count_uses()  # as the worker does
        done.indexing = time.perf_counter() - began
    return done


def _recorded(model: type[models.Model]) -> type[models.Model] | None:
    """The model, if its rows are written here and the ledger records them by their creation."""
    columns = "" if model._meta.proxy else COLUMNS.get(model._meta.db_table, "")
    return model if columns.endswith("updated") or "updated," in columns else None


def _begin(cursor) -> None:
    """Lock the whole database for this transaction. Raises CannotGenerate if it holds records."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not cursor.fetchone()[0]:
        raise CannotGenerate(
            "Rows are written past the triggers, which only a superuser of the database may do. "
            "Connect as one (DATABASE_URL), or unset DATABASE_URL to use the embedded database."
        )
    models = [
        model
        for app in ("sources", "quotes")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model is not Era and not model._meta.proxy
    ]
    tables = ", ".join(model._meta.db_table for model in models)
    cursor.execute("SET LOCAL lock_timeout = '5s'")
    cursor.execute("SET LOCAL statement_timeout = 0")
    try:
        cursor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
    except OperationalError as error:
        raise CannotGenerate(
            "The database is in use. Stop whatever uses it and try again."
        ) from error
    held = [str(m._meta.verbose_name_plural) for m in models if m._base_manager.exists()]
    if held:
        raise CannotGenerate(
            f"The database holds {', '.join(held)}. An archive is generated only into one that "
            "holds nothing: name a new database in DATABASE_URL, or remove the directory of the "
            "embedded one, and run manage.py migrate."
        )
    cursor.execute("SET LOCAL session_replication_role = replica")
    # COPY FREEZE needs a table truncated in the same transaction.
    cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cursor.execute(f"SET LOCAL max_parallel_maintenance_workers = {PROCESSORS}")


def _copy(cursor, parts: list[dict[str, bytes]], done: Generated) -> None:
    """Write the rows of some parts, table by table, and count them."""
    for table, columns in COLUMNS.items():
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FREEZE)") as into:
            for rows in parts:
                into.write(rows.get(table, b""))
        done.rows[table] += cursor.rowcount


def _parts(quotes: int, seed: int, until: date) -> Iterator[Made]:
    """Yield the newsroom, then the parts in order, made in one process per processor."""
    make, numbers = partial(made, quotes, seed, until), (None, *parts_of(quotes))
    if quotes < MIN_QUOTES_FOR_PROCESSES:
        yield from map(make, numbers)
        return
    pool, waiting = start_processes(PROCESSORS, models=False), deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(make, number))
            if len(waiting) > 2 * PARTS_PER_COPY:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
