"""Erasure where the law requires it: what all kinds of records share.

Records are deleted in no other way. An erased record leaves an `erased` revision with a public
reason. Its history loses state, salt and reason but keeps hashes and links, which still verify. In
a text only the words are redacted, code point by code point, so that all positions stay valid.
"""

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

from sources.jobs.models import Job, Part
from sources.ledger.actor import with_reason
from sources.ledger.revisions import Revision
from sources.models import IdempotentResponse, Snapshot
from sources.models.ids import digest

BLOT = "█"
LINE_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029")

type Range = tuple[int, int]
"""Code points, half-open: [start, end)."""


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
            FROM (SELECT id, {PLAINLY.format(said)} AS said
                  FROM {model._meta.db_table} OFFSET 0) s
            WHERE EXISTS (SELECT FROM regexp_matches(s.said, %s, 'g') m WHERE m[1] = ANY (%s))
               OR EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format("s.said")})
            """,
            [AN_ID, [str(key) for key in ids], sought.words, sought.patterns],
        )
        return [key for (key,) in cursor.fetchall()]


def erase_log(rows: dict[type[models.Model], Iterable[UUID]], sought: "SearchTerms") -> int:
    """Blank entries of the admin's log about these records or with these words."""
    kinds = {model: ContentType.objects.get_for_model(model).pk for model in rows}
    erased = [(kinds[model], str(key)) for model, keys in rows.items() for key in keys]
    said = "l.object_repr || ' ' || l.change_message"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {LogEntry._meta.db_table} e SET object_repr = 'erased', change_message = ''
            FROM (SELECT l.*, {PLAINLY.format(said)} AS said
                  FROM {LogEntry._meta.db_table} l OFFSET 0) l
            WHERE l.id = e.id AND (
                (l.content_type_id, l.object_id)
                    IN (SELECT * FROM unnest(%s::int[], %s::text[]))
                OR EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format("l.said")})
            )
            """,
            [[k for k, _ in erased], [k for _, k in erased], sought.words, sought.patterns],
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
                       {PLAINLY.format("given::text || ' ' || coalesce(fault, '')")} AS said
                    FROM {Job._meta.db_table}
                UNION ALL
                SELECT job_id, {PLAINLY.format("rows::text || ' ' || told::text")} AS said
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
            [sought.words, sought.patterns],
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


def redact(snapshot: Snapshot, ranges: Iterable[Sequence[int]], reason: str) -> None:
    """Redact ranges of a snapshot; `sha256` stays that of the captured text.

    The recorded reason has the digest of the redacted text, so that it can still be verified.
    """
    ranges = merged([*ranges, *(snapshot.erased or ())])
    text = redacted(snapshot.text, ranges)
    with with_reason(f"{reason} The text is now sha256:{digest(text)}."):
        Snapshot.objects.filter(pk=snapshot.pk).update(text=text, erased=ranges)


def occurrences(text: str, words: str) -> list[Range]:
    """All ranges where a text has exactly these words, as whole words."""
    return [match.span(1) for match in re.finditer(f"(?=({whole_words(words)}))", text)]


def whole_words(words: str) -> str:
    """A regular expression, for Python and PostgreSQL, that matches these as whole words.

    Scripts without letter case often have no spaces either: there, parts of words match too.
    """
    before = r"(?<!\w)" if _begins_word(words[0]) else ""
    after = r"(?!\w)" if _begins_word(words[-1]) else ""
    return before + re.escape(words) + after


def _begins_word(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()


# Traces elsewhere

# Normalise a text for this search: no quote marks, one kind of dash and of space, lower case; line
# breaks escaped in JSON become spaces. `{}` is an SQL expression.
_ALIKE = {"-": "–—‑‐−", " ": "\u00a0\u2009\u202f\u2007\n\r\t\u2028\u2029"}
_LEFT_OUT = "\"'“”„‟‘’‚‛«»‹›\\\u00ad\u200b\u2060"
_FROM = "".join(_ALIKE.values()) + _LEFT_OUT
_TO = "".join(kept * len(others) for kept, others in _ALIKE.items())


def _literal(text: str) -> str:
    return "U&'{}'".format("".join(f"\\+{ord(character):06x}" for character in text))


PLAINLY = (
    r"lower(translate(replace(replace({}, '\n', ' '), '\t', ' '), "
    f"{_literal(_FROM)}, {_literal(_TO)}))"
)


SOUGHT = "unnest(%s::text[], %s::text[]) w(words, pattern)"
IS_IN = "strpos({0}, w.words) > 0 AND coalesce({0} ~ w.pattern, true)"
AN_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

MAX_PATTERN_LENGTH = 500
MAX_TERMS = 300
"""Every row of the database is searched for each of them."""


class SearchTerms(NamedTuple):
    """Normalised words, and patterns that match them as whole words."""

    words: list[str]
    patterns: list[str | None]
    left_out: int  # number of words that are not searched for


def search_terms(words: Iterable[str]) -> SearchTerms:
    """Normalise words to search for: the first 300, without those of one or two letters.

    The SQL `SOUGHT` and `IS_IN` takes them as parameters.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {PLAINLY.format('w')} FROM unnest(%s::text[]) WITH ORDINALITY t(w, n)"
            " ORDER BY n",
            [list(words)],
        )
        plain = list(dict.fromkeys(w for (w,) in cursor.fetchall()))
    kept = [w for w in plain if len(w.strip()) > 2][:MAX_TERMS]
    patterns = [whole_words(w) if len(w) <= MAX_PATTERN_LENGTH else None for w in kept]
    return SearchTerms(kept, patterns, len(plain) - len(kept))


def holds(text: str, sought: SearchTerms) -> list[str]:
    """The words that a text has; case, quote marks and kinds of dash are ignored."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT w.words FROM {SOUGHT}, (SELECT {PLAINLY.format('%s')} AS said OFFSET 0) p"
            f" WHERE {IS_IN.format('p.said')}",
            [sought.words, sought.patterns, text],
        )
        return [found for (found,) in cursor.fetchall()]


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
    """Search the whole database for words; case, quote marks and kinds of dash are ignored.

    Scans every text, JSON and text array column once. `each` wraps the list of tables, to show
    progress.
    """
    tables = [(model, columns) for model in apps.get_models() if (columns := _texts(model))]
    for model, columns in each(tables if sought.words else []):
        key = f't."{model._meta.pk.column}"'
        if model is Revision:
            key = "t.subject_id || ', version ' || t.version"
        values = ", ".join(f"('{column}', t.\"{column}\"::text)" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT c.name, ({key})::text, w.words
                FROM {model._meta.db_table} t
                CROSS JOIN LATERAL (VALUES {values}) c(name, value)
                CROSS JOIN LATERAL (SELECT {PLAINLY.format("c.value")} AS said OFFSET 0) p
                JOIN {SOUGHT} ON {IS_IN.format("p.said")}
                """,
                [sought.words, sought.patterns],
            )
            for column, row, found in cursor.fetchall():
                yield Trace(model._meta.db_table, column, row, found)


def _texts(model: type[models.Model]) -> list[str]:
    """Columns of a table that can hold text not derived from another column."""
    if not model._meta.managed or model._meta.proxy:
        return []
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if (field.db_type(connection) or "").startswith(("text", "varchar", "jsonb"))
        and not getattr(field, "repeats_another", False)
    ]
