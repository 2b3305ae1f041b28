"""The ledger in the order in which it is followed: by era, transaction and id.

A transaction's id is given to it at its first write, and it may commit long after others that began
later. What is followed are therefore only the settled revisions: those of transactions older than
any that is still open (`pg_snapshot_xmin`). None can join them from behind, so that who goes on
from the last one he was told of misses nothing and is told of nothing twice.

A place in this order is always that of a revision that was seen. Such a one is on the disk; a mere
transaction id need not be, and after a crash PostgreSQL may give it to another transaction.
"""

from dataclasses import dataclass

from django.db import connection

from sources.exceptions import EraNotBegun
from sources.models import Revision


@dataclass(frozen=True, order=True)
class Place:
    """Where in the ledger: after this revision. `Place()` is its beginning."""

    era: int = 0
    transaction: int = 0
    id: int = 0


MOST_SCANNED = 2_000
"""How many revisions one page looks at, so that what matches seldom costs no more."""

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

AFTER = """
    SELECT count(*) FROM sources_revision
    WHERE (era, transaction, id) > (%s::smallint, %s::xid8, %s::bigint)
"""

# Read from the index in order, row by row: it stops as soon as the outer limit is reached.
BETWEEN = """
    SELECT id, era, transaction, subject_type, subject_id, version, verb, time, turn, matches
    FROM (
        SELECT *, row_number() OVER (ORDER BY era, transaction, id) AS turn,
               subject_type = ANY(%(kinds)s) AND (reader_visible OR %(whole)s) AS matches
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


def last_settled() -> Place:
    """The last revision that can be told of at present; one query, at the same cost at any length.

    Raises EraNotBegun when the database was restored into another cluster.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAST_SETTLED)
        is_known, era, transaction, key = cursor.fetchone()
    if not is_known:
        raise EraNotBegun
    return Place(era, int(transaction), key) if key else Place()


def unsettled_after(place: Place) -> int:
    """How many revisions are seen at present that come after the place of the last settled one.

    Together they say exactly which part of the ledger is seen: it only grows.
    """
    with connection.cursor() as cursor:
        cursor.execute(AFTER, [place.era, str(place.transaction), place.id])
        return cursor.fetchone()[0]


@dataclass(frozen=True)
class Stretch:
    """Revisions told of, the place to go on from, and whether there is more already."""

    revisions: list[Revision]
    end: Place
    more: bool


def settled_after(
    place: Place, last: Place, kinds: list[str], *, whole: bool, most: int
) -> Stretch:
    """The next revisions of records of these kinds, up to `last`; one query.

    Those not told the `whole` are told of what was public before or after. There may be more even
    if there are fewer than `most`, or none: a page looks at so many and no further.
    """
    asked = {
        **{"era": place.era, "transaction": str(place.transaction), "id": place.id},
        **{"last_era": last.era, "last_transaction": str(last.transaction), "last_id": last.id},
        **{"kinds": kinds, "whole": whole, "scanned": MOST_SCANNED, "rows": most + 1},
    }
    rows = list(Revision.objects.raw(BETWEEN, asked)) if place < last else []
    told = [row for row in rows if row.matches]
    if len(told) > most:
        told, end, more = told[:most], told[most - 1], True
    elif rows and rows[-1].turn == MOST_SCANNED:
        end, more = rows[-1], True
    else:
        return Stretch(told, max(place, last), more=False)
    return Stretch(told, Place(end.era, end.transaction, end.id), more)
