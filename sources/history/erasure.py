"""Erasure where the law requires it: what all kinds of records share.

Records are deleted in no other way. An erased record leaves an `erased` revision with a public
reason. Its history loses state, salt and reason but keeps hashes and links, which still verify. In
a text only the words are redacted, code point by code point, so that all positions stay valid.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

from sources.database.locks import lock_erasures
from sources.history.words import Range, TextWords, begins_word, terms_of
from sources.jobs.models import Job, Part
from sources.ledger.actor import with_reason
from sources.ledger.revisions import Revision
from sources.models import IdempotentResponse, Snapshot, SourceDocument
from sources.models.ids import digest

BLOT = "█"
LINE_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029")


class NotOwner(Exception):
    """The database role may not touch the ledger, so it cannot erase."""

    def __init__(self):
        super().__init__(
            "Only the owner of the ledger can erase. Set DATABASE_URL to the role that runs the "
            "migrations, for this command alone."
        )


@contextmanager
def erasing(reason: str, *, dry_run: bool = False) -> Iterator[None]:
    """Open a transaction that may delete rows and empty revisions, with this reason.

    `dry_run` rolls it back at the end. Raises NotOwner.
    """
    with transaction.atomic(), with_reason(reason), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.erasing', 'on', true)")
        cursor.execute("SELECT sources_erasing()")
        if not cursor.fetchone()[0]:
            raise NotOwner
        if not dry_run:
            lock_erasures()
        yield
        # Check foreign keys now, so that a dry run fails too.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT set_config('onrecord.erasing', 'off', true)")
        if dry_run:
            transaction.set_rollback(True)


def erase_rows(model: type[models.Model], ids: Iterable[UUID]) -> None:
    """Delete rows, which leaves `erased` revisions, and empty their histories."""
    ids = list(ids)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = ANY (%s)", [ids])
        cursor.execute(
            "UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL"
            " WHERE subject_id = ANY (%s) AND verb <> 'erased'",
            [ids],
        )


def erase_responses(ids: Iterable[UUID], sought: "SearchTerms") -> int:
    """Delete stored responses that contain one of these ids or words."""
    said = "body::jsonb::text || ' ' || coalesce(location, '')"
    held = rows_holding(IdempotentResponse, said, ids, sought)
    return IdempotentResponse.objects.filter(pk__in=held).delete()[0]


def rows_holding(
    model: type[models.Model], said: str, ids: Iterable[UUID], sought: "SearchTerms"
) -> list:
    """Keys of the rows whose SQL text `said` has one of these ids or words."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id
            FROM (SELECT id, said, {BARELY.format("said")} AS bare
                  FROM (SELECT id, {said} AS said FROM {model._meta.db_table} OFFSET 0) r
                  OFFSET 0) s
            WHERE EXISTS (SELECT FROM regexp_matches(s.said, %s, 'g') m WHERE m[1] = ANY (%s))
               OR EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format("s.bare")})
            """,
            [AN_ID, [str(key) for key in ids], *sought[:2]],
        )
        return [key for (key,) in cursor.fetchall()]


def erase_log(rows: dict[type[models.Model], Iterable[UUID]], sought: "SearchTerms") -> int:
    """Blank entries of the admin's log about these records or with these words."""
    kinds = {model: ContentType.objects.get_for_model(model).pk for model in rows}
    erased = [(kinds[model], str(key)) for model, keys in rows.items() for key in keys]
    said = f"l.object_repr || ' ' || {READ.format('l.change_message')}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {LogEntry._meta.db_table} e SET object_repr = 'erased', change_message = ''
            FROM (SELECT l.*, {BARELY.format(said)} AS said
                  FROM {LogEntry._meta.db_table} l OFFSET 0) l
            WHERE l.id = e.id AND (
                (l.content_type_id, l.object_id)
                    IN (SELECT * FROM unnest(%s::int[], %s::text[]))
                OR EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format("l.said")})
            )
            """,
            [[k for k, _ in erased], [k for _, k in erased], *sought[:2]],
        )
        return cursor.rowcount


def erase_jobs(sought: "SearchTerms") -> int:
    """Empty jobs with one of these words in a row, a reason or a report; cancel unfinished ones."""
    holds = f"EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format('s.said')})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH s AS MATERIALIZED (
                SELECT id AS job_id,
                       {BARELY.format("given::text || ' ' || coalesce(fault, '')")} AS said
                    FROM {Job._meta.db_table}
                UNION ALL
                SELECT job_id, {BARELY.format("rows::text || ' ' || told::text")} AS said
                    FROM {Part._meta.db_table}
            ), held AS MATERIALIZED (SELECT DISTINCT job_id FROM s WHERE {holds}), emptied AS (
                UPDATE {Part._meta.db_table} SET rows = '[]', told = '[]', done = true
                    WHERE job_id IN (SELECT job_id FROM held)
            )
            UPDATE {Job._meta.db_table}
                SET given = '{{}}', fault = 'What it held had to be erased.',
                    ended = coalesce(ended, now()),
                    state = CASE WHEN state IN ('done', 'cancelled') THEN state ELSE 'cancelled' END
                WHERE id IN (SELECT job_id FROM held)
            """,
            [*sought[:2]],
        )
        return cursor.rowcount


