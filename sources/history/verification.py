"""Verify records against the ledger: recompute digests, hashes, links and chains.

For the revisions of each record:

- `state_hash`, `reason_hash`: the salted hashes of state and reason.
- `link`: the hash of the previous link, both hashes and all other columns.
- `version_chain`: the first is `created`, none is missing, none follows `erased`.
- `time`, `order`: each is later than the previous one.
- `state_identity`: the state has the record's id and version.
- `payload`: state and salt are present, or destroyed with an `erased` revision.
- `leaf`: its leaf in the tree of checkpoints is that of its link; what is older than the last leaf
  has one, and no leaf is left of a revision that is gone.

For the record itself:

- `present_state`: the row equals the last state, or is gone after `erased`.
- `derived`: columns that PostgreSQL computes from others, for filters and searches, are right.
- `references`: the records that it refers to are there.
- `snapshot_digest`: the text has its digest.

`expected` and `found` are salted hashes, numbers and times, which disclose no content.
`sources.history.protection` verifies what belongs to no record.

An owner of the database could recompute a whole chain and the tree. Only a checkpoint that was kept
elsewhere reveals that: see `sources.checkpoints`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import DataError, connection, models, transaction

from sources.history.derived_columns import derived, references
from sources.ledger.recording import recording_of

BATCH = 1_000
"""Records verified by one statement, in one snapshot."""


@dataclass(frozen=True)
class Check:
    """One recomputed value; `fields` names the columns that differ.

    `id` is a record's, else names what is checked.
    """

    type: str
    id: UUID | str
    version: int | None
    check: str
    ok: bool
    expected: str | None
    found: str | None
    fields: list[str] | None

    def __str__(self) -> str:
        version = "" if self.version is None else f" version {self.version}"
        fields = f" (in {', '.join(self.fields)})" if self.fields else ""
        return (
            f"{self.type} {self.id}{version}: {self.check}: expected {_brief(self.expected)},"
            f" found {_brief(self.found)}{fields}"
        )


def _brief(value: str | None) -> str:
    if value is None:
        return "nothing"
    value = " ".join(value.split())
    return value if len(value) <= 80 else f"{value[:79]}…"


def recorded_models() -> list[type[models.Model]]:
    """The models whose changes the ledger records."""
    found = []
    for model in apps.get_models():
        try:
            recording_of(model)
        except LookupError:
            continue
        found.append(model)
    return found


# The checks in SQL: each part returns type, id, version, check, ok, expected, found and fields for
# the records `%(subjects)s`.

HISTORY = """
    SELECT r.*,
        lag(r.link) OVER each AS previous,
        lag(r.version) OVER each AS version_before,
        lag(r.verb) OVER each AS verb_before,
        lag(r.time) OVER each AS time_before,
        lag(r.id) OVER each AS id_before,
        lag(r.era) OVER each AS era_before,
        bool_or(r.verb = 'erased') OVER (PARTITION BY r.subject_id) AND r.verb <> 'erased'
            AS is_destroyed
    FROM sources_revision r
    WHERE r.subject_id = ANY (%(subjects)s)
    WINDOW each AS (PARTITION BY r.subject_id ORDER BY r.version)
"""

LAST = """
    SELECT DISTINCT ON (subject_id) subject_type, subject_id, version, verb, state, salt, hash
    FROM history ORDER BY subject_id, version DESC
