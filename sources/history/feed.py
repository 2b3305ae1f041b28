"""The change feed: revisions by era, transaction and id.

A transaction gets its id at its first write, and may commit long after later ones. So the feed has
only settled revisions, of transactions older than any open one (`pg_snapshot_xmin`). No revision
can be added before them: a client that continues after the last one misses nothing and gets nothing
twice.

A position is always that of a revision that was read, so it is on disk. A bare transaction id might
not be, and PostgreSQL may reuse it after a crash.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from sources.exceptions import EraNotBegun
from sources.models import Revision


@dataclass(frozen=True, order=True)
class LedgerPosition:
    """The position after a revision; `LedgerPosition()` is the beginning of the ledger."""

    era: int = 0
    transaction: int = 0
    id: int = 0


MAX_SCANNED = 2_000
"""Revisions scanned for one page, which bounds the cost when few match."""

LAST_SETTLED = """
    SELECT present.cluster = this.system_identifier::text, last.era, last.transaction::text, last.id
    FROM pg_control_system() this
    LEFT JOIN LATERAL (
        SELECT id, cluster FROM sources_era ORDER BY id DESC LIMIT 1
    ) present ON true
    LEFT JOIN LATERAL (
        SELECT era, transaction, id FROM sources_revision
        WHERE (era, transaction) < (present.id, pg_snapshot_xmin(pg_current_snapshot()))
        ORDER BY era DESC, transaction DESC, id DESC LIMIT 1
    ) last ON true
"""

SINCE = """
    WITH since AS MATERIALIZED ( -- by the index of times, not by reading the ledger in order
        SELECT era, transaction, id FROM sources_revision WHERE time >= %s
    )
    SELECT era, transaction::text, id FROM since ORDER BY since.era, since.transaction, since.id
    LIMIT 1
"""

BEFORE = """
    SELECT era, transaction::text, id FROM sources_revision
    WHERE (era, transaction, id) < (%s::smallint, %s::xid8, %s::bigint)
    ORDER BY era DESC, transaction DESC, id DESC LIMIT 1
"""

AFTER = """
    SELECT count(*) FROM sources_revision
    WHERE (era, transaction, id) > (%s::smallint, %s::xid8, %s::bigint)
"""

# An index scan that stops at the outer limit
BETWEEN = """
    SELECT id, era, transaction, subject_type, subject_id, version, verb, time, turn, matches
    FROM (
        SELECT *, row_number() OVER (ORDER BY era, transaction, id) AS turn,
               subject_type = ANY(%(kinds)s)
               AND (reader_visible OR subject_type = ANY(%(whole)s) OR {own}) AS matches
        FROM (
            SELECT id, era, transaction, subject_type, subject_id, version, verb, time,
                   reader_visible
            FROM sources_revision
            WHERE (era, transaction, id)
                  > (%(era)s::smallint, %(transaction)s::xid8, %(id)s::bigint)
              AND (era, transaction, id)
                  <= (%(last_era)s::smallint, %(last_transaction)s::xid8, %(last_id)s::bigint)
            ORDER BY era, transaction, id
            LIMIT %(scanned)s
        ) scanned
    ) told
    WHERE matches OR turn = %(scanned)s
    ORDER BY era, transaction, id
    LIMIT %(rows)s
"""


def last_settled() -> LedgerPosition:
    """Position of the last settled revision; one query, at constant cost.

    Raises EraNotBegun when the database was restored into another cluster.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAST_SETTLED)
        is_known, era, transaction, key = cursor.fetchone()
    if not is_known:
        raise EraNotBegun
    return LedgerPosition(era, int(transaction), key) if key else LedgerPosition()


# By the index of positions; the first unsettled revision is about the oldest of them
UNSETTLED_SINCE = """
    SELECT extract(epoch FROM now() - time)::float8 FROM sources_revision
    WHERE (era, transaction) >= (
        (SELECT max(id) FROM sources_era), pg_snapshot_xmin(pg_current_snapshot())
    )
    ORDER BY era, transaction, id LIMIT 1
"""


def feed_lag() -> float:
    """Seconds that the first unsettled revision waits for an open transaction; two queries.

    Raises EraNotBegun, as `last_settled`.
    """
    last_settled()
    with connection.cursor() as cursor:
        cursor.execute(UNSETTLED_SINCE)
        age = cursor.fetchone()
    return max(age[0], 0.0) if age else 0.0


def position_before(moment: datetime) -> LedgerPosition:
    """The position after which come all revisions that were made since then; three queries."""
    last = last_settled()
    with connection.cursor() as cursor:
        cursor.execute(SINCE, [moment])
        if (first := cursor.fetchone()) is None:
            return last
        cursor.execute(BEFORE, first)
        before = cursor.fetchone()
    if before is None:
        return LedgerPosition()
    era, transaction, key = before
    return min(last, LedgerPosition(era, int(transaction), key))


def unsettled_after(place: LedgerPosition) -> int:
    """Count the visible revisions after the last settled position.

    Position and count together say exactly which part of the ledger is visible: it only grows.
    """
    with connection.cursor() as cursor:
        cursor.execute(AFTER, [place.era, str(place.transaction), place.id])
        return cursor.fetchone()[0]


def _between(own: Iterable[QuerySet], asked: dict) -> tuple[str, dict]:
    conditions, asked = ["false"], dict(asked)
    for records in own:
        ids, values = records.order_by().values("pk").query.sql_with_params()
        names = [f"own_{len(asked) + number}" for number, _ in enumerate(values)]
        asked |= zip(names, values, strict=True)
        conditions.append(f"subject_id IN ({ids % tuple(f'%({name})s' for name in names)})")
    return BETWEEN.format(own=" OR ".join(conditions)), asked


@dataclass(frozen=True)
class FeedPage:
    """Revisions, the position to continue from, and whether there are more."""

    revisions: list[Revision]
    end: LedgerPosition
    more: bool


def settled_after(
    place: LedgerPosition,
    last: LedgerPosition,
    kinds: list[str],
    *,
    whole: list[str],
    most: int,
    own: Iterable[QuerySet] = (),
) -> FeedPage:
    """The next revisions of these kinds, up to `last`; one query.

    Of kinds that are not in `whole`, only reader-visible ones, and those of `own` records. A page
    with fewer than `most`, or none, may still have `more`, since it scans at most `MAX_SCANNED`
    revisions.
    """
    asked = {
        **{"era": place.era, "transaction": str(place.transaction), "id": place.id},
        **{"last_era": last.era, "last_transaction": str(last.transaction), "last_id": last.id},
        **{"kinds": kinds, "whole": whole, "scanned": MAX_SCANNED, "rows": most + 1},
    }
    rows = list(Revision.objects.raw(*_between(own, asked))) if place < last else []
    told = [row for row in rows if row.matches]
    if len(told) > most:
        told, end, more = told[:most], told[most - 1], True
    elif rows and rows[-1].turn == MAX_SCANNED:
        end, more = rows[-1], True
    else:
        return FeedPage(told, max(place, last), more=False)
    return FeedPage(told, LedgerPosition(end.era, end.transaction, end.id), more)