# Redaction


def merged(ranges: Iterable[Sequence[int]]) -> list[list[int]]:
    """Sort ranges, and join those that overlap or touch."""
    result: list[list[int]] = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([start, end])
    return result


def overlap(one: Iterable[Sequence[int]], other: Iterable[Sequence[int]]) -> bool:
    other = list(other)
    return any(a < d and c < b for a, b in one for c, d in other)


def redacted(text: str, ranges: Iterable[Sequence[int]]) -> str:
    """Replace each code point of the ranges by a block, except line breaks."""
    characters = list(text)
    for start, end in ranges:
        for at in range(start, end):
            if characters[at] not in LINE_BREAKS:
                characters[at] = BLOT
    return "".join(characters)


def redact(
    snapshot: Snapshot,
    in_text: Iterable[Sequence[int]],
    in_headline: Iterable[Sequence[int]],
    reason: str,
) -> None:
    """Redact ranges of a snapshot; `sha256` stays that of the captured text.

    The recorded reason has the digest of the redacted text, so that it can still be verified.
    """
    erased = merged([*in_text, *(snapshot.erased or ())])
    text = redacted(snapshot.text, erased)
    headline = snapshot.headline and redacted(snapshot.headline, in_headline)
    with with_reason(f"{reason} The text is now sha256:{digest(text)}."):
        Snapshot.objects.filter(pk=snapshot.pk).update(
            text=text, headline=headline, erased=erased or None
        )


def occurrences(text: str, words: str) -> list[Range]:
    """All ranges where a text has exactly these words, as whole words."""
    return [match.span(1) for match in re.finditer(f"(?=({whole_words(words)}))", text)]


def whole_words(words: str) -> str:
    """A regular expression, for Python and PostgreSQL, that matches these as whole words.

    Scripts without letter case often have no spaces either: there, parts of words match too.
    """
    before = r"(?<!\w)" if begins_word(words[0]) else ""
    after = r"(?!\w)" if begins_word(words[-1]) else ""
    return before + re.escape(words) + after


# Documents


def documents_with(sought: "SearchTerms", each: Callable[[list], Iterable] = list) -> list["Trace"]:
    """The kept documents that hold these words, whatever their markup; reads each once.

    A document's text is what stands between tags, with references to characters written out.
    """
    found = []
    table = SourceDocument._meta.db_table
    for key in each(
        list(SourceDocument.objects.values_list("pk", flat=True)) if sought.terms else []
    ):
        kept = SourceDocument.objects.only("body", "charset").get(pk=key)
        found += [Trace(table, "body", str(key), words) for words in holds(words_of(kept), sought)]
    return found