"""

REVISIONS = """
    SELECT r.subject_type, r.subject_id, r.version, c.*, NULL::text[]
    FROM (
        SELECT h.*,
            sources_state_hash(h.salt, h.state) AS state_found,
            sources_state_hash(h.salt, to_jsonb(h.reason)) AS reason_found,
            sources_link(
                h.previous, h.hash, h.reason_hash, h.era, h.transaction, h.subject_type,
                h.subject_id, h.version, h.verb, h.public, h.reader_visible, h.fields, h.actor,
                h.channel, h.request, h.time
            ) AS link_found
        FROM history h OFFSET 0
    ) r
    CROSS JOIN LATERAL (VALUES
        (
            'version_chain',
            CASE
                WHEN r.version_before IS NULL THEN
                    r.verb = 'created' AND r.version = 1
                ELSE r.version = r.version_before + 1
                    AND r.verb <> 'created' AND r.verb_before <> 'erased'
            END,
            CASE
                WHEN r.version_before IS NULL THEN '1, created'
                WHEN r.verb_before = 'erased' THEN 'nothing after erased'
                ELSE r.version_before + 1 || ', changed'
            END,
            r.version || ', ' || r.verb
        ), (
            'link', r.link = r.link_found, encode(r.link, 'hex'), encode(r.link_found, 'hex')
        ), (
            'state_hash',
            r.hash IS NOT DISTINCT FROM r.state_found OR (r.is_destroyed AND r.state IS NULL),
            encode(r.hash, 'hex'), encode(r.state_found, 'hex')
        ), (
            'reason_hash',
            r.reason_hash IS NOT DISTINCT FROM r.reason_found
                OR (r.is_destroyed AND r.reason IS NULL),
            encode(r.reason_hash, 'hex'), encode(r.reason_found, 'hex')
        ), (
            'payload',
            CASE
                WHEN r.verb = 'erased' THEN
                    num_nonnulls(r.state, r.hash) = 0
                    AND num_nonnulls(r.salt, r.reason, r.reason_hash) IN (0, 3)
                WHEN r.is_destroyed THEN
                    num_nonnulls(r.state, r.salt, r.reason) = 0 AND r.hash IS NOT NULL
                ELSE
                    num_nonnulls(r.state, r.salt, r.hash) = 3
                    AND num_nonnulls(r.reason, r.reason_hash) IN (0, 2)
            END,
            CASE WHEN r.is_destroyed OR r.verb = 'erased' THEN 'destroyed' ELSE 'kept' END,
            CASE
                WHEN r.state IS NULL AND (r.verb = 'erased' OR num_nonnulls(r.salt, r.reason) = 0)
                    THEN 'destroyed'
                WHEN num_nonnulls(r.state, r.salt) < 2
                    OR num_nonnulls(r.reason, r.reason_hash) = 1 THEN 'destroyed in part'
                ELSE 'kept'
            END
        ), (
            'state_identity',
            r.state IS NULL
                OR (r.state ->> 'id' = r.subject_id::text
                    AND r.state ->> 'version' = r.version::text),
            r.subject_id || ', ' || r.version,
            (r.state ->> 'id') || ', ' || (r.state ->> 'version')
        ), (
            'time', r.time_before IS NULL OR r.time > r.time_before,
            'after ' || r.time_before, r.time::text
        ), (
            'order', r.id_before IS NULL OR (r.id > r.id_before AND r.era >= r.era_before),
            'after ' || r.id_before || ' of era ' || r.era_before, r.id || ' of era ' || r.era
        )
    ) c("check", ok, expected, found)
    WHERE c."check" <> 'reason_hash' OR num_nonnulls(r.reason, r.reason_hash) > 0
"""

PRESENT = """
    SELECT coalesce(n.type, l.subject_type, 'record'), subject.id, l.version,
        'present_state', c.ok, encode(l.hash, 'hex'),
        CASE
            WHEN n.id IS NULL AND l.version IS NULL THEN 'neither a row nor a history'
            WHEN n.id IS NULL THEN NULL
            WHEN l.version IS NULL THEN 'a row without history'
            WHEN l.salt IS NULL THEN 'a row'
            ELSE encode(sources_state_hash(l.salt, n.state), 'hex')
        END,
        CASE WHEN NOT c.ok THEN ARRAY(
            SELECT e.key FROM jsonb_each(n.state) e
            WHERE l.state IS NOT NULL AND e.value IS DISTINCT FROM l.state -> e.key
            ORDER BY e.key
        ) END
    FROM unnest(%(subjects)s) subject(id)
    LEFT JOIN ({rows}
    ) n ON n.id = subject.id
    LEFT JOIN last l ON l.subject_id = subject.id
    CROSS JOIN LATERAL (
        SELECT coalesce(CASE
            WHEN n.id IS NULL THEN l.verb = 'erased'
            ELSE l.verb <> 'erased' AND l.subject_type = n.type AND l.state = n.state
        END, false) AS ok
    ) c
