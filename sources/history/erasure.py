"""What the law says must go: the parts of erasure that every kind of record shares.

Records are never deleted, but for this. An erased one leaves its `erased` revision, whose reason is
public, and of its history all but the payload: state, salt and reason are destroyed, the hashes and
links stay and still hold. A text is not thrown away for some of its words: they are blotted out,
code point for code point, so that everything else in it stands where it stood.
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
"""Code points from the first up to, not including, the second."""


class NotOwner(Exception):
    """The database role may not touch the ledger, so it cannot erase."""

    def __init__(self):
        super().__init__(
            "Only the owner of the ledger can erase. Set DATABASE_URL to the role that runs the "
            "migrations, for this command alone."
        )


@contextmanager
def erasing(reason: str, *, for_show: bool = False) -> Iterator[None]:
    """One transaction in which rows may be deleted and revisions emptied, all for this reason.

    `for_show` does it all and undoes it. Raises NotOwner.
    """
    with transaction.atomic(), with_reason(reason), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.erasing', 'on', true)")
        cursor.execute("SELECT sources_erasing()")
        if not cursor.fetchone()[0]:
            raise NotOwner
        yield
        # What still refers to the erased is refused here, in a trial too, and not at the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT set_config('onrecord.erasing', 'off', true)")
        if for_show:
            transaction.set_rollback(True)


def erase_rows(model: type[models.Model], ids: Iterable[UUID]) -> None:
    """Delete rows, each of which leaves its `erased` revision, and empty their histories."""
    ids = list(ids)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = ANY (%s)", [ids])
        cursor.execute(
            "UPDATE sources_revision SET state = NULL, salt = NULL, reason = NULL"
            " WHERE subject_id = ANY (%s) AND verb <> 'erased'",
            [ids],
        )


def erase_answers(ids: Iterable[UUID], sought: "Sought") -> int:
    """Delete the stored answers that name one of these records or hold one of these words."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {IdempotentResponse._meta.db_table} a
            USING (
                SELECT id, {PLAINLY.format("body::jsonb::text || ' ' || coalesce(location, '')")}
                    AS said
                FROM {IdempotentResponse._meta.db_table} OFFSET 0
            ) s
            WHERE s.id = a.id AND (
                EXISTS (SELECT FROM regexp_matches(s.said, %s, 'g') m WHERE m[1] = ANY (%s))
                OR EXISTS (SELECT FROM {SOUGHT} WHERE {IS_IN.format("s.said")})
            )
            """,
            [AN_ID, [str(key) for key in ids], sought.words, sought.patterns],
        )
        return cursor.rowcount


def erase_log(rows: dict[type[models.Model], Iterable[UUID]], sought: "Sought") -> int:
    """Blank what the admin's log says of these records, and what it says in these words."""
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


def erase_jobs(sought: "Sought") -> int:
    """Empty the jobs that hold one of these words: rows of a file, a reason, a report.

    Those that were not done yet are not done any more.
    """
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


# Blotting


def merged(ranges: Iterable[Sequence[int]]) -> list[list[int]]:
    """Ranges in order, those that overlap or touch made into one."""
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


def blotted(text: str, ranges: Iterable[Sequence[int]]) -> str:
    """The text with a block for each code point of the ranges; line breaks stay."""
    characters = list(text)
    for start, end in ranges:
        for at in range(start, end):
            if characters[at] not in LINE_BREAKS:
                characters[at] = BLOT
    return "".join(characters)


def blot(snapshot: Snapshot, ranges: Iterable[Sequence[int]], reason: str) -> None:
    """Blot ranges out of a snapshot; its digest stays that of what was captured.

    The ledger keeps the digest of what is left with the reason: else nobody could tell whether the
    rest was changed afterwards.
    """
    ranges = merged([*ranges, *(snapshot.erased or ())])
    text = blotted(snapshot.text, ranges)
    with with_reason(f"{reason} The text is now sha256:{digest(text)}."):
        Snapshot.objects.filter(pk=snapshot.pk).update(text=text, erased=ranges)


def occurrences(text: str, words: str) -> list[Range]:
    """Every place where a text has these words, code point for code point, as whole words."""
    return [match.span(1) for match in re.finditer(f"(?=({whole_words(words)}))", text)]


def whole_words(words: str) -> str:
    """A regular expression, of Python's and of PostgreSQL's, for words that are no part of others.

    Scripts without upper and lower case often have no spaces either: there, any place counts.
    """
    before = r"(?<!\w)" if _begins_word(words[0]) else ""
    after = r"(?!\w)" if _begins_word(words[-1]) else ""
    return before + re.escape(words) + after


def _begins_word(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()


# What is left elsewhere

# A text as it is searched: no quote marks, dashes and blanks all alike, lower case; and JSON's line
# breaks as blanks. `{}` is an SQL expression.
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

LONGEST_PATTERN = 500
MOST_SOUGHT = 300
"""Each row of the database is looked at for each of them."""


class Sought(NamedTuple):
    """Words as they are searched for, and how to tell that they stand on their own."""

    words: list[str]
    patterns: list[str | None]
    left_out: int  # how many more there were


def sought_for(words: Iterable[str]) -> Sought:
    """Words to search for: the first of those given, without those of one or two letters.

    `SOUGHT` and `IS_IN` are the SQL that takes them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {PLAINLY.format('w')} FROM unnest(%s::text[]) WITH ORDINALITY t(w, n)"
            " ORDER BY n",
            [list(words)],
        )
        plain = list(dict.fromkeys(w for (w,) in cursor.fetchall()))
    kept = [w for w in plain if len(w.strip()) > 2][:MOST_SOUGHT]
    patterns = [whole_words(w) if len(w) <= LONGEST_PATTERN else None for w in kept]
    return Sought(kept, patterns, len(plain) - len(kept))


def holds(text: str, sought: Sought) -> list[str]:
    """Which of these words a text has, whatever their case, quote marks and dashes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT w.words FROM {SOUGHT}, (SELECT {PLAINLY.format('%s')} AS said OFFSET 0) p"
            f" WHERE {IS_IN.format('p.said')}",
            [sought.words, sought.patterns, text],
        )
        return [found for (found,) in cursor.fetchall()]


@dataclass(frozen=True, order=True)
class Trace:
    """A place where words still stand: `key` is the row's id, a revision's is its record's."""

    table: str
    column: str
    key: str
    words: str

    def __str__(self) -> str:
        words = " ".join(self.words.split())
        shown = words if len(words) <= 60 else f"{words[:59]}…"
        return f"{self.table}.{self.column} of {self.key}: {shown}"


def traces_of(sought: Sought, each: Callable[[list], Iterable] = list) -> Iterator[Trace]:
    """Where in the database words still stand, whatever their case, quote marks and dashes.

    Every text, JSON and array of text in every table is gone through, once, whatever the number of
    words; `each` wraps the list of tables.
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
    """The columns of a table that can hold words of their own."""
    if not model._meta.managed or model._meta.proxy:
        return []
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if (field.db_type(connection) or "").startswith(("text", "varchar", "jsonb"))
        and not getattr(field, "says_again", False)
    ]