def words_of(kept: SourceDocument) -> str:
    """The words of a document in any format, near enough to find some of them."""
    body = bytes(kept.body)
    try:
        text = body.decode(kept.charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = body.decode("cp1252", "replace")
    escaped = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    # Some content is escaped twice: markup in XML or in JSON.
    return html.unescape(TAG.sub(" ", html.unescape(TAG.sub(" ", escaped.replace("\\n", "\n")))))


ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
TAG = re.compile(r"<[^<>]*>")


# Traces elsewhere

# What a column holds, with the characters that JSON escapes read; then its bare words. `{0}` is an
# SQL expression.
READ = (
    r"CASE WHEN strpos({0}, '\u') > 0 AND strpos({0}, '\u0000') = 0 AND {0} IS JSON"
    r" THEN ({0})::jsonb::text ELSE {0} END"
)
BARELY = r"sources_bare(replace(replace({0}, '\n', E'\n'), '\t', ' '))"


SOUGHT = "unnest(%s::text[], %s::text[]) w(term, words)"
IS_IN = "strpos({0}, w.term) > 0"
AN_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

MAX_TERMS = 300
"""Every row of the database is searched for each of them."""


class SearchTerms(NamedTuple):
    """Terms to look for in bare words, and the words that each stands for, for the report."""

    terms: list[str]
    words: list[str]
    left_out: int  # number of words that are not searched for


def search_terms(words: Iterable[str]) -> SearchTerms:
    """Terms to search for: of the first 300 words, without those of one or two letters.

    The SQL `SOUGHT` and `IS_IN` takes them as parameters.
    """
    words = list(dict.fromkeys(words))
    found = terms_of(words)
    plain = {tuple(found[said]): said for said in reversed(words)}
    kept = [
        (terms, said)
        for terms, said in reversed(plain.items())
        if any(len(term.strip()) > 2 for term in terms)
    ][:MAX_TERMS]
    pairs = [(term, said.lower()) for terms, said in kept for term in terms]
    return SearchTerms(
        [term for term, _ in pairs], [said for _, said in pairs], len(plain) - len(kept)
    )


def holds(text: str, sought: SearchTerms) -> list[str]:
    """The words that a text has; case, accents and typography are ignored."""
    bare = TextWords(text).bare
    return [said for term, said in zip(*sought[:2], strict=True) if term in bare]


@dataclass(frozen=True, order=True)
class Trace:
    """A column that still has erased words; `key` is the row's id, or record and version."""

    table: str
    column: str
    key: str
    words: str

    def __str__(self) -> str:
        words = " ".join(self.words.split())
        shown = words if len(words) <= 60 else f"{words[:59]}…"
        return f"{self.table}.{self.column} of {self.key}: {shown}"


def traces_of(sought: SearchTerms, each: Callable[[list], Iterable] = list) -> Iterator[Trace]:
    """Search the whole database for words; case, accents and typography are ignored.

    Scans every text, JSON and text array column of every table once. `each` wraps the list of
    tables, to show progress.
    """
    bare = BARELY.format(READ.format("c.value"))
    for table, columns in each(_texts() if sought.terms else []):
        key = KEYS.get(table, "coalesce(to_jsonb(t) ->> 'id', t.ctid::text)")
        values = ", ".join(f"('{column}', t.\"{column}\"::text)" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT c.name, {key}, w.words
                FROM "{table}" t
                CROSS JOIN LATERAL (VALUES {values}) c(name, value)
                CROSS JOIN LATERAL (SELECT {bare} AS said OFFSET 0) p
                JOIN {SOUGHT} ON {IS_IN.format("p.said")}
                """,
                [*sought[:2]],
            )
            for column, row, found in cursor.fetchall():
                yield Trace(table, column, row, found)


KEYS = {Revision._meta.db_table: "t.subject_id || ', version ' || t.version"}
"""What names a row, where it is not its id."""

TEXTS = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND coalesce(e.typname, t.typname) IN ('text', 'varchar', 'bpchar', 'json', 'jsonb', 'citext')
    AND a.attgenerated = '' AND (c.relname || '.' || a.attname) != ALL (%s)
GROUP BY c.relname ORDER BY c.relname
"""


def _texts() -> list[tuple[str, list[str]]]:
    """Tables with their columns that can hold text not derived from another column."""
    derived = [
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if getattr(field, "repeats_another", False)
    ]
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [derived])
        return cursor.fetchall()