"""

# Revisions that have settled since wait for the sequencer.
LEAVES = """
    SELECT coalesce(h.subject_type, 'record'), coalesce(h.subject_id, l.subject_id),
        coalesce(h.version, l.version), 'leaf', f.ok,
        coalesce(encode(l.hash, 'hex'), 'no revision before the last leaf'),
        encode(sha256('\\x00'::bytea || h.link), 'hex'), NULL::text[]
    FROM history h
    FULL JOIN (SELECT * FROM sources_leaf WHERE subject_id = ANY (%(subjects)s)) l
        ON l.subject_id = h.subject_id AND l.version = h.version
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN l.position IS NOT NULL THEN
                coalesce(l.hash = sha256('\\x00'::bytea || h.link), false)
            ELSE ((h.era, h.transaction, h.id) <= (
                SELECT r.era, r.transaction, r.id
                FROM sources_leaf t JOIN sources_revision r USING (subject_id, version)
                ORDER BY t.position DESC LIMIT 1
            )) IS NOT TRUE
        END AS ok
    ) f
    WHERE l.position IS NOT NULL OR NOT f.ok
"""

# After a redaction, the reason of the last `redacted` revision has the new digest. A text whose
# erased words were blotted out before it was stored has its own.
SNAPSHOTS = """
    SELECT 'snapshot', s.id, s.version, 'snapshot_digest', d.found IS NOT DISTINCT FROM d.expected,
        d.expected, d.found, NULL::text[]
    FROM sources_snapshot s
    CROSS JOIN LATERAL (
        SELECT encode(sha256(convert_to(s.text, 'UTF8')), 'hex') AS found,
            CASE WHEN s.erased IS NULL THEN s.sha256 ELSE coalesce((
                SELECT substring(r.reason FROM 'sha256:([0-9a-f]{64})')
                FROM sources_revision r
                WHERE r.subject_id = s.id AND r.verb = 'redacted'
                ORDER BY r.version DESC LIMIT 1
            ), s.sha256) END AS expected
        OFFSET 0
    ) d
    WHERE s.id = ANY (%(subjects)s)
"""


def present() -> str:
    """SQL that compares each row with its last revision."""
    rows = (
        f"""
        SELECT '{model._meta.model_name}' AS type, n.id, {recording_of(model).state(model)} AS state
        FROM {model._meta.db_table} n WHERE n.id = ANY (%(subjects)s)"""
        for model in recorded_models()
    )
    return PRESENT.replace("{rows}", " UNION ALL".join(rows))


def checks_of(
    subjects: Sequence[UUID], also: Sequence[str] = (), *, faults_only: bool = False
) -> list[Check]:
    """Run all checks of these records, in one statement.

    `also` are further parts in SQL, which may read `history` and `last`. A record that PostgreSQL
    cannot read fails as `unreadable`.
    """
    repeated = (part for model in recorded_models() for part in derived(model) + references(model))
    parts = " UNION ALL ".join((REVISIONS, LEAVES, present(), SNAPSHOTS, *repeated, *also))
    statement = f"""
        WITH history AS MATERIALIZED ({HISTORY}), last AS MATERIALIZED ({LAST})
        SELECT * FROM ({parts}) c(type, id, version, "check", ok, expected, found, fields)
        {"WHERE ok IS NOT TRUE" if faults_only else ""}
        ORDER BY type, id, version NULLS FIRST, "check"
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # As in the triggers: states are compared as text
            cursor.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'")
            cursor.execute(statement, {"subjects": list(subjects)})
            return [
                Check(kind, key, version, check, bool(ok), *rest)
                for kind, key, version, check, ok, *rest in cursor.fetchall()
            ]
    except DataError as error:
        if len(subjects) == 1:
            return [Check("record", subjects[0], None, "unreadable", False, None, str(error), None)]
        half = len(subjects) // 2
        return [
            check
            for part in (subjects[:half], subjects[half:])
            for check in checks_of(part, also, faults_only=faults_only)
        ]


HISTORIES = (("sources_revision", "subject_id"), ("sources_leaf", "subject_id"))


def all_subjects(also: Sequence[tuple[str, str]] = ()) -> Iterator[list[UUID]]:
    """Ids of all records and of all histories, in batches, each id once.

    `also` are further tables, each with its column of such ids.
    """
    holding = [(model._meta.db_table, "id") for model in recorded_models()]
    parts = (
        f"(SELECT DISTINCT {column} AS id FROM {table} WHERE {column} > %(after)s"
        f" ORDER BY {column} LIMIT {BATCH})"
        for table, column in (*HISTORIES, *holding, *also)
    )
    batch = f"{' UNION '.join(parts)} ORDER BY id LIMIT {BATCH}"
    after = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(batch, {"after": after})
            subjects = [key for (key,) in cursor.fetchall()]
        if not subjects:
            return
        yield subjects
        after = subjects[-1]
