"""The sequencer: give each settled revision its place in the tree, and read the leaves back.

It works in the background. Writers neither wait for it nor know of it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import InternalError, connection
from procrastinate.contrib.django import app

from sources.checkpoints.tree import HASH
from sources.exceptions import EraNotBegun

SEQUENCED_AT_ONCE = 20_000
"""Leaves added by one transaction, some 0.2 seconds: for so long it holds the change feed back."""

READ_AT_ONCE = 1 << 16
"""Leaves read by one statement: 2 MB of hashes, and whole tiles."""


class Contradiction(Exception):
    """The ledger does not continue the tree, or what was signed; the text says where."""


def sequence() -> int:
    """Add the leaves of all settled revisions; return their number.

    Raises EraNotBegun when the database was restored into another cluster, and Contradiction when
    the last revision that has a place is gone.
    """
    added = 0
    while True:
        with connection.cursor() as cursor:
            try:
                cursor.execute("SELECT sources_sequence(%s)", [SEQUENCED_AT_ONCE])
            except InternalError as error:  # raised by the function itself
                raise Contradiction(error.__cause__.diag.message_primary) from error
            (number,) = cursor.fetchone()
        if number is None:
            raise EraNotBegun
        added += number
        if number < SEQUENCED_AT_ONCE:
            return added


@app.periodic(cron="* * * * * */10")
@app.task(name="sources.checkpoints.sequencer.run", queueing_lock="sequencer")
def run(timestamp: int) -> None:
    """Sequence what has settled. A copy of the database waits until it is put to use."""
    try:
        sequence()
    except EraNotBegun:
        return


@dataclass(frozen=True)
class LeafFault:
    """A leaf whose revision is gone or another, or a place without a leaf."""

    position: int
    subject_id: UUID | None
    version: int | None
    found: str

    def __str__(self) -> str:
        subject = f": record {self.subject_id} version {self.version}" if self.subject_id else ""
        return f"leaf {self.position}{subject}: {self.found}"


@dataclass(frozen=True)
class LeafBatch:
    """Leaves in a row: their hashes, the links of their revisions, and what is wrong with them."""

    start: int
    hashes: bytes
    links: bytes  # 32 bytes each, as the hashes, if there is no fault
    faults: list[LeafFault]

    @property
    def end(self) -> int:
        return self.start + len(self.hashes) // HASH


LEAVES = """
    SELECT count(*), max(l.position), string_agg(l.hash, '' ORDER BY l.position),
        string_agg(r.link, '' ORDER BY l.position),
        coalesce(jsonb_agg(
            jsonb_build_array(l.position, l.subject_id, l.version, r.link IS NULL)
            ORDER BY l.position
        ) FILTER (WHERE sha256('\\x00'::bytea || r.link) IS DISTINCT FROM l.hash), '[]')
    FROM (
        SELECT * FROM sources_leaf WHERE position >= %s AND position < %s
        ORDER BY position OFFSET 0
    ) l LEFT JOIN sources_revision r USING (subject_id, version)
"""


def leaves(start: int = 0, end: int | None = None) -> Iterator[LeafBatch]:
    """The leaves in order, each compared with its revision; one query for each batch.

    It ends at the last leaf, at a gap, or where a hash has another length: a fault says so.
    """
    while end is None or start < end:
        until = min(start + READ_AT_ONCE, end or start + READ_AT_ONCE)
        with connection.cursor() as cursor:
            cursor.execute(LEAVES, [start, until])
            number, last, hashes, links, wrong = cursor.fetchone()
        if not number:
            return
        faults = [
            LeafFault(at, UUID(key), version, "its revision is " + ("gone" if gone else "another"))
            for at, key, version, gone in json.loads(wrong)
        ]
        if last != start + number - 1 or len(hashes) != HASH * number:
            faults.append(LeafFault(start, None, None, f"leaves up to {last} are not in order"))
            yield LeafBatch(start, b"", b"", faults)
            return
        yield LeafBatch(start, bytes(hashes), bytes(links or b""), faults)
        start += number
        if start < until:
            return
