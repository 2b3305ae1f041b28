"""Verify the ledger against a checkpoint that somebody kept, and prove single revisions to others.

A tree that has the root of the checkpoint at its size is consistent with it: no revision up to
there was changed, deleted, added or moved. With the leaves that were kept beside the checkpoint,
each place that differs is named.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from django.db import connection

from sources.checkpoints.notes import BadNote, TreeHead, Verifier
from sources.checkpoints.sequencer import LeafFault, leaves
from sources.checkpoints.signing import signers, verifiers_of
from sources.checkpoints.tiles import kept_leaves
from sources.checkpoints.tree import HASH, Tree, audit_path
from sources.models import Checkpoint, Leaf

MAX_NAMED = 1_000
"""Leaves that are named: a rewritten ledger may differ everywhere."""


def kept_head(file: Path, key: str | None) -> tuple[TreeHead, Path | None]:
    """What a kept checkpoint says, and the log's files if `file` is their directory.

    `key` is the public key; without it, those of the settings. Raises BadKey, BadNote and OSError.
    """
    verifiers = [Verifier.parse(key)] if key else verifiers_of(signers())
    kept = file if file.is_dir() else None
    note = (file / "checkpoint" if kept else file).read_bytes()
    try:
        return TreeHead.read(note.decode("utf-8"), verifiers), kept
    except UnicodeDecodeError:
        raise BadNote("It is no signed note.") from None


def faults_against(
    head: TreeHead, kept: Path | None = None, each: Callable[[int], object] = lambda number: None
) -> Iterator[str]:
    """How the ledger contradicts a checkpoint; nothing if it continues it.

    `kept` is a copy of the log's files. `each` is called with the number of leaves of each batch.
    Reads all leaves and their revisions, in constant memory.
    """
    tree, reached, found = Tree(), 0, 0
    copy = _Copy(kept, head.size) if kept else None
    for batch in leaves():
        faults = batch.faults
        if tree.size < head.size:
            hashes = batch.hashes[: (head.size - tree.size) * HASH]
            if copy:
                faults = faults + copy.faults(hashes)
            tree.add(hashes)
        yield from map(str, faults[: max(0, MAX_NAMED - found)])
        found += len(faults)
        reached = batch.end
        each(batch.end - batch.start)
    if found > MAX_NAMED:
        yield f"and {found - MAX_NAMED:,} more leaves"
    if reached < head.size:
        yield (
            f"checkpoint of {head.size:,} revisions: the tree ends after {reached:,} of them, so "
            "its end was cut off"
        )
    elif tree.root != head.root:
        yield (
            f"checkpoint of {head.size:,} revisions: expected root {head.root.hex()}, found "
            f"{tree.root.hex()}"
        )
    yield from map(str, unsequenced())


class _Copy:
    """The leaves of a kept log, read in order."""

    def __init__(self, directory: Path, size: int):
        self._tiles, self._hashes, self._start = kept_leaves(directory, size), b"", 0

    def faults(self, hashes: bytes) -> list[LeafFault]:
        """Where the next leaves of the copy differ from these; those it lacks do not."""
        while len(self._hashes) < len(hashes) and (tile := next(self._tiles, None)):
            self._hashes += tile
        kept, self._hashes = self._hashes[: len(hashes)], self._hashes[len(hashes) :]
        start, self._start = self._start, self._start + len(hashes) // HASH
        if hashes.startswith(kept):
            return []
        places = [
            start + at // HASH
            for at in range(0, len(kept), HASH)
            if kept[at : at + HASH] != hashes[at : at + HASH]
        ]
        subjects = Leaf.objects.in_bulk(places[:MAX_NAMED])
        return [
            LeafFault(at, *_subject(subjects.get(at)), "the kept log has another leaf here")
            for at in places
        ]


def _subject(leaf: Leaf | None) -> tuple[UUID | None, int | None]:
    return (leaf.subject_id, leaf.version) if leaf else (None, None)


# Revisions that come before the last leaf and have none: added later, past the triggers.
UNSEQUENCED = """
    WITH last AS MATERIALIZED (
        SELECT l.position, r.era, r.transaction, r.id
        FROM sources_leaf l JOIN sources_revision r USING (subject_id, version)
        ORDER BY l.position DESC LIMIT 1
    ), ended AS MATERIALIZED (
        SELECT count(*) AS number FROM sources_revision
        WHERE (era, transaction, id) <= (SELECT era, transaction, id FROM last)
    )
    SELECT r.subject_type, r.subject_id, r.version
    FROM sources_revision r
    WHERE (SELECT number FROM ended) > (SELECT position + 1 FROM last)
      AND (r.era, r.transaction, r.id) <= (SELECT era, transaction, id FROM last)
      AND NOT EXISTS (
          SELECT FROM sources_leaf l WHERE (l.subject_id, l.version) = (r.subject_id, r.version)
      )
    ORDER BY r.era, r.transaction, r.id LIMIT %s
"""


def unsequenced() -> list[str]:
    """Revisions that were slipped in before the end of the tree; one query."""
    with connection.cursor() as cursor:
        cursor.execute(UNSEQUENCED, [MAX_NAMED])
        return [
            f"{kind} {key} version {version}: this revision was added before the end of the tree"
            for kind, key, version in cursor.fetchall()
        ]


# What a link is computed from, as `sources_link` takes it; NULL if the state was erased.
RECORD = """
    SELECT jsonb_build_object(
        'previous', encode(p.link, 'hex'), 'salt', encode(r.salt, 'hex'),
        'state', r.state::text, 'reason', to_jsonb(r.reason)::text,
        'rest', jsonb_build_array(
            r.era, r.transaction::text, r.subject_type, r.subject_id, r.version, r.verb, r.public,
            r.reader_visible, r.fields, r.actor, r.channel, r.request, r.time AT TIME ZONE 'UTC'
        )::text
    )::text
    FROM sources_revision r
    LEFT JOIN sources_revision p ON (p.subject_id, p.version) = (r.subject_id, r.version - 1)
    WHERE (r.subject_id, r.version) = (%s, %s) AND (r.state IS NULL) = (r.hash IS NULL)
"""


def proof_of(leaf: Leaf, checkpoint: Checkpoint, *, with_record: bool = False) -> str:
    """A file that proves a revision to whoever has the public key (C2SP tlog-proof).

    `with_record` adds what it says, which proves the words. Raises LookupError if they were erased.
    Reads all leaves of the checkpoint.
    """
    extra = f"extra {b64encode(_record_of(leaf)).decode()}\n" if with_record else ""
    path = audit_path(leaf.position, checkpoint.size, _root_between)
    hashes = "".join(f"{b64encode(each).decode()}\n" for each in path)
    head = f"c2sp.org/tlog-proof@v1\n{extra}index {leaf.position}\n{hashes}"
    return f"{head}\n{checkpoint.note}"


def _record_of(leaf: Leaf) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(RECORD, [leaf.subject_id, leaf.version])
        if (found := cursor.fetchone()) is None:
            raise LookupError("What this revision said was erased.")
        return found[0].encode()


def _root_between(start: int, end: int) -> bytes:
    tree = Tree()
    for batch in leaves(start, end):
        tree.add(batch.hashes)
    return tree.root
